/* drydock blame: from a line of a result to who wrote it, and by what evidence. */
#include "base/fs.h"
#include "runner/blame.h"
#include "runner/commands.h"
#include "runner/fix_report.h"
#include "runner/handed.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

struct blame_options {
	struct common_options common;
	const char *at;
};

#define O(member) offsetof(struct blame_options, member)
static const struct option_def options[] = {
	{"at", 0, OPTION_TEXT, O(at), "REV",
		"FILE:LINE is of this revision of the source's repository: a branch that was rebased, or what it was merged into"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
#undef O

/* "src/a.c:12"; *ret_file is heap. */
static bool
read_place(const char *place, char **ret_file, int64_t *ret_line)
{
	const char *colon = strrchr(place, ':');
	uint64_t n;
	if (!colon || colon == place || !str_parse_u64(str_of(colon + 1), INT32_MAX, &n) || !n)
		return false;
	const char *file = strncmp(place, "./", 2) == 0 ? place + 2 : place;
	*ret_file = mem_strndup(file, (size_t)(colon - file));
	*ret_line = (int64_t)n;
	return true;
}

/* ---- for people ---- */

static void DD_PRINTF(2, 3) put(const char *label, const char *fmt, ...)
{
	va_list args;
	char *text = NULL;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	va_end(args);
	fix_print_line(label, text);
	free(text);
}

/* Members that are there, in one line: "a, b". */
static char *
joined(const json_t *list, const char *key)
{
	OWN(buf) struct buf out = {.max = 4096};
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)list, i, one)
		buf_printf(&out, "%s%s", i ? ", " : "",
			key ? json_string_in(one, key) : json_string_value(one));
	return buf_take(&out);
}

static void
print_call(const json_t *j)
{
	const json_t *call = json_object_get(j, "call");
	size_t i;
	json_t *one;
	if (!call)
		return;
	OWN_FREE char *tools = joined(json_object_get(call, "tools"), "tool");
	put("call", "span %s, request %.16s: %lld tokens in, %lld out, USD %.6f",
		json_string_in(call, "span"), json_string_in(call, "digest"),
		(long long)json_integer_value(json_object_get(call, "input_tokens")),
		(long long)json_integer_value(json_object_get(call, "output_tokens")),
		json_number_value(json_object_get(call, "usd")));
	json_array_foreach (json_object_get(call, "files"), i, one)
		put(i ? "" : "it read", "%s:%lld-%lld, sha256 %.16s", json_string_in(one, "path"),
			(long long)json_integer_value(json_object_get(one, "from")),
			(long long)json_integer_value(json_object_get(one, "to")),
			json_string_in(one, "sha256"));
	if (*tools)
		put("tools", "%s", tools);
}

static void
print_review(const json_t *review)
{
	if (!review)
		return;
	const char *model = json_string_in(review, "model");
	put("review", "%s%s%s: %s", json_string_in(review, "verdict"), *model ? " by " : "", model,
		json_string_in(review, "reason"));
}

static void
print_attempt(const json_t *j)
{
	const json_t *a = json_object_get(j, "attempt");
	OWN_FREE char *ids = joined(json_object_get(a, "requirements"), NULL),
		      *better = joined(json_object_get(a, "better"), NULL);
	const char *task = json_string_in(a, "task");
	bool model = *json_string_in(a, "model");
	put("written by", "%s %s, attempt %lld of run %s%s%s", model ? "model" : "the rules",
		json_string_in(a, model ? "model" : "author"),
		(long long)json_integer_value(json_object_get(a, "attempt")),
		json_string_in(a, "run"), *task ? ", task " : "", task);
	if (*ids)
		put("for", "%s", ids);
	if (*json_string_in(a, "summary"))
		put("saying", "%s", json_string_in(a, "summary"));
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(j, "rules"), i, one)
		put(i ? "" : "rule", "%s: %s", json_string_in(one, "rule"),
			json_string_in(one, "text"));
	print_call(j);
	if (*better)
		put("mends", "%s", better);
	json_array_foreach (json_object_get(a, "gates"), i, one)
		put(i ? "" : "gates", "%s %s", json_string_in(one, "gate"),
			json_string_in(one, "result"));
	print_review(json_object_get(a, "review"));
	if (model)
		put("cost",
			"USD %.6f in all; drydock trace --content %s has what was asked and answered",
			json_number_value(json_object_get(a, "cost")), json_string_in(a, "run"));
}

static void
print_origin(const json_t *j)
{
	const json_t *o = json_object_get(j, "origin");
	if (!*json_string_in(o, "commit")) {
		put("of", "the source: %s", json_string_in(o, "why"));
		return;
	}
	time_t when = (time_t)json_integer_value(json_object_get(o, "time_s"));
	struct tm tm;
	char day[16] = "";
	if (gmtime_r(&when, &tm))
		(void)strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	put("of", "%s%s, %s, %s, %s:%lld",
		json_object_get(j, "attempt") ? "" : "the source: ", json_string_in(o, "author"),
		day, json_string_in(o, "subject"), json_string_in(o, "path"),
		(long long)json_integer_value(json_object_get(o, "line")));
	put("commit", "%s", json_string_in(o, "commit"));
}

static void
print_text(const json_t *j)
{
	OWN(buf) struct buf place = {0};
	OWN_FREE char *where = mem_printf("%s:%lld", json_string_in(j, "file"),
		(long long)json_integer_value(json_object_get(j, "line")));
	buf_put_visible(&place, str_of(where));
	printf("%s\n", place.p);
	if (json_object_get(j, "text"))
		put("line", "%s", json_string_in(j, "text"));
	if (strcmp(json_string_in(j, "by"), blame_by_names[BLAME_LOST]) == 0)
		put("written in", "run %s, which is not there any more",
			json_string_in(json_object_get(j, "attempt"), "run"));
	else if (json_object_get(j, "attempt"))
		print_attempt(j);
	if (json_object_get(j, "origin"))
		print_origin(j);
}

/* ---- asking ---- */

/* What was asked is the target's and the run's: nothing secret of either is printed. */
static int
hide(const struct run *r, json_t *j, struct dd_err *err)
{
	const char *path = r->options.answers;
	struct answers *answers = NULL;
	int rc = command_load_answers(path && fs_exists(path) ? path : NULL, &answers, err);
	if (rc == 0)
		answers_redact_json(answers, j);
	answers_destroy(answers);
	return rc;
}

static int
blame(const struct cli_call *call, const char *file, int64_t line, json_t **ret, struct dd_err *err)
{
	const struct blame_options *o = call->options;
	OWN(state) struct state st = {0};
	struct run r = {.lock_fd = -1};
	int rc = handed_open(&o->common, call->args[0], &st, &r, err);
	if (rc == 0)
		rc = run_hold(&r, err);
	const struct blame_spec spec = {&st, &r, file, line, o->at};
	if (rc == 0)
		rc = blame_line(&spec, ret, err);
	if (rc == 0)
		rc = hide(&r, *ret, err);
	run_cleanup(&r);
	return rc;
}

static int
run_blame(const struct cli_call *call)
{
	const struct blame_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *j = NULL;
	OWN_FREE char *file = NULL;
	int64_t line;
	if (!read_place(call->args[1], &file, &line))
		return cli_usage_error(call->command, "name a line as FILE:LINE");
	int rc = blame(call, file, line, &j, &err);
	if (rc < 0)
		return cli_fail(command_status_of_name(&err), &err);
	if (o->common.json) {
		OWN(buf) struct buf out = {0};
		json_print(j, 2, &out);
		printf("%s\n", out.p);
	} else {
		print_text(j);
	}
	return EXIT_DONE;
}

const struct subcommand cmd_blame = {
	.name = "blame",
	.summary = "say who wrote a line of a repair's result, and by what evidence",
	.args = "RUN FILE:LINE",
	.description =
		"A line of what fix, work or refine gave is followed back to the attempt that brought it: the call to a model, with the\n"
		"digests of what it was asked and of the files it read, its tools, requirements, gates and review; or the rule that wrote it;\n"
		"or, through the runs that were refined, one of theirs. What none of them wrote is of the source: the commit and its author.\n"
		"With --at the line is one of a branch as it is now, whose commits say which run and attempt they are of.",
	.options = options,
	.options_size = sizeof(struct blame_options),
	.min_args = 2,
	.max_args = 2,
	.run = run_blame,
};
