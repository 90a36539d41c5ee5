#include "base/map.h"

#include <endian.h>
#include <string.h>
#include <sys/random.h>

/* Out of memory aborts in own.c; uthash would end the process silently. */
#define uthash_malloc(size) mem_alloc(size)
#define uthash_fatal(msg) abort()
#define HASH_FUNCTION(key, n, ret) ((ret) = (unsigned)hash_key((key), (n)))
static uint64_t hash_key(const void *key, size_t n);
#include <uthash.h>

struct map_entry {
	void *value;
	UT_hash_handle hh;
	char key[];
};

/* ---- the hash function ---- */

/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012) under a key of this process.  Keys come from hostile
 * trees: with uthash's own functions a target can compute names that all fall into one bucket.
 */
struct sip {
	uint64_t a, b, c, d;
};

static uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void
sip_round(struct sip *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = rotate(s->b, 13) ^ s->a;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a = rotate(s->a, 32);
	s->c += s->b;
	s->a += s->d;
	s->b = rotate(s->b, 17) ^ s->c;
	s->d = rotate(s->d, 21) ^ s->a;
	s->c = rotate(s->c, 32);
}

static const uint64_t *
process_key(void)
{
	static uint64_t key[2];
	static bool made;
	/* Where the kernel has no randomness yet, the address space's has to do. */
	if (!made && getrandom(key, sizeof(key), GRND_NONBLOCK) != (ssize_t)sizeof(key)) {
		key[0] = (uint64_t)(uintptr_t)&made;
		key[1] = (uint64_t)(uintptr_t)__builtin_frame_address(0);
	}
	made = true;
	return key;
}

static uint64_t
hash_key(const void *key, size_t n)
{
	const uint64_t *k = process_key();
	const unsigned char *p = key;
	struct sip s = {k[0] ^ 0x736f6d6570736575, k[1] ^ 0x646f72616e646f6d,
		k[0] ^ 0x6c7967656e657261, k[1] ^ 0x7465646279746573};
	uint64_t word, last = (uint64_t)n << 56;
	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		word = le64toh(word);
		s.d ^= word;
		sip_round(&s);
		s.a ^= word;
	}
	for (size_t i = 0; i < n; i++)
		last |= (uint64_t)p[i] << (8 * i);
	s.d ^= last;
	sip_round(&s);
	s.a ^= last;
	s.c ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}

/* ---- the table ---- */

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
