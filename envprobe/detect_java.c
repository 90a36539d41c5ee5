/*
 * Java: Ant's build.xml, Maven's pom.xml.  Libraries of the distribution are jar files in /usr/share/java; which one
 * has a package is guessed from what the sources import, and all that are installed are on the class path.  Maven
 * has no repository without a network: what it would do for the usual layout is done by javac.
 */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "base/map.h"
#include "envprobe/ant.h"
#include "envprobe/maven.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

#define ALL_JARS "$(find /usr/share/java -name '*.jar' | sort | tr '\\n' ':')"
#define QUOTED "sed 's/[\"\\\\]/\\\\&/g; s/.*/\"&\"/'" /* names as javac reads them in a file */
#define MAX_PACKAGE 300

static char *
find_ant(const struct tree *t, const char *dir)
{
	static const char *const java[] = {".java", NULL};
	char *path = tree_count(t, dir, java) ? tree_file(t, dir, "build.xml") : NULL;
	return path;
}

static char *
find_maven(const struct tree *t, const char *dir)
{
	return tree_file(t, dir, "pom.xml");
}

/* ---- sources ---- */

/* Of every JDK, whatever lies below. */
static bool
is_of_jdk(const char *package)
{
	static const char *const own[] = {"java.", "javax.swing", "javax.net", "javax.crypto",
		"javax.sql", "javax.naming", "javax.imageio", "javax.print", "javax.sound",
		"javax.security.auth", "javax.security.cert", "javax.security.sasl",
		"javax.accessibility", "javax.management", "javax.script", "javax.tools",
		"javax.annotation.processing", "javax.lang.model", "javax.rmi",
		"javax.transaction.xa", "javax.xml.catalog", "javax.xml.crypto",
		"javax.xml.datatype", "javax.xml.namespace", "javax.xml.parsers",
		"javax.xml.stream", "javax.xml.transform", "javax.xml.validation",
		"javax.xml.xpath", "org.w3c.dom", "org.xml.sax", "org.ietf.jgss", "sun.",
		"com.sun.", "jdk.", NULL};
	for (size_t i = 0; own[i]; i++)
		if (str_starts(str_of(package), own[i]))
			return true;
	return strcmp(package, "javax.xml") == 0;
}

struct java {
	const struct tree *t;
	const char *dir;
	struct project *p;
	struct map packages; /* that the tree declares */
	bool tests;	     /* JUnit is imported */
	bool latin1;	     /* a source is no UTF-8: then any byte is a character */
};

static bool
is_source(const struct java *j, const char *path)
{
	return fs_is_below(path, j->dir) && tree_name_is(path, "*.java") && !detect_is_aside(path);
}

/* The dotted name behind the keyword of a line, as far as it goes; empty: it is another line. */
static struct str
name_behind(struct str line, const char *keyword)
{
	size_t n = strlen(keyword), end = 0;
	line = str_trim(line);
	if (!str_starts(line, keyword) || line.n <= n || !isspace((unsigned char)line.p[n]))
		return (struct str){"", 0};
	line = str_trim((struct str){line.p + n, line.n - n});
	while (end < line.n && (isalnum((unsigned char)line.p[end]) || strchr("._$", line.p[end])))
		end++;
	return (struct str){line.p, end};
}

static void
read_packages(struct java *j)
{
	static char declared;
	for (size_t i = 0; i < j->t->files.n; i++) {
		OWN(buf) struct buf text = {0};
		struct str rest, line;
		if (!is_source(j, j->t->files.v[i]))
			continue;
		tree_read(j->t, j->t->files.v[i], &text);
		rest = buf_str(&text);
		for (int n = 0; n < 200 && str_next_line(&rest, &line); n++) {
			struct str name = name_behind(line, "package");
			if (name.n) {
				map_put_str(&j->packages, name, &declared);
				break;
			}
		}
	}
}

/* The package of an import: "a.b.C", "a.b.C.d" and "a.b." without what begins with a capital, and its star. */
static char *
package_of(struct str name)
{
	size_t end = 0;
	for (size_t start = 0; start < name.n && !isupper((unsigned char)name.p[start]);) {
		size_t n = start;
		while (n < name.n && name.p[n] != '.')
			n++;
		end = n;
		start = n + 1;
	}
	return end && end < MAX_PACKAGE ? mem_strndup(name.p, end) : NULL;
}

static void
note_import(struct java *j, struct str name, const char *path, unsigned line)
{
	OWN_FREE char *package = package_of(name);
	bool test =
		strstr(path, "test/") || strstr(path, "tests/") || tree_name_is(path, "*Test.java");
	if (!package || !strchr(package, '.') || is_of_jdk(package) ||
		map_get(&j->packages, package))
		return;
	OWN_FREE char *why = scan_cite(path, line);
	j->tests = j->tests || str_starts(str_of(package), "org.junit") ||
		   str_starts(str_of(package), "junit.");
	detect_need(j->p, NEED_JAVA, package, test ? SCOPE_TEST : SCOPE_BUILD, true, why);
}

/* A character that is cut off where reading stops is no matter: the last one is not looked at. */
static bool
is_utf8(struct str text)
{
	if (text.n == TREE_MAX_FILE_BYTES) {
		for (int more = 3; more && (text.p[text.n - 1] & 0xc0) == 0x80; more--)
			text.n--;
		text.n -= (text.p[text.n - 1] & 0xc0) == 0xc0;
	}
	return str_is_utf8(text);
}

static void
read_imports(struct java *j)
{
	for (size_t i = 0; i < j->t->files.n; i++) {
		const char *path = j->t->files.v[i];
		OWN(buf) struct buf text = {0};
		struct str rest, line;
		if (!is_source(j, path))
			continue;
		tree_read(j->t, path, &text);
		rest = buf_str(&text);
		j->latin1 = j->latin1 || !is_utf8(rest);
		for (unsigned n = 1; str_next_line(&rest, &line); n++) {
			struct str name = name_behind(line, "import");
			if (str_eq(name, "static"))
				name = name_behind(
					(struct str){name.p, line.n - (size_t)(name.p - line.p)},
					"static");
			if (name.n)
				note_import(j, name, path, n);
		}
	}
}

static void
read_sources(struct java *j)
{
	detect_need(j->p, NEED_PROGRAM, "javac", SCOPE_BUILD, false, j->p->evidence);
	read_packages(j);
	read_imports(j);
	map_cleanup(&j->packages);
}

/* ---- Ant ---- */

/* ---- releases of the language that no compiler of today knows ---- */

/*
 * What is put in their place, in files of a build and no others: attributes, and properties that are called like them.
 * A release is the project's own.
 */
static const char modernize[] =
	"find . \\( -name '*.xml' -exec grep -q '<project' {} \\; -o -name '*.properties' \\) -exec sed -i -E "
	"-e 's/((source|target) *= *[\"'\\''])1\\.[1-6]([\"'\\''])/\\18\\3/g' "
	"-e 's/(<property +name *= *\"[^\"]*(source|target|level)[^\"]*\" +value *= *\")1\\.[1-6]\"/\\18\"/g' "
	"-e 's/^([A-Za-z0-9_.-]*(source|target|level)[A-Za-z0-9_.-]* *[=:] *)1\\.[1-6] *$/\\18/' {} +";

/* "1.1" to "1.6", alone, between quotes or behind a mark. */
static bool
is_old_release(struct str line, size_t i)
{
	return i + 3 <= line.n && line.p[i] == '1' && line.p[i + 1] == '.' &&
	       line.p[i + 2] >= '1' && line.p[i + 2] <= '6' && i &&
	       strchr("\"'=: ", line.p[i - 1]) &&
	       (i + 3 == line.n || strchr("\"' \r", line.p[i + 3]));
}

/* Where the first of the words ends; the line's end: it has none. */
static size_t
first_word_end(struct str line)
{
	static const char *const words[] = {"source", "target", "level", NULL};
	size_t end = line.n;
	for (size_t k = 0; words[k]; k++) {
		const char *at = line.n ? memmem(line.p, line.n, words[k], strlen(words[k])) : NULL;
		size_t behind = at ? (size_t)(at - line.p) + strlen(words[k]) : line.n;
		end = behind < end ? behind : end;
	}
	return end;
}

/* Does the file give an old release to what is called source, target or level? */
static bool
names_old_release(struct str text, unsigned *ret_line)
{
	struct str line;
	for (unsigned n = 1; str_next_line(&text, &line); n++)
		for (size_t i = first_word_end(line); i < line.n; i++)
			if (is_old_release(line, i)) {
				*ret_line = n;
				return true;
			}
	return false;
}

static void
add_release(const struct tree *t, const char *dir, struct project *p)
{
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		OWN(buf) struct buf text = {0};
		unsigned line = 0;
		bool properties = tree_name_is(path, "*.properties");
		if (!fs_is_below(path, dir) || !(properties || tree_name_is(path, "*.xml")))
			continue;
		tree_read(t, path, &text);
		bool of_build = properties || (text.n && memmem(text.p, text.n, "<project", 8));
		if (!of_build || !names_old_release(buf_str(&text), &line))
			continue;
		OWN_FREE char *why = scan_cite(path, line);
		strlist_addf(&p->options,
			"java-release=8, in the place of one that no compiler takes any more (%s)",
			why);
		detect_command(p, PHASE_CONFIGURE, why, "%s", modernize);
		return;
	}
}

/*
 * Directories that were not packed, as what keeps a tree's history has no empty ones: Ant ends for want of one.  The machine's
 * jars count without what is in it.
 */
static void
add_directories(const struct tree *t, const char *dir, struct str xml, struct project *p)
{
	static const char *const any[] = {"", NULL};
	OWN(strlist) struct strlist found = {0};
	ant_directories(xml, &found);
	for (size_t i = 0; i < found.n; i++) {
		OWN_FREE char *path = tree_join(dir, found.v[i]);
		if (!tree_count(t, path, any))
			detect_command(p, PHASE_CONFIGURE, p->evidence, "mkdir -p %s", found.v[i]);
	}
}

static void
read_ant(const struct tree *t, const char *dir, struct project *p)
{
	struct java j = {.t = t, .dir = dir, .p = p};
	OWN(buf) struct buf text = {0};
	tree_read(t, p->evidence, &text);
	ant_blank_comments(&text);
	struct str xml = buf_str(&text);
	if (!xml.n)
		return;
	OWN_FREE char *standard = ant_attribute(xml, "project", "default");
	const char *tests = ant_test_target(xml);
	read_sources(&j);
	detect_need(p, NEED_PROGRAM, "ant", SCOPE_BUILD, false, p->evidence);
	if (memmem(xml.p, xml.n, "<junit", 6)) {
		detect_need(p, NEED_PACKAGE, "ant-optional", SCOPE_TEST, false, p->evidence);
		detect_need(p, NEED_JAVA, "org.junit", SCOPE_TEST, false, p->evidence);
	}
	add_release(t, dir, p);
	add_directories(t, dir, xml, p);
	/* Where the build file says nothing, it is that of the machine. */
	const char *encoding = j.latin1 ? "ANT_OPTS=-Dfile.encoding=ISO-8859-1 " : "";
	OWN_FREE char *ant = mem_printf(
		"%sCLASSPATH=" ALL_JARS " ant -noinput -Dbuild.sysclasspath=last", encoding);
	detect_command(p, PHASE_BUILD, p->evidence, "%s%s", ant, standard ? "" : " jar");
	OWN_FREE char *run = mem_printf("%s %s", ant, tests ? tests : "");
	if (tests)
		detect_test(p, FORMAT_JUNIT,
			"TEST-*.xml */TEST-*.xml */*/TEST-*.xml */*/*/TEST-*.xml", p->evidence,
			run);
}

/* ---- Maven's layout ---- */

static bool
has_below(const struct tree *t, const char *dir, const char *sub)
{
	OWN_FREE char *path = tree_join(dir, sub);
	static const char *const java[] = {".java", NULL};
	return tree_count(t, path, java) > 0;
}

struct reactor { /* modules, each behind what it needs */
	struct java java;
	struct maven_module_list modules;
};

/* The classes of the modules that were built before the n-th, from its directory: a class path, quoted. */
static void
put_classes_before(const struct reactor *r, size_t n, struct buf *out)
{
	OWN(buf) struct buf path = {0};
	for (size_t i = 0; i < n; i++) {
		const struct maven_module *m = &r->modules.v[i];
		OWN_FREE char *to = maven_path_between(r->modules.v[n].dir, m->dir);
		if (has_below(r->java.t, m->dir, m->sources))
			buf_printf(&path, "%starget/classes:", to);
	}
	if (path.n)
		buf_put_shell(out, buf_str(&path));
}

/* The last command is done in the directory of the module. */
static void
set_directory(struct project *p, const struct maven_module *m)
{
	struct command *c = &p->commands.v[p->commands.n - 1];
	free(c->dir);
	c->dir = *m->dir ? mem_strdup(m->dir) : NULL;
}

/* Some of what the last command compiles may be left out. */
static void
allow_leaving(struct project *p, enum source_set sources)
{
	p->commands.v[p->commands.n - 1].sources = sources;
}

/* Sources below a directory into classes below another; what is no source is copied. */
static void
add_compilation(struct project *p, const struct maven_module *m, const char *sources,
	const char *resources, const char *to, const char *path)
{
	OWN(buf) struct buf from = {0}, encoding = {0};
	buf_put_shell(&from, str_of(sources));
	buf_put_shell(&encoding, str_of(m->encoding));
	detect_command(p, PHASE_BUILD, p->evidence,
		"mkdir -p %s && find %s -name '*.java' -print | " QUOTED " >%s.list && "
		"if [ -s %s.list ]; then javac -encoding %s -nowarn -Xmaxerrs 1000 -d %s -cp %s\"" ALL_JARS
		"\" @%s.list; fi && "
		"if [ -d %s ]; then cp -R %s/. %s/; fi",
		to, from.p, to, to, encoding.p, to, path, to, resources, resources, to);
	set_directory(p, m);
}

static void
add_module_tests(const struct reactor *r, const struct maven_module *m, const char *before)
{
	struct project *p = r->java.p;
	OWN_FREE char *path = mem_printf("target/classes:%s", before);
	OWN_FREE char *run = mem_printf("java -Djava.awt.headless=true -cp \"" ALL_JARS
					"\" org.junit.platform.console.ConsoleLauncher "
					"-cp target/classes:target/test-classes%s%s "
					"--scan-classpath target/test-classes "
					"--disable-banner --reports-dir target/drydock-reports",
		*before ? ":" : "", before);
	add_compilation(p, m, m->test_sources, "src/test/resources", "target/test-classes", path);
	allow_leaving(p, SOURCES_OF_TESTS);
	detect_need(p, NEED_PACKAGE, "junit5", SCOPE_TEST, false, p->evidence);
	detect_test(p, FORMAT_JUNIT, "target/drydock-reports/TEST-*.xml", p->evidence, run);
	set_directory(p, m);
}

static void
add_module(const struct reactor *r, size_t n)
{
	const struct maven_module *m = &r->modules.v[n];
	const struct tree *t = r->java.t;
	OWN(buf) struct buf before = {0};
	put_classes_before(r, n, &before);
	const char *path = before.n ? before.p : "";
	if (has_below(t, m->dir, m->sources))
		add_compilation(
			r->java.p, m, m->sources, "src/main/resources", "target/classes", path);
	if (r->java.tests && has_below(t, m->dir, m->test_sources))
		add_module_tests(r, m, path);
}

/* The directory below which all modules lie: that of the first pom.xml, or the whole tree. */
static const char *
common_directory(const struct maven_module_list *l, const char *dir)
{
	for (size_t i = 0; i < l->n; i++)
		if (*dir && strcmp(l->v[i].dir, dir) != 0 && !fs_is_below(l->v[i].dir, dir))
			return "";
	return dir;
}

static void
read_maven(const struct tree *t, const char *dir, struct project *p)
{
	struct reactor r = {.java = {.t = t, .dir = dir, .p = p}};
	bool any = false;
	maven_read(t, dir, &r.modules);
	for (size_t i = 0; i < r.modules.n; i++)
		any = any || has_below(t, r.modules.v[i].dir, r.modules.v[i].sources);
	if (any) {
		r.java.dir = common_directory(&r.modules, dir);
		read_sources(&r.java);
		strlist_add(&p->options,
			"maven=its usual steps are done by javac, without its plugins");
		for (size_t i = 0; i < r.modules.n; i++)
			add_module(&r, i);
	}
	maven_module_list_cleanup(&r.modules);
}

/* ---- nothing but sources ---- */

static char *
find_sources(const struct tree *t, const char *dir)
{
	for (size_t i = 0; i < t->files.n; i++)
		if (fs_is_below(t->files.v[i], dir) && tree_name_is(t->files.v[i], "*.java") &&
			!detect_is_aside(t->files.v[i]))
			return mem_strdup(t->files.v[i]);
	return NULL;
}

/* All of them at once, whatever directories lie above their packages. */
static void
read_source_tree(const struct tree *t, const char *dir, struct project *p)
{
	struct java j = {.t = t, .dir = dir, .p = p};
	read_sources(&j);
	detect_command(p, PHASE_BUILD, p->evidence,
		"mkdir -p drydock-build && find . -name '*.java' -print | " QUOTED
		" >drydock-build/list && "
		"javac -encoding %s -nowarn -Xmaxerrs 1000 -d drydock-build -cp \"" ALL_JARS
		"\" @drydock-build/list",
		j.latin1 ? "ISO-8859-1" : "UTF-8");
	allow_leaving(p, SOURCES_WITH_TESTS);
	if (!j.tests)
		return;
	detect_need(p, NEED_PACKAGE, "junit5", SCOPE_TEST, false, p->evidence);
	detect_test(p, FORMAT_JUNIT, "drydock-build/reports/TEST-*.xml", p->evidence,
		"java -Djava.awt.headless=true -cp \"" ALL_JARS
		"\" org.junit.platform.console.ConsoleLauncher -cp drydock-build "
		"--scan-classpath drydock-build --disable-banner --reports-dir drydock-build/reports");
}

const struct detector detect_java_sources = {SYSTEM_SOURCES, find_sources, read_source_tree};
const struct detector detect_ant = {SYSTEM_ANT, find_ant, read_ant};
const struct detector detect_maven = {SYSTEM_MAVEN, find_maven, read_maven};
