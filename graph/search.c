#include "graph/search.h"

#include "base/fs.h"
#include "base/words.h"
#include "graph/extract.h"

#include <fcntl.h>
#include <string.h>

#define MAX_WORDS 24
#define MIN_WORD 2
#define SCAN_BYTES \
	((uint64_t)64 \
		<< 20) /* of a tree whose text is read as a whole; of a larger one, of its likely files */
#define ABOVE 8	       /* lines of comment before a definition that are its own */
#define MAX_SEEDS 8
#define FIRST 10  /* of each ranking are compared */
#define AGREE 0.2 /* less than this, and both look farther */
#define RANK_CONSTANT 60.0
#define OF_TESTS \
	0.6 /* what tests say of it is less than the thing itself, unless tests are asked for */

/* How much a word counts in each place, beside one in the text. */
enum { IN_NAME = 8, IN_PARAMETER = 2, IN_PATH = 2, IN_SUBJECT = 1 };

void
search_result_cleanup(struct search_result *r)
{
	free(r->v);
	strlist_cleanup(&r->words);
	*r = (struct search_result){0};
}

/* ---- words ---- */

struct words {
	char v[MAX_WORDS][WORDS_LENGTH + 1];
	size_t n;
	uint64_t first[4]; /* bits: bytes that a word begins with */
};

static void
add_word(struct words *w, const char *word, size_t n, struct strlist *ret)
{
	OWN_FREE char *whole = mem_strndup(word, n);
	if (n < MIN_WORD || words_is_common(whole) || w->n == MAX_WORDS)
		return;
	n = words_stem(word, n);
	OWN_FREE char *copy = mem_strndup(word, n);
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->v[i], copy) == 0)
			return;
	memcpy(w->v[w->n], copy, n + 1);
	unsigned char f = (unsigned char)copy[0];
	w->first[f / 64] |= (uint64_t)1 << f % 64;
	w->n++;
	strlist_add(ret, whole);
}

/* MAX_WORDS: it is none of them. */
static size_t
which_word(const struct words *w, const char *part, size_t n)
{
	unsigned char f = (unsigned char)part[0];
	if (!n || !(w->first[f / 64] >> f % 64 & 1))
		return MAX_WORDS;
	n = words_stem(part, n);
	for (size_t i = 0; i < w->n; i++)
		if (strncmp(w->v[i], part, n) == 0 && !w->v[i][n])
			return i;
	return MAX_WORDS;
}

/* Bits of the words that a text has. */
static uint32_t
words_in(const struct words *w, struct str text)
{
	char part[WORDS_LENGTH + 1];
	size_t n;
	uint32_t bits = 0;
	while (words_next(&text, part, &n)) {
		size_t i = which_word(w, part, n);
		bits |= i < MAX_WORDS ? 1u << i : 0;
	}
	return bits;
}

/* ---- what is looked at ---- */

struct doc {
	uint32_t id, name, file, line, end;
	uint8_t kind;
};

struct count {
	uint32_t doc; /* index */
	uint16_t n;
	uint8_t word;
};

struct file_of {
	uint32_t first, end; /* its docs */
	uint32_t words;	     /* of its path and of the commits that changed it */
	char *path;
	uint64_t size;
};

struct searching {
	struct graph *g;
	struct words words;
	uint32_t *name_words; /* by name */
	size_t nnames;
	struct doc *docs;
	size_t ndocs, docs_cap;
	struct file_of *files; /* by number */
	size_t nfiles;
	struct count *counts;
	size_t ncounts, counts_cap;
	double *score; /* by doc */
	uint32_t *bits;
	double weight[MAX_WORDS];
	struct dd_err *err;
};

static void
searching_cleanup(struct searching *s)
{
	for (size_t i = 0; i < s->nfiles; i++)
		free(s->files[i].path);
	free(s->files);
	free(s->name_words);
	free(s->docs);
	free(s->counts);
	free(s->score);
	free(s->bits);
}

static int
load_names(struct searching *s)
{
	struct db_stmt *st;
	uint32_t last = 0;
	int rc = answer_last_id(s->g, "SELECT max(id) FROM name", &last, s->err);
	s->nnames = (size_t)last + 1;
	s->name_words = mem_zalloc(s->nnames, sizeof(*s->name_words));
	if (rc == 0)
		rc = db_query(s->g->db, &st, s->err, "SELECT id, s FROM name", "");
	while (rc == 0 && (rc = db_step(st, s->err)) == 1) {
		rc = 0;
		uint32_t id = (uint32_t)db_int(st, 0);
		if (id < s->nnames)
			s->name_words[id] = words_in(&s->words, db_text(st, 1));
	}
	return rc < 0 ? rc : 0;
}

static int
load_files(struct searching *s)
{
	struct db_stmt *st;
	uint32_t last = 0;
	int rc = answer_last_id(s->g, "SELECT max(id) FROM file", &last, s->err);
	s->nfiles = (size_t)last + 1;
	s->files = mem_zalloc(s->nfiles, sizeof(*s->files));
	if (rc == 0)
		rc = db_query(s->g->db, &st, s->err,
			"SELECT f.id, f.path, f.size, h.subjects FROM file f LEFT JOIN history h ON h.file = f.id",
			"");
	while (rc == 0 && (rc = db_step(st, s->err)) == 1) {
		rc = 0;
		struct file_of *f =
			&s->files[(uint32_t)db_int(st, 0) < s->nfiles ? db_int(st, 0) : 0];
		free(f->path);
		f->path = str_dup(db_text(st, 1));
		f->size = (uint64_t)db_int(st, 2);
		f->words =
			words_in(&s->words, db_text(st, 1)) | words_in(&s->words, db_text(st, 3));
	}
	return rc < 0 ? rc : 0;
}

/* Is it one of the tests? */
static bool
is_test_path(const char *path)
{
	return strncmp(path, "test", 4) == 0 || strstr(path, "/test") || strstr(path, "_test.") ||
	       strstr(path, ".test.");
}

static void
count(struct searching *s, size_t doc, size_t word, unsigned n)
{
	s->counts = mem_grow(s->counts, s->ncounts, &s->counts_cap, sizeof(*s->counts));
	s->counts[s->ncounts++] =
		(struct count){(uint32_t)doc, (uint16_t)(n < 65535 ? n : 65535), (uint8_t)word};
}

static void
count_bits(struct searching *s, size_t doc, uint32_t bits, unsigned n)
{
	for (size_t i = 0; bits; i++, bits >>= 1)
		if (bits & 1)
			count(s, doc, i, n);
}

static bool
is_sought(unsigned kind)
{
	return kind != KIND_DIRECTORY && kind != KIND_FILE && kind != KIND_PARAMETER &&
	       kind != KIND_COLUMN;
}

/* Entities in the order of their numbers: those of a file are together, an enclosing one before what it holds. */
static int
load_docs(struct searching *s)
{
	struct db_stmt *st;
	int rc = db_query(s->g->db, &st, s->err,
		"SELECT id, kind, name, file, line, end, flags FROM entity WHERE file > 0 ORDER BY id",
		"");
	while (rc == 0 && (rc = db_step(st, s->err)) == 1) {
		rc = 0;
		struct doc d = {(uint32_t)db_int(st, 0), (uint32_t)db_int(st, 2),
			(uint32_t)db_int(st, 3), (uint32_t)db_int(st, 4), (uint32_t)db_int(st, 5),
			(uint8_t)db_int(st, 1)};
		if (d.file >= s->nfiles || d.name >= s->nnames)
			continue;
		if (d.kind == KIND_PARAMETER || d.kind == KIND_COLUMN) {
			if (s->ndocs)
				count_bits(s, s->ndocs - 1, s->name_words[d.name], IN_PARAMETER);
			continue;
		}
		if (!is_sought(d.kind))
			continue;
		struct file_of *f = &s->files[d.file];
		/* What is only mentioned comes behind all files. */
		bool shared = graph_kind_is_shared(d.kind) && f->end && f->end != s->ndocs;
		if (!f->end)
			f->first = (uint32_t)s->ndocs;
		if (!shared)
			f->end = (uint32_t)s->ndocs + 1;
		s->docs = mem_grow(s->docs, s->ndocs, &s->docs_cap, sizeof(*s->docs));
		s->docs[s->ndocs++] = d;
		/* A declaration is less than what it declares. */
		unsigned in_name = db_int(st, 6) & FACT_DECLARATION ? IN_NAME / 4 : IN_NAME;
		count_bits(s, s->ndocs - 1, s->name_words[d.name], in_name);
		count_bits(s, s->ndocs - 1, f->words, IN_PATH);
	}
	return rc < 0 ? rc : 0;
}

/* ---- the text ---- */

/* Which doc each line of a file belongs to, 0 for none, else its index + 1. */
static uint32_t *
lines_of_file(const struct searching *s, const struct file_of *f, uint32_t lines)
{
	uint32_t *of = mem_zalloc((size_t)lines + 2, sizeof(*of));
	for (uint32_t i = f->first; i < f->end; i++) {
		const struct doc *d = &s->docs[i];
		uint32_t around = d->line <= lines ? of[d->line] : 0;
		for (uint32_t l = d->line; l && l <= d->end && l <= lines; l++)
			of[l] = i + 1;
		for (uint32_t l = d->line, n = 0;
			l > 1 && n < ABOVE && l <= lines && of[l - 1] == around; l--, n++)
			of[l - 1] = i + 1;
	}
	return of;
}

static uint32_t
count_lines(struct str text)
{
	uint32_t n = 1;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

static void
scan_text(struct searching *s, const struct file_of *f, struct str text)
{
	uint32_t lines = count_lines(text), number = 1;
	OWN_FREE uint32_t *of = lines_of_file(s, f, lines);
	struct str line;
	char part[WORDS_LENGTH + 1];
	size_t n;
	for (; str_next_line(&text, &line); number++) {
		uint32_t doc = number <= lines ? of[number] : 0;
		while (doc && words_next(&line, part, &n)) {
			size_t word = which_word(&s->words, part, n);
			if (word < MAX_WORDS)
				count(s, doc - 1, word, 1);
		}
	}
}

static void
scan_files(struct searching *s)
{
	OWN_FD int root = open(s->g->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t all = 0, left = SCAN_BYTES;
	for (size_t i = 0; i < s->nfiles; i++)
		all += s->files[i].size;
	for (size_t i = 1; root >= 0 && i < s->nfiles; i++) {
		const struct file_of *f = &s->files[i];
		OWN(buf) struct buf text = {.max = EXTRACT_MAX_BYTES};
		OWN_FD int fd = -1;
		if (!f->end || !f->path || f->size > left || f->size > EXTRACT_MAX_BYTES ||
			(all > SCAN_BYTES && !f->words) ||
			fs_open_in_root(
				root, f->path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, &fd, NULL) < 0)
			continue;
		char chunk[65536];
		ssize_t n;
		while ((n = read(fd, chunk, sizeof(chunk))) > 0 && text.n < f->size)
			buf_add(&text, chunk, (size_t)n);
		left -= f->size;
		scan_text(s, f, buf_str(&text));
	}
}

/* ---- the two rankings ---- */

static int
by_doc(const void *a, const void *b)
{
	const struct count *x = a, *y = b;
	if (x->doc != y->doc)
		return x->doc < y->doc ? -1 : 1;
	return (x->word > y->word) - (x->word < y->word);
}

static void
merge_counts(struct searching *s)
{
	size_t to = 0;
	if (s->ncounts)
		qsort(s->counts, s->ncounts, sizeof(*s->counts), by_doc);
	for (size_t i = 0; i < s->ncounts; i++) {
		struct count *last = to ? &s->counts[to - 1] : NULL;
		if (last && last->doc == s->counts[i].doc && last->word == s->counts[i].word)
			last->n = (uint16_t)(last->n + s->counts[i].n < 65535
						     ? last->n + s->counts[i].n
						     : 65535);
		else
			s->counts[to++] = s->counts[i];
	}
	s->ncounts = to;
}

/* The binary logarithm of what is at least 1, near enough to rank by; no library's rounding is in it. */
static double
logarithm(double x)
{
	double n = 0;
	for (; x >= 2; x /= 2)
		n++;
	return n + x - 1;
}

/* BM25; the length of an entity is that of its lines. */
static void
score_docs(struct searching *s)
{
	const double k1 = 1.2, b = 0.4;
	size_t of_word[MAX_WORDS] = {0};
	double lines = 1;
	merge_counts(s);
	for (size_t i = 0; i < s->ndocs; i++)
		lines += s->docs[i].end - s->docs[i].line + 1;
	double average = lines / (double)(s->ndocs + 1);
	for (size_t i = 0; i < s->ncounts; i++)
		of_word[s->counts[i].word]++;
	for (size_t i = 0; i < s->words.n; i++)
		s->weight[i] = logarithm(1 + ((double)s->ndocs - (double)of_word[i] + 0.5) /
						     ((double)of_word[i] + 0.5));
	for (size_t i = 0; i < s->ncounts; i++) {
		const struct count *c = &s->counts[i];
		const struct doc *d = &s->docs[c->doc];
		double length = (d->end - d->line + 1) / average, tf = c->n;
		s->score[c->doc] +=
			s->weight[c->word] * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length));
		s->bits[c->doc] |= 1u << c->word;
	}
	bool asked = which_word(&s->words, "test", 4) < MAX_WORDS;
	for (size_t i = 0; i < s->ndocs && !asked; i++) {
		const char *path = s->files[s->docs[i].file].path;
		if (path && s->score[i] > 0 && is_test_path(path))
			s->score[i] *= OF_TESTS;
	}
}

struct ranked {
	uint32_t doc;
	double score;
};

static int
by_score(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return (x->doc > y->doc) - (x->doc < y->doc);
}

/* The best ones of a score by doc; heap. */
static struct ranked *
best_of(const double *score, size_t n, size_t max, size_t *ret_n)
{
	struct ranked *v = mem_alloc((n + 1) * sizeof(*v));
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		if (score[i] > 0)
			v[k++] = (struct ranked){(uint32_t)i, score[i]};
	if (k)
		qsort(v, k, sizeof(*v), by_score);
	*ret_n = k < max ? k : max;
	return v;
}

/* The doc of an entity; ndocs: it is none. */
static size_t
doc_of(const struct searching *s, uint32_t id)
{
	size_t low = 0, high = s->ndocs;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (s->docs[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->ndocs && s->docs[low].id == id ? low : s->ndocs;
}

struct spreading {
	const struct searching *s;
	double *to;
	double share;
	size_t degree;
};

static int
spread_out(void *ctx, const struct store_relation *r)
{
	struct spreading *p = ctx;
	size_t doc = r->dst ? doc_of(p->s, r->dst) : p->s->ndocs;
	if (doc == p->s->ndocs)
		return 0;
	if (p->to)
		p->to[doc] += p->share * r->conf / 100.0;
	p->degree++;
	return 0;
}

static int
spread_in(void *ctx, uint32_t src, enum graph_relation r)
{
	struct spreading *p = ctx;
	size_t doc = doc_of(p->s, src);
	(void)r;
	if (doc == p->s->ndocs)
		return 0;
	if (p->to)
		p->to[doc] += p->share * 0.8;
	p->degree++;
	return 0;
}

/* What has score gives half of it to those it is related to. */
static int
spread(const struct searching *s, const double *from, double *to, size_t doc)
{
	OWN(buf) struct buf out = {0}, in = {0};
	struct spreading p = {.s = s};
	uint32_t id = s->docs[doc].id;
	int rc = answer_relations(s->g, id, &out, &in, s->err);
	for (int pass = 0; rc == 0 && pass < 2; pass++) {
		if (pass && !p.degree)
			break;
		p.to = pass ? to : NULL;
		p.share = pass ? from[doc] * 0.5 / (double)p.degree : 0;
		rc = store_each_out(buf_str(&out), id, spread_out, &p, s->err);
		if (rc == 0)
			rc = store_each_in(buf_str(&in), spread_in, &p, s->err);
	}
	return rc;
}

/* From the entities whose names say most of the query, along relations. */
static int
score_relations(struct searching *s, unsigned depth, double *score)
{
	OWN_FREE double *names = mem_zalloc(s->ndocs + 1, sizeof(*names));
	OWN_FREE double *layer = mem_zalloc(s->ndocs + 1, sizeof(*layer));
	size_t n = 0;
	for (size_t i = 0; i < s->ndocs; i++)
		for (size_t w = 0; w < s->words.n; w++)
			if (s->name_words[s->docs[i].name] >> w & 1 && s->score[i] > 0)
				names[i] += s->weight[w] + s->score[i] / 100;
	OWN_FREE struct ranked *seeds = best_of(names, s->ndocs, MAX_SEEDS * depth / 2, &n);
	for (size_t i = 0; i < n; i++)
		layer[seeds[i].doc] = score[seeds[i].doc] = seeds[i].score;
	int rc = 0;
	for (unsigned d = 0; rc == 0 && d < depth; d++) {
		OWN_FREE double *next = mem_zalloc(s->ndocs + 1, sizeof(*next));
		size_t k = 0;
		OWN_FREE struct ranked *at = best_of(layer, s->ndocs, 200, &k);
		for (size_t i = 0; rc == 0 && i < k; i++)
			rc = spread(s, layer, next, at[i].doc);
		for (size_t i = 0; i < s->ndocs; i++)
			score[i] += next[i];
		memcpy(layer, next, s->ndocs * sizeof(*layer));
	}
	return rc;
}

/* ---- both ---- */

static double
agreement(const struct ranked *a, size_t na, const struct ranked *b, size_t nb)
{
	size_t first = na < nb ? na : nb, same = 0;
	first = first < FIRST ? first : FIRST;
	for (size_t i = 0; i < first; i++)
		for (size_t k = 0; k < first; k++)
			same += a[i].doc == b[k].doc;
	return first ? (double)same / (double)first : 0;
}

static void
add_ranks(struct search_hit *hits, size_t *n, const struct searching *s, const struct ranked *v,
	size_t nv, bool semantic)
{
	for (size_t i = 0; i < nv; i++) {
		uint32_t id = s->docs[v[i].doc].id;
		size_t k = 0;
		while (k < *n && hits[k].id != id)
			k++;
		if (k == *n)
			hits[(*n)++] = (struct search_hit){.id = id, .words = s->bits[v[i].doc]};
		*(semantic ? &hits[k].semantic : &hits[k].relational) = (uint32_t)i + 1;
		hits[k].score += 1 / (RANK_CONSTANT + (double)i + 1);
	}
}

static int
by_hit(const void *a, const void *b)
{
	const struct search_hit *x = a, *y = b;
	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

static int
rank(struct searching *s, enum graph_search by, size_t max, struct search_result *ret)
{
	for (unsigned width = 1;; width = 4) {
		OWN_FREE double *relational = mem_zalloc(s->ndocs + 1, sizeof(*relational));
		size_t na = 0, nb = 0, wide = max * 2 * width, n = 0;
		int rc = by == GRAPH_BY_WORDS ? 0
					      : score_relations(s, width == 1 ? 2 : 3, relational);
		if (rc < 0)
			return rc;
		OWN_FREE struct ranked *a =
			best_of(s->score, by == GRAPH_BY_RELATIONS ? 0 : s->ndocs, wide, &na);
		OWN_FREE struct ranked *b =
			best_of(relational, by == GRAPH_BY_WORDS ? 0 : s->ndocs, wide, &nb);
		double agreed = by == GRAPH_BY_BOTH ? agreement(a, na, b, nb) : 1;
		ret->agreement = width == 1 ? agreed : ret->agreement;
		if (agreed < AGREE && width == 1 && na && nb) {
			ret->widened = true;
			continue;
		}
		ret->v = mem_zalloc(na + nb + 1, sizeof(*ret->v));
		add_ranks(ret->v, &n, s, a, na, true);
		add_ranks(ret->v, &n, s, b, nb, false);
		if (n)
			qsort(ret->v, n, sizeof(*ret->v), by_hit);
		ret->n = n < max ? n : max;
		return 0;
	}
}

int
search(struct graph *g, const char *query, enum graph_search by, size_t max,
	struct search_result *ret, struct dd_err *err)
{
	struct searching s = {.g = g, .err = err};
	struct search_result found = {0};
	struct str rest = str_of(query);
	char part[WORDS_LENGTH + 1];
	size_t n;
	while (words_next(&rest, part, &n))
		add_word(&s.words, part, n, &found.words);
	int rc = s.words.n ? 0 : err_set(err, DD_EINVAL, "\"%s\" has no word to look for", query);
	if (rc == 0)
		rc = load_names(&s);
	if (rc == 0)
		rc = load_files(&s);
	if (rc == 0)
		rc = load_docs(&s);
	if (rc == 0) {
		s.score = mem_zalloc(s.ndocs + 1, sizeof(*s.score));
		s.bits = mem_zalloc(s.ndocs + 1, sizeof(*s.bits));
		scan_files(&s);
		score_docs(&s);
		rc = rank(&s, by, max, &found);
	}
	searching_cleanup(&s);
	if (rc < 0)
		search_result_cleanup(&found);
	else
		*ret = found;
	return rc;
}
