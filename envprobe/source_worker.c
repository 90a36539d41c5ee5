#include "envprobe/source_worker.h"

#define TREE "/src" /* where the worker sees it */

int
source_ask(const struct state *st, const struct stack *source, const struct source_question *q,
	json_t **ret, struct dd_err *err)
{
	OWN(buf) struct buf in = {0}, out = {.max = q->max_bytes};
	OWN_FREE char *dir = layer_dir(st, source->v[0].s);
	const struct pod_bind bind = {dir, TREE, false};
	const char *args[] = {TREE, q->arg, NULL};
	if (q->input)
		json_print(q->input, 0, &in);
	const struct worker_spec spec = {.state = st,
		.name = q->worker,
		.args = args,
		.binds = &bind,
		.nbinds = 1,
		.input = buf_str(&in)};
	int rc = worker_run(&spec, &out, err);
	return rc < 0 ? rc : json_parse(buf_str(&out), ret, err);
}
