#include "base/map.h"

#include <string.h>
#include <uthash.h>

struct map_entry {
	void *value;
	UT_hash_handle hh;
	char key[];
};

static struct map_entry *
find(const struct map *m, struct str key)
{
	struct map_entry *e = NULL;
	HASH_FIND(hh, m->head, key.p, key.n, e);
	return e;
}

void *
map_get_str(const struct map *m, struct str key)
{
	struct map_entry *e = find(m, key);
	return e ? e->value : NULL;
}

void *
map_get(const struct map *m, const char *key)
{
	return map_get_str(m, str_of(key));
}

void
map_put_str(struct map *m, struct str key, void *value)
{
	struct map_entry *e = find(m, key);
	if (e) {
		if (m->destroy && e->value != value)
			m->destroy(e->value);
		e->value = value;
		return;
	}
	e = mem_zalloc(1, sizeof(*e) + key.n + 1);
	memcpy(e->key, key.p, key.n);
	e->value = value;
	HASH_ADD_KEYPTR(hh, m->head, e->key, key.n, e);
}

void
map_put(struct map *m, const char *key, void *value)
{
	map_put_str(m, str_of(key), value);
}

static void
drop(struct map *m, struct map_entry *e)
{
	HASH_DEL(m->head, e);
	if (m->destroy)
		m->destroy(e->value);
	free(e);
}

bool
map_remove(struct map *m, const char *key)
{
	struct map_entry *e = find(m, str_of(key));
	if (e)
		drop(m, e);
	return e != NULL;
}

size_t
map_count(const struct map *m)
{
	return HASH_COUNT(m->head);
}

void
map_cleanup(struct map *m)
{
	struct map_entry *e, *next;
	HASH_ITER (hh, m->head, e, next) {
		drop(m, e);
	}
	m->head = NULL;
}

struct map_entry *
map_first(const struct map *m)
{
	return m->head;
}

struct map_entry *
map_next(const struct map_entry *e)
{
	return e->hh.next;
}

const char *
map_key(const struct map_entry *e)
{
	return e->key;
}

void *
map_value(const struct map_entry *e)
{
	return e->value;
}
