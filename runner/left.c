#include "runner/left.h"

#include "runner/commands.h"
#include "runner/standup.h"

void
left_cleanup(struct left *l)
{
	recipe_cleanup(&l->recipe);
	stack_cleanup(&l->root);
	stack_cleanup(&l->work);
	strlist_cleanup(&l->env);
	probe_files_cleanup(&l->files);
	answers_destroy(l->answers);
}

static int
take_stack(const struct state *st, const struct run *run, const json_t *keys, struct stack *ret,
	struct dd_err *err)
{
	size_t i;
	json_t *key;
	json_array_foreach (keys, i, key) {
		const char *name = json_string_value(key);
		if (!name || !layer_exists(st, name))
			return err_set(err, DD_EINVAL,
				"a layer of run %s is not in the store any more", run->id);
		stack_push(ret, name);
	}
	return ret->n ? 0 : err_set(err, DD_EINVAL, "run %s has nothing that was built", run->id);
}

int
left_files(const struct state *st, const struct run *run, const struct supplied_file_list *files,
	struct probe_files *ret, struct dd_err *err)
{
	OWN_JSON json_t *replayed = journal_result(run->journal, "replay/files");
	const char *outside = json_string_value(json_object_get(replayed, "outside"));
	if (!replayed)
		return probe_attempt_files(st, run->journal, 0, ret, err);
	ret->outside = outside ? mem_strdup(outside) : NULL;
	probe_bind_files(st, files, ret);
	return 0;
}

int
left_load(const struct state *st, const struct run *run, const char *answers, struct left *ret,
	struct dd_err *err)
{
	OWN_FREE char *folder = run_path(run, "recipe");
	OWN_JSON json_t *left = journal_result(run->journal, "recipe/inventory");
	OWN(strlist) struct strlist missing = {0};
	struct left l = {0};
	int rc = run_require_single(run, err);
	if (rc == 0 && !left)
		rc = err_set(err, DD_EINVAL, "run %s has nothing that was built", run->id);
	if (rc == 0)
		rc = recipe_load(folder, &l.recipe, err);
	if (rc == 0)
		rc = take_stack(st, run, json_object_get(left, "root"), &l.root, err);
	if (rc == 0)
		rc = take_stack(st, run, json_object_get(left, "work"), &l.work, err);
	if (rc == 0)
		rc = command_load_answers(
			answers ? answers : run->options.answers, &l.answers, err);
	if (rc == 0)
		rc = left_files(st, run, &l.recipe.files, &l.files, err);
	if (rc == 0)
		standup_environment(&l.recipe, l.answers, &l.env, &missing);
	if (rc == 0 && missing.n)
		rc = err_set(err, DD_EINVAL, "%s has no answer", missing.v[0]);
	if (rc < 0)
		left_cleanup(&l);
	else
		*ret = l;
	return rc;
}
