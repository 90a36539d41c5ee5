/*
 * Makefiles that configure makes are not in the tree: Makefile comes of Makefile.in, and that, with automake, of Makefile.am.  What
 * has to be mended is what a person wrote.  The line that failed is looked for there by its text: config.status keeps
 * the number of lines and puts values in place of @NAMES@, automake copies recipes as they are.
 */
#include "agents/fixer_building.h"
#include "agents/fixer_path.h"

#include <ctype.h>
#include <string.h>

#define MARK "drydock-line "

void
template_put_script(struct buf *out)
{
	/* \047 is the quote that make prints. */
	buf_puts(out,
		"awk '\n"
		"function tell(file, line,  text, n) {\n"
		"\tif (file !~ /^\\//) file = (depth ? dirs[depth] : \"" WORK_DIR "\") \"/\" file\n"
		"\tif (seen[file \":\" line]++) return\n"
		"\twhile ((getline text <file) > 0) if (++n == line) { print \"" MARK
		"\" file \":\" line \":\" text; break }\n"
		"\tclose(file)\n"
		"}\n"
		"/^make.*: Entering directory / { split($0, p, \"\\047\"); dirs[++depth] = p[2] }\n"
		"/^make.*: Leaving directory / { if (depth) depth-- }\n"
		"match($0, /\\*\\*\\* \\[[^:]+:[0-9]+:/) { split(substr($0, RSTART + 5, RLENGTH - 6), p, \":\"); tell(p[1], p[2] + 0) }\n"
		"/^[^: ]+:[0-9]+: \\*\\*\\* missing separator/ { split($0, p, \":\"); tell(p[1], p[2] + 0) }\n"
		"' /tmp/drydock-build >/tmp/drydock-lines\nhead -c 100000 /tmp/drydock-lines\n");
}

/* That line as the build had it; false: it was not told. */
static bool
made_line(const struct building *b, const char *makefile, uint64_t line, struct str *ret)
{
	OWN_FREE char *mark =
		mem_printf(MARK WORK_DIR "/%s:%llu:", makefile, (unsigned long long)line);
	struct str rest = buf_str(&b->out), one;
	size_t n = strlen(mark);
	while (str_next_line(&rest, &one))
		if (str_starts(one, mark)) {
			*ret = (struct str){one.p + n, one.n - n};
			return true;
		}
	return false;
}

/* "@NAME@", at its beginning. */
static size_t
name_at(struct str s)
{
	size_t n = 1;
	if (!s.n || s.p[0] != '@')
		return 0;
	while (n < s.n && (isalnum((unsigned char)s.p[n]) || s.p[n] == '_'))
		n++;
	return n > 1 && n < s.n && s.p[n] == '@' ? n + 1 : 0;
}

/* Can the line have come of it?  Between names all is as it was. */
static bool
comes_of(struct str line, struct str template)
{
	const char *from = line.p, *end = line.p + line.n;
	bool any = false;
	while (template.n) {
		size_t name = name_at(template), n = 0;
		if (name) {
			template = (struct str){template.p + name, template.n - name};
			any = true;
			continue;
		}
		while (n < template.n && !name_at((struct str){template.p + n, template.n - n}))
			n++;
		const char *at = any ? memmem(from, (size_t)(end - from), template.p, n)
				 : (size_t)(end - from) >= n && memcmp(from, template.p, n) == 0
					 ? from
					 : NULL;
		if (!at)
			return false;
		from = at + n;
		template = (struct str){template.p + n, template.n - n};
		any = false;
	}
	return any || from == end;
}

/* Where the line is in what it was made from: at its own place, or at the only one that has it; 0. */
static uint64_t
place_in(struct str template, uint64_t line, struct str made)
{
	struct str rest = template, one;
	uint64_t found = 0;
	if (building_line(template, line, &one) && comes_of(made, one) && str_trim(one).n)
		return line;
	for (uint64_t n = 1; str_next_line(&rest, &one); n++) {
		if (one.n != made.n || memcmp(one.p, made.p, one.n) != 0)
			continue;
		if (found)
			return 0;
		found = n;
	}
	return found;
}

static const char *const made_names[] = {"GNUmakefile", "makefile", "Makefile", NULL};

/* Where make did not say which: the one that has a template. */
static char *
guess(const struct building *b, const char *dir)
{
	for (size_t i = 0; made_names[i]; i++) {
		OWN(buf) struct buf text = {0};
		OWN_FREE char *path = fixer_path(dir, str_of(made_names[i]));
		OWN_FREE char *in = path ? mem_printf("%s.in", path) : NULL;
		if (in && building_read(b, in, &text))
			return TAKE(path);
	}
	return NULL;
}

static void
take_template(struct failed *f, char *path, uint64_t line)
{
	free(f->makefile);
	f->makefile = path;
	f->line = line;
}

/* Without a line, automake's own recipe is what failed, and nothing but its source can be mended. */
static void
find_automake(struct failed *f, const char *am, uint64_t at_am, const char *in, uint64_t at_in,
	bool has_in)
{
	f->am = true;
	take_template(f, mem_strdup(am), at_am);
	if (!has_in)
		return;
	f->also = mem_strdup(in);
	f->also_line = at_in;
}

void
template_find(const struct building *b, struct failed *f)
{
	OWN(buf) struct buf there = {0}, am_text = {0}, in_text = {0};
	struct str made = {"", 0};
	OWN_FREE char *path = f->makefile ? mem_strdup(f->makefile) : guess(b, f->dir);
	if (!path || building_read(b, path, &there))
		return;
	OWN_FREE char *am = mem_printf("%s.am", path), *in = mem_printf("%s.in", path);
	bool has_am = building_read(b, am, &am_text), has_in = building_read(b, in, &in_text);
	bool told = f->line && made_line(b, path, f->line, &made);
	uint64_t at_in = told && has_in ? place_in(buf_str(&in_text), f->line, made) : 0,
		 at_am = told && has_am ? place_in(buf_str(&am_text), f->line, made) : 0;
	if (has_am)
		find_automake(f, am, at_am, in, at_in, has_in);
	else if (has_in && (at_in || !f->line))
		take_template(f, TAKE(in), at_in);
}

bool
template_libs(struct str makefile, struct str *ret)
{
	while (str_next_line(&makefile, ret))
		if (str_starts(*ret, "LIBS = @LIBS@"))
			return true;
	return false;
}

/* ---- configure.ac ---- */

/* The word in quotes behind the mark; false: there is none. */
static bool
quoted(struct str text, const char *mark, struct str *ret)
{
	const char *at = memmem(text.p, text.n, mark, strlen(mark));
	struct str rest;
	if (!at)
		return false;
	rest = (struct str){at + strlen(mark), text.n - (size_t)(at + strlen(mark) - text.p)};
	return str_next(&rest, '\'', ret) && ret->n;
}

static bool
is_macro(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!isupper((unsigned char)word.p[i]) && !isdigit((unsigned char)word.p[i]) &&
			word.p[i] != '_')
			return false;
	return word.n > 3;
}

/* The line of configure.ac that a message begins with: "configure.ac:3: error: ..." */
static bool
place_of(const struct building *b, struct str why, char **ret_path, struct buf *text,
	struct str *ret_line)
{
	struct str file, number;
	uint64_t n;
	if (!str_next(&why, ':', &file) || !str_next(&why, ':', &number) ||
		!str_parse_u64(number, INT32_MAX, &n))
		return false;
	OWN_FREE char *path = fixer_path("", file);
	if (!path || !building_read(b, path, text) || !building_line(buf_str(text), n, ret_line))
		return false;
	*ret_path = TAKE(path);
	return true;
}

/*
 * "configure.ac:3: error: 'OLD': this macro is obsolete.", and then "use the 'NEW' macro instead"; or what it stood for has been
 * removed, and it stands alone on its line.
 */
int
rule_obsolete_macro(struct building *b, struct change *c, struct dd_err *err)
{
	static const char obsolete[] = "': this macro is obsolete", removed[] = " has been removed";
	struct str why = building_find(b, ": error: '", obsolete), old, new, line;
	OWN(buf) struct buf text = {0};
	OWN_FREE char *path = NULL;
	(void)err;
	bool renamed = why.n > 0;
	if (!renamed)
		why = building_find(b, ": error: ", removed);
	if (!why.n || !place_of(b, why, &path, &text, &line))
		return 0;
	struct str said = {why.p, (size_t)(b->out.p + b->out.n - why.p)};
	if (renamed && quoted(why, ": error: '", &old) && is_macro(old) &&
		quoted(said, "use the '", &new) && is_macro(new)) {
		const char *at = memmem(line.p, line.n, old.p, old.n);
		if (!at)
			return 0;
		building_put(buf_str(&text), (struct str){at, old.n}, new, &c->text);
		c->note = mem_printf(STR_FMT " in place of " STR_FMT, STR_ARG(new), STR_ARG(old));
	} else if (!renamed && is_macro(str_trim(line))) {
		building_put(buf_str(&text), line, STR(""), &c->text);
		c->note = mem_printf("without " STR_FMT, STR_ARG(str_trim(line)));
	} else {
		return 0;
	}
	c->why = why;
	c->path = TAKE(path);
	return 0;
}

/* "Makefile.am: error: required file './NEWS' not found": documents that GNU asks of its own packages alone. */
int
rule_foreign(struct building *b, struct change *c, struct dd_err *err)
{
	static const char *const documents[] = {"NEWS", "README", "AUTHORS", "ChangeLog", NULL};
	OWN(buf) struct buf text = {0};
	struct str why = {"", 0}, rest, line;
	(void)err;
	for (size_t i = 0; documents[i] && !why.n; i++) {
		OWN_FREE char *mark = mem_printf(
			"Makefile.am: error: required file './%s' not found", documents[i]);
		why = building_find(b, mark, "");
	}
	if (!why.n || !building_read(b, "Makefile.am", &text))
		return 0;
	c->why = why;
	c->path = mem_strdup("Makefile.am");
	c->note = mem_strdup("AUTOMAKE_OPTIONS = foreign");
	rest = buf_str(&text);
	while (str_next_line(&rest, &line))
		if (str_starts(line, "AUTOMAKE_OPTIONS")) {
			OWN_FREE char *more = mem_printf(STR_FMT " foreign", STR_ARG(line));
			building_put(buf_str(&text), line, str_of(more), &c->text);
			return 0;
		}
	buf_printf(&c->text, "%s\n", c->note);
	buf_add_str(&c->text, buf_str(&text));
	return 0;
}

/* ---- a configure that is not there ---- */

static bool
has_source_of_configure(const struct building *b, const char *dir)
{
	static const char *const names[] = {"configure.ac", "configure.in", NULL};
	OWN(buf) struct buf text = {0};
	OWN_FREE char *made = fixer_path(dir, STR("configure"));
	if (!made || building_read(b, made, &text))
		return false;
	for (size_t i = 0; names[i]; i++) {
		OWN_FREE char *path = fixer_path(dir, str_of(names[i]));
		buf_reset(&text);
		if (path && building_read(b, path, &text))
			return true;
	}
	return false;
}

/* A recipe that runs the configure of a part, which nobody generated: "cd lib && ./configure". */
int
rule_regenerate(struct building *b, struct change *c, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	struct str recipe, word, why = building_find(b, "./configure: ", "not found");
	OWN_FREE char *dir = mem_strdup(b->failed.dir);
	bool enters = false;
	(void)err;
	if (!why.n || !b->failed.makefile || !building_read(b, b->failed.makefile, &text) ||
		!building_recipe(b, buf_str(&text), &recipe))
		return 0;
	while (str_next_word(&recipe, &word)) {
		if (str_eq(word, "./configure") && has_source_of_configure(b, dir)) {
			c->why = why;
			c->path = mem_strdup(b->failed.makefile);
			c->note = mem_strdup("autoreconf -fi && ./configure");
			building_put(buf_str(&text), word, str_of(c->note), &c->text);
			return 0;
		}
		while (word.n && strchr("@-(;", word.p[0]))
			word = (struct str){word.p + 1, word.n - 1};
		while (word.n && strchr(";)", word.p[word.n - 1]))
			word.n--;
		char *into = enters ? fixer_path(dir, word) : NULL;
		if (into) {
			free(dir);
			dir = into;
		}
		enters = str_eq(word, "cd");
	}
	return 0;
}
