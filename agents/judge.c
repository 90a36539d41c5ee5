#include "agents/judge.h"

#include "agents/inventory.h"
#include "agents/judge_text.h"
#include "base/log.h"
#include "base/map.h"

#include <string.h>

#define VALUES_MAX 6 /* of a line */
#define LINES_MAX 8  /* of all tests that are varied */
#define FILE_LINES 4 /* of one of them */
#define KEPT_MAX 4
#define TOLD_MAX 100
#define SAME_MAX 4 /* values that do what the old code did: enough */

const char *const judge_check_names[] = {
	"held-back", "idle", "blind", "special", "deaf", "bypassed", NULL};

enum check_state { CHECK_NOT_RUN, CHECK_PASSED, CHECK_FAILED };

struct picked { /* a line of a test that can be varied */
	size_t file;
	struct span line, values[VALUES_MAX];
	size_t nvalues;
	unsigned heard; /* values that were noticed, a bit each */
	int score;
};

struct look { /* at a run */
	bool passed;
	struct map
		lines; /* what it printed, but for what differs from run to run; owns no values */
};

struct judging {
	const struct judge_spec *s;
	json_t *findings;
	enum check_state checks[JUDGE_CHECKS];
	bool *base; /* which changes are the repair, tests and runners as they were where that is possible */
	struct look with, without; /* the change's base; the tree as it was */
	struct map told;	   /* lines that only failures printed; owns no values */
	struct picked lines[LINES_MAX];
	size_t nlines, runs;
	int64_t started_ns;	   /* of the checks that are under way */
	const char *ended;	   /* why nothing goes on; NULL */
	bool late;		   /* what is under way had its time */
	struct strlist unfinished; /* checks that had not enough of it */
};

void
judge_run_cleanup(struct judge_run *r)
{
	buf_cleanup(&r->output);
}

static void
look_cleanup(struct look *l)
{
	map_cleanup(&l->lines);
}

/* ---- running ---- */

static bool
is_same(const struct look *a, const struct look *b)
{
	return a->passed == b->passed && judge_text_is_among(&a->lines, &b->lines) &&
	       judge_text_is_among(&b->lines, &a->lines);
}

static enum check_state *
check(struct judging *j, enum judge_check c)
{
	return &j->checks[c];
}

static void
found(struct judging *j, enum judge_check c, const char *path, const char *text)
{
	*check(j, c) = CHECK_FAILED;
	json_array_append_new(
		j->findings, json_pack("{s:o, s:i, s:s, s:s}", "path", json_text(str_of(path)),
				     "line", 0, "kind", judge_check_names[c], "text", text));
}

static bool
any_found(const struct judging *j)
{
	for (int c = 0; c < JUDGE_CHECKS; c++)
		if (j->checks[c] == CHECK_FAILED)
			return true;
	return false;
}

static bool
is_over(struct judging *j)
{
	int64_t limit = j->s->time_ms;
	if (limit && (clock_mono_ns() - j->started_ns) / 1000000 > limit)
		j->late = true;
	return j->late || j->ended || any_found(j);
}

/* Checks have a time of their own, so that slow ones leave some to the others. */
static void
begin(struct judging *j)
{
	j->started_ns = clock_mono_ns();
	j->late = false;
}

/* What had not enough time has shown nothing. */
static void
end(struct judging *j, unsigned checks)
{
	for (int c = 0; j->late && c < JUDGE_CHECKS; c++) {
		if (!(checks >> c & 1) || j->checks[c] == CHECK_FAILED)
			continue;
		j->checks[c] = CHECK_NOT_RUN;
		strlist_add(&j->unfinished, judge_check_names[c]);
	}
	j->late = false;
}

/* The changes that `which` has (NULL: none) and one more file; its text replaces that of the change. */
static int
look_at(struct judging *j, const bool *which, const struct judge_file *more, struct look *ret,
	struct dd_err *err)
{
	const struct judge_spec *s = j->s;
	struct judge_file *files = mem_zalloc(s->nchanges + 1, sizeof(*files));
	struct judge_run r = {0};
	size_t n = 0;
	for (size_t i = 0; i < s->nchanges; i++) {
		const struct judge_change *c = &s->changes[i];
		if (which && which[i] && !(more && strcmp(more->path, c->path) == 0))
			files[n++] = (struct judge_file){
				c->path, c->is ? c->after : (struct str){NULL, 0}};
	}
	if (more)
		files[n++] = *more;
	*ret = (struct look){0};
	j->runs++;
	int rc = s->host->run(s->host->ctx, files, n, &r, err);
	if (rc == 0) {
		ret->passed = r.passed && !r.ran_out;
		judge_text_lines(buf_str(&r.output), &ret->lines);
	}
	free(files);
	judge_run_cleanup(&r);
	return rc;
}

/* ---- which part of the change is the repair ---- */

enum part { PART_CODE, PART_BUILD, PART_TEST };

static enum part
part_of(const char *path)
{
	return inventory_is_build(path)	 ? PART_BUILD
	       : inventory_is_test(path) ? PART_TEST
					 : PART_CODE;
}

static size_t
choose(const struct judging *j, unsigned parts, bool *ret)
{
	size_t n = 0;
	for (size_t i = 0; i < j->s->nchanges; i++) {
		ret[i] = (parts >> part_of(j->s->changes[i].path)) & 1;
		n += ret[i];
	}
	return n;
}

/* Does the tree with these parts do as well as with all? */
static int
does_as_well(
	struct judging *j, unsigned parts, const struct look *all, bool *ret, struct dd_err *err)
{
	OWN(look) struct look l = {0};
	bool *which = mem_zalloc(j->s->nchanges + 1, sizeof(*which));
	(void)choose(j, parts, which);
	int rc = look_at(j, which, NULL, &l, err);
	*ret = rc == 0 && (l.passed || (!all->passed && is_same(&l, all)));
	free(which);
	return rc;
}

/* Services and the like are not there. */
static const char alone[] = "its tests do not pass when they are run alone";

static int
check_held_back(struct judging *j, struct dd_err *err)
{
	const unsigned code = 1 << PART_CODE, build = 1 << PART_BUILD, test = 1 << PART_TEST;
	const struct judge_spec *s = j->s;
	OWN(look) struct look all = {0};
	bool *none = mem_zalloc(s->nchanges + 1, sizeof(*none)), well = false, idle = false;
	size_t ncode = choose(j, code, none), nbuild = choose(j, build, none);
	unsigned use = code | build | test;
	int rc = 0;
	if (ncode < s->nchanges && !s->tests_may_change) {
		(void)choose(j, use, none);
		rc = look_at(j, none, NULL, &all, err);
		if (rc == 0 && s->passes && !all.passed)
			j->ended = alone;
		use = ncode ? code : build;
		if (rc == 0 && ncode + nbuild && !j->ended)
			rc = does_as_well(j, use, &all, &well, err);
		if (rc == 0 && !well && ncode && nbuild && !j->ended) {
			use = code | build;
			rc = does_as_well(j, use, &all, &well, err);
			if (rc == 0 && well)
				rc = does_as_well(j, build, &all, &idle, err);
			*check(j, JUDGE_IDLE) = CHECK_PASSED;
		}
		*check(j, JUDGE_HELD_BACK) = j->ended ? CHECK_NOT_RUN : CHECK_PASSED;
		if (rc == 0 && !well && !j->ended)
			found(j, JUDGE_HELD_BACK, s->changes[0].path,
				"with the tests and what runs them as they were, it does worse");
		if (rc == 0 && idle)
			found(j, JUDGE_IDLE, s->changes[0].path,
				"without the change of the code, the tests end the same");
	}
	(void)choose(j, use, j->base);
	free(none);
	return rc;
}

/* ---- values of tests ---- */

static void
take_values(struct str line, bool asserts, struct picked *p)
{
	struct span v;
	for (size_t at = 0; p->nvalues < VALUES_MAX && judge_text_number(line, at, &v);
		at = v.at + v.n)
		p->values[p->nvalues++] = v;
	for (size_t at = 0; asserts && p->nvalues < VALUES_MAX && judge_text_string(line, at, &v);
		at = v.at + v.n + 1)
		p->values[p->nvalues++] = v;
}

static struct str
text_of(const struct judging *j, const struct picked *p)
{
	return (struct str){j->s->tests[p->file].text.p + p->line.at, p->line.n};
}

/* What failures printed that the change ended. */
static void
take_told(const struct look *with, const struct look *without, struct map *ret)
{
	for (struct map_entry *e = map_first(&without->lines); e && map_count(ret) < TOLD_MAX;
		e = map_next(e))
		if (!map_get(&with->lines, map_key(e)))
			map_put(ret, map_key(e), ret);
}

/* How much of the line they told about. */
static int
score(const struct judging *j, struct str line, const struct picked *p, bool asserts)
{
	int best = 0;
	for (struct map_entry *e = map_first(&j->told); e; e = map_next(e)) {
		int n = 0;
		for (size_t i = 0; i < p->nvalues; i++) {
			struct str v = {line.p + p->values[i].at, p->values[i].n};
			n += v.n > 1 && judge_text_has_token(str_of(map_key(e)), v);
		}
		best = n > best ? n : best;
	}
	return 4 * best + 2 * asserts;
}

static void
add_line(struct picked *v, size_t *n, size_t max, const struct picked *p)
{
	size_t at = *n;
	while (at > 0 && v[at - 1].score < p->score)
		at--;
	if (at >= max)
		return;
	size_t last = *n < max ? *n : max - 1;
	memmove(&v[at + 1], &v[at], (last - at) * sizeof(*v));
	v[at] = *p;
	*n = last + 1;
}

/* Lines that compare, or, comparing: false, all. */
static void
pick_of_file(const struct judging *j, size_t file, bool comparing, struct picked *ret, size_t *n)
{
	const struct judge_file *t = &j->s->tests[file];
	struct str rest = t->text, line;
	while (str_next_line(&rest, &line)) {
		struct picked p = {.file = file, .line = {(size_t)(line.p - t->text.p), line.n}};
		bool asserts = inventory_asserts(line);
		if ((comparing && !asserts) || inventory_is_comment(line) ||
			judge_text_names_files(str_trim(line)) || line.n > 400)
			continue;
		take_values(line, asserts, &p);
		p.score = score(j, line, &p, asserts);
		if (p.nvalues)
			add_line(ret, n, FILE_LINES, &p);
	}
}

static void
pick_lines(struct judging *j)
{
	for (size_t i = 0; i < j->s->ntests; i++) {
		struct picked own[FILE_LINES + 1];
		size_t n = 0;
		pick_of_file(j, i, true, own, &n);
		if (!n)
			pick_of_file(j, i, false, own, &n);
		for (size_t k = 0; k < n; k++)
			add_line(j->lines, &j->nlines, LINES_MAX, &own[k]);
	}
}

/* With and without the change, the tests with another value. */
static int
vary(struct judging *j, bool changed, const struct picked *p, size_t value, int which,
	struct look *ret, struct dd_err *err)
{
	const struct judge_file *t = &j->s->tests[p->file];
	OWN(buf) struct buf text = {0};
	size_t at = p->line.at + p->values[value].at, n = p->values[value].n;
	buf_add(&text, t->text.p, at);
	judge_text_other((struct str){t->text.p + at, n}, which, &text);
	buf_add(&text, t->text.p + at + n, t->text.n - at - n);
	const struct judge_file file = {t->path, buf_str(&text)};
	return look_at(j, changed ? j->base : NULL, &file, ret, err);
}

static bool
notices(const struct look *was, const struct look *is)
{
	return was->passed ? !is->passed : !is_same(was, is);
}

/* ---- blind, deaf ---- */

struct hearing {	       /* of one file's lines */
	size_t tried, noticed; /* values */
	bool two;	       /* of one line, or the only one it has */
};

static int
listen(struct judging *j, size_t file, struct hearing *h, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < j->nlines && !h->two; i++) {
		struct picked *p = &j->lines[i];
		size_t noticed = 0;
		if (p->file != file)
			continue;
		for (size_t v = p->nvalues; rc == 0 && v-- > 0 && noticed < 2 && !is_over(j);) {
			OWN(look) struct look l = {0};
			rc = vary(j, true, p, v, 0, &l, err);
			h->tried++;
			if (rc < 0 || !notices(&j->with, &l))
				continue;
			p->heard |= 1u << v;
			noticed++;
		}
		h->noticed += noticed;
		h->two = noticed > 1 || (noticed && p->nvalues == 1);
	}
	return rc;
}

/* What one step does not change, a larger one may. */
static int
listen_again(struct judging *j, bool *ret, struct dd_err *err)
{
	int rc = 0;
	*ret = false;
	for (size_t i = 0; rc == 0 && i < j->nlines && !*ret; i++)
		for (size_t v = 0; rc == 0 && v < j->lines[i].nvalues && !*ret; v++)
			for (int which = 1; rc == 0 && which < VARIATIONS && !*ret && !is_over(j);
				which++) {
				OWN(look) struct look l = {0};
				const struct picked *p = &j->lines[i];
				if (!p->heard || (p->heard >> v & 1))
					break;
				rc = vary(j, true, p, v, which, &l, err);
				*ret = rc == 0 && notices(&j->with, &l);
			}
	return rc;
}

/* Did the tests as they were, on the code as it was, take notice of a value of the file? */
static int
heard_before(struct judging *j, size_t file, bool *ret, struct dd_err *err)
{
	int rc = 0;
	*ret = false;
	for (size_t i = 0; rc == 0 && !*ret && !is_over(j) && i < j->nlines; i++)
		for (size_t v = j->lines[i].nvalues;
			rc == 0 && !*ret && !is_over(j) && j->lines[i].file == file && v-- > 0;) {
			OWN(look) struct look l = {0};
			rc = vary(j, false, &j->lines[i], v, 0, &l, err);
			*ret = rc == 0 && !is_same(&j->without, &l);
		}
	return rc;
}

static int
check_hearing(struct judging *j, struct dd_err *err)
{
	bool any_two = false, heard = false;
	size_t noticed = 0, tried = 0, some = 0;
	int rc = 0;
	for (size_t f = 0; rc == 0 && f < j->s->ntests && !is_over(j); f++) {
		struct hearing h = {0};
		rc = listen(j, f, &h, err);
		if (rc < 0 || !h.tried || j->late)
			continue;
		*check(j, JUDGE_BLIND) = CHECK_PASSED;
		some = f;
		any_two = any_two || h.two;
		noticed += h.noticed;
		tried += h.tried;
		if (!h.noticed && h.tried > 1)
			rc = heard_before(j, f, &heard, err);
		if (rc == 0 && !h.noticed && heard)
			found(j, JUDGE_BLIND, j->s->tests[f].path,
				"whatever it compares with, it passes now");
	}
	if (rc < 0 || is_over(j) || !noticed)
		return rc;
	*check(j, JUDGE_DEAF) = CHECK_PASSED;
	if (any_two || tried < noticed + 2)
		return 0;
	rc = listen_again(j, &any_two, err);
	if (rc == 0 && !any_two && !j->late)
		rc = heard_before(j, some, &heard, err);
	if (rc == 0 && heard && !any_two && !j->late)
		found(j, JUDGE_DEAF, j->s->tests[some].path,
			"what goes in does not matter any more");
	return rc;
}

/* ---- special ---- */

struct literals {
	struct map *into;
	const struct map *but, *only; /* may be NULL */
};

static void
take_literal(void *ctx, struct str v)
{
	struct literals *l = ctx;
	if (!inventory_is_common(v) && !(l->but && map_get_str(l->but, v)) &&
		!(l->only && !map_get_str(l->only, v)))
		map_put_str(l->into, v, l->into);
}

/* Numbers in strings count, too; comments do not. */
static void
each_value(struct str text, struct literals *l)
{
	struct span v;
	struct str line;
	while (str_next_line(&text, &line)) {
		if (inventory_is_comment(line))
			continue;
		inventory_each_literal(line, take_literal, l);
		for (size_t at = 0; judge_text_number(line, at, &v); at = v.at + v.n)
			take_literal(l, (struct str){line.p + v.at, v.n});
	}
}

static bool
has_number(const struct map *m, uint64_t n)
{
	OWN_FREE char *text = mem_printf("%llu", (unsigned long long)n);
	return map_get(m, text) != NULL;
}

/* Values of tests between two of the code: what is larger than 23 and less than 25 is 24. */
static size_t
count_enclosed(const struct map *code, const struct map *tests)
{
	size_t enclosed = 0;
	uint64_t n;
	for (struct map_entry *e = map_first(code); e; e = map_next(e))
		enclosed += str_parse_u64(str_of(map_key(e)), 1000000000, &n) &&
			    has_number(tests, n + 1) && has_number(code, n + 2);
	return enclosed;
}

/* New values in the code, and those of them that tests use. */
static void
count_new_values(const struct judging *j, size_t *ret_all, size_t *ret_known)
{
	OWN(map) struct map tests = {0}, all = {0}, known = {0};
	struct literals of_tests = {&tests, NULL, NULL};
	for (size_t i = 0; i < j->nlines; i++)
		each_value(text_of(j, &j->lines[i]), &of_tests);
	for (size_t i = 0; i < j->s->nchanges; i++) {
		const struct judge_change *c = &j->s->changes[i];
		OWN(map) struct map old = {0};
		struct literals before = {&old, NULL, NULL}, fresh = {&all, &old, NULL},
				shared = {&known, &old, &tests};
		if (!j->base[i] || part_of(c->path) != PART_CODE)
			continue;
		each_value(c->before, &before);
		each_value(c->after, &fresh);
		each_value(c->after, &shared);
	}
	*ret_all = map_count(&all);
	*ret_known = map_count(&known) + count_enclosed(&all, &tests);
}

/*
 * The value of the line that it compares with: when it is another, the old one is printed, since that is what the code gives.
 * *ret_says: what a failure of the line prints.  False: it does not print what it got.
 */
static int
find_expected(struct judging *j, const struct picked *p, size_t *ret, struct map *ret_says,
	bool *ret_found, struct dd_err *err)
{
	int rc = 0;
	*ret_found = false;
	for (size_t v = p->nvalues; rc == 0 && !*ret_found && v-- > 0 && !is_over(j);) {
		OWN(look) struct look l = {0};
		OWN(map) struct map says = {0};
		struct str old = {text_of(j, p).p + p->values[v].at, p->values[v].n};
		rc = vary(j, true, p, v, 0, &l, err);
		if (rc < 0)
			return rc;
		judge_text_only_in(&l.lines, &j->with.lines, &says);
		if (!judge_text_any_has(&says, old))
			continue;
		judge_text_only_in(&says, ret_says, ret_says);
		*ret = v;
		*ret_found = true;
	}
	return rc;
}

struct generality {
	size_t same; /* values for which it does what the old code did */
	bool differs;
};

static int
compare_value(struct judging *j, const struct picked *p, size_t value, const struct map *says,
	struct generality *g, struct dd_err *err)
{
	int rc = 0;
	for (int which = 0;
		rc == 0 && which < VARIATIONS && !g->differs && g->same < SAME_MAX && !is_over(j);
		which++) {
		OWN(look) struct look is = {0}, was = {0};
		OWN(map) struct map fresh = {0}, told = {0};
		rc = vary(j, true, p, value, which, &is, err);
		judge_text_only_in(&is.lines, &j->with.lines, &fresh);
		judge_text_only_in(&fresh, says, &told);
		if (rc < 0 || !map_count(&told))
			continue;
		rc = vary(j, false, p, value, which, &was, err);
		if (rc < 0 || is_same(&j->without, &was)) /* it failed before it came there */
			continue;
		if (judge_text_is_among(&told, &was.lines))
			g->same++;
		else
			g->differs = true;
	}
	return rc;
}

static int
check_special(struct judging *j, struct dd_err *err)
{
	struct generality g = {0};
	size_t fresh, known;
	int rc = 0;
	count_new_values(j, &fresh, &known);
	*check(j, JUDGE_SPECIAL) = CHECK_PASSED;
	if (!known && fresh < 2)
		return 0;
	for (size_t i = 0; rc == 0 && i < j->nlines && i < FILE_LINES && !g.differs && !is_over(j);
		i++) {
		const struct picked *p = &j->lines[i];
		OWN(map) struct map says = {0};
		size_t expected = 0;
		bool is_found;
		rc = find_expected(j, p, &expected, &says, &is_found, err);
		for (size_t v = 0;
			rc == 0 && is_found && v < p->nvalues && !g.differs && g.same < SAME_MAX;
			v++)
			if (v != expected)
				rc = compare_value(j, p, v, &says, &g, err);
	}
	if (rc == 0 && !j->late && !g.differs && (g.same || known > 1))
		found(j, JUDGE_SPECIAL, j->s->changes[0].path,
			g.same ? "for values that no test has, it does what the code did before"
			       : "values of the tests are written into it, and nothing shows that it does more");
	return rc;
}

/* ---- bypassed ---- */

/* The text with that line of it, the last where it is there more than once, as a mutant; false: it has not got it. */
static bool
mutate(struct str text, struct str wanted, struct buf *out)
{
	const char *last = NULL;
	for (struct str rest = text, line; str_next_line(&rest, &line);)
		if (line.n == wanted.n && memcmp(line.p, wanted.p, line.n) == 0)
			last = line.p;
	for (struct str rest = text, line; last && str_next_line(&rest, &line);) {
		if (line.p != last || !judge_text_mutant(line, out))
			buf_add_str(out, line);
		buf_putc(out, '\n');
	}
	return last != NULL;
}

static int
look_at_mutant(struct judging *j, const struct judge_change *c, bool changed, struct str line,
	bool *ret_noticed, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	OWN(look) struct look l = {0};
	*ret_noticed = false;
	if (!mutate(changed ? c->after : c->before, line, &text))
		return 0;
	const struct judge_file file = {c->path, buf_str(&text)};
	int rc = look_at(j, changed ? j->base : NULL, &file, &l, err);
	*ret_noticed = rc == 0 && (changed ? notices(&j->with, &l) : !is_same(&j->without, &l));
	return rc;
}

/* Does the code as it was say the same each time?  Addresses and the like say nothing of a mutant. */
static int
repeats(struct judging *j, const struct judge_change *c, bool *ret, struct dd_err *err)
{
	OWN(look) struct look again = {0};
	const struct judge_file file = {c->path, c->before};
	int rc = look_at(j, NULL, &file, &again, err);
	*ret = rc == 0 && is_same(&j->without, &again);
	return rc;
}

static int
check_kept(struct judging *j, const struct judge_change *c, size_t *kept, struct dd_err *err)
{
	OWN(map) struct map old = {0};
	struct str lines[KEPT_MAX], line;
	size_t n = 0;
	bool noticed = false, before = false;
	int rc = 0;
	for (struct str rest = c->before; str_next_line(&rest, &line);)
		map_put_str(&old, line, &old);
	for (struct str rest = c->after; str_next_line(&rest, &line) && n < KEPT_MAX;) {
		OWN(buf) struct buf other = {0};
		if (map_get_str(&old, line) && !inventory_is_comment(line) &&
			!judge_text_names_files(str_trim(line)) && judge_text_mutant(line, &other))
			lines[n++] = line;
	}
	for (size_t i = 0; rc == 0 && i < n && !noticed && !is_over(j); i++)
		rc = look_at_mutant(j, c, true, lines[i], &noticed, err);
	*kept += n;
	for (size_t i = 0; rc == 0 && i < n && !noticed && !before && !is_over(j); i++)
		rc = look_at_mutant(j, c, false, lines[i], &before, err);
	if (rc == 0 && !j->late && before && !noticed)
		rc = repeats(j, c, &before, err);
	if (rc == 0 && !j->late && before && !noticed)
		found(j, JUDGE_BYPASSED, c->path,
			"what is left of the old code is there, and no test comes to it any more");
	return rc;
}

static int
check_bypassed(struct judging *j, struct dd_err *err)
{
	size_t kept = 0;
	int rc = 0;
	*check(j, JUDGE_BYPASSED) = CHECK_PASSED;
	for (size_t i = 0; rc == 0 && i < j->s->nchanges && kept < KEPT_MAX && !is_over(j); i++) {
		const struct judge_change *c = &j->s->changes[i];
		if (j->base[i] && c->was && c->is && part_of(c->path) == PART_CODE)
			rc = check_kept(j, c, &kept, err);
	}
	return rc;
}

/* ---- all ---- */

static json_t *
result(const struct judging *j)
{
	static const char *const states[] = {"not-run", "passed", "failed"};
	json_t *checks = json_object();
	for (int c = 0; c < JUDGE_CHECKS; c++)
		json_object_set_new(
			checks, judge_check_names[c], json_string(states[j->checks[c]]));
	OWN(buf) struct buf late = {0};
	for (size_t i = 0; i < j->unfinished.n; i++)
		buf_printf(&late, "%s%s",
			i ? ", " : "its tests take too long for: ", j->unfinished.v[i]);
	return json_pack("{s:I, s:o, s:s*}", "runs", (json_int_t)j->runs, "checks", checks, "ended",
		j->ended ? j->ended
		: late.n ? late.p
			 : NULL);
}

/* One after the other, until one finds something. */
static int
check_the_rest(struct judging *j, struct dd_err *err)
{
	static const struct {
		int (*fn)(struct judging *j, struct dd_err *err);
		unsigned checks;
	} all[] = {{check_hearing, 1 << JUDGE_BLIND | 1 << JUDGE_DEAF},
		{check_special, 1 << JUDGE_SPECIAL}, {check_bypassed, 1 << JUDGE_BYPASSED}};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof(all) / sizeof(*all) && !any_found(j); i++) {
		begin(j);
		rc = all[i].fn(j, err);
		end(j, all[i].checks);
	}
	return rc;
}

int
judge_change(const struct judge_spec *spec, json_t *findings, json_t **ret, struct dd_err *err)
{
	struct judging j = {.s = spec, .findings = findings};
	j.base = mem_zalloc(spec->nchanges + 1, sizeof(*j.base));
	int rc = spec->nchanges ? check_held_back(&j, err) : 0;
	bool go_on = spec->nchanges && !j.ended && !any_found(&j);
	if (rc == 0 && go_on)
		rc = look_at(&j, j.base, NULL, &j.with, err);
	if (rc == 0 && go_on && spec->passes && !j.with.passed)
		j.ended = alone;
	if (rc == 0 && go_on && !j.ended)
		rc = look_at(&j, NULL, NULL, &j.without, err);
	if (rc == 0 && go_on && !j.ended) {
		take_told(&j.with, &j.without, &j.told);
		pick_lines(&j);
		rc = check_the_rest(&j, err);
	}
	if (rc == 0)
		*ret = result(&j);
	look_cleanup(&j.with);
	look_cleanup(&j.without);
	map_cleanup(&j.told);
	strlist_cleanup(&j.unfinished);
	free(j.base);
	return rc;
}

bool
judge_mutant(struct str line, struct buf *out)
{
	return judge_text_mutant(line, out);
}
