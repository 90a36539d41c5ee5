/*
 * Theory of operation.  The tool is a Python program (data/cover.py), sent on the standard input of a shell in a pod on the packages
 * of the run, with its request; its last act is to print one JSON document, and the pod is thrown away.  A worker reads the document
 * (cover_answer.h), and here it is decided what is asked next, from what it claims: measure, record twice, write, check twice, mutants,
 * write what is left, measure again.
 */
#include "runner/cover.h"

#include "base/embed.h"
#include "base/fs.h"
#include "base/log.h"
#include "runner/commands.h"
#include "runner/cover_answer.h"
#include "runner/intake.h"
#include "runner/live.h"
#include "runner/session.h"

#include <string.h>

EMBED(cover_tool, "runner/data/cover.py");

#define MUTANTS_MAX ((size_t)16 << 20)
#define SAID_MAX ((size_t)1 << 20)
#define TOOL_SECONDS (30 * 60) /* it ends by itself, with what it knows */
#define TOOL_LIMIT_MS ((TOOL_SECONDS + 10 * 60) * 1000)
#define MUTANT_LINES_MAX 400
#define STEADY "/run/drydock-steady.so"
#define LOCK "recipe/drydock.lock.json"

/* ---- what it is for ---- */

void
cover_cleanup(struct cover *c)
{
	if (c->owner)
		(void)!layer_release_all(&c->st, c->owner, NULL);
	left_cleanup(&c->left);
	source_cleanup(&c->source);
	run_cleanup(&c->run);
	free(c->owner);
	state_cleanup(&c->st);
}

static bool
stood_up(const struct run *r)
{
	OWN_FREE char *lock = run_path(r, LOCK);
	return !r->options.fix && r->options.source && fs_exists(lock);
}

/* The newest run that stood the source up, into c->run; false: there is none. */
static int
newest_of(struct cover *c, const char *source, bool *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist ids = {0};
	int rc = run_list(&c->st, &ids, err);
	*ret = false;
	for (size_t i = ids.n; rc == 0 && !*ret && i-- > 0;) {
		OWN(dd_err) struct dd_err why = {0};
		struct run r = {.lock_fd = -1};
		if (run_open(&c->st, ids.v[i], false, &r, &why) < 0)
			continue;
		*ret = stood_up(&r) && strcmp(r.options.source, source) == 0;
		if (*ret)
			c->run = r;
		else
			run_cleanup(&r);
	}
	return rc;
}

static int
take_source(struct cover *c, struct dd_err *err)
{
	OWN_JSON json_t *step = NULL;
	int rc = journal_find(c->run.journal, "source", &step, err);
	if (rc == 0 && !step)
		rc = err_set(err, DD_EINVAL, "run %s has no source", c->run.id);
	if (rc == 0)
		rc = json_decode(step, source_fields, false, &c->source, "source", err);
	if (rc == 0)
		rc = layer_lease(&c->st, c->owner, c->source.layer, err);
	if (rc == 0 && !layer_exists(&c->st, c->source.layer))
		rc = err_set(err, DD_EINVAL,
			"the source of run %s is not in the store any more: drydock up %s",
			c->run.id, c->run.options.source);
	return rc;
}

/* What is tested is what is there now. */
static int
refuse_changed(struct cover *c, struct dd_err *err)
{
	struct source now = {0};
	const char *source = c->run.options.source;
	OWN_FREE char *log = run_path(&c->run, "logs/cover-egress.log");
	if (source[0] != '/')
		return 0;
	int rc = intake_source(&c->st, c->owner, source, true, log, &now, err);
	if (rc == 0 && strcmp(now.digest, c->source.digest) != 0)
		rc = err_set(err, DD_EINVAL,
			"%s is not what run %s stood up any more: drydock up %s", source, c->run.id,
			source);
	source_cleanup(&now);
	return rc;
}

static int
find_run(struct cover *c, const char *of, struct dd_err *err)
{
	OWN_FREE char *source = NULL;
	bool found = false;
	if (!fs_exists(of) && !strstr(of, "://")) {
		int rc = run_open(&c->st, of, false, &c->run, err);
		return rc == 0 && !stood_up(&c->run)
			       ? err_set(err, DD_EINVAL, "run %s stood no source up", c->run.id)
			       : rc;
	}
	int rc = command_source(of, &source, err);
	if (rc == 0)
		rc = newest_of(c, source, &found, err);
	if (rc == 0 && !found)
		rc = err_set(err, DD_EINVAL,
			"no run has stood %s up, with what its tests need: drydock up %s", of, of);
	return rc;
}

int
cover_open(const struct common_options *o, const char *of, struct cover *ret, struct dd_err *err)
{
	struct cover c = {.run = {.lock_fd = -1}};
	int rc = session_start(o, &c.st, err);
	c.owner = run_command_owner();
	if (rc == 0)
		rc = find_run(&c, of, err);
	if (rc == 0)
		rc = run_hold(&c.run, err);
	if (rc == 0)
		rc = left_load(&c.st, &c.run, NULL, &c.left, err);
	if (rc == 0)
		rc = take_source(&c, err);
	if (rc == 0)
		rc = refuse_changed(&c, err);
	if (rc < 0)
		cover_cleanup(&c);
	else
		*ret = c;
	return rc;
}

/* ---- the tool ---- */

enum setting { AS_IT_IS, OTHERWISE }; /* time, seed, order of hashes */

struct answer {
	struct buf out, err;
};

static void
answer_cleanup(struct answer *a)
{
	buf_cleanup(&a->out);
	buf_cleanup(&a->err);
}

static void
keep(void *ctx, int stream, struct str data)
{
	struct answer *a = ctx;
	buf_add_str(stream == 1 ? &a->out : &a->err, data);
}

static void
set_environment(const struct cover *c, enum setting setting, bool steady, struct strlist *ret)
{
	static const int64_t days = 40;
	OWN_FREE char *clock =
		mem_printf("%lld", (long long)(clock_real_ns() / 1000000000 + days * 86400 + 3601));
	strlist_copy(ret, &c->left.env);
	strlist_set_env(ret, "PYTHONHASHSEED", setting == OTHERWISE ? "1001" : "0");
	strlist_set_env(ret, "PYTHONDONTWRITEBYTECODE", "1");
	if (setting != OTHERWISE || !steady)
		return;
	strlist_set_env(ret, "LD_PRELOAD", STEADY);
	strlist_set_env(ret, "DRYDOCK_CLOCK", clock);
	strlist_set_env(ret, "DRYDOCK_RANDOM", "1001");
}

struct asked {
	const char *mode;
	json_t *request; /* "seconds" is added */
	const struct strlist *env;
};

static int
read_answer(
	const struct state *st, const char *mode, struct str text, json_t **ret, struct dd_err *err)
{
	const char *args[] = {"answer", mode, NULL};
	OWN(buf) struct buf out = {.max = COVER_ANSWER_MAX};
	const struct worker_spec worker = {
		.state = st, .name = "cover", .args = args, .input = text};
	int rc = worker_run(&worker, &out, err);
	if (rc == 0)
		rc = json_parse(buf_str(&out), ret, err);
	return rc < 0 ? err_wrap(err, "cover: %s gave something else", mode) : 0;
}

static int
take_answer(const struct state *st, const char *mode, const struct answer *a,
	const struct exec_result *r, json_t **ret, struct dd_err *err)
{
	if (r->cause == CAUSE_STOPPED)
		return err_set(err, DD_ESTOPPED, "stopped");
	if (r->cause == CAUSE_NONE && r->exit_code == 0)
		return read_answer(st, mode, buf_str(&a->out), ret, err);
	struct str rest = buf_str(&a->err), line, last = STR("");
	while (str_next_line(&rest, &line))
		last = str_trim(line).n ? line : last;
	return err_set(err, DD_EINVAL, "cover: %s gave no result (%s, exit %d): %.*s", mode,
		exec_cause_name(r->cause), r->exit_code, (int)(last.n < 300 ? last.n : 300),
		last.p);
}

/*
 * Nothing of the tree is imported in place of Python's own.  To write, nothing of installed packages is run either, and the environment
 * is not the project's.
 */
static int
run_tool(const struct cover *c, struct pod *pod, const struct asked *q, json_t **ret,
	struct dd_err *err)
{
	const struct str tool = EMBEDDED(cover_tool);
	OWN(buf) struct buf input = {0};
	OWN(answer) struct answer a = {.out = {.max = COVER_ANSWER_MAX}, .err = {.max = SAID_MAX}};
	OWN_FD int fd = -1;
	bool writes = strcmp(q->mode, "write") == 0;
	OWN_FREE char *words = mem_printf(
		"head -c %zu >/tmp/drydock-cover.py && exec python3 %s /tmp/drydock-cover.py %s",
		tool.n, writes ? "-I -S" : "-B", q->mode);
	const char *argv[] = {"/bin/sh", "-c", words, NULL};
	struct exec_result r = {0};
	buf_add_str(&input, tool);
	json_object_set_new(q->request, "seconds", json_integer(TOOL_SECONDS));
	json_print(q->request, 0, &input);
	int rc = fs_memory_file(buf_str(&input), &fd, err);
	const struct exec_spec spec = {.argv = argv,
		.env = writes ? NULL : (const char *const *)q->env->v,
		.profile = PROFILE_TEST,
		.fds = {fd, -1, -1},
		.on_output = keep,
		.ctx = &a,
		.time_limit_ms = TOOL_LIMIT_MS};
	if (rc == 0)
		rc = pod_exec(pod, &spec, &r, err);
	return rc < 0 ? rc : take_answer(&c->st, q->mode, &a, &r, ret, err);
}

/* In a fresh pod on what was built. */
static int
ask(const struct cover *c, const char *mode, json_t *request, enum setting setting, json_t **ret,
	struct dd_err *err)
{
	OWN(strlist) struct strlist env = {0};
	const struct asked q = {mode, request, &env};
	OWN_FREE char *steady = sandbox_program("drydock-steady.so");
	bool there = steady && fs_exists(steady);
	const struct pod_bind bind = {.src = steady, .dst = STEADY};
	const struct pod_spec spec = {.state = &c->st,
		.root = c->left.root,
		.work = &c->left.work,
		.binds = &bind,
		.nbinds = there};
	struct pod *pod = NULL;
	set_environment(c, setting, there, &env);
	int step = progress_begin("%s", mode);
	int rc = pod_open(&spec, &pod, err);
	if (rc == 0)
		rc = run_tool(c, pod, &q, ret, err);
	pod_close(pod);
	progress_end(step, rc < 0 ? "failed" : "ok");
	return rc;
}

/* The project's own test commands, with its services; files: tests that are added. */
static int
measure(const struct cover *c, const json_t *files, json_t **ret, struct dd_err *err)
{
	OWN(strlist) struct strlist env = {0};
	OWN_JSON json_t *request = json_pack("{s:O, s:[]}", "files", files, "commands");
	const struct asked q = {"measure", request, &env};
	const struct live_spec spec = {.state = &c->st,
		.run_dir = c->run.dir,
		.root = &c->left.root,
		.work = &c->left.work,
		.services = &c->left.recipe.services,
		.answers = c->left.answers,
		.env = &c->left.env,
		.files = &c->left.files};
	struct live *live = NULL;
	for (size_t i = 0; i < c->left.recipe.commands.n; i++) {
		const struct command *one = &c->left.recipe.commands.v[i];
		if (one->phase == PHASE_TEST)
			json_array_append_new(json_object_get(request, "commands"),
				json_pack("{s:o, s:o}", "run", json_text(str_of(one->run)), "dir",
					json_text(str_of(one->dir ? one->dir : "."))));
	}
	set_environment(c, AS_IT_IS, false, &env);
	int step = progress_begin("running the tests");
	int rc = live_open(&spec, &live, err);
	if (rc == 0)
		rc = live_serve(live, err);
	if (rc == 0)
		rc = run_tool(c, live_pod(live), &q, ret, err);
	live_close(live);
	progress_end(step, rc < 0 ? "failed" : "ok");
	return rc;
}

/* ---- proofs ---- */

struct proof {
	struct cover *c;
	json_t *before;	   /* of measure */
	json_t *a, *b;	   /* functions, as they were recorded */
	json_t *tests;	   /* of write: all of them */
	json_t *one, *two; /* of check */
	json_t *mutants;
	json_t *kept; /* of write: those that stood all proofs */
	json_t *after;
};

static void
proof_cleanup(struct proof *p)
{
	json_t *all[] = {
		p->before, p->a, p->b, p->tests, p->one, p->two, p->mutants, p->kept, p->after};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		json_decref(all[i]);
}

static int
record(struct proof *p, enum setting setting, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *request =
		json_pack("{s:O?}", "before", json_object_get(p->before, "lines"));
	OWN_JSON json_t *answer = NULL;
	int rc = ask(p->c, "record", request, setting, &answer, err);
	if (rc == 0)
		*ret = json_incref(json_object_get(answer, "functions"));
	return rc;
}

/* keep: [[module, test]]; NULL: all. */
static int
write_tests(struct proof *p, json_t *keep_these, json_t **ret, struct dd_err *err)
{
	const struct command_list *l = &p->c->left.recipe.commands;
	OWN_JSON json_t *request = json_pack(
		"{s:O, s:O, s:O*, s:[]}", "a", p->a, "b", p->b, "keep", keep_these, "commands");
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].phase == PHASE_TEST)
			json_array_append_new(json_object_get(request, "commands"),
				json_text(str_of(l->v[i].run)));
	return ask(p->c, "write", request, AS_IT_IS, ret, err);
}

static json_t *
files_of(const json_t *written)
{
	return json_object_get(written, "files");
}

/* Lines of a function that its tests run: those are changed. */
static json_t *
lines_to_change(const struct proof *p)
{
	json_t *wanted = json_array(), *file, *test, *line;
	size_t i, k, n;
	json_array_foreach (files_of(p->tests), i, file) {
		OWN_JSON json_t *seen = json_object();
		json_array_foreach (json_object_get(file, "tests"), k, test)
			json_array_foreach (json_object_get(test, "lines"), n, line) {
				OWN_FREE char *key =
					mem_printf("%lld", (long long)json_integer_value(line));
				if (json_object_get(seen, key) ||
					json_array_size(wanted) >= MUTANT_LINES_MAX)
					continue;
				json_object_set_new(seen, key, json_true());
				json_array_append_new(wanted,
					json_pack("{s:O?, s:O}", "path",
						json_object_get(file, "source"), "line", line));
			}
	}
	return wanted;
}

static int
make_mutants(const struct proof *p, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *lines = lines_to_change(p);
	OWN(buf) struct buf input = {0}, out = {.max = MUTANTS_MAX};
	struct stack work = {0};
	struct pod *pod = NULL;
	source_stack(&p->c->source, &work);
	json_print(lines, 0, &input);
	const struct pod_spec spec = {.state = &p->c->st, .work = &work};
	const struct worker_spec worker = {.name = "cover", .input = buf_str(&input)};
	int rc = pod_open(&spec, &pod, err);
	if (rc == 0)
		rc = worker_exec(pod, &worker, &out, err);
	pod_close(pod);
	stack_cleanup(&work);
	return rc < 0 ? rc : json_parse(buf_str(&out), ret, err);
}

static int
try_mutants(struct proof *p, struct dd_err *err)
{
	OWN_JSON json_t *made = NULL;
	int rc = make_mutants(p, &made, err);
	if (rc < 0)
		return rc;
	OWN_JSON json_t *request =
		json_pack("{s:O, s:O}", "files", files_of(p->tests), "mutants", made);
	return ask(p->c, "mutants", request, AS_IT_IS, &p->mutants, err);
}

static bool
passed(const json_t *check, const char *module, const char *test)
{
	return json_is_true(
		json_object_get(json_object_get(json_object_get(check, "tests"), module), test));
}

/* A change of a line that the test runs makes it fail. */
static bool
notices(const struct proof *p, const char *module, const json_t *test)
{
	const json_t *killed =
		json_object_get(json_object_get(json_object_get(p->mutants, "killed"), module),
			json_string_in(test, "name"));
	size_t i;
	json_t *line;
	json_array_foreach ((json_t *)killed, i, line)
		if (cover_answer_has(json_object_get(test, "lines"), json_integer_value(line)))
			return true;
	return false;
}

/* Why a test is not kept; NULL: it stood the proofs so far. */
static const char *
failed_proof(const struct proof *p, const char *module, const json_t *test)
{
	const char *name = json_string_in(test, "name");
	if (!passed(p->one, module, name) || !passed(p->two, module, name))
		return "a test of it does not pass twice";
	return notices(p, module, test) ? NULL : "no change of its lines makes the test fail";
}

static json_t *
tests_that_stand(const struct proof *p)
{
	json_t *stand = json_array(), *file, *test;
	size_t i, k;
	json_array_foreach (files_of(p->tests), i, file)
		json_array_foreach (json_object_get(file, "tests"), k, test) {
			const char *module = json_string_in(file, "module"),
				   *name = json_string_in(test, "name");
			if (!failed_proof(p, module, test))
				json_array_append_new(stand, json_pack("[s, s]", module, name));
		}
	return stand;
}

/* ---- what it comes to ---- */

/* How many of the function's lines are run. */
static size_t
covered(const json_t *measured, const json_t *function)
{
	const json_t *lines = json_object_get(
		json_object_get(measured, "lines"), json_string_in(function, "path"));
	size_t i, n = 0;
	json_t *line;
	json_array_foreach (json_object_get(function, "lines"), i, line)
		n += cover_answer_has(lines, json_integer_value(line));
	return n;
}

/* As write gave them. */
static json_t *
tests_of(const json_t *written, const json_t *function)
{
	json_t *tests = json_array(), *file, *test;
	size_t i, k;
	json_array_foreach (files_of(written), i, file)
		json_array_foreach (json_object_get(file, "tests"), k, test)
			if (strcmp(json_string_in(file, "module"),
				    json_string_in(function, "module")) == 0 &&
				strcmp(json_string_in(test, "function"),
					json_string_in(function, "name")) == 0)
				json_array_append(tests, test);
	return tests;
}

/* Of a function without a test that is kept. */
static const char *
reason_of(const struct proof *p, const json_t *function, const json_t *kept)
{
	OWN_JSON json_t *made = tests_of(p->tests, function);
	const char *reason = json_string_in(function, "reason"),
		   *module = json_string_in(function, "module"), *why = NULL;
	if (json_array_size(kept))
		return NULL;
	if (*reason)
		return reason;
	if (!json_array_size(made))
		return "it gives something else with another time, seed or order of hashes";
	for (size_t i = 0; !why && i < json_array_size(made); i++)
		why = failed_proof(p, module, json_array_get(made, i));
	return why ? why : "the project's own test commands do not run more of it with the tests";
}

static json_t *
row_of(const struct proof *p, const json_t *f)
{
	OWN_JSON json_t *kept = tests_of(p->kept, f);
	const char *why = reason_of(p, f, kept);
	json_t *names = json_array(), *test;
	size_t i;
	json_array_foreach (kept, i, test)
		json_array_append(names, json_object_get(test, "name"));
	return json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o?}", "path",
		json_text(str_of(json_string_in(f, "path"))), "name",
		json_text(str_of(json_string_in(f, "name"))), "line",
		json_integer_value(json_object_get(f, "line")), "lines",
		(json_int_t)json_array_size(json_object_get(f, "lines")), "before",
		(json_int_t)covered(p->before, f), "after",
		(json_int_t)covered(p->after ? p->after : p->before, f), "tests", names, "reason",
		why ? json_text(str_of(why)) : NULL);
}

/* Those of functions of which the project's own commands run no more are taken out; *ret_less: there are such. */
static json_t *
tests_that_raise(const struct proof *p, bool *ret_less)
{
	json_t *raise = json_array(), *f, *test;
	size_t i, k;
	*ret_less = false;
	json_array_foreach (p->a, i, f) {
		OWN_JSON json_t *tests = tests_of(p->kept, f);
		bool rises = covered(p->after, f) > covered(p->before, f);
		*ret_less = *ret_less || (!rises && json_array_size(tests));
		json_array_foreach (tests, k, test)
			if (rises)
				json_array_append_new(
					raise, json_pack("[s, O]", json_string_in(f, "module"),
						       json_object_get(test, "name")));
	}
	return raise;
}

/* The commands end as they did. */
static bool
ends_the_same(const struct proof *p)
{
	return json_equal(
		json_object_get(p->before, "statuses"), json_object_get(p->after, "statuses"));
}

#define MEASURES 3

/*
 * With the tests that stand; then without those that raise nothing, among which are those that the commands cannot run; and where they
 * still end otherwise, with none.
 */
static int
measure_again(struct proof *p, struct dd_err *err)
{
	for (int turn = 0; turn < MEASURES && json_array_size(files_of(p->kept)); turn++) {
		bool less = false;
		json_decref(p->after);
		p->after = NULL;
		int rc = measure(p->c, files_of(p->kept), &p->after, err);
		if (rc < 0)
			return rc;
		bool same = ends_the_same(p);
		OWN_JSON json_t *raise = tests_that_raise(p, &less);
		if (same && !less)
			return 0;
		if (!same && turn > 0)
			json_array_clear(raise);
		json_decref(p->kept);
		p->kept = NULL;
		rc = write_tests(p, raise, &p->kept, err);
		if (rc < 0)
			return rc;
	}
	json_decref(p->after); /* it is that of before */
	p->after = NULL;
	return 0;
}

static int
prove(struct proof *p, struct dd_err *err)
{
	OWN_JSON json_t *request = json_pack("{s:O}", "files", files_of(p->tests));
	int rc = ask(p->c, "check", request, AS_IT_IS, &p->one, err);
	if (rc == 0)
		rc = ask(p->c, "check", request, OTHERWISE, &p->two, err);
	if (rc == 0)
		rc = try_mutants(p, err);
	if (rc < 0)
		return rc;
	OWN_JSON json_t *stand = tests_that_stand(p);
	rc = write_tests(p, stand, &p->kept, err);
	return rc < 0 ? rc : measure_again(p, err);
}

static json_t *
result_of(const struct proof *p)
{
	json_t *rows = json_array(), *files = json_array(), *one;
	size_t i;
	json_int_t sums[3] = {0};
	static const char *const keys[] = {"lines", "before", "after"};
	json_array_foreach (p->a, i, one)
		json_array_append_new(rows, row_of(p, one));
	json_array_foreach (rows, i, one)
		for (size_t k = 0; k < 3; k++)
			sums[k] += json_integer_value(json_object_get(one, keys[k]));
	json_array_foreach (files_of(p->kept), i, one)
		json_array_append_new(
			files, json_pack("{s:O, s:O}", "path", json_object_get(one, "path"), "text",
				       json_object_get(one, "text")));
	return json_pack("{s:O, s:o, s:o, s:{s:I, s:I, s:I}}", "style",
		json_object_get(p->tests, "style"), "files", files, "functions", rows, "coverage",
		keys[0], sums[0], keys[1], sums[1], keys[2], sums[2]);
}

int
cover_make(struct cover *c, json_t **ret, struct dd_err *err)
{
	OWN(proof) struct proof p = {.c = c};
	OWN_JSON json_t *none = json_array();
	int rc = measure(c, none, &p.before, err);
	if (rc == 0)
		rc = record(&p, AS_IT_IS, &p.a, err);
	if (rc == 0)
		rc = record(&p, OTHERWISE, &p.b, err);
	if (rc == 0)
		rc = write_tests(&p, NULL, &p.tests, err);
	if (rc == 0 && json_array_size(files_of(p.tests)))
		rc = prove(&p, err);
	if (rc == 0)
		*ret = result_of(&p);
	return rc;
}
