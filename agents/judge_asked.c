/*
 * What a line of a test asks for, and of what.  The value that it compares with is told by running: when it is another, the old one is
 * printed, since that is what the code gives.  The others are what the code is given, there or on the lines above, which set it up.
 */
#include "agents/judging.h"

#include "agents/inventory.h"

#include <string.h>

#define BELOW_MAX 2
#define NUMBER_MAX 1000000000

void
asked_cleanup(struct asked *q)
{
	map_cleanup(&q->says);
}

static int
ask_for(struct judging *j, struct asked *q, size_t value, bool *ret_found, struct dd_err *err)
{
	OWN(look) struct look l = {0};
	OWN(map) struct map says = {0};
	OWN(buf) struct buf other = {0};
	struct str old = judging_value(j, &q->line, value);
	judge_text_other(old, 0, &other);
	int rc = judging_vary(j, true, &q->line, value, buf_str(&other), &l, err);
	judge_text_only_in(&l.lines, &j->with.lines, &says);
	*ret_found = rc == 0 && judge_text_any_has(&says, old);
	if (!*ret_found)
		return rc;
	q->expected = value;
	judge_text_only_in(&says, &q->says, &q->says);
	return 0;
}

/* Those that compare set up nothing. */
size_t
judging_above(const struct judging *j, const struct picked *p, struct picked ret[ABOVE_MAX])
{
	struct str text = j->s->tests[p->file].text;
	size_t end = p->line.at, n = 0;
	for (size_t i = 0; i < ABOVE_MAX && end > 0; i++) {
		size_t begin = end - 1;
		while (begin > 0 && text.p[begin - 1] != '\n')
			begin--;
		struct str line = {text.p + begin, end - 1 - begin};
		if (!inventory_asserts(line) && judging_take_line(j, p->file, line, &ret[n]))
			n++;
		end = begin;
	}
	return n;
}

static bool
goes_on(struct str line)
{
	line = str_trim(line);
	return line.n && strchr(",([{\\", line.p[line.n - 1]);
}

/* What a line goes on with is its own. */
static size_t
below(const struct judging *j, const struct picked *p, struct picked ret[ABOVE_MAX])
{
	struct str text = j->s->tests[p->file].text, line = judging_text(j, p);
	struct str rest = {line.p + line.n, text.n - p->line.at - line.n};
	size_t n = 0;
	(void)str_next_line(&rest, &(struct str){0});
	for (size_t i = 0; i < BELOW_MAX && goes_on(line) && str_next_line(&rest, &line); i++) {
		if (inventory_asserts(line) || !judging_take_line(j, p->file, line, &ret[n]))
			ret[n] = (struct picked){
				.file = p->file, .line = {(size_t)(line.p - text.p), line.n}};
		judging_take_strings(j, &ret[n]);
		n += ret[n].nvalues > 0;
	}
	return n;
}

int
judging_ask(struct judging *j, const struct picked *p, struct asked *ret, bool *ret_found,
	struct dd_err *err)
{
	int rc = 0;
	*ret = (struct asked){.line = *p};
	*ret_found = false;
	for (size_t v = p->nvalues; rc == 0 && !*ret_found && v-- > 0 && !judging_is_over(j);)
		rc = ask_for(j, ret, v, ret_found, err);
	if (rc == 0 && *ret_found) {
		struct picked above[ABOVE_MAX];
		size_t n = judging_above(j, &ret->line, above);
		ret->nabove = below(j, &ret->line, ret->above);
		for (size_t i = 0; i < n && ret->nabove < ABOVE_MAX; i++)
			ret->above[ret->nabove++] = above[i];
	}
	return rc;
}

size_t
judging_inputs(const struct asked *q, struct input ret[INPUTS_MAX], size_t *ret_own)
{
	size_t n = 0;
	for (size_t v = 0; v < q->line.nvalues; v++)
		if (v != q->expected)
			ret[n++] = (struct input){&q->line, v};
	*ret_own = n;
	for (size_t i = 0; i < q->nabove; i++)
		for (size_t v = 0; v < q->above[i].nvalues; v++)
			ret[n++] = (struct input){&q->above[i], v};
	return n;
}

void
judging_answers(const struct judging *j, const struct asked *q, const struct input *in,
	struct str tried, struct str want, const struct map *lines, struct map *ret)
{
	OWN(buf) struct buf other = {0};
	struct str wanted = judging_value(j, &q->line, q->expected);
	judge_text_other(wanted, 0, &other);
	for (struct map_entry *e = map_first(&q->says); e; e = map_next(e)) {
		const struct failure_form form = {.line = str_of(map_key(e)),
			.got = wanted,
			.wanted = want,
			.other = buf_str(&other),
			.was = judging_value(j, in->line, in->value),
			.is = tried};
		judge_text_answers(&form, lines, ret);
	}
}

/* What tests hold, a special case may be made for. */
static void
add_try(struct str text, const struct map *tests, struct strlist *ret)
{
	OWN_FREE char *s = str_dup(text);
	if (ret->n < TRIED_MAX && !map_get(tests, s))
		strlist_add_new(ret, s);
}

static void
add_number(int64_t n, const struct map *tests, struct strlist *ret)
{
	OWN_FREE char *text = mem_printf("%lld", (long long)n);
	if (n >= 0)
		add_try(str_of(text), tests, ret);
}

void
judging_tries(struct str value, const struct map *tests, const struct strlist *between,
	struct strlist *ret)
{
	static const int steps[] = {1, -1, 4, -4, 10, -10, 100};
	uint64_t n;
	if (!str_parse_u64(value, NUMBER_MAX, &n)) {
		for (int which = 0; which < VARIATIONS; which++) {
			OWN(buf) struct buf other = {0};
			judge_text_other(value, which, &other);
			add_try(buf_str(&other), tests, ret);
		}
		return;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		for (size_t k = 0; i == 2 && between && k < between->n; k++)
			add_try(str_of(between->v[k]), tests, ret);
		add_number((int64_t)n + steps[i], tests, ret);
	}
}
