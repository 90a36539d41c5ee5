/*
 * Extensions of PHP in C, as PECL has them: config.m4, of which phpize makes a configure script and a makefile with a
 * target for the tests, which PHP's own runner runs.
 */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/scan.h"
#include "envprobe/version.h"

#include <string.h>

#define JUNIT "/tmp/phpt.xml"

/* "tide-" of "tide-1.2", and its version; false: it has none. */
static bool
split_version(struct str dir, struct str *ret_stem, struct version *ret)
{
	const char *dash = dir.n ? memrchr(dir.p, '-', dir.n) : NULL;
	if (!dash)
		return false;
	const size_t n = (size_t)(dash - dir.p) + 1;
	*ret_stem = (struct str){dir.p, n};
	*ret = version_parse((struct str){dir.p + n, dir.n - n});
	return ret->n > 0;
}

/* One archive may hold an extension several times, for as many versions of PHP: is there a newer one beside it? */
static bool
is_older(const struct tree *t, const char *dir)
{
	struct str stem, other;
	struct version own, its;
	if (!split_version(str_of(dir), &stem, &own))
		return false;
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i], *name = fs_name(path);
		if (name == path || !tree_name_is(path, "config.m4"))
			continue;
		struct str of = {path, (size_t)(name - path) - 1};
		if (split_version(of, &other, &its) && other.n == stem.n &&
			memcmp(other.p, stem.p, stem.n) == 0 && version_compare(&own, &its) < 0)
			return true;
	}
	return false;
}

static char *
find(const struct tree *t, const char *dir)
{
	static const char *const names[] = {"config.m4", "config0.m4", "config9.m4", NULL};
	OWN_FREE char *path = tree_find(t, dir, names);
	OWN(buf) struct buf text = {0};
	if (!path || is_older(t, dir))
		return NULL;
	tree_read(t, path, &text);
	return scan_has_word(buf_str(&text), "PHP_NEW_EXTENSION") ? TAKE(path) : NULL;
}

/* PKG_CHECK_MODULES(NAME, [module >= 1.2], ...) */
static void
read_modules(const struct tree *t, struct project *p)
{
	static const char macro[] = "PKG_CHECK_MODULES(";
	OWN(buf) struct buf text = {0};
	tree_read(t, p->evidence, &text);
	for (const char *at = text.n ? text.p : ""; (at = strstr(at, macro)); at++) {
		size_t n = strcspn(at, ",");
		const char *name = at + n + (at[n] == ',');
		name += strspn(name, " \t\n[\"'");
		OWN_FREE char *module = mem_strndup(name, strcspn(name, " \t\n<>=,)]\"'"));
		OWN_FREE char *why =
			scan_cite(p->evidence, scan_line_of(buf_str(&text), (size_t)(at - text.p)));
		if (detect_is_plain(module, "_.+-"))
			detect_need(p, NEED_PKGCONFIG, module, SCOPE_BUILD, true, why);
	}
}

/* A header of PHP's own: phpize's package has them all. */
static bool
is_of_php(void *ctx, const struct need *n)
{
	(void)ctx;
	static const char *const starts[] = {
		"php", "zend", "Zend/", "TSRM", "SAPI.h", "ext/", "main/", "config.h", NULL};
	for (size_t i = 0; n->kind == NEED_HEADER && starts[i]; i++)
		if (str_starts(str_of(n->name), starts[i]))
			return true;
	return false;
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	static const char *const tests[] = {".phpt", NULL};
	detect_need(p, NEED_PACKAGE, "php-dev", SCOPE_BUILD, false, p->evidence);
	detect_need(p, NEED_PROGRAM, "make", SCOPE_BUILD, false, p->evidence);
	read_modules(t, p);
	detect_compilers(t, dir, p);
	detect_includes(t, dir, p);
	detect_drop_needs(p, is_of_php, NULL);
	detect_command(p, PHASE_CONFIGURE, p->evidence, "phpize && ./configure");
	detect_command(p, PHASE_BUILD, p->evidence, "make -j2");
	if (tree_count(t, dir, tests))
		detect_test(p, FORMAT_JUNIT, JUNIT, p->evidence,
			"NO_INTERACTION=1 TEST_PHP_JUNIT=" JUNIT " make test");
}

const struct detector detect_phpize = {SYSTEM_PHP, find, read_project};
