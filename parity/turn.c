#include "parity/turn.h"

#include "base/fs.h"

#define STEP_LIMIT_MS 10000
#define ROUND_MS 50 /* for which one of several is waited for */

void
turn_cleanup(struct turn *t)
{
	stream_cleanup(&t->out);
	stream_cleanup(&t->err);
	trace_destroy(t->trace);
	*t = (struct turn){0};
}

static void
keep(void *ctx, int stream, struct str data)
{
	struct turn *t = ctx;
	stream_add(stream == 1 ? &t->out : &t->err, data);
}

int
turn_start(struct turn *t, const struct parity_side *side, const struct call *c, struct dd_err *err)
{
	OWN(strlist) struct strlist argv = {0};
	OWN_FD int fd = -1;
	t->side = side;
	if (c->of_target)
		strlist_copy(&argv, side->command);
	strlist_copy(&argv, c->args);
	stream_init(&t->out, c->names, c->output_max);
	stream_init(&t->err, c->names, c->output_max);
	t->trace = c->of_target ? trace_create() : NULL;
	int rc = fs_memory_file(c->input, &fd, err);
	const struct exec_spec spec = {.argv = (const char *const *)argv.v,
		.env = (const char *const *)side->env->v,
		.cwd = c->dir,
		.profile = PROFILE_TEST,
		.fds = {fd, -1, -1},
		.on_output = keep,
		.ctx = t,
		.trace = t->trace,
		.trace_classes = t->trace ? TRACE_CONNECT | TRACE_OPEN : 0,
		.time_limit_ms = STEP_LIMIT_MS};
	return rc < 0 ? rc : exec_start(side->pod, &spec, &t->exec, err);
}

int
turn_start_script(struct turn *t, const struct parity_side *side, const char *script,
	struct str input, size_t output_max, struct dd_err *err)
{
	OWN(strlist) struct strlist argv = {0};
	strlist_add(&argv, "/bin/sh");
	strlist_add(&argv, "-c");
	strlist_add(&argv, script);
	const struct call c = {
		.args = &argv, .dir = "/tmp", .input = input, .output_max = output_max};
	return turn_start(t, side, &c, err);
}

/* DD_EBUSY: it still runs; it has ended otherwise, whatever came of it. */
static int
wait_a_round(struct turn *t, struct dd_err *err)
{
	int rc = exec_wait(t->exec, ROUND_MS, &t->result, err);
	if (rc == -DD_EBUSY)
		return rc;
	t->exec = NULL;
	return rc == 0 && t->result.cause == CAUSE_STOPPED ? err_set(err, DD_ESTOPPED, "stopped")
							   : rc;
}

int
turns_wait(struct turn *const *turns, size_t n, struct dd_err *err)
{
	int rc = 0;
	for (bool any = true; any;) {
		any = false;
		for (size_t i = 0; i < n; i++) {
			OWN(dd_err) struct dd_err why = {0};
			int one = turns[i]->exec ? wait_a_round(turns[i], &why) : 0;
			any = any || one == -DD_EBUSY;
			if (one < 0 && one != -DD_EBUSY && rc == 0)
				rc = err_move(err, &why);
		}
	}
	return rc;
}
