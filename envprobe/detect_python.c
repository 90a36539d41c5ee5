/* Python: setup.py, setup.cfg, pyproject.toml. */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "base/map.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

#define MAX_TEST_DIRS 10

static char *
find(const struct tree *t, const char *dir)
{
	static const char *const names[] = {"pyproject.toml", "setup.py", "setup.cfg", NULL};
	OWN_FREE char *setup = tree_file(t, dir, "setup.py");
	if (setup)
		return TAKE(setup);
	for (size_t i = 0; names[i]; i++) {
		OWN_FREE char *path = tree_join(dir, names[i]);
		if (!tree_has(t, path))
			continue;
		OWN(buf) struct buf text = {0};
		tree_read(t, path, &text);
		/* A pyproject.toml may hold nothing but the settings of a linter. */
		if (i > 0 || (text.p && (strstr(text.p, "[build-system]") ||
						strstr(text.p, "[project]"))))
			return TAKE(path);
	}
	return NULL;
}

static bool
is_name_char(char c)
{
	return isalnum((unsigned char)c) || strchr("-_.", c) != NULL;
}

/* What looks at sources, measures what tests reach, or makes a release: no test needs it, and one that does says so. */
static bool
is_of_other_tool(struct str name)
{
	static const char *const names[] = {"bandit", "black", "build", "bump2version",
		"bumpversion", "check-manifest", "codecov", "codespell", "coverage", "coveralls",
		"doc8", "flake8", "isort", "mccabe", "mypy", "pep257", "pep8", "pre-commit",
		"pycodestyle", "pydocstyle", "pyflakes", "pylint", "pyright", "pyroma",
		"python-coveralls", "pyupgrade", "radon", "ruff", "sphinx-build", "tox", "twine",
		"vulture", "yapf", NULL};
	return str_is_one(name, names) || str_starts(name, "flake8-");
}

/* "py38,django: Foo" of tox: of some of its environments alone. */
static struct str
without_factors(struct str text)
{
	size_t n = 0;
	while (n < text.n && (isalnum((unsigned char)text.p[n]) || strchr("_,!.-{}", text.p[n])))
		n++;
	if (!n || n + 1 >= text.n || text.p[n] != ':' || text.p[n + 1] != ' ')
		return text;
	return str_trim((struct str){text.p + n + 1, text.n - n - 1});
}

static size_t
name_length(struct str text)
{
	size_t n = 0;
	while (n < text.n && is_name_char(text.p[n]))
		n++;
	return n;
}

/* "Foo.bar[extra]>=1.2; marker": the distribution's name and its constraint. */
static void
add_requirement(
	struct project *p, struct str text, enum need_scope scope, bool optional, const char *why)
{
	text = str_trim(text);
	const size_t n = name_length(text);
	bool other = scope == SCOPE_TEST && is_of_other_tool((struct str){text.p, n});
	if (!n || !isalpha((unsigned char)text.p[0]) || other)
		return;
	const char *marker = memchr(text.p, ';', text.n);
	if (marker) {
		struct str m = {marker, text.n - (size_t)(marker - text.p)};
		if (memmem(m.p, m.n, "win32", 5) || memmem(m.p, m.n, "python_version<", 15) ||
			memmem(m.p, m.n, "python_version <", 16))
			return;
		text.n = (size_t)(marker - text.p);
	}
	OWN_FREE char *name = mem_strndup(text.p, n);
	struct need *need = detect_need(p, NEED_PYTHON, name, scope, optional, why);
	struct str rest = str_trim((struct str){text.p + n, text.n - n});
	if (rest.n && strchr("<>=!~", rest.p[0]) && !need->version)
		need->version = str_dup(rest);
}

/* Every quoted string of a list that starts at or behind `at`. */
static void
add_quoted_list(struct project *p, struct str text, size_t at, enum need_scope scope, bool optional,
	const char *why)
{
	while (at < text.n && (isspace((unsigned char)text.p[at]) || strchr("=:", text.p[at])))
		at++;
	if (at >= text.n || !strchr("[(", text.p[at]))
		return;
	char close = text.p[at] == '[' ? ']' : ')';
	for (at++; at < text.n && text.p[at] != close;) {
		char q = text.p[at];
		if (q == '#') {
			while (at < text.n && text.p[at] != '\n')
				at++;
		} else if (q == '"' || q == '\'') {
			const char *end = memchr(text.p + at + 1, q, text.n - at - 1);
			if (!end)
				return;
			size_t n = (size_t)(end - (text.p + at + 1));
			add_requirement(p, (struct str){text.p + at + 1, n}, scope, optional, why);
			at += n + 2;
		} else {
			at++;
		}
	}
}

static const struct requirement_key {
	const char *key;
	enum need_scope scope;
	bool optional;
} keys[] = {
	{"install_requires", SCOPE_RUN, false},
	{"setup_requires", SCOPE_BUILD, false},
	{"tests_require", SCOPE_TEST, false},
	{"requires", SCOPE_BUILD, false},
	{"dependencies", SCOPE_RUN, false},
	{"test", SCOPE_TEST, true},
	{"tests", SCOPE_TEST, true},
	{"testing", SCOPE_TEST, true},
};

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* The back end that [build-system] names builds without being declared elsewhere. */
static const char *
build_backend(const struct tree *t, const char *dir)
{
	OWN_FREE char *path = tree_join(dir, "pyproject.toml");
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	const char *at = text.p ? strstr(text.p, "build-backend") : NULL;
	static const char *const known[] = {
		"flit_core", "poetry", "hatchling", "pdm", "setuptools", NULL};
	for (size_t i = 0; at && known[i]; i++) {
		const char *end = strchr(at, '\n');
		const char *hit = strstr(at, known[i]);
		if (hit && (!end || hit < end))
			return known[i];
	}
	return "setuptools";
}

/* What another back end requires to build what a setup.py builds here. */
static bool
is_of_other_backend(const struct tree *t, const char *path, const struct requirement_key *key)
{
	OWN_FREE char *dir = mem_strndup(path, (size_t)(fs_name(path) - path));
	size_t n = strlen(dir);
	if (strcmp(key->key, "requires") != 0 || !tree_name_is(path, "pyproject.toml"))
		return false;
	dir[n ? n - 1 : 0] = '\0';
	OWN_FREE char *setup = tree_file(t, dir, "setup.py");
	return setup && strcmp(build_backend(t, dir), "setuptools") != 0;
}

/* key = [ ... ] in setup.py and pyproject.toml. */
static void
read_lists(const struct tree *t, const char *path, struct project *p)
{
	OWN(buf) struct buf buf = {0};
	tree_read(t, path, &buf);
	struct str text = buf_str(&buf);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		size_t n = strlen(keys[i].key);
		if (is_of_other_backend(t, path, &keys[i]))
			continue;
		for (size_t at = 0; at + n < text.n; at++) {
			if (memcmp(text.p + at, keys[i].key, n) != 0 ||
				(at && is_word(text.p[at - 1])) || is_word(text.p[at + n]))
				continue;
			OWN_FREE char *why = scan_cite(path, scan_line_of(text, at));
			size_t behind = at + n;
			if (behind < text.n && strchr("'\"", text.p[behind]))
				behind++;
			add_quoted_list(p, text, behind, keys[i].scope, keys[i].optional, why);
		}
	}
}

/* The word behind an interpreter and its option, "-m" or "-c", without the quotation mark; false: there is none. */
static bool
next_program(struct str *line, struct str *ret)
{
	if (!str_next_word(line, ret))
		return false;
	const bool python = str_starts(*ret, "python"), shell = str_ends(*ret, "sh");
	struct str behind = *line, word;
	if (!(python || shell) || !str_next_word(&behind, &word) ||
		!str_eq(word, python ? "-m" : "-c"))
		return true;
	*line = behind;
	if (!str_next_word(line, ret))
		return false;
	while (ret->n && strchr("\"'", ret->p[0]))
		*ret = (struct str){ret->p + 1, ret->n - 1};
	return true;
}

/* "flake8 tests", "python -m mypy": a command that runs none, whatever it is given; "coverage run" runs what it is given. */
static bool
is_other_command(struct str line)
{
	struct str word;
	const char *eq = line.n ? memchr(line.p, '=', line.n) : NULL;
	if (eq && str_starts(line, "commands")) /* the key itself, and perhaps the first */
		line = (struct str){eq + 1, line.n - (size_t)(eq + 1 - line.p)};
	if (!next_program(&line, &word))
		return false;
	bool other = is_of_other_tool(word), measures = str_eq(word, "coverage");
	return other && !(measures && str_next_word(&line, &word) && str_eq(word, "run"));
}

/* The same of a line, which may be several for a shell: bash -c "flake8 tests && pytest". */
static bool
is_other_line(struct str line)
{
	bool any = false;
	while (line.n) {
		size_t n = 0;
		bool words = false;
		for (; n < line.n && !strchr(";&", line.p[n]); n++)
			words = words || isalnum((unsigned char)line.p[n]);
		if (words && !is_other_command((struct str){line.p, n}))
			return false;
		any = any || words;
		n += n < line.n;
		line = (struct str){line.p + n, line.n - n};
	}
	return any;
}

/* "[testenv:NAME]" whose commands run no tests, as of one that checks style or makes a release. */
static bool
is_of_other_work(struct str section, struct str text)
{
	static const char *const marks[] = {"test", "nose", "trial", NULL};
	struct str line;
	bool commands = false, any = false, within = false;
	if (!str_starts(section, "[testenv:"))
		return false;
	while (str_next_line(&text, &line) && !str_starts(line, "[")) {
		if (line.n && !isspace((unsigned char)line.p[0]))
			within = str_starts(line, "commands");
		commands = commands || within;
		for (size_t i = 0; within && marks[i] && !is_other_line(line); i++)
			any = any || memmem(line.p, line.n, marks[i], strlen(marks[i]));
	}
	return commands && !any;
}

/* setup.cfg and tox.ini: "key =" and then one requirement an indented line. */
static void
read_ini(const struct tree *t, const char *path, struct project *p)
{
	OWN(buf) struct buf buf = {0};
	tree_read(t, path, &buf);
	struct str rest = buf_str(&buf), line;
	const struct requirement_key *open = NULL;
	static const struct requirement_key deps = {"deps", SCOPE_TEST, true};
	bool other = false;
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		if (str_starts(line, "["))
			other = is_of_other_work(line, rest);
		if (other)
			continue;
		OWN_FREE char *why = scan_cite(path, n);
		bool indented = line.n && isspace((unsigned char)line.p[0]);
		if (indented && open) {
			struct str item = str_trim(line);
			if (item.n && item.p[0] != '#' && item.p[0] != '-' && item.p[0] != '{')
				add_requirement(
					p, without_factors(item), open->scope, open->optional, why);
			continue;
		}
		const char *eq = memchr(line.p, '=', line.n);
		open = NULL;
		if (!eq || indented)
			continue;
		struct str key = str_trim((struct str){line.p, (size_t)(eq - line.p)});
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
			if (str_eq(key, keys[i].key))
				open = &keys[i];
		if (str_eq(key, "deps"))
			open = &deps;
		if (open)
			add_requirement(p, (struct str){eq + 1, line.n - (size_t)(eq + 1 - line.p)},
				open->scope, open->optional, why);
	}
}

/* "import pytest", "from pytest": does a line start so?  What stands alone is no choice, as in a try. */
static bool
starts_import(struct str line, const char *module)
{
	static const char *const verbs[] = {"import ", "from ", NULL};
	for (size_t i = 0; verbs[i]; i++) {
		const size_t n = strlen(verbs[i]);
		if (str_starts(line, verbs[i]) &&
			str_starts((struct str){line.p + n, line.n - n}, module))
			return true;
	}
	return false;
}

static bool
is_imported(const struct tree *t, const char *dir, const char *module)
{
	for (size_t i = 0; i < t->files.n; i++) {
		OWN(buf) struct buf text = {0};
		if (!fs_is_below(t->files.v[i], dir) || !tree_name_is(t->files.v[i], "*.py"))
			continue;
		tree_read(t, t->files.v[i], &text);
		struct str rest = buf_str(&text);
		for (struct str line; str_next_line(&rest, &line);)
			if (starts_import(line, module))
				return true;
	}
	return false;
}

/* Does the project load a tool itself, as one that goes on from it? */
static bool
is_loaded(const struct tree *t, struct str tool)
{
	OWN_FREE char *module = str_dup(tool);
	for (char *c = module; *c; c++)
		*c = *c == '-' ? '_' : *c;
	return is_imported(t, "", module);
}

static void
read_requirements(const struct tree *t, const char *path, struct project *p)
{
	bool test = strstr(path, "test") || strstr(path, "dev");
	OWN(buf) struct buf buf = {0};
	tree_read(t, path, &buf);
	struct str rest = buf_str(&buf), line;
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		OWN_FREE char *why = scan_cite(path, n);
		const char *comment = memchr(line.p, '#', line.n);
		if (comment)
			line.n = (size_t)(comment - line.p);
		line = str_trim(line);
		struct str name = {line.p, name_length(line)};
		/* Such a file is for who works on it, and may name his tools among what it needs. */
		if (!is_of_other_tool(name) || is_loaded(t, name))
			add_requirement(p, line, test ? SCOPE_TEST : SCOPE_RUN, test, why);
	}
}

static bool
any_file_with(const struct tree *t, const char *dir, const char *pattern, const char *word)
{
	for (size_t i = 0; i < t->files.n; i++) {
		if (!fs_is_below(t->files.v[i], dir) || !tree_name_is(t->files.v[i], pattern))
			continue;
		OWN(buf) struct buf text = {0};
		if (!word)
			return true;
		tree_read(t, t->files.v[i], &text);
		if (scan_has_word(buf_str(&text), word))
			return true;
	}
	return false;
}

/*
 * unittest finds by itself what lies in packages; a directory of test files that is none must be named.  Below
 * dir, each once.
 */
static void
unittest_dirs(const struct tree *t, const char *dir, struct strlist *ret)
{
	for (size_t i = 0; i < t->files.n && ret->n < MAX_TEST_DIRS; i++) {
		const char *path = t->files.v[i], *name = fs_name(path);
		if (!fs_is_below(path, dir) || name == path || detect_is_aside(path) ||
			!(tree_name_is(path, "test_*.py") || tree_name_is(path, "test*.py")))
			continue;
		OWN_FREE char *in = mem_strndup(path, (size_t)(name - path) - 1);
		OWN_FREE char *package = tree_file(t, in, "__init__.py");
		if (!package && strcmp(in, dir) != 0)
			strlist_add_new(ret, *dir ? in + strlen(dir) + 1 : in);
	}
}

static void
detect_unittest(const struct tree *t, const char *dir, const char *path, struct project *p)
{
	OWN(strlist) struct strlist dirs = {0};
	unittest_dirs(t, dir, &dirs);
	for (size_t i = 0; i < dirs.n; i++) {
		OWN_FREE char *run =
			mem_printf("%spython3 -m unittest discover -v -s '%s'", path, dirs.v[i]);
		if (!strchr(dirs.v[i], '\''))
			detect_test(p, FORMAT_AUTO, NULL, p->evidence, run);
	}
	if (dirs.n)
		return;
	OWN_FREE char *run = mem_printf("%spython3 -m unittest discover -v", path);
	detect_test(p, FORMAT_AUTO, NULL, p->evidence, run);
}

/* Does the project say that its tests are pytest's? */
static bool
declares_pytest(const struct tree *t, const char *dir)
{
	return any_file_with(t, dir, "conftest.py", NULL) ||
	       any_file_with(t, dir, "*.cfg", "pytest") ||
	       any_file_with(t, dir, "*.ini", "pytest") ||
	       any_file_with(t, dir, "*.toml", "pytest") ||
	       any_file_with(t, dir, "requirements*.txt", "pytest");
}

static bool
takes_v(const char *text)
{
	return strstr(text, "unittest.main") || strstr(text, "'-v'") || strstr(text, "\"-v\"");
}

/* A program of its own that runs its tests: heap; NULL. */
static char *
own_runner(const struct tree *t, const char *dir)
{
	static const char *const names[] = {"test.py", "tests.py", "runtests.py", "run_tests.py",
		"run-tests.py", "runtest.py", "alltests.py", "testall.py", NULL};
	for (size_t i = 0; names[i]; i++) {
		OWN(buf) struct buf text = {0};
		OWN_FREE char *path = tree_file(t, dir, names[i]);
		if (!path)
			continue;
		tree_read(t, path, &text);
		bool runs = text.p && strstr(text.p, "__main__");
		if (runs)
			return mem_printf("%s%s", names[i], takes_v(text.p) ? " -v" : "");
	}
	return NULL;
}

/* Where pytest looks by itself. */
static bool
is_file_of_pytest(const char *path)
{
	return tree_name_is(path, "test_*.py") || tree_name_is(path, "*_test.py");
}

static bool
is_test_file(const char *path)
{
	return is_file_of_pytest(path) || tree_name_is(path, "test.py") ||
	       tree_name_is(path, "tests.py");
}

/*
 * "def test_tide():" outside a class, "class TestTide:" of none: what pytest runs, and unittest does not.  A
 * function of one of the other names gives unittest its suites, or runs them; a class beside those of unittest may
 * be what they share.
 */
static bool
is_case_of_pytest(struct str line, bool shared)
{
	static const char *const others[] = {"test", "tests", "test_all", "test_cases", "test_main",
		"test_suite", "test_suites", "test_runner", NULL};
	static const char def[] = "def ", class[] = "class Test";
	if (str_starts(line, class))
		return !shared &&
		       (!memchr(line.p, '(', line.n) || memmem(line.p, line.n, "(object)", 8));
	if (!str_starts(line, def))
		return false;
	struct str rest = {line.p + strlen(def), line.n - strlen(def)}, name;
	return str_next(&rest, '(', &name) && str_starts(name, "test") &&
	       !str_is_one(str_trim(name), others);
}

static bool
has_cases_of_pytest(const struct tree *t, const char *dir)
{
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		OWN(buf) struct buf text = {0};
		if (!fs_is_below(path, dir) || !is_file_of_pytest(path) || detect_is_aside(path))
			continue;
		tree_read(t, path, &text);
		struct str rest = buf_str(&text);
		const bool shared = scan_has_word(rest, "TestCase");
		for (struct str line; str_next_line(&rest, &line);)
			if (is_case_of_pytest(line, shared))
				return true;
	}
	return false;
}

static void
detect_tests(const struct tree *t, const char *dir, struct project *p)
{
	bool test_files = any_file_with(t, dir, "test_*.py", NULL) ||
			  any_file_with(t, dir, "*_test.py", NULL) ||
			  any_file_with(t, dir, "tests.py", NULL);
	bool declared = declares_pytest(t, dir);
	OWN_FREE char *runner = declared ? NULL : own_runner(t, dir);
	if (!test_files && !runner)
		return;
	bool pytest = declared ||
		      (!runner && (is_imported(t, dir, "pytest") || has_cases_of_pytest(t, dir)));
	OWN_FREE char *src = tree_join(dir, "src");
	bool src_layout = any_file_with(t, src, "__init__.py", NULL);
	OWN_FREE char *path = mem_printf("PYTHONPATH=%s ", src_layout ? "src:." : ".");
	if (pytest) {
		detect_need(p, NEED_PYTHON, "pytest", SCOPE_TEST, false, p->evidence);
		/* A module that cannot be loaded is one error, and no reason to run none. */
		OWN_FREE char *run = mem_printf(
			"%spython3 -m pytest --continue-on-collection-errors -v -rA", path);
		detect_test(p, FORMAT_PYTEST, NULL, p->evidence, run);
	} else if (runner) {
		OWN_FREE char *run = mem_printf("%spython3 %s", path, runner);
		detect_test(p, FORMAT_AUTO, NULL, p->evidence, run);
	} else {
		detect_unittest(t, dir, path, p);
	}
}

/* What stands behind the key and "=", with quotes or without; empty: the line is another. */
static struct str
value_of(struct str line, const char *key)
{
	line = str_trim(line);
	if (!str_starts(line, key))
		return (struct str){"", 0};
	size_t n = strlen(key);
	line = str_trim((struct str){line.p + n, line.n - n});
	if (!line.n || line.p[0] != '=')
		return (struct str){"", 0};
	line = str_trim((struct str){line.p + 1, line.n - 1});
	if (!line.n || !strchr("\"'", line.p[0]))
		return line;
	const char *end = memchr(line.p + 1, line.p[0], line.n - 1);
	return end ? (struct str){line.p + 1, (size_t)(end - line.p) - 1} : (struct str){"", 0};
}

/* requires-python of pyproject.toml, python_requires of setup.py and setup.cfg. */
static void
read_python_version(const struct tree *t, const char *path, struct project *p)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct str rest = buf_str(&text), line;
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		struct str version = value_of(line, "requires-python");
		version = version.n ? version : value_of(line, "python_requires");
		OWN_FREE char *why = scan_cite(path, n);
		if (version.n && strchr("<>=!~", version.p[0]))
			detect_program(p, "python3", version, why);
	}
}

static void
read_declared(const struct tree *t, const char *dir, struct project *p)
{
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		if (!detect_is_here(dir, path))
			continue;
		bool lists = tree_name_is(path, "setup.py") || tree_name_is(path, "pyproject.toml");
		if (lists || tree_name_is(path, "setup.cfg"))
			read_python_version(t, path, p);
		if (lists)
			read_lists(t, path, p);
		else if (tree_name_is(path, "setup.cfg") || tree_name_is(path, "tox.ini"))
			read_ini(t, path, p);
		else if (tree_name_is(path, "*requirements*.txt"))
			read_requirements(t, path, p);
	}
}

/* Extension('tide/_moon', ...): built into tide, and put beside it by --inplace. */
static bool
names_extension_by_path(const struct tree *t, const char *setup)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, setup, &text);
	for (const char *at = text.n ? text.p : ""; (at = strstr(at, "Extension(")); at++) {
		const char *name = at + strlen("Extension(");
		name += strspn(name, " \t\n\\");
		if (*name && strchr("'\"", *name) && name[1 + strcspn(name + 1, "'\"/")] == '/')
			return true;
	}
	return false;
}

/* ---- what is imported ---- */

/* Modules and packages of the tree, wherever they are on the path: each directory may be one. */
static void
find_own_modules(const struct tree *t, struct map *ret)
{
	for (size_t i = 0; i < t->files.n; i++) {
		struct str rest = str_of(t->files.v[i]), part;
		while (str_next(&rest, '/', &part)) {
			if (!rest.n && !str_ends(part, ".py"))
				break;
			part.n -= rest.n ? 0 : 3;
			map_put_str(ret, part, ret);
		}
	}
}

/* "import a.b as c, d" and "from a import b", where they stand alone: in a try or a function it may do without. */
static void
read_import(const struct map *own, struct str line, bool test, const char *why, struct project *p)
{
	struct str word, rest = line;
	if (!str_next_word(&rest, &word))
		return;
	bool from = str_eq(word, "from");
	if (!from && !str_eq(word, "import"))
		return;
	while (str_next_word(&rest, &word)) {
		size_t n = 0;
		while (n < word.n && (isalnum((unsigned char)word.p[n]) || word.p[n] == '_'))
			n++;
		OWN_FREE char *name = mem_strndup(word.p, n);
		if (n && !map_get(own, name))
			detect_need(
				p, NEED_PYTHON, name, test ? SCOPE_TEST : SCOPE_BUILD, true, why);
		if (from || word.p[word.n - 1] != ',')
			return;
	}
}

static void
read_imports_of(
	const struct tree *t, const char *path, const struct map *own, bool test, struct project *p)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct str rest = buf_str(&text), line;
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		OWN_FREE char *why = scan_cite(path, n);
		if (line.n && !isspace((unsigned char)line.p[0]))
			read_import(own, line, test, why, p);
	}
}

/* What is loaded for the tests, and not what they read: below a directory of data anything may be imported. */
static bool
is_of_tests(const char *path)
{
	static const char *const below[] = {"test", "tests", NULL};
	static const char *const data[] = {"data", "fixture", "fixtures", "input", "inputs",
		"resources", "sample", "samples", "test_data", "testdata", NULL};
	OWN_FREE char *dir = mem_strndup(path, (size_t)(fs_name(path) - path));
	struct str rest = str_of(dir), part = {"", 0};
	while (str_next(&rest, '/', &part))
		if (str_is_one(part, data))
			return false;
	return str_is_one(part, below) || is_test_file(path) || tree_name_is(path, "conftest.py");
}

static bool
declares_runtime(const struct project *p)
{
	for (size_t i = 0; i < p->needs.n; i++)
		if (p->needs.v[i].kind == NEED_PYTHON && p->needs.v[i].scope == SCOPE_RUN)
			return true;
	return false;
}

/*
 * What tests import where they are loaded is declared at most where somebody develops; of a project that declares
 * nothing at all, its own modules tell as well.
 */
static void
read_undeclared(const struct tree *t, const char *dir, bool declares, struct project *p)
{
	OWN(map) struct map own = {0};
	find_own_modules(t, &own);
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		if (!fs_is_below(path, dir) || !tree_name_is(path, "*.py") || detect_is_aside(path))
			continue;
		bool test = is_of_tests(path), here = detect_is_here(dir, path);
		if (test || (!declares && !here))
			read_imports_of(t, path, &own, test, p);
	}
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	OWN_FREE char *setup = tree_join(dir, "setup.py");
	bool has_setup = tree_has(t, setup);
	detect_need(p, NEED_PROGRAM, "python3", SCOPE_BUILD, false, p->evidence);
	read_declared(t, dir, p);
	read_undeclared(t, dir, declares_runtime(p), p);
	bool extension = any_file_with(t, dir, "setup.py", "Extension") ||
			 any_file_with(t, dir, "setup.py", "ext_modules") ||
			 any_file_with(t, dir, "setup.py", "cffi_modules");
	/* A setup.py that a back end wrote needs that no more. */
	const char *backend = has_setup ? "setuptools" : build_backend(t, dir);
	detect_need(p, NEED_PYTHON, backend, SCOPE_BUILD, false, p->evidence);
	if (extension) {
		detect_compilers(t, dir, p);
		detect_need(p, NEED_PROGRAM, "cc", SCOPE_BUILD, false, setup);
		detect_need(p, NEED_HEADER, "Python.h", SCOPE_BUILD, false, setup);
		detect_includes(t, dir, p);
	}
	if (has_setup) {
		bool path = extension && names_extension_by_path(t, setup);
		detect_command(p, PHASE_BUILD, setup, "python3 setup.py build%s%s",
			extension ? " build_ext --inplace" : "",
			path ? " && cp -R -n build/lib.*/. ." : "");
	} else {
		detect_need(p, NEED_PYTHON, "pip", SCOPE_BUILD, false, p->evidence);
		detect_need(p, NEED_PYTHON, "wheel", SCOPE_BUILD, true, p->evidence);
		detect_command(p, PHASE_BUILD, p->evidence,
			"python3 -m pip wheel --no-build-isolation --no-deps --no-index -w "
			"drydock-build .");
	}
	detect_tests(t, dir, p);
}

/* ---- nothing but sources ---- */

static char *
find_sources(const struct tree *t, const char *dir)
{
	static const char *const names[] = {
		"manage.py", "requirements.txt", "Pipfile", "tox.ini", NULL};
	static const char *const py[] = {".py", NULL};
	char *path = tree_count(t, dir, py) ? tree_find(t, dir, names) : NULL;
	for (size_t i = 0; !path && i < t->files.n; i++)
		if (detect_is_here(dir, t->files.v[i]) && tree_name_is(t->files.v[i], "*.py"))
			path = mem_strdup(t->files.v[i]);
	return path;
}

static void
read_imports(const struct tree *t, const char *dir, struct project *p)
{
	OWN(map) struct map own = {0};
	find_own_modules(t, &own);
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		if (fs_is_below(path, dir) && tree_name_is(path, "*.py") && !detect_is_aside(path))
			read_imports_of(t, path, &own, strstr(path, "test") != NULL, p);
	}
}

static void
read_source_tree(const struct tree *t, const char *dir, struct project *p)
{
	OWN_FREE char *manage = tree_file(t, dir, "manage.py");
	detect_need(p, NEED_PROGRAM, "python3", SCOPE_BUILD, false, p->evidence);
	read_declared(t, dir, p);
	read_imports(t, dir, p);
	static const char *const py[] = {".py", NULL};
	static const char *const pruned[] = {
		"vendor", "node_modules", "*test", "*tests", "fixture*", "template*", NULL};
	detect_command(p, PHASE_BUILD, p->evidence,
		"find . -type d \\( -name vendor -o -name node_modules -o -name '*test' -o -name '*tests' "
		"-o -name 'fixture*' -o -name 'template*' \\) -prune -o -name '*.py' -print0 | "
		"xargs -0 -r python3 -m compileall -q");
	detect_is_check(p, t, dir, py, pruned);
	if (manage && !declares_pytest(t, dir))
		detect_test(p, FORMAT_AUTO, NULL, manage, "python3 manage.py test -v 2");
	else
		detect_tests(t, dir, p);
}

const struct detector detect_python_sources = {SYSTEM_PYTHON, find_sources, read_source_tree};
const struct detector detect_python = {SYSTEM_PYTHON, find, read_project};
