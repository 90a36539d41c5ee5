/* drydock cover: characterisation tests, kept when they are proven, in a branch of the repository of the source. */
#include "runner/cover.h"

#include "base/fs.h"
#include "base/hash.h"
#include "runner/fix_bench.h"
#include "runner/graph_map.h"
#include "runner/one_layer.h"

#include <string.h>

#define PATCH_MAX ((size_t)64 << 20)

struct cover_options {
	struct common_options common;
	const char *patch;
	bool no_branch;
};
#define O(member) offsetof(struct cover_options, member)

static const struct option_def options[] = {
	{"patch", 0, OPTION_TEXT, O(patch), "FILE", "write the tests there as a patch, too"},
	{"no-branch", 0, OPTION_FLAG, O(no_branch), NULL,
		"write nothing into the repository of the source"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

struct covering {
	const struct cover_options *o;
	struct cover c;
	struct stack source;
	json_t *made; /* of cover_make */
	struct one_layer tests;
};

static void
covering_cleanup(struct covering *m)
{
	stack_cleanup(&m->source);
	json_decref(m->made);
	one_layer_cleanup(&m->tests);
	if (m->c.owner)
		cover_cleanup(&m->c);
}

/* As edits that make a file. */
static json_t *
edits_of(const json_t *files)
{
	json_t *edits = json_array(), *f;
	size_t i;
	json_array_foreach (files, i, f)
		json_array_append_new(
			edits, json_pack("{s:O, s:s, s:O}", "path", json_object_get(f, "path"),
				       "find", "", "replace", json_object_get(f, "text")));
	return edits;
}

static int
make_layer(struct covering *m, struct dd_err *err)
{
	OWN_JSON json_t *edits = edits_of(json_object_get(m->made, "files")), *files = NULL;
	OWN(buf) struct buf text = {0};
	struct pod *desk = NULL;
	const struct pod_spec spec = {.state = &m->c.st, .work = &m->source};
	if (!json_array_size(edits))
		return 0;
	json_print(edits, 0, &text);
	OWN_FREE char *step = mem_printf("cover %s", hash_bytes(buf_str(&text)).s);
	int rc = pod_open(&spec, &desk, err);
	if (rc == 0)
		rc = fix_bench_edit(desk, edits, &files, err);
	if (rc < 0) {
		pod_close(desk);
		return rc;
	}
	m->tests.st = &m->c.st;
	m->tests.source = &m->source;
	return one_layer_take(&m->tests, desk, step, m->c.owner, err);
}

static char *
message_of(const struct covering *m)
{
	OWN(buf) struct buf out = {0};
	const json_t *sums = json_object_get(m->made, "coverage");
	buf_printf(&out,
		"tests: what functions do today, as it was seen\n\nMade by drydock cover: each passes twice, fails when the code is changed, and runs lines that\n"
		"no test ran. Of the lines of functions that were looked at, %lld of %lld were run before, %lld are now.\n",
		(long long)json_integer_value(json_object_get(sums, "before")),
		(long long)json_integer_value(json_object_get(sums, "lines")),
		(long long)json_integer_value(json_object_get(sums, "after")));
	return buf_take(&out);
}

static int
make(struct covering *m, const char *of, struct dd_err *err)
{
	const struct cover_options *o = m->o;
	int rc = cover_open(&o->common, of, &m->c, err);
	if (rc < 0)
		return rc;
	const char *source = m->c.run.options.source;
	bool branch = !o->no_branch && one_layer_has_repository(source);
	if (!branch && !o->patch)
		return err_set(err, DD_EINVAL,
			"%s: no branch is written%s: --patch FILE says where the tests go", source,
			o->no_branch ? "" : ", for it has no repository here");
	source_stack(&m->c.source, &m->source);
	rc = cover_make(&m->c, &m->made, err);
	if (rc == 0)
		rc = make_layer(m, err);
	OWN_FREE char *message = rc == 0 ? message_of(m) : NULL;
	if (rc == 0 && m->tests.layer && branch)
		rc = one_layer_branch(&m->tests, source, "cover", message, err);
	if (rc == 0 && o->patch)
		rc = one_layer_patch(&m->tests, o->patch, PATCH_MAX, err);
	return rc;
}

static void
print_row(const json_t *f)
{
	json_int_t tests = (json_int_t)json_array_size(json_object_get(f, "tests"));
	OWN_FREE char *place = mem_printf("%s:%lld %s", json_string_in(f, "path"),
		(long long)json_integer_value(json_object_get(f, "line")),
		json_string_in(f, "name"));
	OWN_FREE char *what = tests ? mem_printf("%lld tests", (long long)tests)
				    : mem_strdup(json_string_in(f, "reason"));
	graph_map_print_text(place);
	printf("  %lld -> %lld of %lld lines  ",
		(long long)json_integer_value(json_object_get(f, "before")),
		(long long)json_integer_value(json_object_get(f, "after")),
		(long long)json_integer_value(json_object_get(f, "lines")));
	graph_map_print_text(what);
	printf("\n");
}

static void
print_made(const struct covering *m)
{
	size_t i;
	json_t *f;
	if (m->o->common.json) {
		OWN_JSON json_t *j = json_pack("{s:s, s:s?, s:s?, s:o, s:s?}", "run", m->c.run.id,
			"branch", m->tests.branch, "commit", m->tests.commit, "why",
			m->tests.why ? json_text(str_of(m->tests.why)) : json_null(), "patch",
			m->o->patch);
		json_object_update(j, m->made);
		graph_map_print(j, true);
		return;
	}
	json_array_foreach (json_object_get(m->made, "functions"), i, f)
		print_row(f);
	if (m->tests.branch)
		printf("%s\n", m->tests.branch);
	else if (!m->tests.layer)
		printf("nothing to write: no test stood its proofs\n");
}

static int
run_cover(const struct cli_call *call)
{
	OWN(dd_err) struct dd_err err = {0};
	struct covering m = {.o = call->options};
	int rc = make(&m, call->args[0], &err), status = EXIT_DONE;
	if (rc == 0)
		print_made(&m);
	if (rc == 0 && m.tests.why) {
		(void)err_set(&err, DD_EBUSY, "no branch was written: %s", m.tests.why);
		status = cli_fail(EXIT_TARGET_FAILED, &err);
	}
	if (rc == 0 && !m.tests.layer)
		status = EXIT_TARGET_FAILED;
	covering_cleanup(&m);
	return rc < 0 ? cli_fail(command_status_of_name(&err), &err) : status;
}

const struct subcommand cmd_cover = {
	.name = "cover",
	.summary = "write tests of what functions do today, where no test runs them",
	.args = "SOURCE|RUN",
	.description =
		"RUN is a stand-up of drydock up, whose packages, built tree and test commands are used; SOURCE, one that has such a run.\n"
		"Functions of Python are looked at, on the first level of modules that do nothing but define when they are imported, and\n"
		"only those that the source shows to be pure.  Inputs come from annotations, constants of the function and what callers\n"
		"write down; what the function gives for them, in the sandbox, is what the test expects.\n\n"
		"A test is kept if it passes twice, in fresh pods with another time, seed and order of hashes, if it fails with a change of an\n"
		"operator, a number, a condition or a result in the function, and if the project's own test commands run more lines of the function\n"
		"with it.  Tests are written for pytest or unittest, as those of the project are, beside them.\n\n"
		"They become the branch drydock/cover-COMMIT on HEAD; nothing else is written.  What is printed is a row for each\n"
		"function: lines that were run before and after, and how many tests it has, or why none.\n\n"
		"The exit status is 0 where a test was written, 1 where none was.",
	.options = options,
	.options_size = sizeof(struct cover_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_cover,
};
