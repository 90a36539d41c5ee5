#include "security/lockfiles.h"

#include "base/fs.h"

#include <ctype.h>
#include <fnmatch.h>

#define MAX_DEPTH 20

struct reading {
	const char *path;
	struct str text;
	struct security_dependency_list *out;
	int64_t *dropped;
};

static void
add(const struct reading *r, const char *ecosystem, struct str name, struct str version,
	int64_t line)
{
	if (!name.n || !version.n || name.n > 300 || version.n > 200)
		return;
	if (r->out->n >= SECURITY_MAX_DEPENDENCIES) {
		++*r->dropped;
		return;
	}
	struct security_dependency *d = security_dependency_list_add(r->out);
	d->ecosystem = mem_strdup(ecosystem);
	d->name = str_dup(name);
	d->version = str_dup(version);
	d->path = mem_strdup(r->path);
	d->line = line;
}

static void
add_json(const struct reading *r, const char *ecosystem, const char *name, const json_t *version)
{
	const char *text = json_string_value(version);
	text = text ? text + strspn(text, "=v ") : NULL;
	if (name && text)
		add(r, ecosystem, str_of(name), str_of(text), 1);
}

/* ---- JSON ---- */

/* Of the second form and the third: a path of directories "node_modules/NAME" for each. */
static void
read_npm_packages(const struct reading *r, json_t *packages)
{
	static const char folder[] = "node_modules/";
	const char *path;
	json_t *package;
	json_object_foreach (packages, path, package) {
		const char *name = NULL,
			   *alias = json_string_value(json_object_get(package, "name"));
		for (const char *s = strstr(path, folder); s; s = strstr(name, folder))
			name = s + sizeof(folder) - 1;
		if (name && !json_is_true(json_object_get(package, "link")))
			add_json(r, "npm", alias ? alias : name,
				json_object_get(package, "version"));
	}
}

static void
read_npm_tree(const struct reading *r, json_t *dependencies, int depth)
{
	const char *name;
	json_t *d;
	json_object_foreach (dependencies, name, d) {
		add_json(r, "npm", name, json_object_get(d, "version"));
		if (depth < MAX_DEPTH)
			read_npm_tree(r, json_object_get(d, "dependencies"), depth + 1);
	}
}

static void
read_npm(const struct reading *r, json_t *root)
{
	json_t *packages = json_object_get(root, "packages");
	if (packages)
		read_npm_packages(r, packages);
	else
		read_npm_tree(r, json_object_get(root, "dependencies"), 0);
}

static void
read_composer(const struct reading *r, json_t *root)
{
	static const char *const lists[] = {"packages", "packages-dev"};
	size_t i;
	json_t *package;
	for (size_t k = 0; k < 2; k++)
		json_array_foreach (json_object_get(root, lists[k]), i, package)
			add_json(r, "Packagist",
				json_string_value(json_object_get(package, "name")),
				json_object_get(package, "version"));
}

static void
read_pipfile(const struct reading *r, json_t *root)
{
	static const char *const sections[] = {"default", "develop"};
	const char *name;
	json_t *package;
	for (size_t k = 0; k < 2; k++)
		json_object_foreach (json_object_get(root, sections[k]), name, package)
			add_json(r, "PyPI", name, json_object_get(package, "version"));
}

/* ---- lines ---- */

/* KEY = "VALUE" */
static struct str
toml_text(struct str line, const char *key)
{
	const struct str none = {"", 0};
	if (!str_starts(line, key))
		return none;
	struct str rest = str_trim((struct str){line.p + strlen(key), line.n - strlen(key)});
	if (!rest.n || rest.p[0] != '=')
		return none;
	rest = str_trim((struct str){rest.p + 1, rest.n - 1});
	return rest.n > 2 && rest.p[0] == '"' && rest.p[rest.n - 1] == '"'
		       ? (struct str){rest.p + 1, rest.n - 2}
		       : none;
}

static void
read_toml(const struct reading *r, const char *ecosystem)
{
	struct str rest = r->text, line, name = {"", 0};
	for (int64_t n = 1; str_next_line(&rest, &line); n++) {
		struct str version = toml_text(line, "version");
		if (str_starts(line, "["))
			name = (struct str){"", 0};
		else if (toml_text(line, "name").n)
			name = toml_text(line, "name");
		else if (version.n) {
			add(r, ecosystem, name, version, n);
			name = (struct str){"", 0};
		}
	}
}

static void
read_cargo(const struct reading *r)
{
	read_toml(r, "Cargo");
}

static void
read_poetry(const struct reading *r)
{
	read_toml(r, "PyPI");
}

static struct str
word_of(struct str s, const char *more)
{
	size_t n = 0;
	s = str_trim(s);
	while (n < s.n && (isalnum((unsigned char)s.p[n]) || strchr(more, s.p[n])))
		n++;
	return (struct str){s.p, n};
}

/* NAME[extras] == VERSION */
static void
read_requirements(const struct reading *r)
{
	struct str rest = r->text, line;
	for (int64_t n = 1; str_next_line(&rest, &line); n++) {
		struct str name = word_of(line, "-_.");
		const char *equals = line.n ? memmem(line.p, line.n, "==", 2) : NULL;
		const char *end = name.p + name.n;
		while (equals && end < equals && (*end == ' ' || *end == '['))
			while (end < equals && *end++ == '[')
				while (end < equals && *end++ != ']')
					;
		if (!equals || end < equals - 1)
			continue;
		size_t at = (size_t)(equals + 2 - line.p);
		struct str version = word_of((struct str){line.p + at, line.n - at}, "-_.+!*");
		if (version.n && !memchr(version.p, '*', version.n))
			add(r, "PyPI", name, version, n);
	}
}

/* "require PATH vVERSION", alone or between parentheses */
static void
read_go(const struct reading *r)
{
	struct str rest = r->text, line, word, version;
	bool inside = false;
	for (int64_t n = 1; str_next_line(&rest, &line); n++) {
		if (!str_next_word(&line, &word))
			continue;
		if (str_eq(word, ")"))
			inside = false;
		bool alone = str_eq(word, "require");
		if (alone && !str_next_word(&line, &word))
			continue;
		if (alone && str_eq(word, "("))
			inside = true;
		else if ((alone || inside) && str_next_word(&line, &version) && version.n > 1 &&
			 version.p[0] == 'v')
			add(r, "Go", word, (struct str){version.p + 1, version.n - 1}, n);
	}
}

/* "    NAME (VERSION)" below "specs:" */
static void
read_gems(const struct reading *r)
{
	struct str rest = r->text, line;
	bool specs = false;
	for (int64_t n = 1; str_next_line(&rest, &line); n++) {
		if (!line.n || line.p[0] != ' ')
			specs = false;
		else if (str_eq(str_trim(line), "specs:"))
			specs = true;
		else if (specs && str_starts(line, "    ") && line.n > 5 && line.p[4] != ' ') {
			struct str name = word_of(line, "-_.");
			size_t at = (size_t)(name.p + name.n - line.p);
			struct str tail = str_trim((struct str){line.p + at, line.n - at});
			if (tail.n > 2 && tail.p[0] == '(')
				add(r, "RubyGems", name,
					word_of((struct str){tail.p + 1, tail.n - 1}, "."), n);
		}
	}
}

/* ---- which ---- */

static const struct {
	const char *pattern;
	void (*json)(const struct reading *r, json_t *root);
	void (*lines)(const struct reading *r);
} kinds[] = {
	{"package-lock.json", read_npm, NULL},
	{"npm-shrinkwrap.json", read_npm, NULL},
	{"composer.lock", read_composer, NULL},
	{"Pipfile.lock", read_pipfile, NULL},
	{"Cargo.lock", NULL, read_cargo},
	{"poetry.lock", NULL, read_poetry},
	{"requirements*.txt", NULL, read_requirements},
	{"go.mod", NULL, read_go},
	{"Gemfile.lock", NULL, read_gems},
};

bool
lockfile_is(const char *path)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (fnmatch(kinds[i].pattern, fs_name(path), 0) == 0)
			return true;
	return false;
}

int64_t
lockfile_read(const char *path, struct str text, struct security_dependency_list *ret)
{
	int64_t dropped = 0;
	const struct reading r = {path, text, ret, &dropped};
	OWN_JSON json_t *root = NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (fnmatch(kinds[i].pattern, fs_name(path), 0) != 0)
			continue;
		if (kinds[i].lines)
			kinds[i].lines(&r);
		else if (json_parse(text, &root, NULL) == 0)
			kinds[i].json(&r, root);
		break;
	}
	return dropped;
}
