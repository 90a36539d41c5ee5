#include "agents/calls.h"
#include "runner/commands.h"
#include "runner/handed.h"
#include "runner/run.h"

#include <string.h>

struct trace_options {
	struct common_options common;
	bool otlp, content;
};

#define O(member) offsetof(struct trace_options, member)
static const struct option_def options[] = {
	{"otlp", 0, OPTION_FLAG, O(otlp), NULL, "print it as OpenTelemetry's OTLP JSON"},
	{"content", 0, OPTION_FLAG, O(content), NULL, "with what was asked and answered, in JSON"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static int64_t
int_of(const json_t *j, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(j, key));
}

static void
print_span(const json_t *s, int depth)
{
	const json_t *a = json_object_get(s, "attributes");
	const char *name = json_string_value(json_object_get(s, "name")),
		   *error = json_string_value(json_object_get(s, "error"));
	OWN(buf) struct buf line = {.max = 400};
	int64_t end = int_of(s, "end_ns");
	buf_put_visible(&line, str_of(name));
	printf("%*s%-*s", depth * 2, "", 44 - depth * 2, line.p);
	if (end)
		printf(" %8.2f s", (double)(end - int_of(s, "start_ns")) / 1e9);
	else
		printf("   running ");
	if (json_object_get(a, "gen_ai.usage.input_tokens"))
		printf("  %7lld in %6lld out", (long long)int_of(a, "gen_ai.usage.input_tokens"),
			(long long)int_of(a, "gen_ai.usage.output_tokens"));
	if (json_object_get(a, "drydock.cost.nano_usd"))
		printf("  USD %.6f", (double)int_of(a, "drydock.cost.nano_usd") / 1e9);
	printf("%s%s\n", error ? "  " : "", error ? error : "");
}

/* Children below their parents, each in the order they were begun. */
static void
print_below(const json_t *all, const char *parent, int depth)
{
	size_t i;
	json_t *s;
	json_array_foreach (all, i, s) {
		const char *p = json_string_value(json_object_get(s, "parent"));
		if ((p == NULL) != (parent == NULL) || (p && strcmp(p, parent) != 0))
			continue;
		print_span(s, depth);
		if (depth < 20)
			print_below(all, json_string_value(json_object_get(s, "span")), depth + 1);
	}
}

static void
print_sum(const struct calls_sum *s)
{
	printf("%lld calls, %lld tokens, USD %.6f", (long long)s->calls, (long long)s->tokens,
		(double)s->nano_usd / 1e9);
	if (s->in_doubt)
		printf(" (%lld in doubt, charged at their reserve)", (long long)s->in_doubt);
	if (s->budget.nano_usd >= 0)
		printf(" of USD %.6f", (double)s->budget.nano_usd / 1e9);
	if (s->budget.tokens >= 0)
		printf(" of %lld tokens", (long long)s->budget.tokens);
	printf("\n");
}

static int
print_trace(const struct trace_options *o, const struct run *r, struct dd_err *err)
{
	struct calls *c;
	struct calls_sum sum;
	OWN_JSON json_t *trace = NULL;
	int rc = calls_open_trace(r->dir, &c, err);
	if (rc < 0)
		return err_wrap(err, "run %s", r->id);
	rc = calls_sum(c, &sum, err);
	if (rc == 0)
		rc = o->otlp ? calls_trace_otlp(c, o->content, &trace, err)
			     : calls_trace(c, o->content, &trace, err);
	calls_close(c);
	if (rc < 0)
		return rc;
	if (o->otlp || o->common.json) {
		OWN(buf) struct buf out = {0};
		json_print(trace, o->otlp ? 0 : 2, &out);
		printf("%s\n", out.p);
		return 0;
	}
	print_below(trace, NULL, 0);
	print_sum(&sum);
	return 0;
}

static int
run_trace(const struct cli_call *call)
{
	const struct trace_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	struct run r = {.lock_fd = -1};
	int rc = handed_find(&o->common, call->args[0], &st, &r, &err);
	if (rc == 0)
		rc = print_trace(o, &r, &err);
	run_cleanup(&r);
	return rc < 0 ? cli_fail(command_status_of_name(&err), &err) : EXIT_DONE;
}

const struct subcommand cmd_trace = {
	.name = "trace",
	.summary = "show the calls a run made to models, with their tools and costs",
	.args = "[RUN]",
	.description =
		"Every call is a span: what was asked, with the digests of the files in the prompt, what was answered, tokens and "
		"cost. Names and attributes are those of OpenTelemetry's conventions for generative AI. Keys and the secrets of "
		"the answers file are in none of it.",
	.options = options,
	.options_size = sizeof(struct trace_options),
	.max_args = 1,
	.run = run_trace,
};
