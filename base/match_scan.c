#include "base/match_set.h"

#include <string.h>

struct match_scan {
	struct match_set *set;
	match_fn fn;
	void *ctx;
	struct block *block;
	hs_scratch_t *scratch;
	pcre2_match_data *groups;
	struct str *captures; /* room for the largest rule */
	uint64_t *reported;   /* per rule: serial of the segment it was last reported for */
	uint32_t *pending;    /* per rule: index + 1 of the segment it was last a candidate for */
	uint64_t *candidates; /* segment << 32 | rule */
	size_t ncandidates, candidates_cap;
	size_t hint; /* segment of the last candidate: they come nearly in order */
	bool stopped;
	struct match_stats stats;
};

void
match_scan_destroy(struct match_scan *s)
{
	if (!s)
		return;
	(void)hs_free_scratch(s->scratch);
	pcre2_match_data_free(s->groups);
	free(s->block);
	free(s->captures);
	free(s->reported);
	free(s->pending);
	free(s->candidates);
	free(s);
}

int
match_scan_create(
	struct match_set *set, match_fn fn, void *ctx, struct match_scan **ret, struct dd_err *err)
{
	struct match_scan *s = mem_new(struct match_scan);
	s->set = set;
	s->fn = fn;
	s->ctx = ctx;
	s->groups = pcre2_match_data_create(set->max_groups, NULL);
	if (!s->groups || (set->db && hs_alloc_scratch(set->db, &s->scratch) != HS_SUCCESS)) {
		match_scan_destroy(s);
		return err_set(err, DD_EIO, "no memory for matching");
	}
	s->block = block_create();
	s->captures = mem_zalloc(set->max_groups, sizeof(*s->captures));
	s->reported = mem_zalloc(set->n, sizeof(*s->reported));
	s->pending = mem_zalloc(set->n, sizeof(*s->pending));
	*ret = s;
	return 0;
}

static void
add_candidate(struct match_scan *s, size_t segment, size_t rule)
{
	if (s->pending[rule] == segment + 1)
		return;
	s->pending[rule] = (uint32_t)segment + 1;
	s->candidates =
		mem_grow(s->candidates, s->ncandidates, &s->candidates_cap, sizeof(*s->candidates));
	s->candidates[s->ncandidates++] = (uint64_t)segment << 32 | rule;
}

/* The segment that holds byte `at` of the block; nsegs if it is a newline between them. */
static size_t
segment_at(struct match_scan *s, size_t at)
{
	const struct segment *v = s->block->segs;
	size_t low = 0, high = s->block->nsegs;
	if (s->hint < high && v[s->hint].start <= at)
		low = s->hint;
	if (low + 1 < high && at < v[low + 1].start)
		high = low + 1;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;
		if (v[mid].start <= at)
			low = mid;
		else
			high = mid;
	}
	s->hint = low;
	return at - v[low].start < v[low].len ? low : s->block->nsegs;
}

static int
on_candidate(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	(void)from;
	(void)flags;
	struct match_scan *s = ctx;
	size_t segment = to ? segment_at(s, (size_t)to - 1) : s->block->nsegs;
	/* Ending in a newline, it is a match across lines, which is none. */
	if (segment < s->block->nsegs)
		add_candidate(s, segment, id);
	return 0;
}

static int
by_number(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;
	return (*a > *b) - (*a < *b);
}

static int
find_candidates(struct match_scan *s, struct dd_err *err)
{
	const struct match_set *set = s->set;
	const struct block *b = s->block;
	s->ncandidates = 0;
	s->hint = 0;
	memset(s->pending, 0, set->n * sizeof(*s->pending));
	if (set->db) {
		hs_error_t rc = hs_scan(
			set->db, b->bytes, (unsigned)b->growing, 0, s->scratch, on_candidate, s);
		if (rc != HS_SUCCESS)
			return err_set(err, DD_EIO, "Hyperscan failed with code %d", rc);
	}
	for (size_t r = 0; r < set->n; r++)
		for (size_t i = 0; set->rules[r].plan == PLAN_SLOW && i < b->nsegs; i++)
			add_candidate(s, i, r);
	if (s->ncandidates)
		qsort(s->candidates, s->ncandidates, sizeof(*s->candidates), by_number);
	return 0;
}

static void
report(struct match_scan *s, size_t rule, const struct segment *seg)
{
	const char *p = s->block->bytes + seg->start;
	const PCRE2_SIZE *ov = pcre2_get_ovector_pointer(s->groups);
	size_t groups = s->set->rules[rule].groups, matched = pcre2_get_ovector_count(s->groups);
	for (size_t i = 0; i < groups; i++) {
		bool part = i < matched && ov[2 * i] != PCRE2_UNSET && ov[2 * i] <= ov[2 * i + 1];
		s->captures[i] = part ? (struct str){p + ov[2 * i], ov[2 * i + 1] - ov[2 * i]}
				      : (struct str){0};
	}
	struct match_hit hit = {.rule = rule,
		.id = s->set->rules[rule].id,
		.line = seg->line,
		.text = {p, seg->len},
		.captures = s->captures,
		.ncaptures = groups,
		.set = s->set};
	s->reported[rule] = seg->serial;
	s->stats.hits++;
	s->stopped = !s->fn(s->ctx, &hit);
}

/* Look at the finished segments of the block and forget them. */
static int
scan_block(struct match_scan *s, struct dd_err *err)
{
	if (s->block->nsegs) {
		int rc = find_candidates(s, err);
		if (rc)
			return rc;
	} else {
		s->ncandidates = 0;
	}
	for (size_t i = 0; i < s->ncandidates && !s->stopped; i++) {
		const struct segment *seg = &s->block->segs[s->candidates[i] >> 32];
		size_t rule = (uint32_t)s->candidates[i];
		/* Twice a candidate, out of order, or matched in an earlier window. */
		if ((i && s->candidates[i] == s->candidates[i - 1]) ||
			s->reported[rule] == seg->serial)
			continue;
		s->stats.candidates++;
		int rc = match_set_decide(
			s->set, rule, s->block->bytes + seg->start, seg, s->groups);
		if (rc > 0)
			report(s, rule, seg);
		else if (rc < 0)
			s->stats.limited++;
	}
	block_next(s->block);
	return 0;
}

int
match_scan_feed(struct match_scan *s, struct str chunk, struct dd_err *err)
{
	size_t at = 0;
	int rc = 0;
	s->stats.bytes += chunk.n;
	while (!rc && !s->stopped && at < chunk.n) {
		at += block_put(s->block, chunk.p + at, chunk.n - at);
		if (block_is_full(s->block) || at == chunk.n)
			rc = scan_block(s, err);
	}
	return rc;
}

int
match_scan_finish(struct match_scan *s, struct match_stats *ret, struct dd_err *err)
{
	int rc = 0;
	if (!s->stopped) {
		block_end(s->block);
		rc = scan_block(s, err);
	}
	s->stats.lines = s->block->line - 1 + s->block->line_open;
	if (!rc && ret)
		*ret = s->stats;
	return rc;
}

int
match_text(struct match_set *set, struct str text, match_fn fn, void *ctx, struct dd_err *err)
{
	struct match_scan *s;
	int rc = match_scan_create(set, fn, ctx, &s, err);
	if (rc)
		return rc;
	rc = match_scan_feed(s, text, err);
	rc = rc ? rc : match_scan_finish(s, NULL, err);
	match_scan_destroy(s);
	return rc;
}
