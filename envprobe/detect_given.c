/*
 * Variables of the environment that a configuration of continuous integration gives the tests: GitHub's workflows, GitLab's
 * .gitlab-ci.yml, Travis' .travis.yml, tox.ini.  Whoever wrote the file had them set where the tests passed.  What is taken is
 * bounded and told by its shape: a name and a value of plain characters, none that speaks of a secret or moves what
 * programs, libraries and interpreters are loaded; and only what some source of the tree names.
 */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "base/yaml.h"
#include "envprobe/references.h"
#include "envprobe/scan.h"
#include "record/answers.h"

#include <ctype.h>
#include <string.h>

#define MAX_GIVEN 20
#define MAX_FILES 20
#define MAX_NAME 64
#define MAX_VALUE 200

struct giver { /* a file that gives variables */
	const struct tree *t;
	const char *path;
	struct str text;
	struct given_variable_list *out;
};

/* ---- shapes ---- */

/* What decides which programs, libraries, options and files others use, or is about the machine, or one that is compiled for. */
static bool
is_of_machine(const char *name)
{
	static const char *const names[] = {"HOME", "USER", "SHELL", "IFS", "ENV", "TERM",
		"DISPLAY", "EDITOR", "PAGER", "BROWSER", "CC", "CXX", "CPP", "LD", "AR", "TMP",
		"TEMP", "TMPDIR", "PWD", "LOGNAME", "LANG", "LANGUAGE", "TZ", "CI", "OS", "ARCH",
		"GOOS", "GOARCH", NULL};
	static const char *const starts[] = {"LD_", "DYLD_", "LC_", "BASH", "PYTHON", "PERL",
		"RUBY", "NODE_", "JAVA_", "JDK_", "GIT_", "GITHUB_", "GITLAB_", "CI_", "RUNNER_",
		"TRAVIS", "DEBIAN_", "APT_", "DOCKER_", "SSH_", "GPG_", "XDG_", "MAKE", "CROSS_",
		"CARGO_", "RUSTC", "DRYDOCK", NULL};
	static const char *const ends[] = {
		"PATH", "FLAGS", "OPTS", "OPTIONS", "_OPT", "PRELOAD", "PROXY", "HOME", NULL};
	for (size_t i = 0; starts[i]; i++)
		if (str_starts(str_of(name), starts[i]))
			return true;
	return str_is_one(str_of(name), names) || str_ends_one(str_of(name), ends);
}

static bool
is_plain_name(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	return n > 1 && n <= MAX_NAME && !name[n] && isupper((unsigned char)*name);
}

/* No expression, nothing of a shell, and no user's name before the host of an address. */
static bool
is_plain_value(struct str v)
{
	if (!v.n || v.n > MAX_VALUE)
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!isalnum((unsigned char)v.p[i]) && !(v.p[i] && strchr("_.,:/+=@%-", v.p[i])))
			return false;
	return !(memmem(v.p, v.n, "://", 3) && memchr(v.p, '@', v.n));
}

/* More than a question would be taken for: whoever is asked decides, and here nobody is. */
static bool
may_be_secret(const char *name)
{
	static const char *const ends[] = {"PASS", "_KEY", "_AUTH", "_CREDS", NULL};
	OWN_FREE char *id = mem_printf("env:%s", name);
	return str_ends_one(str_of(name), ends) || answers_is_secret(NULL, id);
}

static bool
may_give(const char *name, struct str value)
{
	return is_plain_name(name) && is_plain_value(value) && !is_of_machine(name) &&
	       !may_be_secret(name);
}

/* ---- places ---- */

/* The first line that begins with the name, as a key or an assignment. */
static unsigned
line_of(struct str text, const char *name)
{
	struct str line;
	size_t n = strlen(name);
	for (unsigned i = 1; str_next_line(&text, &line); i++)
		for (const char *at = line.p, *end = line.p + line.n;
			line.n && (at = memmem(at, (size_t)(end - at), name, n)); at += n) {
			const char *behind = at + n;
			while (behind < end && *behind == ' ')
				behind++;
			bool word =
				at == line.p || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
			if (word && behind < end && strchr(":=", *behind))
				return i;
		}
	return 1;
}

static void
give(struct giver *g, const char *name, struct str value)
{
	if (g->out->n >= MAX_GIVEN || !may_give(name, value))
		return;
	for (size_t i = 0; i < g->out->n; i++)
		if (strcmp(g->out->v[i].name, name) == 0)
			return; /* the first that is told counts */
	*given_variable_list_add(g->out) = (struct given_variable){.name = mem_strdup(name),
		.value = str_dup(value),
		.where = scan_cite(g->path, line_of(g->text, name))};
}

/* "A=b", quotes taken off the value. */
static void
give_assignment(struct giver *g, struct str text)
{
	struct str name, value = text;
	if (!str_next(&value, '=', &name))
		return;
	value = str_trim(value);
	if (value.n > 1 && strchr("'\"", value.p[0]) && value.p[value.n - 1] == value.p[0])
		value = (struct str){value.p + 1, value.n - 2};
	OWN_FREE char *plain = str_dup(str_trim(name));
	give(g, plain, value);
}

static void
give_mapping(struct giver *g, const json_t *mapping)
{
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)mapping, name, value) {
		if (json_is_string(value))
			give(g, name, str_of(json_string_value(value)));
	}
}

/* ---- the files ---- */

/* A word of letters: "test", "runTests", "pytest", "check", and not "latest" or "checkout". */
static bool
is_of_tests(struct str word)
{
	static const char *const whole[] = {"test", "check", "checks", "distcheck", "installcheck",
		"prove", "spec", "specs", "rspec", "pytest", "ctest", "gotest", "nextest",
		"unittest", "doctest", "selftest", "runtest", "tox", "nox", "jest", "mocha",
		"vitest", "phpunit", "verify", NULL};
	OWN(buf) struct buf lower = {0};
	for (size_t i = 0; i < word.n; i++)
		buf_putc(&lower, (char)tolower((unsigned char)word.p[i]));
	return str_is_one(buf_str(&lower), whole) || str_ends(buf_str(&lower), "tests") ||
	       str_starts(buf_str(&lower), "test");
}

/* Does a text, or one of several, run tests? */
static bool
runs_tests(const json_t *script)
{
	const char *at = json_is_string(script) ? json_string_value(script) : "";
	size_t i;
	json_t *one;
	while (*at) {
		const char *from = at;
		while (isalpha((unsigned char)*at))
			at++;
		if (at > from && is_of_tests((struct str){from, (size_t)(at - from)}))
			return true;
		at += at == from;
	}
	json_array_foreach (script, i, one)
		if (json_is_string(one) && runs_tests(one))
			return true;
	return false;
}

static void
read_workflow(struct giver *g, const json_t *file)
{
	const char *name;
	json_t *job, *step;
	size_t i;
	bool any = false;
	json_object_foreach (json_object_get(file, "jobs"), name, job) {
		bool tests = false;
		json_array_foreach (json_object_get(job, "steps"), i, step) {
			if (!runs_tests(json_object_get(step, "run")))
				continue;
			tests = true;
			give_mapping(g, json_object_get(step, "env"));
		}
		if (tests)
			give_mapping(g, json_object_get(job, "env"));
		any = any || tests;
	}
	if (any)
		give_mapping(g, json_object_get(file, "env"));
}

static void
read_gitlab(struct giver *g, const json_t *file)
{
	const char *name;
	json_t *job;
	bool any = false;
	json_object_foreach ((json_t *)file, name, job) {
		if (!runs_tests(json_object_get(job, "script")))
			continue;
		any = true;
		give_mapping(g, json_object_get(job, "variables"));
	}
	if (any)
		give_mapping(g, json_object_get(file, "variables"));
}

/* "A=b C=d": one entry of a list, or all of them. */
static void
give_words(struct giver *g, const json_t *env)
{
	struct str rest = str_of(json_string_value(env)), word;
	size_t i;
	json_t *one;
	while (str_next_word(&rest, &word))
		give_assignment(g, word);
	json_array_foreach (env, i, one)
		if (json_is_string(one))
			give_words(g, one);
}

/* Entries of a matrix are alternatives, of which the first counts. */
static void
read_travis(struct giver *g, const json_t *file)
{
	const json_t *env = json_object_get(file, "env");
	if (json_is_string(env))
		give_words(g, env);
	give_words(g, json_array_get(env, 0));
	if (!json_is_object(env))
		return;
	const json_t *global = json_object_get(env, "global");
	const json_t *matrix = json_object_get(env, "matrix");
	const json_t *jobs = json_object_get(env, "jobs");
	give_mapping(g, global);
	give_words(g, global);
	give_words(g, json_array_get(matrix ? matrix : jobs, 0));
	if (!global && !matrix && !jobs)
		give_mapping(g, env);
}

/* setenv of [testenv]: what stands behind it, and the lines below that are indented. */
static void
read_tox(struct giver *g)
{
	struct str rest = g->text, line;
	bool within = false, on = false;
	while (str_next_line(&rest, &line)) {
		struct str plain = str_trim(line), key;
		if (str_starts(line, "["))
			within = str_starts(line, "[testenv]");
		bool deeper = line.n && isspace((unsigned char)line.p[0]);
		if (plain.n && !deeper) {
			struct str value = plain;
			on = within && str_next(&value, '=', &key) &&
			     (str_eq(str_trim(key), "setenv") || str_eq(str_trim(key), "set_env"));
			plain = on ? str_trim(value) : plain;
		}
		if (on && plain.n && plain.p[0] != '#')
			give_assignment(g, plain);
	}
}

static void
read_file(const struct tree *t, const char *path, void (*read)(struct giver *g, const json_t *file),
	struct given_variable_list *out)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *file = NULL;
	tree_read(t, path, &text);
	struct giver g = {t, path, buf_str(&text), out};
	if (!read)
		read_tox(&g);
	else if (yaml_parse(g.text, &file, &err) == 0) /* what cannot be read gives nothing */
		read(&g, file);
}

/* ---- who reads them ---- */

static bool
is_code(const char *path)
{
	static const char *const data[] = {
		".yml", ".yaml", ".toml", ".json", ".lock", ".xml", NULL};
	return !references_is_silent(path) && !str_ends_one(str_of(path), data) && *path != '.' &&
	       strcmp(fs_name(path), "tox.ini") != 0;
}

/* Set `read` of those that the text names. */
static size_t
find_readers(const char *path, struct str text, struct given_variable_list *l)
{
	size_t found = 0;
	for (size_t i = 0; i < l->n; i++) {
		struct given_variable *v = &l->v[i];
		if (v->read || !scan_has_word(text, v->name))
			continue;
		struct str rest = text, line;
		unsigned n = 1;
		while (str_next_line(&rest, &line) && !scan_has_word(line, v->name))
			n++;
		v->read = scan_cite(path, n);
		found++;
	}
	return found;
}

static void
keep_what_is_read(const struct tree *t, struct given_variable_list *l)
{
	size_t left = l->n, kept = 0;
	for (size_t i = 0; left && i < t->files.n; i++) {
		OWN(buf) struct buf text = {0};
		if (!is_code(t->files.v[i]))
			continue;
		tree_read(t, t->files.v[i], &text);
		if (text.n)
			left -= find_readers(t->files.v[i], buf_str(&text), l);
	}
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].read)
			l->v[kept++] = l->v[i];
		else
			given_variable_cleanup(&l->v[i]);
	l->n = kept;
}

void
detect_given(const struct tree *t, struct project *p)
{
	static const struct {
		const char *path;
		void (*read)(struct giver *g, const json_t *file);
	} files[] = {
		{".gitlab-ci.yml", read_gitlab}, {".travis.yml", read_travis}, {"tox.ini", NULL}};
	static const char *const yaml[] = {".yml", ".yaml", NULL};
	const char *const workflows = ".github/workflows";
	size_t n = 0;
	for (size_t i = 0; i < t->files.n && n < MAX_FILES; i++)
		if (fs_is_below(t->files.v[i], workflows) &&
			str_ends_one(str_of(t->files.v[i]), yaml)) {
			read_file(t, t->files.v[i], read_workflow, &p->given);
			n++;
		}
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (tree_has(t, files[i].path))
			read_file(t, files[i].path, files[i].read, &p->given);
	keep_what_is_read(t, &p->given);
}
