/*
 * Theory of operation.  Units are taken one after another, and for each the rules in their order, surest first.  A rule
 * proposes insertions for all errors of the unit; they are made together and the unit is compiled.  When that is no
 * gain, or the symbols change, all are taken back and each is tried by itself.
 */
#include "agents/fixer.h"

#include "agents/data.h"
#include "agents/diagnostics.h"
#include "agents/fixer_cast.h"
#include "agents/fixer_path.h"
#include "agents/fixer_symbol.h"
#include "agents/source_c.h"
#include "base/fs.h"
#include "base/map.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define MAX_ALONE 24 /* proposals of a rule that are tried one by one */
#define MAX_ROUNDS 4 /* of one rule, as each round may show new errors */
#define MAX_LEFT 200

const char *const fixer_strict[] = {"-Werror=implicit-function-declaration", "-Werror=implicit-int",
	"-Werror=int-conversion", "-Werror=incompatible-pointer-types", NULL};
const char *const fixer_rule_names[] = {
	"header", "own-header", "int", "prototype", "old-style", "cast", NULL};

void
fixer_definition_list_cleanup(struct fixer_definition_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].path);
	}
	free(l->v);
	*l = (struct fixer_definition_list){0};
}

struct fixer_definition *
fixer_definition_list_add(struct fixer_definition_list *l)
{
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n] = (struct fixer_definition){0};
	return &l->v[l->n++];
}

struct measured { /* what a compilation showed */
	struct diagnostic_list errors;
	bool object;
	struct strlist symbols; /* undefined, sorted, by the names that source has for them */
};

static void
measured_cleanup(struct measured *m)
{
	diagnostic_list_cleanup(&m->errors);
	strlist_cleanup(&m->symbols);
	*m = (struct measured){0};
}

struct proposal { /* an insertion, or what takes the place of something */
	enum fixer_rule rule;
	char *path;
	size_t at;  /* offset, in the file as it is */
	size_t n;   /* bytes that go */
	char *text; /* \n for line ends */
	char *name; /* of the function it is for; NULL */
};

struct proposals {
	struct proposal *v;
	size_t n, cap;
};

static void
proposals_cleanup(struct proposals *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].path);
		free(p->v[i].text);
		free(p->v[i].name);
	}
	free(p->v);
	*p = (struct proposals){0};
}

struct fixing {
	const struct fixer_spec *spec;
	const struct fixer_unit *unit;
	struct measured first, now; /* of the unit */
	struct map words;	    /* of the unit's source as it was */
	struct map headers;	    /* function -> line of headers.tsv behind it */
	struct map stale;	    /* paths that the build's copy has otherwise */
	struct fixer_definition_list found;
	struct map asked; /* names that were looked for */
	json_t *fixes;
};

/* ---- compiling ---- */

#define MARK "drydock-symbols-follow"

static void
put_command(struct buf *out, const struct fixer_unit *u)
{
	for (size_t i = 0; i < u->argv.n; i++) {
		buf_put_shell(out, str_of(u->argv.v[i]));
		buf_putc(out, ' ');
	}
}

/* All errors; then an object of it, whatever errors it has, with calls as the source writes them. */
static void
put_script(const struct fixing *f, struct buf *out)
{
	buf_puts(out, "LC_ALL=C; export LC_ALL; unset LANGUAGE; cd " WORK_DIR "/");
	buf_put_shell(out, str_of(f->unit->dir[0] ? f->unit->dir : "."));
	buf_puts(out, " || exit 1\n");
	put_command(out, f->unit);
	buf_puts(out, "-fsyntax-only -fdiagnostics-format=json ");
	for (size_t i = 0; f->spec->strict && fixer_strict[i]; i++)
		buf_printf(out, "%s ", fixer_strict[i]);
	buf_put_shell(out, str_of(f->unit->source));
	buf_puts(out, " 2>&1 >/dev/null | head -c 8000000\necho; echo " MARK "\n");
	put_command(out, f->unit);
	buf_puts(out, "-w -Wno-error -fpermissive -O0 -fno-builtin -fno-lto -g0 -U_FORTIFY_SOURCE "
		      "-D_FORTIFY_SOURCE=0 -D__NO_CTYPE -c -o " FIXER_DIR "/unit.o ");
	buf_put_shell(out, str_of(f->unit->source));
	buf_puts(out,
		" 2>/dev/null && echo object && nm -u " FIXER_DIR "/unit.o | head -c 1000000\n"
		"rm -f " FIXER_DIR "/unit.o\n");
}

static void
add_symbol(struct strlist *l, struct str s)
{
	s = fixer_symbol_name(s);
	OWN_FREE char *name = str_dup(s);
	if (s.n)
		strlist_add_new(l, name);
}

static void
parse_measured(struct str output, struct measured *ret)
{
	const char *mark = memmem(output.p, output.n, MARK "\n", strlen(MARK) + 1);
	size_t n = mark ? (size_t)(mark - output.p) : output.n;
	diagnostics_parse((struct str){output.p, n}, &ret->errors);
	struct str line, word, rest = {output.p + n, output.n - n};
	while (str_next_line(&rest, &line)) {
		ret->object = ret->object || str_eq(line, "object");
		if (ret->object && str_next_word(&line, &word) && str_eq(word, "U") &&
			str_next_word(&line, &word))
			add_symbol(&ret->symbols, word);
	}
	strlist_sort(&ret->symbols);
}

static int
read_source(const struct fixing *f, const char *path, struct buf *ret)
{
	OWN_FD int fd = -1;
	ret->max = EDIT_MAX_BYTES;
	int rc = fs_open_in_root(f->spec->root_fd, path, O_RDONLY | O_NONBLOCK, &fd, NULL);
	OWN_FREE char *self = rc == 0 ? mem_printf("/proc/self/fd/%d", fd) : NULL;
	return rc == 0 ? fs_read(self, EDIT_MAX_BYTES, ret, NULL) : rc;
}

static int
measure(struct fixing *f, struct measured *ret, struct dd_err *err)
{
	OWN(buf) struct buf script = {0}, out = {.max = (size_t)16 << 20};
	struct fixer_file *files = mem_zalloc(map_count(&f->stale) + 1, sizeof(*files));
	struct buf *texts = mem_zalloc(map_count(&f->stale) + 1, sizeof(*texts));
	size_t n = 0;
	for (struct map_entry *it = map_first(&f->stale); it; it = map_next(it)) {
		if (read_source(f, map_key(it), &texts[n]) < 0)
			continue;
		files[n] = (struct fixer_file){map_key(it), buf_str(&texts[n])};
		n++;
	}
	put_script(f, &script);
	int rc = f->spec->host->run(f->spec->host->ctx, buf_str(&script), files, n, &out, err);
	for (size_t i = 0; i < n; i++)
		buf_cleanup(&texts[i]);
	free(texts);
	free(files);
	if (rc < 0)
		return rc;
	map_cleanup(&f->stale);
	parse_measured(buf_str(&out), ret);
	return 0;
}

/* Without an object to compare with, a new name must at least be one that the source has. */
static bool
has_same_symbols(const struct fixing *f, const struct measured *m)
{
	const struct strlist *was = &f->first.symbols;
	if (!m->object)
		return !f->first.object;
	if (f->first.object) {
		if (was->n != m->symbols.n)
			return false;
		for (size_t i = 0; i < was->n; i++)
			if (strcmp(was->v[i], m->symbols.v[i]) != 0)
				return false;
		return true;
	}
	for (size_t i = 0; i < m->symbols.n; i++)
		if (!map_get(&f->words, m->symbols.v[i]))
			return false;
	return true;
}

/* ---- proposing ---- */

static void
propose_in_place(struct proposals *ps, enum fixer_rule rule, const char *path, size_t at, size_t n,
	char *text, struct str name)
{
	for (size_t i = 0; i < ps->n; i++)
		if (strcmp(ps->v[i].path, path) == 0 && ps->v[i].at == at &&
			strcmp(ps->v[i].text, text) == 0) {
			free(text);
			return;
		}
	ps->v = mem_grow(ps->v, ps->n, &ps->cap, sizeof(*ps->v));
	ps->v[ps->n++] = (struct proposal){
		rule, mem_strdup(path), at, n, text, name.n ? str_dup(name) : NULL};
}

static void
propose(struct proposals *ps, enum fixer_rule rule, const char *path, size_t at, char *text,
	struct str name)
{
	propose_in_place(ps, rule, path, at, 0, text, name);
}

struct error { /* one, in its file as it is */
	const struct diagnostic *d;
	const char *path;
	struct str text, blank;
	size_t at;
	struct str function; /* that is not declared; empty */
};

static struct str
undeclared(const struct diagnostic *d)
{
	if (str_starts(str_of(d->message), "implicit declaration of function '"))
		return diagnostic_quoted(d, 0);
	return (struct str){"", 0};
}

static void
propose_header(struct proposals *ps, const struct error *e, struct str header, bool system)
{
	if (source_includes(e->text, header))
		return;
	/* At the beginning where nothing is included: behind the comment a file begins with. */
	size_t at = source_after_includes(e->text, e->at);
	if (!at && str_starts(e->text, "/*")) {
		const char *end = memmem(e->text.p, e->text.n, "*/", 2);
		const char *nl =
			end ? memchr(end, '\n', e->text.n - (size_t)(end - e->text.p)) : NULL;
		at = nl ? (size_t)(nl - e->text.p) + 1 : 0;
	}
	propose(ps, system ? RULE_HEADER : RULE_OWN_HEADER, e->path, at,
		mem_printf("#include %c" STR_FMT "%c\n", system ? '<' : '"', STR_ARG(header),
			system ? '>' : '"'),
		e->function);
}

static void
load_headers(struct fixing *f)
{
	struct str line, name, rest = data_headers();
	while (str_next_line(&rest, &line))
		if (line.n && line.p[0] != '#' && str_next(&line, '\t', &name)) {
			char *behind = str_dup(line);
			map_put_str(&f->headers, name, behind);
		}
}

/* A function that the tree defines itself is none of the C library's. */
static bool
is_of_tree(const struct fixing *f, struct str name)
{
	for (size_t i = 0; i < f->found.n; i++)
		if (str_eq(name, f->found.v[i].name) && !f->found.v[i].declaration)
			return true;
	return false;
}

static void
rule_header(struct fixing *f, const struct error *e, struct proposals *ps)
{
	if (e->function.n && is_of_tree(f, e->function))
		return;
	for (size_t i = 0; i < e->d->headers.n; i++)
		propose_header(ps, e, str_of(e->d->headers.v[i]), true);
	const char *known =
		e->function.n && !e->d->headers.n ? map_get_str(&f->headers, e->function) : NULL;
	struct str header, rest = str_of(known);
	if (known && str_next(&rest, '\t', &header))
		propose_header(ps, e, header, true);
}

/* Back over the stars in front of a name. */
static size_t
declarator_start(struct str text, size_t at)
{
	size_t start = at;
	while (start > 0 &&
		(text.p[start - 1] == '*' || text.p[start - 1] == ' ' || text.p[start - 1] == '\t'))
		start--;
	while (start < at && text.p[start] != '*')
		start++;
	return start;
}

/* "type of 'x' defaults to 'int'": a parameter of the old style that is not declared. */
static void
propose_parameter(struct proposals *ps, const struct error *e)
{
	struct source_head h;
	struct str name = diagnostic_quoted(e->d, 0);
	if (!source_head(e->blank, e->at, &h) || !h.old_style)
		return;
	propose(ps, RULE_INT, e->path, h.body, mem_printf("int " STR_FMT ";\n", STR_ARG(name)),
		name);
}

static void
rule_int(struct fixing *f, const struct error *e, struct proposals *ps)
{
	struct str m = str_of(e->d->message);
	(void)f;
	if (str_starts(m, "type of '") && str_ends(m, "' defaults to 'int'"))
		propose_parameter(ps, e);
	else if (str_starts(m, "return type defaults to 'int'") ||
		 str_starts(m, "type defaults to 'int' in declaration of '"))
		propose(ps, RULE_INT, e->path, declarator_start(e->text, e->at), mem_strdup("int "),
			diagnostic_quoted(e->d, 1));
}

/* ---- declarations of the tree's own functions ---- */

static size_t
same_start(const char *a, const char *b)
{
	size_t n = 0, dir = 0;
	while (a[n] && a[n] == b[n]) {
		n++;
		if (a[n - 1] == '/')
			dir = n;
	}
	return dir;
}

/* How `header` is named in an #include of `path`: below a directory of -I, else beside it.  Heap. */
static char *
include_name(const struct fixing *f, const char *path, const char *header)
{
	for (size_t i = 1; i < f->unit->argv.n; i++) {
		const char *a = f->unit->argv.v[i];
		if (strncmp(a, "-I", 2) != 0)
			continue;
		const char *dir = a[2]			    ? a + 2
				  : i + 1 < f->unit->argv.n ? f->unit->argv.v[i + 1]
							    : "";
		OWN_FREE char *below = fixer_path(f->unit->dir, str_of(dir));
		size_t n = below ? strlen(below) : 0;
		if (below && strncmp(header, below, n) == 0 && (!n || header[n] == '/'))
			return mem_strdup(header + n + (n > 0));
	}
	OWN(buf) struct buf out = {.max = 8192};
	size_t same = same_start(path, header);
	for (const char *p = path + same; (p = strchr(p, '/')); p++)
		buf_puts(&out, "../");
	buf_puts(&out, header + same);
	return buf_take(&out);
}

static void
rule_own_header(struct fixing *f, const struct error *e, struct proposals *ps)
{
	const struct fixer_definition *best = NULL;
	for (size_t i = 0; e->function.n && i < f->found.n; i++) {
		const struct fixer_definition *d = &f->found.v[i];
		if (!d->declaration || !str_eq(e->function, d->name) ||
			strcmp(d->path, e->path) == 0)
			continue;
		if (!best || same_start(e->path, d->path) > same_start(e->path, best->path))
			best = d;
	}
	if (!best)
		return;
	OWN_FREE char *name = include_name(f, e->path, best->path);
	propose_header(ps, e, str_of(name), false);
}

static bool
is_name(const struct buf *text, size_t at, size_t n)
{
	char next = text->p[at + n];
	return !isalnum((unsigned char)next) && next != '_';
}

/* A declaration from the definition at a place; NULL: its text gives none.  Heap. */
static char *
declare(struct fixing *f, const struct fixer_definition *d, bool without)
{
	OWN(buf) struct buf text = {0}, blank = {0};
	struct source_head h;
	if (read_source(f, d->path, &text) < 0)
		return NULL;
	blank.max = text.n + 1;
	source_blank(buf_str(&text), &blank);
	/* Its line may have moved since it was found. */
	size_t n = strlen(d->name);
	for (size_t at = 0; at + n < blank.n; at++) {
		const char *hit = memmem(blank.p + at, blank.n - at, d->name, n);
		if (!hit)
			return NULL;
		at = (size_t)(hit - blank.p);
		bool begins =
			!at || !(isalnum((unsigned char)blank.p[at - 1]) || blank.p[at - 1] == '_');
		if (begins && source_head(buf_str(&blank), at, &h) && is_name(&blank, at, n))
			return source_prototype(buf_str(&text), &h, without);
	}
	return NULL;
}

/* The same for all that may be meant: of this file, else of whatever file; NULL where they disagree. */
static char *
declaration_of(struct fixing *f, const struct error *e, bool without)
{
	char *all = NULL;
	for (size_t i = 0; i < f->found.n; i++) {
		const struct fixer_definition *d = &f->found.v[i];
		bool here = strcmp(d->path, e->path) == 0;
		if (d->declaration || !str_eq(e->function, d->name) || (d->is_static && !here))
			continue;
		char *one = declare(f, d, without);
		if (!one)
			continue;
		if (here) {
			free(all);
			return one;
		}
		if (all && strcmp(all, one) != 0) {
			free(all);
			free(one);
			return NULL;
		}
		free(all);
		all = one;
	}
	return all;
}

static void
propose_declaration(struct fixing *f, const struct error *e, bool without, struct proposals *ps)
{
	if (!e->function.n)
		return;
	OWN_FREE char *text = declaration_of(f, e, without);
	const char *known = text || without || is_of_tree(f, e->function)
				    ? NULL
				    : map_get_str(&f->headers, e->function);
	const char *tab = known ? strchr(known, '\t') : NULL;
	if (!text && tab && tab[1])
		text = mem_strdup(tab + 1);
	size_t at = text ? source_piece(e->blank, e->at) : SOURCE_NOWHERE;
	if (at == SOURCE_NOWHERE)
		return;
	while (at > 0 && e->text.p[at - 1] != '\n')
		at--;
	propose(ps, without ? RULE_OLD_STYLE : RULE_PROTOTYPE, e->path, at,
		mem_printf("%s\n", text), e->function);
}

static void
rule_prototype(struct fixing *f, const struct error *e, struct proposals *ps)
{
	propose_declaration(f, e, false, ps);
}

static void
rule_old_style(struct fixing *f, const struct error *e, struct proposals *ps)
{
	propose_declaration(f, e, true, ps);
}

static void
rule_cast(struct fixing *f, const struct error *e, struct proposals *ps)
{
	size_t at = 0, n = 0;
	char *text = fixer_cast(e->d, e->text, e->blank, e->at, &at, &n);
	(void)f;
	if (text)
		propose_in_place(ps, RULE_CAST, e->path, at, n, text, (struct str){"", 0});
}

static int
find_definitions(struct fixing *f, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	for (size_t i = 0; i < f->now.errors.n; i++) {
		struct str name = undeclared(&f->now.errors.v[i]);
		if (!name.n || map_get_str(&f->asked, name))
			continue;
		map_put_str(&f->asked, name, f);
		strlist_add_str(&names, name);
	}
	return names.n ? f->spec->host->find(f->spec->host->ctx, &names, &f->found, err) : 0;
}

/* ---- trying ---- */

static void (*const rules[])(struct fixing *f, const struct error *e, struct proposals *ps) = {
	rule_header, rule_own_header, rule_int, rule_prototype, rule_old_style, rule_cast};

static void
propose_all(struct fixing *f, enum fixer_rule rule, struct proposals *ps)
{
	for (size_t i = 0; i < f->now.errors.n; i++) {
		const struct diagnostic *d = &f->now.errors.v[i];
		OWN_FREE char *path = fixer_path(f->unit->dir, str_of(d->file));
		OWN(buf) struct buf text = {0}, blank = {0};
		if (!path || read_source(f, path, &text) < 0)
			continue;
		blank.max = text.n + 1;
		source_blank(buf_str(&text), &blank);
		const struct error e = {.d = d,
			.path = path,
			.text = buf_str(&text),
			.blank = buf_str(&blank),
			.at = source_offset(buf_str(&text), d->line, d->column),
			.function = undeclared(d)};
		if (e.at != SOURCE_NOWHERE)
			rules[rule](f, &e, ps);
	}
}

static int
by_place(const void *a, const void *b)
{
	const struct proposal *x = a, *y = b;
	int paths = strcmp(x->path, y->path);
	return paths ? paths : x->at < y->at ? -1 : x->at > y->at;
}

static void
put_insertion(struct buf *out, struct str before, struct str text)
{
	const char *nl = before.n ? memchr(before.p, '\n', before.n) : NULL;
	bool crlf = nl && nl > before.p && nl[-1] == '\r';
	for (size_t i = 0; i < text.n; i++) {
		if (crlf && text.p[i] == '\n')
			buf_putc(out, '\r');
		buf_putc(out, text.p[i]);
	}
}

/* ps, sorted by place, made in all its files. */
static int
apply(struct fixing *f, const struct proposal *v, size_t n, struct edit_result *ret,
	struct dd_err *err)
{
	struct edit *edits = mem_zalloc(n, sizeof(*edits));
	struct buf *texts = mem_zalloc(n, sizeof(*texts));
	size_t nedits = 0, at = 0;
	OWN(buf) struct buf before = {0};
	for (size_t i = 0; i < n; i++) {
		struct buf *out = &texts[nedits ? nedits - 1 : 0];
		if (!i || strcmp(v[i].path, v[i - 1].path) != 0) {
			buf_reset(&before);
			if (read_source(f, v[i].path, &before) < 0)
				continue;
			at = 0;
			edits[nedits] = (struct edit){.kind = EDIT_BYTES, .path = v[i].path};
			out = &texts[nedits++];
		}
		/* One that overlaps the one before it waits for the next round. */
		if (v[i].at + v[i].n <= before.n && v[i].at >= at) {
			buf_add(out, before.p + at, v[i].at - at);
			put_insertion(out, buf_str(&before), str_of(v[i].text));
			at = v[i].at + v[i].n;
		}
		if (i + 1 == n || strcmp(v[i].path, v[i + 1].path) != 0)
			buf_add(out, before.p + at, before.n - at);
	}
	for (size_t i = 0; i < nedits; i++)
		edits[i].text = buf_str(&texts[i]);
	int rc = edit_apply(f->spec->root_fd, edits, nedits, f->spec->check, ret, err);
	for (size_t i = 0; i < ret->n; i++)
		map_put(&f->stale, ret->v[i].path, f);
	for (size_t i = 0; i < nedits; i++)
		buf_cleanup(&texts[i]);
	free(texts);
	free(edits);
	return rc;
}

static void
note_fixes(struct fixing *f, const struct proposal *v, size_t n, size_t fewer)
{
	for (size_t i = 0; i < n; i++) {
		struct str text = str_trim(str_of(v[i].text));
		json_array_append_new(
			f->fixes, json_pack("{s:o, s:s, s:o, s:o*, s:I}", "path",
					  json_text(str_of(v[i].path)), "rule",
					  fixer_rule_names[v[i].rule], "text", json_text(text),
					  "for", v[i].name ? json_text(str_of(v[i].name)) : NULL,
					  "errors", (json_int_t)fewer));
	}
}

/* Make them, and keep them if that is a gain; *ret_kept. */
static int
try(struct fixing *f, const struct proposal *v, size_t n, bool *ret_kept, struct dd_err *err)
{
	struct edit_result done = {0};
	OWN(measured) struct measured m = {0};
	OWN(dd_err) struct dd_err why = {0};
	*ret_kept = false;
	int rc = apply(f, v, n, &done, &why);
	if (rc == -DD_EINVAL) { /* refused: nothing changed */
		edit_result_cleanup(&done);
		return 0;
	}
	if (rc < 0)
		return err_move(err, &why);
	rc = measure(f, &m, err);
	bool gain = rc == 0 && m.errors.n < f->now.errors.n && has_same_symbols(f, &m);
	if (gain) {
		note_fixes(f, v, n, f->now.errors.n - m.errors.n);
		measured_cleanup(&f->now);
		f->now = m;
		m = (struct measured){0};
		*ret_kept = true;
	} else if (rc == 0) {
		rc = edit_undo(f->spec->root_fd, &done, err);
		for (size_t i = 0; i < done.n; i++)
			map_put(&f->stale, done.v[i].path, f);
	}
	edit_result_cleanup(&done);
	return rc;
}

/* From the last place to the first, so that the places before it stay what they are. */
static int
try_alone(struct fixing *f, const struct proposals *ps, bool *ret_any, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = ps->n; rc == 0 && i-- > 0 && ps->n - i <= MAX_ALONE;) {
		bool kept = false;
		rc = try(f, &ps->v[i], 1, &kept, err);
		*ret_any = *ret_any || kept;
	}
	return rc;
}

static int
apply_rule(struct fixing *f, enum fixer_rule rule, bool *ret_any, struct dd_err *err)
{
	OWN(proposals) struct proposals ps = {0};
	*ret_any = false;
	propose_all(f, rule, &ps);
	if (!ps.n)
		return 0;
	qsort(ps.v, ps.n, sizeof(*ps.v), by_place);
	int rc = try(f, ps.v, ps.n, ret_any, err);
	if (rc == 0 && !*ret_any && ps.n > 1)
		rc = try_alone(f, &ps, ret_any, err);
	return rc;
}

static int
apply_rules(struct fixing *f, struct dd_err *err)
{
	const size_t n = sizeof(rules) / sizeof(*rules);
	int rc = 0;
	for (size_t r = 0; rc == 0 && r < n && f->now.errors.n; r++) {
		bool any = true;
		for (int round = 0; rc == 0 && any && round < MAX_ROUNDS && f->now.errors.n;
			round++) {
			rc = find_definitions(f, err);
			if (rc == 0)
				rc = apply_rule(f, (enum fixer_rule)r, &any, err);
		}
	}
	return rc;
}

static void
put_left(const struct fixing *f, json_t *left)
{
	for (size_t i = 0; i < f->now.errors.n && json_array_size(left) < MAX_LEFT; i++) {
		const struct diagnostic *d = &f->now.errors.v[i];
		OWN_FREE char *path = fixer_path(f->unit->dir, str_of(d->file));
		json_array_append_new(left,
			json_pack("{s:o, s:I, s:o}", "path",
				json_text(str_of(path ? path : d->file)), "line",
				(json_int_t)d->line, "message", json_text(str_of(d->message))));
	}
}

static int
fix_unit(struct fixing *f, json_t *units, json_t *left, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	if (read_source(f, f->unit->path, &text) < 0)
		return 0;
	source_words(buf_str(&text), &f->words);
	int rc = measure(f, &f->first, err);
	if (rc < 0 || !f->first.errors.n)
		return rc;
	/* Moved, and its symbols copied back: they are what all later ones are compared with. */
	f->now.errors = f->first.errors;
	f->first.errors = (struct diagnostic_list){0};
	f->now.object = f->first.object;
	strlist_copy(&f->now.symbols, &f->first.symbols);
	size_t before = f->now.errors.n;
	rc = apply_rules(f, err);
	if (rc < 0)
		return rc;
	put_left(f, left);
	json_array_append_new(
		units, json_pack("{s:o, s:I, s:I, s:s}", "path", json_text(str_of(f->unit->path)),
			       "before", (json_int_t)before, "after", (json_int_t)f->now.errors.n,
			       "symbols",
			       !f->first.object		      ? "unknown"
			       : has_same_symbols(f, &f->now) ? "same"
							      : "changed"));
	return 0;
}

int
fixer_c_run(const struct fixer_spec *spec, json_t **ret, struct dd_err *err)
{
	struct fixing f = {.spec = spec, .headers = {.destroy = free}, .fixes = json_array()};
	OWN_JSON json_t *units = json_array(), *left = json_array();
	int rc = 0;
	load_headers(&f);
	for (size_t i = 0; rc == 0 && i < spec->units->n; i++) {
		f.unit = &spec->units->v[i];
		rc = fix_unit(&f, units, left, err);
		measured_cleanup(&f.first);
		measured_cleanup(&f.now);
		map_cleanup(&f.words);
	}
	map_cleanup(&f.headers);
	map_cleanup(&f.stale);
	map_cleanup(&f.asked);
	fixer_definition_list_cleanup(&f.found);
	if (rc == 0)
		*ret = json_pack("{s:O, s:O, s:O}", "units", units, "fixes", f.fixes, "left", left);
	json_decref(f.fixes);
	return rc;
}
