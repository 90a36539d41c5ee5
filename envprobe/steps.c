/*
 * The journalled steps of an attempt.  Each has a function that does it (harmless to repeat) and
 * one that takes its result, fresh or from the journal, into the loop: what is not in the result
 * does not exist.
 */
#include "envprobe/loop.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/log.h"
#include "envprobe/built.h"
#include "envprobe/files.h"
#include "envprobe/lookups.h"
#include "envprobe/proofs.h"
#include "envprobe/source_worker.h"
#include "record/steplog.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FAILURE_TAIL 400 /* bytes of a log that count */

void
loop_clear_findings(struct loop *l)
{
	problem_list_cleanup(&l->problems);
	need_list_cleanup(&l->missing);
	surroundings_cleanup(&l->around);
	missing_file_list_cleanup(&l->files);
	strlist_cleanup(&l->touched);
	free(TAKE(l->failed));
	free(TAKE(l->failure));
	l->built = false;
	l->cause = CAUSE_NONE;
}

static char *
step_key(const struct loop *l, const char *name)
{
	return mem_printf("attempt/%lld/%s", (long long)l->n, name);
}

/* ---- findings: what a build or test run showed ---- */

struct step { /* that ran, and what is left of it */
	enum run_step step;
	bool failed;
	struct trace *trace;
	struct prompter *asked;
	const char *command; /* STEP_BUILD: the one that failed */
	int exit_code;
	const struct test_run *tests; /* STEP_TESTS */
};

/* Logs have no secrets any more; what the target looked for, and whom it called, may. */
static void
hide_secrets(const struct answers *a, struct need_list *missing, struct refusal_list *refused)
{
	for (size_t i = 0; i < missing->n; i++)
		answers_redact_text(a, &missing->v[i].why);
	for (size_t i = 0; i < refused->n; i++) {
		answers_redact_text(a, &refused->v[i].target);
		answers_redact_text(a, &refused->v[i].program);
	}
}

/* A file whose name holds a secret cannot be asked for. */
static json_t *
files_to_json(const struct answers *a, struct missing_file_list *files)
{
	json_t *all = json_array();
	for (size_t i = 0; i < files->n; i++) {
		struct missing_file *f = &files->v[i];
		OWN(buf) struct buf plain = {0};
		answers_redact(a, str_of(f->path), &plain);
		answers_redact_text(a, &f->program);
		if (str_eq(buf_str(&plain), f->path))
			json_array_append_new(all, json_encode(missing_file_fields, f));
	}
	return all;
}

/* What a step that failed missed in files; one that did not can do without. */
static int
find_files(struct loop *l, const struct step *step, const struct problem_list *problems, json_t *to,
	struct dd_err *err)
{
	struct missing_file_list files = {0};
	OWN(strlist) struct strlist touched = {0};
	int rc = 0;
	if (step->failed) {
		rc = files_missing(l, step->trace, problems, &files, err);
		files_touched(l, step->trace, problems, &touched);
	}
	json_object_set_new(to, "files", files_to_json(l->spec->answers, &files));
	json_object_set_new(to, "touched", json_from_strings(&touched));
	missing_file_list_cleanup(&files);
	return rc;
}

/* What the source says about services, where tests failed or were skipped. */
static int
find_surroundings(struct loop *l, const struct step *step, json_t *to, struct dd_err *err)
{
	OWN(surroundings) struct surroundings found = {0};
	bool wanted = step->step == STEP_TESTS && (step->failed || step->tests->skipped);
	int rc = wanted ? surroundings_of_source(l->spec->state, l->spec->source, &found, err) : 0;
	if (rc == 0)
		json_object_set_new(to, "around", json_encode(surroundings_fields, &found));
	return rc;
}

/* ---- what a failure is told by ---- */

/* Counts, times and addresses differ from run to run. */
static void
put_steady(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			buf_putc(out, text.p[i]);
	buf_putc(out, '\n');
}

static void
put_tail(struct buf *out, const char *log)
{
	char text[FAILURE_TAIL];
	struct stat st;
	OWN_FD int fd = open(log, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	off_t from = st.st_size > FAILURE_TAIL ? st.st_size - FAILURE_TAIL : 0;
	ssize_t n = pread(fd, text, sizeof(text), from);
	put_steady(out, (struct str){text, n > 0 ? (size_t)n : 0});
}

static void
put_failed_cases(struct buf *out, const struct test_run *t)
{
	buf_printf(out, "%lld %lld %lld\n", (long long)t->passed, (long long)t->failed,
		(long long)t->skipped);
	for (size_t i = 0; i < t->cases.n; i++) {
		const struct test_case *c = &t->cases.v[i];
		if (c->status != TEST_FAILED && c->status != TEST_ERROR)
			continue;
		buf_printf(out, "%s\n", c->id);
		put_steady(out, str_of(c->message));
	}
}

/* The same for two attempts that failed at the same place for the same reason; NULL: it did not fail. */
static json_t *
failure_of(const struct step *step, const struct problem_list *problems, const char *log)
{
	OWN(buf) struct buf text = {.max = (size_t)64 << 20};
	if (!step->failed)
		return json_null();
	for (size_t i = 0; i < problems->n; i++)
		buf_printf(&text, "%s %s\n", problem_kind_names[problems->v[i].kind],
			problems->v[i].name);
	if (step->tests)
		put_failed_cases(&text, step->tests);
	else
		buf_printf(&text, "%d %s\n", step->exit_code, step->command ? step->command : "");
	if (!step->tests || step->tests->by_exit_status || !step->tests->cases.n)
		put_tail(&text, log);
	struct hash_hex digest = hash_bytes(buf_str(&text));
	return json_string(digest.s);
}

/* What log and trace of the step show, and what it asked, into its result. */
static int
find_findings(struct loop *l, const struct step *step, json_t *to, struct dd_err *err)
{
	OWN_FREE char *name =
		mem_printf("logs/attempt-%lld-%s.log", (long long)l->n, run_step_names[step->step]);
	OWN_FREE char *log = fs_join(l->spec->run_dir, name);
	struct problem_list problems = {0};
	struct need_list missing = {0};
	struct refusal_list refused = {0};
	int rc = evidence_read(l->spec->state, log, &problems, err);
	if (rc == 0)
		rc = find_files(l, step, &problems, to, err);
	if (rc == 0)
		probe_refused(step->trace, step->step, &refused);
	if (rc == 0)
		rc = loop_find_places(l, name, &problems, step->asked, &refused, err);
	if (rc == 0)
		rc = find_surroundings(l, step, to, err);
	if (rc == 0) {
		lookups_missing(step->trace, l->index, &missing);
		hide_secrets(l->spec->answers, &missing, &refused);
		json_object_set_new(to, "failure", failure_of(step, &problems, log));
		json_object_set_new(to, "problems", problem_list_to_json(&problems));
		json_object_set_new(to, "missing", need_list_to_json(&missing));
		json_object_set_new(to, "refused", refusal_list_to_json(&refused));
		json_object_set_new(
			to, "questions", question_list_to_json(&step->asked->questions));
	}
	refusal_list_cleanup(&refused);
	problem_list_cleanup(&problems);
	need_list_cleanup(&missing);
	return rc;
}

static int
take_refused(struct loop *l, const json_t *j, struct dd_err *err)
{
	struct refusal_list refused = {0};
	int rc = refusal_list_from_json(j, "refused", &refused, err);
	for (size_t i = 0; rc == 0 && i < refused.n; i++) {
		struct refusal *r = &refused.v[i];
		r->attempt = l->n;
		*refusal_list_add(&l->r->refused) = *r;
	}
	free(refused.v);
	return rc;
}

/* What another application is the address of is there: nothing of it is to be started. */
static void
leave_to_peers(const struct strlist *peers, struct endpoint_list *l)
{
	size_t kept = 0;
	for (size_t i = 0; peers && i < l->n; i++)
		if (strlist_has(peers, l->v[i].host))
			endpoint_cleanup(&l->v[i]);
		else
			l->v[kept++] = l->v[i];
	l->n = peers ? kept : l->n;
}

static int
take_findings(struct loop *l, const json_t *j, struct dd_err *err)
{
	const char *failure = json_string_value(json_object_get(j, "failure"));
	loop_clear_findings(l);
	l->failure = failure ? mem_strdup(failure) : NULL;
	int rc = problem_list_from_json(
		json_object_get(j, "problems"), "problems", &l->problems, err);
	if (rc == 0)
		rc = take_refused(l, json_object_get(j, "refused"), err);
	if (rc == 0)
		rc = json_decode(json_object_get(j, "around"), surroundings_fields, false,
			&l->around, "around", err);
	leave_to_peers(l->spec->peers, &l->around.endpoints);
	if (rc == 0)
		rc = missing_file_list_from_json(
			json_object_get(j, "files"), "files", &l->files, err);
	for (size_t i = 0; i < json_array_size(json_object_get(j, "touched")); i++)
		strlist_add(&l->touched,
			json_string_value(json_array_get(json_object_get(j, "touched"), i)));
	if (rc == 0)
		rc = need_list_from_json(
			json_object_get(j, "missing"), "missing", &l->missing, err);
	return rc;
}

/* ---- proofs: which file of each wanted package was opened ---- */

struct proofs {
	struct loop *l;
	struct trace *trace;
	json_t *found; /* package -> path */
};

static int
find_proofs(void *ctx, struct pod *pod, struct dd_err *err)
{
	struct proofs *p = ctx;
	return proofs_find(pod, &p->l->r->packages, p->trace, p->found, err);
}

/* Some packages are only used by the tests; they run in a pod without package tools. */
static int
prove_by_tests(struct loop *l, struct trace *trace, json_t *found, struct dd_err *err)
{
	struct proofs p = {l, trace, found};
	struct pod *pod = NULL;
	const struct pod_spec spec = {.state = l->spec->state, .root = l->r->root};
	int rc = pod_open(&spec, &pod, err);
	if (rc == 0)
		rc = find_proofs(&p, pod, err);
	pod_close(pod);
	return rc;
}

static void
take_proofs(struct loop *l, const json_t *found)
{
	for (size_t i = 0; i < l->r->packages.n; i++) {
		struct package *p = &l->r->packages.v[i];
		const char *path = json_string_value(json_object_get(found, p->name));
		if (path && !p->proof)
			p->proof = mem_strdup(path);
	}
}

/* ---- build ---- */

static json_t *
build_to_json(const struct build_run *b, const struct prompter *p, json_t *proofs,
	const struct built_file_list *files)
{
	return json_pack("{s:b, s:o, s:i, s:i, s:f, s:o, s:o, s:o, s:o}", "built", b->built,
		"failed", b->failed ? json_text(str_of(b->failed)) : json_null(), "exit_code",
		b->exit_code, "cause", (int)b->cause, "seconds", b->seconds, "layer",
		b->layer ? json_string(b->layer) : json_null(), "prompts",
		prompt_answer_list_to_json(&p->given), "proofs", json_incref(proofs), "files made",
		built_file_list_to_json(files));
}

/*
 * Tests of an application whose source names none: of a makefile that the build wrote.  The commands are added to
 * the result.
 */
static int
find_written_tests(struct loop *l, const char *layer, json_t *to, struct dd_err *err)
{
	const struct project *p = &l->r->project;
	OWN_FREE char *as = p->dir ? mem_printf("make:%s", p->dir) : mem_strdup("make");
	const struct source_question q = {
		.worker = "detect", .arg = as, .max_bytes = (size_t)64 << 20};
	OWN_JSON json_t *j = NULL;
	OWN(project) struct project made = {0};
	struct stack only = {0};
	if (!layer || command_list_has(&p->commands, PHASE_TEST))
		return 0;
	stack_push(&only, layer);
	int rc = source_ask(l->spec->state, &only, &q, &j, err);
	if (rc == 0)
		rc = json_decode(j, project_fields, false, &made, "project", err);
	bool here = rc == 0 && made.system == SYSTEM_MAKE &&
		    strcmp(made.dir ? made.dir : "", p->dir ? p->dir : "") == 0;
	for (size_t i = 0; here && i < made.commands.n; i++)
		if (made.commands.v[i].phase == PHASE_TEST)
			json_object_set_new(
				to, "tests", json_encode(command_fields, &made.commands.v[i]));
	stack_cleanup(&only);
	return rc;
}

static int
take_written_tests(struct loop *l, const json_t *j, struct dd_err *err)
{
	struct command *c;
	if (!j || command_list_has(&l->r->project.commands, PHASE_TEST))
		return 0;
	c = command_list_add(&l->r->project.commands);
	return json_decode(j, command_fields, false, c, "tests", err);
}

/* Where nothing of the build runs tests: the scripts that are told to, else one that may. */
static void
take_scripts(struct loop *l)
{
	struct project *p = &l->r->project;
	if (command_list_has(&p->commands, PHASE_TEST))
		return;
	for (bool more = p->scripts.n > 0; more;) {
		bool told = !p->scripts.v[0].guessed;
		*command_list_add(&p->commands) = p->scripts.v[0];
		memmove(p->scripts.v, p->scripts.v + 1, --p->scripts.n * sizeof(*p->scripts.v));
		more = told && p->scripts.n && !p->scripts.v[0].guessed;
	}
}

static int
do_build(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct loop *l = ctx;
	OWN_JSON json_t *found = json_object();
	OWN(built_file_list) struct built_file_list files = {0};
	struct prompter prompter = {.answers = l->spec->answers};
	OWN_FREE char *log =
		mem_printf("%s/logs/attempt-%lld-build.log", l->spec->run_dir, (long long)l->n);
	struct trace *trace = trace_create();
	struct proofs proofs = {l, trace, found};
	struct build_run b = {.state = l->spec->state,
		.root = &l->r->root,
		.work = &l->tree,
		.binds = l->placed.binds,
		.nbinds = l->placed.nbinds,
		.commands = &l->r->project.commands,
		.env = (const char *const *)l->env.v,
		.log_path = log,
		.answers = l->spec->answers,
		.prompter = &prompter,
		.trace = trace,
		.step_limit_ms = l->spec->step_limit_ms,
		.silence_limit_ms = l->spec->silence_limit_ms,
		.owner = l->spec->owner,
		.inspect = find_proofs,
		.ctx = &proofs};
	int step = progress_begin("building");
	int rc = build_perform(&b, err);
	progress_end(step, rc == 0 && b.built ? "ok" : "failed");
	if (rc == 0 && b.layer)
		rc = built_files_of(l->spec->state, b.layer, &files, err);
	if (rc == 0) {
		json_t *j = build_to_json(&b, &prompter, found, &files);
		const struct step build = {.step = STEP_BUILD,
			.failed = !b.built,
			.trace = trace,
			.asked = &prompter,
			.command = b.failed,
			.exit_code = b.exit_code};
		rc = find_findings(l, &build, j, err);
		if (rc == 0)
			rc = find_written_tests(l, b.layer, j, err);
		if (rc == 0)
			*ret_result = j;
		else
			json_decref(j);
	}
	trace_destroy(trace);
	build_run_cleanup(&b);
	prompter_cleanup(&prompter);
	return rc;
}

/* Prompts of one step, merged into the run's; a question is listed once. */
static int
take_prompts(struct loop *l, const json_t *j, struct dd_err *err)
{
	struct prompt_answer_list given = {0};
	struct question_list asked = {0};
	prompter_cleanup(&l->prompter);
	memset(&l->prompter.given, 0, sizeof(l->prompter.given));
	int rc =
		prompt_answer_list_from_json(json_object_get(j, "prompts"), "prompts", &given, err);
	if (rc == 0)
		rc = question_list_from_json(
			json_object_get(j, "questions"), "questions", &l->prompter.questions, err);
	for (size_t i = 0; rc == 0 && i < given.n; i++)
		*prompt_answer_list_add(&l->r->prompts) = given.v[i];
	free(given.v);
	if (rc == 0)
		rc = question_list_from_json(
			json_object_get(j, "questions"), "questions", &asked, err);
	if (rc == 0)
		question_list_merge(&l->r->questions, &asked);
	return rc;
}

static int
take_build(struct loop *l, const json_t *j, struct dd_err *err)
{
	struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
	const char *layer = json_string_value(json_object_get(j, "layer"));
	const char *failed = json_string_value(json_object_get(j, "failed"));
	int rc = take_findings(l, j, err);
	if (rc < 0)
		return rc;
	/* Earlier attempts' prompts were typed into builds that were thrown away. */
	prompt_answer_list_cleanup(&l->r->prompts);
	rc = take_prompts(l, j, err);
	l->built = json_is_true(json_object_get(j, "built"));
	l->failed = failed ? mem_strdup(failed) : NULL;
	l->cause = (enum exec_cause)json_integer_value(json_object_get(j, "cause"));
	l->r->build_seconds = json_real_value(json_object_get(j, "seconds"));
	a->seconds = l->r->build_seconds;
	take_proofs(l, json_object_get(j, "proofs"));
	built_file_list_cleanup(&l->r->built_files);
	if (rc == 0)
		rc = built_file_list_from_json(
			json_object_get(j, "files made"), "files made", &l->r->built_files, err);
	if (rc == 0)
		rc = take_written_tests(l, json_object_get(j, "tests"), err);
	if (rc == 0 && l->built)
		take_scripts(l);
	stack_cleanup(&l->r->work);
	stack_copy(&l->r->work, &l->tree);
	if (layer)
		stack_push(&l->r->work, layer);
	return rc;
}

int
loop_build(struct loop *l, struct dd_err *err)
{
	OWN_FREE char *key = step_key(l, "build");
	OWN_JSON json_t *j = NULL;
	int rc = journal_step(l->spec->journal, key, do_build, l, &j, err);
	return rc < 0 ? rc : take_build(l, j, err);
}

/* ---- tests ---- */

static bool
is_opened_by_debug(void *ctx, const struct trace_denial *d)
{
	bool *found = ctx;
	*found = d->profile && strcmp(d->profile, "debug") == 0;
	return !*found;
}

/* What the tests ran of the application's, and what served; only of a program that did is the rest of interest. */
static bool
keep_run(void *ctx, const struct trace_run *r)
{
	struct seen_run_list *l = ctx;
	struct str rest = {r->words, r->n}, word;
	struct seen_run *s = seen_run_list_add(l);
	s->program = mem_strdup(r->program);
	s->dir = mem_strdup(r->dir);
	s->served = r->served;
	while (str_next(&rest, '\0', &word))
		strlist_add_str(&s->words, word);
	return true;
}

static bool
program_serves(const struct seen_run_list *l, const char *program)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].served && strcmp(l->v[i].program, program) == 0)
			return true;
	return false;
}

#define MAX_RUNS 200

static json_t *
runs_of_servers(const struct trace *t)
{
	struct seen_run_list all = {0};
	json_t *some = json_array();
	trace_each_run(t, keep_run, &all);
	for (size_t i = 0; i < all.n && json_array_size(some) < MAX_RUNS; i++)
		if (program_serves(&all, all.v[i].program))
			json_array_append_new(some, json_encode(seen_run_fields, &all.v[i]));
	seen_run_list_cleanup(&all);
	return some;
}

static int
do_test(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct loop *l = ctx;
	struct prompter prompter = {.answers = l->spec->answers};
	OWN_FREE char *log =
		mem_printf("%s/logs/attempt-%lld-tests.log", l->spec->run_dir, (long long)l->n);
	OWN_JSON json_t *found = json_object();
	struct trace *trace = trace_create();
	struct test_run tests = {0};
	enum exec_cause cause = CAUSE_NONE;
	struct probe_serving serving = {0};
	const struct probe_serve_spec serve = {&l->r->services, l->spec->answers, l->spec->run_dir,
		l->spec->peers, l->placed.binds, l->placed.nbinds};
	int rc = probe_serve(&serve, &serving, err);
	const struct probe_tests t = {.root = &l->r->root,
		.work = &l->r->work,
		.commands = &l->r->project.commands,
		.services = serving.services,
		.nservices = serving.nservices,
		.env = (const char *const *)l->env.v,
		.binds = serving.binds,
		.nbinds = serving.nbinds,
		.trace = trace,
		.on_prompt = probe_answer_prompt,
		.prompt_ctx = &prompter,
		.log_path = log};
	int64_t start = clock_mono_ns();
	int step = progress_begin("running the tests");
	if (rc == 0)
		rc = l->spec->run_tests(l->spec->ctx, &t, &tests, &cause, err);
	progress_end(step, rc < 0 ? "failed" : "ok");
	json_t *j = rc < 0 ? NULL
			   : json_pack("{s:o, s:i, s:f, s:o}", "tests",
				     json_encode(test_run_fields, &tests), "cause", (int)cause,
				     "seconds", (double)(clock_mono_ns() - start) / 1e9, "prompts",
				     prompt_answer_list_to_json(&prompter.given));
	const struct step ran = {.step = STEP_TESTS,
		.failed = tests.failed || !tests.passed,
		.trace = trace,
		.asked = &prompter,
		.tests = &tests};
	if (rc == 0)
		rc = find_findings(l, &ran, j, err);
	if (rc == 0)
		rc = prove_by_tests(l, trace, found, err);
	if (rc == 0) {
		bool traces = false;
		trace_each_denial(trace, is_opened_by_debug, &traces);
		json_object_set_new(j, "traces", json_boolean(traces));
		json_object_set(j, "proofs", found);
		json_object_set_new(j, "runs", runs_of_servers(trace));
		*ret_result = j;
	} else {
		json_decref(j);
	}
	probe_serving_cleanup(&serving);
	trace_destroy(trace);
	test_run_cleanup(&tests);
	prompter_cleanup(&prompter);
	return rc;
}

int
loop_test(struct loop *l, struct dd_err *err)
{
	OWN_FREE char *key = step_key(l, "tests");
	OWN_JSON json_t *j = NULL;
	struct attempt *a = &l->r->attempts.v[l->r->attempts.n - 1];
	int rc = journal_step(l->spec->journal, key, do_test, l, &j, err);
	if (rc == 0)
		rc = take_findings(l, j, err);
	if (rc == 0)
		rc = take_prompts(l, j, err);
	if (rc < 0)
		return rc;
	take_proofs(l, json_object_get(j, "proofs"));
	l->traces = json_is_true(json_object_get(j, "traces"));
	test_run_cleanup(&l->r->tests);
	l->cause = (enum exec_cause)json_integer_value(json_object_get(j, "cause"));
	l->r->test_seconds = json_real_value(json_object_get(j, "seconds"));
	a->seconds += l->r->test_seconds;
	seen_run_list_cleanup(&l->r->runs);
	if (json_object_get(j, "runs")) /* not in journals of older versions */
		rc = seen_run_list_from_json(json_object_get(j, "runs"), "runs", &l->r->runs, err);
	return rc < 0 ? rc
		      : json_decode(json_object_get(j, "tests"), test_run_fields, false,
				&l->r->tests, "tests", err);
}

/* ---- looking back ---- */

json_t *
probe_stack_to_json(const struct stack *s)
{
	json_t *a = json_array();
	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(a, json_string(s->v[i].s));
	return a;
}

void
probe_stack_from_json(const json_t *a, struct stack *ret)
{
	size_t i;
	json_t *key;
	stack_cleanup(ret);
	json_array_foreach (a, i, key) {
		if (json_is_string(key))
			stack_push(ret, json_string_value(key));
	}
}

static json_t *
attempt_result(struct journal *j, int64_t n, const char *step)
{
	OWN_FREE char *key = mem_printf("attempt/%lld/%s", (long long)n, step);
	return journal_result(j, key);
}

/* s becomes `below` with a layer on it, if there is one. */
static void
replace_top(struct stack *s, const struct stack *below, const char *layer)
{
	stack_cleanup(s);
	stack_copy(s, below);
	if (layer)
		stack_push(s, layer);
}

/* The source with what was supplied, the packages of its language, and what was built. */
static void
restack(struct stack *s, const struct stack *files, const struct strlist *modules,
	const char *built)
{
	stack_cleanup(s);
	stack_copy(s, files);
	for (size_t i = 0; i < modules->n; i++)
		stack_push(s, modules->v[i]);
	if (built)
		stack_push(s, built);
}

int
probe_attempt_stacks(struct journal *j, const struct image *image, const struct stack *source,
	int64_t attempt, struct stack *ret_root, struct stack *ret_work, struct dd_err *err)
{
	bool known = false;
	int64_t last = 0;
	struct stack files = {0}; /* the source with what was supplied so far */
	OWN(strlist) struct strlist modules = {0};
	stack_copy(ret_root, &image->stack);
	stack_copy(ret_work, source);
	stack_copy(&files, source);
	for (int64_t n = 1; attempt == 0 || n <= attempt; n++) {
		OWN_JSON json_t *i = attempt_result(j, n, "install");
		OWN_JSON json_t *f = attempt_result(j, n, "files");
		OWN_JSON json_t *m = attempt_result(j, n, "modules");
		OWN_JSON json_t *b = attempt_result(j, n, "build");
		OWN_JSON json_t *judged = attempt_result(j, n, "judged");
		const char *placed = json_string_value(json_object_get(f, "tree"));
		const char *packages = json_string_value(json_object_get(m, "layer"));
		const char *tree = json_string_value(json_object_get(b, "layer"));
		if (!i && !f && !b)
			break;
		known = n == attempt || attempt == 0;
		last = n;
		if (attempt == 0 && json_is_false(json_object_get(judged, "kept")))
			continue;
		if (i)
			probe_stack_from_json(json_object_get(i, "root"), ret_root);
		if (packages)
			strlist_add(&modules, packages);
		if (f)
			replace_top(&files, source, placed);
		if (attempt == 0 ? f || tree || packages : n == attempt)
			restack(ret_work, &files, &modules, tree);
	}
	stack_cleanup(&files);
	if (!known && attempt)
		return err_set(err, DD_ENOENT, "the run has no attempt %lld; its last is %lld",
			(long long)attempt, (long long)last);
	return 0;
}
