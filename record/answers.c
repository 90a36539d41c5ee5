#include "record/answers.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/map.h"
#include "record/record.h"

#include <string.h>

#define ANSWERS_MAX_BYTES ((size_t)1 << 20)
#define SECRET_LINE_MIN_BYTES 12
#define SECRET_MIN_BYTES 4
#define SLUG_MAX_BYTES 48

struct answer {
	char *value; /* NULL: declined */
	bool secret;
	bool used;
};

struct answers {
	struct map by_id; /* id -> struct answer */
};

static void
destroy_answer(void *p)
{
	struct answer *a = p;
	free(a->value);
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

/* {"env": NAME} or {"file": PATH}: the value is fetched from there and is a secret. */
static int
read_reference(const char *id, const json_t *object, struct answer *a, struct dd_err *err)
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
	OWN(buf) struct buf text = {0};
	int rc = fs_read(file, ANSWERS_MAX_BYTES, &text, err);
	if (rc < 0)
		return err_wrap(err, "answers: %s", id);
	if (text.n && text.p[text.n - 1] == '\n')
		text.p[--text.n] = '\0';
	a->value = buf_take(&text);
	return 0;
}

static int
read_answer(struct answers *all, const char *id, const json_t *value, struct dd_err *err)
{
	if (!is_question_id(id))
		return err_set(err, DD_EINVAL,
			"answers: \"%s\" is not a question id: it has the form kind:NAME, where kind is "
			"env, secret, service, prompt, file or decision",
			id);
	struct answer *a = mem_new(struct answer);
	a->secret = strncmp(id, "secret:", 7) == 0;
	int rc = 0;
	if (json_is_string(value))
		a->value = mem_strdup(json_string_value(value));
	else if (json_is_object(value))
		rc = read_reference(id, value, a, err);
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
	struct answers *all = answers_create();
	const char *id;
	json_t *value;
	json_object_foreach (root, id, value) {
		rc = read_answer(all, id, value, err);
		if (rc < 0) {
			answers_destroy(all);
			return rc;
		}
	}
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
answers_unused(const struct answers *a, struct strlist *ret)
{
	for (struct map_entry *e = map_first(&a->by_id); e; e = map_next(e)) {
		const struct answer *answer = map_value(e);
		if (!answer->used)
			strlist_add(ret, map_key(e));
	}
}

/* A key is also printed line by line. */
static void
add_secret(struct strlist *l, const char *value)
{
	struct str rest = str_of(value), line;
	if (strlen(value) < SECRET_MIN_BYTES)
		return;
	strlist_add_new(l, value);
	while (strchr(value, '\n') && str_next_line(&rest, &line))
		if (line.n >= SECRET_LINE_MIN_BYTES) {
			OWN_FREE char *one = str_dup(line);
			strlist_add_new(l, one);
		}
}

static void
collect_secrets(const struct answers *a, struct strlist *ret)
{
	for (struct map_entry *e = a ? map_first(&a->by_id) : NULL; e; e = map_next(e)) {
		const struct answer *answer = map_value(e);
		if (answer->secret && answer->value)
			add_secret(ret, answer->value);
	}
}

/* Length of the longest secret that starts at p, 0 if none does. */
static size_t
secret_at(const struct strlist *secrets, const char *p, size_t n)
{
	size_t longest = 0;
	for (size_t i = 0; i < secrets->n; i++) {
		size_t len = strlen(secrets->v[i]);
		if (len <= n && len > longest && memcmp(p, secrets->v[i], len) == 0)
			longest = len;
	}
	return longest;
}

void
redactor_init(struct redactor *r, const struct answers *a)
{
	*r = (struct redactor){0};
	collect_secrets(a, &r->secrets);
	for (size_t i = 0; i < r->secrets.n; i++)
		if (strlen(r->secrets.v[i]) > r->longest)
			r->longest = strlen(r->secrets.v[i]);
}

/* Redact the held text up to where `keep` bytes are left. */
static void
redact_held(struct redactor *r, size_t keep, struct buf *out)
{
	size_t i = 0, from = 0;
	const char *p = r->held.p;
	while (i + keep < r->held.n) {
		size_t len = secret_at(&r->secrets, p + i, r->held.n - i);
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
	if (!r->longest) {
		buf_add_str(out, data);
		return;
	}
	buf_add_str(&r->held, data);
	redact_held(r, r->longest - 1, out);
}

void
redactor_end(struct redactor *r, struct buf *out)
{
	redact_held(r, 0, out);
	buf_cleanup(&r->held);
	strlist_cleanup(&r->secrets);
}

void
answers_redact(const struct answers *a, struct str text, struct buf *out)
{
	struct redactor r;
	redactor_init(&r, a);
	redactor_add(&r, text, out);
	redactor_end(&r, out);
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
