#include "envprobe/resolve.h"

#include "base/fs.h"
#include "envprobe/data.h"
#include "envprobe/version.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

#define SPLIT 4 /* times as popular is by far */
#define FEW 5	/* packages depend on what is no library for all */

void
resolution_cleanup(struct resolution *r)
{
	free(r->package);
	free(r->path);
	free(r->nearest);
	strlist_cleanup(&r->alternatives);
	*r = (struct resolution){0};
}

/* ---- the table of what file lists do not show ---- */

static char *
known_by_name(const char *kind, const char *name)
{
	struct str rest = data_alternatives(), f[3];
	while (data_next(&rest, f, 3))
		if (str_eq(f[0], kind) && str_eq(f[1], name))
			return str_dup(f[2]);
	return NULL;
}

/* The package a person would name for a part of it. */
static char *
front_of(struct str package)
{
	struct str rest = data_alternatives(), f[3];
	OWN_FREE char *name = str_dup(package);
	while (data_next(&rest, f, 3)) {
		if (!str_eq(f[0], "front"))
			continue;
		OWN_FREE char *pattern = str_dup(f[1]);
		if (fnmatch(pattern, name, 0) == 0)
			return str_dup(f[2]);
	}
	return TAKE(name);
}

/* ---- candidates ---- */

struct search {
	const struct pkgindex *x;
	const char *suffix; /* the path must end with "/" and this; NULL: any */
	bool shallow;	    /* only where compilers look by themselves */
	bool library;
	struct str package, path;
	long score;
};

/*
 * Packages for another machine, or that hold a copy for another purpose.  What a name is made of counts, between its dashes:
 * python3-docutils and gtk-doc-tools are no documentation.
 */
static bool
is_foreign(struct str package)
{
	static const char *const parts[] = {"mingw", "djgpp", "emscripten", "klibc", "dietlibc",
		"musl", "uclibc", "llvm-", "gnumach", "newlib", "android-", "picolibc", NULL};
	static const char *const words[] = {"cross", "dbg", "i386", "armhf", "arm64", "m68k", "sh4",
		"alpha", "x32", "avr", "wasm", "wasm32", "wasm64", "spu", "hurd", NULL};
	static const char *const families[] = {
		"mips", "hppa", "riscv", "sparc", "s390", "ppc", NULL};
	static const char *const documents[] = {"-doc", "-docs", NULL};
	for (size_t i = 0; parts[i]; i++)
		if (memmem(package.p, package.n, parts[i], strlen(parts[i])))
			return true;
	struct str rest = package, word;
	(void)str_next(&rest, '-', &word);
	while (str_next(&rest, '-', &word)) {
		if (str_is_one(word, words))
			return true;
		for (size_t i = 0; families[i]; i++)
			if (str_starts(word, families[i]))
				return true;
	}
	return str_ends_one(package, documents) || str_starts(package, "lib32") ||
	       str_starts(package, "lib64") || str_starts(package, "libx32");
}

static size_t
count_slashes(struct str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '/';
	return n;
}

static bool
is_multiarch(struct str dir)
{
	return memmem(dir.p, dir.n, "-linux-gnu", 10) && !memchr(dir.p, '/', dir.n);
}

/* Directories between usr/include (or another root, or usr/lib) and the name that was asked for; 0 is where tools look. */
static long
extra_depth(const struct search *s, struct str path)
{
	size_t suffix = s->suffix ? strlen(s->suffix) : 0;
	const char *root = pkgindex_include_root(path);
	size_t n = root ? strlen(root) : 0;
	if (!root)
		return (long)count_slashes(path);
	struct str between = {path.p + n, path.n > n + suffix ? path.n - n - suffix : 0};
	if (between.n && between.p[between.n - 1] == '/')
		between.n--;
	if (!between.n || is_multiarch(between))
		return 0;
	return (long)count_slashes(between) + 1;
}

static bool
is_core(struct str package)
{
	return str_starts(package, "perl-modules-") || str_starts(package, "libruby3") ||
	       str_eq(package, "perl-base") ||
	       (str_starts(package, "libperl5") && !str_ends(package, "-dev")) ||
	       (str_starts(package, "libpython3") &&
		       (str_ends(package, "-stdlib") || str_ends(package, "-minimal")));
}

static bool
consider(void *ctx, const struct pkgindex_row *row)
{
	struct search *s = ctx;
	size_t n = s->suffix ? strlen(s->suffix) : 0;
	if (is_foreign(row->package))
		return true;
	if (n && !(str_ends(row->path, s->suffix) && row->path.n > n &&
			 row->path.p[row->path.n - n - 1] == '/'))
		return true;
	long depth = s->suffix ? extra_depth(s, row->path) : 0;
	if (s->shallow && depth > 0)
		return true;
	uint64_t popularity = pkgindex_popularity(s->x, row->package);
	if (is_core(row->package)) /* an interpreter's own modules are no package of their own */
		popularity = 200000;
	long score = -1000000 * depth + (long)(popularity < 200000 ? popularity : 200000) * 4 +
		     (str_ends(row->package, "-dev") ? 400 : 0) +
		     (str_ends(row->path, ".so") ? 1 : 0) - (long)row->package.n;
	if (s->package.p && score <= s->score)
		return true;
	s->package = row->package;
	s->path = row->path;
	s->score = score;
	return true;
}

/* "libboost-dev" of "libboost1.74-dev": what stands for the version that the distribution has chosen. */
static char *
without_version(const char *package)
{
	size_t all = strlen(package), end = all > 4 ? all - 4 : 0, n = end;
	if (!str_ends(str_of(package), "-dev"))
		return NULL;
	while (n && (isdigit((unsigned char)package[n - 1]) || package[n - 1] == '.'))
		n--;
	bool version = n && n < end && isalpha((unsigned char)package[n - 1]) &&
		       memchr(package + n, '.', end - n);
	return version ? mem_printf("%.*s-dev", (int)n, package) : NULL;
}

struct same_file {
	const struct search *s;
	struct strlist packages; /* that have the path of the best, which comes first */
	uint64_t next;		 /* the popularity of the one that comes closest to it */
};

static bool
note_same_file(void *ctx, const struct pkgindex_row *row)
{
	struct same_file *f = ctx;
	const struct search *s = f->s;
	if (row->path.n != s->path.n || memcmp(row->path.p, s->path.p, s->path.n) != 0 ||
		is_foreign(row->package))
		return true;
	OWN_FREE char *package = front_of(row->package);
	uint64_t n = pkgindex_popularity(s->x, row->package);
	if (strcmp(package, f->packages.v[0]) != 0 && n > f->next)
		f->next = n;
	strlist_add_new(&f->packages, package);
	return true;
}

/* Another version of the best has the path, too, and one of them is the distribution's own choice. */
static char *
version_by_distribution(const struct search *s, const struct strlist *packages)
{
	OWN_FREE char *name = without_version(packages->v[0]);
	if (!name || !pkgindex_has_package(s->x, name))
		return NULL;
	for (size_t i = 1; i < packages->n; i++) {
		OWN_FREE char *other = without_version(packages->v[i]);
		if (other && strcmp(other, name) == 0)
			return TAKE(name);
	}
	return NULL;
}

/* Of packages that are alike the first is the one that the table gives for another name. */
static void
prefer_known(struct strlist *packages)
{
	struct str rest = data_alternatives(), f[3];
	while (data_next(&rest, f, 3))
		for (size_t i = 0; i < packages->n; i++)
			if (str_eq(f[2], packages->v[i])) {
				char *known = packages->v[i];
				memmove(&packages->v[1], &packages->v[0], i * sizeof(*packages->v));
				packages->v[0] = known;
				return;
			}
}

/*
 * Search the rows of a key.  Where several packages have the very path of the best, and the best is not by far
 * the one that others depend on, nothing here tells which is meant.
 */
static struct resolution
search_rows(struct search *s, char class, const char *key)
{
	struct resolution r = {0};
	struct same_file same = {.s = s};
	pkgindex_find(s->x, class, key, consider, s);
	if (!s->package.p)
		return r;
	r.package = front_of(s->package);
	r.path = mem_printf("/" STR_FMT, STR_ARG(s->path));
	strlist_add(&same.packages, r.package);
	pkgindex_find(s->x, class, key, note_same_file, &same);
	char *version = version_by_distribution(s, &same.packages);
	if (version) {
		free(r.package);
		r.package = version;
	} else if (same.next && same.next * SPLIT >= pkgindex_popularity(s->x, s->package)) {
		prefer_known(&same.packages);
		free(r.package);
		r.package = mem_strdup(same.packages.v[0]);
		strlist_copy(&r.alternatives, &same.packages);
	}
	strlist_cleanup(&same.packages);
	return r;
}

static struct resolution
search_key(const struct pkgindex *x, char class, const char *key)
{
	struct search s = {.x = x};
	return search_rows(&s, class, key);
}

static char *
lower(const char *s)
{
	char *out = mem_strdup(s);
	for (char *p = out; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return out;
}

/* ---- kinds ---- */

/* Is a part of the path, without what is behind its dot, in the name of the package? */
static bool
is_named_after(const char *package, const char *path)
{
	for (size_t n; *path; path += n + (path[n] == '/')) {
		n = strcspn(path, "/");
		OWN_FREE char *part =
			mem_strndup(path, strcspn(path, "/.") < n ? strcspn(path, "/.") : n);
		if (*part && strcasestr(package, part))
			return true;
	}
	return false;
}

/*
 * What a source or build file asks for and can do without may be of another system, and by chance the name of a header
 * or an archive that some package has for itself.
 */
static bool
is_chance(const struct pkgindex *x, const struct need *n, const struct resolution *r)
{
	if (n->source != NEED_DECLARED || !n->optional || !r->path ||
		is_named_after(r->package, n->name))
		return false;
	uint64_t popularity = pkgindex_popularity(x, str_of(r->package));
	return n->kind == NEED_HEADER ? popularity == 0
				      : str_ends(str_of(r->path), ".a") && popularity < FEW;
}

static struct resolution
resolve_header(const struct pkgindex *x, const struct need *n)
{
	bool declared = n->source == NEED_DECLARED;
	struct search s = {.x = x, .suffix = n->name, .shallow = declared};
	if (strstr(n->name, ".."))
		return (struct resolution){0};
	struct resolution r = search_rows(&s, 'i', fs_name(n->name));
	if (r.package && is_chance(x, n, &r))
		resolution_cleanup(&r);
	return r;
}

/* Messages say "zlib" and "libfoo" as well as what follows -l. */
static struct resolution
resolve_library(const struct pkgindex *x, const struct need *n)
{
	const char *name = n->name;
	struct resolution r = search_key(x, 'l', name);
	if (r.package && is_chance(x, n, &r)) {
		resolution_cleanup(&r);
		return r;
	}
	OWN_FREE char *key = lower(name);
	OWN_FREE char *prefixed = mem_printf("lib%s", key);
	OWN_FREE char *package = mem_printf("%s-dev", prefixed);
	if (!r.package)
		r = search_key(x, 'p', key);
	if (!r.package)
		r = search_key(x, 'p', prefixed);
	if (!r.package && pkgindex_has_package(x, package))
		r.package = TAKE(package);
	return r;
}

static struct resolution
resolve_perl(const struct pkgindex *x, const char *module)
{
	OWN(buf) struct buf path = {0}, package = {0};
	buf_puts(&package, "lib");
	for (const char *p = module; *p; p++) {
		bool colons = p[0] == ':' && p[1] == ':';
		buf_putc(&path, colons ? '/' : *p);
		buf_putc(&package, colons ? '-' : (char)tolower((unsigned char)*p));
		p += colons;
	}
	buf_puts(&path, ".pm");
	buf_puts(&package, "-perl");
	struct resolution r = search_key(x, 'm', path.p);
	if (!r.package && pkgindex_has_package(x, package.p))
		r.package = mem_strdup(package.p);
	return r;
}

/* Of modules and of distributions. */
static bool
is_python_name(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	return *name && !name[strspn(name, letters)];
}

static struct resolution
resolve_python_module(const struct pkgindex *x, const char *name)
{
	if (!is_python_name(name))
		return (struct resolution){0};
	OWN_FREE char *dist = lower(name);
	for (char *p = dist; *p; p++)
		if (*p == '_' || *p == '.')
			*p = '-';
	struct resolution r = search_key(x, 'd', dist);
	if (r.package)
		return r;
	OWN_FREE char *top = mem_strndup(name, strcspn(name, ".")); /* a.b.c is in the package a */
	r.package = known_by_name(need_kind_names[NEED_PYTHON], top);
	if (!r.package)
		r = search_key(x, 'y', top);
	if (r.package)
		return r;
	OWN_FREE char *package = mem_printf("python3-%s", dist);
	if (pkgindex_has_package(x, package))
		r.package = TAKE(package);
	return r;
}

/* Of several names the first that there is. */
static struct resolution
resolve_python(const struct pkgindex *x, const char *names)
{
	struct str rest = str_of(names), one;
	while (str_next(&rest, ' ', &one)) {
		OWN_FREE char *name = str_dup(one);
		struct resolution r = resolve_python_module(x, name);
		if (r.package)
			return r;
		resolution_cleanup(&r);
	}
	return (struct resolution){0};
}

/* CMake's own Find modules, and those of collections of them: what they look for goes by the same name elsewhere. */
static struct resolution
resolve_cmake(const struct pkgindex *x, const char *name)
{
	OWN_FREE char *key = lower(name);
	struct resolution r = {.package = known_by_name("cmake", key)};
	if (r.package)
		return r;
	r = search_key(x, 'c', key);
	bool own = r.package && r.path && str_starts(str_of(fs_name(r.path)), "Find") &&
		   (strcmp(r.package, "cmake-data") == 0 || strstr(r.package, "cmake-modules"));
	if (r.package && !own)
		return r;
	resolution_cleanup(&r);
	r = search_key(x, 'p', key);
	if (!r.package)
		r = search_key(x, 'l', strncmp(key, "lib", 3) == 0 ? key + 3 : key);
	return r;
}

static struct resolution
resolve_m4(const struct pkgindex *x, const char *macro)
{
	OWN_FREE char *key = lower(macro);
	struct resolution r = {.package = known_by_name("m4", key)};
	if (!r.package)
		r = search_key(x, 'a', key);
	if (!r.package && strncmp(key, "am_path_", 8) == 0)
		r = search_key(x, 'a', key + 8);
	return r;
}

/* A part of a path that is packaged under a shorter one, as modules of a major version are ("x/y/v2"). */
static struct resolution
resolve_go(const struct pkgindex *x, const char *import)
{
	OWN_FREE char *path = mem_strdup(import);
	struct resolution r = search_key(x, 'g', path);
	for (char *slash; !r.package && (slash = strrchr(path, '/')) != NULL;) {
		*slash = '\0';
		if (strchr(path, '/')) /* not the host alone */
			r = search_key(x, 'g', path);
	}
	return r;
}

/* "php-curl" of "php8.2-curl": what stands for the version that the distribution has chosen. */
static void
use_php_default(const struct pkgindex *x, struct resolution *r)
{
	const char *dash =
		r->package && strncmp(r->package, "php", 3) == 0 ? strchr(r->package, '-') : NULL;
	OWN_FREE char *name = dash ? mem_printf("php%s", dash) : NULL;
	if (!name || !isdigit((unsigned char)r->package[3]) || !pkgindex_has_package(x, name))
		return;
	free(r->package);
	r->package = TAKE(name);
}

void
resolve_composer_names(const char *name, struct strlist *ret)
{
	OWN_FREE char *key = lower(name);
	for (char *p = key; *p; p++)
		if (*p == '_' || *p == '.')
			*p = '-';
	char *slash = strchr(key, '/');
	if (!slash || slash == key || key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-/")])
		return;
	*slash = '\0';
	const char *own = slash + 1;
	if (strchr(own, '/'))
		return;
	strlist_addf(ret, "php-%s-%s", key, own);
	if (str_starts(str_of(own), "php-"))
		strlist_add(ret, own);
	else if (strcmp(key, own) == 0)
		strlist_addf(ret, "php-%s", own);
}

static char *
php_package(const struct pkgindex *x, const char *name)
{
	OWN(strlist) struct strlist names = {0};
	resolve_composer_names(name, &names);
	for (size_t i = 0; i < names.n; i++)
		if (pkgindex_has_package(x, names.v[i]))
			return mem_strdup(names.v[i]);
	return NULL;
}

/* An extension, a package of Composer, a file, or a class: the nearest directory above it that is a library. */
static struct resolution
resolve_php(const struct pkgindex *x, const char *name)
{
	bool extension = strncmp(name, "ext-", 4) == 0;
	OWN_FREE char *path = extension ? lower(name + 4) : mem_strdup(name);
	struct resolution r = search_key(x, extension ? 'x' : 'h', path);
	if (extension)
		use_php_default(x, &r);
	else if (!r.package)
		r.package = php_package(x, name);
	for (char *slash; !extension && !r.package && (slash = strrchr(path, '/')) != NULL;) {
		*slash = '\0';
		r = search_key(x, 'h', path);
	}
	return r;
}

/* ---- crates: "librust-NAME-SERIES+FEATURE-dev", real or provided ---- */

struct crate_search {
	const struct pkgindex *x;
	const char *requirement;
	struct resolution *r;
	struct version best; /* that does not do */
};

static void
consider_crate(struct crate_search *s, const char *package)
{
	OWN_FREE char *version = pkgindex_version(s->x, package);
	struct version v = version_parse(str_of(version));
	if (!version || s->r->package)
		return;
	if (version_accepts(s->requirement, &v)) {
		s->r->package = mem_strdup(package);
		free(TAKE(s->r->nearest));
	} else if (!s->r->nearest || version_compare(&v, &s->best) > 0) {
		s->best = v;
		free(s->r->nearest);
		s->r->nearest = TAKE(version);
	}
}

static bool
note_provider(void *ctx, const struct pkgindex_row *row)
{
	OWN_FREE char *package = str_dup(row->package);
	consider_crate(ctx, package);
	return true;
}

static struct resolution
resolve_crate(const struct pkgindex *x, const struct need *n)
{
	struct resolution r = {0};
	struct crate_search s = {.x = x, .requirement = n->version, .r = &r};
	const char *digits = n->version ? n->version + strcspn(n->version, "0123456789") : "";
	struct version low = version_parse(str_of(digits));
	OWN_FREE char *name = lower(n->name);
	for (char *p = name; *p; p++)
		*p = *p == '_' ? '-' : *p;
	const char *feature = name + strcspn(name, "+");
	OWN(buf) struct buf series = {.max = 200};
	for (int parts = 0; parts <= low.n && !r.package; parts++) {
		if (parts)
			buf_printf(&series, "%c%llu", parts == 1 ? '-' : '.',
				(unsigned long long)low.part[parts - 1]);
		OWN_FREE char *package = mem_printf("librust-%.*s%s%s-dev", (int)(feature - name),
			name, series.n ? series.p : "", feature);
		consider_crate(&s, package);
		pkgindex_find(x, 'v', package, note_provider, &s);
	}
	return r;
}

/* The first of blank-separated names that a package has a program of. */
static struct resolution
resolve_name_of_program(const struct pkgindex *x, const char *names)
{
	struct resolution r = {0};
	struct str rest = str_of(names), word;
	while (!r.package && str_next(&rest, ' ', &word)) {
		OWN_FREE char *name = str_dup(word);
		r.package = known_by_name("program", name);
		if (!r.package)
			r = search_key(x, 'b', name);
	}
	return r;
}

/* A program of a version as in ">= 1.2, <2". */
static struct resolution
resolve_program(const struct pkgindex *x, const struct need *n)
{
	struct resolution r = resolve_name_of_program(x, n->name);
	OWN_FREE char *version = r.package && n->version ? pkgindex_version(x, r.package) : NULL;
	const char *epoch = version ? strchr(version, ':') : NULL;
	const char *upstream = epoch ? epoch + 1 : version;
	struct version v = version_parse(str_of(upstream));
	if (!version || version_accepts(n->version, &v))
		return r;
	free(TAKE(r.package));
	r.nearest = mem_strdup(upstream);
	return r;
}

/* By the gem's name, or by that of a file of it: "active_support/all" is in activesupport or active_support. */
static struct resolution
resolve_gem(const struct pkgindex *x, const char *name)
{
	OWN_FREE char *key = lower(name), *dashed = lower(name);
	for (char *p = dashed; *p; p++)
		*p = strchr("_/", *p) ? '-' : *p;
	struct resolution r = search_key(x, 'u', key);
	if (!r.package)
		r = search_key(x, 'u', dashed);
	key[strcspn(key, "/")] = '\0';
	if (!r.package)
		r = search_key(x, 'u', key);
	OWN_FREE char *package = mem_printf("ruby-%s", dashed);
	if (!r.package && pkgindex_has_package(x, package))
		r.package = TAKE(package);
	return r;
}

static struct resolution
resolve_tcl(const struct pkgindex *x, const char *name)
{
	OWN_FREE char *key = lower(name);
	OWN_FREE char *package = mem_printf("tcl-%s", key), *short_name = mem_printf("tcl%s", key);
	struct resolution r = search_key(x, 't', key);
	if (!r.package && pkgindex_has_package(x, package))
		r.package = TAKE(package);
	if (!r.package && pkgindex_has_package(x, short_name))
		r.package = TAKE(short_name);
	return r;
}

/* Names of parts that say nothing about the jar they are in. */
static bool
is_common_part(const char *name)
{
	static const char *const names[] = {"util", "utils", "api", "core", "common", "impl", "io",
		"net", "test", "lang", "client", "server", "model", "main", "internal",
		"annotation", "annotations", "sun", "apache", "org", "com", "google", "github",
		"eclipse", "http", "xml", "tools", NULL};
	return str_is_one(str_of(name), names);
}

/* What the names of packages begin with that are called by their makers' domains, and those of Java itself. */
static bool
is_domain(const char *name)
{
	static const char *const names[] = {"edu", "gov", "mil", "info", "biz", "java", "javax",
		"jakarta", "jdk", "test", "tests", "example", "examples", "default", NULL};
	return strlen(name) < 3 || str_is_one(str_of(name), names);
}

/* A jar with who made it in its name, or called a library: "org.sky.util.io" is in sky-io.jar, "org.sky.part" in libpart.jar. */
static struct resolution
resolve_java_of_maker(const struct pkgindex *x, const char *package)
{
	struct resolution r = {0};
	struct strlist parts = {0};
	struct str rest = str_of(package), part;
	while (str_next(&rest, '.', &part))
		strlist_addf(&parts, STR_FMT, STR_ARG(part));
	for (size_t i = parts.n; i > 2 && !r.package && !is_common_part(parts.v[1]); i--) {
		OWN_FREE char *jar = mem_printf("%s-%s", parts.v[1], parts.v[i - 1]);
		r = search_key(x, 'j', jar);
	}
	for (size_t i = parts.n; i > 2 && !r.package; i--) {
		OWN_FREE char *jar = mem_printf("lib%s", parts.v[i - 1]);
		if (!is_common_part(parts.v[i - 1]))
			r = search_key(x, 'j', jar);
	}
	strlist_cleanup(&parts);
	return r;
}

/* By the table, else by a jar called like the package: "a.commons.lang3" is in commons-lang3.jar or lang3.jar. */
static struct resolution
resolve_java(const struct pkgindex *x, const char *name)
{
	struct resolution r = {0};
	OWN_FREE char *package = lower(name);
	for (char *dot = package + strlen(package); dot && !r.package;
		dot = strrchr(package, '.')) {
		*dot = '\0';
		r.package = known_by_name("java", package);
		char *last = strrchr(package, '.');
		if (!r.package && !last && !is_common_part(package) && !is_domain(package))
			r = search_key(x, 'j', package); /* "clojure.lang": of no domain */
		if (r.package || !last || is_common_part(last + 1))
			continue;
		*last = '\0';
		const char *before = strrchr(package, '.');
		before = before ? before + 1 : package;
		OWN_FREE char *both = mem_printf("%s-%s", before, last + 1);
		*last = '.';
		r = search_key(x, 'j', both);
		if (!r.package)
			r = search_key(x, 'j', last + 1);
	}
	if (r.package)
		return r;
	OWN_FREE char *whole = lower(name);
	return resolve_java_of_maker(x, whole);
}

struct resolution
resolve_need(const struct pkgindex *x, const struct need *n)
{
	struct resolution r = {0};
	if (n->kind == NEED_PROGRAM)
		return resolve_program(x, n);
	r.package = known_by_name(need_kind_names[n->kind], n->name);
	if (r.package)
		return r;
	switch (n->kind) {
	case NEED_PROGRAM:
		break;
	case NEED_HEADER:
		return resolve_header(x, n);
	case NEED_LIBRARY:
		return resolve_library(x, n);
	case NEED_PKGCONFIG:
		return search_key(x, 'p', n->name);
	case NEED_CMAKE:
		return resolve_cmake(x, n->name);
	case NEED_M4:
		return resolve_m4(x, n->name);
	case NEED_PERL:
		return resolve_perl(x, n->name);
	case NEED_PYTHON:
		return resolve_python(x, n->name);
	case NEED_NODE:
		return search_key(x, 'n', n->name);
	case NEED_GO:
		return resolve_go(x, n->name);
	case NEED_CRATE:
		return resolve_crate(x, n);
	case NEED_JAVA:
		return resolve_java(x, n->name);
	case NEED_TCL:
		return resolve_tcl(x, n->name);
	case NEED_GEM:
		return resolve_gem(x, n->name);
	case NEED_PHP:
		return resolve_php(x, n->name);
	case NEED_PACKAGE:
		if (pkgindex_has_package(x, n->name))
			r.package = mem_strdup(n->name);
		return r;
	case NEED_FILE:
		break;
	}
	return r;
}
