#include "sandbox/trace.h"

#include "base/map.h"
#include "sandbox/sandbox.h"
#include "sandbox/trace_group.h"
#include "sandbox/trace_record.h"

#include <string.h>

struct trace {
	struct map paths;    /* -> struct trace_path, owned */
	struct map connects; /* -> struct trace_connect, owned */
	struct map denials;  /* -> struct trace_denial, owned */
	struct map runs;     /* -> struct trace_run, owned */
	struct groups groups;
	struct map programs; /* interned names and command lines */
	size_t bytes;	     /* in all of them */
	uint64_t dropped;
};

static void
free_value(void *p)
{
	free(p);
}

struct trace *
trace_create(void)
{
	struct trace *t = mem_new(struct trace);
	t->paths.destroy = free_value;
	t->connects.destroy = free_value;
	t->denials.destroy = free_value;
	t->runs.destroy = free_value;
	t->groups.done.destroy = free_value;
	t->programs.destroy = free_value;
	return t;
}

void
trace_destroy(struct trace *t)
{
	if (!t)
		return;
	map_cleanup(&t->paths);
	map_cleanup(&t->connects);
	map_cleanup(&t->denials);
	map_cleanup(&t->runs);
	groups_cleanup(&t->groups);
	map_cleanup(&t->programs);
	free(t);
}

#define MAX_PROGRAMS 50000

/* Room for a string of n bytes and its key; the target decides how long they are. */
static bool
take_bytes(struct trace *t, size_t n)
{
	if (t->bytes + 2 * n > TRACE_MAX_BYTES)
		return false;
	t->bytes += 2 * n;
	return true;
}

static const char *
intern(struct trace *t, const char *name)
{
	char *known = map_get(&t->programs, name);
	if (!known && (map_count(&t->programs) >= MAX_PROGRAMS || !take_bytes(t, strlen(name))))
		return "";
	if (!known) {
		known = mem_strdup(name);
		map_put(&t->programs, name, known);
	}
	return known;
}

static void
add_path(struct trace *t, const struct trace_look *look)
{
	struct trace_path *p = map_get(&t->paths, look->path);
	bool opened = look->class == TRACE_OPEN;
	if (!p) {
		size_t n = strlen(look->path) + 1;
		if (map_count(&t->paths) >= TRACE_MAX_PATHS || !take_bytes(t, n)) {
			t->dropped++;
			return;
		}
		p = mem_zalloc(1, sizeof(*p) + n);
		memcpy(p + 1, look->path, n);
		p->path = (const char *)(p + 1);
		p->program = look->program;
		map_put(&t->paths, look->path, p);
	}
	p->found = p->found || look->found;
	p->opened = p->opened || (opened && look->found);
	p->sought = p->sought || (opened && !look->creates);
	p->created = p->created || look->creates;
	p->executed = p->executed || look->class == TRACE_EXEC;
	p->directory = p->directory || look->directory;
	p->count++;
}

void
trace_add_look(struct trace *t, const struct trace_look *look)
{
	struct trace_look kept = *look;
	kept.program = intern(t, look->program);
	kept.args = intern(t, look->args);
	add_path(t, &kept);
	groups_add(&t->groups, &kept);
}

void
trace_add_denial(struct trace *t, const char *call, const char *program, const char *profile)
{
	OWN_FREE char *key = mem_printf("%s %s", call, program);
	struct trace_denial *d = map_get(&t->denials, key);
	if (!d) {
		if (map_count(&t->denials) >= TRACE_MAX_DENIALS) {
			t->dropped++;
			return;
		}
		d = mem_new(struct trace_denial);
		d->call = intern(t, call);
		d->program = intern(t, program);
		d->profile = profile;
		map_put(&t->denials, key, d);
	}
	d->count++;
}

void
trace_add_connect(struct trace *t, const char *target, const char *program, bool refused)
{
	OWN_FREE char *key = mem_printf("%s %s", target, program);
	struct trace_connect *c = map_get(&t->connects, key);
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
		map_put(&t->connects, key, c);
	}
	c->refused = c->refused && refused;
	c->count++;
}

/* One of each program and words; where it was first. */
void
trace_add_run(struct trace *t, const struct trace_run *run)
{
	OWN(buf) struct buf key = {0};
	buf_add(&key, run->words, run->n);
	for (size_t i = 0; i < key.n; i++)
		key.p[i] = key.p[i] ? key.p[i] : '\n';
	buf_puts(&key, run->program);
	struct trace_run *r = map_get_str(&t->runs, buf_str(&key));
	if (!r) {
		if (map_count(&t->runs) >= TRACE_MAX_RUNS || !take_bytes(t, run->n + key.n)) {
			t->dropped++;
			return;
		}
		char *words = (char *)(r = mem_zalloc(1, sizeof(*r) + run->n)) + sizeof(*r);
		memcpy(words, run->words, run->n);
		*r = (struct trace_run){.program = intern(t, run->program),
			.dir = intern(t, run->dir),
			.words = words,
			.n = run->n};
		map_put_str(&t->runs, buf_str(&key), r);
	}
	r->served = r->served || run->served;
}

void
trace_each_run(const struct trace *t, bool (*fn)(void *ctx, const struct trace_run *r), void *ctx)
{
	for (struct map_entry *e = map_first(&t->runs); e; e = map_next(e))
		if (!fn(ctx, map_value(e)))
			return;
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

void
trace_each_group(struct trace *t, bool (*fn)(void *ctx, const struct trace_group *g), void *ctx)
{
	groups_finish(&t->groups);
	for (struct map_entry *e = map_first(&t->groups.done); e; e = map_next(e))
		if (!fn(ctx, map_value(e)))
			return;
}

void
trace_each_denial(
	const struct trace *t, bool (*fn)(void *ctx, const struct trace_denial *d), void *ctx)
{
	for (struct map_entry *e = map_first(&t->denials); e; e = map_next(e))
		if (!fn(ctx, map_value(e)))
			return;
}

#define DESCRIBED_DENIALS 8

struct description {
	struct buf *out;
	size_t n;
};

static bool
describe_denial(void *ctx, const struct trace_denial *d)
{
	struct description *s = ctx;
	if (s->n++ == DESCRIBED_DENIALS)
		return false;
	buf_printf(s->out, "%s%s by %s (", s->n > 1 ? ", " : "", d->call,
		*d->program ? d->program : "a program");
	if (d->profile)
		buf_printf(s->out, "the profile %s opens it)", d->profile);
	else
		buf_puts(s->out, "no profile opens it)");
	return true;
}

bool
trace_describe_denials(const struct trace *t, struct buf *out)
{
	struct description s = {out, 0};
	trace_each_denial(t, describe_denial, &s);
	if (s.n > DESCRIBED_DENIALS)
		buf_puts(out, ", and more");
	return s.n > 0;
}

uint64_t
trace_dropped(const struct trace *t)
{
	return t->dropped + t->groups.dropped;
}
