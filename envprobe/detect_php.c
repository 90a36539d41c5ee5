/*
 * PHP: composer.json, phpunit.xml, or nothing but pages.  Libraries of the distribution lie in /usr/share/php, each
 * with an autoload.php in the directory of its namespace; what Composer would write to vendor/autoload.php is made
 * of those and of phpab's class map of the application itself.
 */
#include "envprobe/detect.h"

#include "envprobe/version.h"

#include "base/fs.h"
#include "base/json.h"
#include "envprobe/elements.h"
#include "envprobe/resolve.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

#define JUNIT "/tmp/phpunit.xml"

static char *
find(const struct tree *t, const char *dir)
{
	static const char *const names[] = {
		"composer.json", "phpunit.xml", "phpunit.xml.dist", NULL};
	return tree_find(t, dir, names);
}

/* The configuration of PHPUnit that lies with the tests, as in packages of PEAR; heap, NULL. */
static char *
find_below_tests(const struct tree *t, const char *dir)
{
	static const char *const dirs[] = {"tests", "test", "Tests", "Test", NULL};
	for (size_t k = 0; dirs[k]; k++) {
		OWN_FREE char *tests = tree_join(dir, dirs[k]);
		for (size_t i = 0; i < t->files.n; i++)
			if (fs_is_below(t->files.v[i], tests) &&
				(tree_name_is(t->files.v[i], "phpunit.xml") ||
					tree_name_is(t->files.v[i], "phpunit.xml.dist")))
				return mem_strdup(t->files.v[i]);
	}
	return NULL;
}

static char *
find_pages(const struct tree *t, const char *dir)
{
	OWN_FREE char *declared = find(t, dir), *index = tree_file(t, dir, "index.php");
	OWN_FREE char *tests = declared ? NULL : find_below_tests(t, dir);
	if (index && !declared)
		return TAKE(index);
	if (tests)
		return TAKE(tests);
	for (size_t i = 0; !declared && i < t->files.n; i++)
		if (detect_is_here(dir, t->files.v[i]) && tree_name_is(t->files.v[i], "*.php"))
			return mem_strdup(t->files.v[i]);
	return NULL;
}

struct php {
	const struct tree *t;
	const char *dir;
	struct project *p;
	struct strlist dirs;	 /* with classes, relative to dir */
	struct strlist files;	 /* to be loaded at once */
	struct strlist spaces;	 /* namespaces (as paths) and files of others that the code uses */
	struct strlist required; /* names that packages of what composer.json requires may have */
	bool wants_autoload;	 /* somebody loads vendor/autoload.php, and it is not there */
	const char *phpunit;	 /* its configuration, relative to dir; NULL */
	char *bootstrap;	 /* that it names; NULL */
};

/* ---- composer.json ---- */

/* Of strings, or of what contains them: {"A\\": ["src", "lib"]}, ["x.php"]. */
static void
add_paths(const json_t *j, struct strlist *to)
{
	const char *key;
	json_t *item;
	size_t i;
	if (json_is_string(j)) {
		struct str s = str_of(json_string_value(j));
		while (s.n && s.p[s.n - 1] == '/')
			s.n--;
		OWN_FREE char *path = s.n ? str_dup(s) : mem_strdup(".");
		if (!strpbrk(path, "'\\\n\t") && !strstr(path, "..") && *path != '/')
			strlist_add_new(to, path);
	}
	json_object_foreach ((json_t *)(uintptr_t)j, key, item)
		add_paths(item, to);
	json_array_foreach (j, i, item)
		add_paths(item, to);
}

/* The version that an alternative begins with: "7.4" of ">=7.4 <9", "^7.4", "~7.4.1" and "7.4.*"; none of "<8", "*". */
static struct str
least_of(struct str alternative)
{
	alternative = str_trim(alternative);
	size_t at = 0, n = 0;
	while (at < alternative.n && strchr(">=^~v ", alternative.p[at]))
		at++;
	if (at == 1 && alternative.p[0] == '>')
		return (struct str){"", 0};
	while (at + n < alternative.n && strchr("0123456789.", alternative.p[at + n]))
		n++;
	while (n && alternative.p[at + n - 1] == '.')
		n--;
	return (struct str){alternative.p + at, n};
}

/*
 * The least version of PHP that one of the alternatives does with.  What authors had not tried yet is no reason to
 * give up, so upper bounds do not count.
 */
static void
read_php_version(struct php *x, const char *requirement, const char *why)
{
	struct str rest = str_of(requirement), one, least = {"", 0};
	while (str_next(&rest, '|', &one)) {
		struct str bound = least_of(one);
		if (!str_trim(one).n)
			continue; /* between the two of "||" */
		if (!bound.n)
			return;
		struct version a = version_parse(bound), b = version_parse(least);
		if (!least.n || version_compare(&a, &b) < 0)
			least = bound;
	}
	OWN_FREE char *version = least.n ? mem_printf(">= " STR_FMT, STR_ARG(least)) : NULL;
	detect_program(x->p, "php", str_of(version), why);
}

static void
read_requirements(struct php *x, const json_t *packages, enum need_scope scope, const char *path)
{
	const char *name;
	json_t *version;
	json_object_foreach ((json_t *)(uintptr_t)packages, name, version) {
		OWN_FREE char *why = mem_printf("%s: %s", path, name);
		bool extension = str_starts(str_of(name), "ext-");
		if (strcmp(name, "php") == 0 && scope == SCOPE_BUILD && json_is_string(version))
			read_php_version(x, json_string_value(version), why);
		struct need *n = extension || strchr(name, '/')
					 ? detect_need(x->p, NEED_PHP, name, scope, !extension, why)
					 : NULL;
		if (n && !extension && !n->version && json_is_string(version))
			n->version = version_of_composer(json_string_value(version));
		resolve_composer_names(name, &x->required);
	}
}

static void
read_composer(struct php *x)
{
	static const char *const sections[] = {"autoload", "autoload-dev", NULL};
	static const char *const kinds[] = {"psr-4", "psr-0", "classmap", NULL};
	OWN_FREE char *path = tree_file(x->t, x->dir, "composer.json");
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *j = NULL;
	if (!path)
		return;
	tree_read(x->t, path, &text);
	if (json_parse(buf_str(&text), &j, NULL) < 0)
		return;
	read_requirements(x, json_object_get(j, "require"), SCOPE_BUILD, path);
	read_requirements(x, json_object_get(j, "require-dev"), SCOPE_TEST, path);
	for (size_t i = 0; sections[i]; i++) {
		const json_t *section = json_object_get(j, sections[i]);
		for (size_t k = 0; kinds[k]; k++)
			add_paths(json_object_get(section, kinds[k]), &x->dirs);
		add_paths(json_object_get(section, "files"), &x->files);
	}
}

/* ---- package.xml of PEAR ---- */

struct pear {
	struct project *p;
	const char *path; /* of package.xml */
};

/* "Horde_Util" has its class in Horde/Util.php; an extension is "ext-dom". */
static void
take_of_pear(void *ctx, const char *path, struct str text, unsigned line)
{
	static const char required[] = "/package/dependencies/required/";
	const struct pear *r = ctx;
	if (!str_starts(str_of(path), required))
		return;
	const char *what = path + strlen(required);
	const bool extension = strcmp(what, "extension/name") == 0;
	OWN_FREE char *name = str_dup(text), *why = scan_cite(r->path, line);
	if (!(extension || strcmp(what, "package/name") == 0) || !detect_is_plain(name, "_"))
		return;
	for (char *c = name; *c && !extension; c++)
		*c = *c == '_' ? '/' : *c;
	OWN_FREE char *need = mem_printf("%s%s", extension ? "ext-" : "", name);
	detect_need(r->p, NEED_PHP, need, SCOPE_BUILD, true, why);
}

/* The nearest package.xml, in the directory or above it: it lies beside the one with the code; heap, NULL. */
static char *
find_package_xml(const struct tree *t, const char *dir)
{
	OWN_FREE char *at = mem_strdup(dir);
	for (;;) {
		char *path = tree_file(t, at, "package.xml"), *slash = strrchr(at, '/');
		if (path || !*at)
			return path;
		at[slash ? (size_t)(slash - at) : 0] = '\0';
	}
}

static void
read_pear(struct php *x)
{
	OWN_FREE char *path = find_package_xml(x->t, x->dir);
	OWN(buf) struct buf text = {0};
	if (!path)
		return;
	tree_read(x->t, path, &text);
	elements_read(buf_str(&text), take_of_pear, &(struct pear){x->p, path});
}

/* ---- sources ---- */

/* What shows that an extension is used; a guard such as function_exists() makes no difference to what it can do. */
static const struct {
	const char *text, *extension;
} uses[] = {{"mb_", "mbstring"}, {"curl_init", "curl"}, {"new DOMDocument", "dom"},
	{"SimpleXMLElement", "simplexml"}, {"simplexml_load_", "simplexml"},
	{"xml_parser_create", "xml"}, {"new XMLReader", "xmlreader"},
	{"new XMLWriter", "xmlwriter"}, {"new XSLTProcessor", "xsl"}, {"imagecreate", "gd"},
	{"new SQLite3", "sqlite3"}, {"sqlite:", "pdo_sqlite"}, {"mysqli", "mysqli"},
	{"mysql:", "pdo_mysql"}, {"pgsql:", "pdo_pgsql"}, {"pg_connect", "pgsql"},
	{"bcadd", "bcmath"}, {"gmp_", "gmp"}, {"new NumberFormatter", "intl"},
	{"IntlDateFormatter", "intl"}, {"new Collator", "intl"}, {"new ZipArchive", "zip"},
	{"new SoapClient", "soap"}, {"ldap_connect", "ldap"}, {"imap_open", "imap"},
	{"bzopen", "bz2"}, {"new Memcached", "memcached"}, {"new Redis", "redis"},
	{"new Imagick", "imagick"}, {"yaml_parse", "yaml"}};

static void
read_uses(struct php *x, const char *path, struct str text, enum need_scope scope)
{
	for (size_t i = 0; i < sizeof(uses) / sizeof(*uses); i++) {
		const char *at =
			text.n ? memmem(text.p, text.n, uses[i].text, strlen(uses[i].text)) : NULL;
		if (!at || (at > text.p && (isalnum((unsigned char)at[-1]) || at[-1] == '_')))
			continue;
		OWN_FREE char *name = mem_printf("ext-%s", uses[i].extension);
		OWN_FREE char *why = scan_cite(path, scan_line_of(text, (size_t)(at - text.p)));
		detect_need(x->p, NEED_PHP, name, scope, true, why);
	}
}

/* Is it a class of the application: a file of its own ends with the path? */
static bool
is_own(const struct php *x, const char *space)
{
	const char *name = fs_name(space);
	OWN_FREE char *file = mem_printf("%s.php", name);
	OWN_FREE char *top = mem_strndup(space, strcspn(space, "/"));
	for (size_t i = 0; i < x->t->files.n; i++) {
		const char *path = x->t->files.v[i];
		if (strcmp(fs_name(path), file) == 0 && !strstr(path, "vendor/"))
			return true;
	}
	OWN_FREE char *dir = tree_join(x->dir, top);
	for (size_t i = 0; i < x->t->files.n; i++)
		if (fs_is_below(x->t->files.v[i], dir))
			return true;
	return false;
}

/* use A\B\C; and use A\B\{C, D}; a class without a namespace is PHP's own or the application's. */
static void
read_namespace(struct php *x, struct str line, const char *path, unsigned n, enum need_scope scope)
{
	if (!str_starts(line, "use "))
		return;
	struct str rest = str_trim((struct str){line.p + 4, line.n - 4});
	if (str_starts(rest, "function ") || str_starts(rest, "const "))
		return;
	OWN(buf) struct buf space = {.max = 500};
	for (size_t i = rest.n && rest.p[0] == '\\'; i < rest.n; i++) {
		char c = rest.p[i];
		if (!isalnum((unsigned char)c) && c != '_' && c != '\\')
			break;
		buf_putc(&space, c == '\\' ? '/' : c);
	}
	while (space.n && space.p[space.n - 1] == '/')
		space.p[--space.n] = '\0';
	if (!space.n || !strchr(space.p, '/') || is_own(x, space.p))
		return;
	OWN_FREE char *why = scan_cite(path, n);
	detect_need(x->p, NEED_PHP, space.p, scope, true, why);
	strlist_add_new(&x->spaces, space.p);
}

static bool
is_test(const char *path)
{
	return str_starts(str_of(path), "test") || strstr(path, "/test") || strstr(path, "/Test");
}

static void
read_sources(struct php *x)
{
	OWN_FREE char *vendor = tree_join(x->dir, "vendor");
	OWN_FREE char *autoload = tree_join(vendor, "autoload.php");
	for (size_t i = 0; i < x->t->files.n; i++) {
		const char *path = x->t->files.v[i];
		const char *inside = path + (*x->dir ? strlen(x->dir) + 1 : 0);
		if (!fs_is_below(path, x->dir) || !tree_name_is(path, "*.php") ||
			fs_is_below(path, vendor) || detect_is_aside(inside))
			continue;
		OWN(buf) struct buf text = {0};
		struct str rest, line;
		enum need_scope scope = is_test(inside) ? SCOPE_TEST : SCOPE_BUILD;
		tree_read(x->t, path, &text);
		rest = buf_str(&text);
		read_uses(x, path, rest, scope);
		if (rest.n && memmem(rest.p, rest.n, "vendor/autoload.php", 19))
			x->wants_autoload = true;
		for (unsigned n = 1; str_next_line(&rest, &line); n++)
			read_namespace(x, str_trim(line), path, n, scope);
	}
	x->wants_autoload = (x->wants_autoload || x->dirs.n) && !tree_has(x->t, autoload);
}

/* ---- PHPUnit ---- */

static void
read_phpunit(struct php *x)
{
	static const char *const names[] = {"phpunit.xml", "phpunit.xml.dist", NULL};
	static const char key[] = "bootstrap=\"";
	OWN_FREE char *path = tree_find(x->t, x->dir, names);
	OWN(buf) struct buf text = {0};
	if (!path)
		return;
	x->phpunit = tree_name_is(path, names[0]) ? names[0] : names[1];
	tree_read(x->t, path, &text);
	const char *at = text.n ? memmem(text.p, text.n, key, sizeof(key) - 1) : NULL;
	at = at ? at + sizeof(key) - 1 : NULL;
	const char *end = at ? memchr(at, '"', text.n - (size_t)(at - text.p)) : NULL;
	if (end)
		x->bootstrap = mem_strndup(at, (size_t)(end - at));
}

static char *
test_directory(const struct php *x)
{
	static const char *const dirs[] = {"tests", "test", "Tests", "Test", NULL};
	for (size_t i = 0; dirs[i]; i++) {
		OWN_FREE char *dir = tree_join(x->dir, dirs[i]);
		for (size_t k = 0; k < x->t->files.n; k++)
			if (fs_is_below(x->t->files.v[k], dir) &&
				tree_name_is(x->t->files.v[k], "*Test.php"))
				return mem_strdup(dirs[i]);
	}
	return NULL;
}

/* Who keeps that configuration there has sources in lib or src, and includes them by their names below. */
static bool
add_tests_below(struct php *x)
{
	OWN_FREE char *path = find_below_tests(x->t, x->dir);
	const char *inside = path ? path + (*x->dir ? strlen(x->dir) + 1 : 0) : NULL;
	if (!inside || !detect_is_plain(inside, "_-./+"))
		return false;
	detect_need(x->p, NEED_PROGRAM, "phpunit", SCOPE_TEST, false, path);
	OWN_FREE char *run = mem_printf(
		"phpunit -d include_path=\"$PWD/lib:$PWD/src:.:/usr/share/php\" -c %s --log-junit " JUNIT
		" %.*s",
		inside, (int)(fs_name(inside) - inside - 1), inside);
	detect_test(x->p, FORMAT_JUNIT, JUNIT, path, run);
	return true;
}

static void
add_tests(struct php *x)
{
	OWN_FREE char *dir = test_directory(x);
	if (!x->phpunit && add_tests_below(x))
		return;
	if (!x->phpunit && !dir)
		return;
	detect_need(
		x->p, NEED_PROGRAM, "phpunit", SCOPE_TEST, false, x->phpunit ? x->phpunit : dir);
	OWN_FREE char *run = mem_printf("phpunit%s%s%s --log-junit " JUNIT,
		x->wants_autoload && !x->bootstrap ? " --bootstrap vendor/autoload.php" : "",
		x->phpunit ? "" : " ", x->phpunit ? "" : dir);
	detect_test(x->p, FORMAT_JUNIT, JUNIT, x->p->evidence, run);
}

/* ---- commands ---- */

/* Words of a command, each in quotes. */
static void
put_words(struct buf *out, const struct strlist *l)
{
	for (size_t i = 0; i < l->n; i++) {
		buf_putc(out, ' ');
		buf_put_shell(out, str_of(l->v[i]));
	}
}

/*
 * The class map, what Composer loads at once, of each library that is used the autoload.php that lies nearest
 * above it, and those of the packages that are here of what composer.json requires.
 */
static void
add_autoload(struct php *x)
{
	OWN(strlist) struct strlist here = {0};
	OWN(buf) struct buf dirs = {.max = 65536}, lines = {.max = 65536};
	if (!x->dirs.n)
		strlist_add(&x->dirs, ".");
	put_words(&dirs, &x->dirs);
	detect_need(x->p, NEED_PROGRAM, "phpab", SCOPE_BUILD, false, x->p->evidence);
	for (size_t i = 0; i < x->files.n; i++)
		strlist_addf(&here, "require_once __DIR__ . \"/../%s\";", x->files.v[i]);
	put_words(&lines, &here);
	if (!lines.n && !x->spaces.n && !x->required.n) {
		detect_command(x->p, PHASE_CONFIGURE, x->p->evidence,
			"mkdir -p vendor && phpab --tolerant -o vendor/autoload.php%s", dirs.p);
		return;
	}
	OWN(buf) struct buf spaces = {.max = 65536}, required = {.max = 65536};
	put_words(&spaces, &x->spaces);
	put_words(&required, &x->required);
	detect_command(x->p, PHASE_CONFIGURE, x->p->evidence,
		"mkdir -p vendor && phpab --tolerant -o vendor/classes.php%s", dirs.p);
	detect_command(x->p, PHASE_CONFIGURE, x->p->evidence,
		"{ printf '%%s\\n' '<?php' 'require_once __DIR__ . \"/classes.php\";'; "
		"for d in%s; do while [ \"$d\" != . ] && [ ! -f \"/usr/share/php/$d/autoload.php\" ]; "
		"do d=$(dirname \"$d\"); done; [ \"$d\" = . ] || "
		"printf 'require_once \"%%s/autoload.php\";\\n' \"/usr/share/php/$d\"; done | sort -u; "
		"%s%s%s"
		"printf '%%s\\n'%s; } >vendor/autoload.php",
		x->spaces.n ? spaces.p : " .", required.n ? "dpkg -L" : "",
		required.n ? required.p : "",
		required.n
			? " 2>/dev/null | sed -n 's|^/usr/share/php/.*/autoload\\.php$|require_once \"&\";|p' | sort -u; "
			: "",
		lines.n ? lines.p : " ''");
}

/* Every file of the application compiles.  Fixtures of tests may be wrong on purpose. */
static void
add_check(struct php *x)
{
	static const char *const pages[] = {".php", NULL};
	static const char *const pruned[] = {"vendor", "test*", "fixture*", NULL};
	detect_command(x->p, PHASE_BUILD, x->p->evidence,
		"find . \\( -path ./vendor -o -iname 'test*' -o -iname 'fixture*' \\) -prune -o "
		"-name '*.php' -print0 | xargs -0 -r -n 1 php -l");
	detect_is_check(x->p, x->t, x->dir, pages, pruned);
}

/* The first page is asked for, as a browser would: what PHP says is fatal ends it with a status of 500. */
static void
add_page(struct php *x)
{
	OWN_FREE char *page = tree_file(x->t, x->dir, "index.php");
	if (!page)
		return;
	detect_command(x->p, PHASE_BUILD, page,
		"php -d display_errors=0 -d log_errors=1 -S 127.0.0.1:8480 & server=$!; "
		"php -r 'for ($i = 0; $i < 50 && !@fsockopen(\"127.0.0.1\", 8480); $i++) usleep(100000); "
		"@file_get_contents(\"http://127.0.0.1:8480/index.php\", false, "
		"stream_context_create([\"http\" => [\"ignore_errors\" => true]])); "
		"$s = $http_response_header[0] ?? \"no answer\"; echo $s, PHP_EOL; "
		"exit((int) !preg_match(\"{^HTTP/1.. [1-4]}\", $s));'; "
		"status=$?; kill $server; exit $status");
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	struct php x = {.t = t, .dir = dir, .p = p};
	detect_need(p, NEED_PROGRAM, "php", SCOPE_BUILD, false, p->evidence);
	read_composer(&x);
	read_pear(&x);
	read_phpunit(&x);
	read_sources(&x);
	if (x.wants_autoload)
		add_autoload(&x);
	add_check(&x);
	if (!tree_name_is(p->evidence, "composer.json"))
		add_page(&x);
	add_tests(&x);
	strlist_cleanup(&x.dirs);
	strlist_cleanup(&x.files);
	strlist_cleanup(&x.spaces);
	strlist_cleanup(&x.required);
	free(x.bootstrap);
}

const struct detector detect_php = {SYSTEM_PHP, find, read_project};
const struct detector detect_php_pages = {SYSTEM_PHP, find_pages, read_project};
