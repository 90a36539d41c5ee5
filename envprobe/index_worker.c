/*
 * The worker "index": package lists, a form feed, Contents lists, a form feed on standard input;
 * sorted lines out.  What is cut short is no index.
 */
#include "envprobe/envprobe.h"
#include "envprobe/index.h"

#include "base/map.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* ---- Contents ---- */

struct where {		 /* a path, taken apart */
	struct str path; /* without a leading slash */
	struct str name; /* last component */
	struct str dir;	 /* without the name and the slash before it */
};

static bool
in_dir(const struct where *w, const char *dir)
{
	return str_eq(w->dir, dir);
}

static bool
below(const struct where *w, const char *dir)
{
	size_t n = strlen(dir);
	return w->dir.n >= n && memcmp(w->dir.p, dir, n) == 0 &&
	       (w->dir.n == n || w->dir.p[n] == '/');
}

/* "usr/lib/x86_64-linux-gnu/REST" and "usr/lib/REST": the REST of the directory; p NULL if neither. */
static struct str
behind_lib(const struct where *w)
{
	struct str rest = {NULL, 0};
	if (!below(w, "usr/lib") || w->dir.n == 7)
		return w->dir.n == 7 ? (struct str){"", 0} : rest;
	rest = (struct str){w->dir.p + 8, w->dir.n - 8};
	struct str copy = rest, first;
	if (str_next(&copy, '/', &first) && memmem(first.p, first.n, "-linux-gnu", 10))
		return copy.n ? copy : (struct str){"", 0};
	return rest;
}

static void
emit(struct buf *out, char class, struct str key, const struct where *w, struct str package)
{
	buf_printf(out, "%c:", class);
	buf_add_str(out, key);
	buf_putc(out, '\t');
	buf_add_str(out, w->path);
	buf_putc(out, '\t');
	buf_add_str(out, package);
	buf_putc(out, '\n');
}

static void
emit_lower(struct buf *out, char class, struct str key, const struct where *w, struct str package)
{
	OWN_FREE char *lower = str_dup(key);
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	emit(out, class, str_of(lower), w, package);
}

static struct str
cut(struct str s, size_t front, size_t back)
{
	return (struct str){s.p + front, s.n - front - back};
}

static void
add_library(const struct where *w, struct str package, struct buf *out)
{
	if (!str_starts(w->name, "lib"))
		return;
	if (str_ends(w->name, ".so"))
		emit(out, 'l', cut(w->name, 3, 3), w, package);
	else if (str_ends(w->name, ".a"))
		emit(out, 'l', cut(w->name, 3, 2), w, package);
}

/* PEP 503: runs of - _ . are one -, lower case. */
static void
add_distribution(const struct where *w, struct str name, struct str package, struct buf *out)
{
	OWN(buf) struct buf key = {0};
	size_t n = 0;
	while (n < name.n &&
		!(name.p[n] == '-' && n + 1 < name.n && isdigit((unsigned char)name.p[n + 1])))
		n++;
	for (size_t i = 0; i < n; i++) {
		char c = (char)tolower((unsigned char)name.p[i]);
		if (strchr("-_.", c)) {
			if (key.n && key.p[key.n - 1] != '-')
				buf_putc(&key, '-');
		} else {
			buf_putc(&key, c);
		}
	}
	emit(out, 'd', buf_str(&key), w, package);
}

/* `rest` is the directory below a place where Python looks for modules. */
static void
add_python(const struct where *w, struct str rest, struct str package, struct buf *out)
{
	bool top = rest.n == 0, one = rest.n && !memchr(rest.p, '/', rest.n);
	if (one && str_eq(w->name, "METADATA") && str_ends(rest, ".dist-info"))
		add_distribution(w, cut(rest, 0, 10), package, out);
	else if (one && str_eq(w->name, "PKG-INFO") && str_ends(rest, ".egg-info"))
		add_distribution(w, cut(rest, 0, 9), package, out);
	else if (top && str_ends(w->name, ".egg-info"))
		add_distribution(w, cut(w->name, 0, 9), package, out);
	else if (one && str_starts(w->name, "__init__."))
		emit(out, 'y', rest, w, package);
	else if (top && str_ends(w->name, ".py"))
		emit(out, 'y', cut(w->name, 0, 3), w, package);
	else if ((top || str_eq(rest, "lib-dynload")) && str_ends(w->name, ".so"))
		emit(out, 'y',
			(struct str){w->name.p,
				(size_t)((char *)memchr(w->name.p, '.', w->name.n) - w->name.p)},
			w, package);
}

/* Directories that Perl searches; the module's path is what follows. */
static bool
add_perl(const struct where *w, struct str package, struct buf *out)
{
	static const char *const dirs[] = {"perl5", "perl", "perl-base", NULL};
	struct str rest = behind_lib(w);
	if (below(w, "usr/share"))
		rest = w->dir.n > 10 ? cut(w->dir, 10, 0) : (struct str){NULL, 0};
	if (!rest.p || !str_ends(w->name, ".pm"))
		return false;
	struct str copy = rest, first, version;
	if (!str_next(&copy, '/', &first))
		return false;
	for (size_t i = 0; dirs[i]; i++) {
		if (!str_eq(first, dirs[i]))
			continue;
		/* .../perl/5.36/X.pm and .../perl5/5.36/X.pm have a version in between. */
		struct str ahead = copy;
		if (str_next(&ahead, '/', &version) && version.n &&
			isdigit((unsigned char)version.p[0]))
			copy = ahead;
		OWN_FREE char *key =
			copy.n ? mem_printf(STR_FMT "/" STR_FMT, STR_ARG(copy), STR_ARG(w->name))
			       : str_dup(w->name);
		emit(out, 'm', str_of(key), w, package);
		return true;
	}
	return false;
}

/* ".../itcl4.2.3/pkgIndex.tcl": the package "itcl" */
static void
add_tcl(const struct where *w, struct str package, struct buf *out)
{
	const char *slash = memrchr(w->dir.p, '/', w->dir.n);
	struct str name = cut(w->dir, (size_t)(slash + 1 - w->dir.p), 0);
	while (name.n && (isdigit((unsigned char)name.p[name.n - 1]) || name.p[name.n - 1] == '.' ||
				 name.p[name.n - 1] == '-'))
		name.n--;
	if (name.n)
		emit_lower(out, 't', name, w, package);
}

static void
add_below_lib(const struct where *w, struct str package, struct buf *out)
{
	struct str rest = behind_lib(w);
	if (!rest.p)
		return;
	if (rest.n == 0)
		add_library(w, package, out);
	else if (str_eq(rest, "pkgconfig") && str_ends(w->name, ".pc"))
		emit(out, 'p', cut(w->name, 0, 3), w, package);
	else if (str_starts(rest, "python3/dist-packages"))
		add_python(w, rest.n > 22 ? cut(rest, 22, 0) : (struct str){"", 0}, package, out);
	else if (str_starts(rest, "python3.") && !memmem(rest.p, rest.n, "site-packages", 13)) {
		const char *slash = memchr(rest.p, '/', rest.n);
		add_python(w,
			slash ? cut(rest, (size_t)(slash + 1 - rest.p), 0) : (struct str){"", 0},
			package, out);
	} else if (str_starts(rest, "tcltk/") && str_eq(w->name, "pkgIndex.tcl"))
		add_tcl(w, package, out);
}

static void
add_cmake(const struct where *w, struct str package, struct buf *out)
{
	if (str_ends(w->name, "Config.cmake"))
		emit_lower(out, 'c', cut(w->name, 0, 12), w, package);
	else if (str_ends(w->name, "-config.cmake"))
		emit_lower(out, 'c', cut(w->name, 0, 13), w, package);
	else if (str_starts(w->name, "Find") && str_ends(w->name, ".cmake"))
		emit_lower(out, 'c', cut(w->name, 4, 6), w, package);
}

/* Hundreds of files are one package: its directory stands for them. */
static void
add_go(const struct where *w, struct str package, struct buf *out)
{
	static const char tree[] = "usr/share/gocode/src/";
	size_t n = sizeof(tree) - 1;
	struct where dir = {.path = w->dir};
	if (str_ends(w->name, ".go") && w->dir.n > n)
		emit(out, 'g', cut(w->dir, n, 0), &dir, package);
}

/* ".../specifications/NAME-VERSION.gemspec"; a version begins with a digit */
static void
add_gem(const struct where *w, struct str package, struct buf *out)
{
	struct str name = cut(w->name, 0, sizeof(".gemspec") - 1);
	for (size_t i = 0; i + 1 < name.n; i++)
		if (name.p[i] == '-' && isdigit((unsigned char)name.p[i + 1])) {
			emit_lower(out, 'u', (struct str){name.p, i}, w, package);
			return;
		}
}

static void
add_php(const struct where *w, struct str package, struct buf *out)
{
	struct str file = cut(w->path, sizeof("usr/share/php/") - 1, 4);
	if (str_ends(file, "/autoload"))
		file.n -= sizeof("/autoload") - 1;
	emit(out, 'h', file, w, package);
}

static void
add_path(const struct where *w, struct str package, struct buf *out)
{
	static const char *const bins[] = {"usr/bin", "bin", "usr/sbin", "sbin", "usr/games",
		"usr/lib/node_modules/.bin", NULL};
	for (size_t i = 0; bins[i]; i++)
		if (in_dir(w, bins[i]))
			emit(out, 'b', w->name, w, package);
	/* Of what a language keeps beside other files only what is named as a header. */
	bool beside = str_ends(w->name, ".h") && pkgindex_include_root(w->path);
	if (below(w, "usr/include") || beside || memmem(w->dir.p, w->dir.n, "/CORE", 5))
		emit(out, 'i', w->name, w, package);
	else if (add_perl(w, package, out))
		return;
	else if (in_dir(w, "usr/share/pkgconfig") && str_ends(w->name, ".pc"))
		emit(out, 'p', cut(w->name, 0, 3), w, package);
	else if (below(w, "usr/share/aclocal") && str_ends(w->name, ".m4"))
		emit_lower(out, 'a', cut(w->name, 0, 3), w, package);
	else if (in_dir(w, "usr/share/java") && str_ends(w->name, ".jar"))
		emit(out, 'j', cut(w->name, 0, 4), w, package);
	else if (below(w, "usr/share/nodejs") && str_eq(w->name, "package.json") && w->dir.n > 17)
		emit(out, 'n', cut(w->dir, 17, 0), w, package);
	else if (below(w, "usr/share/php") && str_ends(w->name, ".php"))
		add_php(w, package, out);
	else if (below(w, "usr/lib/php") && str_ends(w->name, ".so"))
		emit_lower(out, 'x', cut(w->name, 0, 3), w, package);
	else if (str_ends(w->name, ".gemspec") &&
		 memmem(w->dir.p, w->dir.n, "/specifications", 15) && !below(w, "usr/share/jruby"))
		add_gem(w, package, out);
	else if (below(w, "usr/share/gocode/src"))
		add_go(w, package, out);
	else
		add_below_lib(w, package, out);
	if (str_ends(w->name, ".cmake"))
		add_cmake(w, package, out);
}

/* "usr/include/zlib.h    libdevel/zlib1g-dev,..." : the last blank separates. */
static struct str
split_contents(struct str line, struct str *ret_locations)
{
	size_t end = line.n;
	while (end && line.p[end - 1] != ' ' && line.p[end - 1] != '\t')
		end--;
	*ret_locations = (struct str){line.p + end, line.n - end};
	return str_trim((struct str){line.p, end});
}

/* "libdevel/zlib1g-dev,..." : the next package's name. */
static bool
next_package(struct str *locations, struct str *ret)
{
	if (!str_next(locations, ',', ret))
		return false;
	const char *sep = ret->n ? memrchr(ret->p, '/', ret->n) : NULL;
	if (sep)
		*ret = (struct str){sep + 1, ret->n - (size_t)(sep + 1 - ret->p)};
	return true;
}

void
pkgindex_add_contents(struct str line, struct buf *out)
{
	struct str locations, one;
	struct where w = {.path = split_contents(line, &locations)};
	const char *slash = w.path.n ? memrchr(w.path.p, '/', w.path.n) : NULL;
	if (!slash || memchr(w.path.p, '\t', w.path.n))
		return;
	w.dir = (struct str){w.path.p, (size_t)(slash - w.path.p)};
	w.name = (struct str){slash + 1, w.path.n - w.dir.n - 1};
	if (!w.name.n)
		return;
	while (next_package(&locations, &one))
		if (one.n)
			add_path(&w, one, out);
}

/* ---- Packages ---- */

struct packages {
	struct map versions; /* name -> char * */
	struct map needed;   /* name -> count as pointer value */
	char *name;	     /* of the stanza being read */
	struct buf *out;
};

/* The names of a dependency field; alternatives count, too. */
static void
count_names(struct packages *p, struct str field, bool provides)
{
	struct str item;
	while (str_next(&field, ',', &item)) {
		struct str alternative;
		while (str_next(&item, '|', &alternative)) {
			struct str rest = alternative, name;
			if (!str_next_word(&rest, &name))
				continue;
			const char *colon = memchr(name.p, ':', name.n);
			if (colon)
				name.n = (size_t)(colon - name.p);
			if (provides) {
				buf_puts(p->out, "v:");
				buf_add_str(p->out, name);
				buf_printf(p->out, "\t-\t%s\n", p->name);
			} else {
				uintptr_t n = (uintptr_t)map_get_str(&p->needed, name);
				map_put_str(&p->needed, name, (void *)(n + 1));
			}
		}
	}
}

static void
read_field(struct packages *p, struct str line)
{
	if (str_starts(line, "Package: ")) {
		free(p->name);
		p->name = str_dup(str_trim(cut(line, 9, 0)));
	} else if (str_starts(line, "Version: ") && p->name) {
		map_put(&p->versions, p->name, str_dup(str_trim(cut(line, 9, 0))));
	} else if (str_starts(line, "Depends: ")) {
		count_names(p, cut(line, 9, 0), false);
	} else if (str_starts(line, "Pre-Depends: ")) {
		count_names(p, cut(line, 13, 0), false);
	} else if (str_starts(line, "Provides: ") && p->name) {
		count_names(p, cut(line, 10, 0), true);
	}
}

static void
end_packages(struct packages *p)
{
	for (struct map_entry *e = map_first(&p->versions); e; e = map_next(e))
		buf_printf(p->out, "k:%s\t%s\t%zu\n", map_key(e), (char *)map_value(e),
			(size_t)(uintptr_t)map_get(&p->needed, map_key(e)));
	map_cleanup(&p->versions);
	map_cleanup(&p->needed);
	free(TAKE(p->name));
}

/* ---- the worker ---- */

static int
by_line(const void *a, const void *b)
{
	const struct str *x = a, *y = b;
	int c = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
	return c ? c : (x->n > y->n) - (x->n < y->n);
}

static int
write_sorted(const struct buf *all)
{
	struct str rest = buf_str(all), line, *lines = NULL;
	size_t n = 0, cap = 0;
	while (str_next(&rest, '\n', &line)) {
		lines = mem_grow(lines, n, &cap, sizeof(*lines));
		lines[n++] = line;
	}
	qsort(lines, n, sizeof(*lines), by_line);
	for (size_t i = 0; i < n; i++) {
		if (i && by_line(&lines[i], &lines[i - 1]) == 0)
			continue;
		(void)fwrite_unlocked(lines[i].p, 1, lines[i].n, stdout);
		(void)fputc_unlocked('\n', stdout);
	}
	free(lines);
	return ferror(stdout) || fflush(stdout) != 0 ? 1 : 0;
}

int
probe_index_worker_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	OWN(buf) struct buf out = {.max = (size_t)1 << 30};
	OWN_FREE char *line = NULL;
	size_t cap = 0;
	bool contents = false, whole = false;
	struct packages p = {.versions = {.destroy = free}, .out = &out};
	for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0;) {
		struct str s = {line, (size_t)n - (line[n - 1] == '\n')};
		if (!contents && str_eq(s, "\f")) {
			end_packages(&p);
			contents = true;
		} else if (str_eq(s, "\f")) {
			whole = true;
		} else if (contents) {
			pkgindex_add_contents(s, &out);
		} else {
			read_field(&p, s);
		}
	}
	if (!whole || ferror(stdin) || out.truncated) {
		fprintf(stderr, "the package lists are incomplete or too large\n");
		return 1;
	}
	return write_sorted(&out);
}

/* ---- owners ---- */

/* /bin/x and /usr/bin/x are one file (merged /usr), and packages list either. */
static void
want_owner(struct map *wanted, const char *path)
{
	static const char *const merged[] = {"bin/", "sbin/", "lib/", NULL};
	const char *plain = *path == '/' ? path + 1 : path;
	map_put(wanted, plain, (void *)path);
	for (size_t i = 0; merged[i]; i++) {
		OWN_FREE char *usr = mem_printf("usr/%s", merged[i]);
		if (str_starts(str_of(plain), usr))
			map_put(wanted, plain + 4, (void *)path);
		if (!str_starts(str_of(plain), merged[i]))
			continue;
		OWN_FREE char *other = mem_printf("usr/%s", plain);
		map_put(wanted, other, (void *)path);
	}
}

int
probe_owners_worker_main(int argc, char **argv)
{
	OWN(map) struct map wanted = {0};
	OWN_FREE char *line = NULL;
	size_t cap = 0;
	for (int i = 1; i < argc; i++)
		want_owner(&wanted, argv[i]);
	for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0;) {
		struct str s = {line, (size_t)n - (line[n - 1] == '\n')}, locations, package;
		const char *path = map_get_str(&wanted, split_contents(s, &locations));
		while (path && next_package(&locations, &package))
			printf("%s\t" STR_FMT "\n", path, STR_ARG(package));
	}
	return ferror(stdin) || fflush(stdout) != 0 ? 1 : 0;
}
