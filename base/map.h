/*
 * A hash table from byte strings to pointers (uthash behind one wrapper).  Keys are copied; values
 * are borrowed unless the map was made with a destructor.  Iteration is in insertion order, so
 * that output is deterministic.  The hash function is keyed: hostile keys cannot be made to
 * collide. A zeroed struct map is empty; not shared between threads.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/str.h"

struct map {
	struct map_entry *head;
	void (*destroy)(void *value); /* may be NULL */
};

void map_cleanup(struct map *m);
void *map_get(const struct map *m, const char *key); /* NULL if absent */
void *map_get_str(const struct map *m, struct str key);
/* Insert or replace; a replaced value is destroyed, its key keeps its place in the order. */
void map_put(struct map *m, const char *key, void *value);
void map_put_str(struct map *m, struct str key, void *value);
/* Destroys the value; false if the key was not there. */
bool map_remove(struct map *m, const char *key);
size_t map_count(const struct map *m);

/* for (it = map_first(m); it; it = map_next(it)): insertion order; do not remove meanwhile. */
struct map_entry *map_first(const struct map *m);
struct map_entry *map_next(const struct map_entry *e);
const char *map_key(const struct map_entry *e);
void *map_value(const struct map_entry *e);

#endif
