#include "runner/learnt.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_BYTES ((size_t)64 << 20)

#define F(member, what) .key = #member, .kind = what, .offset = offsetof(struct learnt, member)
const struct json_field learnt_fields[] = {
	{F(run, JSON_K_STRING), .required = true},
	{F(tree, JSON_K_STRING), .required = true},
	{F(base, JSON_K_STRING)},
	{F(told, JSON_K_STRING)},
	{F(asked, JSON_K_STRING)},
	{F(build_only, JSON_K_BOOL)},
	{F(no_prune, JSON_K_BOOL)},
	{F(facts, JSON_K_OBJECT), .sub = premises_fields},
	{F(recipe, JSON_K_ANY)},
	{.key = NULL},
};

void
learnt_cleanup(struct learnt *l)
{
	json_release(learnt_fields, l);
	memset(l, 0, sizeof(*l));
}

/* Two names for the same: of the tree, and of the place. */
static void
name_files(const struct state *st, const char *tree, const char *source, char *ret[2])
{
	OWN_FREE char *dir = state_path(st, "learnt");
	struct hash_hex place = hash_bytes(str_of(source));
	ret[0] = mem_printf("%s/tree-%s", dir, tree);
	ret[1] = mem_printf("%s/place-%s", dir, place.s);
}

/* One that is damaged is none: what it says is found out again. */
static int
load(const char *path, struct learnt *ret)
{
	OWN(dd_err) struct dd_err why = {0};
	OWN_JSON json_t *j = NULL;
	struct learnt l = {0};
	int rc = json_parse_file(path, MAX_BYTES, &j, &why);
	if (rc == 0)
		rc = json_decode(j, learnt_fields, false, &l, "learnt", &why);
	if (rc < 0) {
		learnt_cleanup(&l);
		if (rc != -DD_ENOENT)
			log_warn("%s: %s", path, err_msg(&why));
		return -DD_ENOENT;
	}
	*ret = l;
	return 0;
}

int
learnt_find(const struct state *st, const char *tree, const char *source, struct learnt *ret,
	struct dd_err *err)
{
	char *files[2];
	name_files(st, tree, source, files);
	int rc = load(files[0], ret);
	if (rc < 0)
		rc = load(files[1], ret);
	free(files[0]);
	free(files[1]);
	return rc < 0 ? err_set(err, DD_ENOENT, "nothing was learnt of %s", source) : 0;
}

int
learnt_save(const struct state *st, const char *source, const struct learnt *l, struct dd_err *err)
{
	OWN_JSON json_t *j = json_encode(learnt_fields, l);
	OWN(buf) struct buf text = {0};
	OWN_FREE char *dir = state_path(st, "learnt");
	char *files[2];
	json_print(j, 0, &text);
	buf_putc(&text, '\n');
	name_files(st, l->tree, source, files);
	int rc = fs_mkdirs(dir, 0700, err);
	for (size_t i = 0; i < 2; i++) {
		if (rc == 0)
			rc = fs_write_atomic(files[i], buf_str(&text), 0600, err);
		free(files[i]);
	}
	return rc < 0 ? err_wrap(err, "learnt") : 0;
}

int
learnt_collect(const struct state *st, int64_t unused_ns, bool dry_run, size_t *n, uint64_t *bytes,
	struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	OWN_FREE char *dir = state_path(st, "learnt");
	int64_t now = clock_real_ns();
	int rc = fs_exists(dir) ? fs_list(dir, &names, err) : 0;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *path = fs_join(dir, names.v[i]);
		struct stat s;
		if (stat(path, &s) < 0 || now - (int64_t)s.st_mtime * 1000000000 < unused_ns)
			continue;
		if (!dry_run && io_unlink(path) < 0 && errno != ENOENT)
			return err_errno(err, errno, "cannot remove %s", path);
		++*n;
		*bytes += (uint64_t)s.st_blocks * 512;
	}
	return rc;
}
