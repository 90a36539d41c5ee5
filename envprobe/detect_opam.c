/*
 * OCaml with a file of opam and nothing else that builds: its lists of words are the commands, its `depends` the needs
 * (opam manual, "Package definitions").  Topkg's own tests are built and run where its file names some.
 */
#include "envprobe/detect.h"

#include "base/fs.h"

#include <ctype.h>
#include <string.h>

enum token { TOKEN_END, TOKEN_STRING, TOKEN_WORD, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_FILTER };

/* The next token of a value; a string without its quotes, a filter without its braces. */
static enum token
next_token(struct str *rest, struct str *ret)
{
	while (rest->n && (isspace((unsigned char)rest->p[0]) || rest->p[0] == '#')) {
		const char *end = rest->p[0] == '#' ? memchr(rest->p, '\n', rest->n) : rest->p;
		size_t skip = end ? (size_t)(end - rest->p) + 1 : rest->n;
		*rest = (struct str){rest->p + skip, rest->n - skip};
	}
	if (!rest->n)
		return TOKEN_END;
	char c = rest->p[0];
	size_t n = 1, ends = c == '"' || c == '{';
	if (ends)
		while (n < rest->n && rest->p[n] != (c == '"' ? '"' : '}'))
			n += rest->p[n] == '\\' && n + 1 < rest->n ? 2 : 1;
	else if (c != '[' && c != ']')
		while (n < rest->n && !isspace((unsigned char)rest->p[n]) &&
			!strchr("[]{}\"#", rest->p[n]))
			n++;
	*ret = (struct str){rest->p + ends, n - ends};
	n += ends && n < rest->n;
	*rest = (struct str){rest->p + n, rest->n - n};
	return c == '"'	  ? TOKEN_STRING
	       : c == '{' ? TOKEN_FILTER
	       : c == '[' ? TOKEN_OPEN
	       : c == ']' ? TOKEN_CLOSE
			  : TOKEN_WORD;
}

/* What follows "name:" at the start of a line; empty without. */
static struct str
field(struct str text, const char *name)
{
	struct str rest = text, line;
	size_t n = strlen(name);
	while (str_next_line(&rest, &line))
		if (line.n > n && memcmp(line.p, name, n) == 0 && line.p[n] == ':')
			return (struct str){
				line.p + n + 1, (size_t)(text.p + text.n - (line.p + n + 1))};
	return (struct str){"", 0};
}

/* It says how it is built: at least one word in brackets. */
static bool
has_build(const struct tree *t, const char *path)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	struct str rest = field(buf_str(&text), "build"), token;
	enum token k = next_token(&rest, &token);
	bool open = k == TOKEN_OPEN;
	while (k == TOKEN_OPEN)
		k = next_token(&rest, &token);
	return open && (k == TOKEN_STRING || k == TOKEN_WORD);
}

static char *
find(const struct tree *t, const char *dir)
{
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		bool opam = tree_name_is(path, "opam") || tree_name_is(path, "*.opam");
		if (opam && detect_is_here(dir, path) && has_build(t, path))
			return mem_strdup(path);
	}
	return NULL;
}

static bool
says(struct str filter, const char *word)
{
	return filter.n && memmem(filter.p, filter.n, word, strlen(word));
}

/* The same as a word by itself, and not as in "2.0~dev". */
static bool
says_word(struct str filter, const char *word)
{
	for (struct str rest = filter, token; next_token(&rest, &token) != TOKEN_END;)
		if (str_eq(token, word))
			return true;
	return false;
}

/* Only who releases it, writes its documents or changes the package itself wants it. */
static bool
is_of_others(struct str filter)
{
	return says(filter, "with-doc") || says(filter, "with-dev-setup") ||
	       says_word(filter, "dev") || says(filter, "pinned") || says(filter, "os = \"win32\"");
}

struct opam {
	struct project *p;
	struct str text;
	const char *name;
	bool topkg_tests;
};

/* A variable of opam, as in a build that is tested and installed to the usual place. */
static const char *
variable(const struct opam *o, struct str name)
{
	static const struct {
		const char *name, *value;
	} known[] = {{"make", "make"}, {"jobs", "2"}, {"prefix", "/usr/local"}, {"os", "linux"},
		{"with-test", "true"}, {"ocaml:native", "true"}, {"ocaml:native-dynlink", "true"},
		{"bin", "/usr/local/bin"}, {"lib", "/usr/local/lib"},
		{"man", "/usr/local/share/man"}, {"share", "/usr/local/share"},
		{"doc", "/usr/local/share/doc"}, {"etc", "/usr/local/etc"}};
	if (str_eq(name, "name"))
		return o->name;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (str_eq(name, known[i].name))
			return known[i].value;
	return "false";
}

/* "--jobs=%{jobs}%" */
static void
add_string(const struct opam *o, struct str s, struct buf *ret)
{
	for (size_t i = 0; i < s.n;) {
		const char *end = i + 1 < s.n && s.p[i] == '%' && s.p[i + 1] == '{'
					  ? memmem(s.p + i, s.n - i, "}%", 2)
					  : NULL;
		if (!end) {
			i += s.p[i] == '\\' && i + 1 < s.n;
			buf_putc(ret, s.p[i++]);
			continue;
		}
		buf_printf(ret, "%s",
			variable(o, (struct str){s.p + i + 2, (size_t)(end - s.p) - i - 2}));
		i = (size_t)(end - s.p) + 2;
	}
}

/* Commands of a value as they are read: the last whole one waits for the filter behind it. */
struct reading {
	struct buf words, whole;
	size_t last; /* where the last word begins */
	enum command_phase phase;
	const char *why;
};

static void
reading_cleanup(struct reading *r)
{
	buf_cleanup(&r->words);
	buf_cleanup(&r->whole);
}

static void
add_command(struct opam *o, struct reading *r, struct str filter)
{
	bool topkg = strstr(r->whole.n ? r->whole.p : "", "pkg/pkg.ml build") != NULL;
	enum command_phase phase = says(filter, "with-test") ? PHASE_TEST : r->phase;
	if (r->whole.n && !is_of_others(filter) && phase == PHASE_TEST)
		detect_test(o->p, FORMAT_AUTO, NULL, r->why, r->whole.p);
	else if (r->whole.n && !is_of_others(filter))
		detect_command(o->p, phase, r->why, "%s%s", r->whole.p,
			topkg && o->topkg_tests ? " --tests true" : "");
	buf_reset(&r->whole);
}

static void
add_word(const struct opam *o, struct reading *r, struct str token, bool string)
{
	OWN(buf) struct buf word = {0};
	if (string)
		add_string(o, token, &word);
	else
		buf_puts(&word, variable(o, token));
	r->last = r->words.n;
	if (r->words.n)
		buf_putc(&r->words, ' ');
	buf_put_shell(&r->words, buf_str(&word));
}

/* [ "word" variable ], or a list of such, each perhaps with a filter behind it. */
static void
read_commands(struct opam *o, const char *name, enum command_phase phase)
{
	OWN(reading) struct reading r = {.phase = phase, .why = o->p->evidence};
	struct str rest = field(o->text, name), token, none = {"", 0};
	int depth = 0;
	for (enum token t; (t = next_token(&rest, &token)) != TOKEN_END;) {
		bool closed = !r.words.n && r.whole.n;
		if (t == TOKEN_FILTER && closed)
			add_command(o, &r, token);
		else if (t == TOKEN_FILTER && r.words.n && !says(token, "with-test"))
			r.words.n = r.last;
		else if (depth == 0 && t != TOKEN_OPEN)
			break;
		else if (t == TOKEN_STRING || t == TOKEN_WORD)
			add_word(o, &r, token, t == TOKEN_STRING);
		if (t != TOKEN_OPEN && t != TOKEN_CLOSE)
			continue;
		if (t == TOKEN_OPEN && depth == 0 && r.whole.n)
			break;
		add_command(o, &r, none);
		depth += t == TOKEN_OPEN ? 1 : -1;
		if (r.words.n)
			buf_add_str(&r.whole, buf_str(&r.words));
		buf_reset(&r.words);
	}
	add_command(o, &r, none);
}

static void
note_package(struct project *p, struct str name, struct str filter)
{
	static const char *const tools[] = {"ocamlbuild", "ocamlfind", "menhir", "cppo", "camlp5",
		"camlp4", "dune", "jbuilder", "oasis", NULL};
	OWN_FREE char *plain = str_dup(name);
	if (is_of_others(filter) || !detect_is_plain(plain, "-_."))
		return;
	if (str_is_one(name, tools))
		detect_need(p, NEED_PROGRAM, plain, SCOPE_BUILD, true, p->evidence);
	else if (strcmp(plain, "ocaml") != 0 && !str_starts(name, "base-") &&
		 !str_starts(name, "conf-"))
		detect_ocaml_library(p, name, p->evidence, says(filter, "with-test"));
}

static void
read_depends(struct opam *o)
{
	struct str rest = field(o->text, "depends"), token, name = {"", 0};
	if (next_token(&rest, &token) != TOKEN_OPEN)
		return;
	enum token t;
	while ((t = next_token(&rest, &token)) != TOKEN_END) {
		if (name.n)
			note_package(o->p, name, t == TOKEN_FILTER ? token : (struct str){"", 0});
		name = t == TOKEN_STRING ? token : (struct str){"", 0};
		if (t == TOKEN_CLOSE)
			break;
	}
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	OWN(buf) struct buf text = {0}, topkg = {0};
	OWN_FREE char *description = tree_join(dir, "pkg/pkg.ml");
	tree_read(t, p->evidence, &text);
	tree_read(t, description, &topkg);
	struct str value = field(buf_str(&text), "name"), name = str_of(fs_name(p->evidence));
	if (next_token(&value, &name) != TOKEN_STRING && str_ends(name, ".opam"))
		name.n -= strlen(".opam");
	OWN_FREE char *own = str_dup(name);
	struct opam o = {p, buf_str(&text), own, topkg.n && strstr(topkg.p, "Pkg.test ")};
	detect_need(p, NEED_PROGRAM, "ocaml", SCOPE_BUILD, false, p->evidence);
	detect_need(p, NEED_PROGRAM, "ocamlc", SCOPE_BUILD, false, p->evidence);
	detect_need(p, NEED_PROGRAM, "ocamlfind", SCOPE_BUILD, true, p->evidence);
	read_depends(&o);
	detect_compilers(t, dir, p);
	detect_includes(t, dir, p);
	read_commands(&o, "build", PHASE_BUILD);
	read_commands(&o, "build-test", PHASE_TEST);
	read_commands(&o, "run-test", PHASE_TEST);
	if (o.topkg_tests && !command_list_has(&p->commands, PHASE_TEST))
		detect_test(p, FORMAT_AUTO, NULL, description, "ocaml pkg/pkg.ml test");
}

const struct detector detect_opam = {SYSTEM_OPAM, find, read_project};
