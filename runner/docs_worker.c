/* The worker "docs": it puts pages into a tree, and holds what they said against the tree as it is now. */
#include "runner/docs.h"

#include "agents/edit.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/map.h"
#include "runner/fix_worker.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATEMENTS GRAPH_PAGES "statements.jsonl"
#define REQUEST_MAX ((size_t)256 << 20)
#define SOURCE_MAX ((size_t)32 << 20)
#define STALE_MAX 1000

struct desk {
	int root;
	json_t *request;
	/* The file that was looked at last, and its lines: their digests in order, and where a digest is first. */
	char *path;
	bool there;
	struct strlist lines;
	struct map where;
};

static void
desk_forget_file(struct desk *d)
{
	free(d->path);
	d->path = NULL;
	strlist_cleanup(&d->lines);
	d->lines = (struct strlist){0};
	map_cleanup(&d->where);
	d->where = (struct map){0};
}

static void
desk_cleanup(struct desk *d)
{
	desk_forget_file(d);
	json_decref(d->request);
	if (d->root >= 0)
		(void)close(d->root);
}

static int
desk_open(struct desk *d, struct dd_err *err)
{
	OWN(buf) struct buf input = {.max = REQUEST_MAX};
	worker_take_input(&input);
	d->root = open(WORK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->root < 0)
		return err_set(err, DD_EIO, "docs: no tree");
	return json_parse(buf_str(&input), &d->request, err);
}

/* ---- lines and their digests ---- */

static void
look_at(struct desk *d, const char *path)
{
	OWN(buf) struct buf text = {0};
	struct str rest, line;
	size_t n = 0;
	if (d->path && strcmp(d->path, path) == 0)
		return;
	desk_forget_file(d);
	d->path = mem_strdup(path);
	d->there = fix_worker_read(d->root, path, SOURCE_MAX, &text);
	rest = buf_str(&text);
	while (d->there && str_next(&rest, '\n', &line)) {
		struct hash_hex h = hash_bytes(line);
		strlist_add(&d->lines, h.s);
		n++;
		if (!map_get(&d->where, h.s))
			map_put(&d->where, h.s, (void *)(uintptr_t)n); /* a number, not owned */
	}
}

/* "FILE:LINE"; line 0: there is none. */
static char *
split_place(const char *place, uint64_t *ret_line)
{
	struct str s = str_of(place);
	size_t n = s.n;
	*ret_line = 0;
	while (n && isdigit((unsigned char)s.p[n - 1]))
		n--;
	if (n > 1 && n < s.n && s.p[n - 1] == ':' &&
		str_parse_u64((struct str){s.p + n, s.n - n}, UINT32_MAX, ret_line))
		return mem_strndup(place, n - 1);
	return mem_strdup(place);
}

static json_t *
place_json(struct desk *d, const char *place)
{
	uint64_t line;
	OWN_FREE char *path = split_place(place, &line);
	json_t *j = json_pack("{s:o}", "file", json_text(str_of(path)));
	if (!line)
		return j;
	look_at(d, path);
	json_object_set_new(j, "line", json_integer((json_int_t)line));
	if (line <= d->lines.n)
		json_object_set_new(j, "sha256", json_string(d->lines.v[line - 1]));
	return j;
}

static json_t *
statement_json(struct desk *d, const json_t *s)
{
	size_t i;
	json_t *place, *places = json_array();
	json_array_foreach (json_object_get(s, "places"), i, place)
		if (json_string_value(place))
			json_array_append_new(places, place_json(d, json_string_value(place)));
	json_t *j = json_pack("{s:O?, s:O?, s:o}", "section", json_object_get(s, "section"), "text",
		json_object_get(s, "text"), "places", places);
	if (json_is_true(json_object_get(s, "figures")))
		json_object_set_new(j, "figures", json_true());
	if (json_object_get(s, "files_sha256"))
		json_object_set(j, "files_sha256", json_object_get(s, "files_sha256"));
	return j;
}

/* ---- whose a file is ---- */

/* The digest that a text of ours names, and what it is of; false: it is none. */
static bool
split_mark(struct str text, const char *before, struct str *ret_hex, struct str *ret_body)
{
	struct str rest = text, line;
	if (!str_starts(text, before) || !str_next(&rest, '\n', &line) ||
		line.n < strlen(before) + HASH_HEX)
		return false;
	*ret_hex = (struct str){line.p + strlen(before), HASH_HEX};
	*ret_body = rest;
	return hash_is_hex(*ret_hex);
}

#define STATEMENTS_MARK "{\"drydock\":\"docs\",\"version\":1,\"sha256\":\""

static bool
is_as_written(struct str text, bool statements)
{
	struct str hex, body;
	if (!split_mark(text, statements ? STATEMENTS_MARK : GRAPH_PAGE_MARK, &hex, &body))
		return false;
	return str_eq(hex, hash_bytes(body).s);
}

enum owner { OWNER_NONE, OWNER_US, OWNER_OTHERS };

static enum owner
whose(const struct desk *d, const char *path, struct buf *text)
{
	struct stat st;
	if (fstatat(d->root, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? OWNER_NONE : OWNER_OTHERS;
	if (!S_ISREG(st.st_mode) || !fix_worker_read(d->root, path, SOURCE_MAX, text))
		return OWNER_OTHERS;
	return is_as_written(buf_str(text), str_ends(str_of(path), ".jsonl")) ? OWNER_US
									      : OWNER_OTHERS;
}

/* ---- write ---- */

/* Directories above it are made; what is there and is none of the tree's own is not passed. */
static int
open_parent(int root, const char *path, int *ret, struct dd_err *err)
{
	OWN_FD int at = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash;
	for (const char *p = path; at >= 0 && (slash = strchr(p, '/')); p = slash + 1) {
		OWN_FREE char *name = mem_strndup(p, (size_t)(slash - p));
		if (io_mkdirat(at, name, 0755) < 0 && errno != EEXIST)
			return err_errno(err, errno, "docs: cannot make %s", path);
		int next = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return err_set(err, DD_EINVAL,
				"docs: %s cannot be made: %s is no directory of the tree", path,
				name);
		(void)close(at);
		at = next;
	}
	if (at < 0)
		return err_errno(err, errno, "docs: no tree");
	*ret = TAKE_FD(at);
	return 0;
}

static int
write_file(int root, const char *path, struct str text, struct dd_err *err)
{
	OWN_FD int parent = -1;
	int rc = open_parent(root, path, &parent, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *to = mem_printf("/proc/self/fd/%d/%s", parent, fs_name(path));
	return fs_write_atomic(to, text, 0644, err);
}

/* *ret_state: "written", "same", "kept". */
static int
put_file(struct desk *d, const char *path, struct str text, json_t *files, bool *ret_kept,
	struct dd_err *err)
{
	OWN(buf) struct buf there = {0};
	enum owner who = whose(d, path, &there);
	bool same = who == OWNER_US && there.n == text.n && memcmp(there.p, text.p, text.n) == 0;
	*ret_kept = who == OWNER_OTHERS;
	if (text.n > EDIT_MAX_BYTES) /* more than a commit of ours takes */
		return err_set(err, DD_ELIMIT, "docs: %s would have %zu bytes", path, text.n);
	json_array_append_new(files, json_pack("{s:s, s:s, s:o}", "path", path, "state",
					     *ret_kept ? "kept"
					     : same    ? "same"
						       : "written",
					     "text", json_text(text)));
	return *ret_kept || same ? 0 : write_file(d->root, path, text, err);
}

static int
put_page(struct desk *d, const char *path, struct str body, json_t *files, json_t *pages,
	bool *ret_kept, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	struct hash_hex h = hash_bytes(body);
	buf_printf(&text, GRAPH_PAGE_MARK "%s -->\n", h.s);
	buf_add_str(&text, body);
	int rc = put_file(d, path, buf_str(&text), files, ret_kept, err);
	if (rc == 0 && !*ret_kept)
		json_array_append_new(pages, json_pack("{s:s, s:s}", "path", path, "sha256", h.s));
	return rc;
}

/* A file of that name is somebody's: ours goes beside the others, where its links begin elsewhere. */
static int
put_agents_beside(
	struct desk *d, const char *text, json_t *files, json_t *pages, struct dd_err *err)
{
	OWN(buf) struct buf body = {0};
	bool kept;
	const char *at = text, *link;
	while ((link = strstr(at, "](" GRAPH_PAGES))) {
		buf_add(&body, at, (size_t)(link - at));
		buf_puts(&body, "](");
		at = link + strlen("](" GRAPH_PAGES);
	}
	buf_puts(&body, at);
	return put_page(d, GRAPH_PAGES GRAPH_PAGE_AGENTS, buf_str(&body), files, pages, &kept, err);
}

/* Pages of ours about what is not there any more say so. */
static int
put_gone(struct desk *d, json_t *files, json_t *pages, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	OWN_FD int dir =
		openat(d->root, GRAPH_PAGES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc = dir >= 0 ? fs_list_fd(dir, GRAPH_PAGES, &names, err) : 0;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *path = mem_printf(GRAPH_PAGES "%s", names.v[i]);
		OWN(buf) struct buf text = {0};
		size_t k;
		json_t *f;
		bool known = !str_starts(str_of(names.v[i]), "component-"), kept;
		json_array_foreach (files, k, f)
			known = known || strcmp(json_string_in(f, "path"), path) == 0;
		if (!known && whose(d, path, &text) == OWNER_US)
			rc = put_page(d, path,
				STR("# No such component\n\nWhat this page told of is not in the source any more.\n"),
				files, pages, &kept, err);
	}
	return rc;
}

static int
put_statements(struct desk *d, json_t *files, const json_t *pages, struct dd_err *err)
{
	OWN(buf) struct buf body = {0}, text = {0};
	size_t i;
	json_t *s;
	bool kept;
	OWN_JSON json_t *head =
		json_pack("{s:O, s:O}", "pages", pages, "run", json_object_get(d->request, "run"));
	json_print(head, 0, &body);
	buf_putc(&body, '\n');
	json_array_foreach (json_object_get(d->request, "statements"), i, s) {
		OWN_JSON json_t *j = statement_json(d, s);
		json_print(j, 0, &body);
		buf_putc(&body, '\n');
	}
	buf_printf(&text, STATEMENTS_MARK "%s\"}\n", hash_bytes(buf_str(&body)).s);
	buf_add_str(&text, buf_str(&body));
	return put_file(d, STATEMENTS, buf_str(&text), files, &kept, err);
}

static int
do_write(struct desk *d, struct dd_err *err)
{
	OWN_JSON json_t *files = json_array();
	OWN_JSON json_t *pages = json_array();
	size_t i;
	json_t *p;
	int rc = 0;
	json_array_foreach (json_object_get(d->request, "pages"), i, p) {
		const char *path = json_string_in(p, "path");
		bool kept = false;
		if (rc == 0)
			rc = put_page(d, path, str_of(json_string_in(p, "text")), files, pages,
				&kept, err);
		if (rc == 0 && kept && strcmp(path, GRAPH_PAGE_AGENTS) == 0)
			rc = put_agents_beside(d, json_string_in(p, "text"), files, pages, err);
	}
	if (rc == 0)
		rc = put_gone(d, files, pages, err);
	if (rc == 0)
		rc = put_statements(d, files, pages, err);
	OWN_JSON json_t *result = json_pack("{s:O}", "files", files);
	return rc < 0 ? rc : json_give(result, err);
}

/* ---- check ---- */

struct checking {
	struct desk *d;
	struct map now;	    /* what is said now: key -> the statement, borrowed */
	struct map matched; /* keys */
	json_t *stale, *unsaid, *edited;
	json_int_t holds, moved, changed, drifted, unchecked, stale_n, unsaid_n;
};

/* Section, text, and the file that it is of first; without the figures of what has such; heap. */
static char *
key_of(const json_t *s)
{
	OWN(buf) struct buf b = {0};
	const json_t *place = json_array_get(json_object_get(s, "places"), 0);
	uint64_t line;
	OWN_FREE char *file = split_place(
		json_is_string(place) ? json_string_value(place) : json_string_in(place, "file"),
		&line);
	bool figures = json_is_true(json_object_get(s, "figures"));
	buf_printf(&b, "%s ", json_string_in(s, "section"));
	for (const char *p = json_string_in(s, "text"); *p; p++) {
		bool digit = figures && isdigit((unsigned char)*p);
		if (!digit || !isdigit((unsigned char)p[1]))
			buf_putc(&b, digit ? '#' : *p);
	}
	buf_printf(&b, " %s", file);
	return buf_take(&b);
}

enum line_is { LINE_THERE, LINE_MOVED, LINE_CHANGED, LINE_UNTIED };

/* *ret_why, heap: in words; NULL where nothing changed. */
static enum line_is
look_at_place(struct desk *d, const json_t *place, char **ret_why)
{
	const char *path = json_string_in(place, "file"), *digest = json_string_in(place, "sha256");
	json_int_t line = json_integer_value(json_object_get(place, "line"));
	*ret_why = NULL;
	if (line < 1 || !*digest)
		return LINE_UNTIED;
	look_at(d, path);
	if (!d->there) {
		*ret_why = mem_printf("%s is gone", path);
		return LINE_CHANGED;
	}
	if ((size_t)line <= d->lines.n && strcmp(d->lines.v[line - 1], digest) == 0)
		return LINE_THERE;
	uintptr_t at = (uintptr_t)map_get(&d->where, digest);
	*ret_why = at ? mem_printf("%s:%lld is line %zu now", path, (long long)line, (size_t)at)
		      : mem_printf("%s:%lld has changed or is gone", path, (long long)line);
	return at ? LINE_MOVED : LINE_CHANGED;
}

static enum line_is
look_at_places(struct desk *d, const json_t *s, json_t *why)
{
	enum line_is worst = LINE_THERE;
	size_t i;
	json_t *place;
	json_array_foreach (json_object_get(s, "places"), i, place) {
		OWN_FREE char *words = NULL;
		enum line_is is = look_at_place(d, place, &words);
		if (is != LINE_UNTIED && is > worst)
			worst = is;
		if (words)
			json_array_append_new(why, json_text(str_of(words)));
	}
	return worst;
}

static void
check_statement(struct checking *c, const json_t *s)
{
	OWN_FREE char *key = key_of(s);
	const json_t *now = map_get(&c->now, key);
	OWN_JSON json_t *why = json_array();
	enum line_is is = look_at_places(c->d, s, why);
	if (now) {
		map_put(&c->matched, key, c);
		c->holds++;
		c->moved += is == LINE_MOVED;
		c->changed += is == LINE_CHANGED || strcmp(json_string_in(now, "files_sha256"),
							    json_string_in(s, "files_sha256")) != 0;
		c->drifted += strcmp(json_string_in(now, "text"), json_string_in(s, "text")) != 0;
		return;
	}
	if (strcmp(json_string_in(s, "section"), "recipe") == 0 &&
		!json_string_value(json_object_get(c->d->request, "run"))) {
		c->unchecked++;
		return;
	}
	if (is == LINE_THERE)
		json_array_append_new(why,
			json_string(
				"its lines are as they were; what they mean has changed elsewhere"));
	if (c->stale_n++ < STALE_MAX)
		json_array_append_new(c->stale,
			json_pack("{s:O?, s:O?, s:O}", "section", json_object_get(s, "section"),
				"text", json_object_get(s, "text"), "why", why));
}

static void
check_pages(struct checking *c, const json_t *head)
{
	size_t i;
	json_t *p;
	json_array_foreach (json_object_get(head, "pages"), i, p) {
		OWN(buf) struct buf text = {0};
		struct str hex = {0}, body = {0};
		const char *path = json_string_in(p, "path");
		enum owner who = whose(c->d, path, &text);
		if (who == OWNER_NONE && c->stale_n++ < STALE_MAX)
			json_array_append_new(c->stale,
				json_pack("{s:s, s:o, s:[s]}", "section", "pages", "text",
					json_text(str_of(path)), "why", "the page is gone"));
		bool same = split_mark(buf_str(&text), GRAPH_PAGE_MARK, &hex, &body) &&
			    str_eq(hex, json_string_in(p, "sha256"));
		if (who == OWNER_OTHERS || (who == OWNER_US && !same))
			json_array_append_new(c->edited, json_text(str_of(path)));
	}
}

static int
check_all(struct checking *c, struct str body, struct dd_err *err)
{
	struct str line;
	bool first = true;
	int rc = 0;
	for (; rc == 0 && str_next(&body, '\n', &line); first = false) {
		OWN_JSON json_t *j = NULL;
		rc = json_parse(line, &j, err);
		if (rc == 0 && first)
			check_pages(c, j);
		else if (rc == 0)
			check_statement(c, j);
	}
	return rc < 0 ? err_wrap(err, STATEMENTS) : 0;
}

static void
load_now(struct checking *c)
{
	size_t i;
	json_t *s;
	json_array_foreach (json_object_get(c->d->request, "statements"), i, s) {
		OWN_FREE char *key = key_of(s);
		map_put(&c->now, key, s);
	}
}

static void
find_unsaid(struct checking *c)
{
	for (struct map_entry *e = map_first(&c->now); e; e = map_next(e))
		if (!map_get(&c->matched, map_key(e)) && c->unsaid_n++ < STALE_MAX)
			json_array_append(
				c->unsaid, json_object_get((json_t *)map_value(e), "text"));
}

static int
do_check(struct desk *d, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *stale = json_array();
	OWN_JSON json_t *unsaid = json_array();
	OWN_JSON json_t *edited = json_array();
	OWN(map) struct map now = {0}, matched = {0};
	struct checking c = {.d = d, .stale = stale, .unsaid = unsaid, .edited = edited};
	struct str hex, body = {0};
	enum owner who = whose(d, STATEMENTS, &text);
	if (who == OWNER_NONE)
		return err_set(err, DD_EINVAL,
			"the tree has no " STATEMENTS ": drydock docs makes a branch with pages");
	if (who == OWNER_OTHERS || !split_mark(buf_str(&text), STATEMENTS_MARK, &hex, &body))
		return err_set(err, DD_EINVAL,
			STATEMENTS
			" is not as drydock docs wrote it: remove it and make the pages anew");
	load_now(&c);
	int rc = check_all(&c, body, err);
	if (rc == 0)
		find_unsaid(&c);
	now = c.now;
	matched = c.matched;
	OWN_JSON json_t *result = json_pack("{s:O, s:I, s:O, s:I, s:O, s:I, s:I, s:I, s:I, s:I}",
		"stale", stale, "stale_count", c.stale_n, "unsaid", unsaid, "unsaid_count",
		c.unsaid_n, "edited", edited, "true", c.holds, "moved", c.moved, "changed",
		c.changed, "drifted", c.drifted, "unchecked", c.unchecked);
	return rc < 0 ? rc : json_give(result, err);
}

int
docs_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	struct desk d = {.root = -1};
	int rc = argc == 2 ? desk_open(&d, &err) : -DD_EINVAL;
	if (rc == 0)
		rc = strcmp(argv[1], "write") == 0   ? do_write(&d, &err)
		     : strcmp(argv[1], "check") == 0 ? do_check(&d, &err)
						     : -DD_EINVAL;
	if (rc == -DD_EINVAL && argc == 2) { /* the tree is not one for it */
		OWN_JSON json_t *fault =
			json_pack("{s:o}", "fault", json_text(str_of(err_msg(&err))));
		dd_err_cleanup(&err);
		rc = json_give(fault, &err);
	}
	if (rc < 0)
		fprintf(stderr, "%s\n", err_msg(&err));
	desk_cleanup(&d);
	return rc < 0 ? 1 : 0;
}
