#include "agents/review.h"

#include "agents/schema.h"

#include <string.h>

#define REVIEW_TOKENS 4000

const char *const review_verdict_names[] = {"none", "accepted", "rejected", NULL};

void
review_result_cleanup(struct review_result *r)
{
	free(r->reason);
	json_decref(r->defects);
	*r = (struct review_result){0};
}

struct reviewing {
	const struct review_spec *spec;
	json_t *format;
	json_t *answer; /* the last that has the form */
};

/* {"verdict": "accept" | "reject", "reason", "defects": [{"file", "line", "claim"}]} */
static json_t *
format(void)
{
	return json_pack(
		"{s:s, s:{s:{s:s, s:[ss]}, s:{s:s}, s:{s:s, s:{s:s, s:{s:{s:s}, s:{s:s}, s:{s:s}}, s:[sss], s:b}}}, s:[sss], s:b}",
		"type", "object", "properties", "verdict", "type", "string", "enum", "accept",
		"reject", "reason", "type", "string", "defects", "type", "array", "items", "type",
		"object", "properties", "file", "type", "string", "line", "type", "integer",
		"claim", "type", "string", "required", "file", "line", "claim",
		"additionalProperties", 0, "required", "verdict", "reason", "defects",
		"additionalProperties", 0);
}

static void
check(void *ctx, const char *text, struct buf *why)
{
	struct reviewing *r = ctx;
	const char *from = strchr(text, '{'), *to = strrchr(text, '}');
	OWN_JSON json_t *j = NULL;
	OWN(buf) struct buf lines = {.max = 2000};
	if (!from || !to || to < from ||
		json_parse((struct str){from, (size_t)(to - from) + 1}, &j, NULL) < 0) {
		buf_puts(why, "The answer holds no JSON object that can be read.");
	} else if (!schema_fits(r->format, j, &lines)) {
		buf_printf(
			why, "The answer does not have the form the task asks for:\n%s", lines.p);
	} else if (strcmp(json_string_value(json_object_get(j, "verdict")), "reject") == 0 &&
		   !*json_string_value(json_object_get(j, "reason"))) {
		buf_puts(why, "A rejection needs its reason.");
	} else {
		json_decref(r->answer);
		r->answer = TAKE(j);
	}
}

/* Whole lines from the front; the end of a patch is cut, and the reviewer told. */
static int
pack(void *ctx, size_t bytes, struct buf *out, json_t **ret_files, struct dd_err *err)
{
	const struct reviewing *r = ctx;
	struct str patch = r->spec->patch, evidence = r->spec->evidence;
	size_t half = bytes / 2;
	(void)ret_files;
	(void)err;
	if (evidence.n > half)
		evidence.n = half;
	buf_puts(out, "== what was measured ==\n");
	buf_add_str(out, evidence);
	buf_puts(out, "\n== the change ==\n");
	size_t left = bytes > out->n + 64 ? bytes - out->n - 64 : 0;
	bool cut = patch.n > left;
	patch.n = cut ? left : patch.n;
	buf_add_str(out, patch);
	if (cut)
		buf_puts(out, "\n[the change goes on: it does not fit]\n");
	return 0;
}

static char *
task(const struct review_spec *s)
{
	OWN(buf) struct buf out = {0};
	buf_puts(&out, "Review the change in the context against the criteria below.\n");
	if (s->goal)
		buf_printf(&out, "It is meant to do this:\n%s\n", s->goal);
	else
		buf_puts(&out, "It is meant to make what fails pass.\n");
	buf_puts(&out,
		"Length, style and comments are no criteria. Answer with JSON and nothing else: {\"verdict\": \"accept\" or \"reject\", "
		"\"reason\", \"defects\": [{\"file\", \"line\", \"claim\"}]}. Reject only for a criterion that does not hold, and say which "
		"and where.");
	return buf_take(&out);
}

static void
take(struct reviewing *r, const struct agent_result *a, struct review_result *ret)
{
	if (!r->answer || a->end != AGENT_ANSWERED) {
		ret->reason = mem_printf("the reviewer gave no verdict: %s%s%s",
			agent_end_names[a->end], a->why ? ": " : "", a->why ? a->why : "");
		return;
	}
	bool accepts =
		strcmp(json_string_value(json_object_get(r->answer, "verdict")), "accept") == 0;
	ret->verdict = accepts ? REVIEW_ACCEPTED : REVIEW_REJECTED;
	ret->reason = mem_strdup(json_string_value(json_object_get(r->answer, "reason")));
	ret->defects = json_incref(json_object_get(r->answer, "defects"));
}

int
review_run(struct calls *c, const struct review_spec *spec, enum call_failure *failure,
	struct review_result *ret, struct dd_err *err)
{
	static const char *const criteria[] = {
		"C1: it mends the cause, and does not hide the symptom",
		"C2: the code does right for every input, not for those of the tests alone",
		"C3: it does nothing that was not asked for",
		"C4: it keeps the rules, where there are any", NULL};
	OWN(strlist) struct strlist all = {0};
	OWN_FREE char *goal = task(spec);
	OWN_JSON json_t *form = format();
	struct reviewing r = {.spec = spec, .format = form};
	OWN(agent_result) struct agent_result a = {0};
	for (size_t i = 0; criteria[i]; i++)
		strlist_add(&all, criteria[i]);
	const struct agent_task t = {.name = spec->name,
		.role = "You review a change that another wrote.",
		.goal = goal,
		.requirements = &all,
		.rules = spec->rules,
		.pack = pack,
		.check = check,
		.ctx = &r,
		.format = form,
		.max_output = REVIEW_TOKENS,
		.max_turns = 4,
		.watch = spec->watch,
		.failure = failure};
	int rc = agent_run(c, spec->model, &t, &a, err);
	if (rc == 0)
		take(&r, &a, ret);
	json_decref(r.answer);
	return rc;
}
