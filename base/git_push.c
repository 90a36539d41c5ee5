#include "base/git_push.h"

#include "base/fs.h"
#include "base/git_write.h"

#include <fcntl.h>
#include <string.h>

#define HEX 40
#define ZERO "0000000000000000000000000000000000000000"
#define REFS_MAX 200000
#define CONFIG_MAX ((size_t)1 << 20)
#define PACKED_MAX ((size_t)64 << 20)
#define DEPTH_MAX 16

void
git_push_refs_cleanup(struct git_push_refs *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].name);
	free(l->v);
	*l = (struct git_push_refs){0};
}

const char *
git_push_find(const struct git_push_refs *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return l->v[i].commit;
	return NULL;
}

static bool
is_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr("0123456789abcdef", s.p[i]))
			return false;
	return s.n == HEX;
}

static void
add_ref(struct git_push_refs *l, struct str commit, struct str name)
{
	if (!is_hex(commit) || l->n >= REFS_MAX)
		return;
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	struct git_push_ref *r = &l->v[l->n++];
	r->name = str_dup(name);
	memcpy(r->commit, commit.p, HEX);
	r->commit[HEX] = '\0';
}

/* ---- lines behind their length, four hexadecimal digits ---- */

enum line { LINE_TEXT, LINE_FLUSH, LINE_NONE };

static enum line
take_line(struct str *rest, struct str *ret)
{
	char digits[5] = "", *end = NULL;
	if (rest->n < 4)
		return LINE_NONE;
	memcpy(digits, rest->p, 4);
	size_t n = strtoul(digits, &end, 16);
	if (end != digits + 4 || digits[0] == '+' || digits[0] == '-' || (n && n < 4) ||
		n > rest->n)
		return LINE_NONE;
	size_t whole = n ? n : 4;
	*ret = str_trim((struct str){rest->p + 4, whole - 4});
	*rest = (struct str){rest->p + whole, rest->n - whole};
	return n ? LINE_TEXT : LINE_FLUSH;
}

static int
said(struct str line, struct dd_err *err)
{
	OWN(buf) struct buf safe = {.max = 300};
	buf_put_visible(&safe, line);
	return err_set(err, DD_EIO, "the server says: %s", safe.n ? safe.p : "");
}

/* "COMMIT NAME", on the first line with NUL and capabilities behind it. */
static int
take_ref(struct str line, struct git_push_refs *ret, struct dd_err *err)
{
	const char *nul = memchr(line.p, '\0', line.n);
	struct str able = {"", 0}, name = line, commit;
	if (nul) {
		able = (struct str){nul + 1, line.n - (size_t)(nul + 1 - line.p)};
		name.n = (size_t)(nul - line.p);
		ret->reports = str_has_word(able, "report-status");
	}
	if (str_has_word(able, "object-format=sha256"))
		return err_set(err, DD_EUNSUPPORTED, "SHA-256 repositories are not supported");
	if (str_starts(name, "shallow "))
		return 0;
	if (!str_next(&name, ' ', &commit) || !is_hex(commit))
		return err_set(err, DD_ECORRUPT, "it does not answer as git does");
	if (!str_eq(name, "capabilities^{}"))
		add_ref(ret, commit, name);
	return 0;
}

int
git_push_take_refs(struct str *rest, struct git_push_refs *ret, struct dd_err *err)
{
	struct git_push_refs l = {0};
	struct str line;
	bool service = false;
	int rc = 0;
	for (enum line kind; rc == 0;) {
		kind = take_line(rest, &line);
		if (kind == LINE_FLUSH && service) {
			service = false; /* what is behind it are the references */
			continue;
		}
		if (kind == LINE_FLUSH)
			break;
		if (kind == LINE_NONE)
			rc = err_set(err, DD_ECORRUPT, "it does not answer as git does");
		else if (str_starts(line, "# service="))
			service = true;
		else if (str_starts(line, "ERR "))
			rc = said((struct str){line.p + 4, line.n - 4}, err);
		else if (!str_starts(line, "version "))
			rc = take_ref(line, &l, err);
	}
	if (rc < 0)
		git_push_refs_cleanup(&l);
	else
		*ret = l;
	return rc;
}

void
git_push_put_command(const char *ref, const char *from, const char *to, struct buf *out)
{
	OWN_FREE char *line = mem_printf("%s %s %s", from ? from : ZERO, to, ref);
	size_t n = strlen(line);
	const struct str able = STR("\0 report-status agent=drydock");
	buf_printf(out, "%04zx%s", 4 + n + able.n, line);
	buf_add_str(out, able);
	buf_puts(out, "0000");
}

int
git_push_take_report(struct str *rest, const char *ref, struct dd_err *err)
{
	OWN_FREE char *good = mem_printf("ok %s", ref), *bad = mem_printf("ng %s ", ref);
	struct str line;
	bool unpacked = false, done = false;
	while (take_line(rest, &line) == LINE_TEXT) {
		OWN(buf) struct buf why = {.max = 300};
		bool refused = str_starts(line, bad);
		if (str_eq(line, "unpack ok"))
			unpacked = true;
		else if (str_eq(line, good))
			done = true;
		else if (str_starts(line, "ERR "))
			return said((struct str){line.p + 4, line.n - 4}, err);
		else if (!refused && !str_starts(line, "unpack "))
			continue;
		else
			buf_put_visible(&why,
				refused ? (struct str){line.p + strlen(bad), line.n - strlen(bad)}
					: line);
		if (why.n)
			return err_set(err, DD_EBUSY, "it was refused: %s", why.p);
	}
	return unpacked && done ? 0
				: err_set(err, DD_ECORRUPT,
					  "the server does not say what became of the push");
}

/* ---- what is read of repositories ---- */

/* The value of a line of git's configuration (git-config(1)): without quotes and a comment behind it; heap. */
static char *
value_of(struct str text)
{
	OWN(buf) struct buf out = {0};
	bool quoted = false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (c == '"') {
			quoted = !quoted;
			continue;
		}
		if (!quoted && (c == '#' || c == ';'))
			break;
		if (c == '\\' && i + 1 < text.n)
			c = text.p[++i];
		buf_putc(&out, c);
	}
	return str_dup(str_trim(buf_str(&out)));
}

/* "key = value": is it this key? */
static bool
take_value(struct str line, const char *key, char **ret)
{
	struct str name;
	if (!str_next(&line, '=', &name))
		return false;
	name = str_trim(name);
	if (name.n != strlen(key) || strncasecmp(name.p, key, name.n) != 0)
		return false;
	free(*ret);
	*ret = value_of(line);
	return true;
}

/* A file of the git directory, which need not be there. */
static int
read_if_any(const char *git_dir, const char *name, size_t max, struct buf *ret, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(git_dir, name);
	OWN(dd_err) struct dd_err why = {0};
	int rc = fs_read_regular(AT_FDCWD, path, false, max, ret, &why);
	return rc < 0 && rc != -DD_ENOENT ? err_move(err, &why) : 0;
}

int
gitrepo_remote_url(const char *dir, const char *name, char **ret, struct dd_err *err)
{
	OWN_FREE char *git_dir = NULL, *url = NULL, *push_url = NULL,
		      *head = mem_printf("[remote \"%s\"]", name);
	OWN(buf) struct buf text = {0};
	int rc = gitrepo_git_dir(dir, &git_dir, err);
	if (rc == 0)
		rc = read_if_any(git_dir, "config", CONFIG_MAX, &text, err);
	struct str rest = buf_str(&text), line;
	bool here = false;
	while (rc == 0 && str_next_line(&rest, &line)) {
		line = str_trim(line);
		if (str_starts(line, "["))
			here = str_eq(line, head);
		else if (here && !take_value(line, "url", &url))
			(void)take_value(line, "pushurl", &push_url);
	}
	char *found = push_url && *push_url ? push_url : url;
	if (rc == 0 && (!found || !*found))
		return err_set(err, DD_ENOENT, "the repository %s has no remote \"%s\"", dir, name);
	if (rc == 0)
		*ret = mem_strdup(found);
	return rc;
}

static int
list_loose(int dir_fd, const char *name, int depth, struct git_push_refs *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	OWN_FD int fd =
		openat(dir_fd, fs_name(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || depth > DEPTH_MAX)
		return 0;
	int rc = fs_list_fd(fd, name, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *path = fs_join(name, names.v[i]);
		OWN(buf) struct buf text = {0};
		OWN_FD int below =
			openat(fd, names.v[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0)
			rc = list_loose(fd, path, depth + 1, ret, err);
		else if (fs_read_regular(fd, names.v[i], true, 4095, &text, NULL) == 0)
			add_ref(ret, str_trim(buf_str(&text)), str_of(path));
	}
	return rc;
}

int
gitrepo_list_refs(const char *dir, struct git_push_refs *ret, struct dd_err *err)
{
	OWN_FREE char *git_dir = NULL;
	OWN(buf) struct buf text = {0};
	struct git_push_refs l = {.reports = true};
	int rc = gitrepo_git_dir(dir, &git_dir, err);
	OWN_FD int fd = rc == 0 ? open(git_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (rc == 0)
		rc = list_loose(fd, "refs", 0, &l, err);
	if (rc == 0)
		rc = read_if_any(git_dir, "packed-refs", PACKED_MAX, &text, err);
	struct str rest = buf_str(&text), line, commit;
	while (rc == 0 && str_next_line(&rest, &line))
		if (str_next(&line, ' ',
			    &commit)) /* a loose one of the same name came first, and is found first */
			add_ref(&l, commit, line);
	if (rc < 0)
		git_push_refs_cleanup(&l);
	else
		*ret = l;
	return rc;
}
