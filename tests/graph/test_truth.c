/*
 * What the map says of small sources in each deep language, against what the rules of the language say: the files of
 * tests/graph/truth.  A line "## TITLE" begins a case, "-- PATH" another file of it, "=> ..." says what is true:
 *
 *   => A.f calls g, B.h         all calls that A.f makes into the case's own code, or "may-call", or "makes" (objects)
 *   => f calls g if COND        under that condition of the preprocessor
 *   => f unresolved x           a call that is kept as one of which it is not known where it ends
 *   => M calls f                a macro of C: its body calls it
 *   => A inherits B             all bases, when the case says "inherits" at all
 *   => defines type A, method A.f    all entities of the kinds that the case names
 *
 * "x@3" is the x at line 3, "b.py:x" that of another file.  A call, or a definition of a kind that is named, about which
 * a case says nothing is wrong.  known_wrong.tsv lists the cases that fail, and why; one that is right there fails, too.
 */
#include "base/fs.h"
#include "graph/extract.h"
#include "graph/resolve.h"
#include "graph/values.h"

#include <string.h>

#define DIRECTORY "tests/graph/truth"
#define MAX_FILES 8
#define MAX_TRUTHS 64
#define MAX_FOUND 256

static const struct {
	const char *name, *file;
} languages[] = {{"bash", "main.sh"}, {"c", "main.c"}, {"cpp", "main.cpp"}, {"csharp", "Main.cs"},
	{"go", "main.go"}, {"java", "Main.java"}, {"javascript", "main.js"}, {"php", "main.php"},
	{"python", "main.py"}, {"ruby", "main.rb"}, {"rust", "main.rs"}, {"typescript", "main.ts"}};

enum what { CALLS, MAY_CALL, MAKES, INHERITS, UNRESOLVED, DEFINES, WHATS };
static const char *const whats[WHATS] = {
	"calls", "may-call", "makes", "inherits", "unresolved", "defines"};

struct truth {
	enum what what;
	struct str src, dst, cond; /* DEFINES: src is the kind */
	bool met;
};
struct found {
	enum what what;
	uint32_t src, dst;
	struct str name, cond; /* name: of what is not resolved */
};
struct part {
	char *path;
	struct buf text;
};
struct one { /* a case */
	struct str title;
	struct part parts[MAX_FILES];
	size_t nparts;
	struct truth truths[MAX_TRUTHS];
	size_t ntruths;
	bool kinds[KIND_END], inherits;
	struct buf wrong;
	unsigned right_of[2], wrong_of[2], missed_of[2]; /* 0: relations, 1: definitions */
};
struct totals {
	unsigned cases, failed, known, right[2], wrong[2], missed[2];
};

static unsigned tests, failures;
static bool has_case[1024]; /* by line of known_wrong.tsv: its case is there */
static struct extractor *extractor;

static bool
str_equal(struct str a, struct str b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* ---- the files of cases ---- */

static void
add_truths(struct one *c, struct str line)
{
	struct str cond = {"", 0}, subject = {"", 0}, word, item;
	const char *when = memmem(line.p, line.n, " if ", 4);
	if (when) {
		cond = (struct str){when + 4, (size_t)(line.p + line.n - when) - 4};
		line.n = (size_t)(when - line.p);
	}
	if (!str_starts(line, "defines"))
		(void)str_next(&line, ' ', &subject);
	(void)str_next(&line, ' ', &word);
	enum what w = 0;
	while (w < WHATS && !str_eq(word, whats[w]))
		w++;
	if (w == WHATS) {
		buf_printf(&c->wrong, "no such word: " STR_FMT "\n", STR_ARG(word));
		return;
	}
	while (str_next(&line, ',', &item) && c->ntruths < MAX_TRUTHS) {
		struct truth *t = &c->truths[c->ntruths++];
		*t = (struct truth){.what = w, .src = subject, .dst = str_trim(item), .cond = cond};
		if (w == DEFINES) {
			(void)str_next(&t->dst, ' ', &t->src);
			for (unsigned k = 0; k < KIND_END; k++)
				if (str_eq(t->src, graph_kind_name((enum graph_kind)k)))
					c->kinds[k] = true;
		}
		c->inherits |= w == INHERITS;
	}
}

static struct part *
new_part(struct one *c, struct str path)
{
	struct part *p = &c->parts[c->nparts < MAX_FILES - 1 ? c->nparts++ : c->nparts];
	p->path = mem_printf(STR_FMT, STR_ARG(path));
	return p;
}

static void
add_line(struct one *c, struct str line, const char *file)
{
	if (str_starts(line, "=> ")) {
		add_truths(c, (struct str){line.p + 3, line.n - 3});
	} else if (str_starts(line, "-- ")) {
		(void)new_part(c, (struct str){line.p + 3, line.n - 3});
	} else {
		struct part *p = c->nparts ? &c->parts[c->nparts - 1] : new_part(c, str_of(file));
		buf_add_str(&p->text, line);
		buf_putc(&p->text, '\n');
	}
}

static void
drop_case(struct one *c)
{
	for (size_t i = 0; i < c->nparts; i++) {
		free(c->parts[i].path);
		buf_cleanup(&c->parts[i].text);
	}
	buf_cleanup(&c->wrong);
	*c = (struct one){0};
}

/* ---- names ---- */

static void
put_name(const struct model *m, uint32_t id, struct buf *b)
{
	const struct model_entity *e = &m->entities[id];
	uint32_t up = e->home;
	if (up && m->entities[up].kind != KIND_FILE && m->entities[up].kind != KIND_DIRECTORY &&
		e->kind != KIND_FILE) {
		put_name(m, up, b);
		buf_putc(b, '.');
	}
	buf_add_str(b, model_text(m, e->name));
}

/* "NAME", "NAME@LINE", "FILE:NAME"; a file is called by its path. */
static bool
is_called(const struct model *m, uint32_t id, struct str said)
{
	const struct model_entity *e = &m->entities[id];
	const char *at = said.n ? memrchr(said.p, '@', said.n) : NULL;
	if (at && at[1] >= '0' && at[1] <= '9') {
		if (strtoul(at + 1, NULL, 10) != e->line)
			return false;
		said.n = (size_t)(at - said.p);
	}
	OWN(buf) struct buf name = {0}, whole = {0};
	put_name(m, id, &name);
	if (e->file) {
		const struct model_entity *file = &m->entities[m->files[e->file - 1].entity];
		buf_add_str(&whole, model_text(m, file->name));
		buf_putc(&whole, ':');
		buf_add_str(&whole, buf_str(&name));
	}
	return str_equal(buf_str(&name), said) || str_equal(buf_str(&whole), said);
}

static void
describe(const struct model *m, const struct found *f, struct buf *b)
{
	if (f->what == DEFINES)
		buf_printf(b, "defines %s ",
			graph_kind_name((enum graph_kind)m->entities[f->dst].kind));
	else
		put_name(m, f->src, b);
	if (f->what != DEFINES)
		buf_printf(b, " %s ", whats[f->what]);
	if (f->dst) {
		put_name(m, f->dst, b);
		buf_printf(b, "@%u", m->entities[f->dst].line);
	} else {
		buf_add_str(b, f->name);
	}
	if (f->cond.n)
		buf_printf(b, " if " STR_FMT, STR_ARG(f->cond));
}

/* ---- what the map says ---- */

static enum what
what_of(const struct model_edge *e)
{
	bool call = e->relation == REL_CALLS || e->relation == REL_INSTANTIATES;
	if (!e->dst)
		return call ? UNRESOLVED : WHATS;
	switch ((enum graph_relation)e->relation) {
	case REL_CALLS:
		return CALLS;
	case REL_MAY_CALL:
		return MAY_CALL;
	case REL_INSTANTIATES:
		return MAKES;
	case REL_INHERITS:
		return INHERITS;
	default:
		return WHATS;
	}
}

static size_t
collect(const struct model *m, const struct one *c, struct found *found)
{
	size_t n = 0;
	for (size_t i = 0; i < m->nedges && n < MAX_FOUND; i++) {
		const struct model_edge *e = &m->edges[i];
		struct found f = {
			what_of(e), e->src, e->dst, model_text(m, e->name), model_text(m, e->cond)};
		bool there = f.what == WHATS;
		for (size_t k = 0; k < n && !there; k++)
			there = found[k].what == f.what && found[k].src == f.src &&
				found[k].dst == f.dst && str_equal(found[k].name, f.name) &&
				str_equal(found[k].cond, f.cond);
		if (!there)
			found[n++] = f;
	}
	for (uint32_t i = 1; i < m->n && n < MAX_FOUND; i++)
		if (c->kinds[m->entities[i].kind])
			found[n++] = (struct found){.what = DEFINES, .dst = i};
	return n;
}

static bool
meets(const struct model *m, const struct found *f, const struct truth *t)
{
	if (f->what != t->what)
		return false;
	if (f->what == DEFINES)
		return str_eq(t->src, graph_kind_name((enum graph_kind)m->entities[f->dst].kind)) &&
		       is_called(m, f->dst, t->dst);
	if (!is_called(m, f->src, t->src) || (t->cond.n && !str_equal(t->cond, f->cond)))
		return false;
	return f->dst ? is_called(m, f->dst, t->dst) : str_equal(f->name, t->dst);
}

static void
judge(struct one *c, const struct model *m)
{
	struct found found[MAX_FOUND];
	size_t n = collect(m, c, found);
	for (size_t i = 0; i < n; i++) {
		bool met = false, definition = found[i].what == DEFINES;
		for (size_t k = 0; k < c->ntruths; k++)
			if (meets(m, &found[i], &c->truths[k]))
				met = c->truths[k].met = true;
		if (met || found[i].what == UNRESOLVED ||
			(found[i].what == INHERITS && !c->inherits)) {
			c->right_of[definition] += met && found[i].what != UNRESOLVED;
			continue;
		}
		c->wrong_of[definition]++;
		buf_puts(&c->wrong, "too many: ");
		describe(m, &found[i], &c->wrong);
		buf_putc(&c->wrong, '\n');
	}
	for (size_t k = 0; k < c->ntruths; k++) {
		const struct truth *t = &c->truths[k];
		if (t->met)
			continue;
		c->missed_of[t->what == DEFINES]++;
		buf_printf(&c->wrong, "missing: " STR_FMT " %s " STR_FMT "\n", STR_ARG(t->src),
			whats[t->what], STR_ARG(t->dst));
	}
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct part *)a)->path, ((const struct part *)b)->path);
}

static void
map_and_judge(struct one *c)
{
	struct facts f[MAX_FILES] = {0};
	struct buf packed[MAX_FILES] = {0};
	struct model m;
	model_init(&m);
	qsort(c->parts, c->nparts, sizeof(*c->parts), by_path);
	for (size_t i = 0; i < c->nparts; i++) {
		extract(extractor, c->parts[i].path, buf_str(&c->parts[i].text), &f[i]);
		facts_pack(&f[i], &packed[i]);
		if (facts_unpack(&f[i], buf_str(&packed[i]), NULL) < 0)
			buf_puts(&c->wrong, "facts that are not well formed\n");
		model_add_file(&m, c->parts[i].path, &f[i]);
	}
	model_settle(&m);
	struct values *values = values_create(&m);
	for (size_t i = 0; i < c->nparts; i++)
		resolve_file(&m, i, &f[i], NULL, values);
	judge(c, &m);
	values_destroy(values);
	model_cleanup(&m);
	for (size_t i = 0; i < c->nparts; i++) {
		facts_cleanup(&f[i]);
		buf_cleanup(&packed[i]);
	}
}

/* ---- the tests ---- */

/* Why a case is known to be wrong; n 0: it is not. */
static struct str
known(struct str table, const char *language, struct str title)
{
	struct str line, word, name;
	for (size_t i = 0; i < sizeof(has_case) && str_next_line(&table, &line); i++)
		if (str_next(&line, '\t', &word) && str_eq(word, language) &&
			str_next(&line, '\t', &name) && str_equal(name, title)) {
			has_case[i] = true;
			return line.n ? line : STR("?");
		}
	return (struct str){"", 0};
}

static void
tell(const char *language, const struct one *c, struct str why)
{
	bool wrong = c->wrong.n > 0, failed = wrong != (why.n > 0);
	printf("%s %u - %s: " STR_FMT "%s\n", failed ? "not ok" : "ok", ++tests, language,
		STR_ARG(c->title), why.n ? " (known to be wrong)" : "");
	if (why.n)
		printf("# known: " STR_FMT "\n", STR_ARG(why));
	if (failed && !wrong)
		printf("# it is right now: take it out of known_wrong.tsv\n");
	struct str rest = buf_str(&c->wrong), line;
	while (failed && str_next_line(&rest, &line))
		printf("#   " STR_FMT "\n", STR_ARG(line));
	failures += failed;
}

static void
finish_case(const char *language, struct one *c, struct str table, struct totals *t)
{
	if (!c->title.n)
		return;
	map_and_judge(c);
	struct str why = known(table, language, c->title);
	tell(language, c, why);
	t->cases++;
	t->known += why.n > 0;
	t->failed += c->wrong.n > 0;
	for (unsigned i = 0; i < 2; i++) {
		t->right[i] += c->right_of[i];
		t->wrong[i] += c->wrong_of[i];
		t->missed[i] += c->missed_of[i];
	}
	drop_case(c);
}

static void
test_known(struct str table)
{
	struct str line;
	unsigned lost = 0;
	for (size_t i = 0; str_next_line(&table, &line); i++)
		if (i >= sizeof(has_case) || !has_case[i]) {
			printf("# no case: " STR_FMT "\n", STR_ARG(line));
			lost++;
		}
	printf("%s %u - each line of known_wrong.tsv has a case\n", lost ? "not ok" : "ok",
		++tests);
	failures += lost > 0;
}

static double
share(unsigned part, unsigned rest)
{
	return part + rest ? (double)part / (part + rest) : 1;
}

static void
test_language(size_t i, struct str table)
{
	OWN(buf) struct buf text = {0};
	OWN_FREE char *path = mem_printf(DIRECTORY "/%s", languages[i].name);
	struct totals t = {0};
	struct one *c = mem_zalloc(1, sizeof(*c));
	struct str rest, line;
	if (fs_read(path, 1 << 20, &text, NULL) < 0)
		printf("# %s: cannot be read\n", path);
	rest = buf_str(&text);
	while (str_next_line(&rest, &line)) {
		if (str_starts(line, "## ")) {
			finish_case(languages[i].name, c, table, &t);
			c->title = (struct str){line.p + 3, line.n - 3};
		} else if (c->title.n) {
			add_line(c, line, languages[i].file);
		}
	}
	finish_case(languages[i].name, c, table, &t);
	free(c);
	printf("%s %u - %s has at least 30 cases\n", t.cases >= 30 ? "ok" : "not ok", ++tests,
		languages[i].name);
	failures += t.cases < 30;
	printf("# %s: %u of %u cases right (%u known to be wrong); calls: precision %.3f, recall "
	       "%.3f; definitions: precision %.3f, recall %.3f\n",
		languages[i].name, t.cases - t.failed, t.cases, t.known,
		share(t.right[0], t.wrong[0]), share(t.right[0], t.missed[0]),
		share(t.right[1], t.wrong[1]), share(t.right[1], t.missed[1]));
}

int
main(void)
{
	OWN(buf) struct buf table = {0};
	extractor = extractor_create();
	if (fs_read(DIRECTORY "/known_wrong.tsv", 1 << 20, &table, NULL) < 0)
		printf("# no table of known faults\n");
	for (size_t i = 0; i < sizeof(languages) / sizeof(*languages); i++)
		test_language(i, buf_str(&table));
	test_known(buf_str(&table));
	extractor_destroy(extractor);
	printf("1..%u\n", tests);
	return failures > 0;
}
