/* drydock docs: what a source is, as pages in a branch of its repository; and which statements of them are true no more. */
#include "runner/docs.h"

#include "base/fs.h"
#include "base/hash.h"
#include "runner/one_layer.h"

#include <string.h>

#define RESULT_MAX ((size_t)512 << 20)
#define MESSAGE \
	"docs: what is here, as pages made of the source\n\nMade by drydock docs; drydock docs check tells what of it is true no more.\n"

struct docs_options {
	struct graph_options graph; /* its common options come first */
	const char *run, *patch, *out;
	bool no_branch, head;
};
#define DOCS_O(member) offsetof(struct docs_options, member)

static const struct option_def make_options[] = {
	{"run", 0, OPTION_TEXT, DOCS_O(run), "RUN",
		"document the source of this run, with its recipe (default: the newest stand-up of SOURCE that has one)"},
	{"patch", 0, OPTION_TEXT, DOCS_O(patch), "FILE", "write the pages there as a patch, too"},
	{"output", 'o', OPTION_TEXT, DOCS_O(out), "DIR",
		"write them into this directory, too, which is new or empty"},
	{"no-branch", 0, OPTION_FLAG, DOCS_O(no_branch), NULL,
		"write nothing into the repository of the source"},
	{"head", 0, OPTION_FLAG, DOCS_O(head), NULL,
		"go by the commit that HEAD is at, and not by what lies beside it: output of a build, changes that are not committed"},
	{"db", 0, OPTION_TEXT, DOCS_O(graph.db), "FILE",
		"the file of the map (default: the state directory's map of SOURCE)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};
static const struct option_def check_options[] = {
	{"head", 0, OPTION_FLAG, DOCS_O(head), NULL,
		"go by the commit that HEAD is at, and not by what lies beside it: output of a build, changes that are not committed"},
	{"db", 0, OPTION_TEXT, DOCS_O(graph.db), "FILE",
		"the file of the map (default: the state directory's map of SOURCE)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

/* ---- asking the worker ---- */

static int
take_result(const struct buf *out, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	int rc = json_parse(buf_str(out), &j, err);
	if (rc == 0 && json_object_get(j, "fault"))
		rc = err_set(err, DD_EINVAL, "%s", json_string_in(j, "fault"));
	if (rc == 0)
		*ret = TAKE(j);
	return rc;
}

static int
ask_worker(struct pod *pod, const char *what, struct str request, json_t **ret, struct dd_err *err)
{
	OWN(buf) struct buf out = {.max = RESULT_MAX};
	const char *args[] = {what, NULL};
	const struct worker_spec worker = {.name = "docs", .args = args, .input = request};
	int rc = worker_exec(pod, &worker, &out, err);
	return rc < 0 ? rc : take_result(&out, ret, err);
}

/* ---- making them ---- */

struct making {
	const struct docs_options *o;
	struct docs docs;
	struct stack source;
	json_t *files;
	struct one_layer pages;
};

static void
making_cleanup(struct making *m)
{
	stack_cleanup(&m->source);
	json_decref(m->files);
	one_layer_cleanup(&m->pages);
	docs_cleanup(&m->docs);
}

static size_t
count_state(const json_t *files, const char *state)
{
	size_t i, n = 0;
	json_t *f;
	json_array_foreach (files, i, f)
		n += strcmp(json_string_in(f, "state"), state) == 0;
	return n;
}

/* The pages become a layer on the source. */
static int
make_layer(struct making *m, struct dd_err *err)
{
	struct docs *d = &m->docs;
	OWN(buf) struct buf request = {.max = RESULT_MAX};
	OWN_JSON json_t *result = NULL;
	struct pod *pod = NULL;
	docs_put_request(d, &request);
	const struct pod_spec spec = {.state = &d->st, .work = &m->source};
	int rc = pod_open(&spec, &pod, err);
	if (rc == 0)
		rc = ask_worker(pod, "write", buf_str(&request), &result, err);
	if (rc == 0)
		m->files = json_incref(json_object_get(result, "files"));
	if (rc < 0 || !count_state(m->files, "written")) {
		pod_close(pod);
		return rc;
	}
	OWN_FREE char *step = mem_printf("docs %s", hash_bytes(buf_str(&request)).s);
	m->pages.st = &d->st;
	m->pages.source = &m->source;
	return one_layer_take(&m->pages, pod, step, d->owner, err);
}

static int
write_files(const struct making *m, struct dd_err *err)
{
	OWN(strlist) struct strlist there = {0};
	size_t i;
	json_t *f;
	int rc = fs_mkdirs(m->o->out, 0755, err);
	if (rc == 0)
		rc = fs_list(m->o->out, &there, err);
	if (rc == 0 && there.n)
		rc = err_set(err, DD_EINVAL, "%s is not empty", m->o->out);
	json_array_foreach (m->files, i, f) {
		const char *path = json_string_in(f, "path");
		if (rc < 0 || strcmp(json_string_in(f, "state"), "kept") == 0)
			continue;
		OWN_FREE char *to = fs_join(m->o->out, path);
		OWN_FREE char *dir = mem_strndup(to, (size_t)(fs_name(to) - to));
		rc = fs_mkdirs(dir, 0755, err);
		if (rc == 0)
			rc = fs_write_atomic(to, str_of(json_string_in(f, "text")), 0644, err);
	}
	return rc;
}

static int
make(struct making *m, const char *source, struct dd_err *err)
{
	const struct docs_options *o = m->o;
	int rc = docs_find(&o->graph, source, o->run, o->head, &m->docs, err);
	if (rc < 0)
		return rc;
	bool branch = !o->no_branch && one_layer_has_repository(m->docs.path);
	if (!branch && !o->patch && !o->out)
		return err_set(err, DD_EINVAL,
			"%s: no branch is written%s: --patch FILE or --output DIR says where the pages go",
			m->docs.path, o->no_branch ? "" : ", for it has no repository here");
	source_stack(&m->docs.source, &m->source);
	rc = make_layer(m, err);
	if (rc == 0 && m->pages.layer && branch)
		rc = one_layer_branch(&m->pages, m->docs.path, "docs", MESSAGE, err);
	if (rc == 0 && o->patch)
		rc = one_layer_patch(&m->pages, o->patch, RESULT_MAX, err);
	if (rc == 0 && o->out)
		rc = write_files(m, err);
	return rc;
}

static json_t *
paths_of(const json_t *files, const char *state)
{
	json_t *a = json_array(), *f;
	size_t i;
	json_array_foreach (files, i, f)
		if (strcmp(json_string_in(f, "state"), state) == 0)
			json_array_append(a, json_object_get(f, "path"));
	return a;
}

static void
print_made(const struct making *m)
{
	size_t i;
	json_t *f;
	if (m->o->graph.common.json) {
		OWN_JSON json_t *j = json_pack("{s:s?, s:s?, s:o, s:s?, s:s?, s:s?, s:o, s:o, s:o}",
			"branch", m->pages.branch, "commit", m->pages.commit, "why",
			m->pages.why ? json_text(str_of(m->pages.why)) : json_null(), "patch",
			m->o->patch, "output", m->o->out, "run", m->docs.run, "written",
			paths_of(m->files, "written"), "same", paths_of(m->files, "same"), "kept",
			paths_of(m->files, "kept"));
		graph_map_print(j, true);
		return;
	}
	json_array_foreach (m->files, i, f)
		if (strcmp(json_string_in(f, "state"), "kept") == 0) {
			fprintf(stderr, "drydock: ");
			fprintf(stderr, "%s is not as drydock docs wrote it, and stays\n",
				json_string_in(f, "path")); /* a name of ours */
		}
	if (m->pages.branch)
		printf("%s\n", m->pages.branch);
	else if (!m->pages.layer)
		printf("nothing to write: the pages are there\n");
}

static int
run_docs(const struct cli_call *call)
{
	const struct docs_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	struct making m = {.o = o};
	if (!o->run == !call->args[0])
		return cli_usage_error(call->command, "give SOURCE, or --run RUN, and not both");
	int rc = make(&m, call->args[0], &err), status = EXIT_DONE;
	if (rc == 0)
		print_made(&m);
	if (rc == 0 && m.pages.why) {
		(void)err_set(&err, DD_EBUSY, "no branch was written: %s", m.pages.why);
		status = cli_fail(EXIT_TARGET_FAILED, &err);
	}
	making_cleanup(&m);
	return rc < 0 ? cli_fail(command_status_of_name(&err), &err) : status;
}

const struct subcommand cmd_docs = {
	.name = "docs",
	.summary = "write what a source is as pages into a branch of its repository",
	.args = "[SOURCE]",
	.description =
		"The same as drydock spec tells, as docs/drydock/README.md, a page for each component, and AGENTS.md for tools that edit\n"
		"the code; with build, tests, services and variables where a run stood the source up.  Each statement is written with the\n"
		"digest of each line that it comes from to docs/drydock/statements.jsonl, by which drydock docs check finds what is true no\n"
		"more.  The branch, drydock/docs-COMMIT, is on HEAD; it is written and nothing else is.  The pages are of SOURCE as it lies there, or,\n"
		"with --head, of the commit (and then docs check --head goes by it, too).  The same source gives the same\n"
		"commit.  A file of such a name that drydock did not write, or that was edited since, stays as it is.",
	.options = make_options,
	.options_size = sizeof(struct docs_options),
	.max_args = 1,
	.run = run_docs,
};

/* ---- checking them ---- */

static int
check(const struct docs_options *o, const char *source, json_t **ret, struct dd_err *err)
{
	struct docs d = {0};
	struct stack work = {0};
	OWN(buf) struct buf request = {.max = RESULT_MAX};
	struct pod *pod = NULL;
	int rc = docs_find(&o->graph, source, NULL, o->head, &d, err);
	if (rc == 0) {
		docs_put_request(&d, &request);
		source_stack(&d.source, &work);
		const struct pod_spec spec = {.state = &d.st, .work = &work};
		rc = pod_open(&spec, &pod, err);
	}
	if (rc == 0)
		rc = ask_worker(pod, "check", buf_str(&request), ret, err);
	pod_close(pod);
	stack_cleanup(&work);
	docs_cleanup(&d);
	return rc;
}

static long long
count_of(const json_t *j, const char *key)
{
	return (long long)json_integer_value(json_object_get(j, key));
}

static void
print_stale(const json_t *j)
{
	size_t i, k;
	json_t *s, *w;
	json_array_foreach (json_object_get(j, "stale"), i, s) {
		graph_map_print_text(json_string_in(s, "text"));
		printf("\n");
		json_array_foreach (json_object_get(s, "why"), k, w) {
			printf("    ");
			graph_map_print_text(json_string_value(w));
			printf("\n");
		}
	}
	long long stale = count_of(j, "stale_count"), listed = (long long)i;
	json_array_foreach (json_object_get(j, "edited"), k, w) {
		graph_map_print_text(json_string_value(w));
		printf(" was changed by hand: what it says is not looked at\n");
	}
	if (stale > listed)
		printf("%lld more are not listed\n", stale - listed);
	fprintf(stderr,
		"drydock: %lld statements are true (%lld stand elsewhere, %lld rest on changed lines, %lld with other figures), "
		"%lld stale, %lld not written yet, %lld not looked at: no run here\n",
		count_of(j, "true"), count_of(j, "moved"), count_of(j, "changed"),
		count_of(j, "drifted"), stale, count_of(j, "unsaid_count"),
		count_of(j, "unchecked"));
}

static int
run_check(const struct cli_call *call)
{
	const struct docs_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN_JSON json_t *result = NULL;
	if (check(o, call->args[0], &result, &err) < 0)
		return cli_fail(command_status_of_name(&err), &err);
	if (o->graph.common.json)
		graph_map_print(result, true);
	else
		print_stale(result);
	return count_of(result, "stale_count") ? EXIT_TARGET_FAILED : EXIT_DONE;
}

const struct subcommand cmd_docs_check = {
	.name = "docs check",
	.summary = "list the statements of drydock docs that are true no more",
	.args = "SOURCE",
	.description =
		"The statements in docs/drydock/statements.jsonl of SOURCE are held against what is to be said of it now.  Stale is what would\n"
		"not be said any more, with what has become of the lines that it came from; exit status 1, and nothing is listed when all\n"
		"is true.  What stands on another line than it did, or has other figures, is true; --json counts both.  What came from\n"
		"the recipe of a run is looked at where there is a run of SOURCE.",
	.options = check_options,
	.options_size = sizeof(struct docs_options),
	.min_args = 1,
	.max_args = 1,
	.run = run_check,
};
