/* What a push brings: the objects that the other side lacks, out of a repository that is read in a worker. */
#include "base/fs.h"
#include "base/git_library.h"
#include "base/git_push.h"
#include "base/git_write.h"

#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <string.h>

struct packing {
	const struct gitrepo_pack_spec *spec;
	git_repository *repo;
	git_odb *odb;
	git_revwalk *walk;
	git_packbuilder *pack;
	git_oid commit;
};

static void
packing_cleanup(struct packing *p)
{
	git_packbuilder_free(p->pack);
	git_revwalk_free(p->walk);
	git_odb_free(p->odb);
	git_repository_free(p->repo);
}

static int
open_commit(struct packing *p, const char *dir, struct dd_err *err)
{
	git_commit *commit = NULL;
	int rc = git_repository_open_ext(&p->repo, dir, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	rc = rc ? rc : git_repository_odb(&p->odb, p->repo);
	if (rc)
		return git_library_fail(rc, "opening the repository", err);
	rc = git_oid_fromstr(&p->commit, p->spec->commit);
	rc = rc ? rc : git_commit_lookup(&commit, p->repo, &p->commit);
	git_commit_free(commit);
	return rc ? err_set(err, DD_ENOENT, "the repository has no commit %s", p->spec->commit) : 0;
}

static int
check_descent(struct packing *p, struct dd_err *err)
{
	git_oid from;
	if (!p->spec->from)
		return 0;
	int rc = git_oid_fromstr(&from, p->spec->from);
	rc = rc ? rc : git_graph_descendant_of(p->repo, &p->commit, &from);
	return rc == 1 ? 0
		       : err_set(err, DD_EBUSY, "%s does not descend from %s", p->spec->commit,
				 p->spec->from);
}

static int
gather(struct packing *p)
{
	int rc = git_revwalk_new(&p->walk, p->repo);
	rc = rc ? rc : git_revwalk_push(p->walk, &p->commit);
	for (size_t i = 0; !rc && p->spec->has && i < p->spec->has->n; i++) {
		git_commit *commit = NULL;
		git_oid id;
		if (git_oid_fromstr(&id, p->spec->has->v[i]) == 0 &&
			git_commit_lookup(&commit, p->repo, &id) == 0)
			rc = git_revwalk_hide(p->walk, &id);
		git_commit_free(commit);
	}
	rc = rc ? rc : git_packbuilder_new(&p->pack, p->repo);
	return rc ? rc : git_packbuilder_insert_walk(p->pack, p->walk);
}

static int
add_name(const git_oid *id, void *names)
{
	OWN_FREE char *hex = git_library_hex(id);
	strlist_add(names, hex);
	return 0;
}

/* Their names: of the index of a pack that is thrown away. */
static int
list_names(struct packing *p, const char *scratch, struct strlist *names)
{
	git_odb *alone = NULL;
	git_odb_backend *one = NULL;
	int rc = git_packbuilder_write(p->pack, scratch, 0644, NULL, NULL);
	const char *name = rc ? NULL : git_packbuilder_name(p->pack);
	OWN_FREE char *index = name ? mem_printf("%s/pack-%s.idx", scratch, name) : NULL;
	if (!rc && !index)
		return -1;
	rc = rc ? rc : git_odb_new(&alone);
	rc = rc ? rc : git_odb_backend_one_pack(&one, index);
	rc = rc ? rc : git_odb_add_backend(alone, one, 1);
	rc = rc ? rc : git_odb_foreach(alone, add_name, names);
	git_odb_free(alone);
	return rc;
}

static int
add_object(struct packing *p, const char *hex, struct gitrepo_object_list *objects)
{
	git_odb_object *o = NULL;
	git_oid id;
	int rc = git_oid_fromstr(&id, hex);
	rc = rc ? rc : git_odb_read(&o, p->odb, &id);
	if (rc)
		return rc;
	objects->v = mem_grow(objects->v, objects->n, &objects->cap, sizeof(*objects->v));
	struct gitrepo_object *to = &objects->v[objects->n++];
	*to = (struct gitrepo_object){.type = git_odb_object_type(o)};
	buf_add(&to->data, git_odb_object_data(o), git_odb_object_size(o));
	git_odb_object_free(o);
	return 0;
}

static int
list_objects(struct packing *p, struct gitrepo_object_list *objects, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	OWN_FREE char *scratch = mem_printf("%s/drydock-pack", git_repository_path(p->repo));
	int rc = fs_mkdirs(scratch, 0700, err);
	if (rc < 0)
		return rc;
	rc = list_names(p, scratch, &names);
	for (size_t i = 0; !rc && i < names.n; i++)
		if (strcmp(names.v[i], p->spec->commit) != 0)
			rc = add_object(p, names.v[i], objects);
	rc = rc ? rc : add_object(p, p->spec->commit, objects);
	(void)!fs_remove_tree(scratch, NULL);
	return rc ? git_library_fail(rc, "reading the objects to push", err) : 0;
}

int
gitrepo_pack(const char *dir, const struct gitrepo_pack_spec *spec, struct buf *pack,
	struct gitrepo_object_list *objects, struct dd_err *err)
{
	OWN(packing) struct packing p = {.spec = spec};
	git_buf bytes = GIT_BUF_INIT;
	git_library_start();
	int rc = open_commit(&p, dir, err);
	if (rc == 0)
		rc = check_descent(&p, err);
	if (rc < 0)
		return rc;
	int made = gather(&p);
	if (made)
		return git_library_fail(made, "gathering what to push", err);
	if (objects)
		return list_objects(&p, objects, err);
	made = git_packbuilder_write_buf(&bytes, p.pack);
	if (!made)
		buf_add(pack, bytes.ptr, bytes.size);
	git_buf_dispose(&bytes);
	return made ? git_library_fail(made, "packing what to push", err) : 0;
}
