/* The worker "intake": fills /work from a stream, an archive or a repository, and computes its digest. */
#include "runner/intake.h"

#include "base/git.h"
#include "base/unpack.h"
#include "runner/tree_digest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define BARE_DIR "/tmp/repository"

/* ---- the ways in ---- */

static int
unpack_stdin(const char *to, const struct unpack_opts *opts, struct source *s, struct dd_err *err)
{
	struct unpack_result r = {0};
	OWN_FD int dest = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dest < 0)
		return err_errno(err, errno, "cannot open %s", to);
	int rc = unpack_to(STDIN_FILENO, dest, opts, &r, err);
	for (size_t i = 0; rc == 0 && i < r.skipped.n && i < 20; i++)
		strlist_addf(&s->notes, "special file left out: %s", r.skipped.v[i]);
	unpack_result_cleanup(&r);
	return rc;
}

static int
read_tree(char **args, struct source *s, struct dd_err *err)
{
	const struct unpack_opts opts = {.skip_special = true};
	(void)args;
	return unpack_stdin(WORK_DIR, &opts, s, err);
}

static int
read_archive(char **args, struct source *s, struct dd_err *err)
{
	const struct unpack_opts opts = {.skip_special = true, .strip_common_dir = true};
	(void)args;
	return unpack_stdin(WORK_DIR, &opts, s, err);
}

static int
clone(const char *url, const char *ref, struct source *s, struct dd_err *err)
{
	const struct gitrepo_clone_opts opts = {.ref = ref, .unnamed = true};
	struct gitrepo_clone_result r = {0};
	int rc = gitrepo_clone(url, WORK_DIR, &opts, &r, err);
	if (rc == 0)
		s->revision = mem_strdup(r.commit);
	for (size_t i = 0; rc == 0 && i < r.nsubmodules; i++)
		strlist_addf(&s->notes, "submodule not fetched: %s (%s)", r.submodules[i].path,
			r.submodules[i].url ? r.submodules[i].url : "no URL");
	gitrepo_clone_result_cleanup(&r);
	return rc;
}

static int
read_bare(char **args, struct source *s, struct dd_err *err)
{
	const struct unpack_opts opts = {.skip_special = true};
	if (mkdir(BARE_DIR, 0700) < 0)
		return err_errno(err, errno, "cannot make %s", BARE_DIR);
	int rc = unpack_stdin(BARE_DIR, &opts, s, err);
	return rc < 0 ? rc : clone(BARE_DIR, args[0], s, err);
}

static int
read_clone(char **args, struct source *s, struct dd_err *err)
{
	if (!args[0])
		return err_set(err, DD_EINVAL, "clone needs a URL");
	return clone(args[0], args[1], s, err);
}

/* ---- the worker ---- */

static const struct {
	const char *name;
	int (*read)(char **args, struct source *s, struct dd_err *err);
} ways[] = {
	{"tree", read_tree},
	{"archive", read_archive},
	{"bare", read_bare},
	{"clone", read_clone},
};

/* The commit and the history of a directory that is a work tree; none is no error. */
static void
find_revision(struct source *s)
{
	struct gitrepo_head head = {0};
	struct hash_hex refs;
	if (gitrepo_refs_digest(WORK_DIR, &refs, NULL) == 0)
		s->history = mem_strdup(refs.s);
	if (!s->revision && gitrepo_read_head(WORK_DIR, &head, NULL) == 0)
		s->revision = TAKE(head.commit);
	gitrepo_head_cleanup(&head);
}

static int
measure(struct source *s, struct dd_err *err)
{
	struct tree_digest d;
	OWN_FD int fd = open(WORK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "cannot open %s", WORK_DIR);
	int rc = tree_digest(fd, &d, err);
	if (rc < 0)
		return rc;
	if (!d.files)
		return err_set(err, DD_EINVAL, "it holds no files");
	s->digest = mem_strdup(d.digest.s);
	s->files = d.files;
	s->bytes = d.bytes;
	find_revision(s);
	return 0;
}

int
intake_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	struct source s = {0};
	int rc = err_set(&err, DD_EINVAL, "intake: unknown way");
	for (size_t i = 0; argc > 1 && i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(argv[1], ways[i].name) == 0)
			rc = ways[i].read(argv + 2, &s, &err);
	if (rc == 0)
		rc = measure(&s, &err);
	if (rc < 0) {
		fprintf(stderr, "%s\n", err_msg(&err));
		return 1;
	}
	OWN_JSON json_t *j = json_encode(source_fields, &s);
	rc = json_give(j, &err);
	source_cleanup(&s);
	return rc < 0 ? 1 : 0;
}
