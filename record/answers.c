#include "record/answers.h"

#include "base/fs.h"
#include "base/map.h"
#include "record/record.h"
#include "record/secrets.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define SLUG_MAX_BYTES 48

struct answer {
	char *value; /* NULL: declined */
	char *path;  /* of the file it comes from, absolute; NULL: none */
	bool secret;
	bool used;
};

struct answers {
	struct map by_id; /* id -> struct answer */
	struct secrets secrets;
};

static void
destroy_answer(void *p)
{
	struct answer *a = p;
	free(a->value);
	free(a->path);
	free(a);
}

struct answers *
answers_create(void)
{
	struct answers *a = mem_new(struct answers);
	a->by_id.destroy = destroy_answer;
	return a;
}

void
answers_destroy(struct answers *a)
{
	if (!a)
		return;
	map_cleanup(&a->by_id);
	secrets_cleanup(&a->secrets);
	free(a);
}

static bool
is_question_id(const char *id)
{
	const char *colon = strchr(id, ':');
	if (!colon || !colon[1])
		return false;
	for (size_t i = 0; question_kind_names[i]; i++) {
		const char *kind = question_kind_names[i];
		if (strlen(kind) == (size_t)(colon - id) && strncmp(id, kind, strlen(kind)) == 0)
			return true;
	}
	return false;
}

/* Is the word in the text, with no letter or digit at its sides? */
static bool
has_word(const char *text, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = text; (p = strstr(p, word)); p++)
		if ((p == text || !isalnum((unsigned char)p[-1])) && !isalnum((unsigned char)p[n]))
			return true;
	return false;
}

/* Does the id alone say that the answer is a secret? */
static bool
speaks_of_secret(const char *id)
{
	static const char *const parts[] = {"SECRET", "PASSWORD", "PASSWD", "PASSPHRASE",
		"PASS_PHRASE", "APIKEY", "CREDENTIAL", "API_KEY", "PRIVATE_KEY", "ACCESS_KEY",
		"LICENSE_KEY", "LICENCE_KEY", NULL};
	static const char *const words[] = {"TOKEN", "PWD", "PIN", "PASSCODE", NULL};
	bool named = strncmp(id, "env:", 4) == 0 || strncmp(id, "prompt:", 7) == 0;
	if (strncmp(id, "secret:", 7) == 0)
		return true;
	OWN_FREE char *name = mem_strdup(strchr(id, ':'));
	for (char *p = name; *p; p++)
		*p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
	for (size_t i = 0; named && parts[i]; i++)
		if (strstr(name, parts[i]))
			return true;
	for (size_t i = 0; named && words[i]; i++)
		if (has_word(name, words[i]))
			return true;
	return false;
}

static int
open_file(const char *id, const char *path, int *ret_fd, off_t *ret_size, struct dd_err *err)
{
	struct stat st;
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, DD_EINVAL, "answers: %s: %s: %s", id, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, DD_EINVAL, "answers: %s: %s is %s", id, path,
			S_ISDIR(st.st_mode) ? "a directory, not a file" : "not a regular file");
	*ret_fd = TAKE_FD(fd);
	*ret_size = st.st_size;
	return 0;
}

/* A `file:` question takes files that are no text, too; of these no value is kept. */
static int
read_file(const char *id, const char *path, struct answer *a, struct dd_err *err)
{
	bool any = strncmp(id, "file:", 5) == 0;
	OWN(buf) struct buf text = {0};
	OWN_FD int fd = -1;
	off_t size;
	int rc = open_file(id, path, &fd, &size, err);
	if (rc < 0)
		return rc;
	a->path = mem_strdup(path);
	if (!any || size <= (off_t)ANSWERS_MAX_BYTES)
		rc = fs_read(path, ANSWERS_MAX_BYTES, &text, err);
	if (rc < 0) {
		(void)!err_wrap(err, "answers: %s", id);
		if (err)
			err->code = DD_EINVAL;
		return -DD_EINVAL;
	}
	if (text.n && memchr(text.p, 0, text.n))
		buf_reset(&text);
	if (text.n && text.p[text.n - 1] == '\n')
		text.p[--text.n] = '\0';
	a->value = buf_take(&text);
	return 0;
}

/* {"env": NAME} or {"file": PATH}: the value is fetched from there and is a secret. */
static int
read_reference(
	const char *dir, const char *id, const json_t *object, struct answer *a, struct dd_err *err)
{
	const char *env = json_string_value(json_object_get(object, "env"));
	const char *file = json_string_value(json_object_get(object, "file"));
	if (json_object_size(object) != 1 || (!env && !file))
		return err_set(err, DD_EINVAL,
			"answers: %s: expected a string, null, {\"env\": NAME} or {\"file\": PATH}",
			id);
	a->secret = true;
	if (env) {
		const char *value = getenv(env);
		if (!value)
			return err_set(err, DD_EINVAL,
				"answers: %s: the environment variable %s is not set", id, env);
		a->value = mem_strdup(value);
		return 0;
	}
	OWN_FREE char *path = *file == '/' ? mem_strdup(file) : fs_join(dir, file);
	return read_file(id, path, a, err);
}

static int
read_answer(struct answers *all, const char *dir, const char *id, const json_t *value,
	struct dd_err *err)
{
	if (!is_question_id(id))
		return err_set(err, DD_EINVAL,
			"answers: \"%s\" is not a question id: it has the form kind:NAME, where kind is "
			"env, secret, service, prompt, file, decision or dialog",
			id);
	struct answer *a = mem_new(struct answer);
	a->secret = speaks_of_secret(id);
	int rc = 0;
	if (json_is_string(value))
		a->value = mem_strdup(json_string_value(value));
	else if (json_is_object(value))
		rc = read_reference(dir, id, value, a, err);
	else if (!json_is_null(value))
		rc = err_set(
			err, DD_EINVAL, "answers: %s: expected a string, an object or null", id);
	if (rc < 0)
		destroy_answer(a);
	else
		map_put(&all->by_id, id, a);
	return rc;
}

int
answers_load(const char *path, struct answers **ret, struct dd_err *err)
{
	OWN_JSON json_t *root = NULL;
	int rc = json_parse_file(path, ANSWERS_MAX_BYTES, &root, err);
	if (rc < 0) { /* whatever is wrong with it, it is the caller's file */
		(void)!err_wrap(err, "answers");
		if (err)
			err->code = DD_EINVAL;
		return -DD_EINVAL;
	}
	if (!json_is_object(root))
		return err_set(err, DD_EINVAL,
			"answers: %s: expected a JSON object from question id to value", path);
	OWN_FREE char *real = realpath(path, NULL);
	OWN_FREE char *dir = real ? mem_strndup(real, (size_t)(fs_name(real) - real)) : NULL;
	struct answers *all = answers_create();
	const char *id;
	json_t *value;
	json_object_foreach (root, id, value) {
		rc = read_answer(all, dir ? dir : ".", id, value, err);
		if (rc < 0) {
			answers_destroy(all);
			return rc;
		}
	}
	for (struct map_entry *e = map_first(&all->by_id); e; e = map_next(e)) {
		const struct answer *answer = map_value(e);
		if (answer->secret && answer->value)
			secrets_add(&all->secrets, answer->value);
	}
	secrets_finish(&all->secrets);
	*ret = all;
	return 0;
}

enum answer_state
answers_get(struct answers *a, const char *id, const char **ret_value)
{
	struct answer *answer = a ? map_get(&a->by_id, id) : NULL;
	if (!answer)
		return ANSWER_NONE;
	answer->used = true;
	if (!answer->value)
		return ANSWER_DECLINED;
	if (ret_value)
		*ret_value = answer->value;
	return ANSWER_GIVEN;
}

void
answers_given(const struct answers *a, struct strlist *ret)
{
	for (struct map_entry *e = a ? map_first(&a->by_id) : NULL; e; e = map_next(e)) {
		const struct answer *answer = map_value(e);
		if (answer->value)
			strlist_add(ret, map_key(e));
	}
	strlist_sort(ret);
}

void
answers_unused(const struct answers *a, struct strlist *ret)
{
	for (struct map_entry *e = map_first(&a->by_id); e; e = map_next(e)) {
		const struct answer *answer = map_value(e);
		if (!answer->used)
			strlist_add(ret, map_key(e));
	}
}

int
answers_open(struct answers *a, const char *id, int *ret_fd, struct dd_err *err)
{
	struct answer *answer = a ? map_get(&a->by_id, id) : NULL;
	off_t size;
	if (!answer || !answer->value)
		return err_set(err, DD_ENOENT, "answers: %s has no answer", id);
	if (answer->path)
		return open_file(id, answer->path, ret_fd, &size, err);
	OWN_FD int fd = memfd_create("answer", MFD_CLOEXEC);
	int rc = fd < 0 ? err_errno(err, errno, "cannot make a memory file")
			: fs_write_all(fd, answer->value, strlen(answer->value), err);
	if (rc == 0 && lseek(fd, 0, SEEK_SET) < 0)
		rc = err_errno(err, errno, "cannot rewind a memory file");
	if (rc == 0)
		*ret_fd = TAKE_FD(fd);
	return rc;
}

/* ---- taking secrets out ---- */

void
redactor_init(struct redactor *r, const struct answers *a)
{
	*r = (struct redactor){.answers = a};
}

/* Redact the held text up to where `keep` bytes are left. */
static void
redact_held(struct redactor *r, size_t keep, struct buf *out)
{
	size_t i = 0, from = 0;
	const char *p = r->held.p;
	while (i + keep < r->held.n) {
		size_t len = secrets_at(&r->answers->secrets, p + i, r->held.n - i);
		if (!len) {
			i++;
			continue;
		}
		buf_add(out, p + from, i - from);
		buf_puts(out, "[redacted]");
		i += len;
		from = i;
	}
	if (i > from)
		buf_add(out, p + from, i - from);
	buf_drop_front(&r->held, i);
}

void
redactor_add(struct redactor *r, struct str data, struct buf *out)
{
	if (!r->answers || !r->answers->secrets.longest) {
		buf_add_str(out, data);
		return;
	}
	buf_add_str(&r->held, data);
	redact_held(r, r->answers->secrets.longest - 1, out);
}

void
redactor_end(struct redactor *r, struct buf *out)
{
	redact_held(r, 0, out);
	buf_cleanup(&r->held);
}

void
answers_redact(const struct answers *a, struct str text, struct buf *out)
{
	struct redactor r;
	redactor_init(&r, a);
	redactor_add(&r, text, out);
	redactor_end(&r, out);
}

void
answers_redact_text(const struct answers *a, char **text)
{
	OWN(buf) struct buf out = {0};
	if (!*text)
		return;
	answers_redact(a, str_of(*text), &out);
	free(*text);
	*text = buf_take(&out);
}

void
answers_redact_json(const struct answers *a, json_t *j)
{
	const char *key;
	json_t *value;
	size_t i;
	if (json_is_string(j)) {
		OWN(buf) struct buf out = {0};
		answers_redact(a, str_of(json_string_value(j)), &out);
		(void)json_string_set(j, out.p ? out.p : "");
	} else if (json_is_object(j)) {
		json_object_foreach (j, key, value) {
			answers_redact_json(a, value);
		}
	} else {
		json_array_foreach (j, i, value) {
			answers_redact_json(a, value);
		}
	}
}

bool
answers_is_secret(const struct answers *a, const char *id)
{
	const struct answer *answer = a ? map_get(&a->by_id, id) : NULL;
	if (speaks_of_secret(id) || (answer && answer->secret))
		return true;
	if (!answer || !answer->value)
		return false;
	OWN(buf) struct buf out = {0};
	answers_redact(a, str_of(answer->value), &out);
	return strcmp(out.p ? out.p : "", answer->value) != 0;
}

char *
question_slug(struct str prompt)
{
	OWN(buf) struct buf b = {0};
	int depth = 0;
	for (size_t i = 0; i < prompt.n && b.n < SLUG_MAX_BYTES; i++) {
		char c = prompt.p[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c == '[')
			depth++;
		else if (c == ']' && depth)
			depth--;
		else if (!depth && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			buf_putc(&b, c);
		else if (b.n && b.p[b.n - 1] != '-')
			buf_putc(&b, '-');
	}
	while (b.n && b.p[b.n - 1] == '-')
		b.p[--b.n] = '\0';
	return buf_take(&b);
}
