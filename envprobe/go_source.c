#include "envprobe/go_source.h"

#include "base/fs.h"

#include <ctype.h>
#include <string.h>
#include <sys/utsname.h>

#define MAX_IMPORTS 2000

void
go_source_cleanup(struct go_source *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].path);
	free(s->v);
	free(s->package);
	free(s->canonical);
	buf_cleanup(&s->build);
	buf_cleanup(&s->preamble);
	*s = (struct go_source){0};
}

/* ---- tokens ---- */

enum token { TOKEN_END, TOKEN_COMMENT, TOKEN_WORD, TOKEN_STRING, TOKEN_OTHER };

struct lexer {
	struct str text;
	size_t at;
	unsigned line;
	unsigned start; /* of the last token */
};

static void
move_to(struct lexer *x, size_t to)
{
	for (; x->at < to && x->at < x->text.n; x->at++)
		x->line += x->text.p[x->at] == '\n';
}

static size_t
find_from(const struct lexer *x, size_t from, const char *what)
{
	const char *hit = from < x->text.n
				  ? memmem(x->text.p + from, x->text.n - from, what, strlen(what))
				  : NULL;
	return hit ? (size_t)(hit - x->text.p) : x->text.n;
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

/* *ret: what is between the marks of a comment or the quotes of a string. */
static enum token
next_token(struct lexer *x, struct str *ret)
{
	while (x->at < x->text.n && isspace((unsigned char)x->text.p[x->at]))
		move_to(x, x->at + 1);
	x->start = x->line;
	if (x->at >= x->text.n)
		return TOKEN_END;
	const char *p = x->text.p + x->at;
	size_t left = x->text.n - x->at, end;
	if (left > 1 && p[0] == '/' && (p[1] == '/' || p[1] == '*')) {
		end = find_from(x, x->at + 2, p[1] == '/' ? "\n" : "*/");
		*ret = (struct str){p + 2, end - x->at - 2};
		move_to(x, p[1] == '/' ? end : end + 2);
		return TOKEN_COMMENT;
	}
	if (*p == '"' || *p == '`') {
		end = find_from(x, x->at + 1, *p == '"' ? "\"" : "`");
		*ret = (struct str){p + 1, end - x->at - 1};
		move_to(x, end + 1);
		return TOKEN_STRING;
	}
	size_t n = 0;
	while (n < left && is_word(p[n]))
		n++;
	*ret = (struct str){p, n ? n : 1};
	move_to(x, x->at + (n ? n : 1));
	return n ? TOKEN_WORD : TOKEN_OTHER;
}

/* ---- constraints ---- */

/* "a,!b c" of +build lines and of #cgo: blanks are or, commas are and. */
static void
put_condition(struct buf *out, struct str condition)
{
	struct str choice, term;
	const char * or = "";
	while (str_next_word(&condition, &choice)) {
		const char *and = "";
		buf_puts(out, or);
		buf_putc(out, '(');
		while (str_next(&choice, ',', &term)) {
			buf_printf(out, "%s" STR_FMT, and, STR_ARG(term));
			and = " && ";
		}
		buf_putc(out, ')');
		or = " || ";
	}
}

static void
read_constraint(struct str comment, struct go_source *s)
{
	struct str line = str_trim(comment);
	const char *and = s->build.n ? " && " : "";
	if (str_starts(comment, "go:build ")) {
		buf_reset(&s->build); /* it stands for the +build lines, too */
		buf_printf(&s->build, "(%.*s)", (int)comment.n - 9, comment.p + 9);
		s->one_build_line = true;
	} else if (str_starts(line, "+build ") && !s->one_build_line) {
		buf_printf(&s->build, "%s(", and);
		put_condition(&s->build, (struct str){line.p + 7, line.n - 7});
		buf_putc(&s->build, ')');
	}
}

static const char *
machine_name(void)
{
	static struct utsname u;
	static const struct {
		const char *machine, *name;
	} names[] = {{"x86_64", "amd64"}, {"aarch64", "arm64"}, {"i686", "386"}, {"armv7l", "arm"},
		{"ppc64le", "ppc64le"}, {"s390x", "s390x"}, {"riscv64", "riscv64"}};
	if (uname(&u) < 0)
		return "";
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(u.machine, names[i].machine) == 0)
			return names[i].name;
	return u.machine;
}

static bool
tag_holds(struct str name, const char *tag)
{
	return str_eq(name, "linux") || str_eq(name, "unix") || str_eq(name, "cgo") ||
	       str_eq(name, "gc") || str_eq(name, machine_name()) || str_starts(name, "go1") ||
	       (tag && str_eq(name, tag));
}

struct expression {
	struct str rest;
	const char *tag;
	int depth;
};

static bool eval_or(struct expression *e);

static bool
take(struct expression *e, const char *what)
{
	e->rest = str_trim(e->rest);
	if (!str_starts(e->rest, what))
		return false;
	e->rest.p += strlen(what);
	e->rest.n -= strlen(what);
	return true;
}

static bool
eval_term(struct expression *e)
{
	bool negated = false, value;
	while (take(e, "!"))
		negated = !negated;
	if (take(e, "(")) {
		if (++e->depth > 50)
			return false;
		value = eval_or(e);
		(void)take(e, ")");
		e->depth--;
		return value != negated;
	}
	size_t n = 0;
	while (n < e->rest.n && (is_word(e->rest.p[n]) || e->rest.p[n] == '.'))
		n++;
	value = tag_holds((struct str){e->rest.p, n}, e->tag);
	e->rest.p += n;
	e->rest.n -= n;
	return value != negated;
}

static bool
eval_and(struct expression *e)
{
	bool value = eval_term(e);
	while (take(e, "&&"))
		value = eval_term(e) && value;
	return value;
}

static bool
eval_or(struct expression *e)
{
	bool value = eval_and(e);
	while (take(e, "||"))
		value = eval_and(e) || value;
	return value;
}

bool
go_condition_holds(struct str condition, const char *tag)
{
	OWN(buf) struct buf text = {.max = 4096};
	put_condition(&text, condition);
	struct expression e = {.rest = buf_str(&text), .tag = tag};
	return !text.n || eval_or(&e);
}

void
go_source_tags(const struct go_source *s, struct strlist *ret)
{
	struct str t = buf_str(&s->build);
	for (size_t i = 0, n; i < t.n; i += n ? n : 1) {
		for (n = 0; i + n < t.n && (is_word(t.p[i + n]) || t.p[i + n] == '.'); n++)
			;
		OWN_FREE char *name = mem_strndup(t.p + i, n);
		if (n)
			strlist_add_new(ret, name);
	}
}

/* ---- names ---- */

/* The last piece of "a_b_c", cut off. */
static struct str
cut_last(struct str *name)
{
	const char *bar = name->n ? memrchr(name->p, '_', name->n) : NULL;
	if (!bar)
		return (struct str){"", 0};
	struct str last = {bar + 1, name->n - (size_t)(bar + 1 - name->p)};
	name->n = (size_t)(bar - name->p);
	return last;
}

static bool
name_fits(const char *path)
{
	static const char *const systems[] = {"aix", "android", "darwin", "dragonfly", "freebsd",
		"hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd", "openbsd", "plan9",
		"solaris", "windows", "zos", NULL};
	static const char *const machines[] = {"386", "amd64", "arm", "arm64", "loong64", "mips",
		"mips64", "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64", "s390x", "wasm",
		"armbe", "arm64be", "ppc", "riscv", "s390", "sparc", "sparc64", NULL};
	struct str name = str_of(fs_name(path)), last;
	name.n -= name.n > 3 ? 3 : name.n;
	struct str copy = name;
	last = cut_last(&copy);
	if (str_eq(last, "test")) {
		name = copy;
		last = cut_last(&copy);
	}
	if (str_is_one(last, machines)) {
		if (!str_eq(last, machine_name()))
			return false;
		last = cut_last(&copy);
	}
	return !str_is_one(last, systems) || str_eq(last, "linux");
}

bool
go_source_is_built(const struct go_source *s, const char *path, const char *tag)
{
	struct expression e = {.rest = buf_str(&s->build), .tag = tag};
	return name_fits(path) && (!s->build.n || eval_or(&e));
}

/* ---- the head of a file ---- */

struct head {
	struct lexer x;
	struct go_source *s;
	struct buf comments; /* those right before what comes next */
	unsigned comments_line;
};

static enum token
next(struct head *h, struct str *ret)
{
	enum token t;
	while ((t = next_token(&h->x, ret)) == TOKEN_COMMENT) {
		if (!h->s->package)
			read_constraint(*ret, h->s);
		if (!h->comments.n)
			h->comments_line = h->x.start;
		buf_add_str(&h->comments, *ret);
		buf_putc(&h->comments, '\n');
	}
	return t;
}

static void
add_import(struct head *h, struct str path)
{
	struct go_source *s = h->s;
	if (str_eq(path, "C")) {
		s->cgo = true;
		s->preamble_line = h->comments_line;
		buf_reset(&s->preamble);
		buf_add_str(&s->preamble, buf_str(&h->comments));
	} else if (path.n && s->n < MAX_IMPORTS) {
		s->v = mem_grow(s->v, s->n, &s->cap, sizeof(*s->v));
		s->v[s->n++] = (struct go_import){str_dup(path), h->x.line};
	}
	buf_reset(&h->comments);
}

/* Behind the word import: a string, or a group of them; a name or a dot may stand before each. */
static bool
read_import(struct head *h)
{
	struct str piece;
	bool group = false;
	for (enum token t; (t = next(h, &piece)) != TOKEN_END;) {
		if (t == TOKEN_STRING) {
			add_import(h, piece);
			if (!group)
				return true;
		} else if (str_eq(piece, "(")) {
			group = true;
		} else if (str_eq(piece, ")")) {
			return true;
		}
	}
	return false;
}

/* // import "path" on the line of the package clause */
static void
read_canonical(struct head *h)
{
	struct lexer ahead = h->x;
	struct str comment;
	unsigned line = ahead.line;
	if (next_token(&ahead, &comment) != TOKEN_COMMENT || ahead.line != line)
		return;
	comment = str_trim(comment);
	const char *open = comment.n ? memchr(comment.p, '"', comment.n) : NULL;
	if (!open || !str_starts(comment, "import"))
		return;
	struct str rest = {open + 1, comment.n - (size_t)(open + 1 - comment.p)}, path;
	if (str_next(&rest, '"', &path))
		h->s->canonical = str_dup(path);
}

void
go_source_read(struct str text, struct go_source *ret)
{
	struct head h = {.x = {.text = text, .line = 1}, .s = ret, .comments = {.max = 1 << 20}};
	struct str piece;
	*ret = (struct go_source){.build = {.max = 65536}, .preamble = {.max = 1 << 20}};
	if (next(&h, &piece) == TOKEN_WORD && str_eq(piece, "package") &&
		next(&h, &piece) == TOKEN_WORD) {
		ret->package = str_dup(piece);
		read_canonical(&h);
		buf_reset(&h.comments);
		while (next(&h, &piece) != TOKEN_END) {
			if (str_eq(piece, ";"))
				continue;
			if (!str_eq(piece, "import") || !read_import(&h))
				break;
		}
	}
	buf_cleanup(&h.comments);
}
