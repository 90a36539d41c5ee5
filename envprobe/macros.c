#include "envprobe/macros.h"

#include "base/fs.h"
#include "envprobe/detect.h"

#include <ctype.h>
#include <string.h>

#define MAX_BYTES ((size_t)64 << 20) /* of a tree that are read; of a larger one nothing is said */

static const char *const prefixes[] = {"HAVE_", "WITH_", "USE_", "ENABLE_", NULL};

static bool
is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* What stands behind the prefix of a macro of a feature; empty: it is none. */
static struct str
feature_of(struct str name)
{
	for (size_t i = 0; prefixes[i]; i++) {
		size_t n = strlen(prefixes[i]);
		if (str_starts(name, prefixes[i]) && name.n > n)
			return (struct str){name.p + n, name.n - n};
	}
	return (struct str){"", 0};
}

static struct str
first_name(struct str text)
{
	size_t n = 0;
	while (n < text.n && is_name_char(text.p[n]))
		n++;
	return (struct str){text.p, n};
}

static struct str
without_parentheses(struct str term)
{
	term = str_trim(term);
	while (term.n > 1 && term.p[0] == '(' && term.p[term.n - 1] == ')')
		term = str_trim((struct str){term.p + 1, term.n - 2});
	return term;
}

/* "defined(X)", "defined X", "X", perhaps in parentheses: X; empty: it is another condition. */
static struct str
only_name(struct str term)
{
	term = without_parentheses(term);
	if (str_starts(term, "defined") && (term.n == 7 || !is_name_char(term.p[7])))
		term = without_parentheses((struct str){term.p + 7, term.n - 7});
	struct str name = first_name(term);
	return name.n == term.n ? name : (struct str){"", 0};
}

/* One that offers a choice, denies several at once, or goes on in the next line, which may do either. */
static bool
may_hold_otherwise(struct str rest)
{
	bool denies = false;
	for (size_t i = 0; i < rest.n && !denies; i++)
		denies = rest.p[i] == '!' &&
			 str_starts(str_trim((struct str){rest.p + i + 1, rest.n - i - 1}), "(");
	return denies || memmem(rest.p, rest.n, "||", 2) || memchr(rest.p, '?', rest.n) ||
	       str_ends(rest, "\\");
}

char *
macros_condition(struct str directive, struct str rest)
{
	if (str_eq(directive, "ifdef")) {
		struct str name = first_name(rest);
		return feature_of(name).n ? str_dup(name) : NULL;
	}
	bool asks = str_eq(directive, "if") || str_eq(directive, "elif");
	if (!asks || may_hold_otherwise(str_trim(rest)))
		return NULL;
	while (rest.n) {
		const char *and = memmem(rest.p, rest.n, "&&", 2);
		size_t n = and? (size_t)(and-rest.p) : rest.n;
		struct str name = only_name((struct str){rest.p, n});
		if (feature_of(name).n)
			return str_dup(name);
		rest = and? (struct str){and+2, rest.n - n - 2} : (struct str){"", 0};
	}
	return NULL;
}

/* ---- what a tree names ---- */

static char there;

/* A line that only asks for macros; the comment behind an #else or #endif repeats what it asked. */
static bool
is_condition(struct str line)
{
	static const char *const names[] = {"if", "ifdef", "ifndef", "elif", "else", "endif", NULL};
	line = str_trim(line);
	if (!line.n || line.p[0] != '#')
		return false;
	return str_is_one(first_name(str_trim((struct str){line.p + 1, line.n - 1})), names);
}

static void
add_named(struct map *named, struct str line)
{
	for (size_t i = 0; i < line.n;) {
		struct str word = first_name((struct str){line.p + i, line.n - i});
		/* A compiler's option: -DHAVE_X */
		bool option = i && line.p[i - 1] == '-' && word.n > 1 && word.p[0] == 'D';
		struct str name = option ? (struct str){word.p + 1, word.n - 1} : word;
		if (feature_of(name).n) {
			OWN_FREE char *key = str_dup(name);
			map_put(named, key, &there);
		}
		i += word.n + 1;
	}
}

/* "openssl/md5.h" as OPENSSL_MD5_H, and its parts */
static void
add_told(struct map *told, struct str line)
{
	for (size_t i = 0; i < line.n; i++) {
		OWN(buf) struct buf whole = {.max = 256};
		size_t part = 0;
		while (i < line.n && (is_name_char(line.p[i]) || strchr("/.+:-", line.p[i]))) {
			char c = (char)toupper((unsigned char)line.p[i++]);
			bool name = is_name_char(c) && c != '_';
			if (!name && whole.n > part)
				map_put(told, whole.p + part, &there);
			buf_printf(&whole, "%c", is_name_char(c) ? c : '_');
			part = name ? part : whole.n;
		}
		if (whole.n)
			map_put(told, whole.p, &there);
		if (whole.n > part)
			map_put(told, whole.p + part, &there);
	}
}

static bool
may_build(const char *path)
{
	static const char *const names[] = {"configure*", "Configure*", "config*", "*.ac", "*.in",
		"*.m4", "*.am", "[Mm]akefile*", "GNUmakefile*", "*.mk", "*.mak", "CMakeLists.txt",
		"*.cmake", "meson*", "SCons*", "wscript*", "*.pro", "*.pri", "*.py", "*.pl", "*.PL",
		"*.sh", "*.gyp*", "dune", "*.cabal", "Imakefile*", "BUILD*", NULL};
	for (size_t i = 0; names[i]; i++)
		if (tree_name_is(path, names[i]))
			return true;
	return false;
}

/* What tells of options that nobody has to give. */
static bool
is_documentation(const char *path)
{
	static const char *const names[] = {"README*", "CHANGE*", "Change*", "change*", "NEWS*",
		"TODO*", "HISTORY*", "*.md", "*.html", "*.po", NULL};
	for (size_t i = 0; names[i]; i++)
		if (tree_name_is(path, names[i]))
			return true;
	return false;
}

static void
read_tree(struct macros *m, const struct tree *t)
{
	size_t bytes = 0;
	for (size_t i = 0; i < t->files.n && !m->too_much; i++) {
		const char *path = t->files.v[i];
		OWN(buf) struct buf text = {0};
		if (is_documentation(path) || !tree_read_text(t, path, &text))
			continue;
		bytes += text.n;
		m->too_much = bytes > MAX_BYTES;
		struct str rest = buf_str(&text), line;
		bool c = detect_is_c(path), builds = !c && may_build(path);
		while (str_next_line(&rest, &line)) {
			if (!c || !is_condition(line))
				add_named(&m->named, line);
			if (builds)
				add_told(&m->told, line);
		}
	}
	m->read = true;
}

bool
macros_may_be_set(struct macros *m, const struct tree *t, const char *name)
{
	struct str feature = feature_of(str_of(name));
	if (!m->read)
		read_tree(m, t);
	if (!feature.n || m->too_much || map_get(&m->named, name) || map_get(&m->told, feature.p))
		return true;
	return str_starts(feature, "LIB") && map_get(&m->told, feature.p + 3);
}

void
macros_cleanup(struct macros *m)
{
	map_cleanup(&m->named);
	map_cleanup(&m->told);
}
