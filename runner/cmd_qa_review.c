/* drydock qa check, approve, reject, undo, decide, history: pictures against baselines, and what people say of them. */
#include "runner/commands.h"

#include "base/fs.h"
#include "base/log.h"
#include "qa/baseline.h"
#include "runner/session.h"

#include <pwd.h>
#include <string.h>

#define MAX_DECISIONS ((size_t)16 << 20)

/* ---- what they share ---- */

static int
open_baselines(const struct common_options *o, struct state *st, struct baselines **ret,
	struct dd_err *err)
{
	int rc = session_start(o, st, err);
	return rc < 0 ? rc : baselines_open(st, ret, err);
}

static void
print_json(const json_t *j)
{
	OWN(buf) struct buf out = {0};
	json_print(j, 2, &out);
	printf("%s\n", out.p);
}

static void
print_visible(const char *before, const char *text, const char *behind)
{
	OWN(buf) struct buf safe = {0};
	buf_put_visible(&safe, str_of(text));
	printf("%s%s%s", before, safe.n ? safe.p : "", behind);
}

/* ---- check ---- */

struct check_options {
	struct common_options common;
	const char *run, *browser, *fonts, *flags;
	struct strlist masks;
};

#define O(member) offsetof(struct check_options, member)
static const struct option_def check_option_defs[] = {
	{"run", 0, OPTION_TEXT, O(run), "ID",
		"what the results are filed under (default: this moment)"},
	{"browser", 0, OPTION_TEXT, O(browser), "TEXT", "what drew them, with its version"},
	{"fonts", 0, OPTION_TEXT, O(fonts), "TEXT", "digest of the fonts there were"},
	{"flags", 0, OPTION_TEXT, O(flags), "TEXT", "what else changes what is drawn"},
	{"mask", 0, OPTION_TEXTS, O(masks), "X,Y,W,H",
		"a place that is not compared; may be given again"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
#undef O

struct masks {
	struct picture_box *v;
	size_t n;
};

static int
parse_masks(const struct strlist *texts, struct masks *ret, struct dd_err *err)
{
	ret->v = mem_zalloc(texts->n, sizeof(*ret->v));
	for (; ret->n < texts->n; ret->n++) {
		struct str rest = str_of(texts->v[ret->n]), piece;
		uint64_t v[4];
		size_t n = 0;
		while (n < 4 && str_next(&rest, ',', &piece) &&
			str_parse_u64(piece, 1 << 20, &v[n]))
			n++;
		if (n < 4 || rest.n)
			return err_set(err, DD_EINVAL, "--mask: \"%s\" is not X,Y,W,H in pixels",
				texts->v[ret->n]);
		ret->v[ret->n] = (struct picture_box){
			(uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2], (uint32_t)v[3]};
	}
	return 0;
}

static json_t *
describe_result(const char *name, const struct baseline_result *r)
{
	json_t *regions = json_array();
	for (size_t i = 0; i < r->diff.nregions; i++) {
		const struct picture_region *p = &r->diff.regions[i];
		json_array_append_new(
			regions, json_pack("{s:i, s:i, s:i, s:i, s:o}", "x", (int)p->box.x, "y",
					 (int)p->box.y, "w", (int)p->box.w, "h", (int)p->box.h,
					 "text", json_text(str_of(p->text))));
	}
	return json_pack("{s:o, s:s, s:s, s:s, s:f, s:I, s:I, s:o}", "case",
		json_text(str_of(name)), "verdict", baseline_verdict_names[r->verdict], "picture",
		r->picture.s, "baseline", r->baseline.s, "masked", r->masked, "differing",
		(json_int_t)r->diff.differing, "differing_aa", (json_int_t)r->diff.differing_aa,
		"regions", regions);
}

static void
print_result(const char *name, const struct baseline_result *r)
{
	static const char *const words[] = {"passed", "different from the approved picture",
		"new, unreviewed", "rejected", "blank"};
	printf("%-10s", baseline_verdict_names[r->verdict]);
	print_visible(" ", name, ": ");
	printf("%s", words[r->verdict]);
	if (r->verdict == VERDICT_DIFFERENT)
		printf(", %llu pixels", (unsigned long long)r->diff.differing);
	if (r->masked > 0)
		printf(", %.1f %% masked", r->masked * 100);
	printf("\n");
}

struct checking {
	const struct check_options *o;
	struct baselines *b;
	struct masks masks;
	const char *run;
	json_t *results;
	bool all_passed;
};

/* CASE=FILE; a case may have "=" in its name. */
static int
check_one(struct checking *c, const char *arg, struct dd_err *err)
{
	const char *equals = strrchr(arg, '=');
	OWN(buf) struct buf png = {.max = PICTURE_MAX_FILE + 1};
	OWN(baseline_result) struct baseline_result r = {0};
	if (!equals || equals == arg || !equals[1])
		return err_set(err, DD_EINVAL, "\"%s\" is not CASE=FILE", arg);
	OWN_FREE char *name = mem_strndup(arg, (size_t)(equals - arg));
	int rc = fs_read(equals + 1, PICTURE_MAX_FILE, &png, err);
	struct baseline_environment e = {.browser = c->o->browser ? c->o->browser : "",
		.fonts = c->o->fonts ? c->o->fonts : "",
		.flags = c->o->flags ? c->o->flags : ""};
	struct baseline_capture capture = {.environment = &e,
		.case_name = name,
		.run = c->run,
		.png = buf_str(&png),
		.masks = c->masks.v,
		.nmasks = c->masks.n};
	if (rc == 0)
		rc = baseline_check(c->b, &capture, &r, err);
	if (rc < 0)
		return err_wrap(err, "%s", name);
	c->all_passed = c->all_passed && r.verdict == VERDICT_PASSED;
	json_array_append_new(c->results, describe_result(name, &r));
	if (!c->o->common.json)
		print_result(name, &r);
	return 0;
}

static int
run_check(const struct cli_call *call)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN_JSON json_t *results = json_array();
	OWN_FREE char *now = mem_printf("%lld", (long long)clock_real_ns());
	const struct check_options *o = call->options;
	struct checking c = {
		.o = o, .run = o->run ? o->run : now, .results = results, .all_passed = true};
	int rc = parse_masks(&o->masks, &c.masks, &err);
	if (rc == 0)
		rc = open_baselines(&o->common, &st, &c.b, &err);
	for (size_t i = 0; rc == 0 && i < call->nargs; i++)
		rc = check_one(&c, call->args[i], &err);
	baselines_close(c.b);
	free(c.masks.v);
	if (rc < 0)
		return cli_fail(
			err.code == DD_ECORRUPT ? EXIT_USAGE : command_status_of_name(&err), &err);
	if (o->common.json)
		print_json(results);
	return c.all_passed ? EXIT_DONE : EXIT_TARGET_FAILED;
}

const struct subcommand cmd_qa_check = {
	.name = "qa check",
	.summary = "compare pictures with their approved baselines, and keep them for review",
	.args = "CASE=FILE...",
	.description =
		"Exits with 0 when every picture passed. A first picture is \"new\" until it is approved, which is no\n"
		"pass; one that is blank (one colour) never passes; neither does one that was rejected. Baselines of\n"
		"different environments (browser, fonts, flags) are kept apart.",
	.options = check_option_defs,
	.options_size = sizeof(struct check_options),
	.min_args = 1,
	.max_args = SIZE_MAX,
	.run = run_check,
};

/* ---- decisions ---- */

struct decide_options {
	struct common_options common;
	const char *reason, *author;
};

#define O(member) offsetof(struct decide_options, member)
static const struct option_def decide_option_defs[] = {
	{"reason", 0, OPTION_TEXT, O(reason), "TEXT", "why (needed); kept in the log"},
	{"author", 0, OPTION_TEXT, O(author), "NAME",
		"who decides (default: the user who runs this)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
#undef O

static char *
user_name(void)
{
	const struct passwd *p = getpwuid(getuid());
	return p ? mem_strdup(p->pw_name) : mem_printf("uid %u", (unsigned)getuid());
}

static int
tell_entries(const struct common_options *o, const json_t *entries)
{
	size_t i;
	json_t *e;
	if (o->json) {
		print_json(entries);
		return EXIT_DONE;
	}
	json_array_foreach (entries, i, e) {
		printf("%-8s %.12s", json_string_in(e, "action"), json_string_in(e, "environment"));
		print_visible(" ", json_string_in(e, "case"), "\n");
	}
	if (!json_array_size(entries))
		printf("nothing to decide: it is so already\n");
	return EXIT_DONE;
}

static int
run_decision(const struct cli_call *call, enum baseline_decision decision)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN(strlist) struct strlist cases = {0};
	OWN_JSON json_t *entries = NULL;
	const struct decide_options *o = call->options;
	OWN_FREE char *user = user_name();
	const struct baseline_author author = {o->author ? o->author : user, o->reason};
	struct baselines *b = NULL;
	if (!o->reason)
		return cli_usage_error(call->command, "a decision needs --reason TEXT");
	for (size_t i = 0; i < call->nargs; i++)
		strlist_add(&cases, call->args[i]);
	int rc = open_baselines(&o->common, &st, &b, &err);
	if (rc == 0)
		rc = baseline_decide(b, decision, &cases, &author, &entries, &err);
	baselines_close(b);
	if (rc < 0)
		return cli_fail(command_status_of_name(&err), &err);
	return tell_entries(&o->common, entries);
}

static int
run_approve(const struct cli_call *call)
{
	return run_decision(call, DECIDE_APPROVE);
}

static int
run_reject(const struct cli_call *call)
{
	return run_decision(call, DECIDE_REJECT);
}

static int
run_undo(const struct cli_call *call)
{
	return run_decision(call, DECIDE_UNDO);
}

const struct subcommand cmd_qa_approve = {
	.name = "qa approve",
	.summary =
		"make the newest pictures of these cases their baselines (of all that wait, without a name)",
	.args = "[CASE...]",
	.options = decide_option_defs,
	.options_size = sizeof(struct decide_options),
	.max_args = SIZE_MAX,
	.run = run_approve,
};

const struct subcommand cmd_qa_reject = {
	.name = "qa reject",
	.summary =
		"say that the newest pictures of these cases are wrong (of all that wait, without a name)",
	.args = "[CASE...]",
	.description =
		"A rejected picture fails whenever it is seen again. Rejecting a baseline brings back the one before.",
	.options = decide_option_defs,
	.options_size = sizeof(struct decide_options),
	.max_args = SIZE_MAX,
	.run = run_reject,
};

const struct subcommand cmd_qa_undo = {
	.name = "qa undo",
	.summary = "take back the last decision about these cases",
	.args = "CASE...",
	.description =
		"The log keeps the decision and that it was undone. Given again, the decision before is undone.",
	.options = decide_option_defs,
	.options_size = sizeof(struct decide_options),
	.min_args = 1,
	.max_args = SIZE_MAX,
	.run = run_undo,
};

static int
run_decide(const struct cli_call *call)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN_JSON json_t *file = NULL, *entries = NULL;
	const struct common_options *o = call->options;
	struct baselines *b = NULL;
	int rc = json_parse_file(call->args[0], MAX_DECISIONS, &file, &err);
	const bool readable = rc == 0;
	if (rc == 0)
		rc = open_baselines(o, &st, &b, &err);
	if (rc == 0)
		rc = baseline_decide_file(b, file, &entries, &err);
	baselines_close(b);
	if (rc < 0)
		return cli_fail(readable && err.code != DD_ECORRUPT ? command_status_of_name(&err)
								    : EXIT_USAGE,
			&err);
	return tell_entries(o, entries);
}

const struct subcommand cmd_qa_decide = {
	.name = "qa decide",
	.summary = "apply a file of decisions, as the report saves it",
	.args = "FILE",
	.description =
		"{\"drydock_decisions\": 1, \"author\": \"Ada\", \"decisions\": [{\"case\": \"checkout/3 pay\",\n"
		"\"environment\": \"KEY\", \"picture\": \"DIGEST\", \"decision\": \"approve\", \"reject\" or \"undo\",\n"
		"\"reason\": \"new colours\"}, ...]}. All of it is done, or, when one decision cannot be (there is a newer\n"
		"picture than the one decided about), none.",
	.options_size = sizeof(struct common_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_decide,
};

/* ---- history ---- */

static void
print_case(const json_t *c)
{
	size_t i;
	json_t *r;
	printf("%-10s", json_string_in(c, "verdict"));
	print_visible(" ", json_string_in(c, "case"), " ");
	printf("(%.12s)\n    ", json_string_in(json_object_get(c, "environment"), "key"));
	json_array_foreach (json_object_get(c, "results"), i, r)
		putchar(json_string_in(r, "verdict")[0]);
	printf("\n");
	json_array_foreach (json_object_get(c, "log"), i, r) {
		printf("    %-8s %.12s", json_string_in(r, "action"), json_string_in(r, "picture"));
		print_visible(" ", json_string_in(r, "author"), "");
		print_visible(": ", json_string_in(r, "reason"), "\n");
	}
}

static int
run_history(const struct cli_call *call)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN_JSON json_t *all = json_array();
	const struct common_options *o = call->options;
	struct baselines *b = NULL;
	size_t i;
	json_t *c;
	int rc = open_baselines(o, &st, &b, &err);
	for (size_t k = 0; rc == 0 && k < (call->nargs ? call->nargs : 1); k++) {
		OWN_JSON json_t *some = NULL;
		rc = baseline_history(b, call->nargs ? call->args[k] : NULL, &some, &err);
		if (rc == 0)
			json_array_extend(all, some);
	}
	baselines_close(b);
	if (rc < 0)
		return cli_fail(command_status_of_name(&err), &err);
	if (o->json) {
		print_json(all);
		return EXIT_DONE;
	}
	json_array_foreach (all, i, c)
		print_case(c);
	return EXIT_DONE;
}

const struct subcommand cmd_qa_history = {
	.name = "qa history",
	.summary = "what became of cases: the last 30 runs, newest first, and every decision",
	.args = "[CASE...]",
	.description = "In the line of runs: p passed, d different, n new, r rejected, b blank.",
	.options_size = sizeof(struct common_options),
	.max_args = SIZE_MAX,
	.run = run_history,
};
