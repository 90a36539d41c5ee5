#include "envprobe/tail.h"

#include <string.h>

#define MAX_LINES 20
#define OPTION "suggested="

/* ---- the evidence ---- */

static json_t *
problems_to_json(const struct loop *l)
{
	json_t *all = json_array();
	for (size_t i = 0; i < l->problems.n && i < MAX_LINES; i++)
		json_array_append_new(all,
			json_pack("{s:s, s:o, s:o}", "kind",
				problem_kind_names[l->problems.v[i].kind], "name",
				json_text(
					str_of(l->problems.v[i].name ? l->problems.v[i].name : "")),
				"line", json_text(str_of(l->problems.v[i].text))));
	return all;
}

static json_t *
packages_to_json(const struct loop *l)
{
	json_t *all = json_array();
	for (size_t i = 0; i < l->r->packages.n; i++)
		if (l->r->packages.v[i].requested)
			json_array_append_new(all, json_string(l->r->packages.v[i].name));
	return all;
}

/* Is it the tests that fail?  What they show took the place of l->built. */
static bool
is_of_tests(const struct loop *l)
{
	return l->r->outcome == OUTCOME_TESTS_FAILED;
}

static json_t *
make_evidence(const struct loop *l)
{
	const char *text = l->r->diagnosis.text;
	OWN_FREE char *log = mem_printf("logs/attempt-%lld-%s.log", (long long)l->n - 1,
		is_of_tests(l) ? "tests" : "build");
	return json_pack("{s:s, s:o, s:s, s:o, s:o}", "system",
		build_system_names[l->r->project.system], "problem",
		json_text(str_of(text ? text : "")), "log", log, "lines", problems_to_json(l),
		"packages", packages_to_json(l));
}

struct asking {
	struct loop *l;
	int64_t nth;
};

static int
do_ask(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct asking *a = ctx;
	OWN_JSON json_t *evidence = make_evidence(a->l);
	return a->l->spec->ask(a->l->spec->ctx, evidence, a->nth, ret_result, err);
}

/* ---- the answer ---- */

static bool
is_package_name(const char *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789+.-";
	size_t n = strspn(s, allowed);
	return n > 1 && n < 100 && !s[n] && strchr("abcdefghijklmnopqrstuvwxyz0123456789", *s);
}

/* Is there an outcome that another package could change? */
static bool
is_unresolved(const struct loop *l)
{
	enum run_outcome o = l->r->outcome;
	enum diagnosis_class c = l->r->diagnosis.class;
	return (o == OUTCOME_BUILD_FAILED || o == OUTCOME_UNSATISFIABLE ||
		       o == OUTCOME_TESTS_FAILED) &&
	       c != DIAGNOSIS_TOOLCHAIN_TOO_NEW && c != DIAGNOSIS_LIMIT;
}

static bool
take_suggestion(struct loop *l, const json_t *j)
{
	const char *model = json_string_value(json_object_get(j, "model")),
		   *name = json_string_value(json_object_get(j, "package")),
		   *note = json_string_value(json_object_get(j, "note"));
	struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
	OWN_FREE char *why = mem_printf("the model %s suggests it", model ? model : "");
	struct need n = {.kind = NEED_PACKAGE,
		.name = (char *)name,
		.scope = is_of_tests(l) ? SCOPE_TEST : SCOPE_BUILD,
		.source = NEED_FROM_ANSWER,
		.why = why};
	if (!model || !name) {
		strlist_addf(&a->decisions, "a model was asked and suggests nothing%s%s",
			note ? ": " : "", note ? note : "");
		return false;
	}
	bool is_one = is_package_name(name);
	if (!is_one || !loop_want(l, &n)) {
		strlist_addf(&a->decisions, "the model %s suggests %s, which %s", model,
			is_one ? name : "what is no name of a package",
			is_one ? "no source has, or which was tried" : "is not looked at");
		return false;
	}
	free(TAKE(l->wanted.v[l->wanted.n - 1].proof)); /* what a model says proves nothing */
	strlist_addf(&a->decisions, "the model %s suggests %s, which is tried", model, name);
	strlist_addf(&l->r->options, OPTION "%s, by the model %s", name, model);
	return true;
}

int
tail_ask(struct loop *l, bool *ret, struct dd_err *err)
{
	int rc = 0;
	*ret = false;
	while (rc == 0 && !*ret && l->spec->ask && l->tail_asked < TAIL_MAX && is_unresolved(l)) {
		OWN_JSON json_t *j = NULL;
		struct asking a = {l, ++l->tail_asked};
		OWN_FREE char *key = mem_printf("attempt/asked-%lld", (long long)a.nth);
		rc = journal_step(l->spec->journal, key, do_ask, &a, &j, err);
		*ret = rc == 0 && take_suggestion(l, j);
	}
	return rc;
}

void
tail_settle(struct loop *l)
{
	struct strlist kept = {0};
	for (size_t i = 0; i < l->r->options.n; i++) {
		struct str o = str_of(l->r->options.v[i]);
		bool there = !str_starts(o, OPTION);
		for (size_t k = 0; !there && k < l->r->packages.n; k++) {
			OWN_FREE char *label = mem_printf(OPTION "%s,", l->r->packages.v[k].name);
			there = str_starts(o, label);
		}
		if (there)
			strlist_add(&kept, l->r->options.v[i]);
	}
	strlist_cleanup(&l->r->options);
	l->r->options = kept;
}
