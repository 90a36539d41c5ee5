/*
 * Making a flat layer (flat.h).  The lowest layers of a stack are the work tree of a pod on the tools
 * root; cp copies what is seen there into a data directory of the pod, whose upper becomes the layer: an
 * overlay on both sides, so that what belongs to overlays themselves stays between them.  Killed at any
 * moment, it leaves a pod's directory, which is swept, or a layer that nothing names.
 */
#include "sandbox/flat.h"
#include "sandbox/pod.h"

#include "base/fs.h"

#define FLAT_DIR "/flat"

static int
copy(struct pod *p, struct dd_err *err)
{
	static const char *const argv[] = {
		"cp", "--archive", "--sparse=auto", WORK_DIR "/.", FLAT_DIR "/", NULL};
	const struct exec_spec spec = {
		.argv = argv, .cwd = "/", .profile = PROFILE_PROVISION, .fds = {-1, -1, -1}};
	struct exec_result r;
	int rc = pod_exec(p, &spec, &r, err);
	if (rc == 0 && r.exit_code != 0)
		rc = err_set(err, DD_EIO, "cp exits with %d (%s)", r.exit_code,
			exec_cause_name(r.cause));
	return rc;
}

/* The upper of the data directory is the layer. */
static int
publish(struct pod *p, const struct stack *prefix, const char *key, struct dd_err *err)
{
	OWN_FREE char *dir = fs_join(p->dir, "data/0/top");
	OWN_FREE char *work = fs_join(dir, "work");
	OWN_FREE char *of = fs_join(dir, "of");
	OWN(buf) struct buf text = {0};
	for (size_t i = 0; i < prefix->n; i++)
		buf_printf(&text, "%s\n", prefix->v[i].s);
	int rc = fs_remove_tree(work, err);
	if (rc == 0)
		rc = fs_write_atomic(of, buf_str(&text), 0600, err);
	if (rc == 0)
		rc = layer_publish(p->state, key, dir, err);
	return rc < 0 ? rc : layer_settle(p->state, err);
}

static int
make(const struct state *st, const struct stack *prefix, const char *key, struct dd_err *err)
{
	static const char *const data_dirs[] = {FLAT_DIR, NULL};
	const struct pod_spec spec = {.state = st, .work = prefix, .data_dirs = data_dirs};
	struct pod *p;
	int rc = pod_open(&spec, &p, err);
	if (rc < 0)
		return rc;
	rc = copy(p, err);
	pod_end_processes(p);
	if (rc == 0)
		rc = publish(p, prefix, key, err);
	pod_close(p);
	return rc;
}

int
stack_flatten(const struct state *st, const struct stack *s, struct dd_err *err)
{
	struct hash_hex found, key;
	struct stack prefix = {0};
	size_t n = flat_prefix(s->n);
	OWN_FD int lock = -1;
	if (flat_find(st, s, &found) == n)
		return 0;
	for (size_t i = 0; i < n; i++)
		stack_push(&prefix, s->v[i].s);
	key = stack_next_key(&prefix, str_of("flat"));
	int rc = layer_lock(st, key.s, &lock, err);
	if (rc == 0 && !layer_exists(st, key.s))
		rc = make(st, &prefix, key.s, err);
	else if (rc == 0)
		rc = layer_settle(st, err);
	if (rc == 0)
		rc = flat_record(st, &prefix, n, key.s, err);
	stack_cleanup(&prefix);
	return rc < 0 ? err_wrap(err, "flattening a stack of %zu layers", s->n) : 0;
}
