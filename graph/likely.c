/*
 * Theory of operation.  Which files a change will touch is guessed from what is known before it: files that changed together
 * with a seed so far, files that hold what the text means (search.h), files that earlier commits changed which said the like
 * (past.h), files that a seed's code is related to, files of the same name beside it (a header and its source, a test and
 * what it tests), and, a little, how often a file changes at all.  Each of these gives a share between 0 and 1; their
 * weighted sum ranks.  The weights were chosen on commits that `make bench-intent` does not measure.
 */
#include "graph/past.h"
#include "graph/search.h"

#include "base/fs.h"

#include <string.h>

#define HITS 60	      /* of the search */
#define MAX_REASONS 4 /* of one file */
#define MAX_SEEDS 16  /* more add nothing but time */
#define MAX_LIKELY 1000
#define OF_ONE_NAME 4 /* source, header, test, document */

enum evidence {
	BY_SEED,
	BY_HISTORY,
	BY_TEXT,
	BY_PAST,
	BY_RELATION,
	BY_NAME,
	BY_ACTIVITY,
	EVIDENCE
};

static const double weights[EVIDENCE] = {[BY_SEED] = 4,
	[BY_HISTORY] = 1,
	[BY_TEXT] = 0.7,
	[BY_PAST] = 0.6,
	[BY_RELATION] = 0.3,
	[BY_NAME] = 0.5,
	[BY_ACTIVITY] = 0.1};

struct likely {
	char *path; /* NULL: there is no file of this number */
	double share[EVIDENCE];
	uint32_t entity; /* that the text found; 0: none */
	double score;
};

struct guess {
	struct graph *g;
	struct likely *files; /* by number */
	size_t nfiles;
	uint32_t *file_of; /* by entity */
	size_t nentities;
	struct strlist seed_names; /* of seeds */
	struct dd_err *err;
};

static void
guess_cleanup(struct guess *s)
{
	for (size_t i = 0; s->files && i < s->nfiles; i++)
		free(s->files[i].path);
	free(s->files);
	free(s->file_of);
	strlist_cleanup(&s->seed_names);
}

static void
raise_share(struct guess *s, uint32_t file, enum evidence e, double to)
{
	if (file && file < s->nfiles && s->files[file].path && s->files[file].share[e] < to)
		s->files[file].share[e] = to < 1 ? to : 1;
}

/* Near enough for a rank: how many bits a number has. */
static double
bits_of(uint64_t n)
{
	double bits = 0;
	for (; n; n >>= 1)
		bits++;
	return bits;
}

static int
load_files(struct guess *s)
{
	struct db_stmt *st;
	uint32_t last = 0, entities = 0;
	int rc = answer_last_id(s->g, "SELECT max(id) FROM file", &last, s->err);
	if (rc == 0)
		rc = answer_last_id(s->g, "SELECT max(id) FROM entity", &entities, s->err);
	s->nfiles = (size_t)last + 1;
	s->nentities = (size_t)entities + 1;
	s->files = mem_zalloc(s->nfiles, sizeof(*s->files));
	s->file_of = mem_zalloc(s->nentities, sizeof(*s->file_of));
	if (rc == 0)
		rc = db_query(s->g->db, &st, s->err,
			"SELECT f.id, f.path, f.first, f.end, coalesce(h.commits, 0) FROM file f LEFT JOIN history h ON h.file = f.id",
			"");
	while (rc == 0 && (rc = db_step(st, s->err)) == 1) {
		rc = 0;
		uint64_t id = (uint64_t)db_int(st, 0);
		if (!id || id >= s->nfiles)
			continue;
		s->files[id].path = str_dup(db_text(st, 1));
		for (uint64_t e = (uint64_t)db_int(st, 2);
			e < (uint64_t)db_int(st, 3) && e < s->nentities; e++)
			s->file_of[e] = (uint32_t)id;
		raise_share(s, (uint32_t)id, BY_ACTIVITY, bits_of((uint64_t)db_int(st, 4)) / 12);
	}
	return rc < 0 ? rc : 0;
}

/* ---- from the seeds ---- */

static int
related(void *ctx, const struct store_relation *r)
{
	struct guess *s = ctx;
	uint32_t to = r->dst && r->dst < s->nentities ? s->file_of[r->dst] : 0;
	if (r->relation == REL_CO_CHANGES)
		raise_share(s, to, BY_HISTORY, r->conf / 95.0);
	else if (to && s->files[to].share[BY_RELATION] < 1)
		s->files[to].share[BY_RELATION] += r->conf / 1000.0;
	return 0;
}

static int
related_back(void *ctx, uint32_t src, enum graph_relation r)
{
	struct guess *s = ctx;
	uint32_t from = src < s->nentities ? s->file_of[src] : 0;
	if (r != REL_CO_CHANGES && from && s->files[from].share[BY_RELATION] < 1)
		s->files[from].share[BY_RELATION] += 0.08;
	return 0;
}

static int
spread_seed(struct guess *s, uint32_t first, uint32_t end)
{
	int rc = 0;
	for (uint32_t e = first; rc == 0 && e < end && e < s->nentities; e++) {
		OWN(buf) struct buf out = {0}, in = {0};
		rc = answer_relations(s->g, e, &out, &in, s->err);
		if (rc == 0)
			rc = store_each_out(buf_str(&out), e, related, s, s->err);
		if (rc == 0)
			rc = store_each_in(buf_str(&in), related_back, s, s->err);
	}
	return rc;
}

/* The name of a file without what says that it is a test, a header, of a language; heap. */
static char *
bare_name(const char *path)
{
	static const char *const marks[] = {
		"test_", "test-", "_test", "-test", ".test", ".spec", "_spec", NULL};
	const char *name = fs_name(path), *dot = strrchr(name, '.');
	OWN_FREE char *bare =
		mem_strndup(name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
	for (const char *const *m = marks; *m; m++) {
		size_t n = strlen(*m), have = strlen(bare);
		if (have > n && strncmp(bare, *m, n) == 0)
			return mem_strdup(bare + n);
		if (have > n && strcmp(bare + have - n, *m) == 0)
			return mem_strndup(bare, have - n);
	}
	return TAKE(bare);
}

static int
take_seed(struct guess *s, const char *path)
{
	struct store_file f;
	int rc = store_file_by_path(s->g->db, path, &f, s->err);
	if (rc == -DD_ENOENT)
		return err_set(s->err, DD_ENOENT, "%s is not in the map", path);
	if (rc < 0)
		return rc;
	raise_share(s, f.id, BY_SEED, 1);
	OWN_FREE char *bare = bare_name(path);
	if (strlen(bare) > 1)
		strlist_add_new(&s->seed_names, bare);
	return spread_seed(s, f.first, f.end);
}

/* Many files of one name, as `index` or `store`, are not about the same. */
static void
compare_names(struct guess *s)
{
	OWN_FREE bool *same = mem_zalloc(s->nfiles + 1, sizeof(*same));
	size_t n = 0;
	for (size_t i = 1; s->seed_names.n && i < s->nfiles; i++) {
		OWN_FREE char *bare = s->files[i].path ? bare_name(s->files[i].path) : NULL;
		same[i] = bare && strlist_has(&s->seed_names, bare);
		n += same[i];
	}
	double share = n <= OF_ONE_NAME * s->seed_names.n
			       ? 1
			       : OF_ONE_NAME * (double)s->seed_names.n / (double)n;
	for (size_t i = 1; i < s->nfiles; i++)
		if (same[i])
			raise_share(s, (uint32_t)i, BY_NAME, share);
}

/* ---- from the text ---- */

static void
changed_alike(void *ctx, uint32_t file, double share)
{
	raise_share(ctx, file, BY_PAST, share);
}

static int
read_text(struct guess *s, const char *text)
{
	OWN(search_result) struct search_result found = {0};
	int rc = search(s->g, text, GRAPH_BY_BOTH, HITS, &found, s->err);
	if (rc == -DD_EINVAL) { /* it has no word: the seeds are all there is */
		dd_err_cleanup(s->err);
		return 0;
	}
	for (size_t i = 0; rc == 0 && i < found.n; i++) {
		uint32_t id = found.v[i].id, file = id < s->nentities ? s->file_of[id] : 0;
		if (!file)
			continue;
		raise_share(s, file, BY_TEXT, 1 / (1 + (double)i / 8));
		if (!s->files[file].entity)
			s->files[file].entity = id;
	}
	return rc < 0 ? rc : past_alike(s->g->db, text, changed_alike, s, s->err);
}

/* ---- the ranking ---- */

static int
by_score(const void *a, const void *b)
{
	const struct likely *x = a, *y = b;
	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return strcmp(x->path ? x->path : "", y->path ? y->path : "");
}

static void
rank(struct guess *s)
{
	for (size_t i = 0; i < s->nfiles; i++)
		for (int e = 0; s->files[i].path && e < EVIDENCE; e++)
			s->files[i].score += weights[e] * s->files[i].share[e];
	if (s->nfiles)
		qsort(s->files, s->nfiles, sizeof(*s->files), by_score);
}

static json_t *
reasons_of(const struct likely *f)
{
	static const char *const words[EVIDENCE] = {[BY_SEED] = "named",
		[BY_HISTORY] = "changed together with what is named",
		[BY_TEXT] = "holds what the text means",
		[BY_PAST] = "changed when the like was said",
		[BY_RELATION] = "related to what is named",
		[BY_NAME] = "of the same name as what is named"};
	json_t *list = json_array();
	for (int e = 0; e < EVIDENCE; e++)
		if (words[e] && f->share[e] * weights[e] >= 0.05)
			json_array_append_new(
				list, json_sprintf("%s (%.2f)", words[e], f->share[e]));
	return list;
}

static int
describe(struct guess *s, const struct likely *f, json_t *list)
{
	OWN_FREE char *name = NULL;
	struct entity e = {0};
	int rc = f->entity ? answer_entity(s->g, f->entity, &e, s->err) : 0;
	if (rc == 0 && f->entity && e.kind != KIND_FILE)
		rc = answer_qualified(s->g, &e, &name, s->err);
	if (rc < 0)
		return rc;
	json_array_append_new(list,
		json_pack("{s:o, s:f, s:f, s:o, s:I, s:o*}", "file", json_text(str_of(f->path)),
			"score", f->score, "by_text",
			weights[BY_TEXT] * f->share[BY_TEXT] + weights[BY_PAST] * f->share[BY_PAST],
			"reasons", reasons_of(f), "line", (json_int_t)(e.line ? e.line : 1), "name",
			name ? json_text(str_of(name)) : NULL));
	return 0;
}

int
graph_likely_files(struct graph *g, const char *text, const struct strlist *seeds, size_t max,
	json_t **ret, struct dd_err *err)
{
	struct guess s = {.g = g, .err = err};
	OWN_JSON json_t *answer = NULL;
	json_t *list = json_array();
	int rc = answer_begin_whole(g, &answer, err);
	if (rc == 0)
		rc = load_files(&s);
	for (size_t i = 0; rc == 0 && seeds && i < seeds->n && i < MAX_SEEDS; i++)
		rc = take_seed(&s, seeds->v[i]);
	if (rc == 0) {
		compare_names(&s);
		rc = read_text(&s, text);
	}
	if (rc == 0)
		rank(&s);
	max = max < MAX_LIKELY ? max : MAX_LIKELY;
	for (size_t i = 0; rc == 0 && i < max && i < s.nfiles && s.files[i].score > 0; i++)
		rc = describe(&s, &s.files[i], list);
	guess_cleanup(&s);
	if (rc < 0) {
		json_decref(list);
		return err_wrap(err, "graph");
	}
	json_object_del(answer, "items");
	json_object_set_new(answer, "files", list);
	*ret = TAKE(answer);
	return 0;
}
