/* The description of a pod, as it comes with SETUP. */
#include "sandbox/box/box.h"

#include <stdlib.h>
#include <string.h>

static void
add_path(const char **list, size_t *n, const char *path)
{
	if (*n == BOX_MAX_LAYERS)
		box_die(0, "more than %d layers", BOX_MAX_LAYERS);
	list[(*n)++] = path;
}

static void
add_bind(struct pod_setup *s, const char *src, bool writable)
{
	if (s->nbinds == BOX_MAX_BINDS)
		box_die(0, "more than %d binds", BOX_MAX_BINDS);
	s->binds[s->nbinds].src = src;
	s->binds[s->nbinds++].writable = writable;
}

static void
add_data(struct pod_setup *s, const char *dst)
{
	if (s->ndata == BOX_MAX_DATA)
		box_die(0, "more than %d data directories", BOX_MAX_DATA);
	s->data[s->ndata++].dst = dst;
}

/* Of the data directory named last. */
static bool
decode_data(struct pod_setup *s, const char *f)
{
	const char *v = field_value(f, "data");
	if (v) {
		add_data(s, v);
		return true;
	}
	if ((v = field_value(f, "datatree")))
		s->data_tree = v;
	else if (!s->ndata)
		return false;
	else if ((v = field_value(f, "datalayer"))) {
		if (s->data[s->ndata - 1].n == BOX_MAX_DATA_LAYERS)
			box_die(0, "more than %d layers of data", BOX_MAX_DATA_LAYERS);
		s->data[s->ndata - 1].layers[s->data[s->ndata - 1].n++] = v;
	} else if ((v = field_value(f, "dataupper"))) {
		s->data[s->ndata - 1].upper = v;
	} else if ((v = field_value(f, "datawork"))) {
		s->data[s->ndata - 1].work = v;
	}
	return v != NULL;
}

static void
decode_field(struct pod_setup *s, const char *f)
{
	const char *v;
	if ((v = field_value(f, "root")))
		add_path(s->root_layers, &s->nroot, v);
	else if ((v = field_value(f, "work")))
		add_path(s->work_layers, &s->nwork, v);
	else if ((v = field_value(f, "rootupper")))
		s->root_upper = v;
	else if ((v = field_value(f, "rootwork")))
		s->root_work = v;
	else if ((v = field_value(f, "workupper")))
		s->work_upper = v;
	else if ((v = field_value(f, "workwork")))
		s->work_work = v;
	else if ((v = field_value(f, "workdir"))) {
		s->work_dir = v;
		s->has_work = true;
	} else if ((v = field_value(f, "bindro")) || (v = field_value(f, "bindrw")))
		add_bind(s, v, f[5] == 'w');
	else if ((v = field_value(f, "to")) && s->nbinds)
		s->binds[s->nbinds - 1].dst = v;
	else if ((v = field_value(f, "mode")))
		s->root_mode = strcmp(v, "root") == 0;
	else if ((v = field_value(f, "tools")))
		s->tools = true;
	else if ((v = field_value(f, "programs")))
		s->programs = v;
	else if ((v = field_value(f, "tmpfs")))
		s->tmpfs_bytes = strtoull(v, NULL, 10);
	else if ((v = field_value(f, "memory")))
		s->memory = strtoull(v, NULL, 10);
	else if ((v = field_value(f, "pids")))
		s->pids = strtoull(v, NULL, 10);
	else if ((v = field_value(f, "disk")))
		s->disk = strtoull(v, NULL, 10);
	else if ((v = field_value(f, "dir")))
		s->pod_dir = v;
	else if (!decode_data(s, f))
		box_die(0, "unknown field in the description of a pod: %.40s", f);
}

void
setup_decode(const struct message *m, struct pod_setup *s)
{
	for (const char *f = message_next(m, NULL); f; f = message_next(m, f))
		decode_field(s, f);
}
