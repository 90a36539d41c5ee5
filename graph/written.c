#include "graph/written.h"

#include "base/fs.h"
#include "graph/graph.h"
#include "graph/sql_text.h"
#include "graph/uses.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#define MAX_ENTITIES 20000
#define MAX_KEYS 2000 /* of one file of configuration; more than that is data */
#define MAX_REFS 20000
#define MAX_NAME 200
#define MAX_DEPTH 32

struct written {
	struct facts *f;
	struct strlist *owned;
	struct str rest;
	uint32_t line;
	size_t max_entities;
};

static uint32_t
own(void *ctx, const char *s)
{
	struct written *w = ctx;
	strlist_add(w->owned, s);
	return facts_string(w->f, str_of(w->owned->v[w->owned->n - 1]));
}

static bool
next_line(struct written *w, struct str *ret)
{
	w->line++;
	return str_next_line(&w->rest, ret);
}

/* Its number; 0: there are too many. */
static uint32_t
add_entity(struct written *w, enum graph_kind kind, uint32_t name, uint32_t parent)
{
	if (!name || w->f->nentities >= w->max_entities)
		return 0;
	struct fact_entity *e = facts_add_entity(w->f);
	e->kind = (uint8_t)kind;
	e->name = name;
	e->parent = parent;
	e->line = e->end = w->line;
	return (uint32_t)w->f->nentities;
}

static void
add_ref(struct written *w, enum graph_relation r, uint32_t from, uint32_t name, bool likely)
{
	if (!name || w->f->nrefs >= MAX_REFS)
		return;
	struct fact_ref *ref = facts_add_ref(w->f);
	ref->relation = (uint8_t)r;
	ref->from = from;
	ref->name = name;
	ref->line = w->line;
	ref->flags = likely ? FACT_LIKELY : 0;
}

static uint32_t
view(struct written *w, struct str s)
{
	return s.n <= MAX_NAME ? facts_string(w->f, s) : 0;
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static struct str
unquoted(struct str s)
{
	s = str_trim(s);
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		return (struct str){s.p + 1, s.n - 2};
	return s;
}

/* ---- keys of configuration ---- */

static bool
is_key(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_word(s.p[i]) && !strchr(".-:/@", s.p[i]))
			return false;
	return s.n && s.n <= 100 && !(s.p[0] >= '0' && s.p[0] <= '9');
}

static bool
is_variable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_word(s.p[i]))
			return false;
	return s.n && !(s.p[0] >= '0' && s.p[0] <= '9');
}

/* Its value may name a service; nothing else of it is kept. */
static uint32_t
add_key(struct written *w, struct str section, char separator, struct str key, struct str value)
{
	OWN(buf) struct buf b = {.max = MAX_NAME};
	if (section.n)
		buf_printf(&b, STR_FMT "%c", STR_ARG(section), separator);
	buf_add_str(&b, key);
	uint32_t e = b.truncated ? 0 : add_entity(w, KIND_CONFIG_KEY, own(w, b.p), 0);
	struct str service = e ? uses_service(unquoted(value)) : (struct str){"", 0};
	if (service.n)
		add_ref(w, REL_CONNECTS, e, view(w, service), true);
	return e;
}

static void
read_assignments(struct written *w, const char *path)
{
	struct str line, section = {"", 0};
	bool env = str_starts(str_of(fs_name(path)), ".env") || str_ends(str_of(path), ".env");
	while (next_line(w, &line)) {
		line = str_trim(line);
		if (!line.n || line.p[0] == '#' || line.p[0] == ';' || line.p[0] == '!')
			continue;
		if (line.p[0] == '[' && line.p[line.n - 1] == ']') {
			while (line.n && line.p[0] == '[')
				line = (struct str){line.p + 1, line.n - 1};
			while (line.n && line.p[line.n - 1] == ']')
				line.n--;
			section = line.n <= 100 ? line : (struct str){"", 0};
			continue;
		}
		if (env && str_starts(line, "export "))
			line = str_trim((struct str){line.p + 7, line.n - 7});
		size_t n = 0;
		while (n < line.n && line.p[n] != '=' &&
			!(line.p[n] == ':' && str_ends(str_of(path), ".properties")))
			n++;
		struct str key = unquoted((struct str){line.p, n});
		if (n == line.n || !is_key(key))
			continue;
		uint32_t e =
			add_key(w, section, '.', key, (struct str){line.p + n + 1, line.n - n - 1});
		if (e && env && is_variable(key))
			add_ref(w, REL_CONFIGURES, e, view(w, key), false);
	}
}

/* ---- YAML, as far as its keys go ---- */

struct level {
	size_t indent;
	struct str key;
};

static void
join_levels(const struct level *v, size_t n, struct buf *ret)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(ret, "%s" STR_FMT, i ? "." : "", STR_ARG(v[i].key));
}

/* Under `environment:` of a service: "- NAME=value", "NAME: value". */
static void
read_compose(struct written *w, const struct level *v, size_t n, struct str key, uint32_t service)
{
	bool here = n >= 3 && str_eq(v[0].key, "services") && str_eq(v[2].key, "environment");
	size_t k = 0;
	while (k < key.n && is_word(key.p[k]))
		k++;
	if (here && k)
		add_ref(w, REL_CONFIGURES, service, view(w, (struct str){key.p, k}), false);
}

static void
read_yaml(struct written *w, bool compose)
{
	struct level v[MAX_DEPTH];
	struct str line;
	size_t n = 0;
	uint32_t service = 0;
	while (next_line(w, &line)) {
		size_t indent = 0;
		while (indent < line.n && line.p[indent] == ' ')
			indent++;
		struct str s = str_trim((struct str){line.p + indent, line.n - indent});
		if (!s.n || s.p[0] == '#' || str_starts(s, "---"))
			continue;
		bool item = str_starts(s, "- ");
		while (n && v[n - 1].indent >= indent + (item ? 1 : 0))
			n--;
		if (item) {
			if (compose)
				read_compose(
					w, v, n, unquoted((struct str){s.p + 2, s.n - 2}), service);
			continue;
		}
		const char *colon = memchr(s.p, ':', s.n);
		struct str key = {s.p, colon ? (size_t)(colon - s.p) : 0};
		if (!colon || (key.n + 1 < s.n && s.p[key.n + 1] != ' ') ||
			!is_key(unquoted(key)) || n == MAX_DEPTH)
			continue;
		struct str value = str_trim((struct str){s.p + key.n + 1, s.n - key.n - 1});
		key = unquoted(key);
		if (compose)
			read_compose(w, v, n, key, service);
		if (compose && n == 1 && str_eq(v[0].key, "services"))
			service = add_entity(w, KIND_SERVICE, view(w, key), 0);
		v[n++] = (struct level){indent, key};
		OWN(buf) struct buf above = {.max = MAX_NAME};
		join_levels(v, n - 1, &above);
		if (!compose && value.n && !above.truncated)
			(void)add_key(w, buf_str(&above), '.', key, value);
	}
}

/* ---- JSON, as far as its keys go ---- */

static size_t
behind_string(struct str s, size_t i)
{
	for (i++; i < s.n && s.p[i] != '"'; i++)
		i += s.p[i] == '\\';
	return i < s.n ? i + 1 : s.n;
}

struct json_reader {
	struct written *w;
	struct level v[MAX_DEPTH]; /* indent: 1 in an array */
	size_t n;
	bool package; /* package.json: its scripts are targets */
	char separator;
};

static void
json_value(struct json_reader *r, struct str key, struct str value)
{
	OWN(buf) struct buf above = {.max = MAX_NAME};
	if (r->package) {
		if (r->n == 2 && str_eq(r->v[1].key, "scripts"))
			(void)add_entity(r->w, KIND_TARGET, view(r->w, key), 0);
		return;
	}
	for (size_t i = 1; i < r->n; i++)
		buf_printf(&above, "%s" STR_FMT, i > 1 ? (char[2]){r->separator, 0} : "",
			STR_ARG(r->v[i].key));
	if (!above.truncated && is_key(key))
		(void)add_key(r->w, buf_str(&above), r->separator, key, value);
}

static void
read_json(struct written *w, const char *name)
{
	struct json_reader r = {.w = w,
		.package = strcmp(name, "package.json") == 0,
		.separator = strncmp(name, "appsettings", 11) == 0 ? ':' : '.'};
	struct str s = w->rest, key = {"", 0};
	w->line = 1;
	for (size_t i = 0; i < s.n;) {
		char c = s.p[i];
		if (c == '"') {
			size_t end = behind_string(s, i), after = end;
			struct str text = {s.p + i + 1, end - i > 1 ? end - i - 2 : 0};
			while (after < s.n &&
				(s.p[after] == ' ' || s.p[after] == '\n' || s.p[after] == '\t'))
				after++;
			if (after < s.n && s.p[after] == ':')
				key = text;
			else if (key.n && r.n && !r.v[r.n - 1].indent)
				json_value(&r, key, text);
			i = end;
			continue;
		}
		w->line += c == '\n';
		if ((c == '{' || c == '[') && r.n < MAX_DEPTH)
			r.v[r.n++] = (struct level){c == '[', key};
		else if (c == '{' || c == '[')
			return;
		else if ((c == '}' || c == ']') && r.n)
			r.n--;
		else if (key.n && r.n && !r.v[r.n - 1].indent && (is_word(c) || c == '-') &&
			 s.p[i - 1] != '.' && !is_word(s.p[i - 1]))
			json_value(&r, key, (struct str){"", 0});
		if (c == '{' || c == '[' || c == ',')
			key = (struct str){"", 0};
		i++;
	}
}

/* ---- build files ---- */

static bool
is_plain(struct str s)
{
	return s.n && s.n <= MAX_NAME && !memchr(s.p, '$', s.n) && !memchr(s.p, '%', s.n) &&
	       !memchr(s.p, '=', s.n) && !memchr(s.p, '*', s.n) && !memchr(s.p, '<', s.n) &&
	       !memchr(s.p, '>', s.n);
}

static void
read_make_rule(struct written *w, struct str targets, struct str needs)
{
	struct str word;
	size_t first = w->f->nentities;
	while (str_next_word(&targets, &word))
		if (is_plain(word) && word.p[0] != '.')
			(void)add_entity(w, KIND_TARGET, view(w, word), 0);
	const char *comment = memchr(needs.p, '#', needs.n);
	needs.n = comment ? (size_t)(comment - needs.p) : needs.n;
	while (str_next_word(&needs, &word))
		for (size_t e = first; e < w->f->nentities && is_plain(word) && word.p[0] != '|';
			e++)
			add_ref(w, REL_DEPENDS_ON, (uint32_t)e + 1, view(w, word), false);
}

static void
read_make(struct written *w)
{
	struct str line;
	size_t rule = 0; /* index + 1 of the target whose recipe follows */
	while (next_line(w, &line)) {
		if (line.n && line.p[0] == '\t') {
			if (rule)
				w->f->entities[rule - 1].end = w->line;
			continue;
		}
		const char *colon = memchr(line.p, ':', line.n);
		const char *equal = memchr(line.p, '=', line.n);
		rule = 0;
		if (!colon || (equal && equal <= colon + 2) || line.p[0] == '#' || line.p[0] == ' ')
			continue;
		size_t before = w->f->nentities, at = (size_t)(colon - line.p);
		read_make_rule(
			w, (struct str){line.p, at}, (struct str){colon + 1, line.n - at - 1});
		rule = w->f->nentities > before ? w->f->nentities : 0;
	}
}

/* The words of "name(a b 'c')" up to its parenthesis, over lines; the first is given to `first`. */
static void
read_call_words(struct written *w, struct str s, bool first_is_target)
{
	uint32_t target = 0;
	for (unsigned lines = 0; lines < 400; lines++) {
		size_t i = 0;
		while (i < s.n && s.p[i] != ')' && s.p[i] != '#') {
			size_t from = i;
			while (i < s.n && !strchr(" \t,()'\"#:", s.p[i]))
				i++;
			struct str word = {s.p + from, i - from};
			bool option = word.n > 2 &&
				      strspn(word.p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") >= word.n;
			if (word.n && !target && first_is_target && is_plain(word) && !option)
				target = add_entity(w, KIND_TARGET, view(w, word), 0);
			else if (word.n && target && is_plain(word) && !option)
				add_ref(w, REL_DEPENDS_ON, target, view(w, word), false);
			i += i == from;
		}
		if (i < s.n && s.p[i] == ')')
			break;
		if (!next_line(w, &s))
			break;
	}
	if (target)
		w->f->entities[target - 1].end = w->line;
}

static void
read_called_targets(struct written *w)
{
	static const char *const makers[] = {"add_executable", "add_library", "add_custom_target",
		"add_test", "executable", "library", "static_library", "shared_library",
		"both_libraries", "custom_target", "test", NULL};
	struct str line;
	while (next_line(w, &line)) {
		const char *open = memchr(line.p, '(', line.n);
		size_t end = open ? (size_t)(open - line.p) : 0, from;
		while (end && line.p[end - 1] == ' ')
			end--;
		for (from = end; from && is_word(line.p[from - 1]);)
			from--;
		struct str name = {line.p + from, end - from};
		for (const char *const *m = makers; open && *m; m++)
			if (name.n == strlen(*m) && strncasecmp(name.p, *m, name.n) == 0) {
				read_call_words(w,
					(struct str){
						open + 1, (size_t)(line.p + line.n - open - 1)},
					true);
				break;
			}
	}
}

static void
read_dockerfile(struct written *w)
{
	struct str line, word;
	while (next_line(w, &line)) {
		struct str s = line;
		if (!str_next_word(&s, &word))
			continue;
		if (strncasecmp(word.p, "FROM", 4) == 0 && word.n == 4) {
			struct str before = {"", 0};
			while (str_next_word(&s, &word)) {
				if (before.n == 2 && strncasecmp(before.p, "as", 2) == 0)
					(void)add_entity(w, KIND_TARGET, view(w, word), 0);
				before = word;
			}
		} else if (word.n == 3 && (strncasecmp(word.p, "ENV", 3) == 0 ||
						  strncasecmp(word.p, "ARG", 3) == 0)) {
			while (str_next_word(&s, &word)) {
				const char *equal = memchr(word.p, '=', word.n);
				struct str key = {
					word.p, equal ? (size_t)(equal - word.p) : word.n};
				if (is_variable(key))
					add_ref(w, REL_CONFIGURES, 0, view(w, key), false);
				if (!equal)
					break;
			}
		}
	}
}

/* ---- documents ---- */

/* Does it look like a name of code, a path, a variable? */
static bool
looks_named(struct str s)
{
	bool mixed = false, upper = false, lower = false;
	if (s.n < 3 || s.n > 120 || s.p[0] == '-' || s.p[0] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!is_word(c) && !strchr("./:()-", c))
			return false;
		mixed |= c == '_' || c == '/' || c == '(' || (c == '.' && i + 1 < s.n) || c == ':';
		upper |= c >= 'A' && c <= 'Z';
		lower |= c >= 'a' && c <= 'z';
	}
	return mixed || upper;
}

/* What stands between backticks. */
static void
read_mentions(struct written *w, struct str line, uint32_t section)
{
	const char *p = line.p, *end = line.p + line.n;
	while (p < end && (p = memchr(p, '`', (size_t)(end - p)))) {
		while (p < end && *p == '`')
			p++;
		const char *close = memchr(p, '`', (size_t)(end - p));
		if (!close)
			return;
		struct str s = {p, (size_t)(close - p)};
		while (close < end && *close == '`')
			close++;
		p = close;
		bool called = str_ends(s, "()");
		if (called)
			s.n -= 2;
		if ((called || looks_named(s)) && !memchr(s.p, '(', s.n))
			add_ref(w, REL_DOCUMENTS, section, view(w, s), false);
	}
}

struct open_section {
	unsigned level;
	uint32_t entity;
};

struct document {
	struct written *w;
	struct open_section v[8];
	size_t n;
};

static void
open_heading(struct document *d, unsigned level, struct str title, uint32_t line)
{
	while (d->n && d->v[d->n - 1].level >= level) {
		struct fact_entity *e = &d->w->f->entities[d->v[--d->n].entity - 1];
		e->end = line > e->line ? line - 1 : e->line;
	}
	while (title.n && (title.p[title.n - 1] == '#' || title.p[title.n - 1] == ' '))
		title.n--;
	if (title.n > MAX_NAME)
		title.n = MAX_NAME;
	uint32_t parent = d->n ? d->v[d->n - 1].entity : 0;
	uint32_t e = d->n < 8 ? add_entity(d->w, KIND_SECTION, view(d->w, title), parent) : 0;
	if (!e)
		return;
	d->w->f->entities[e - 1].line = line;
	d->v[d->n++] = (struct open_section){level, e};
}

/* A line of one sign under a title. */
static unsigned
underline_level(struct str line, struct str title)
{
	static const char signs[] = "=-~^";
	line = str_trim(line);
	const char *sign = line.n > 2 ? strchr(signs, line.p[0]) : NULL;
	if (!sign || !title.n || title.n > MAX_NAME || line.n + 3 < title.n)
		return 0;
	for (size_t i = 1; i < line.n; i++)
		if (line.p[i] != line.p[0])
			return 0;
	return (unsigned)(sign - signs) + 1;
}

static void
read_document(struct written *w)
{
	struct document d = {.w = w};
	struct str line, before = {"", 0};
	bool fenced = false;
	while (next_line(w, &line)) {
		struct str s = str_trim(line);
		if (str_starts(s, "```") || str_starts(s, "~~~")) {
			fenced = !fenced;
			before = (struct str){"", 0};
			continue;
		}
		if (fenced)
			continue;
		size_t n = 0;
		while (n < line.n && (line.p[n] == '#' || line.p[n] == '='))
			n++;
		unsigned under = underline_level(line, before);
		if (n && n <= 6 && n < line.n && line.p[n] == ' ')
			open_heading(&d, (unsigned)n,
				str_trim((struct str){line.p + n, line.n - n}), w->line);
		else if (under)
			open_heading(&d, under, before, w->line - 1);
		else
			read_mentions(w, line, d.n ? d.v[d.n - 1].entity : 0);
		bool title = line.n && line.p[0] != ' ' && !strchr("-*|>+", line.p[0]);
		before = title ? s : (struct str){"", 0};
	}
	while (d.n)
		w->f->entities[d.v[--d.n].entity - 1].end = w->line > 1 ? w->line - 1 : 1;
}

static void
read_sql(struct written *w)
{
	const struct sql_text t = {.f = w->f, .line = 1, .own = own, .ctx = w};
	sql_text_facts(&t, w->rest);
}

/* ---- which file is what ---- */

static bool
is_configuration(const char *path)
{
	static const char *const patterns[] = {"application*", "appsettings*", "config*",
		"settings*", "values.y*ml", "*.config.*", "*-config.*", "*_config.*", "conf.*",
		"database.y*ml", NULL};
	static const char *const dirs[] = {"/config/", "/conf/", "/settings/", NULL};
	for (const char *const *p = patterns; *p; p++)
		if (fnmatch(*p, fs_name(path), 0) == 0)
			return true;
	OWN_FREE char *whole = mem_printf("/%s", path);
	for (const char *const *d = dirs; *d; d++)
		if (strstr(whole, *d))
			return true;
	return false;
}

static bool
reads_keys(struct written *w, const char *path, const char *name)
{
	static const char *const assigned[] = {
		".properties", ".ini", ".toml", ".env", ".cfg", ".conf", NULL};
	w->max_entities = MAX_KEYS;
	if (str_ends_one(str_of(name), assigned) || strncmp(name, ".env", 4) == 0) {
		read_assignments(w, path);
	} else if (str_ends(str_of(name), ".yml") || str_ends(str_of(name), ".yaml")) {
		bool compose = fnmatch("*compose*.y*ml", name, 0) == 0;
		if (!compose && !is_configuration(path))
			return false;
		read_yaml(w, compose);
	} else if (str_ends(str_of(name), ".json") &&
		   (strcmp(name, "package.json") == 0 || is_configuration(path))) {
		read_json(w, name);
	} else {
		return false;
	}
	return true;
}

static bool
reads_build(struct written *w, const char *name)
{
	if (fnmatch("*[Mm]akefile*", name, 0) == 0 || str_ends(str_of(name), ".mk"))
		read_make(w);
	else if (strcmp(name, "CMakeLists.txt") == 0 || strcmp(name, "meson.build") == 0)
		read_called_targets(w);
	else if (fnmatch("*Dockerfile*", name, 0) == 0 || strcmp(name, "Containerfile") == 0)
		read_dockerfile(w);
	else
		return false;
	return true;
}

bool
written_facts(const char *path, struct str text, struct facts *ret, struct strlist *owned)
{
	static const char *const documents[] = {".md", ".markdown", ".rst", ".txt", ".adoc", NULL};
	const char *name = fs_name(path);
	struct written w = {.f = ret, .owned = owned, .rest = text, .max_entities = MAX_ENTITIES};
	if (reads_build(&w, name) || reads_keys(&w, path, name))
		return true;
	/* What was made of the map is no source of it. */
	if (str_starts(text, GRAPH_PAGE_MARK))
		return true;
	if (str_ends_one(str_of(path), documents))
		read_document(&w);
	else if (str_ends(str_of(path), ".sql"))
		read_sql(&w);
	else
		return false;
	return true;
}
