/* The store: sets of values, the cells that hold them, who is to look again when one grows, and pairs. */
#include "graph/values_inner.h"

#include <string.h>

#define FEW 16 /* readers of a cell that are looked through */

/* ---- sets ---- */

bool
set_add(struct set *s, uint32_t value)
{
	if (!value)
		return false;
	for (unsigned i = 0; i < s->n; i++)
		if (s->v[i] == value)
			return false;
	if (s->n == VALUES_MAX) {
		bool grew = !s->many;
		s->many = true;
		return grew;
	}
	s->v[s->n++] = value;
	return true;
}

bool
set_add_all(struct set *to, const struct set *from)
{
	bool grew = (from->many && !to->many) || (from->given && !to->given && from->n);
	to->many |= from->many;
	to->given |= from->given && from->n;
	for (unsigned i = 0; i < from->n; i++)
		grew |= set_add(to, from->v[i]);
	return grew;
}

/* ---- cells ---- */

/* Half of the hash, which stands in the index above the number of the cell + 1 and says where: hardly a cell is looked at that is another one. */
static uint64_t
cell_hash(enum cell_kind kind, uint32_t scope, uint32_t name)
{
	uint64_t h = ((uint64_t)scope << 32 | name) ^ ((uint64_t)kind << 56);
	h *= 0x9e3779b97f4a7c15u;
	h ^= h >> 29;
	return (h * 0xff51afd7ed558ccdu) & ~(uint64_t)UINT32_MAX;
}

static size_t
free_place(const struct values *v, uint64_t hash)
{
	size_t i = hash >> 32 & (v->nindex - 1);
	while (v->index[i])
		i = (i + 1) & (v->nindex - 1);
	return i;
}

void
cells_grow_index(struct values *v)
{
	uint64_t *old = v->index;
	size_t n = v->nindex;
	v->nindex = n ? n * 2 : 4096;
	v->index = mem_zalloc(v->nindex, sizeof(*v->index));
	for (size_t i = 0; i < n; i++)
		if (old[i])
			v->index[free_place(v, old[i])] = old[i];
	free(old);
}

static uint32_t
new_cell(struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name)
{
	v->cells = mem_grow(v->cells, v->ncells, &v->cap_cells, sizeof(*v->cells));
	v->cells[v->ncells] = (struct cell){.scope = scope, .name = name, .kind = (uint8_t)kind};
	return (uint32_t)++v->ncells;
}

static struct cell *
cell_of_bind(struct values *v, uint32_t node, bool make)
{
	uint32_t *at = &v->bind_of[node];
	if (!*at && make)
		*at = new_cell(v, CELL_BIND, node, 0);
	return *at ? &v->cells[*at - 1] : NULL;
}

struct cell *
cell_find(struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name, bool make)
{
	if (kind == CELL_BIND)
		return cell_of_bind(v, scope, make);
	const uint64_t hash = cell_hash(kind, scope, name);
	size_t at = hash >> 32 & (v->nindex - 1);
	for (; v->index[at]; at = (at + 1) & (v->nindex - 1)) {
		if ((v->index[at] ^ hash) >> 32)
			continue;
		struct cell *c = &v->cells[(uint32_t)v->index[at] - 1];
		if (c->scope == scope && c->name == name && c->kind == kind)
			return c;
	}
	if (!make)
		return NULL;
	v->index[at] = hash | new_cell(v, kind, scope, name);
	if (++v->nindexed * 2 > v->nindex)
		cells_grow_index(v);
	return &v->cells[v->ncells - 1];
}

void
values_enqueue(struct values *v, uint32_t root)
{
	if (v->queued[root])
		return;
	v->queued[root] = 1;
	v->queue = mem_grow(v->queue, v->nqueue, &v->cap_queue, sizeof(*v->queue));
	v->queue[v->nqueue++] = root;
}

static size_t
read_place(const struct values *v, uint64_t key)
{
	uint64_t h = key * 0x9e3779b97f4a7c15u;
	size_t i = (h ^ (h >> 29)) & (v->reads_size - 1);
	while (v->reads[i] && v->reads[i] != key)
		i = (i + 1) & (v->reads_size - 1);
	return i;
}

/* True: the root has not read that cell before.  Most are read by few. */
static bool
first_read(struct values *v, struct cell *c, uint32_t root)
{
	const uint32_t *readers = cell_readers(c);
	for (size_t i = c->nreaders < FEW ? c->nreaders : FEW; i-- > 0;)
		if (readers[i] == root)
			return false;
	if (c->nreaders < FEW)
		return true;
	uint64_t key = ((uint64_t)(c - v->cells) + 1) << 32 | root;
	if (v->nreads * 2 >= v->reads_size) {
		uint64_t *old = v->reads;
		size_t n = v->reads_size;
		v->reads_size = n ? n * 2 : 4096;
		v->reads = mem_zalloc(v->reads_size, sizeof(*v->reads));
		for (size_t i = 0; i < n; i++)
			if (old[i])
				v->reads[read_place(v, old[i])] = old[i];
		free(old);
	}
	size_t at = read_place(v, key);
	bool first = !v->reads[at];
	v->reads[at] = key;
	v->nreads += first;
	return first;
}

/* Their table grows to the next power of two. */
static void
add_reader(struct cell *c, uint32_t root)
{
	const uint32_t n = c->nreaders;
	uint32_t *many = n > CELL_FEW ? c->readers.many : NULL;
	if (n == CELL_FEW || (n > CELL_FEW && !(n & (n - 1))))
		many = mem_realloc(many, n * 2ul, sizeof(*many));
	if (n == CELL_FEW)
		memcpy(many, c->readers.few, sizeof(c->readers.few));
	if (many)
		c->readers.many = many;
	c->nreaders++;
	cell_readers(c)[n] = root;
}

void
cell_cleanup(struct cell *c)
{
	free(c->set);
	if (c->nreaders > CELL_FEW)
		free(c->readers.many);
}

void
cell_read(struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name, struct set *out)
{
	struct cell *c = cell_find(v, kind, scope, name, v->unit != NOBODY);
	if (!c)
		return;
	if (c->set)
		(void)set_add_all(out, c->set);
	if (v->unit == NOBODY)
		return;
	if (!first_read(v, c, v->unit))
		return;
	add_reader(c, v->unit);
}

void
cell_add(struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name, const struct set *in)
{
	if (v->unit == NOBODY || (!in->n && !in->many))
		return;
	struct cell *c = cell_find(v, kind, scope, name, true);
	if (!c->set)
		c->set = mem_new(struct set);
	if (!set_add_all(c->set, in))
		return;
	const uint32_t *readers = cell_readers(c);
	for (size_t i = 0; i < c->nreaders; i++)
		values_enqueue(v, readers[i]);
	values_spend(v, c->nreaders / 8);
}

void
cell_add_item(struct values *v, uint32_t object, uint32_t key, const struct set *in)
{
	cell_add(v, CELL_ITEM, object, key, in);
	cell_add(v, CELL_ITEM, object, EVERY_ITEM, in);
}

/* ---- pairs ---- */

uint32_t
value_pair(struct values *v, enum tag t, uint32_t a, uint32_t b)
{
	if (v->npairs * 2 >= v->npair_index) {
		free(v->pair_index);
		v->npair_index = v->npair_index ? v->npair_index * 2 : 1024;
		v->pair_index = mem_zalloc(v->npair_index, sizeof(*v->pair_index));
		for (uint32_t i = 0; i < v->npairs; i++) {
			size_t k = (v->pairs[i].a * 31u + v->pairs[i].b) * 0x9e3779b9u &
				   (v->npair_index - 1);
			while (v->pair_index[k])
				k = (k + 1) & (v->npair_index - 1);
			v->pair_index[k] = i + 1;
		}
	}
	size_t k = (a * 31u + b) * 0x9e3779b9u & (v->npair_index - 1);
	for (; v->pair_index[k]; k = (k + 1) & (v->npair_index - 1)) {
		const struct pair *p = &v->pairs[v->pair_index[k] - 1];
		if (p->a == a && p->b == b)
			return value_make(t, v->pair_index[k] - 1);
	}
	v->pairs = mem_grow(v->pairs, v->npairs, &v->cap_pairs, sizeof(*v->pairs));
	v->pairs[v->npairs] = (struct pair){a, b};
	v->pair_index[k] = (uint32_t)++v->npairs;
	return value_make(t, (uint32_t)v->npairs - 1);
}
