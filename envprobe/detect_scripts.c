/*
 * Scripts of tests that no target of the build runs: what the documentation or a configuration of continuous
 * integration calls as a command of its own, and what is named as such scripts are.
 */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/scan.h"
#include "envprobe/service_config.h"

#include <ctype.h>
#include <string.h>

#define MAX_WORDS 6
#define MAX_DEPTH 2
#define MAX_TOLD 4

/* ---- what runs a script ---- */

static const char *const interpreters[] = {"sh", "bash", "dash", "ksh", "zsh", "perl", "python",
	"python3", "lua", "ruby", "tclsh", "php", "node", NULL};

static const struct {
	const char *ending, *interpreter;
} by_ending[] = {{".sh", "sh"}, {".bash", "bash"}, {".pl", "perl"}, {".py", "python3"},
	{".lua", "lua"}, {".rb", "ruby"}, {".tcl", "tclsh"}, {".php", "php"}};

static const char *
interpreter_named(struct str name)
{
	for (size_t i = 0; interpreters[i]; i++)
		if (str_eq(name, interpreters[i]))
			return strcmp(interpreters[i], "python") == 0 ? "python3" : interpreters[i];
	return NULL;
}

/* By "#!/bin/sh" or "#!/usr/bin/env sh", else by its ending; NULL: it is no script that is known. */
static const char *
interpreter_of(const struct tree *t, const char *path)
{
	const size_t line = 512;
	OWN(buf) struct buf text = {0};
	tree_read_start(t, path, line, &text); /* each line of a file may name it */
	if (str_starts(buf_str(&text), "#!"))
		return interpreter_named(str_interpreter(buf_str(&text)));
	for (size_t i = 0; i < sizeof(by_ending) / sizeof(*by_ending); i++)
		if (str_ends(str_of(path), by_ending[i].ending))
			return by_ending[i].interpreter;
	return NULL;
}

/* ---- what is a script of tests by its name ---- */

/* A name that needs no quoting, whoever reads it. */
static bool
is_plain(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!isalnum((unsigned char)word.p[i]) && !strchr("_./=,+-", word.p[i]))
			return false;
	return word.n > 0;
}

/* Lower case, without the ending and what joins words: "Run-Tests.sh" gives "runtests". */
static void
plain_name(const char *path, char *to, size_t n)
{
	size_t used = 0;
	for (const char *p = fs_name(path); *p && *p != '.' && used + 1 < n; p++)
		if (isalnum((unsigned char)*p))
			to[used++] = (char)tolower((unsigned char)*p);
	to[used] = '\0';
}

static bool
is_test_directory(const char *path)
{
	static const char *const names[] = {
		"test", "tests", "t", "testsuite", "testing", "regress", NULL};
	const char *slash = strrchr(path, '/');
	OWN_FREE char *dir = mem_strndup(path, slash ? (size_t)(slash - path) : 0);
	char name[64];
	plain_name(dir, name, sizeof(name));
	return str_is_one(str_of(name), names);
}

/* Rank by name, best first; SIZE_MAX: none.  Short names mean tests only among tests. */
static size_t
rank_of(const char *path)
{
	static const char *const names[] = {"runtests", "runalltests", "runtest", "testall",
		"alltests", "rununittests", "selftest", "regress", "regression", "tests", "test",
		"check", "runall", "run", NULL};
	const size_t among_tests = 9;
	char name[64];
	plain_name(path, name, sizeof(name));
	for (size_t i = 0; names[i]; i++)
		if (strcmp(name, names[i]) == 0)
			return i < among_tests || is_test_directory(path) ? i : SIZE_MAX;
	return SIZE_MAX;
}

static bool
is_near(const char *dir, const char *path)
{
	size_t depth = 0;
	if (!fs_is_below(path, dir) || detect_is_aside(path))
		return false;
	for (const char *p = path + strlen(dir); *p; p++)
		depth += *p == '/';
	return depth <= MAX_DEPTH;
}

static void
add(struct project *p, const char *interpreter, const char *run, const char *why, bool guessed)
{
	struct command *c = command_list_add(&p->scripts);
	c->phase = PHASE_TEST;
	c->level = LEVEL_UNIT;
	c->format = FORMAT_AUTO;
	c->run = mem_strdup(run);
	c->dir = p->dir ? mem_strdup(p->dir) : NULL;
	c->why = mem_strdup(why);
	c->guessed = guessed;
	if (strcmp(interpreter, "sh") != 0 && strcmp(interpreter, "bash") != 0)
		detect_need(p, NEED_PROGRAM, interpreter, SCOPE_TEST, true, why);
}

/* Where it is run: below its directory, if it has names that begin there, else where the project is built. */
static void
add_by_name(const struct tree *t, const char *dir, const char *path, struct project *p)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	const char *interpreter = interpreter_of(t, path);
	const char *name = fs_name(path), *below = path + strlen(dir) + (*dir ? 1 : 0);
	size_t n = (size_t)(name - below);
	OWN_FREE char *own = mem_strndup(below, n); /* with its slash */
	bool from_top = !n || memmem(text.p, text.n, own, n);
	OWN_FREE char *run = from_top ? mem_printf("%s %s", interpreter, below)
				      : mem_printf("cd %s && %s %s", own, interpreter, name);
	if (is_plain(str_of(below)))
		add(p, interpreter, run, path, true);
}

/* ---- what is told ---- */

/* "-v", "a/b", "x.cfg": an argument, and no word of a sentence. */
static bool
is_argument(struct str word)
{
	return is_plain(word) &&
	       (word.p[0] == '-' || memchr(word.p, '/', word.n) || memchr(word.p, '.', word.n - 1));
}

/* "-lluacov", "--coverage": what somebody measures beside, with a tool of his own. */
static bool
is_of_coverage(struct str word)
{
	return word.n > 4 && word.p[0] == '-' && memmem(word.p, word.n, "cov", 3) &&
	       !memmem(word.p, word.n, "discov", 6) && !memmem(word.p, word.n, "recov", 5);
}

/*
 * Does a script test, by its name or where it lies?  None of a name like "deploy-test" or "install-test-deps" does; "test-install" and
 * "install-and-test" do.
 */
static bool
is_of_tests(const char *path)
{
	static const char *const others[] = {"bootstrap", "cleanup", "dependencies", "deploy",
		"deployment", "deps", "download", "fetch", "install", "prepare", "prerequisites",
		"provision", "publish", "push", "release", "requirements", "send", "setup",
		"teardown", "upload", NULL};
	static const char *const leading[] = {"check", "run", "test", "tests", NULL};
	bool any = is_test_directory(path), other = false, both = false;
	const char *name = fs_name(path), *end = name + strcspn(name, ".");
	for (const char *p = name; p < end;) {
		size_t n = 0;
		while (p + n < end && isalnum((unsigned char)p[n]))
			n++;
		OWN_FREE char *word = mem_strndup(p, n);
		for (char *c = word; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		struct str w = {word, n};
		any = any || (!detect_looks_like_tests(w) &&
				     (strstr(word, "test") || strstr(word, "check")));
		other = other || str_is_one(w, others);
		both = both || str_eq(w, "and") || (p == name && str_is_one(w, leading));
		p += n + (p + n < end);
	}
	return any && (!other || both);
}

/* The file of the tree that a word of a command names, heap; NULL: none that tests by its name. */
static char *
script_named(const struct tree *t, const char *dir, struct str word)
{
	while (str_starts(word, "./"))
		word = (struct str){word.p + 2, word.n - 2};
	if (!is_plain(word) || word.p[0] == '/' || memmem(word.p, word.n, "..", 2))
		return NULL;
	OWN_FREE char *name = str_dup(word);
	OWN_FREE char *path = tree_join(dir, name);
	return is_of_tests(path) && tree_has(t, path) && interpreter_of(t, path) ? TAKE(path)
										 : NULL;
}

/*
 * "sh -e tests/run.sh -v", "./runtests": the command, heap, its interpreter and its script, heap; NULL: it is something else.
 */
static char *
command_of(const struct tree *t, const char *dir, struct str line, const char **ret_interpreter,
	char **ret_path)
{
	struct str words[MAX_WORDS], word;
	size_t n = 0;
	while (str_next_word(&line, &word)) {
		if (is_of_coverage(word))
			continue;
		if (n == MAX_WORDS)
			return NULL;
		words[n++] = word;
	}
	const char *interpreter = n > 1 ? interpreter_named(str_behind(words[0], "/")) : NULL;
	size_t at = interpreter ? 1 : 0;
	while (interpreter && at + 1 < n && words[at].p[0] == '-' && is_plain(words[at]))
		at++;
	bool called = interpreter || (n && memchr(words[0].p, '/', words[0].n));
	OWN_FREE char *path = called ? script_named(t, dir, words[at]) : NULL;
	if (!path)
		return NULL;
	OWN(buf) struct buf run = {.max = 4096};
	*ret_interpreter = interpreter ? interpreter : interpreter_of(t, path);
	buf_puts(&run, *ret_interpreter);
	for (size_t i = 1; i < at; i++)
		buf_printf(&run, " " STR_FMT, STR_ARG(words[i]));
	buf_printf(&run, " %s", path + strlen(dir) + (*dir ? 1 : 0));
	for (size_t i = at + 1; i < n; i++) {
		if (!is_argument(words[i]))
			return NULL;
		buf_printf(&run, " " STR_FMT, STR_ARG(words[i]));
	}
	*ret_path = TAKE(path);
	return buf_take(&run);
}

/* What stands before a command: a prompt, a list's mark, the key of a configuration. */
static struct str
without_marks(struct str line)
{
	static const char *const marks[] = {
		"$ ", "% ", "> ", "- ", "* ", "run: ", "script: ", "\"", "'", NULL};
	line = str_trim(line);
	for (size_t i = 0; marks[i];)
		if (str_starts(line, marks[i])) {
			size_t n = strlen(marks[i]);
			line = str_trim((struct str){line.p + n, line.n - n});
			i = 0;
		} else {
			i++;
		}
	while (line.n && strchr("\"';", line.p[line.n - 1]))
		line.n--;
	return line;
}

/* The whole line, or what it has between backquotes. */
static char *
command_in_line(const struct tree *t, const char *dir, struct str line,
	const char **ret_interpreter, char **ret_path)
{
	char *run = command_of(t, dir, without_marks(line), ret_interpreter, ret_path);
	struct str piece;
	for (bool code = false; !run && str_next(&line, '`', &piece); code = !code)
		if (code)
			run = command_of(t, dir, without_marks(piece), ret_interpreter, ret_path);
	return run;
}

static bool
tells_of_tests(const char *path)
{
	static const char *const names[] = {
		"README*", "INSTALL*", "HACKING*", "TESTING*", "CONTRIBUTING*", "BUILD*", NULL};
	for (size_t i = 0; names[i]; i++)
		if (tree_name_is(path, names[i]))
			return true;
	return service_config_is(path);
}

/* Of a configuration of continuous integration: where the lines of what comes before and behind its tests begin. */
struct aside {
	int indent; /* of the key, or of the step, that they are below; -1: of none */
	bool step;
};

/* "- name: Deploy the pages"; a name that speaks of tests, too, is one of them. */
static bool
is_step_that_ships(struct str body)
{
	static const char *const ships[] = {"deploy", "deployment", "publish", "upload", NULL};
	struct str key, word;
	bool found = false;
	if (!str_next(&body, ':', &key) || !str_eq(key, "- name"))
		return false;
	OWN_FREE char *name = str_dup(body);
	for (char *c = name; *c; c++)
		*c = isalnum((unsigned char)*c) ? (char)tolower((unsigned char)*c) : ' ';
	struct str rest = str_of(name);
	while (str_next_word(&rest, &word)) {
		found = found || str_is_one(word, ships);
		if (memmem(word.p, word.n, "test", 4) || memmem(word.p, word.n, "check", 5))
			return false;
	}
	return found;
}

/* Is the next line one of them? */
static bool
is_beside_tests(struct aside *a, struct str line)
{
	static const char *const keys[] = {"before_install", "install", "before_build",
		"before_script", "before_test", "after_build", "after_test", "after_script",
		"after_success", "after_failure", "before_deploy", "deploy", "deploy_script",
		"after_deploy", "on_success", "on_failure", "on_finish", "init", "release",
		"publish", NULL};
	struct str body = str_trim(line), key;
	int indent = 0;
	if (!body.n || body.p[0] == '#')
		return true;
	while (indent < 1000 && (size_t)indent < line.n && line.p[indent] == ' ')
		indent++;
	bool item = body.p[0] == '-';
	if (indent < a->indent || (indent == a->indent && (!item || a->step)))
		a->indent = -1;
	if (a->indent >= 0)
		return true;
	a->step = is_step_that_ships(body);
	if (a->step || (memchr(body.p, ':', body.n) && str_next(&body, ':', &key) &&
			       str_is_one(key, keys)))
		a->indent = indent;
	return a->indent >= 0;
}

/* A configuration of continuous integration runs tests by several scripts; documentation shows one in several ways. */
static bool
add_told(const struct tree *t, const char *dir, const char *path, struct project *p)
{
	OWN(buf) struct buf text = {0};
	OWN(strlist) struct strlist scripts = {0};
	tree_read(t, path, &text);
	struct str rest = buf_str(&text), line;
	struct aside aside = {.indent = -1};
	const bool runs = service_config_is(path);
	const size_t most = runs ? MAX_TOLD : 1;
	for (unsigned n = 1; scripts.n < most && str_next_line(&rest, &line); n++) {
		const char *interpreter = NULL;
		OWN_FREE char *script = NULL;
		if (runs && is_beside_tests(&aside, line))
			continue;
		OWN_FREE char *run = command_in_line(t, dir, line, &interpreter, &script);
		OWN_FREE char *why = scan_cite(path, n);
		if (!run || strlist_has(&scripts, script))
			continue;
		add(p, interpreter, run, why, false);
		strlist_add(&scripts, script);
	}
	return scripts.n > 0;
}

/* ---- tox ---- */

/* The value of a key that a line sets; what belongs to the key before it is indented.  False: it sets none, or another. */
static bool
sets(struct str line, const char *key, struct str *ret)
{
	struct str name, value = line;
	if (!line.n || isspace((unsigned char)line.p[0]) || !str_next(&value, '=', &name))
		return false;
	*ret = str_trim(value);
	return str_eq(str_trim(name), key);
}

/* A value without what tox puts in: its own directory, an interpreter, and what it was called with; heap. */
static char *
of_tox(struct str line)
{
	static const struct {
		const char *start, *instead;
	} marks[] = {{"{toxinidir}/", ""}, {"{envpython}", "python3"}, {"{posargs", ""}};
	OWN(buf) struct buf b = {.max = 4096};
	buf_puts(&b, "");
	while (line.n) {
		const char *end = memchr(line.p, '}', line.n), *instead = NULL;
		for (size_t i = 0; end && i < sizeof(marks) / sizeof(*marks); i++)
			if (str_starts(line, marks[i].start))
				instead = marks[i].instead;
		size_t n = instead ? (size_t)(end - line.p) + 1 : 1;
		if (instead)
			buf_puts(&b, instead);
		else
			buf_putc(&b, *line.p);
		n += instead && n < line.n && line.p[n] == '/';
		line = (struct str){line.p + n, line.n - n};
	}
	return buf_take(&b);
}

/* What stands below "[testenv]", and in which line that is; empty: there is none. */
static struct str
test_section(struct str text, unsigned *ret_line)
{
	struct str line;
	for (*ret_line = 1; str_next_line(&text, &line); ++*ret_line)
		if (str_eq(str_trim(line), "[testenv]"))
			return text;
	return (struct str){"", 0};
}

/* Where its commands are run, below the project's own directory: heap, "" for there. */
static char *
changed_dir(struct str section)
{
	struct str line, value;
	while (str_next_line(&section, &line) && !str_starts(line, "["))
		if (sets(line, "changedir", &value) || sets(line, "change_dir", &value)) {
			while (str_ends(value, "/"))
				value.n--;
			return str_eq(value, "{toxinidir}") ? mem_strdup("") : of_tox(value);
		}
	return mem_strdup("");
}

static void
add_of_tox(const struct tree *t, const char *dir, struct project *p)
{
	OWN_FREE char *path = tree_join(dir, "tox.ini");
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	unsigned n;
	struct str section = test_section(buf_str(&text), &n), line, value;
	OWN_FREE char *below = changed_dir(section), *base = tree_join(dir, below);
	const bool elsewhere = *below, plain = !elsewhere || is_plain(str_of(below));
	for (bool within = false;
		plain && str_next_line(&section, &line) && p->scripts.n < MAX_TOLD;) {
		OWN_FREE char *why = scan_cite(path, ++n);
		if (!line.n)
			continue;
		if (!isspace((unsigned char)line.p[0]))
			within = sets(line, "commands", &value);
		if (str_starts(line, "["))
			return;
		struct str told = within && !isspace((unsigned char)line.p[0]) ? value : line;
		if (!within || (elsewhere && memmem(told.p, told.n, "{toxinidir}", 11)))
			continue;
		const char *interpreter = NULL;
		OWN_FREE char *command = of_tox(str_trim(told)), *script = NULL;
		OWN_FREE char *run = command_of(t, base, str_of(command), &interpreter, &script);
		OWN_FREE char *there = run ? mem_printf("cd %s && %s", below, run) : NULL;
		if (run)
			add(p, interpreter, elsewhere ? there : run, why, false);
	}
}

void
detect_scripts(const struct tree *t, struct project *p)
{
	const char *dir = p->dir ? p->dir : "", *best = NULL;
	size_t rank = SIZE_MAX;
	add_of_tox(t, dir, p);
	if (p->scripts.n)
		return;
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		bool here = detect_is_here(dir, path) || service_config_is(path);
		if (here && tells_of_tests(path) && add_told(t, dir, path, p))
			return;
	}
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		size_t r = is_near(dir, path) ? rank_of(path) : SIZE_MAX;
		if (r < rank && interpreter_of(t, path)) {
			best = path;
			rank = r;
		}
	}
	if (best)
		add_by_name(t, dir, best, p);
}
