/*
 * Whether an edit leaves less that is understood of a file.  What the parser of the map takes for an error need be none in C: a macro
 * may stand for anything, and only the compiler knows all of them.  So a text is read as it is written, and with the macros that the
 * tree has in place of their uses, and an edit is refused here only if it is worse in every reading that understood the text before
 * best.  What passes and is wrong the build finds.
 */
#include "runner/fix_worker.h"

#include "agents/edit.h"
#include "graph/graph.h"

#include <string.h>

#define HEADERS_MAX 300
#define INCLUDES_MAX 3000 /* that are looked for in the tree */
#define HEADER_BYTES_MAX ((size_t)1 << 20)
#define ALL_BYTES_MAX ((size_t)8 << 20)

struct header { /* that may be included */
	char *path;
	bool taken;
};

struct reading {
	int root;
	const struct edit_change *all; /* changes that are made together */
	size_t n;
	bool after; /* they are made */
	struct header *paths;
	size_t npaths, cap, ntaken, nlooked;
	const char *from; /* the file whose includes are looked at */
	struct buf *out;
};

static int
keep_path(void *ctx, int root, const char *path, struct dd_err *err)
{
	struct reading *r = ctx;
	(void)root;
	(void)err;
	r->paths = mem_grow(r->paths, r->npaths, &r->cap, sizeof(*r->paths));
	r->paths[r->npaths++] = (struct header){.path = mem_strdup(path)};
	return 0;
}

static void
find_paths(struct reading *r)
{
	(void)!fix_worker_visit(r->root, keep_path, r, NULL);
	for (size_t i = 0; i < r->n; i++)
		if (r->all[i].created)
			(void)keep_path(r, r->root, r->all[i].path, NULL);
}

static void
reading_cleanup(struct reading *r)
{
	for (size_t i = 0; i < r->npaths; i++)
		free(r->paths[i].path);
	free(r->paths);
}

/* Bytes of directories that two paths have in common. */
static size_t
common_directories(const char *a, const char *b)
{
	size_t n = 0, common = 0;
	for (; a[n] && a[n] == b[n]; n++)
		if (a[n] == '/')
			common = n + 1;
	return common;
}

/* No directories are known in which the compiler looks: the one of that name that is nearest. */
static struct header *
find_header(const struct reading *r, struct str name)
{
	struct header *best = NULL;
	while (str_starts(name, "../") || str_starts(name, "./")) {
		size_t up = str_starts(name, "../") ? 3 : 2;
		name = (struct str){name.p + up, name.n - up};
	}
	for (size_t i = 0; i < r->npaths; i++) {
		struct header *h = &r->paths[i];
		size_t n = strlen(h->path);
		bool fits = n >= name.n && memcmp(h->path + n - name.n, name.p, name.n) == 0 &&
			    (n == name.n || h->path[n - name.n - 1] == '/');
		if (fits && (!best || common_directories(h->path, r->from) >
					      common_directories(best->path, r->from)))
			best = h;
	}
	return name.n ? best : NULL;
}

static bool
read_header(const struct reading *r, const char *path, struct buf *ret)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct edit_change *c = &r->all[i];
		if (strcmp(c->path, path) != 0)
			continue;
		buf_add_str(ret, buf_str(r->after ? &c->after : &c->before));
		return true;
	}
	return fix_worker_read(r->root, path, HEADER_BYTES_MAX, ret);
}

/* What a header includes stands before it. */
static void
take_header(void *ctx, struct str name)
{
	struct reading *r = ctx;
	OWN(buf) struct buf text = {0};
	bool looks = r->ntaken < HEADERS_MAX && r->nlooked++ < INCLUDES_MAX;
	struct header *h = looks ? find_header(r, name) : NULL;
	const char *from = r->from;
	if (!h || h->taken || strcmp(h->path, from) == 0 || !read_header(r, h->path, &text))
		return;
	h->taken = true;
	r->ntaken++;
	r->from = h->path;
	graph_includes(buf_str(&text), take_header, r);
	r->from = from;
	buf_add_str(r->out, buf_str(&text));
	buf_putc(r->out, '\n');
}

static void
put_headers(struct reading *r, const struct edit_change *c, bool after, struct buf *out)
{
	out->max = ALL_BYTES_MAX;
	r->after = after;
	r->out = out;
	r->from = c->path;
	r->ntaken = r->nlooked = 0;
	for (size_t i = 0; i < r->npaths; i++)
		r->paths[i].taken = false;
	graph_includes(buf_str(after ? &c->after : &c->before), take_header, r);
}

/* What is put into a place that was not understood before makes it larger. */
static bool
is_worse(uint32_t was, uint32_t is, size_t before, size_t after)
{
	size_t more = after > before ? after - before : 0;
	return was ? is > was + more : is > 0;
}

struct verdict { /* of the readings in which the text before was understood best */
	uint32_t was;
	bool worse; /* it is so in all of them */
};

static void
take_verdict(struct verdict *v, uint32_t was, bool worse)
{
	if (was < v->was)
		*v = (struct verdict){was, worse};
	else if (was == v->was)
		v->worse = v->worse && worse;
}

static void
read_expanded(int root, const struct edit_change *all, size_t n, const struct edit_change *c,
	struct verdict *v)
{
	struct reading r = {.root = root, .all = all, .n = n};
	OWN(buf) struct buf before = {0}, after = {0};
	find_paths(&r);
	put_headers(&r, c, false, &before);
	put_headers(&r, c, true, &after);
	for (unsigned i = 0; i < GRAPH_READINGS; i++) {
		uint32_t was = 0, is = 0;
		size_t nwas = 0, nis = 0;
		if (graph_bad_expanded(
			    c->path, buf_str(&before), buf_str(&c->before), i, &was, &nwas) &&
			graph_bad_expanded(
				c->path, buf_str(&after), buf_str(&c->after), i, &is, &nis))
			take_verdict(v, was, is_worse(was, is, nwas, nis));
	}
	reading_cleanup(&r);
}

bool
fix_worker_is_worse(void *ctx, const struct edit_change *all, size_t n, size_t which)
{
	const struct edit_change *c = &all[which];
	const int *root = ctx;
	uint32_t was = graph_bad_bytes(c->path, buf_str(&c->before));
	uint32_t is = graph_bad_bytes(c->path, buf_str(&c->after));
	struct verdict v = {was, is_worse(was, is, c->before.n, c->after.n)};
	if (is && graph_has_macros(c->path, buf_str(&c->after)))
		read_expanded(*root, all, n, c, &v);
	return v.worse;
}
