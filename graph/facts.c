#include "graph/facts.h"

#include "graph/pack.h"
#include "graph/text_hash.h"

#include <libdeflate.h>
#include <string.h>

#define LEVEL 1
#define MAX_STEPS 256
#define MAX_SEEDS 64
#define SMALL 100      /* bytes that are not worth it */
#define MIN_REF 5      /* bytes of a reference */
#define MAX_RATIO 1100 /* of deflate: 258 bytes for two bits, and a bit of rest */

static const char *const state_names[FILE_STATES] = {"parsed", "partial", "lexical", "unread"};

const char *
file_state_name(enum file_state s)
{
	return (unsigned)s < FILE_STATES ? state_names[s] : "";
}

static void
add_empty_string(struct facts *f)
{
	f->strings = mem_grow(f->strings, 0, &f->cap_strings, sizeof(*f->strings));
	f->strings[0] = (struct str){"", 0};
	f->nstrings = 1;
}

void
facts_reset(struct facts *f)
{
	f->state = FILE_PARSED;
	f->lang = 0;
	f->reason = (struct str){"", 0};
	f->lines = f->bad_bytes = 0;
	f->nentities = f->nrefs = f->nbinds = f->nvalues = 0;
	f->seed = f->nseeds = 0;
	if (f->index)
		memset(f->index, 0, f->index_size * sizeof(*f->index));
	add_empty_string(f);
}

void
facts_cleanup(struct facts *f)
{
	free(f->strings);
	free(f->entities);
	free(f->refs);
	free(f->binds);
	free(f->values);
	free(f->index);
	buf_cleanup(&f->raw);
	free(f->inflated);
	libdeflate_free_compressor(f->compressor);
	libdeflate_free_decompressor(f->decompressor);
	*f = (struct facts){0};
}

static void
fill_index(struct facts *f, size_t size)
{
	free(f->index);
	f->index_size = size;
	f->index = mem_zalloc(size, sizeof(*f->index));
	for (uint32_t i = 1; i < f->nstrings; i++) {
		size_t at = text_hash(f->seed, f->strings[i]) & (size - 1);
		while (f->index[at])
			at = (at + 1) & (size - 1);
		f->index[at] = i;
	}
}

/*
 * A table that is half full has no such row of neighbours by chance: the file was written so that its names meet.  Under
 * another seed they do not, and no names meet under many at once.  What is told does not depend on it: strings have
 * their numbers in the order in which they came.
 */
static void
part_strings(struct facts *f)
{
	f->seed = ++f->nseeds * 0x9e3779b97f4a7c15u;
	fill_index(f, f->index_size);
}

/* Where it is in the index, or would be. */
static size_t
string_place(const struct facts *f, struct str s, size_t *ret_steps)
{
	size_t at = text_hash(f->seed, s) & (f->index_size - 1), steps = 0;
	for (; f->index[at]; at = (at + 1) & (f->index_size - 1), steps++) {
		struct str t = f->strings[f->index[at]];
		if (t.n == s.n && memcmp(t.p, s.p, s.n) == 0)
			break;
	}
	*ret_steps = steps;
	return at;
}

uint32_t
facts_string_if_any(const struct facts *f, struct str s)
{
	size_t steps;
	return s.n && f->index_size ? f->index[string_place(f, s, &steps)] : 0;
}

uint32_t
facts_string(struct facts *f, struct str s)
{
	if (!s.n)
		return 0;
	if (f->nstrings * 2 >= f->index_size)
		fill_index(f, f->index_size ? f->index_size * 2 : 1024);
	size_t steps, at = string_place(f, s, &steps);
	if (f->index[at])
		return f->index[at];
	if (steps > MAX_STEPS && f->nseeds < MAX_SEEDS) {
		part_strings(f);
		return facts_string(f, s);
	}
	f->strings = mem_grow(f->strings, f->nstrings, &f->cap_strings, sizeof(*f->strings));
	f->index[at] = (uint32_t)f->nstrings;
	f->strings[f->nstrings] = s;
	return (uint32_t)f->nstrings++;
}

struct fact_entity *
facts_add_entity(struct facts *f)
{
	f->entities = mem_grow(f->entities, f->nentities, &f->cap_entities, sizeof(*f->entities));
	f->entities[f->nentities] = (struct fact_entity){0};
	return &f->entities[f->nentities++];
}

struct fact_ref *
facts_add_ref(struct facts *f)
{
	f->refs = mem_grow(f->refs, f->nrefs, &f->cap_refs, sizeof(*f->refs));
	f->refs[f->nrefs] = (struct fact_ref){0};
	return &f->refs[f->nrefs++];
}

struct fact_bind *
facts_add_bind(struct facts *f)
{
	f->binds = mem_grow(f->binds, f->nbinds, &f->cap_binds, sizeof(*f->binds));
	f->binds[f->nbinds] = (struct fact_bind){0};
	return &f->binds[f->nbinds++];
}

uint32_t
facts_add_value(struct facts *f, enum fact_value_op op, uint32_t name)
{
	f->values = mem_grow(f->values, f->nvalues, &f->cap_values, sizeof(*f->values));
	f->values[f->nvalues] = (struct fact_value){(uint8_t)op, name, 1};
	return (uint32_t)f->nvalues++;
}

/* ---- packed ---- */

static void
pack_entities(const struct facts *f, struct buf *out)
{
	uint32_t line = 0;
	pack_u64(out, f->nentities);
	for (size_t i = 0; i < f->nentities; i++) {
		const struct fact_entity *e = &f->entities[i];
		pack_u64(out, e->kind);
		pack_u64(out, e->flags | (e->cond ? 32u : 0) | (e->owner ? 64u : 0) |
				      (e->type ? 128u : 0));
		pack_u64(out, e->name);
		pack_u64(out, e->parent);
		pack_i64(out, (int64_t)e->line - line);
		pack_u64(out, e->end - e->line);
		if (e->cond)
			pack_u64(out, e->cond);
		if (e->owner)
			pack_u64(out, e->owner);
		if (e->type)
			pack_u64(out, e->type);
		line = e->line;
	}
}

static void
pack_refs(const struct facts *f, struct buf *out)
{
	uint32_t line = 0, from = 0;
	pack_u64(out, f->nrefs);
	for (size_t i = 0; i < f->nrefs; i++) {
		const struct fact_ref *r = &f->refs[i];
		pack_u64(out, r->relation);
		pack_u64(out, r->flags | (r->arg ? 32u : 0) | (r->receiver ? 64u : 0) |
				      (r->cond ? 128u : 0));
		pack_u64(out, r->name);
		pack_i64(out, (int64_t)r->from - from);
		pack_i64(out, (int64_t)r->line - line);
		if (r->flags & FACT_PARAM)
			pack_u64(out, r->param);
		if (r->arg) {
			pack_u64(out, r->arg);
			pack_u64(out, r->call);
		}
		if (r->receiver)
			pack_u64(out, r->receiver);
		if (r->cond)
			pack_u64(out, r->cond);
		line = r->line;
		from = r->from;
	}
}

static void
pack_raw(const struct facts *f, struct buf *out)
{
	pack_u64(out, f->state);
	pack_u64(out, f->lang);
	pack_str(out, f->reason);
	pack_u64(out, f->lines);
	pack_u64(out, f->bad_bytes);
	pack_u64(out, f->nstrings);
	for (size_t i = 1; i < f->nstrings; i++)
		pack_str(out, f->strings[i]);
	pack_entities(f, out);
	pack_refs(f, out);
	pack_u64(out, f->nbinds);
	for (size_t i = 0; i < f->nbinds; i++) {
		const struct fact_bind *b = &f->binds[i];
		pack_u64(out, b->kind);
		pack_u64(out, b->scope);
		pack_u64(out, b->name);
		pack_u64(out, b->value);
		pack_u64(out, b->member);
		pack_u64(out, b->end > b->line ? b->end - b->line : 0);
		pack_u64(out, b->line);
	}
	pack_u64(out, f->nvalues);
	for (size_t i = 0; i < f->nvalues; i++) {
		const struct fact_value *v = &f->values[i];
		pack_u64(out, v->op | (v->size > 1 ? 32u : 0) | (v->name ? 64u : 0));
		if (v->size > 1)
			pack_u64(out, v->size);
		if (v->name)
			pack_u64(out, v->name);
	}
}

void
facts_pack(struct facts *f, struct buf *out)
{
	buf_reset(&f->raw);
	pack_raw(f, &f->raw);
	out->truncated |= f->raw.truncated;
	pack_u64(out, f->raw.n);
	if (f->raw.n < SMALL || out->truncated) {
		buf_add_str(out, buf_str(&f->raw));
		return;
	}
	if (!f->compressor && !(f->compressor = libdeflate_alloc_compressor(LEVEL)))
		abort(); /* out of memory, as mem_alloc */
	size_t bound = libdeflate_deflate_compress_bound(f->compressor, f->raw.n);
	OWN_FREE void *small = mem_alloc(bound);
	size_t n = libdeflate_deflate_compress(f->compressor, f->raw.p, f->raw.n, small, bound);
	buf_add(out, small, n);
}

/* ---- unpacked ---- */

/* For n of them; what it held is gone. */
static void *
room(void *table, size_t n, size_t *cap, size_t size)
{
	if (n <= *cap)
		return table;
	free(table);
	*cap = n;
	return mem_alloc(n * size);
}

struct reader {
	struct unpacker u;
	struct facts *f;
};

/* A number below `end`; anything else makes the reader bad. */
static uint32_t
below(struct reader *r, size_t end)
{
	uint32_t v = unpack_u32(&r->u);
	if (v >= end)
		r->u.bad = true;
	return r->u.bad ? 0 : v;
}

static uint32_t
string_number(struct reader *r)
{
	return below(r, r->f->nstrings);
}

static uint32_t
moved(struct reader *r, uint32_t from)
{
	int64_t d = unpack_i64(&r->u);
	int64_t v = d < -(int64_t)UINT32_MAX || d > UINT32_MAX ? -1 : (int64_t)from + d;
	if (v < 0 || v > UINT32_MAX)
		r->u.bad = true;
	return r->u.bad ? 0 : (uint32_t)v;
}

static void
unpack_strings(struct reader *r)
{
	struct facts *f = r->f;
	uint32_t n = unpack_u32(&r->u);
	if (!n || n - 1 > (size_t)(r->u.end - r->u.p))
		r->u.bad = true;
	if (r->u.bad)
		return;
	f->strings = room(f->strings, n, &f->cap_strings, sizeof(*f->strings));
	f->strings[0] = (struct str){"", 0};
	for (uint32_t i = 1; i < n && !r->u.bad; i++)
		f->strings[f->nstrings++] = unpack_str(&r->u);
}

static void
unpack_entities(struct reader *r)
{
	uint32_t n = unpack_count(&r->u), line = 0;
	for (uint32_t i = 0; i < n && !r->u.bad; i++) {
		struct fact_entity *e = facts_add_entity(r->f);
		e->kind = (uint8_t)below(r, KIND_END);
		uint32_t flags = below(r, 256);
		e->flags = flags & 31;
		e->name = string_number(r);
		e->parent = below(r, i + 1);
		e->line = line = moved(r, line);
		uint32_t span = unpack_u32(&r->u);
		e->end = span > UINT32_MAX - line ? UINT32_MAX : line + span;
		e->cond = flags & 32 ? string_number(r) : 0;
		e->owner = flags & 64 ? string_number(r) : 0;
		e->type = flags & 128 ? string_number(r) : 0;
	}
}

static void
unpack_refs(struct reader *r)
{
	struct facts *f = r->f;
	uint32_t n = unpack_count(&r->u), line = 0, from = 0;
	if (n > (size_t)(r->u.end - r->u.p) / MIN_REF)
		r->u.bad = true;
	if (r->u.bad)
		return;
	f->refs = room(f->refs, n, &f->cap_refs, sizeof(*f->refs));
	for (uint32_t i = 0; i < n && !r->u.bad; i++) {
		struct fact_ref *ref = facts_add_ref(r->f);
		ref->relation = (uint8_t)below(r, REL_END);
		uint32_t flags = below(r, 256);
		ref->flags = flags & 31;
		ref->name = string_number(r);
		ref->from = from = moved(r, from);
		if (from > r->f->nentities)
			r->u.bad = true;
		ref->line = line = moved(r, line);
		ref->param = ref->flags & FACT_PARAM ? (uint8_t)below(r, 256) : 0;
		if (flags & 32) {
			ref->arg = (uint8_t)below(r, 256);
			bool types =
				ref->relation == REL_CALLS || ref->relation == REL_INSTANTIATES;
			ref->call = types ? string_number(r) : below(r, i + 1);
		}
		ref->receiver = flags & 64 ? string_number(r) : 0;
		ref->cond = flags & 128 ? string_number(r) : 0;
	}
}

static void
unpack_binds(struct reader *r)
{
	uint32_t n = unpack_count(&r->u);
	for (uint32_t i = 0; i < n && !r->u.bad; i++) {
		struct fact_bind *b = facts_add_bind(r->f);
		b->kind = (uint8_t)below(r, BIND_KINDS);
		b->scope = below(r, r->f->nentities + 1);
		b->name = string_number(r);
		b->value = string_number(r);
		b->member = string_number(r);
		uint32_t lines = unpack_u32(&r->u);
		b->line = unpack_u32(&r->u);
		b->end = lines && lines < UINT32_MAX - b->line ? b->line + lines : 0;
	}
}

/* How many things there are that the name of such a node may be. */
static size_t
value_names(const struct facts *f, enum fact_value_op op)
{
	switch (op) {
	case VALUE_FUNCTION:
	case VALUE_SCOPE:
		return f->nentities + 1;
	case VALUE_CALL:
	case VALUE_ITERATE:
	case VALUE_ENTER:
	case VALUE_RAISE:
		return f->nrefs + 1;
	default:
		return f->nstrings;
	}
}

/* A tree ends inside of the one that it is a part of. */
static void
unpack_values(struct reader *r)
{
	uint32_t n = unpack_count(&r->u), ends[VALUE_MAX_DEPTH + 4], depth = 0;
	for (uint32_t i = 0; i < n && !r->u.bad; i++) {
		uint32_t word = below(r, 128), size = word & 32 ? unpack_u32(&r->u) : 1;
		enum fact_value_op op = word & 31;
		uint32_t name = word & 64 ? below(r, value_names(r->f, op)) : 0;
		while (depth && ends[depth - 1] <= i)
			depth--;
		if (op >= VALUE_OPS || !size || size > n - i ||
			(depth && i + size > ends[depth - 1]) ||
			(size > 1 && depth == sizeof(ends) / sizeof(*ends))) {
			r->u.bad = true;
			return;
		}
		if (size > 1)
			ends[depth++] = i + size;
		uint32_t at = facts_add_value(r->f, op, name);
		r->f->values[at].size = size;
	}
}

/* The facts without compression: a view of f->inflated.  Packed numbers, and so all tables, are bounded by its size. */
static bool
raw_of(struct facts *f, struct str packed, struct str *ret)
{
	struct unpacker u = unpacker_of(packed);
	uint64_t n = unpack_u64(&u);
	size_t left = (size_t)(u.end - u.p);
	if (u.bad || !n || n > BUF_DEFAULT_MAX || n / MAX_RATIO > left || (n < SMALL && n != left))
		return false;
	if (!f->decompressor && !(f->decompressor = libdeflate_alloc_decompressor()))
		abort(); /* out of memory, as mem_alloc */
	f->inflated = room(f->inflated, n, &f->cap_inflated, 1);
	*ret = (struct str){f->inflated, n};
	if (n < SMALL) {
		memcpy(f->inflated, u.p, n);
		return true;
	}
	return libdeflate_deflate_decompress(f->decompressor, u.p, left, f->inflated, n, NULL) ==
	       LIBDEFLATE_SUCCESS;
}

struct facts *
facts_keep(struct facts *f, size_t *ret_bytes)
{
	struct facts *kept = mem_new(struct facts);
	*ret_bytes = sizeof(*kept) + f->cap_strings * sizeof(*f->strings) +
		     f->cap_refs * sizeof(*f->refs) + f->cap_inflated;
	kept->lang = f->lang;
	kept->nstrings = f->nstrings;
	kept->nrefs = f->nrefs;
	kept->strings = TAKE(f->strings);
	kept->refs = TAKE(f->refs);
	kept->inflated = TAKE(f->inflated);
	f->cap_strings = f->cap_refs = f->cap_inflated = 0;
	facts_reset(f);
	return kept;
}

int
facts_unpack(struct facts *f, struct str packed, struct dd_err *err)
{
	struct str raw;
	facts_reset(f);
	if (!raw_of(f, packed, &raw))
		return err_set(err, DD_ECORRUPT, "the facts of a file are not well formed");
	struct reader r = {unpacker_of(raw), f};
	f->state = (enum file_state)below(&r, FILE_STATES);
	f->lang = (uint8_t)below(&r, 256);
	f->reason = unpack_str(&r.u);
	f->lines = unpack_u32(&r.u);
	f->bad_bytes = unpack_u32(&r.u);
	unpack_strings(&r);
	unpack_entities(&r);
	unpack_refs(&r);
	unpack_binds(&r);
	unpack_values(&r);
	if (r.u.bad || r.u.p != r.u.end)
		return err_set(err, DD_ECORRUPT, "the facts of a file are not well formed");
	return 0;
}
