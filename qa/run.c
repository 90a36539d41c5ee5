/*
 * Theory of operation.  One pod for all test commands of an attempt, on the packages and the built
 * tree; what the tests write is thrown away with it.  Each command runs as an ordinary user; its
 * output, secrets taken out, goes to the log and to a memory file, from which the worker "results"
 * reads the cases.
 */
#include "qa/qa.h"

#include "base/fs.h"
#include "qa/parse.h"
#include "record/steplog.h"
#include "sandbox/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#define DEFAULT_LIMIT_MS (30 * 60 * 1000)
#define DEFAULT_SILENCE_MS (10 * 60 * 1000)
#define MAX_SPOOL ((uint64_t)256 << 20)
#define MAX_RESULT ((size_t)1 << 30)

struct run {
	const struct qa_spec *spec;
	const char *command; /* that runs now */
	struct steplog *log;
	struct redactor redactor; /* of the command that runs now */
	int spool;
	uint64_t spooled;
	bool overflow; /* there was more than is spooled */
	int rc;
	struct dd_err *err;
};

static void
spool(struct run *r, struct str plain)
{
	if (r->log)
		steplog_add(r->log, plain);
	r->overflow = r->overflow || r->spooled + plain.n > MAX_SPOOL;
	if (r->overflow)
		return; /* the cases so far are read; the end is missing, which is a failure */
	r->spooled += plain.n;
	if (r->rc < 0)
		return;
	r->rc = fs_write_all(r->spool, plain.p, plain.n, r->err);
	if (r->rc < 0)
		r->rc = err_wrap(r->err, "test results: memory file");
}

static void
take(void *ctx, int stream, struct str data)
{
	struct run *r = ctx;
	OWN(buf) struct buf plain = {0};
	(void)stream;
	redactor_add(&r->redactor, data, &plain);
	spool(r, buf_str(&plain));
}

static void
take_end(struct run *r)
{
	OWN(buf) struct buf plain = {0};
	redactor_end(&r->redactor, &plain);
	spool(r, buf_str(&plain));
}

static char *
answer(void *ctx, struct str tail)
{
	struct run *r = ctx;
	return r->spec->on_prompt(r->spec->ctx, r->command, tail);
}

static int
new_spool(struct run *r, struct dd_err *err)
{
	if (r->spool >= 0)
		(void)close(r->spool);
	r->spooled = 0;
	r->overflow = false;
	r->spool = memfd_create("test-output", MFD_CLOEXEC);
	return r->spool < 0 ? err_errno(err, errno, "cannot make a memory file") : 0;
}

/* pytest's own report of a run of it, which has whole messages and times, beside what it prints. */
#define PYTEST_REPORT "/tmp/drydock-pytest.xml"
#define PYTEST_OPTIONS "--junitxml=" PYTEST_REPORT " -o junit_family=xunit1"

static void
make_environment(const struct qa_spec *s, const struct command *c, struct strlist *ret)
{
	static const char addopts[] = "PYTEST_ADDOPTS=";
	const char *given = "";
	for (size_t i = 0; s->env && s->env[i]; i++) {
		strlist_add(ret, s->env[i]);
		if (str_starts(str_of(s->env[i]), addopts))
			given = s->env[i] + sizeof(addopts) - 1;
	}
	if (c->format != FORMAT_PYTEST)
		return;
	OWN_FREE char *options = mem_printf("%s " PYTEST_OPTIONS, given);
	strlist_set_env(ret, "PYTEST_ADDOPTS", options);
	strlist_set_env(ret, "COLUMNS", "1000"); /* where it prints no report, messages are whole */
}

static int
exec_command(struct run *r, struct pod *pod, const struct command *c, struct exec_result *ret,
	struct dd_err *err)
{
	const struct qa_spec *s = r->spec;
	OWN_FREE char *cwd = c->dir ? mem_printf(WORK_DIR "/%s", c->dir) : mem_strdup(WORK_DIR);
	const char *argv[] = {"/bin/sh", "-c", c->run, NULL};
	OWN(strlist) struct strlist env = {0};
	make_environment(s, c, &env);
	const struct exec_spec spec = {.argv = argv,
		.env = (const char *const *)env.v,
		.cwd = cwd,
		.profile = c->debug ? PROFILE_DEBUG : PROFILE_TEST,
		.fds = {-1, -1, -1},
		.on_output = take,
		.on_prompt = s->on_prompt ? answer : NULL,
		.ctx = r,
		.time_limit_ms = s->time_limit_ms ? s->time_limit_ms : DEFAULT_LIMIT_MS,
		.silence_limit_ms = s->silence_limit_ms ? s->silence_limit_ms : DEFAULT_SILENCE_MS,
		.trace_classes = !s->trace	    ? 0
				 : s->trace_classes ? s->trace_classes
						    : TRACE_ALL,
		.trace = s->trace};
	int rc = new_spool(r, err);
	if (rc < 0)
		return rc;
	r->command = c->run;
	steplog_note(r->log, "$ %s", c->run);
	redactor_init(&r->redactor, s->answers);
	rc = pod_exec(pod, &spec, ret, err);
	take_end(r);
	if (rc == 0)
		rc = r->rc;
	if (rc == 0 && ret->cause != CAUSE_NONE)
		steplog_note(r->log, "[drydock: ended with status %d, cause %s]", ret->exit_code,
			exec_cause_name(ret->cause));
	if (rc == 0 && ret->cause == CAUSE_STOPPED)
		rc = err_set(err, DD_ESTOPPED, "stopped");
	return rc;
}

/* Result files, printed by a command of ours in the pod: nothing of the target is opened from
 * outside. */
static int
gather_files(struct run *r, struct pod *pod, const struct command *c, const char *results,
	bool *ret_any, struct dd_err *err)
{
	OWN_FREE char *cwd = c->dir ? mem_printf(WORK_DIR "/%s", c->dir) : mem_strdup(WORK_DIR);
	const char *argv[] = {"/bin/sh", "-c",
		"for f in $1; do [ -f \"$f\" ] && cat \"$f\" && echo; done", "results", results,
		NULL};
	struct run quiet = {.spec = r->spec, .spool = -1, .err = err};
	const struct exec_spec spec = {.argv = argv,
		.cwd = cwd,
		.profile = PROFILE_TEST,
		.fds = {-1, -1, -1},
		.on_output = take,
		.ctx = &quiet,
		.time_limit_ms = 60000};
	struct exec_result ignored;
	int rc = new_spool(&quiet, err);
	if (rc < 0)
		return rc;
	redactor_init(&quiet.redactor, r->spec->answers);
	rc = pod_exec(pod, &spec, &ignored, err);
	take_end(&quiet);
	if (rc == 0)
		rc = quiet.rc;
	*ret_any = rc == 0 && lseek(quiet.spool, 0, SEEK_END) > 0;
	if (*ret_any) {
		(void)close(r->spool);
		r->spool = TAKE_FD(quiet.spool);
		r->overflow = quiet.overflow;
	}
	if (quiet.spool >= 0)
		(void)close(quiet.spool);
	return rc;
}

/* ---- reading the results ---- */

static int
read_results(struct run *r, const struct command *c, int exit_code, struct test_run *ret,
	struct dd_err *err)
{
	OWN(buf) struct buf out = {.max = MAX_RESULT};
	OWN_JSON json_t *command = json_encode(command_fields, c), *j = NULL;
	OWN(buf) struct buf command_text = {0};
	OWN_FREE char *code = mem_printf("%d", exit_code);
	json_print(command, 0, &command_text);
	const char *args[] = {code, command_text.p, NULL};
	if (lseek(r->spool, 0, SEEK_SET) < 0)
		return err_errno(err, errno, "cannot rewind the test output");
	const struct worker_spec spec = {
		.state = r->spec->state, .name = "results", .args = args, .input_fd = r->spool};
	int rc = worker_run(&spec, &out, err);
	if (rc == 0)
		rc = json_parse(buf_str(&out), &j, err);
	if (rc == 0)
		rc = json_decode(j, test_run_fields, false, ret, "results", err);
	return rc < 0 ? err_wrap(err, "test results") : 0;
}

int
qa_results_worker_main(int argc, char **argv)
{
	OWN(buf) struct buf text = {.max = MAX_SPOOL}, out = {.max = MAX_RESULT};
	OWN(dd_err) struct dd_err err = {0};
	OWN(command) struct command c = {0};
	OWN_JSON json_t *command = NULL;
	struct test_run t = {0};
	if (argc < 3 || json_parse(str_of(argv[2]), &command, &err) < 0 ||
		json_decode(command, command_fields, false, &c, "command", &err) < 0) {
		fprintf(stderr, "results: %s\n", err_msg(&err));
		return 1;
	}
	worker_take_input(&text);
	parse_report(buf_str(&text), atoi(argv[1]), &c, &t);
	OWN_JSON json_t *j = json_encode(test_run_fields, &t);
	json_print(j, 0, &out);
	printf("%s\n", out.p);
	test_run_cleanup(&t);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- all of them ---- */

/* Append b's cases to a; b is empty afterwards. */
static void
merge(struct test_run *a, struct test_run *b)
{
	for (size_t i = 0; i < b->cases.n; i++)
		*test_case_list_add(&a->cases) = b->cases.v[i];
	b->cases.n = 0;
	a->by_exit_status = a->by_exit_status || b->by_exit_status;
	if (b->note && !a->note)
		a->note = TAKE(b->note);
	test_run_cleanup(b);
}

/* Only the first is kept: what ended later may have ended for it. */
static void
note_cause(struct test_run *all, enum exec_cause *cause, enum exec_cause found, const char *what)
{
	if (*cause != CAUSE_NONE)
		return;
	*cause = found;
	all->ended = mem_strdup(what);
}

static int
run_command(struct run *r, struct pod *pod, size_t number, struct test_run *all,
	enum exec_cause *cause, struct dd_err *err)
{
	const struct command *c = &r->spec->commands->v[number];
	const struct qa_watch *watch = r->spec->watch;
	struct exec_result result;
	struct test_run one = {0};
	int rc = exec_command(r, pod, c, &result, err);
	bool pytest = c->format == FORMAT_PYTEST, any = false;
	struct command as = *c; /* as whose report it is read; borrowed */
	if (rc == 0 && (pytest || (c->results && c->format == FORMAT_JUNIT)))
		rc = gather_files(r, pod, c, pytest ? PYTEST_REPORT : c->results, &any, err);
	if (pytest && any)
		as.format = FORMAT_JUNIT;
	if (rc == 0)
		rc = read_results(r, &as,
			result.cause == CAUSE_NONE && !r->overflow ? result.exit_code : -1, &one,
			err);
	if (rc == 0 && result.cause != CAUSE_NONE)
		note_cause(all, cause, result.cause, c->run);
	if (rc == 0 && watch)
		rc = watch->ended(watch->ctx, pod, number, &result, &one, err);
	merge(all, &one);
	return rc;
}

/* A test that failed may have failed for a call that the sandbox denies: then the reader must know.
 */
static void
note_denials(struct run *r, struct test_run *t)
{
	OWN(buf) struct buf text = {0};
	if (!r->spec->trace || !trace_describe_denials(r->spec->trace, &text))
		return;
	steplog_note(r->log, "denied by the sandbox: %s", text.p);
	if (!t->failed)
		return;
	OWN_FREE char *before = TAKE(t->note);
	t->note = mem_printf(
		"%s%sthe sandbox denied: %s", before ? before : "", before ? "; " : "", text.p);
}

/* ---- services ---- */

/* What one that did not start printed belongs to the log of the tests, too. */
static void
note_failed_service(struct run *r, const char *name, const struct dd_err *why, struct test_run *all)
{
	OWN(buf) struct buf plain = {.max = 4096}, message = {.max = 16384};
	answers_redact(r->spec->answers, str_of(err_msg(why)), &plain);
	buf_put_visible(&message, buf_str(&plain));
	steplog_note(r->log, "[drydock: %s]", message.n ? message.p : "");
	struct test_case *c = test_case_list_add(&all->cases);
	c->suite = mem_strdup("services");
	c->name = mem_strdup(name);
	c->id = mem_printf("services/%s", name);
	c->level = LEVEL_INTEGRATION;
	c->status = TEST_ERROR;
	c->ms = -1;
	c->message = buf_take(&message);
}

/* A limit of the pod is the run's, whichever of its programs reached it first. */
static int
start_services(struct run *r, struct pod *pod, struct test_run *all, enum exec_cause *cause,
	struct dd_err *err)
{
	OWN(listening) struct listening there = {0};
	int rc = r->spec->network_of ? pod_listening(pod, &there, err) : 0;
	for (size_t i = 0; rc == 0 && i < r->spec->nservices; i++) {
		OWN(dd_err) struct dd_err why = {0};
		struct service_spec s = r->spec->services[i];
		s.env = s.env ? s.env : r->spec->env;
		if (s.port && listening_has(&there, s.port)) {
			steplog_note(r->log, "service %s: port %u is served beside the tests",
				s.name, s.port);
			continue;
		}
		steplog_note(r->log, "starting service %s", s.name);
		enum exec_cause limit = CAUSE_NONE;
		rc = service_start(pod, &s, &limit, &why);
		if (rc == -DD_EIO || rc == -DD_ELIMIT) {
			note_failed_service(r, s.name, &why, all);
			if (limit != CAUSE_NONE)
				note_cause(all, cause, limit, s.name);
			rc = 0;
		} else if (rc < 0) {
			err_move(err, &why);
		}
	}
	return rc;
}

int
qa_run_tests(const struct qa_spec *spec, struct test_run *ret, enum exec_cause *ret_cause,
	struct dd_err *err)
{
	struct pod *pod = NULL;
	struct test_run all = {0};
	enum exec_cause cause = CAUSE_NONE;
	struct run r = {.spec = spec, .spool = -1, .err = err};
	const struct pod_spec pod_spec = {.state = spec->state,
		.root = *spec->root,
		.work = spec->work,
		.binds = spec->binds,
		.nbinds = spec->nbinds,
		.network_of = spec->network_of};
	int rc = steplog_open(spec->log_path, NULL, &r.log, err);
	if (rc < 0)
		return rc;
	rc = pod_open(&pod_spec, &pod, err);
	if (rc == 0 && spec->watch)
		rc = spec->watch->opened(spec->watch->ctx, pod, err);
	if (rc == 0)
		rc = start_services(&r, pod, &all, &cause, err);
	for (size_t i = 0; rc == 0 && i < spec->commands->n; i++)
		if (spec->commands->v[i].phase == PHASE_TEST)
			rc = run_command(&r, pod, i, &all, &cause, err);
	pod_close(pod);
	if (r.spool >= 0)
		(void)close(r.spool);
	test_run_count(&all);
	note_denials(&r, &all);
	int closed = steplog_close(r.log, rc < 0 ? NULL : err);
	rc = rc < 0 ? rc : closed;
	if (rc < 0) {
		test_run_cleanup(&all);
		return rc;
	}
	*ret = all;
	*ret_cause = cause;
	return 0;
}

int
qa_write_cases(const char *path, const struct test_run *t, struct dd_err *err)
{
	static const struct json_field *const table = test_case_fields;
	OWN(buf) struct buf out = {.max = MAX_RESULT};
	for (size_t i = 0; i < t->cases.n; i++) {
		OWN_JSON json_t *j = json_encode(table, &t->cases.v[i]);
		if (!t->cases.v[i].flaky) /* nobody looked for that */
			json_object_del(j, "flaky");
		json_print(j, 0, &out);
		buf_putc(&out, '\n');
	}
	return fs_write_atomic(path, buf_str(&out), 0600, err);
}
