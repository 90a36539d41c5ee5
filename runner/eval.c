/*
 * Theory of operation.  The repair is a run like any other, made here and carried out by a child, `drydock resume`, so that a
 * repair that was stopped or killed and one that was never begun are the same.  The tree with the hidden tests is stood up as a
 * part of that run when the repair is over: its author never had them in reach.  Target code runs in pods alone, as always.
 */
#include "runner/eval.h"

#include "base/fs.h"
#include "base/io.h"
#include "base/log.h"
#include "base/spawn.h"
#include "runner/feeder.h"
#include "runner/handed.h"
#include "runner/standup.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PARTS 64 /* attempts of a repair */
#define MAX_KEPT ((size_t)1 << 20)

#define O(member) offsetof(struct eval_result, member)
const struct json_field eval_result_fields[] = {
	{"run", JSON_K_STRING, O(run), false, NULL, NULL, 0},
	{"outcome", JSON_K_STRING, O(outcome), true, NULL, NULL, 0},
	{"why", JSON_K_STRING, O(why), false, NULL, NULL, 0},
	{"built", JSON_K_BOOL, O(built), true, NULL, NULL, 0},
	{"visible_passed", JSON_K_INT, O(visible_passed), true, NULL, NULL, 0},
	{"visible_failed", JSON_K_INT, O(visible_failed), true, NULL, NULL, 0},
	{"hidden_passed", JSON_K_INT, O(hidden_passed), true, NULL, NULL, 0},
	{"hidden_failed", JSON_K_INT, O(hidden_failed), true, NULL, NULL, 0},
	{"usd", JSON_K_REAL, O(usd), true, NULL, NULL, 0},
	{"tokens", JSON_K_INT, O(tokens), true, NULL, NULL, 0},
	{"seconds", JSON_K_REAL, O(seconds), true, NULL, NULL, 0},
	{NULL, JSON_K_STRING, 0, false, NULL, NULL, 0},
};

void
eval_result_cleanup(struct eval_result *r)
{
	json_release(eval_result_fields, r);
	*r = (struct eval_result){0};
}

bool
eval_result_solved(const struct eval_result *r)
{
	return r->built && !r->visible_failed && !r->hidden_failed && r->hidden_passed > 0;
}

/* ---- the repair ---- */

struct evaluating {
	const struct state *st;
	const struct eval_case *c;
	const struct eval_config *config;
	char *kept, *under_way; /* paths */
	struct eval_result *r;
};

static void
evaluating_cleanup(struct evaluating *e)
{
	free(e->kept);
	free(e->under_way);
}

static int
make_run(const struct evaluating *e, char **ret_id, struct dd_err *err)
{
	const struct eval_case *c = e->c;
	struct run run = {.lock_fd = -1};
	const struct run_options o = {.source = c->source,
		.fix = true,
		.strict = e->config->strict,
		.no_branch = true,
		.no_learnt = true,
		.apart = true,
		.fix_ms = c->seconds * 1000,
		.goal = c->intent,
		.models = e->config->models,
		.budget_tokens = c->tokens,
		.budget_nano_usd = (int64_t)(c->usd * 1e9),
		.created_ns = clock_real_ns()};
	int rc = run_create(e->st, &o, &run, err);
	if (rc == 0)
		*ret_id = mem_strdup(run.id);
	run_cleanup(&run);
	return rc < 0 ? rc : fs_write_atomic(e->under_way, str_of(*ret_id), 0600, err);
}

/* The one that is under way, else a new one. */
static int
find_run(const struct evaluating *e, char **ret_id, struct dd_err *err)
{
	OWN(buf) struct buf id = {.max = 200};
	struct run run = {.lock_fd = -1};
	int rc = fs_read_if_any(e->under_way, 200, &id, err);
	if (rc < 0)
		return rc;
	if (id.n && run_open(e->st, id.p, false, &run, NULL) == 0) {
		*ret_id = mem_strdup(run.id);
		run_cleanup(&run);
		return 0;
	}
	return make_run(e, ret_id, err);
}

/* A wish to stop is passed on, once; the child ends as it does when it is asked itself. */
static int
wait_for(pid_t pid, int pidfd, int *ret_status, struct dd_err *err)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	for (bool told = false; poll(&p, 1, 200) <= 0;)
		if (sandbox_stop_requested() && !told) {
			(void)kill(pid, SIGTERM);
			told = true;
		}
	return spawn_wait(pid, ret_status, err);
}

/* A child that an evaluation which was killed left behind is waited for: it does what is wanted. */
static int
wait_until_at_rest(const struct state *st, const char *id, struct dd_err *err)
{
	struct run run = {.lock_fd = -1};
	int rc = run_open(st, id, false, &run, err);
	while (rc == 0 && run_is_live(&run)) {
		if (sandbox_stop_requested())
			rc = err_set(err, DD_ESTOPPED, "stopped");
		(void)poll(NULL, 0, 200);
	}
	run_cleanup(&run);
	return rc;
}

static int
carry_out(const struct evaluating *e, const char *id, int *ret_status, struct dd_err *err)
{
	OWN_FREE char *program = sandbox_program("drydock");
	const char *argv[] = {"drydock", "resume", "--quiet", "--state", e->st->dir, id, NULL};
	const struct spawn_fd fds[] = {{STDERR_FILENO, 2}};
	const struct spawn_spec spec = {.argv = argv, .program = program, .fds = fds, .nfds = 1};
	pid_t pid;
	OWN_FD int pidfd = -1;
	int status = 0;
	int rc = wait_until_at_rest(e->st, id, err);
	if (rc == 0)
		rc = spawn_start(&spec, &pid, &pidfd, err);
	if (rc == 0)
		rc = wait_for(pid, pidfd, &status, err);
	if (rc < 0)
		return rc;
	if (sandbox_stop_requested())
		return err_set(err, DD_ESTOPPED, "stopped");
	if (!WIFEXITED(status))
		return err_set(
			err, DD_EIO, "drydock resume %s ended by signal %d", id, WTERMSIG(status));
	*ret_status = WEXITSTATUS(status);
	return 0;
}

static bool
is_status(const json_t *told, enum test_status status)
{
	return json_is_string(told) &&
	       strcmp(json_string_value(told), test_status_names[status]) == 0;
}

static void
take_repair(struct eval_result *r, const json_t *result)
{
	const char *id;
	json_t *status, *cost = json_object_get(result, "cost");
	const char *outcome = json_string_value(json_object_get(result, "outcome"));
	r->outcome = mem_strdup(outcome ? outcome : "none");
	r->usd = json_number_value(json_object_get(cost, "usd"));
	r->tokens = json_integer_value(json_object_get(cost, "tokens"));
	json_object_foreach (
		json_object_get(json_object_get(result, "after"), "cases"), id, status) {
		bool passed = is_status(status, TEST_PASSED),
		     failed = is_status(status, TEST_FAILED) || is_status(status, TEST_ERROR);
		if (strcmp(id, "build") == 0)
			r->built = passed;
		if (strncmp(id, "test/", 5) == 0) {
			r->visible_passed += passed;
			r->visible_failed += failed;
		}
	}
}

/* ---- the tree that it left ---- */

/*
 * What the last change that was kept was stood up as.  A part holds the layers kept until then and its own: the newest part with
 * as many as were kept in all is it.  None was kept: the source.
 */
static int
find_tree(const struct run *run, const json_t *result, json_t **ret, struct dd_err *err)
{
	size_t kept = 0, i;
	json_t *a;
	json_array_foreach (json_object_get(result, "attempts"), i, a) {
		const char *verdict = json_string_value(json_object_get(a, "verdict"));
		kept += verdict && strcmp(verdict, "kept") == 0;
	}
	for (int n = MAX_PARTS; kept && n > 0; n--) {
		OWN_FREE char *name = mem_printf("attempt-%d", n), *dir = run_path(run, name);
		struct run part = {.lock_fd = -1};
		const struct run_options none = {0};
		if (!fs_exists(dir))
			continue;
		int rc = run_open_part(run, name, &none, &part, err);
		if (rc < 0)
			return rc;
		json_t *given = json_incref(part.options.given);
		run_cleanup(&part);
		if (json_array_size(json_object_get(given, "changes")) == kept) {
			*ret = given;
			return 0;
		}
		json_decref(given);
	}
	OWN_FREE char *before = run_path(run, "before");
	struct run part = {.lock_fd = -1};
	const struct run_options none = {0};
	if (!fs_exists(before))
		return err_set(err, DD_ENOENT, "the source was never stood up");
	int rc = run_open_part(run, "before", &none, &part, err);
	if (rc < 0)
		return rc;
	*ret = journal_result(part.journal, "source");
	run_cleanup(&part);
	return *ret ? 0 : err_set(err, DD_ENOENT, "the source was never read");
}

/* tree becomes the tree with the hidden files. */
static int
hide_in(const struct evaluating *e, const struct run *run, json_t *tree, struct dd_err *err)
{
	struct source s = {0};
	struct stack work = {0};
	struct pod *pod = NULL;
	OWN_FREE char *owner = run_owner(run), *step = mem_printf("hidden %s", e->c->digest.s);
	int rc = json_decode(tree, source_fields, false, &s, "source", err);
	if (rc == 0)
		source_stack(&s, &work);
	struct hash_hex key = stack_next_key(&work, str_of(step));
	if (rc == 0)
		rc = layer_lease(e->st, owner, key.s, err);
	if (rc == 0 && !layer_exists(e->st, key.s)) {
		const struct pod_spec spec = {.state = e->st, .work = &work};
		rc = pod_open(&spec, &pod, err);
		if (rc == 0)
			rc = feeder_give(pod, e->c->hidden, "intake", "tree", err);
		if (rc == 0)
			rc = pod_freeze(pod, POD_WORK, key.s, err);
		else
			pod_close(pod);
	}
	if (rc == 0) {
		json_array_append_new(json_object_get(tree, "changes"), json_string(key.s));
	}
	stack_cleanup(&work);
	source_cleanup(&s);
	return rc;
}

/* ---- the hidden tests ---- */

static void
count_hidden(struct evaluating *e, const json_t *result, const struct test_run *t)
{
	const json_t *visible = json_object_get(json_object_get(result, "after"), "cases");
	int64_t passed = 0, found = 0;
	for (size_t i = 0; i < t->cases.n; i++) {
		OWN_FREE char *id = mem_printf("test/%s", t->cases.v[i].id);
		if (json_object_get(visible, id))
			continue;
		found++;
		passed += t->cases.v[i].status == TEST_PASSED;
	}
	int64_t all = found > e->c->hidden_cases ? found : e->c->hidden_cases;
	e->r->hidden_passed = passed;
	e->r->hidden_failed = all - passed;
	if (found < e->c->hidden_cases)
		e->r->why = mem_printf("%lld of the %lld hidden cases ran", (long long)found,
			(long long)e->c->hidden_cases);
}

static int
run_hidden(struct evaluating *e, const struct run *run, const json_t *result, struct dd_err *err)
{
	OWN_JSON json_t *tree = NULL;
	struct run part = {.lock_fd = -1};
	struct standup_result now = {0};
	int rc = find_tree(run, result, &tree, err);
	if (rc == 0)
		rc = hide_in(e, run, tree, err);
	const struct run_options o = {.source = e->c->source,
		.no_prune = true,
		.no_learnt = true,
		.apart = true,
		.given = tree,
		.created_ns = run->options.created_ns};
	if (rc == 0)
		rc = run_open_part(run, RUN_LATER "/hidden", &o, &part, err);
	if (rc == 0)
		rc = standup(e->st, &part, NULL, &now, err);
	if (rc == 0)
		count_hidden(e, result, &now.probe.tests);
	standup_result_cleanup(&now);
	run_cleanup(&part);
	return rc;
}

/* ---- one case ---- */

static int
refuse(struct evaluating *e, const char *why)
{
	e->r->outcome = mem_strdup("refused");
	e->r->hidden_failed = e->c->hidden_cases;
	e->r->why = mem_strdup(why);
	return 0;
}

static int
judge(struct evaluating *e, const char *id, struct dd_err *err)
{
	struct run run = {.lock_fd = -1};
	OWN_JSON json_t *result = NULL;
	int rc = run_open(e->st, id, true, &run, err);
	if (rc < 0)
		return rc;
	result = handed_json(&run, "result.json");
	if (result) {
		take_repair(e->r, result);
		e->r->hidden_failed = e->c->hidden_cases;
		OWN(dd_err) struct dd_err why = {0};
		rc = run_hidden(e, &run, result, &why);
		if (rc == -DD_ENOENT) { /* there is no tree to try them on */
			e->r->why = mem_strdup(err_msg(&why));
			rc = 0;
		}
		rc = rc < 0 ? err_move(err, &why) : 0;
	} else {
		rc = refuse(e, "the repair gave no result: what it said is above");
	}
	run_cleanup(&run);
	return rc;
}

static int
keep(const struct evaluating *e, struct dd_err *err)
{
	OWN_JSON json_t *j = json_encode(eval_result_fields, e->r);
	OWN(buf) struct buf text = {0};
	json_print(j, 2, &text);
	buf_putc(&text, '\n');
	int rc = fs_write_atomic(e->kept, buf_str(&text), 0600, err);
	if (rc == 0 && io_unlink(e->under_way) < 0 && errno != ENOENT)
		rc = err_errno(err, errno, "cannot remove %s", e->under_way);
	return rc;
}

static int
do_case(struct evaluating *e, struct dd_err *err)
{
	OWN_FREE char *id = NULL;
	int64_t begun = clock_real_ns();
	int status = 0;
	int rc = find_run(e, &id, err);
	if (rc == 0)
		rc = carry_out(e, id, &status, err);
	if (rc == 0 && status == 3) /* ours, and no answer of the configuration's */
		rc = err_set(err, DD_EIO, "case %s: run %s failed", e->c->name, id);
	if (rc == 0)
		rc = judge(e, id, err);
	if (rc < 0)
		return rc;
	e->r->run = TAKE(id);
	e->r->seconds = (double)(clock_real_ns() - begun) / 1e9;
	return keep(e, err);
}

static bool
take_kept(struct evaluating *e)
{
	OWN_JSON json_t *j = NULL;
	return fs_exists(e->kept) && json_parse_file(e->kept, MAX_KEPT, &j, NULL) == 0 &&
	       json_decode(j, eval_result_fields, true, e->r, "result", NULL) == 0;
}

int
eval_run(const struct state *st, const struct eval_case *c, const struct eval_config *config,
	bool anew, struct eval_result *ret, struct dd_err *err)
{
	struct eval_result r = {0};
	OWN_FREE char *dir = state_path(st, "evals");
	struct hash_hex key = hash_fields((const struct str[]){STR(DD_VERSION), str_of(c->digest.s),
						  str_of(config->digest.s)},
		3);
	OWN(evaluating)
	struct evaluating e = {.st = st,
		.c = c,
		.config = config,
		.kept = mem_printf("%s/%.32s.json", dir, key.s),
		.under_way = mem_printf("%s/%.32s.run", dir, key.s),
		.r = &r};
	int rc = fs_mkdirs(dir, 0700, err);
	if (rc == 0 && !anew && take_kept(&e)) {
		*ret = r;
		return 0;
	}
	if (rc == 0)
		rc = do_case(&e, err);
	if (rc < 0)
		eval_result_cleanup(&r);
	else
		*ret = r;
	return rc;
}

/* ---- figures ---- */

void
eval_wilson(size_t k, size_t n, double *ret_low, double *ret_high)
{
	const double z = 1.959963984540054;
	*ret_low = 0;
	*ret_high = 1;
	if (!n)
		return;
	double p = (double)k / (double)n, q = z * z / (double)n;
	double middle = (p + q / 2) / (1 + q);
	double half = z / (1 + q) * sqrt(p * (1 - p) / (double)n + q / (4 * (double)n));
	*ret_low = k ? middle - half : 0;
	*ret_high = k < n ? middle + half : 1;
}

double
eval_sign_test(size_t k, size_t n)
{
	size_t few = k < n - k ? k : n - k;
	double sum = 0;
	for (size_t i = 0; i <= few; i++)
		sum += exp(lgamma((double)n + 1) - lgamma((double)i + 1) -
			   lgamma((double)(n - i) + 1) - (double)n * log(2));
	return 2 * sum < 1 ? 2 * sum : 1;
}
