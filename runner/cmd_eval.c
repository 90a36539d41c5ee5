/* drydock eval: how close a configuration comes to known answers; two of them side by side. */
#include "runner/commands.h"
#include "runner/eval.h"
#include "runner/session.h"

#include <string.h>

struct eval_options {
	struct common_options common;
	struct strlist configs;
	bool anew;
};

#define O(member) offsetof(struct eval_options, member)
static const struct option_def options[] = {
	{"config", 0, OPTION_TEXTS, O(configs), "FILE",
		"a configuration to try; given twice, two are set side by side (default: as drydock fix would do it)"},
	{"anew", 0, OPTION_FLAG, O(anew), NULL, "do again what is kept from an earlier evaluation"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

#define MAX_CONFIGS 2

struct evaluation {
	struct state st;
	struct eval_suite suite;
	struct eval_config configs[MAX_CONFIGS];
	struct eval_result *results[MAX_CONFIGS]; /* by case */
	size_t n;				  /* configurations */
};

static void
evaluation_cleanup(struct evaluation *e)
{
	for (size_t k = 0; k < MAX_CONFIGS; k++) {
		for (size_t i = 0; e->results[k] && i < e->suite.n; i++)
			eval_result_cleanup(&e->results[k][i]);
		free(e->results[k]);
		eval_config_cleanup(&e->configs[k]);
	}
	eval_suite_cleanup(&e->suite);
	state_cleanup(&e->st);
}

/* ---- figures of one configuration ---- */

struct figures {
	size_t cases, solved, built;
	int64_t visible_passed, visible_failed, hidden_passed, hidden_failed, tokens;
	double usd, seconds, solved_low, solved_high;
};

static struct figures
figures_of(const struct evaluation *e, size_t k)
{
	struct figures f = {.cases = e->suite.n};
	for (size_t i = 0; i < e->suite.n; i++) {
		const struct eval_result *r = &e->results[k][i];
		f.solved += eval_result_solved(r);
		f.built += r->built;
		f.visible_passed += r->visible_passed;
		f.visible_failed += r->visible_failed;
		f.hidden_passed += r->hidden_passed;
		f.hidden_failed += r->hidden_failed;
		f.usd += r->usd;
		f.tokens += r->tokens;
		f.seconds += r->seconds;
	}
	eval_wilson(f.solved, f.cases, &f.solved_low, &f.solved_high);
	return f;
}

/* Cases that only the first of two solved, and only the second. */
static void
count_apart(const struct evaluation *e, size_t only[2])
{
	only[0] = only[1] = 0;
	for (size_t i = 0; i < e->suite.n; i++) {
		bool a = eval_result_solved(&e->results[0][i]),
		     b = eval_result_solved(&e->results[1][i]);
		only[0] += a && !b;
		only[1] += b && !a;
	}
}

/* ---- as JSON ---- */

static json_t *
config_json(const struct evaluation *e, size_t k)
{
	struct figures f = figures_of(e, k);
	json_t *cases = json_array();
	for (size_t i = 0; i < e->suite.n; i++) {
		json_t *c = json_encode(eval_result_fields, &e->results[k][i]);
		json_object_set_new(c, "case", json_text(str_of(e->suite.v[i].name)));
		json_object_set_new(
			c, "solved", json_boolean(eval_result_solved(&e->results[k][i])));
		json_array_append_new(cases, c);
	}
	return json_pack(
		"{s:o, s:I, s:I, s:[f,f], s:I, s:{s:I, s:I}, s:{s:I, s:I}, s:f, s:I, s:f, s:o}",
		"config", json_text(str_of(e->configs[k].name)), "cases", (json_int_t)f.cases,
		"solved", (json_int_t)f.solved, "solved_95", f.solved_low, f.solved_high, "built",
		(json_int_t)f.built, "visible", "passed", (json_int_t)f.visible_passed, "failed",
		(json_int_t)f.visible_failed, "hidden", "passed", (json_int_t)f.hidden_passed,
		"failed", (json_int_t)f.hidden_failed, "usd", f.usd, "tokens", (json_int_t)f.tokens,
		"seconds", f.seconds, "results", cases);
}

static void
print_json(const struct evaluation *e)
{
	OWN(buf) struct buf out = {0};
	json_t *configs = json_array();
	for (size_t k = 0; k < e->n; k++)
		json_array_append_new(configs, config_json(e, k));
	OWN_JSON json_t *j =
		json_pack("{s:s, s:o}", "interval", "Wilson, 95 %", "configs", configs);
	if (e->n == 2) {
		size_t only[2];
		count_apart(e, only);
		json_object_set_new(j, "compared",
			json_pack("{s:I, s:I, s:f}", "only_first", (json_int_t)only[0],
				"only_second", (json_int_t)only[1], "sign_test_p",
				eval_sign_test(only[0], only[0] + only[1])));
	}
	json_print(j, 2, &out);
	printf("%s\n", out.p);
}

/* ---- as text ---- */

static void
print_name(const char *name)
{
	OWN(buf) struct buf safe = {.max = 200};
	buf_put_visible(&safe, str_of(name));
	printf("%s", safe.p ? safe.p : "");
}

static void
print_case(const struct eval_result *r)
{
	printf("    %-11s %-12s build %-6s visible %lld/%lld  hidden %lld/%lld  USD %.4f  %.0f s",
		eval_result_solved(r) ? "solved" : "not solved", r->outcome,
		r->built ? "passed" : "failed", (long long)r->visible_passed,
		(long long)(r->visible_passed + r->visible_failed), (long long)r->hidden_passed,
		(long long)(r->hidden_passed + r->hidden_failed), r->usd, r->seconds);
	if (r->why) {
		printf("  (");
		print_name(r->why);
		printf(")");
	}
	printf("\n");
}

static void
print_figures(const struct evaluation *e, size_t k)
{
	struct figures f = figures_of(e, k);
	print_name(e->configs[k].name);
	printf(": %zu of %zu solved, 95 %% from %.0f %% to %.0f %% (Wilson); %zu built; visible %lld/%lld, hidden %lld/%lld; "
	       "USD %.4f, %lld tokens, %.0f s\n",
		f.solved, f.cases, 100 * f.solved_low, 100 * f.solved_high, f.built,
		(long long)f.visible_passed, (long long)(f.visible_passed + f.visible_failed),
		(long long)f.hidden_passed, (long long)(f.hidden_passed + f.hidden_failed), f.usd,
		(long long)f.tokens, f.seconds);
}

static void
print_text(const struct evaluation *e)
{
	for (size_t i = 0; i < e->suite.n; i++) {
		print_name(e->suite.v[i].name);
		printf("\n");
		for (size_t k = 0; k < e->n; k++) {
			printf("  ");
			print_name(e->configs[k].name);
			printf("\n");
			print_case(&e->results[k][i]);
		}
	}
	for (size_t k = 0; k < e->n; k++)
		print_figures(e, k);
	if (e->n == 2) {
		size_t only[2];
		count_apart(e, only);
		printf("%zu solved by the first alone, %zu by the second alone: such a split comes by chance with p = %.3f (exact sign "
		       "test)\n",
			only[0], only[1], eval_sign_test(only[0], only[0] + only[1]));
	}
}

/* ---- the command ---- */

static int
evaluate(const struct cli_call *call, struct evaluation *e, struct dd_err *err)
{
	const struct eval_options *o = call->options;
	int rc = eval_suite_read(call->args[0], &e->suite, err);
	e->n = o->configs.n ? o->configs.n : 1;
	for (size_t k = 0; rc == 0 && k < e->n; k++)
		rc = eval_config_read(o->configs.n ? o->configs.v[k] : NULL, &e->configs[k], err);
	if (rc == 0)
		rc = session_start(&o->common, &e->st, err);
	for (size_t k = 0; k < e->n; k++)
		e->results[k] = mem_zalloc(e->suite.n + 1, sizeof(**e->results));
	for (size_t i = 0; rc == 0 && i < e->suite.n; i++)
		for (size_t k = 0; rc == 0 && k < e->n; k++)
			rc = eval_run(&e->st, &e->suite.v[i], &e->configs[k], o->anew,
				&e->results[k][i], err);
	return rc;
}

static int
run_eval(const struct cli_call *call)
{
	const struct eval_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(evaluation) struct evaluation e = {0};
	if (o->configs.n > MAX_CONFIGS)
		return cli_usage_error(call->command, "at most two configurations are compared");
	if (evaluate(call, &e, &err) < 0)
		return cli_fail(command_status_of_name(&err), &err);
	o->common.json ? print_json(&e) : print_text(&e);
	return EXIT_DONE;
}

const struct subcommand cmd_eval = {
	.name = "eval",
	.summary = "run a configuration over cases with known answers and say how close it came",
	.args = "SUITE",
	.description =
		"SUITE is a directory with a directory a case: CASE/case.json names source, intent, hidden tests and budget (docs/suites.md).\n"
		"Each case is repaired as by drydock fix, on no branch.  Then, and not before, the hidden tests are put over what the\n"
		"repair left, and run in the sandbox.  A case is solved when it builds and no visible and no hidden test fails.\n\n"
		"A configuration is a JSON file: {\"name\", \"models\": a models.json, \"strict\"}.  Shares have Wilson's interval at 95 %; two\n"
		"configurations are compared by the cases that one of them alone solved, with the exact sign test.\n\n"
		"What is done is kept: the same command goes on where it was stopped or killed.  The exit status is 0 when all cases were\n"
		"tried, whatever they gave, and 4 when it was stopped.",
	.options = options,
	.options_size = sizeof(struct eval_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_eval,
};
