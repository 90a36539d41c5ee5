#include "envprobe/cargo_manifest.h"

#include <ctype.h>
#include <string.h>

#define MAX_CRATES 2000
#define MAX_DEPTH 30

void
cargo_manifest_cleanup(struct cargo_manifest *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].name);
		free(m->v[i].version);
		free(m->v[i].git);
		strlist_cleanup(&m->v[i].features);
	}
	free(m->v);
	free(m->package);
	free(m->rust);
	*m = (struct cargo_manifest){0};
}

/* ---- platforms ---- */

struct cfg {
	struct str rest;
	int depth;
};

static bool cfg_holds(struct cfg *c);

static struct str
cfg_word(struct cfg *c)
{
	size_t n = 0;
	c->rest = str_trim(c->rest);
	while (n < c->rest.n && (isalnum((unsigned char)c->rest.p[n]) || c->rest.p[n] == '_'))
		n++;
	struct str word = {c->rest.p, n};
	c->rest = str_trim((struct str){c->rest.p + n, c->rest.n - n});
	return word;
}

static bool
cfg_takes(struct cfg *c, char what)
{
	c->rest = str_trim(c->rest);
	if (!c->rest.n || c->rest.p[0] != what)
		return false;
	c->rest.p++;
	c->rest.n--;
	return true;
}

/* The list of all(), any() and not(), behind its parenthesis. */
static bool
cfg_list(struct cfg *c, bool any)
{
	bool value = !any;
	if (++c->depth > MAX_DEPTH)
		return false;
	while (c->rest.n && !cfg_takes(c, ')')) {
		bool one = cfg_holds(c);
		value = any ? value || one : value && one;
		if (!cfg_takes(c, ',') && (!c->rest.n || c->rest.p[0] != ')'))
			break;
	}
	c->depth--;
	return value;
}

static bool
cfg_value_is_here(struct str key, struct str value)
{
	return (str_eq(key, "target_os") && str_eq(value, "linux")) ||
	       (str_eq(key, "target_family") && str_eq(value, "unix")) ||
	       (str_eq(key, "target_env") && str_eq(value, "gnu")) ||
#if defined(__x86_64__)
	       (str_eq(key, "target_arch") && str_eq(value, "x86_64")) ||
#elif defined(__aarch64__)
	       (str_eq(key, "target_arch") && str_eq(value, "aarch64")) ||
#endif
	       (str_eq(key, "target_pointer_width") && str_eq(value, "64")) ||
	       (str_eq(key, "target_endian") && str_eq(value, "little"));
}

static bool
cfg_holds(struct cfg *c)
{
	struct str word = cfg_word(c), value;
	if (cfg_takes(c, '(')) {
		bool any = str_eq(word, "any"), list = cfg_list(c, any);
		return str_eq(word, "not") ? !list : list;
	}
	if (!cfg_takes(c, '='))
		return str_eq(word, "unix");
	if (!cfg_takes(c, '"') || !str_next(&c->rest, '"', &value))
		return false;
	return cfg_value_is_here(word, value);
}

bool
cargo_target_is_here(struct str target)
{
	if (!str_starts(target, "cfg("))
		return memmem(target.p, target.n, "-linux-gnu", 10) != NULL;
	struct cfg c = {.rest = {target.p + 4, target.n - 4}};
	return cfg_holds(&c);
}

/* ---- TOML ---- */

static bool
is_key_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* The text of a quoted string that begins here; p NULL: none does. */
static struct str
quoted(struct str s)
{
	s = str_trim(s);
	char q = s.n ? s.p[0] : 0;
	const char *end = q == '"' || q == '\'' ? memchr(s.p + 1, q, s.n - 1) : NULL;
	return end ? (struct str){s.p + 1, (size_t)(end - s.p - 1)} : (struct str){NULL, 0};
}

/* What stands behind `key =` in an inline table; p NULL: it is not there. */
static struct str
value_of(struct str table, const char *key)
{
	size_t n = strlen(key);
	for (size_t i = 0; i + n < table.n; i++) {
		if (memcmp(table.p + i, key, n) != 0 || (i && is_key_char(table.p[i - 1])))
			continue;
		struct str rest = str_trim((struct str){table.p + i + n, table.n - i - n});
		if (rest.n && rest.p[0] == '=')
			return str_trim((struct str){rest.p + 1, rest.n - 1});
	}
	return (struct str){NULL, 0};
}

static int
open_brackets(struct str s)
{
	int depth = 0;
	char quote = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '#')
			break;
		else
			depth += (c == '[' || c == '{') - (c == ']' || c == '}');
	}
	return depth;
}

/* ---- sections ---- */

struct section {
	bool package;
	bool crates; /* a table of dependencies */
	enum crate_use use;
	bool foreign;
	struct crate *one; /* [dependencies.NAME]: its keys follow */
};

struct reader {
	struct cargo_manifest *m;
	struct section now;
	unsigned line;
};

static struct crate *
add_crate(struct reader *r, struct str name)
{
	struct cargo_manifest *m = r->m;
	if (m->n >= MAX_CRATES)
		return NULL;
	m->v = mem_grow(m->v, m->n, &m->cap, sizeof(*m->v));
	m->v[m->n] = (struct crate){.name = str_dup(name),
		.use = r->now.use,
		.foreign = r->now.foreign,
		.line = r->line};
	return &m->v[m->n++];
}

/* A part of a dotted name, its quotes taken off: a, 'cfg(x = "y")', b */
static bool
next_part(struct str *rest, struct str *ret)
{
	*rest = str_trim(*rest);
	if (!rest->n)
		return false;
	struct str in_quotes = quoted(*rest);
	size_t n = in_quotes.p ? in_quotes.n + 2 : 0;
	while (!in_quotes.p && n < rest->n && rest->p[n] != '.')
		n++;
	*ret = in_quotes.p ? in_quotes : str_trim((struct str){rest->p, n});
	*rest = (struct str){rest->p + n, rest->n - n};
	if (rest->n && rest->p[0] == '.')
		*rest = (struct str){rest->p + 1, rest->n - 1};
	return true;
}

static void
open_section(struct reader *r, struct str name)
{
	struct str part, rest = name;
	r->now = (struct section){
		.package = str_eq(name, "package") || str_eq(name, "workspace.package")};
	if (!next_part(&rest, &part))
		return;
	if (str_eq(part, "target") && next_part(&rest, &part)) {
		r->now.foreign = !cargo_target_is_here(part);
		if (!next_part(&rest, &part))
			return;
	} else if (str_eq(part, "workspace") && !next_part(&rest, &part)) {
		return;
	}
	r->now.crates = str_eq(part, "dependencies") || str_eq(part, "build-dependencies") ||
			str_eq(part, "dev-dependencies");
	r->now.use = str_eq(part, "dev-dependencies") ? CRATE_DEV : CRATE_BUILD;
	if (r->now.crates && next_part(&rest, &part))
		r->now.one = add_crate(r, part);
}

static void
add_features(struct crate *c, struct str list)
{
	while (list.n && list.p[0] != ']') {
		struct str one = quoted(list);
		if (one.p && list.p[0] != ',') {
			strlist_add_str(&c->features, one);
			list = (struct str){
				one.p + one.n + 1, list.n - (size_t)(one.p + one.n + 1 - list.p)};
		} else {
			list = (struct str){list.p + 1, list.n - 1};
		}
	}
}

/* Without "user:password@". */
static char *
without_login(struct str url)
{
	const char *scheme = memmem(url.p, url.n, "://", 3);
	size_t at = scheme ? (size_t)(scheme - url.p) + 3 : 0;
	const char *slash = memchr(url.p + at, '/', url.n - at);
	size_t host = slash ? (size_t)(slash - url.p) : url.n;
	const char *login = scheme ? memrchr(url.p + at, '@', host - at) : NULL;
	size_t from = login ? (size_t)(login - url.p) + 1 : at;
	return mem_printf("%.*s%.*s", (int)at, url.p, (int)(url.n - from), url.p + from);
}

/* One key of a crate, in an inline table or a section of its own. */
static void
set_keys(struct crate *c, struct str table)
{
	struct str s;
	if ((s = quoted(value_of(table, "version"))).p) {
		free(c->version);
		c->version = str_dup(s);
	}
	if ((s = quoted(value_of(table, "package"))).p) {
		free(c->name);
		c->name = str_dup(s);
	}
	if ((s = quoted(value_of(table, "git"))).p) {
		free(c->git);
		c->git = without_login(s);
	}
	s = value_of(table, "features");
	if (s.p)
		add_features(c, s);
	c->optional = c->optional || str_starts(value_of(table, "optional"), "true");
	c->no_default = c->no_default || str_starts(value_of(table, "default-features"), "false");
	c->local = c->local || value_of(table, "path").p || value_of(table, "workspace").p;
}

static void
read_crate(struct reader *r, struct str key, struct str value)
{
	const char *dot = key.n ? memchr(key.p, '.', key.n) : NULL;
	struct str name = {key.p, dot ? (size_t)(dot - key.p) : key.n};
	struct crate *c = add_crate(r, name);
	struct str version = quoted(value);
	if (!c)
		return;
	if (dot) /* NAME.workspace = true */
		c->local = memmem(dot, key.n - name.n, "workspace", 9) || c->local;
	else if (version.p)
		c->version = str_dup(version);
	else
		set_keys(c, value);
}

static void
read_line(struct reader *r, struct str line)
{
	size_t n = 0;
	while (n < line.n && (is_key_char(line.p[n]) || line.p[n] == '.'))
		n++;
	struct str key = {line.p, n}, rest = str_trim((struct str){line.p + n, line.n - n});
	if (!n || !rest.n || rest.p[0] != '=')
		return;
	struct str value = str_trim((struct str){rest.p + 1, rest.n - 1}), text = quoted(value);
	if (r->now.one)
		set_keys(r->now.one, line);
	else if (r->now.crates)
		read_crate(r, key, value);
	else if (r->now.package && text.p && str_eq(key, "name") && !r->m->package)
		r->m->package = str_dup(text);
	else if (r->now.package && text.p && str_eq(key, "rust-version") && !r->m->rust)
		r->m->rust = str_dup(text);
}

void
cargo_manifest_read(struct str text, struct cargo_manifest *ret)
{
	struct reader r = {.m = ret};
	OWN(buf) struct buf all = {.max = 65536}; /* a value of several lines */
	struct str line;
	int depth = 0;
	*ret = (struct cargo_manifest){0};
	for (unsigned n = 1; str_next_line(&text, &line); n++) {
		line = str_trim(line);
		if (!line.n || line.p[0] == '#')
			continue;
		if (!depth && line.p[0] == '[') {
			while (line.n && line.p[0] == '[')
				line.p++, line.n--;
			const char *end = line.n ? memrchr(line.p, ']', line.n) : NULL;
			while (end && end > line.p && end[-1] == ']')
				end--;
			r.line = n;
			open_section(&r, (struct str){line.p, end ? (size_t)(end - line.p) : 0});
			continue;
		}
		if (!depth) {
			buf_reset(&all);
			r.line = n;
		}
		depth += open_brackets(line);
		buf_add_str(&all, line);
		buf_putc(&all, ' ');
		if (depth <= 0) {
			depth = 0;
			read_line(&r, buf_str(&all));
		}
	}
}
