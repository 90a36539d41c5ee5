#include "parity/memory.h"

#include "base/log.h"
#include "base/map.h"

#include <string.h>

struct memory_state {
	struct hash_hex key;
	struct buf archive;
};

struct memory {
	struct map begins; /* by what a case begins with, to a state, borrowed */
	struct map states; /* by the archive's digest */
	struct map calls;  /* by state, arguments and input */
	struct map
		looks; /* by how a call ended, and its first word: how often it was looked at, of those that opened nothing; LOUD */
	size_t looks_of_all;
	bool written; /* one opened something so that it could come to be */
	size_t bytes;
	const char *closed; /* why; NULL: it is open */
};

static void
free_state(void *p)
{
	struct memory_state *s = p;
	buf_cleanup(&s->archive);
	free(s);
}

static void
free_call(void *p)
{
	struct memory_call *c = p;
	for (size_t i = 0; i < 2; i++) {
		buf_cleanup(&c->sides[i].out);
		buf_cleanup(&c->sides[i].err);
	}
	free(c);
}

struct memory *
memory_create(void)
{
	struct memory *m = mem_new(struct memory);
	m->states.destroy = free_state;
	m->calls.destroy = free_call;
	return m;
}

void
memory_destroy(struct memory *m)
{
	if (!m)
		return;
	map_cleanup(&m->begins);
	map_cleanup(&m->looks);
	map_cleanup(&m->calls);
	map_cleanup(&m->states);
	free(m);
}

void
memory_close(struct memory *m, const char *why)
{
	if (!m->closed)
		log_info("parity: every call is played from here on: %s", why);
	m->closed = m->closed ? m->closed : why;
}

const char *
memory_why_closed(const struct memory *m)
{
	return m ? m->closed : NULL;
}

bool
memory_is_open(const struct memory *m)
{
	return m && !m->closed;
}

struct str
memory_archive(const struct memory_state *s)
{
	return buf_str(&s->archive);
}

/* ---- keys ---- */

static struct hash_hex
key_of_files(const struct parity_case *c)
{
	struct str fields[2 * CASE_FILES_MAX];
	for (size_t i = 0; i < c->nfiles; i++) {
		fields[2 * i] = str_of(c->files[i].name);
		fields[2 * i + 1] = str_of(c->files[i].text);
	}
	return hash_fields(fields, 2 * c->nfiles);
}

static struct hash_hex
key_of_call(const struct memory_state *in, const struct case_step *s)
{
	struct str fields[CASE_ARGS_MAX + 3];
	size_t n = 0;
	fields[n++] = str_of(in->key.s);
	fields[n++] = s->input ? STR("input") : STR("");
	fields[n++] = str_of(s->input ? s->input : "");
	for (size_t i = 0; i < s->args.n && i < CASE_ARGS_MAX; i++)
		fields[n++] = str_of(s->args.v[i]);
	return hash_fields(fields, n);
}

/* ---- states ---- */

static const struct memory_state *
keep_state(struct memory *m, struct str archive)
{
	struct hash_hex key = hash_bytes(archive);
	struct memory_state *s = map_get(&m->states, key.s);
	if (s || archive.n > MEMORY_TEXT_MAX || archive.n > MEMORY_MAX - m->bytes)
		return s;
	s = mem_new(struct memory_state);
	s->key = key;
	buf_add_str(&s->archive, archive);
	m->bytes += archive.n;
	map_put(&m->states, key.s, s);
	return s;
}

const struct memory_state *
memory_begin(const struct memory *m, const struct parity_case *c)
{
	struct hash_hex key = key_of_files(c);
	return memory_is_open(m) ? map_get(&m->begins, key.s) : NULL;
}

const struct memory_state *
memory_note_begin(struct memory *m, const struct parity_case *c, struct str archive)
{
	struct hash_hex key = key_of_files(c);
	const struct memory_state *s = memory_is_open(m) ? keep_state(m, archive) : NULL;
	if (s)
		map_put(&m->begins, key.s, (void *)s);
	return s;
}

/* ---- calls ---- */

const struct memory_call *
memory_find(const struct memory *m, const struct memory_state *in, const struct case_step *s)
{
	struct hash_hex key = key_of_call(in, s);
	return memory_is_open(m) ? map_get(&m->calls, key.s) : NULL;
}

/* It ended by itself, and said no more than is kept. */
static bool
is_whole(const struct seen_step *s)
{
	return (s->cause == CAUSE_NONE || s->cause == CAUSE_SIGNAL) && !*s->out_rest.s &&
	       !*s->err_rest.s;
}

static bool
did_the_same(const struct memory_call *c, const struct seen_step *const sides[2])
{
	return !seen_compare_step(&c->sides[0], sides[0], false) &&
	       !seen_compare_step(&c->sides[1], sides[1], false);
}

const struct memory_state *
memory_note(struct memory *m, const struct memory_state *in, const struct case_step *s,
	const struct seen_step *const sides[2], struct str archive)
{
	size_t n = sides[0]->out.n + sides[0]->err.n + sides[1]->out.n + sides[1]->err.n;
	if (!memory_is_open(m) || !is_whole(sides[0]) || !is_whole(sides[1]) ||
		n > MEMORY_TEXT_MAX || n > MEMORY_MAX - m->bytes)
		return NULL;
	const struct memory_state *after = keep_state(m, archive);
	if (!after)
		return NULL;
	struct hash_hex key = key_of_call(in, s);
	struct memory_call *c = map_get(&m->calls, key.s);
	if (c && (c->after != after || !did_the_same(c, sides))) {
		memory_close(m, "a call did not do again what it did");
		return NULL;
	}
	if (c) /* played on two lanes at once */
		return after;
	c = mem_new(struct memory_call);
	for (size_t i = 0; i < 2; i++)
		seen_step_copy(&c->sides[i], sides[i]);
	c->after = after;
	m->bytes += n;
	map_put(&m->calls, key.s, c);
	return after;
}

/* ---- calls that leave files as they were ---- */

#define LOOKS 4 /* until calls that begin and end so are believed to change nothing */
#define LOOKS_OF_ALL 16
#define LOOKS_MAX 5000	    /* first words, with how it ended */
#define LOUD (SIZE_MAX / 2) /* they do */

/* What is refused changes nothing, and says nothing of what is not; heap. */
static char *
key_of_looks(const struct case_step *s, bool succeeded)
{
	return mem_printf("%d %s", succeeded, s->args.n ? s->args.v[0] : "");
}

bool
memory_is_quiet(const struct memory *m, const struct case_step *s, struct memory_did did)
{
	OWN_FREE char *key = key_of_looks(s, did.succeeded);
	size_t of_word = (size_t)(uintptr_t)map_get(&m->looks, key);
	if (did.writes || of_word >= LOUD)
		return false;
	bool of_all = !m->written && m->looks_of_all >= LOOKS_OF_ALL && m->looks_of_all < LOUD;
	return of_word >= LOOKS || of_all;
}

void
memory_note_look(struct memory *m, const struct case_step *s, struct memory_did did, bool changed)
{
	OWN_FREE char *key = key_of_looks(s, did.succeeded);
	size_t of_word = (size_t)(uintptr_t)map_get(&m->looks, key);
	m->written = m->written || did.writes;
	if (did.writes)
		return;
	of_word = changed || of_word >= LOUD ? LOUD : of_word + 1;
	m->looks_of_all = changed || m->looks_of_all >= LOUD ? LOUD : m->looks_of_all + 1;
	if (of_word >= LOUD || map_count(&m->looks) < LOOKS_MAX)
		map_put(&m->looks, key, (void *)(uintptr_t)of_word);
}

/* ---- is it so? ---- */

void
memory_check(struct memory *m, const struct parity_case *c, const struct parity_seen seen[2])
{
	const struct memory_state *s = memory_begin(m, c);
	size_t i = 0;
	for (; s && i < c->n; i++) {
		const struct memory_call *known = memory_find(m, s, &c->steps[i]);
		for (size_t k = 0; known && k < 2; k++)
			if (seen_compare_step(&known->sides[k], &seen[k].steps[i], false)) {
				memory_close(m, "a call did not do again what it did");
				return;
			}
		s = known ? known->after : NULL;
	}
	for (size_t k = 0; s && k < 2; k++)
		if (!str_same(memory_archive(s), buf_str(&seen[k].files)))
			memory_close(m, "calls did not leave again what they left");
}
