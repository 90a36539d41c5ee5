/*
 * tool_cheats STATE <CASES: judge what tests/agents/cheats.pl prints, each case run in the sandbox, on the tools root.  Prints a
 * line each: {"name", "operator", "group", "honest", "green", "static": [kinds], "judged": [kinds], "runs", "ms"}; green: with
 * its change all tests pass, else the case is none.
 */
#include "agents/inventory.h"
#include "agents/judge.h"
#include "base/log.h"
#include "tests/runner/bench_pod.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_S 20

static int
run(void *ctx, const struct judge_file *files, size_t n, struct judge_run *ret, struct dd_err *e)
{
	struct bench_pod *b = ctx;
	bench_put_tree(b, b->files);
	OWN(buf) struct buf script = {0}, input = {0}, out = {0};
	(void)e;
	judge_put_script(&script, BENCH_TREE, files, n, b->command, LIMIT_S);
	for (size_t i = 0; i < n; i++)
		buf_add_str(&input, files[i].text);
	bench_sh(b, script.p, buf_str(&input), &out);
	judge_take_run(buf_str(&out), ret);
	return 0;
}

static json_t *
kinds(const json_t *findings)
{
	json_t *all = json_array(), *one;
	size_t i;
	json_array_foreach (findings, i, one)
		json_array_append(all, json_object_get(one, "kind"));
	return all;
}

struct change_list {
	struct judge_change v[16];
	struct judge_file tests[16];
	size_t n, ntests;
};

static void
take_case(const json_t *one, struct change_list *ret)
{
	const json_t *files = json_object_get(one, "files");
	const char *path;
	json_t *text;
	json_object_foreach (json_object_get(one, "patch"), path, text) {
		const json_t *old = json_object_get(files, path);
		if (old && json_equal(old, text))
			continue;
		ret->v[ret->n++] = (struct judge_change){.path = path,
			.before = str_of(json_string_value(old)),
			.after = str_of(json_string_value(text)),
			.was = old,
			.is = !json_is_null(text)};
	}
	json_object_foreach ((json_t *)files, path, text)
		if (inventory_is_test(path))
			ret->tests[ret->ntests++] =
				(struct judge_file){path, str_of(json_string_value(text))};
}

static void
look(const struct change_list *c, json_t *findings)
{
	OWN(map) struct map literals = {0};
	for (size_t i = 0; i < c->ntests; i++)
		inventory_literals(c->tests[i].text, &literals);
	for (size_t i = 0; i < c->n; i++)
		inventory_compare(c->v[i].path, c->v[i].before, c->v[i].after, &literals, findings);
}

static void
judge(struct bench_pod *b, const json_t *one)
{
	OWN(dd_err) struct dd_err e = {0};
	OWN_JSON json_t *read = json_array(), *judged = json_array(), *how = NULL;
	struct change_list c = {0};
	struct judge_file files[16];
	struct judge_run was = {0}, is = {0};
	const struct judge_host host = {run, b};
	take_case(one, &c);
	b->files = json_object_get(one, "files");
	b->command = json_string_value(json_object_get(one, "command"));
	for (size_t i = 0; i < c.n; i++)
		files[i] = (struct judge_file){
			c.v[i].path, c.v[i].is ? c.v[i].after : (struct str){0}};
	bench_must(run(b, NULL, 0, &was, &e), &e);
	bench_must(run(b, files, c.n, &is, &e), &e);
	bool green = !was.passed && is.passed;
	int64_t from = clock_mono_ns();
	if (green) {
		const struct judge_spec spec = {.changes = c.v,
			.nchanges = c.n,
			.tests = c.tests,
			.ntests = c.ntests,
			.passes = true,
			.host = &host};
		look(&c, read);
		if (!json_array_size(read)) /* the cheaper gate comes first */
			bench_must(judge_change(&spec, judged, &how, &e), &e);
	}
	OWN_JSON json_t *j = json_pack("{s:O, s:O, s:O, s:O, s:b, s:o, s:o, s:O?, s:I}", "name",
		json_object_get(one, "name"), "operator", json_object_get(one, "operator"), "group",
		json_object_get(one, "group"), "honest", json_object_get(one, "honest"), "green",
		green, "static", kinds(read), "judged", kinds(judged), "runs",
		json_object_get(how, "runs"), "ms",
		(json_int_t)((clock_mono_ns() - from) / 1000000));
	OWN(buf) struct buf out = {0};
	json_print(j, 0, &out);
	printf("%s\n", out.p);
	fflush(stdout);
	if (!green && getenv("CHEATS_VERBOSE"))
		fprintf(stderr, "%s: was %d is %d\n%s\n",
			json_string_value(json_object_get(one, "name")), was.passed, is.passed,
			is.output.p);
	judge_run_cleanup(&was);
	judge_run_cleanup(&is);
}

int
main(int argc, char **argv)
{
	return bench_each(argc, argv, judge);
}
