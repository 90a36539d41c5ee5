#include "runner/fix_place.h"

#include "base/fs.h"

int
fix_place_open(const struct fix_ground *g, const struct strlist *env, struct fix_place *ret,
	struct dd_err *err)
{
	const struct probe_placing placing = {
		.state = g->state, g->owner, g->answers, g->work, g->files};
	int rc = probe_place_files(&placing, &ret->files, err);
	stack_copy(&ret->work, g->work);
	if (rc == 0 && ret->files.tree)
		stack_push(&ret->work, ret->files.tree);
	const struct live_spec spec = {.state = g->state,
		.run_dir = g->run_dir,
		.root = g->root,
		.work = &ret->work,
		.services = g->services,
		.answers = g->answers,
		.env = env,
		.files = &ret->files};
	return rc == 0 ? live_open(&spec, &ret->live, err) : rc;
}

void
fix_place_close(struct fix_place *p)
{
	live_close(p->live);
	probe_files_cleanup(&p->files);
	stack_cleanup(&p->work);
}

void
fix_put_phases(const struct command_list *l, enum command_phase from, enum command_phase to,
	const char *end, struct buf *out)
{
	for (int phase = (int)from; phase <= (int)to; phase++)
		for (size_t i = 0; i < l->n; i++) {
			if ((int)l->v[i].phase != phase)
				continue;
			buf_puts(out, "( cd " WORK_DIR "/");
			buf_put_shell(out, str_of(l->v[i].dir ? l->v[i].dir : "."));
			buf_puts(out, " && sh -c ");
			buf_put_shell(out, str_of(l->v[i].run));
			buf_printf(out, " )%s", end);
		}
}

#define SCRIPT "/tmp/drydock-script"

/* A script may be too long for a word of a command line: it comes on standard input, before the rest of that. */
int
fix_run_script(struct pod *pod, const struct exec_spec *how, struct str script, struct str input,
	struct exec_result *ret, struct dd_err *err)
{
	OWN(buf) struct buf all = {0};
	OWN_FD int fd = -1;
	OWN_FREE char *first = mem_printf("head -c %zu >" SCRIPT " && . " SCRIPT, script.n);
	const char *argv[] = {"/bin/sh", "-c", first, NULL};
	struct exec_spec spec = *how;
	buf_add_str(&all, script);
	buf_add_str(&all, input);
	int rc = fs_memory_file(buf_str(&all), &fd, err);
	spec.argv = argv;
	spec.fds[0] = fd;
	spec.fds[1] = spec.fds[2] = -1;
	if (rc == 0)
		rc = pod_exec(pod, &spec, ret, err);
	return rc == 0 && ret->cause == CAUSE_STOPPED ? err_set(err, DD_ESTOPPED, "stopped") : rc;
}
