#include "sandbox/trace.h"

#include "base/map.h"
#include "sandbox/trace_record.h"

#include <string.h>

struct trace {
	struct map paths;    /* -> struct trace_path, owned */
	struct map connects; /* -> struct trace_connect, owned */
	struct map programs; /* interned names */
	uint64_t dropped;
};

static void
free_path(void *p)
{
	free(p);
}

struct trace *
trace_create(void)
{
	struct trace *t = mem_new(struct trace);
	t->paths.destroy = free_path;
	t->connects.destroy = free_path;
	t->programs.destroy = free_path;
	return t;
}

void
trace_destroy(struct trace *t)
{
	if (!t)
		return;
	map_cleanup(&t->paths);
	map_cleanup(&t->connects);
	map_cleanup(&t->programs);
	free(t);
}

static const char *
intern(struct trace *t, const char *name)
{
	char *known = map_get(&t->programs, name);
	if (!known) {
		known = mem_strdup(name);
		map_put(&t->programs, name, known);
	}
	return known;
}

void
trace_add_path(struct trace *t, const char *path, const char *program, bool found, bool opened,
	bool executed, bool directory)
{
	struct trace_path *p = map_get(&t->paths, path);
	if (!p) {
		if (map_count(&t->paths) >= TRACE_MAX_PATHS) {
			t->dropped++;
			return;
		}
		size_t n = strlen(path) + 1;
		p = mem_zalloc(1, sizeof(*p) + n);
		memcpy(p + 1, path, n);
		p->path = (const char *)(p + 1);
		p->program = intern(t, program);
		map_put(&t->paths, path, p);
	}
	p->found = p->found || found;
	p->opened = p->opened || (opened && found);
	p->executed = p->executed || executed;
	p->directory = p->directory || directory;
	p->count++;
}

void
trace_add_connect(struct trace *t, const char *target, const char *program, bool refused)
{
	struct trace_connect *c = map_get(&t->connects, target);
	if (!c) {
		if (map_count(&t->connects) >= TRACE_MAX_PATHS) {
			t->dropped++;
			return;
		}
		size_t n = strlen(target) + 1;
		c = mem_zalloc(1, sizeof(*c) + n);
		memcpy(c + 1, target, n);
		c->target = (const char *)(c + 1);
		c->program = intern(t, program);
		c->refused = true;
		map_put(&t->connects, target, c);
	}
	c->refused = c->refused && refused;
	c->count++;
}

void
trace_each_path(const struct trace *t, bool (*fn)(void *ctx, const struct trace_path *p), void *ctx)
{
	for (struct map_entry *e = map_first(&t->paths); e; e = map_next(e))
		if (!fn(ctx, map_value(e)))
			return;
}

void
trace_each_connect(
	const struct trace *t, bool (*fn)(void *ctx, const struct trace_connect *c), void *ctx)
{
	for (struct map_entry *e = map_first(&t->connects); e; e = map_next(e))
		if (!fn(ctx, map_value(e)))
			return;
}

uint64_t
trace_dropped(const struct trace *t)
{
	return t->dropped;
}
