#include "graph/past.h"

#include "base/map.h"
#include "base/words.h"
#include "graph/history.h"
#include "graph/pack.h"

#include <math.h>

struct change {
	struct strlist words;
	uint32_t files[HISTORY_PATHS];
	size_t n;
};

struct past {
	struct change *v;
	size_t n, cap;
	struct map said; /* by how many of them a word is said */
};

static void
past_cleanup(struct past *p)
{
	for (size_t i = 0; i < p->n; i++)
		strlist_cleanup(&p->v[i].words);
	free(p->v);
	map_cleanup(&p->said);
}

static void
add_change(struct past *p, struct str subject, struct str packed)
{
	p->v = mem_grow(p->v, p->n, &p->cap, sizeof(*p->v));
	struct change *c = &p->v[p->n++];
	struct unpacker u = unpacker_of(packed);
	*c = (struct change){0};
	words_of(subject, &c->words);
	while (u.p < u.end && !u.bad && c->n < HISTORY_PATHS)
		c->files[c->n++] = unpack_u32(&u);
	for (size_t i = 0; i < c->words.n; i++) {
		uintptr_t n = (uintptr_t)map_get(&p->said, c->words.v[i]);
		map_put(&p->said, c->words.v[i], (void *)(n + 1));
	}
}

static int
load(struct past *p, struct db *db, struct dd_err *err)
{
	struct db_stmt *st;
	int rc = db_query(db, &st, err, "SELECT subject, files FROM past ORDER BY id", "");
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		rc = 0;
		add_change(p, db_text(st, 0), db_blob(st, 1));
	}
	return rc < 0 ? rc : 0;
}

/* What it says to find a word in a subject: the square of its inverse document frequency. */
static double
weight(const struct past *p, const char *word)
{
	double idf = log(((double)p->n + 1) / ((double)(uintptr_t)map_get(&p->said, word) + 0.5));
	return idf * idf;
}

static double
length(const struct past *p, const struct strlist *words)
{
	double sum = 0;
	for (size_t i = 0; i < words->n; i++)
		sum += weight(p, words->v[i]);
	return sqrt(sum);
}

/* asked_length: of the words that are asked for. */
static double
likeness(const struct past *p, const struct strlist *asked, double asked_length,
	const struct strlist *said)
{
	double common = 0;
	for (size_t i = 0; i < said->n; i++)
		if (strlist_has(asked, said->v[i]))
			common += weight(p, said->v[i]);
	return common > 0 ? common / (asked_length * length(p, said)) : 0;
}

int
past_alike(struct db *db, const char *text, void (*each)(void *ctx, uint32_t file, double share),
	void *ctx, struct dd_err *err)
{
	struct past p = {0};
	OWN(strlist) struct strlist asked = {0};
	double best = 0, asked_length;
	words_of(str_of(text), &asked);
	int rc = load(&p, db, err);
	OWN_FREE double *like = mem_zalloc(p.n + 1, sizeof(*like));
	asked_length = length(&p, &asked);
	for (size_t i = 0; i < p.n; i++) {
		const struct change *c = &p.v[i];
		like[i] = c->n ? likeness(&p, &asked, asked_length, &c->words) / sqrt((double)c->n)
			       : 0;
		best = like[i] > best ? like[i] : best;
	}
	for (size_t i = 0; rc == 0 && i < p.n; i++)
		for (size_t k = 0; like[i] > 0 && k < p.v[i].n; k++)
			each(ctx, p.v[i].files[k], like[i] / best);
	past_cleanup(&p);
	return rc;
}
