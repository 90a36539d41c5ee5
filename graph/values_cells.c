/* The store: sets of values, the cells that hold them, who is to look again when one grows, and pairs. */
#include "graph/values_inner.h"

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

/* A place has half of the hash above the number of the cell + 1, so that hardly a cell is looked at that is another one. */
static size_t
cell_place(const struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name,
	uint64_t *ret_hash)
{
	uint64_t h = ((uint64_t)scope << 32 | name) ^ ((uint64_t)kind << 56);
	h *= 0x9e3779b97f4a7c15u;
	h ^= h >> 29;
	*ret_hash = h & ~(uint64_t)UINT32_MAX;
	size_t i = h & (v->nindex - 1);
	for (; v->index[i]; i = (i + 1) & (v->nindex - 1)) {
		if ((v->index[i] ^ h) >> 32)
			continue;
		const struct cell *c = &v->cells[(uint32_t)v->index[i] - 1];
		if (c->scope == scope && c->name == name && c->kind == kind)
			break;
	}
	return i;
}

void
cells_grow_index(struct values *v)
{
	uint64_t hash;
	free(v->index);
	v->nindex = v->nindex ? v->nindex * 2 : 4096;
	v->index = mem_zalloc(v->nindex, sizeof(*v->index));
	for (size_t i = 0; i < v->ncells; i++) {
		const struct cell *c = &v->cells[i];
		size_t at = cell_place(v, c->kind, c->scope, c->name, &hash);
		v->index[at] = hash | (i + 1);
	}
}

struct cell *
cell_find(struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name, bool make)
{
	uint64_t hash;
	size_t at = cell_place(v, kind, scope, name, &hash);
	if (v->index[at])
		return &v->cells[(uint32_t)v->index[at] - 1];
	if (!make)
		return NULL;
	v->cells = mem_grow(v->cells, v->ncells, &v->cap_cells, sizeof(*v->cells));
	v->cells[v->ncells] = (struct cell){.scope = scope, .name = name, .kind = (uint8_t)kind};
	v->index[at] = hash | ++v->ncells;
	if (v->ncells * 2 > v->nindex)
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

/* True: the root has not read that cell before. */
static bool
first_read(struct values *v, size_t cell, uint32_t root)
{
	uint64_t key = ((uint64_t)cell + 1) << 32 | root;
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

void
cell_read(struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name, struct set *out)
{
	struct cell *c = cell_find(v, kind, scope, name, v->unit != NOBODY);
	if (!c)
		return;
	(void)set_add_all(out, &c->set);
	if (v->unit == NOBODY)
		return;
	if (!first_read(v, (size_t)(c - v->cells), v->unit))
		return;
	c->readers = mem_grow(c->readers, c->nreaders, &c->cap_readers, sizeof(*c->readers));
	c->readers[c->nreaders++] = v->unit;
}

void
cell_add(struct values *v, enum cell_kind kind, uint32_t scope, uint32_t name, const struct set *in)
{
	if (v->unit == NOBODY || (!in->n && !in->many))
		return;
	struct cell *c = cell_find(v, kind, scope, name, true);
	if (!set_add_all(&c->set, in))
		return;
	for (size_t i = 0; i < c->nreaders; i++)
		values_enqueue(v, c->readers[i]);
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
