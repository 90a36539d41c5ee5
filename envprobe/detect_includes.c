/*
 * Which headers C and C++ want.  A header of the tree's own is read where something that is compiled includes it, through
 * others or not: what nothing does is for others to use, and may bind the tree to all kinds of libraries.
 */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "base/map.h"
#include "envprobe/macros.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define MAX_DEPTH 32 /* of conditions whose macros are kept */

struct conditions {
	int depth; /* of #if */
	char *macros
		[MAX_DEPTH]; /* without which that of each depth does not hold, heap; NULL: none */
	bool guard;	     /* the outermost is the include guard */
	bool any;	     /* a directive was seen before */
};

static struct str
directive(struct str line, struct str *ret_rest)
{
	line = str_trim(line);
	if (!line.n || line.p[0] != '#')
		return (struct str){0};
	struct str rest = str_trim((struct str){line.p + 1, line.n - 1});
	size_t n = 0;
	while (n < rest.n && isalpha((unsigned char)rest.p[n]))
		n++;
	*ret_rest = str_trim((struct str){rest.p + n, rest.n - n});
	return (struct str){rest.p, n};
}

static void
set_macro(struct conditions *c, int depth, char *macro)
{
	if (depth < 0 || depth >= MAX_DEPTH) {
		free(macro);
		return;
	}
	free(c->macros[depth]);
	c->macros[depth] = macro;
}

static void
track_condition(struct conditions *c, struct str name, struct str what, const char *path)
{
	if (str_eq(name, "if") || str_eq(name, "ifdef") || str_eq(name, "ifndef")) {
		bool header = str_ends(str_of(path), ".h") || str_ends(str_of(path), ".hpp");
		if (!c->any && header && !str_eq(name, "if"))
			c->guard = true;
		set_macro(c, c->depth, macros_condition(name, what));
		c->depth++;
	} else if (str_eq(name, "else") || str_eq(name, "elif")) {
		set_macro(c, c->depth - 1, macros_condition(name, what));
	} else if (str_eq(name, "endif") && c->depth) {
		c->depth--;
		set_macro(c, c->depth, NULL);
		c->guard = c->guard && c->depth > 0;
	}
	c->any = true;
}

static bool
has_suffix(const struct tree *t, const char *name)
{
	OWN_FREE char *suffix = mem_printf("/%s", name);
	for (size_t i = 0; i < t->files.n; i++)
		if (strcmp(t->files.v[i], name) == 0 || str_ends(str_of(t->files.v[i]), suffix))
			return true;
	return false;
}

/* Does the tree hold a file that <name> could mean, or one it is generated from? */
static bool
tree_provides(const struct tree *t, const char *name)
{
	OWN_FREE char *template = mem_printf("%s.in", name);
	return has_suffix(t, name) || has_suffix(t, template);
}

/* Below "win32" and the like: nothing of it is compiled here. */
static bool
is_of_other_system(const char *path)
{
	static const char *const names[] = {"win", "win32", "win64", "windows", "wince", "winnt",
		"msvc", "msdos", "dos", "djgpp", "vms", "os2", "amiga", "beos", "mac", "macos",
		"macosx", NULL};
	struct str rest = str_of(path), part;
	while (str_next(&rest, '/', &part)) {
		OWN_FREE char *name = str_dup(part);
		for (char *c = name; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (!rest.n)
			return false; /* the file itself */
		if (str_is_one(str_of(name), names))
			return true;
	}
	return false;
}

static char provided, wanted;

struct include {
	char *header;
	unsigned line;
	bool system, optional; /* <...>; below a condition */
	struct strlist macros; /* without each of which it is not included */
};

struct including { /* a file and what it includes */
	const char *path;
	struct include *v;
	size_t n, cap;
	size_t namesake; /* the next file of its name, one more than its place; 0: none */
	bool quiet;	 /* C comes of it, but what it wants is not asked for */
	bool reached;
};

struct including_list {
	struct including *v;
	size_t n, cap;
};

/* <name> or "name" */
static void
add_include(struct including *f, struct str what, unsigned line, bool optional,
	const struct conditions *c)
{
	char close = what.n && what.p[0] == '<' ? '>' : '"';
	const char *end = what.n && (what.p[0] == '<' || what.p[0] == '"')
				  ? memchr(what.p + 1, close, what.n - 1)
				  : NULL;
	if (!end)
		return;
	f->v = mem_grow(f->v, f->n, &f->cap, sizeof(*f->v));
	f->v[f->n++] = (struct include){mem_strndup(what.p + 1, (size_t)(end - what.p - 1)), line,
		close == '>', optional, {0}};
	for (int i = 0; i < c->depth && i < MAX_DEPTH; i++)
		if (c->macros[i])
			strlist_add(&f->v[f->n - 1].macros, c->macros[i]);
}

static void
read_includes(const struct tree *t, struct including *f)
{
	const bool other = is_of_other_system(f->path);
	OWN(buf) struct buf text = {0};
	tree_read(t, f->path, &text);
	struct str rest = buf_str(&text), line;
	struct conditions c = {0};
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		struct str what, name = directive(line, &what);
		if (!name.n)
			continue;
		if (str_eq(name, "include"))
			add_include(f, what, n, other || c.depth > (c.guard ? 1 : 0), &c);
		else
			track_condition(&c, name, what, f->path);
	}
	for (int i = 0; i < MAX_DEPTH; i++)
		free(c.macros[i]);
}

static bool
is_header(const char *path)
{
	static const char *const headers[] = {
		".h", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".tcc", ".ipp", ".def", NULL};
	return str_ends_one(str_of(path), headers);
}

/* C is made of it, or it is a part of C under a name that is no C's. */
static bool
is_near_c(const char *path)
{
	static const char *const near[] = {".y", ".yy", ".ypp", ".l", ".ll", ".lpp", ".in", ".hh",
		".inc", ".inl", ".tcc", ".ipp", ".def", ".m", ".mm", ".cu", ".pyx", ".go", ".i",
		".re", ".gperf", ".proto", NULL};
	return str_ends_one(str_of(path), near);
}

static void
read_all(const struct tree *t, const char *dir, bool deep, struct including_list *ret)
{
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		bool is_c = detect_is_c(path);
		bool below = deep ? fs_is_below(path, dir) && !detect_is_aside(path)
				  : detect_is_here(dir, path);
		if (!below || !(is_c || is_near_c(path)))
			continue;
		ret->v = mem_grow(ret->v, ret->n, &ret->cap, sizeof(*ret->v));
		struct including *f = &ret->v[ret->n++];
		*f = (struct including){.path = path, .quiet = !is_c};
		read_includes(t, f);
	}
}

/* From what is compiled on; of a tree of headers alone, everything. */
static void
reach(struct including_list *l)
{
	struct map names = {0}; /* -> one more than the place of the last file of that name */
	size_t *todo = mem_zalloc(l->n + 1, sizeof(*todo)), n = 0;
	for (size_t i = 0; i < l->n; i++) {
		const char *name = fs_name(l->v[i].path);
		l->v[i].namesake = (size_t)(uintptr_t)map_get(&names, name);
		map_put(&names, name, (void *)(uintptr_t)(i + 1));
		l->v[i].reached = !is_header(l->v[i].path);
		if (l->v[i].reached)
			todo[n++] = i;
	}
	for (size_t i = 0; i < l->n && !n; i++)
		l->v[i].reached = true;
	while (n) {
		const struct including *f = &l->v[todo[--n]];
		for (size_t i = 0; i < f->n; i++) {
			size_t k = (size_t)(uintptr_t)map_get(&names, fs_name(f->v[i].header));
			for (; k; k = l->v[k - 1].namesake)
				if (!l->v[k - 1].reached) {
					l->v[k - 1].reached = true;
					todo[n++] = k - 1;
				}
		}
	}
	free(todo);
	map_cleanup(&names);
}

/* "moon/" of "moon/sea/x.h"; empty: it is in no directory. */
static struct str
top_of(const char *header)
{
	const char *slash = strchr(header, '/');
	return (struct str){header, slash ? (size_t)(slash - header) + 1 : 0};
}

static bool
is_provided(const struct tree *t, struct map *known, const char *header)
{
	if (!map_get(known, header))
		map_put(known, header, tree_provides(t, header) ? &provided : &wanted);
	return map_get(known, header) == &provided;
}

/* Directories below which the tree has headers that it includes itself as those of a library: <moon/y.h>. */
static void
find_own_tops(
	const struct tree *t, const struct including_list *l, struct map *known, struct map *ret)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->v[i].n; k++) {
			const struct include *in = &l->v[i].v[k];
			struct str top = top_of(in->header);
			if (in->system && top.n && !map_get_str(ret, top) &&
				is_provided(t, known, in->header))
				map_put_str(ret, top, &provided);
		}
}

static bool
may_be_included(struct macros *m, const struct tree *t, const struct include *in)
{
	for (size_t i = 0; i < in->macros.n; i++)
		if (!macros_may_be_set(m, t, in->macros.v[i]))
			return false;
	return true;
}

static void
want_headers(const struct tree *t, const struct including_list *l, struct project *p)
{
	struct map known = {0}; /* header -> provided or wanted */
	struct macros macros = {0};
	struct map tops = {0};
	find_own_tops(t, l, &known, &tops);
	for (size_t i = 0; i < l->n; i++) {
		const struct including *f = &l->v[i];
		for (size_t k = 0; f->reached && !f->quiet && k < f->n; k++) {
			const struct include *in = &f->v[k];
			if (!in->system)
				continue;
			if (is_provided(t, &known, in->header) || !may_be_included(&macros, t, in))
				continue;
			/* One that was left out of a copy, for another machine or with another option. */
			if (in->optional && map_get_str(&tops, top_of(in->header)))
				continue;
			OWN_FREE char *why =
				mem_printf("%s:%u: #include <%s>", f->path, in->line, in->header);
			detect_need(p, NEED_HEADER, in->header, SCOPE_BUILD, in->optional, why);
		}
	}
	map_cleanup(&known);
	map_cleanup(&tops);
	macros_cleanup(&macros);
}

static void
scan_all_includes(const struct tree *t, const char *dir, bool deep, struct project *p)
{
	struct including_list all = {0};
	read_all(t, dir, deep, &all);
	reach(&all);
	want_headers(t, &all, p);
	for (size_t i = 0; i < all.n; i++) {
		for (size_t k = 0; k < all.v[i].n; k++) {
			free(all.v[i].v[k].header);
			strlist_cleanup(&all.v[i].v[k].macros);
		}
		free(all.v[i].v);
	}
	free(all.v);
}

void
detect_includes(const struct tree *t, const char *dir, struct project *p)
{
	scan_all_includes(t, dir, true, p);
}

void
detect_includes_here(const struct tree *t, const char *dir, struct project *p)
{
	scan_all_includes(t, dir, false, p);
}
