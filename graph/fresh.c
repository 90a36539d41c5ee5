#include "graph/fresh.h"

#include "base/log.h"
#include "graph/scan.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define HOLDS 20 /* times what looking took */

/* ---- the tree ---- */

static bool
is_alike(const struct scan_file *now, struct db_stmt *was)
{
	return now && str_eq(db_text(was, 0), now->path) &&
	       scan_is_alike(
		       now, (uint64_t)db_int(was, 1), (uint64_t)db_int(was, 2), db_int(was, 3));
}

static int
look_at_tree(struct graph *g, bool *ret_changed, struct dd_err *err)
{
	struct scan now = {0};
	struct db_stmt *st;
	size_t i = 0;
	bool changed = scan_tree(g->root, &now, NULL) < 0;
	int rc = db_query(
		g->db, &st, err, "SELECT path, size, inode, mtime_ns FROM file ORDER BY id", "");
	while (rc == 0 && (rc = db_step(st, err)) == 1) {
		rc = 0;
		changed = !is_alike(i < now.n ? &now.v[i] : NULL, st) || changed;
		i += i < now.n;
	}
	*ret_changed = changed || i < now.n;
	scan_cleanup(&now);
	return rc < 0 ? rc : 0;
}

static int
is_changed(struct graph *g, bool anew, bool *ret, struct dd_err *err)
{
	const int64_t now = clock_mono_ns();
	int rc = 0;
	if (anew || now >= g->holds_until_ns) {
		rc = look_at_tree(g, &g->changed, err);
		const int64_t took = clock_mono_ns() - now;
		g->holds_until_ns = rc < 0 ? 0 : now + took + HOLDS * took;
	}
	*ret = g->changed;
	return rc;
}

/* ---- what does not change while the map is open ---- */

static int
count_files(struct graph *g, struct dd_err *err)
{
	struct db_stmt *st;
	if (g->digest)
		return 0;
	int rc = db_query(g->db, &st, err, "SELECT count(*), ifnull(sum(state = ?), 0) FROM file",
		"i", (int64_t)FILE_UNREAD);
	if (rc == 0)
		rc = db_step(st, err);
	if (rc < 0)
		return rc;
	g->files = (size_t)db_int(st, 0);
	g->unread = (size_t)db_int(st, 1);
	db_done(st);
	rc = store_meta(g->db, "digest", &g->digest, err);
	if (rc == 0 && !g->digest)
		g->digest = mem_strdup("");
	return rc;
}

int
fresh_index(struct graph *g, bool whole, json_t **ret, struct dd_err *err)
{
	struct stat s;
	bool changed = false;
	int rc = count_files(g, err);
	const bool tree = whole || g->files <= FRESH_SMALL_FILES;
	if (rc == 0 && tree)
		rc = is_changed(g, whole, &changed, err);
	if (rc < 0)
		return rc;
	json_int_t age = stat(g->path, &s) == 0 ? (json_int_t)(time(NULL) - s.st_mtim.tv_sec) : -1;
	*ret = json_pack("{s:s, s:I, s:b, s:I, s:s}", "digest", g->digest, "age_s", age, "stale",
		changed, "unread", (json_int_t)g->unread, "checked", tree ? "tree" : "files");
	return 0;
}

/* ---- a file ---- */

void
fresh_mark_stale(json_t *answer)
{
	json_object_set_new(json_object_get(answer, "index"), "stale", json_true());
}

int
fresh_name(struct graph *g, json_t *answer, uint32_t file, struct dd_err *err)
{
	const struct store_file *f;
	struct stat st;
	if (!file)
		return 0;
	int rc = answer_file(g, file, &f, err);
	if (rc < 0)
		return rc;
	const bool there =
		g->root_fd >= 0 && fstatat(g->root_fd, f->path.p, &st, AT_SYMLINK_NOFOLLOW) == 0;
	const struct scan_file now = there ? scan_of(NULL, &st) : (struct scan_file){0};
	if (!there || !scan_is_alike(&now, f->size, f->inode, f->mtime_ns))
		fresh_mark_stale(answer);
	return 0;
}
