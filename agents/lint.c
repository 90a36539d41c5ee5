#include "agents/lint.h"

#include "agents/hook.h"
#include "agents/inventory.h"
#include "agents/touched.h"
#include "base/map.h"
#include "base/yaml.h"

#include <ctype.h>
#include <string.h>

#define CONFIG_MAX ((size_t)1 << 20)
#define TEXT_MAX 300
#define FINDINGS_MAX 100
#define PRE_COMMIT ".pre-commit-config.yaml"

/* ---- the tools ---- */

#define C_FILES ".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh", ".m", ".proto"
#define JS_FILES ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".vue"
#define MAKE(target) \
	{ \
		.name = "make " target, .program = "make", .package = "make", \
		.run = "make " target, .whole = true, .asked = { \
			"Makefile:" target, \
			"makefile:" target, \
			"GNUmakefile:" target \
		} \
	}
#define SCRIPT(script) \
	{ \
		.name = "npm run " script, .program = "npm", .run = "npm run --silent " script, \
		.whole = true, .suffixes = {JS_FILES}, .asked = { \
			"package.json!" script \
		} \
	}

static const struct lint_tool tools[] = {
	{.name = "clang-format",
		.program = "clang-format",
		.package = "clang-format",
		.run = "clang-format --style=file --fallback-style=none --dry-run -Werror",
		.suffixes = {C_FILES},
		.asked = {".clang-format", "_clang-format"},
		.hooks = {"clang-format"}},
	{.name = "flake8",
		.program = "flake8",
		.package = "flake8",
		.run = "flake8",
		.suffixes = {".py"},
		.asked = {".flake8", "setup.cfg#[flake8", "tox.ini#[flake8"},
		.hooks = {"flake8"}},
	{.name = "pycodestyle",
		.program = "pycodestyle",
		.package = "pycodestyle",
		.run = "pycodestyle",
		.suffixes = {".py"},
		.asked = {"setup.cfg#[pycodestyle", "tox.ini#[pycodestyle"},
		.hooks = {"pycodestyle"}},
	{.name = "ruff",
		.program = "ruff",
		.package = "ruff",
		.run = "ruff check --no-cache --output-format=concise",
		.suffixes = {".py"},
		.asked = {"ruff.toml", ".ruff.toml", "pyproject.toml#[tool.ruff"},
		.hooks = {"ruff", "ruff-check"}},
	{.name = "black",
		.program = "black",
		.package = "black",
		.run = "black --check --diff --quiet",
		.suffixes = {".py", ".pyi"},
		.asked = {"pyproject.toml#[tool.black"},
		.hooks = {"black"}},
	{.name = "isort",
		.program = "isort",
		.package = "isort",
		.run = "isort --check-only --diff --quiet",
		.suffixes = {".py"},
		.asked = {".isort.cfg", "setup.cfg#[isort", "tox.ini#[isort",
			"pyproject.toml#[tool.isort"},
		.hooks = {"isort"}},
	{.name = "pylint",
		.program = "pylint",
		.package = "pylint",
		.run = "pylint --score=n --msg-template='{path}:{line}:{column}: {msg_id}: {msg}'",
		.suffixes = {".py"},
		.asked = {".pylintrc", "pylintrc", "setup.cfg#[pylint",
			"pyproject.toml#[tool.pylint"},
		.hooks = {"pylint"}},
	{.name = "mypy",
		.program = "mypy",
		.package = "mypy",
		.run = "mypy --no-error-summary --hide-error-context --cache-dir=/dev/null",
		.suffixes = {".py"},
		.asked = {"mypy.ini", ".mypy.ini", "setup.cfg#[mypy", "pyproject.toml#[tool.mypy"},
		.hooks = {"mypy"}},
	{.name = "eslint",
		.program = "eslint",
		.package = "eslint",
		.run = "eslint --format stylish",
		.suffixes = {JS_FILES},
		.asked = {".eslintrc", ".eslintrc.js", ".eslintrc.cjs", ".eslintrc.json",
			".eslintrc.yml", ".eslintrc.yaml", "eslint.config.js", "eslint.config.mjs",
			"eslint.config.cjs"},
		.hooks = {"eslint"}},
	{.name = "prettier",
		.program = "prettier",
		.run = "prettier --check",
		.suffixes = {JS_FILES},
		.asked = {".prettierrc", ".prettierrc.json", ".prettierrc.yml", ".prettierrc.yaml",
			".prettierrc.js", ".prettierrc.cjs", "prettier.config.js"},
		.hooks = {"prettier"}},
	{.name = "gofmt",
		.program = "gofmt",
		.package = "golang-go",
		.run = "gofmt -d",
		.suffixes = {".go"},
		.asked = {"go.mod"},
		.hooks = {"gofmt", "go-fmt"}},
	{.name = "rustfmt",
		.program = "rustfmt",
		.package = "rustfmt",
		.run = "rustfmt --check",
		.suffixes = {".rs"},
		.asked = {"rustfmt.toml", ".rustfmt.toml"},
		.hooks = {"rustfmt", "fmt"}},
	{.name = "shellcheck",
		.program = "shellcheck",
		.package = "shellcheck",
		.run = "shellcheck --format=gcc",
		.suffixes = {".sh", ".bash"},
		.asked = {".shellcheckrc"},
		.hooks = {"shellcheck"}},
	{.name = "yamllint",
		.program = "yamllint",
		.package = "yamllint",
		.run = "yamllint --format=parsable",
		.suffixes = {".yml", ".yaml"},
		.asked = {".yamllint", ".yamllint.yml", ".yamllint.yaml"},
		.hooks = {"yamllint"}},
	{.name = "rubocop",
		.program = "rubocop",
		.package = "rubocop",
		.run = "rubocop --format=emacs --cache=false",
		.suffixes = {".rb"},
		.asked = {".rubocop.yml"},
		.hooks = {"rubocop"}},
	{.name = "phpcs",
		.program = "phpcs",
		.package = "php-codesniffer",
		.run = "phpcs --report=emacs -q",
		.suffixes = {".php"},
		.asked = {"phpcs.xml", "phpcs.xml.dist", ".phpcs.xml", ".phpcs.xml.dist"}},
	{.name = "codespell",
		.program = "codespell",
		.package = "codespell",
		.run = "codespell",
		.asked = {".codespellrc", "setup.cfg#[codespell", "pyproject.toml#[tool.codespell"},
		.hooks = {"codespell"}},
	MAKE("lint"),
	MAKE("check-format"),
	MAKE("format-check"),
	MAKE("check-style"),
	SCRIPT("lint"),
	SCRIPT("format:check"),
};
#define TOOLS (sizeof(tools) / sizeof(*tools))

const struct lint_tool *
lint_tool_of(const char *name)
{
	for (size_t i = 0; i < TOOLS; i++)
		if (strcmp(tools[i].name, name) == 0)
			return &tools[i];
	return NULL;
}

static bool
is_for(const struct lint_tool *t, const char *path)
{
	return !t->suffixes[0] || str_ends_one(str_of(path), t->suffixes);
}

/* The name of a file in a spec of what asks. */
static struct str
file_of(const char *spec)
{
	return (struct str){spec, strcspn(spec, "#:!")};
}

bool
lint_is_config(const char *path)
{
	struct str name = str_behind(str_of(path), "/");
	for (size_t i = 0; i < TOOLS; i++)
		for (size_t k = 0; k < LINT_SPECS && tools[i].asked[k]; k++) {
			struct str file = file_of(tools[i].asked[k]);
			if (file.n == name.n && memcmp(file.p, name.p, name.n) == 0)
				return true;
		}
	/* What these begin belongs to a linter, also where it is no row above: lists of what is left, of words, of what is ignored. */
	static const char *const begins[] = {".eslint", "eslint.config.", ".prettier",
		"prettier.config.", ".clang-format", ".clang-tidy", ".editorconfig", ".rubocop",
		".flake8", ".pylint", ".pycodestyle", ".mypy", ".isort", ".codespell", ".yamllint",
		".shellcheck", ".stylelint", ".markdownlint", ".golangci", ".phpcs", "phpcs.xml",
		"phpstan.", ".php-cs", ".php_cs", ".rustfmt", "clippy.toml", ".clippy",
		"tslint.json", "biome.json", ".hadolint", ".ruff", "mypy.ini", ".bandit",
		".semgrep", ".style.yapf", NULL};
	for (size_t i = 0; begins[i]; i++)
		if (str_starts(name, begins[i]))
			return true;
	return inventory_is_build(path) || str_eq(name, PRE_COMMIT);
}

/* ---- what asks for them ---- */

static bool
has_line(struct str text, const char *start)
{
	struct str line;
	while (str_next_line(&text, &line))
		if (str_starts(line, start))
			return true;
	return false;
}

static bool
has_target(struct str text, const char *target)
{
	struct str line, names, name;
	while (str_next_line(&text, &line)) {
		if (!line.n || line.p[0] == '\t' || !memchr(line.p, ':', line.n) ||
			!str_next(&line, ':', &names) || (line.n && line.p[0] == '='))
			continue;
		while (str_next_word(&names, &name))
			if (str_eq(name, target))
				return true;
	}
	return false;
}

static bool
has_script(struct str text, const char *script)
{
	OWN_JSON json_t *j = NULL;
	return json_parse(text, &j, NULL) == 0 &&
	       json_is_string(json_object_get(json_object_get(j, "scripts"), script));
}

/* dir: "" or "a/b". */
static char *
below(const char *dir, struct str name)
{
	return mem_printf("%s%s" STR_FMT, dir, *dir ? "/" : "", STR_ARG(name));
}

/* The file in dir that asks for it; heap, NULL: none. */
static char *
asks_in(const struct lint_host *h, const struct lint_tool *t, const char *dir)
{
	for (size_t i = 0; i < LINT_SPECS && t->asked[i]; i++) {
		struct str file = file_of(t->asked[i]);
		const char *how = t->asked[i] + file.n;
		OWN_FREE char *path = below(dir, file);
		OWN(buf) struct buf text = {.max = CONFIG_MAX};
		if (!h->read(h->ctx, path, &text))
			continue;
		struct str s = buf_str(&text);
		if (!*how || (*how == '#' && has_line(s, how + 1)) ||
			(*how == ':' && has_target(s, how + 1)) ||
			(*how == '!' && has_script(s, how + 1)))
			return TAKE(path);
	}
	return NULL;
}

static json_t *
entry(json_t *list, const char *name, const char *dir, const char *why)
{
	size_t i;
	json_t *one;
	json_array_foreach (list, i, one)
		if (strcmp(json_string_in(one, "name"), name) == 0 &&
			strcmp(json_string_in(one, "dir"), dir) == 0)
			return one;
	one = json_pack("{s:o, s:o, s:o, s:[], s:[]}", "name", json_text(str_of(name)), "dir",
		json_text(str_of(dir)), "why", json_text(str_of(why)), "args", "paths");
	json_array_append_new(list, one);
	return one;
}

static void
add_path(json_t *one, const char *path)
{
	json_t *paths = json_object_get(one, "paths"), *known;
	size_t i;
	json_array_foreach (paths, i, known)
		if (strcmp(json_string_value(known), path) == 0)
			return;
	json_array_append_new(paths, json_text(str_of(path)));
}

/* The nearest directory above the file that asks for the tool. */
static void
ask_above(const struct lint_host *h, const struct lint_tool *t, const char *path, json_t *list)
{
	OWN_FREE char *dir = mem_strdup(path);
	while (*dir) {
		char *slash = strrchr(dir, '/');
		*(slash ? slash : dir) = 0;
		OWN_FREE char *why = asks_in(h, t, dir);
		if (!why)
			continue;
		add_path(entry(list, t->name, dir, why), path);
		return;
	}
}

/* ---- pre-commit ---- */

static const struct lint_tool *
tool_of_hook(const char *id)
{
	for (size_t i = 0; i < TOOLS; i++)
		for (size_t k = 0; k < LINT_SPECS && tools[i].hooks[k]; k++)
			if (strcmp(tools[i].hooks[k], id) == 0)
				return &tools[i];
	return NULL;
}

static void
take_hook(const json_t *config, const json_t *hook, const struct strlist *paths, json_t *list)
{
	const char *id = json_string_in(hook, "id");
	const struct lint_tool *t = tool_of_hook(id);
	OWN(strlist) struct strlist seen = {0};
	bool readable = !*id || hook_paths(config, hook, paths, &seen);
	json_t *one = NULL;
	for (size_t k = 0; *id && k < seen.n; k++) {
		if (t && !is_for(t, seen.v[k]))
			continue;
		one = entry(list, t ? t->name : id, "", PRE_COMMIT);
		add_path(one, seen.v[k]);
	}
	if (one && !readable && strcmp(json_string_in(one, "why"), PRE_COMMIT) == 0)
		json_object_set_new(one, "not",
			json_string(
				"the patterns that say which files it looks at cannot be read"));
	if (one && !json_array_size(json_object_get(one, "args")))
		json_object_set_new(one, "args", hook_args(hook));
}

static void
ask_pre_commit(const struct lint_host *h, const struct strlist *paths, json_t *list)
{
	OWN(buf) struct buf text = {.max = CONFIG_MAX};
	OWN_JSON json_t *j = NULL;
	size_t i, k;
	json_t *repo, *hook;
	if (!h->read(h->ctx, PRE_COMMIT, &text) || yaml_parse(buf_str(&text), &j, NULL) < 0)
		return;
	json_array_foreach (json_object_get(j, "repos"), i, repo)
		json_array_foreach (json_object_get(repo, "hooks"), k, hook)
			take_hook(j, hook, paths, list);
}

json_t *
lint_asked(const struct lint_host *host, const struct strlist *paths)
{
	json_t *list = json_array();
	for (size_t i = 0; i < TOOLS; i++)
		for (size_t k = 0; k < paths->n; k++)
			if (is_for(&tools[i], paths->v[k]))
				ask_above(host, &tools[i], paths->v[k], list);
	if (paths->n)
		ask_pre_commit(host, paths, list);
	return list;
}

/* ---- running ---- */

static struct str
in_dir(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return n && strncmp(path, dir, n) == 0 && path[n] == '/' ? str_of(path + n + 1)
								 : str_of(path);
}

void
lint_put_ready(const struct lint_tool *tool, const char *root, const json_t *asked, struct buf *out)
{
	OWN_FREE char *where = mem_printf("%s/%s", root, json_string_in(asked, "dir"));
	buf_puts(out, "exec 2>&1; cd ");
	buf_put_shell(out, str_of(where));
	buf_printf(out,
		" || exit 127; PATH=$PWD/node_modules/.bin:$PWD/vendor/bin:%s/node_modules/.bin:$PATH; "
		"export PATH NO_COLOR=1 TERM=dumb; command -v %s >/dev/null || exit 127; ",
		root, tool->program);
}

void
lint_put_command(const struct lint_tool *tool, const char *root, const json_t *asked,
	const struct strlist *paths, struct buf *out)
{
	const char *dir = json_string_in(asked, "dir");
	size_t i;
	json_t *arg;
	lint_put_ready(tool, root, asked, out);
	buf_printf(out, "exec %s", tool->run);
	json_array_foreach (json_object_get(asked, "args"), i, arg) {
		buf_putc(out, ' ');
		buf_put_shell(out, str_of(json_string_value(arg)));
	}
	for (i = 0; !tool->whole && i < paths->n; i++) {
		OWN_FREE char *path = mem_printf("./" STR_FMT, STR_ARG(in_dir(paths->v[i], dir)));
		buf_putc(out, ' ');
		buf_put_shell(out, str_of(path));
	}
}

/* ---- what they print ---- */

struct finding {
	const char *path; /* of the files of the change, borrowed */
	int64_t line;	  /* 0: of the whole file */
	char *text;
};

struct reading {
	const char *root, *dir;
	const json_t *files;
	struct finding *v;
	size_t n, cap;
	bool others;	  /* it said something of other files */
	const char *file; /* that what follows is about; NULL */
	int64_t line;	  /* of a diff: the next of the file as it is */
	bool in_diff, told_here;
};

static void
reading_cleanup(struct reading *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].text);
	free(r->v);
}

/* The file of the change that a tool means; NULL: another one. */
static const char *
file_meant(const struct reading *r, struct str s)
{
	OWN_FREE char *said = str_dup(str_trim(s));
	const char *p = said;
	size_t n = strlen(r->root);
	if (strncmp(p, r->root, n) == 0 && p[n] == '/')
		return json_string_value(
			json_object_get(json_find(r->files, "path", p + n + 1), "path"));
	while (p[0] == '.' && p[1] == '/')
		p += 2;
	OWN_FREE char *path = below(r->dir, str_of(p));
	return json_string_value(json_object_get(json_find(r->files, "path", path), "path"));
}

static void
add_finding(struct reading *r, const char *path, int64_t line, struct str text)
{
	OWN(buf) struct buf safe = {.max = TEXT_MAX};
	buf_put_visible(&safe, str_trim(text));
	r->v = mem_grow(r->v, r->n, &r->cap, sizeof(*r->v));
	r->v[r->n++] = (struct finding){path, line, buf_take(&safe)};
}

/* A number that ends at one of these; the rest goes behind it. */
static bool
take_number(struct str *rest, const char *ends, int64_t *ret)
{
	size_t n = 0;
	uint64_t value;
	while (n < rest->n && isdigit((unsigned char)rest->p[n]))
		n++;
	if (!n || !str_parse_u64((struct str){rest->p, n}, UINT32_MAX, &value) ||
		(n < rest->n && !strchr(ends, rest->p[n])))
		return false;
	*rest = (struct str){rest->p + n + (n < rest->n), rest->n - n - (n < rest->n)};
	*ret = (int64_t)value;
	return true;
}

/* "PATH:LINE: TEXT", with a column or without. */
static bool
read_place(struct reading *r, struct str line)
{
	struct str rest = line, path;
	int64_t n, column;
	if (!str_next(&rest, ':', &path) || !rest.n)
		return false;
	const char *file = file_meant(r, path);
	if (!take_number(&rest, ":", &n))
		return false;
	r->others = r->others || !file;
	if (!file)
		return true;
	(void)take_number(&rest, ":", &column);
	add_finding(r, file, n, rest);
	return true;
}

#define WOULD_CHANGE STR("the formatter would write this otherwise")

/* Lines of a diff from the file as it is to what a formatter makes of it. */
static void
read_diff_line(struct reading *r, struct str line)
{
	char first = line.n ? line.p[0] : ' ';
	if (first != '-' && first != '+') {
		r->told_here = false;
		r->line += first == ' ';
		return;
	}
	if (first == '-' || !r->told_here)
		add_finding(r, r->file, r->line, WOULD_CHANGE);
	r->told_here = true;
	r->line += first == '-';
}

static bool
read_diff(struct reading *r, struct str line)
{
	static const char *const ends[] = {":after", ".orig", NULL};
	if (str_starts(line, "+++ ")) {
		struct str rest = {line.p + 4, line.n - 4}, path = rest;
		(void)str_next(&rest, '\t', &path);
		for (size_t i = 0; ends[i]; i++)
			if (str_ends(path, ends[i]))
				path.n -= strlen(ends[i]);
		r->file = file_meant(r, path);
		r->in_diff = false;
		return true;
	}
	if (str_starts(line, "--- ") || str_starts(line, "diff "))
		return !(r->in_diff = false);
	if (r->file && str_starts(line, "@@ -")) {
		struct str rest = {line.p + 4, line.n - 4};
		r->told_here = false;
		return r->in_diff = take_number(&rest, ", ", &r->line);
	}
	if (r->in_diff)
		read_diff_line(r, line);
	return r->in_diff;
}

/* "Diff in PATH at line N:", "Diff in PATH:N:": what follows is a diff. */
static bool
read_rust(struct reading *r, struct str line)
{
	struct str rest = {line.p + 8, line.n - 8};
	const char *at = line.n > 8 ? memmem(rest.p, rest.n, " at line ", 9) : NULL;
	if (!str_starts(line, "Diff in "))
		return false;
	struct str path = {rest.p, at ? (size_t)(at - rest.p) : rest.n};
	if (!at)
		(void)str_next(&rest, ':', &path);
	else
		rest = (struct str){at + 9, rest.n - (size_t)(at + 9 - rest.p)};
	r->file = file_meant(r, path);
	r->told_here = false;
	r->in_diff = r->file && take_number(&rest, ":", &r->line);
	return true;
}

/* A file on a line of its own, and "  LINE:COLUMN  TEXT" below it. */
static bool
read_grouped(struct reading *r, struct str line)
{
	struct str rest = str_trim(line);
	int64_t n, column;
	const char *file = rest.n ? file_meant(r, rest) : NULL;
	if (file) {
		r->file = file;
		return true;
	}
	if (!r->file || !line.n || (line.p[0] != ' ' && line.p[0] != '\t') ||
		!take_number(&rest, ":", &n) || !take_number(&rest, " ", &column))
		return false;
	add_finding(r, r->file, n, rest);
	return true;
}

/* "[warn] PATH", "would reformat PATH". */
static void
read_whole(struct reading *r, struct str line)
{
	static const char *const marks[] = {"[warn] ", "would reformat ", NULL};
	for (size_t i = 0; marks[i]; i++) {
		size_t n = strlen(marks[i]);
		const char *file = str_starts(line, marks[i])
					   ? file_meant(r, (struct str){line.p + n, line.n - n})
					   : NULL;
		if (file)
			add_finding(
				r, file, 0, STR("the formatter would write this file otherwise"));
	}
}

static void
read_printed(struct reading *r, struct str printed)
{
	struct str line;
	while (str_next_line(&printed, &line)) {
		if (read_rust(r, line) || read_diff(r, line))
			continue;
		if (!read_place(r, line) && !read_grouped(r, line))
			read_whole(r, line);
	}
}

/* ---- what is new ---- */

/* Of what kind it is: its file and text, without numbers; heap. */
static char *
kind_of(const struct finding *f)
{
	OWN(buf) struct buf out = {0};
	buf_printf(&out, "%s:%d:", f->path, f->line > 0);
	for (const char *p = f->text; *p; p++)
		if (!isdigit((unsigned char)*p))
			buf_putc(&out, *p);
	return buf_take(&out);
}

static void
count_kinds(const struct reading *r, struct map *ret)
{
	for (size_t i = 0; i < r->n; i++) {
		OWN_FREE char *kind = kind_of(&r->v[i]);
		map_put(ret, kind, (void *)((size_t)map_get(ret, kind) + 1));
	}
}

static void
tell(const char *path, int64_t line, const char *tool, const char *text, json_t *findings)
{
	if (json_array_size(findings) < FINDINGS_MAX)
		json_array_append_new(
			findings, json_pack("{s:o, s:I, s:o, s:o}", "path", json_text(str_of(path)),
					  "line", (json_int_t)line, "kind", json_text(str_of(tool)),
					  "text", json_text(str_of(text))));
}

static size_t
tell_new(const struct reading *was, const struct reading *is, const char *tool, json_t *findings)
{
	OWN(map) struct map before = {0}, after = {0};
	size_t n = 0;
	count_kinds(was, &before);
	count_kinds(is, &after);
	for (size_t i = 0; i < is->n; i++) {
		const struct finding *f = &is->v[i];
		OWN_FREE char *kind = kind_of(f);
		const json_t *lines = json_object_get(json_find(is->files, "path", f->path), "is");
		bool more = (size_t)map_get(&after, kind) > (size_t)map_get(&before, kind);
		if (!more || (f->line && !touched_has(lines, f->line)))
			continue;
		tell(f->path, f->line, tool, f->text, findings);
		n++;
	}
	return n;
}

static struct str
last_line(struct str printed)
{
	struct str line, last = STR("it printed nothing");
	while (str_next_line(&printed, &line))
		last = str_trim(line).n ? str_trim(line) : last;
	return last;
}

bool
lint_compare(const json_t *asked, const char *root, const json_t *files, const struct lint_run *was,
	const struct lint_run *is, json_t *findings)
{
	const char *name = json_string_in(asked, "name"), *dir = json_string_in(asked, "dir");
	OWN(reading)
	struct reading before = {.root = root, .dir = dir, .files = files}, after = before;
	if (was)
		read_printed(&before, was->printed);
	read_printed(&after, is->printed);
	bool content = !was || was->status == 0,
	     silent = was && was->status != 0 && !before.n && !before.others;
	/* That it breaks now says nothing of what it would find. */
	bool broken = !content && is->status != 0 && !after.n && !after.others;
	if (silent || broken)
		return false;
	if (tell_new(&before, &after, name, findings) || is->status == 0 || !content)
		return true;
	if (!was && !after.n)
		return false;
	/* It was content with all of it, and is no more. */
	OWN(buf) struct buf text = {.max = TEXT_MAX};
	if (after.n)
		buf_puts(&text, after.v[0].text);
	else
		buf_put_visible(&text, last_line(is->printed));
	tell(after.n ? after.v[0].path : "", after.n ? after.v[0].line : 0, name,
		text.n ? text.p : "", findings);
	return true;
}
