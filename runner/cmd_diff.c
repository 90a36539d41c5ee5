/* drydock diff: what changed between two runs. */
#include "runner/commands.h"

#include "base/map.h"
#include "runner/handed.h"

#include <string.h>

struct diff_options {
	struct common_options common;
};

/* Name -> value of one run, heap. */
typedef void collect_fn(const struct run *r, const json_t *result, struct map *ret);

static const char *
text_of(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static void
put(struct map *m, const char *name, const char *value)
{
	if (name)
		map_put(m, name, mem_strdup(value ? value : ""));
}

static void
put_all(const json_t *array, const char *name, const char *value, struct map *ret)
{
	size_t i;
	json_t *j;
	json_array_foreach (array, i, j)
		put(ret, text_of(j, name), text_of(j, value));
}

static void
collect_outcome(const struct run *r, const json_t *result, struct map *ret)
{
	(void)r;
	put(ret, "outcome", text_of(result, "outcome"));
}

/* What the application asked for: packages by what they are for, questions by whether they block. */
static void
collect_needs(const struct run *r, const json_t *result, struct map *ret)
{
	size_t i;
	json_t *q;
	(void)r;
	put_all(json_object_get(result, "packages"), "name", "scope", ret);
	json_array_foreach (json_object_get(result, "questions"), i, q)
		put(ret, text_of(q, "id"),
			json_is_true(json_object_get(q, "blocking")) ? "blocking" : "asked");
}

static void
collect_versions(const struct run *r, const json_t *result, struct map *ret)
{
	OWN_JSON json_t *lock = handed_json(r, "recipe/drydock.lock.json");
	size_t i;
	json_t *set;
	put_all(json_object_get(lock ? lock : result, "packages"), "name", "version", ret);
	json_array_foreach (json_object_get(lock, "modules"), i, set)
		put_all(json_object_get(set, "artefacts"), "name", "version", ret);
}

static void
collect_features(const struct run *r, const json_t *result, struct map *ret)
{
	(void)r;
	put_all(json_object_get(result, "features_off"), "feature", "input", ret);
}

static void
collect_tests(const struct run *r, const json_t *result, struct map *ret)
{
	OWN_JSON json_t *cases = handed_lines(r, "tests.jsonl");
	(void)result;
	put_all(cases, "id", "status", ret);
}

static const struct {
	const char *key, *word;
	collect_fn *collect;
} views[] = {
	{"outcome", "the", collect_outcome},
	{"needs", "need", collect_needs},
	{"versions", "version", collect_versions},
	{"features", "feature off", collect_features},
	{"tests", "test", collect_tests},
};

static void
add_change(json_t *all, const char *name, const char *from, const char *to)
{
	json_array_append_new(all, json_pack("{s:o, s:o, s:o}", "name", json_text(str_of(name)),
					   "from", from ? json_text(str_of(from)) : json_null(),
					   "to", to ? json_text(str_of(to)) : json_null()));
}

static json_t *
compare(const struct map *a, const struct map *b)
{
	json_t *all = json_array();
	for (struct map_entry *e = map_first(a); e; e = map_next(e)) {
		const char *to = map_get(b, map_key(e));
		if (!to || strcmp(to, map_value(e)) != 0)
			add_change(all, map_key(e), map_value(e), to);
	}
	for (struct map_entry *e = map_first(b); e; e = map_next(e))
		if (!map_get(a, map_key(e)))
			add_change(all, map_key(e), NULL, map_value(e));
	return all;
}

static json_t *
compare_runs(const struct run *a, const struct run *b)
{
	OWN_JSON json_t *result_a = handed_json(a, "result.json"),
			*result_b = handed_json(b, "result.json");
	json_t *all = json_pack("{s:[s, s]}", "runs", a->id, b->id);
	for (size_t i = 0; i < sizeof(views) / sizeof(*views); i++) {
		OWN(map) struct map of_a = {.destroy = free}, of_b = {.destroy = free};
		views[i].collect(a, result_a, &of_a);
		views[i].collect(b, result_b, &of_b);
		json_object_set_new(all, views[i].key, compare(&of_a, &of_b));
	}
	return all;
}

static void
print_change(const char *word, const json_t *change)
{
	const char *from = text_of(change, "from"), *to = text_of(change, "to");
	OWN_FREE char *line = mem_printf("%s %s %s%s%s%s%s",
		!from ? "+"
		: !to ? "-"
		      : "~",
		word, text_of(change, "name"), (from && *from) || (to && *to) ? ": " : "",
		from ? from : "", from && to ? " -> " : "", to ? to : "");
	OWN(buf) struct buf safe = {0};
	buf_put_visible(&safe, str_of(line));
	printf("%s\n", safe.p);
}

static void
print_changes(const json_t *all)
{
	size_t i, n = 0;
	json_t *change;
	for (size_t v = 0; v < sizeof(views) / sizeof(*views); v++)
		json_array_foreach (json_object_get(all, views[v].key), i, change) {
			print_change(views[v].word, change);
			n++;
		}
	if (!n)
		printf("no difference\n");
}

static int
run_diff(const struct cli_call *call)
{
	const struct diff_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0}, same = {0};
	struct run a = {.lock_fd = -1}, b = {.lock_fd = -1};
	int rc = handed_open(&o->common, call->args[0], &st, &a, &err);
	if (rc == 0)
		rc = handed_open(&o->common, call->args[1], &same, &b, &err);
	if (rc == 0) {
		OWN(buf) struct buf out = {0};
		OWN_JSON json_t *all = compare_runs(&a, &b);
		json_print(all, 2, &out);
		if (o->common.json)
			printf("%s\n", out.p);
		else
			print_changes(all);
	}
	run_cleanup(&a);
	run_cleanup(&b);
	return rc < 0 ? cli_fail(command_status_of_name(&err), &err) : EXIT_DONE;
}

const struct subcommand cmd_diff = {
	.name = "diff",
	.summary = "say what changed between two runs: needs, versions, features, tests",
	.args = "RUN1 RUN2",
	.description =
		"A line begins with + for what only RUN2 has, - for what only RUN1 has, ~ for what both have "
		"and is not the same.",
	.options_size = sizeof(struct diff_options),
	.min_args = 2,
	.max_args = 2,
	.run = run_diff,
};
