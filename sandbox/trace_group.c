#include "sandbox/trace_group.h"

#include <string.h>

struct search {
	pid_t pid;
	char *first;	 /* path that was tried first */
	char *path;	 /* the last that was tried */
	uint32_t shared; /* trailing components of it that all tries share */
	const char *program, *args;
	bool found;
	uint32_t tried;
};

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* Of a name its part before the first dot that does not begin it. */
static size_t
stem_length(const char *name)
{
	return *name ? 1 + strcspn(name + 1, ".") : 0;
}

static bool
is_same_name(const char *a, const char *b)
{
	const char *x = base_name(a), *y = base_name(b);
	size_t n = stem_length(x);
	return n == stem_length(y) && strncmp(x, y, n) == 0;
}

/* The component before `at`, which is one's beginning; NULL when that is the first one. */
static const char *
previous(const char *path, const char *at)
{
	if (at < path + 2)
		return NULL;
	for (at--; at > path && at[-1] != '/'; at--)
		;
	return at;
}

/* How many trailing components two paths share; the last ones count as the same. */
static uint32_t
shared_components(const char *a, const char *b)
{
	uint32_t n = 1;
	const char *x = base_name(a), *y = base_name(b), *px, *py;
	while ((px = previous(a, x)) && (py = previous(b, y)) && x - px == y - py &&
		memcmp(px, py, (size_t)(x - px)) == 0) {
		x = px;
		y = py;
		n++;
	}
	return n;
}

/* Its last n components; all of it when there are no more. */
static const char *
last_components(const char *path, uint32_t n)
{
	const char *at = base_name(path), *p;
	for (; n > 1 && (p = previous(path, at)); n--)
		at = p;
	return n > 1 ? path : at;
}

static void
add_done(struct groups *g, const struct search *s)
{
	const char *name = last_components(s->path, s->shared);
	OWN_FREE char *key = mem_printf("%s\x1f%s\x1f%d", name, s->program, s->found);
	struct trace_group *known = map_get(&g->done, key);
	if (known) {
		known->count++;
		return;
	}
	size_t n = strlen(s->path) + 1;
	if (map_count(&g->done) >= TRACE_MAX_GROUPS || g->bytes + 2 * n > TRACE_MAX_BYTES / 2) {
		g->dropped++;
		return;
	}
	g->bytes += 2 * n;
	known = mem_zalloc(1, sizeof(*known) + n);
	char *copy = memcpy(known + 1, s->path, n);
	*known = (struct trace_group){.name = copy + (name - s->path),
		.program = s->program,
		.args = s->args,
		.found = s->found ? copy : NULL,
		.tried = s->tried,
		.count = 1};
	map_put(&g->done, key, known);
}

/* What was found where it was looked for first is no search. */
static void
end_search(struct groups *g, struct search *s)
{
	if (s->pid && (!s->found || s->tried > 1))
		add_done(g, s);
	free(TAKE(s->first));
	free(TAKE(s->path));
	s->pid = 0;
}

static uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Does the look-up go on with the search, or begin another one? */
static bool
goes_on(const struct search *s, const struct trace_look *look)
{
	bool again = strcmp(s->first, look->path) == 0 && strcmp(s->path, look->path) != 0;
	return s->pid == look->pid && !s->found && !again && is_same_name(s->path, look->path);
}

void
groups_add(struct groups *g, const struct trace_look *look)
{
	struct search **slot = &g->going_on[(unsigned)look->pid % GROUP_SLOTS], *s = *slot;
	if (!s)
		s = *slot = mem_new(struct search);
	if (s->pid && !goes_on(s, look))
		end_search(g, s);
	if (!s->pid) {
		*s = (struct search){.pid = look->pid,
			.first = mem_strdup(look->path),
			.path = mem_strdup(look->path),
			.program = look->program,
			.args = look->args,
			.found = look->found,
			.shared = UINT32_MAX,
			.tried = 1};
		return;
	}
	if (strcmp(s->path, look->path) != 0)
		s->shared = min_u32(s->shared, shared_components(s->path, look->path));
	free(s->path);
	s->path = mem_strdup(look->path);
	s->found = look->found;
	s->tried++;
}

void
groups_finish(struct groups *g)
{
	for (size_t i = 0; i < GROUP_SLOTS; i++)
		if (g->going_on[i])
			end_search(g, g->going_on[i]);
}

void
groups_cleanup(struct groups *g)
{
	groups_finish(g);
	for (size_t i = 0; i < GROUP_SLOTS; i++)
		free(g->going_on[i]);
	map_cleanup(&g->done);
}
