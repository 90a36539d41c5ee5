/* What a repair mended of what is unsafe: a test that shows it, red on the source as it was, is kept with it. */
#include "runner/fix_loop.h"

#include "base/log.h"

#include <string.h>

static const char show[] =
	"What the context calls unsafe was there, and is mended. Write a test case, where the tests of the project find it, that does what an attacker "
	"would have done: it fails on the source as it was before the repair, and passes as it is now. Change tests and nothing else.";

/* What attempts mended that were kept since it was last looked for; new reference. */
static json_t *
mended_since(struct fixing *f)
{
	json_t *all = json_array();
	for (; f->shown < f->r->attempts.n; f->shown++) {
		const struct fix_attempt *a = &f->r->attempts.v[f->shown];
		if (a->verdict == VERDICT_KEPT)
			json_array_extend(all, json_object_get(a->secured, "mended"));
	}
	return all;
}

static void
put_mended(const json_t *mended, struct buf *out)
{
	size_t i;
	json_t *one;
	buf_puts(out, "== what was unsafe, as the source was ==\n");
	json_array_foreach ((json_t *)mended, i, one)
		buf_printf(out, "%s:%lld: %s (%s)\n", json_string_in(one, "path"),
			(long long)json_integer_value(json_object_get(one, "line")),
			json_string_in(one, "text"), json_string_in(one, "kind"));
}

static bool
is_red(const struct standup_result *was, const char *id)
{
	if (!str_starts(str_of(id), CASE_TEST) || !fix_is_built(was))
		return false;
	const struct test_case *c = test_run_find(&was->probe.tests, id + strlen(CASE_TEST));
	return c && (c->status == TEST_FAILED || c->status == TEST_ERROR);
}

int
fix_is_attack(struct fixing *f, bool *ret, struct dd_err *err)
{
	struct fix_attempt *a = f->attempt;
	struct standup_result was = {0};
	OWN_FREE char *name = mem_printf("attack-%lld", (long long)f->n);
	OWN_JSON json_t *given = json_encode(source_fields, &f->before.source);
	json_t *changes = json_from_strings(&f->before.source.changes);
	json_array_append(changes, json_object_get(a->proposed, "layer"));
	json_object_set_new(given, "changes", changes);
	int rc = fix_stand_up_part(f, name, given, &was, err);
	json_t *red = json_array();
	for (size_t i = 0; rc == 0 && i < a->better.n; i++)
		if (is_red(&was, a->better.v[i]))
			json_array_append_new(red, json_text(str_of(a->better.v[i])));
	a->red = red;
	*ret = rc == 0 && json_array_size(red);
	standup_result_cleanup(&was);
	return rc;
}

/* The attempts of an aim of their own; *ret: the one whose test is kept, borrowed, NULL: none is. */
static int
ask(struct fixing *f, const json_t *mended, const struct fix_attempt **ret, struct dd_err *err)
{
	OWN(buf) struct buf data = {.max = 8192};
	const struct fix_aim aim = {.reach = {.goal = show, .tests_alone = true},
		.task = f->run->options.plan ? "attack-test" : NULL,
		.models_alone = true,
		.attacks = true};
	bool reached = f->reached;
	put_mended(mended, &data);
	fix_aim_at(f, &aim);
	f->data = data.p;
	f->attempt = NULL;
	int rc = fix_reach(f, err);
	f->data = NULL;
	f->aim = (struct fix_aim){.reach = f->r->reach};
	f->reached = reached;
	f->waits = false;
	f->r->outcome = FIX_NONE; /* that a test was not written ends nothing */
	const struct fix_attempt *last = f->attempt;
	*ret = rc == 0 && last && last->verdict == VERDICT_KEPT ? last : NULL;
	return rc;
}

int
fix_show_attacks(struct fixing *f, struct dd_err *err)
{
	struct fix_result *r = f->r;
	const struct fix_attempt *by = NULL;
	OWN_JSON json_t *mended = mended_since(f);
	if (r->outcome != FIX_NONE || !json_array_size(mended))
		return 0;
	int rc = f->models ? ask(f, mended, &by, err) : 0;
	if (rc < 0)
		return rc;
	OWN(buf) struct buf why = {.max = 2000};
	if (!f->models)
		buf_puts(&why, "no model can be asked for one (drydock models says why)");
	else if (!by && f->attempt)
		fix_put_reason(f->attempt, &why);
	else if (!by)
		buf_puts(&why, "no model has one to propose");
	f->shown = r->attempts.n;
	r->attacks = r->attacks ? r->attacks : json_array();
	json_array_append_new(r->attacks,
		json_pack("{s:O, s:o, s:O?, s:o}", "mended", mended, "attempt",
			by ? json_integer(by->n) : json_null(), "red_before", by ? by->red : NULL,
			"why", by ? json_null() : json_text(buf_str(&why))));
	return 0;
}
