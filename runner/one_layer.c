#include "runner/one_layer.h"

#include "base/fs.h"
#include "base/git_write.h"
#include "runner/fix.h"

void
one_layer_cleanup(struct one_layer *l)
{
	free(l->layer);
	free(l->commit);
	free(l->branch);
	free(l->why);
	*l = (struct one_layer){0};
}

int
one_layer_take(struct one_layer *l, struct pod *pod, const char *step, const char *owner,
	struct dd_err *err)
{
	struct hash_hex key = stack_next_key(l->source, str_of(step));
	int rc = layer_lease(l->st, owner, key.s, err);
	if (rc < 0) {
		pod_close(pod);
		return rc;
	}
	l->layer = mem_strdup(key.s);
	return pod_freeze(pod, POD_WORK, key.s, err);
}

bool
one_layer_has_repository(const char *source)
{
	OWN(dd_err) struct dd_err why = {0};
	OWN_FREE char *dir = NULL;
	return source[0] == '/' && fs_is_dir(source) && gitrepo_git_dir(source, &dir, &why) == 0;
}

int
one_layer_branch(struct one_layer *l, const char *dir, const char *what, const char *message,
	struct dd_err *err)
{
	OWN(strlist) struct strlist layers = {0}, messages = {0};
	struct gitrepo_object_list objects = {0};
	OWN(dd_err) struct dd_err why = {0};
	OWN_FREE char *name = mem_printf("%s-objects-%.16s", what, l->layer),
		      *scratch = state_path(l->st, name);
	strlist_add(&layers, l->layer);
	strlist_add(&messages, message);
	const struct fix_commit_spec spec = {.dir = dir,
		.below = l->source,
		.layers = &layers,
		.messages = &messages,
		.time_s = GIT_TIME_OF_PARENT};
	int rc = fix_commits(l->st, &spec, &objects, &l->commit, &why);
	if (rc == 0) {
		l->branch = mem_printf("drydock/%s-%.12s", what, l->commit);
		rc = gitrepo_put_branch(dir, &objects, l->commit, l->branch, NULL, scratch, &why);
	}
	gitrepo_object_list_cleanup(&objects);
	if (rc == -DD_ESTOPPED || rc == -DD_ELIMIT)
		return err_move(err, &why);
	if (rc < 0) {
		l->why = mem_strdup(err_msg(&why));
		free(TAKE(l->branch));
	}
	return 0;
}

int
one_layer_patch(const struct one_layer *l, const char *path, size_t max, struct dd_err *err)
{
	OWN(strlist) struct strlist layers = {0};
	OWN(buf) struct buf patch = {.max = max};
	OWN_JSON json_t *changes = NULL;
	if (l->layer)
		strlist_add(&layers, l->layer);
	int rc = l->layer ? fix_changes(l->st, l->source, &layers, &changes, &patch, err) : 0;
	return rc < 0 ? rc : fs_write_atomic(path, buf_str(&patch), 0644, err);
}
