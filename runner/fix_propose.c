/*
 * Theory of operation.  Two pods on the same layers: the builder, where the application's own tools run on the
 * packages it needs, and the desk, on the tools root, where our worker reads the tree and changes it.  The worker asks for
 * compilations; a request is a script and the files that changed, bytes to us, which we feed to the builder, and
 * what the builder prints we give back.  What the desk has changed when the worker ends becomes a layer; the builder is
 * thrown away.
 */
#include "runner/fix.h"

#include "agents/data.h"
#include "agents/fixer.h"
#include "base/fs.h"
#include "base/log.h"
#include "runner/fix_place.h"
#include "runner/fix_wire.h"

#include <fcntl.h>
#include <string.h>

#define REQUEST_MAX ((size_t)256 << 20)
#define ANSWER_MAX ((size_t)32 << 20)
#define COMPILE_LIMIT_MS (5 * 60 * 1000)
#define BUILD_LIMIT_MS (30 * 60 * 1000)
#define WORKER_LIMIT_MS (60 * 60 * 1000)
#define JUDGE_LIMIT_MS (4 * 60 * 60 * 1000) /* the worker bounds each of its checks */

const char *const fix_author_names[] = {"python-3", "c", "build", "model", "merge", NULL};

struct proposing {
	const struct fix_ground *g;
	struct pod *builder;
	struct live *live;  /* that the builder is of, with services; NULL */
	int64_t limit_ms;   /* of one request */
	struct strlist env; /* of the builder, with the compilers' stand-ins first in PATH */
	int answers;	    /* where the worker reads answers */
	struct buf in;	    /* from the worker: not yet taken */
	struct buf result;  /* its last message */
	bool judging;
	bool anew; /* each request finds the builder as it was opened, else as the build left it */
	struct dd_err err;
	int rc;
};

/* A script in the builder; that it fails is for who reads what it printed. */
static int
run_script(struct proposing *p, struct str script, struct str input, int64_t limit_ms,
	struct buf *out, struct dd_err *err)
{
	struct exec_result r;
	const struct exec_spec how = {.env = (const char *const *)p->env.v,
		.profile = PROFILE_BUILD,
		.on_output = exec_keep,
		.ctx = out,
		.time_limit_ms = limit_ms};
	return fix_run_script(p->builder, &how, script, input, &r, err);
}

static int
answer(struct proposing *p, struct str request, struct dd_err *err)
{
	struct str script;
	OWN(buf) struct buf out = {.max = ANSWER_MAX}, message = {.max = ANSWER_MAX + 16};
	if (!wire_take(&request, &script))
		return err_set(err, DD_ECORRUPT, "fix: the worker's request is no request");
	/* What services hold is as it was, too; what a failed build left would look like what it made. */
	int rc = p->live   ? live_renew(p->live, err)
		 : p->anew ? pod_reopen(p->builder, &(struct pod_snapshot){0}, err)
			   : 0;
	if (rc == 0)
		rc = run_script(p, script, request, p->limit_ms, &out, err);
	wire_put(&message, buf_str(&out));
	return rc < 0 ? rc : fs_write_all(p->answers, message.p, message.n, err);
}

/* From within the wait for the worker, which waits for the answer. */
static void
on_message(void *ctx, struct str data)
{
	struct proposing *p = ctx;
	struct str rest, message;
	buf_add_str(&p->in, data);
	for (rest = buf_str(&p->in); p->rc == 0 && wire_take(&rest, &message);) {
		bool request = message.n && message.p[0] == WIRE_REQUEST;
		struct str body = {message.p + (message.n > 0), message.n - (message.n > 0)};
		if (request) {
			p->rc = answer(p, body, &p->err);
		} else {
			buf_reset(&p->result);
			buf_add_str(&p->result, body);
		}
	}
	buf_drop_front(&p->in, p->in.n - rest.n);
	if (p->rc < 0 && p->answers >= 0) /* so that the worker ends */
		(void)close(TAKE_FD(p->answers));
}

/* ---- building, to learn how it is compiled ---- */

/* make goes on behind an error, so that every unit is seen. */
static int
build(struct proposing *p, struct dd_err *err)
{
	OWN(buf) struct buf script = {0}, log = {.max = (size_t)8 << 20};
	buf_puts(&script, fixer_record_script);
	buf_puts(&script, "exec 2>&1\nexport MAKEFLAGS=k PATH=" FIXER_DIR ":$PATH\n");
	fix_put_phases(p->g->commands, PHASE_CONFIGURE, PHASE_BUILD, "\n", &script);
	int rc = run_script(p, buf_str(&script), STR(""), BUILD_LIMIT_MS, &log, err);
	return rc < 0 ? rc : fs_write_atomic(p->g->log_path, buf_str(&log), 0600, err);
}

/* ---- authors ---- */

static int
run_worker(struct proposing *p, struct pod *desk, const char *const *args, struct dd_err *err)
{
	OWN_FD int reader = -1;
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, DD_EIO, "cannot make a pipe");
	reader = ends[0];
	p->answers = ends[1];
	const struct worker_spec spec = {.name = "fix",
		.args = args,
		.input_fd = reader,
		.on_output = on_message,
		.ctx = p,
		.time_limit_ms = p->judging ? JUDGE_LIMIT_MS : WORKER_LIMIT_MS};
	int rc = worker_exec(desk, &spec, NULL, err);
	if (p->answers >= 0)
		(void)close(TAKE_FD(p->answers));
	return p->rc < 0 ? err_move(err, &p->err) : rc;
}

/* In a pod of the build. */
static int
propose_by(struct proposing *p, struct pod *desk, const char *const *args, const char *what,
	json_t **ret, struct dd_err *err)
{
	const struct pod_spec spec = {
		.state = p->g->state, .root = *p->g->root, .work = p->g->work};
	int step = progress_begin("looking for %s", what);
	int rc = pod_open(&spec, &p->builder, err);
	if (rc == 0 && !p->anew)
		rc = build(p, err);
	if (rc == 0)
		rc = run_worker(p, desk, args, err);
	pod_close(TAKE(p->builder));
	if (rc == 0)
		rc = json_parse(buf_str(&p->result), ret, err);
	progress_end(step, rc < 0 ? "failed" : "ok");
	return rc;
}

static int
fix_c(struct proposing *p, struct pod *desk, json_t **ret, struct dd_err *err)
{
	const char *args[] = {"propose", p->g->strict ? "strict" : "plain", NULL};
	return propose_by(p, desk, args, "C that is refused", ret, err);
}

/* All up to a phase: each request finds the builder as it was opened. */
static void
put_command(const struct command_list *l, enum command_phase to, struct buf *out)
{
	fix_put_phases(l, PHASE_CONFIGURE, to, " && ", out);
	buf_puts(out, "true");
}

static int
fix_build(struct proposing *p, struct pod *desk, json_t **ret, struct dd_err *err)
{
	OWN(buf) struct buf command = {0};
	put_command(p->g->commands, PHASE_BUILD, &command);
	const char *args[] = {"build", command.p, NULL};
	p->limit_ms = BUILD_LIMIT_MS;
	p->anew = true;
	return propose_by(p, desk, args, "what keeps it from being built", ret, err);
}

/* ---- judging ---- */

/* That services of the target do not start is no error of ours. */
static int
judge_there(struct proposing *p, struct pod *desk, const char *const *args, json_t **ret,
	struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	int rc = p->live ? live_serve(p->live, &why) : 0;
	if (rc == 0) {
		rc = run_worker(p, desk, args, err);
		return rc < 0 ? rc : json_parse(buf_str(&p->result), ret, err);
	}
	if (rc != -DD_EIO && rc != -DD_ELIMIT)
		return err_move(err, &why);
	OWN_FREE char *ended = mem_printf("its services do not run: %s", err_msg(&why));
	*ret = json_pack("{s:i, s:{}, s:[], s:o}", "runs", 0, "checks", "findings", "ended",
		json_text(str_of(ended)));
	return 0;
}

int
fix_judge(const struct fix_ground *g, const char *layer, bool passes, bool tests_may_change,
	json_t **ret, struct dd_err *err)
{
	struct proposing p = {.g = g,
		.answers = -1,
		.in = {.max = REQUEST_MAX},
		.limit_ms = BUILD_LIMIT_MS,
		.judging = true,
		.anew = true};
	OWN_FREE char *dir = layer_dir(g->state, layer);
	const struct pod_bind bind = {dir, "/changes/0", false};
	const struct pod_spec at_desk = {
		.state = g->state, .work = g->work, .binds = &bind, .nbinds = 1};
	struct fix_place place = {0};
	struct pod *desk = NULL;
	OWN(buf) struct buf command = {0};
	put_command(g->commands, PHASE_TEST, &command);
	const char *args[] = {"judge", passes ? "passes" : "fails",
		tests_may_change ? "may-change" : "stay", command.p, NULL};
	for (const char *const *e = g->env; *e; e++)
		strlist_add(&p.env, *e);
	int step = progress_begin("judging the change");
	int rc = pod_open(&at_desk, &desk, err);
	if (rc == 0)
		rc = fix_place_open(g, &p.env, &place, err);
	if (rc == 0) {
		p.builder = live_pod(place.live);
		p.live = g->services->n ? place.live : NULL;
	}
	if (rc == 0)
		rc = judge_there(&p, desk, args, ret, err);
	fix_place_close(&place);
	pod_close(desk);
	progress_end(step, rc < 0						? "failed"
			   : json_array_size(json_object_get(*ret, "findings")) ? "refused"
										: "ok");
	strlist_cleanup(&p.env);
	buf_cleanup(&p.in);
	buf_cleanup(&p.result);
	dd_err_cleanup(&p.err);
	return rc;
}

/* A line a file, as agents/data/python_3.py prints them. */
static json_t *
python_result(struct str lines)
{
	json_t *fixes = json_array(), *left = json_array();
	struct str line;
	while (str_next_line(&lines, &line)) {
		OWN_JSON json_t *one = NULL;
		if (json_parse(line, &one, NULL) < 0)
			continue;
		json_t *path = json_object_get(one, "path"), *why = json_object_get(one, "why");
		if (json_is_true(json_object_get(one, "changed")))
			json_array_append_new(fixes, json_pack("{s:O, s:s, s:s}", "path", path,
							     "rule", "python-3", "text", "2to3"));
		else
			json_array_append_new(left, json_pack("{s:O, s:i, s:O}", "path", path,
							    "line", 0, "message", why));
	}
	return json_pack("{s:o, s:[], s:o}", "fixes", fixes, "units", "left", left);
}

static int
fix_python(struct proposing *p, struct pod *desk, json_t **ret, struct dd_err *err)
{
	OWN_FREE char *program = str_dup(data_python_3());
	const char *argv[] = {"/usr/bin/python3", "-I", "-S", "-c", program, NULL};
	OWN(buf) struct buf out = {.max = (size_t)8 << 20};
	struct exec_result r;
	const struct exec_spec spec = {.argv = argv,
		.cwd = WORK_DIR,
		.profile = PROFILE_BUILD,
		.fds = {-1, -1, -1},
		.on_output = exec_keep,
		.ctx = &out,
		.time_limit_ms = BUILD_LIMIT_MS};
	(void)p;
	int step = progress_begin("looking for Python that is refused");
	int rc = pod_exec(desk, &spec, &r, err);
	if (rc == 0 && r.cause == CAUSE_STOPPED)
		rc = err_set(err, DD_ESTOPPED, "stopped");
	bool lacking = rc == 0 && r.exit_code != 0;
	progress_end(step, rc < 0 ? "failed" : lacking ? "not possible here" : "ok");
	if (rc < 0)
		return rc;
	*ret = python_result(buf_str(&out));
	if (lacking)
		json_object_set_new(*ret, "note",
			json_string("old Python is not repaired: this machine has no python3 with "
				    "lib2to3 in /usr (Debian: python3-lib2to3)"));
	return 0;
}

int
fix_keep_changes(const struct fix_ground *g, struct pod *desk, enum fix_author author,
	const char *step, json_t *result, struct dd_err *err)
{
	json_object_set_new(result, "author", json_string(fix_author_names[author]));
	json_object_set_new(result, "layer", json_null());
	if (!json_array_size(json_object_get(result, "fixes"))) {
		pod_close(desk);
		return 0;
	}
	struct hash_hex key = stack_next_key(g->work, str_of(step));
	json_object_set_new(result, "layer", json_string(key.s));
	int rc = layer_lease(g->state, g->owner, key.s, err);
	if (rc == 0)
		return pod_freeze(desk, POD_WORK, key.s, err);
	pod_close(desk);
	return rc;
}

int
fix_propose(const struct fix_ground *g, enum fix_author author, json_t **ret, struct dd_err *err)
{
	struct proposing p = {
		.g = g, .answers = -1, .in = {.max = REQUEST_MAX}, .limit_ms = COMPILE_LIMIT_MS};
	const struct pod_spec spec = {.state = g->state, .work = g->work};
	OWN_FREE char *step = mem_printf("fix %s %s", g->name, fix_author_names[author]);
	struct pod *desk = NULL;
	json_t *result = NULL;
	for (const char *const *e = g->env; *e; e++)
		strlist_add(&p.env, *e);
	int rc = pod_open(&spec, &desk, err);
	if (rc == 0)
		rc = author == AUTHOR_C	      ? fix_c(&p, desk, &result, err)
		     : author == AUTHOR_BUILD ? fix_build(&p, desk, &result, err)
					      : fix_python(&p, desk, &result, err);
	if (rc == 0)
		rc = fix_keep_changes(g, desk, author, step, result, err);
	else
		pod_close(desk);
	strlist_cleanup(&p.env);
	buf_cleanup(&p.in);
	buf_cleanup(&p.result);
	dd_err_cleanup(&p.err);
	if (rc < 0)
		json_decref(result);
	else
		*ret = result;
	return rc;
}
