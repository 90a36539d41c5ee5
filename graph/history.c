#include "graph/history.h"

#include "base/git_log.h"
#include "base/map.h"
#include "graph/graph.h"
#include "graph/pack.h"

#include <string.h>

#define MAX_AUTHORS 64	  /* counted of one file */
#define MAX_PAIRS 2000000 /* of files that changed together */
#define MAX_SUBJECTS 2000 /* bytes kept of one file */
#define MIN_TOGETHER 2	  /* commits; once may be chance */
#define MAX_PARTNERS 20	  /* of one file */

/* ---- the worker ---- */

static int
print_packed(const struct buf *b)
{
	return fwrite(b->p, 1, b->n, stdout) == b->n ? 0 : -DD_EIO;
}

static int
tell_commit(void *ctx, const struct gitrepo_commit *c)
{
	OWN(buf) struct buf b = {0};
	(void)ctx;
	pack_i64(&b, c->time_s);
	pack_str(&b, str_of(c->author));
	pack_str(&b, str_of(c->subject));
	bool many = c->paths->n > HISTORY_PATHS;
	pack_u64(&b, many ? 0 : c->paths->n);
	for (size_t i = 0; !many && i < c->paths->n; i++)
		pack_str(&b, str_of(c->paths->v[i]));
	return print_packed(&b);
}

static int
tell_hunk(void *ctx, const struct gitrepo_hunk *h)
{
	OWN(buf) struct buf b = {0};
	(void)ctx;
	pack_str(&b, str_of(h->path));
	pack_u64(&b, h->line);
	pack_u64(&b, h->lines);
	pack_u64(&b, h->gone);
	return print_packed(&b);
}

int
graph_history_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	const struct gitrepo_log_opts opts = {HISTORY_COMMITS, HISTORY_PATHS};
	int rc;
	if (argc == 2)
		rc = gitrepo_log(argv[1], &opts, tell_commit, NULL, &err);
	else if (argc == 4)
		rc = gitrepo_diff(
			argv[1], argv[2], argv[3], GRAPH_MAX_HUNKS, tell_hunk, NULL, &err);
	else
		rc = err_set(&err, DD_EINVAL, "history DIR [FROM TO]");
	if (rc == 0 && fflush(stdout) == 0)
		return 0;
	fprintf(stderr, "%s\n", err_msg(&err));
	return 1;
}

/* ---- counting ---- */

struct author {
	struct str name;
	uint32_t commits;
};

struct past { /* of one file */
	uint32_t commits;
	int64_t first_s, last_s;
	struct author authors[MAX_AUTHORS];
	size_t nauthors;
	struct buf subjects;
};

struct pair {
	uint32_t a, b; /* files, a < b; from 0 */
	uint32_t count;
};

struct history {
	struct model *m;
	struct db *db;
	struct past **past; /* by file; NULL: it did not change */
	struct pair *pairs;
	size_t npairs, pairs_cap;
	size_t changes; /* told of in the table of past ones */
};

static void
history_cleanup(struct history *h)
{
	for (size_t i = 0; h->past && i < h->m->nfiles; i++) {
		if (h->past[i])
			buf_cleanup(&h->past[i]->subjects);
		free(h->past[i]);
	}
	free(h->past);
	free(h->pairs);
}

static void
count_author(struct past *p, struct str name)
{
	for (size_t i = 0; i < p->nauthors; i++)
		if (p->authors[i].name.n == name.n &&
			memcmp(p->authors[i].name.p, name.p, name.n) == 0) {
			p->authors[i].commits++;
			return;
		}
	if (p->nauthors < MAX_AUTHORS)
		p->authors[p->nauthors++] = (struct author){name, 1};
}

static void
count_change(
	struct history *h, uint32_t file, int64_t time_s, struct str author, struct str subject)
{
	struct past *p = h->past[file - 1];
	if (!p) {
		p = h->past[file - 1] = mem_new(struct past);
		p->subjects.max = MAX_SUBJECTS;
		p->first_s = p->last_s = time_s;
	}
	p->commits++;
	p->first_s = time_s < p->first_s ? time_s : p->first_s;
	p->last_s = time_s > p->last_s ? time_s : p->last_s;
	count_author(p, author);
	if (p->subjects.n + subject.n + 1 < MAX_SUBJECTS) {
		buf_add_str(&p->subjects, subject);
		buf_putc(&p->subjects, '\n');
	}
}

static void
count_pairs(struct history *h, const uint32_t *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n && h->npairs < MAX_PAIRS; k++) {
			uint32_t a = files[i] < files[k] ? files[i] : files[k],
				 b = files[i] + files[k] - a;
			h->pairs = mem_grow(h->pairs, h->npairs, &h->pairs_cap, sizeof(*h->pairs));
			h->pairs[h->npairs++] = (struct pair){a - 1, b - 1, 1};
		}
}

static int
by_files(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b);
}

static void
merge_pairs(struct history *h)
{
	size_t to = 0;
	if (h->npairs)
		qsort(h->pairs, h->npairs, sizeof(*h->pairs), by_files);
	for (size_t i = 0; i < h->npairs; i++) {
		if (to && by_files(&h->pairs[to - 1], &h->pairs[i]) == 0)
			h->pairs[to - 1].count++;
		else
			h->pairs[to++] = h->pairs[i];
	}
	h->npairs = to;
}

/* One of them changed: how often the other one did, too, drawn towards doubt while there is little to go by. */
static unsigned
confidence(uint32_t together, uint32_t alone)
{
	unsigned c = (unsigned)(100ul * together / (alone + 2ul));
	return c > 95 ? 95 : c;
}

static void
add_relation(struct history *h, uint32_t from, uint32_t to, uint32_t together)
{
	const struct model_file *a = &h->m->files[from], *b = &h->m->files[to];
	unsigned conf = confidence(together, h->past[from]->commits);
	if (conf >= 20)
		model_add_late_edge(h->m, &(struct model_edge){.src = a->entity,
						  .dst = b->entity,
						  .line = 1,
						  .count = together,
						  .relation = REL_CO_CHANGES,
						  .prov = PROV_HISTORY,
						  .conf = (uint8_t)conf});
}

static int
by_strength(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return by_files(x, y);
}

/* The strongest ones of each file. */
static void
add_relations(struct history *h)
{
	OWN_FREE unsigned *partners = mem_zalloc(h->m->nfiles + 1, sizeof(*partners));
	if (h->npairs)
		qsort(h->pairs, h->npairs, sizeof(*h->pairs), by_strength);
	for (size_t i = 0; i < h->npairs; i++) {
		const struct pair *p = &h->pairs[i];
		if (p->count < MIN_TOGETHER)
			break;
		if (partners[p->a]++ < MAX_PARTNERS)
			add_relation(h, p->a, p->b, p->count);
		if (partners[p->b]++ < MAX_PARTNERS)
			add_relation(h, p->b, p->a, p->count);
	}
}

static int
put_rows(const struct history *h, struct db *db, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < h->m->nfiles; i++) {
		const struct past *p = h->past[i];
		if (!p)
			continue;
		size_t most = 0;
		for (size_t k = 1; k < p->nauthors; k++)
			if (p->authors[k].commits > p->authors[most].commits)
				most = k;
		rc = db_run(db, err, "INSERT INTO history VALUES(?, ?, ?, ?, ?, ?, ?)", "iiiitit",
			(int64_t)i + 1, (int64_t)p->commits, p->first_s, p->last_s,
			p->authors[most].name, (int64_t)p->authors[most].commits,
			buf_str(&p->subjects));
	}
	return rc;
}

/* What it said and which files of the map it touched, for who asks what is alike. */
static int
put_past(struct history *h, struct str subject, const uint32_t *files, size_t n, struct dd_err *err)
{
	OWN(buf) struct buf packed = {0};
	for (size_t i = 0; i < n; i++)
		pack_u64(&packed, files[i]);
	return !n ? 0
		  : db_run(h->db, err, "INSERT INTO past VALUES(?, ?, ?)", "itb",
			    (int64_t)++h->changes, subject, buf_str(&packed));
}

static int
read_commit(struct history *h, struct unpacker *u, struct dd_err *err)
{
	uint32_t files[HISTORY_PATHS];
	size_t n = 0;
	int64_t time_s = unpack_i64(u);
	struct str author = unpack_str(u), subject = unpack_str(u);
	uint64_t paths = unpack_u64(u);
	if (paths > HISTORY_PATHS)
		u->bad = true;
	for (uint64_t i = 0; i < paths && !u->bad; i++) {
		uint32_t file = model_file_of(h->m, unpack_str(u));
		if (file && !u->bad) {
			files[n++] = file;
			count_change(h, file, time_s, author, subject);
		}
	}
	if (u->bad)
		return err_set(err, DD_ECORRUPT, "what was read of the history is not well formed");
	count_pairs(h, files, n);
	return put_past(h, subject, files, n, err);
}

int
history_add(struct db *db, struct model *m, struct str packed, struct dd_err *err)
{
	struct history h = {.m = m, .db = db, .past = mem_zalloc(m->nfiles + 1, sizeof(*h.past))};
	struct unpacker u = unpacker_of(packed);
	int rc = 0;
	while (u.p < u.end && rc == 0)
		rc = read_commit(&h, &u, err);
	if (rc == 0) {
		merge_pairs(&h);
		add_relations(&h);
		rc = put_rows(&h, db, err);
	}
	history_cleanup(&h);
	return rc;
}
