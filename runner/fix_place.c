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

int
fix_script_file(
	struct str script, struct str input, int *ret_fd, char **ret_first, struct dd_err *err)
{
	OWN(buf) struct buf all = {0};
	buf_add_str(&all, script);
	buf_add_str(&all, input);
	*ret_first = mem_printf("head -c %zu >" SCRIPT " && . " SCRIPT, script.n);
	return fs_memory_file(buf_str(&all), ret_fd, err);
}
