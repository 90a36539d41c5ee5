#include "agents/judging.h"

#include "agents/inventory.h"
#include "base/log.h"

#include <string.h>

#define TOLD_MAX 100

const char *const judge_check_names[] = {
	"held-back", "idle", "blind", "special", "deaf", "bypassed", NULL};

void
judge_run_cleanup(struct judge_run *r)
{
	buf_cleanup(&r->output);
}

void
look_cleanup(struct look *l)
{
	map_cleanup(&l->lines);
}

/* ---- running ---- */

bool
look_is_same(const struct look *a, const struct look *b)
{
	return a->passed == b->passed && judge_text_is_among(&a->lines, &b->lines) &&
	       judge_text_is_among(&b->lines, &a->lines);
}

enum check_state *
judging_check(struct judging *j, enum judge_check c)
{
	return &j->checks[c];
}

void
judging_found(struct judging *j, enum judge_check c, const char *path, const char *text)
{
	*judging_check(j, c) = CHECK_FAILED;
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

bool
judging_is_over(struct judging *j)
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

static bool
is_there(const struct judge_file *v, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].path, path) == 0)
			return true;
	return false;
}

/* The changes that `which` has (NULL: none) and more files; their texts replace those of the change. */
int
judging_look(struct judging *j, const bool *which, const struct judge_file *more, size_t nmore,
	struct look *ret, struct dd_err *err)
{
	const struct judge_spec *s = j->s;
	struct judge_file *files = mem_zalloc(s->nchanges + nmore + 1, sizeof(*files));
	struct judge_run r = {0};
	size_t n = 0;
	for (size_t i = 0; i < s->nchanges; i++) {
		const struct judge_change *c = &s->changes[i];
		if (which && which[i] && !is_there(more, nmore, c->path))
			files[n++] = (struct judge_file){
				c->path, c->is ? c->after : (struct str){NULL, 0}};
	}
	for (size_t i = 0; i < nmore; i++)
		files[n++] = more[i];
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

/* What the code as it was says each time; what it says only once, an address or the like, shows nothing. */
static int
find_steady(struct judging *j, struct dd_err *err)
{
	OWN(look) struct look again = {0};
	if (j->twice)
		return 0;
	int rc = judging_look(j, NULL, NULL, 0, &again, err);
	j->twice = true;
	j->repeats = rc == 0 && look_is_same(&j->without, &again);
	for (struct map_entry *e = map_first(&j->without.lines); e; e = map_next(e))
		if (map_get(&again.lines, map_key(e)))
			map_put(&j->steady, map_key(e), &j->steady);
	return rc;
}

int
judging_is_other(struct judging *j, const struct look *l, struct str was, struct str is, bool *ret,
	struct dd_err *err)
{
	OWN(look) struct look unquoted = {.passed = l->passed};
	judge_text_unquote(&l->lines, is, was, &unquoted.lines);
	*ret = false;
	/* What a short line quotes may stand elsewhere, too. */
	if (look_is_same(&j->without, l) || look_is_same(&j->without, &unquoted))
		return 0;
	int rc = find_steady(j, err);
	*ret = rc == 0 && (j->repeats || l->passed != j->without.passed ||
				  !judge_text_is_among(&j->steady, &unquoted.lines));
	return rc;
}

/* ---- which part of the change is the repair ---- */

enum judged_part
judging_part(const char *path)
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
		ret[i] = (parts >> judging_part(j->s->changes[i].path)) & 1;
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
	int rc = judging_look(j, which, NULL, 0, &l, err);
	*ret = rc == 0 && (l.passed || (!all->passed && look_is_same(&l, all)));
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
		rc = judging_look(j, none, NULL, 0, &all, err);
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
			*judging_check(j, JUDGE_IDLE) = CHECK_PASSED;
		}
		*judging_check(j, JUDGE_HELD_BACK) = j->ended ? CHECK_NOT_RUN : CHECK_PASSED;
		if (rc == 0 && !well && !j->ended)
			judging_found(j, JUDGE_HELD_BACK, s->changes[0].path,
				"with the tests and what runs them as they were, it does worse");
		if (rc == 0 && idle)
			judging_found(j, JUDGE_IDLE, s->changes[0].path,
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

struct str
judging_text(const struct judging *j, const struct picked *p)
{
	return (struct str){j->s->tests[p->file].text.p + p->line.at, p->line.n};
}

struct str
judging_value(const struct judging *j, const struct picked *p, size_t value)
{
	return (struct str){judging_text(j, p).p + p->values[value].at, p->values[value].n};
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
score(const struct map *told, struct str line, const struct picked *p, bool asserts)
{
	int best = 0;
	for (struct map_entry *e = map_first(told); e; e = map_next(e)) {
		int n = 0;
		for (size_t i = 0; i < p->nvalues; i++) {
			struct str v = {line.p + p->values[i].at, p->values[i].n};
			n += v.n > 1 && judge_text_has_token(str_of(map_key(e)), v);
		}
		best = n > best ? n : best;
	}
	return 4 * best + 2 * asserts;
}

void
judging_add_line(struct picked *v, size_t *n, size_t max, const struct picked *p)
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

bool
judging_take_line(const struct judging *j, size_t file, struct str line, struct picked *ret)
{
	bool asserts = inventory_asserts(line);
	*ret = (struct picked){
		.file = file, .line = {(size_t)(line.p - j->s->tests[file].text.p), line.n}};
	if (inventory_is_comment(line) || judge_text_names_files(str_trim(line)) || line.n > 400)
		return false;
	take_values(line, asserts, ret);
	return ret->nvalues > 0;
}

void
judging_take_strings(const struct judging *j, struct picked *p)
{
	struct str line = judging_text(j, p);
	if (inventory_asserts(line))
		return;
	p->nvalues = 0;
	take_values(line, true, p);
}

/* Lines that compare, or, comparing: false, all. */
static void
pick_of_file(const struct judging *j, size_t file, bool comparing, const struct picking *by,
	struct picked *ret, size_t *n)
{
	struct str rest = j->s->tests[file].text, line;
	size_t since = ABOVE_MAX + 1; /* lines since the last that holds what is looked for */
	while (str_next_line(&rest, &line)) {
		struct picked p;
		bool asserts = inventory_asserts(line);
		since = by->holds.n && judge_text_has_token(line, by->holds) ? 0 : since + 1;
		if ((comparing && !asserts) || !judging_take_line(j, file, line, &p))
			continue;
		p.score = score(by->told, line, &p, asserts) + (since <= ABOVE_MAX ? 6 : 0);
		judging_add_line(ret, n, FILE_LINES, &p);
	}
}

void
judging_pick(const struct judging *j, size_t file, const struct picking *by,
	struct picked ret[FILE_LINES + 1], size_t *n)
{
	*n = 0;
	pick_of_file(j, file, true, by, ret, n);
	if (!*n)
		pick_of_file(j, file, false, by, ret, n);
}

static void
pick_lines(struct judging *j)
{
	const struct picking by = {.told = &j->told};
	for (size_t i = 0; i < j->s->ntests; i++) {
		struct picked own[FILE_LINES + 1];
		size_t n;
		judging_pick(j, i, &by, own, &n);
		for (size_t k = 0; k < n; k++)
			judging_add_line(j->lines, &j->nlines, LINES_MAX, &own[k]);
	}
}

int
judging_vary(struct judging *j, bool changed, const struct picked *p, size_t value, struct str text,
	struct look *ret, struct dd_err *err)
{
	OWN(buf) struct buf all = {0};
	const struct span at = {p->line.at + p->values[value].at, p->values[value].n};
	judge_text_put(j->s->tests[p->file].text, at, text, &all);
	const struct judge_file file = {j->s->tests[p->file].path, buf_str(&all)};
	return judging_look(j, changed ? j->base : NULL, &file, 1, ret, err);
}

/* The change with another value like it; which: 0 to VARIATIONS - 1. */
static int
vary(struct judging *j, const struct picked *p, size_t value, int which, struct look *ret,
	struct dd_err *err)
{
	OWN(buf) struct buf other = {0};
	judge_text_other(judging_value(j, p, value), which, &other);
	return judging_vary(j, true, p, value, buf_str(&other), ret, err);
}

bool
look_notices(const struct look *was, const struct look *is)
{
	return was->passed ? !is->passed : !look_is_same(was, is);
}

/* ---- blind, deaf ---- */

struct hearing {	       /* of one file's lines */
	size_t tried, noticed; /* values */
	bool told;	       /* the tests said something else of one */
	bool two;	       /* of one line, or the only one it has */
};

static int
listen(struct judging *j, size_t file, struct hearing *h, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < j->nlines && !h->two; i++) {
		struct picked *p = &j->lines[i];
		size_t noticed = 0;
		bool told =
			false; /* else it may be the harness that fails, whatever the code does */
		if (p->file != file)
			continue;
		for (size_t v = p->nvalues;
			rc == 0 && v-- > 0 && noticed < 2 && !judging_is_over(j);) {
			OWN(look) struct look l = {0};
			OWN(map) struct map says = {0};
			rc = vary(j, p, v, 0, &l, err);
			h->tried++;
			if (rc < 0 || !look_notices(&j->with, &l))
				continue;
			p->heard |= 1u << v;
			noticed++;
			judge_text_only_in(&l.lines, &j->with.lines, &says);
			told = told || judge_text_any_has(&says, judging_value(j, p, v));
		}
		h->noticed += noticed;
		h->told = h->told || told;
		h->two = noticed > 1 || (told && p->nvalues == 1);
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
			for (int which = 1;
				rc == 0 && which < VARIATIONS && !*ret && !judging_is_over(j);
				which++) {
				OWN(look) struct look l = {0};
				const struct picked *p = &j->lines[i];
				if (!p->heard || (p->heard >> v & 1))
					break;
				rc = vary(j, p, v, which, &l, err);
				*ret = rc == 0 && look_notices(&j->with, &l);
			}
	return rc;
}

/* Did the tests as they were, on the code as it was, take notice of a value?  That a failure quotes the line is no notice. */
static int
hears_before(struct judging *j, const struct picked *p, size_t value, bool *ret, struct dd_err *err)
{
	OWN(look) struct look l = {0};
	OWN(buf) struct buf other = {0}, line = {0};
	judge_text_other(judging_value(j, p, value), 0, &other);
	judge_text_put(judging_text(j, p), p->values[value], buf_str(&other), &line);
	int rc = judging_vary(j, false, p, value, buf_str(&other), &l, err);
	return rc < 0 ? rc : judging_is_other(j, &l, judging_text(j, p), buf_str(&line), ret, err);
}

static int
heard_before(struct judging *j, size_t file, bool *ret, struct dd_err *err)
{
	int rc = 0;
	*ret = false;
	for (size_t i = 0; rc == 0 && !*ret && i < j->nlines; i++) {
		const struct picked *p = &j->lines[i];
		for (size_t v = p->nvalues; p->file == file && rc == 0 && !*ret && v-- > 0;) {
			if (judging_is_over(j))
				return 0;
			rc = hears_before(j, p, v, ret, err);
		}
	}
	return rc;
}

static int
check_hearing(struct judging *j, struct dd_err *err)
{
	bool any_two = false, heard = false;
	size_t noticed = 0, tried = 0, some = 0;
	int rc = 0;
	for (size_t f = 0; rc == 0 && f < j->s->ntests && !judging_is_over(j); f++) {
		struct hearing h = {0};
		rc = listen(j, f, &h, err);
		if (rc < 0 || !h.tried || j->late)
			continue;
		*judging_check(j, JUDGE_BLIND) = CHECK_PASSED;
		some = h.told ? f : some;
		any_two = any_two || h.two;
		noticed += h.noticed;
		tried += h.tried;
		if (!h.noticed && h.tried > 1)
			rc = heard_before(j, f, &heard, err);
		if (rc == 0 && !h.noticed && heard)
			judging_found(j, JUDGE_BLIND, j->s->tests[f].path,
				"whatever it compares with, it passes now");
	}
	if (rc < 0 || judging_is_over(j) || !noticed)
		return rc;
	*judging_check(j, JUDGE_DEAF) = CHECK_PASSED;
	if (any_two || tried < noticed + 2)
		return 0;
	rc = listen_again(j, &any_two, err);
	if (rc == 0 && !any_two && !j->late)
		rc = heard_before(j, some, &heard, err);
	if (rc == 0 && heard && !any_two && !j->late)
		judging_found(j, JUDGE_DEAF, j->s->tests[some].path,
			"what goes in does not matter any more");
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
		{judging_special, 1 << JUDGE_SPECIAL}, {judging_bypassed, 1 << JUDGE_BYPASSED}};
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
		rc = judging_look(&j, j.base, NULL, 0, &j.with, err);
	if (rc == 0 && go_on && spec->passes && !j.with.passed)
		j.ended = alone;
	if (rc == 0 && go_on && !j.ended)
		rc = judging_look(&j, NULL, NULL, 0, &j.without, err);
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
	map_cleanup(&j.steady);
	strlist_cleanup(&j.unfinished);
	free(j.base);
	return rc;
}

bool
judge_mutant(struct str line, struct buf *out)
{
	return judge_text_mutant(line, out);
}
