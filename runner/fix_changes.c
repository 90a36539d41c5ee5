/* What layers of a repair change, their commits, and whose a line is: workers read the trees, the layers are bound beside them. */
#include "runner/fix.h"

#include "base/git_push.h"
#include "base/git_write.h"
#include "runner/feeder.h"
#include "runner/fix_wire.h"

#include <string.h>

#define OUTPUT_MAX ((size_t)1 << 30)

struct looking {
	struct pod_bind *binds;
	size_t n;
	struct strlist words; /* of the binds */
};

static void
looking_cleanup(struct looking *l)
{
	free(l->binds);
	strlist_cleanup(&l->words);
}

static void
bind_layers(const struct state *st, const struct strlist *layers, struct looking *l)
{
	l->binds = mem_zalloc(layers->n + 1, sizeof(*l->binds));
	l->n = layers->n;
	for (size_t i = 0; i < l->n; i++) {
		OWN_FREE char *dir = layer_dir(st, layers->v[i]);
		strlist_add(&l->words, dir);
		strlist_addf(&l->words, "/changes/%zu", i);
	}
	for (size_t i = 0; i < l->n; i++)
		l->binds[i] = (struct pod_bind){l->words.v[2 * i], l->words.v[2 * i + 1], false};
}

/* repository: a directory that is brought there first; NULL. */
static int
look(const struct state *st, const char *repository, const struct stack *below,
	const struct strlist *layers, const char *const *args, struct str input, struct buf *out,
	struct dd_err *err)
{
	OWN(looking) struct looking l = {0};
	struct pod *pod;
	bind_layers(st, layers, &l);
	const struct pod_spec spec = {.state = st, .work = below, .binds = l.binds, .nbinds = l.n};
	const struct worker_spec worker = {.name = "fix", .args = args, .input = input};
	int rc = pod_open(&spec, &pod, err);
	if (rc < 0)
		return rc;
	out->max = OUTPUT_MAX;
	if (repository)
		rc = feeder_give(pod, repository, "fix", "repository", err);
	if (rc == 0)
		rc = worker_exec(pod, &worker, out, err);
	pod_close(pod);
	return rc;
}

int
fix_changes(const struct state *st, const struct stack *below, const struct strlist *layers,
	json_t **ret, struct buf *patch, struct dd_err *err)
{
	OWN_FREE char *n = mem_printf("%zu", layers->n);
	const char *args[] = {"changes", n, NULL};
	OWN(buf) struct buf out = {0};
	int rc = look(st, NULL, below, layers, args, STR(""), &out, err);
	struct str rest = buf_str(&out), message;
	if (rc == 0 && !wire_take(&rest, &message))
		rc = err_set(err, DD_ECORRUPT, "fix: the worker gave no result");
	if (rc == 0)
		rc = json_parse(message, ret, err);
	if (rc == 0)
		buf_add_str(patch, rest);
	return rc;
}

int
fix_tests_of(const struct state *st, const struct stack *below, const char *layer,
	struct buf *texts, struct dd_err *err)
{
	const char *args[] = {"tests", NULL};
	OWN(strlist) struct strlist layers = {0};
	strlist_add(&layers, layer);
	return look(st, NULL, below, &layers, args, STR(""), texts, err);
}

/* Type and bytes of each. */
static void
take_objects(struct str rest, struct gitrepo_object_list *ret)
{
	struct str type, data;
	while (wire_take(&rest, &type) && type.n == 1 && wire_take(&rest, &data)) {
		ret->v = mem_grow(ret->v, ret->n, &ret->cap, sizeof(*ret->v));
		ret->v[ret->n] = (struct gitrepo_object){.type = type.p[0]};
		buf_add_str(&ret->v[ret->n++].data, data);
	}
}

int
fix_commits(const struct state *st, const struct fix_commit_spec *spec,
	struct gitrepo_object_list *ret, char **ret_commit, struct dd_err *err)
{
	OWN_FREE char *n = mem_printf("%zu", spec->layers->n),
		      *when = mem_printf("%lld", (long long)spec->time_s);
	const char *args[] = {"commits", n, when, spec->parent ? spec->parent : "HEAD", NULL};
	OWN(buf) struct buf out = {0}, input = {0};
	OWN(dd_err) struct dd_err why = {0};
	for (size_t i = 0; i < spec->messages->n; i++)
		wire_put(&input, str_of(spec->messages->v[i]));
	OWN_FREE char *repository = NULL;
	int rc = gitrepo_git_dir(spec->dir, &repository, err);
	if (rc == 0)
		rc = look(st, repository, spec->below, spec->layers, args, buf_str(&input), &out,
			&why);
	if (rc == -DD_ECORRUPT) /* the worker says what is wrong with the repository */
		return err_set(err, DD_EUNSUPPORTED, "%s", err_msg(&why));
	if (rc < 0)
		return why.code ? err_move(err, &why) : rc;
	struct str rest = buf_str(&out), commit;
	if (!wire_take(&rest, &commit) || commit.n != 40)
		return err_set(err, DD_ECORRUPT, "fix: the worker gave no commit");
	take_objects(rest, ret);
	*ret_commit = str_dup(commit);
	return 0;
}

int
fix_pack(const struct state *st, const char *dir, const struct gitrepo_pack_spec *spec,
	struct buf *pack, struct gitrepo_object_list *objects, struct dd_err *err)
{
	const char *args[] = {"pack", spec->commit, spec->from ? spec->from : "-",
		objects ? "objects" : "pack", NULL};
	const struct stack none = {0};
	const struct strlist no_layers = {0};
	OWN(buf) struct buf input = {0}, out = {0};
	OWN(dd_err) struct dd_err why = {0};
	OWN_FREE char *repository = NULL;
	for (size_t i = 0; spec->has && i < spec->has->n; i++)
		buf_printf(&input, "%s\n", spec->has->v[i]);
	int rc = gitrepo_git_dir(dir, &repository, err);
	if (rc == 0)
		rc = look(st, repository, &none, &no_layers, args, buf_str(&input), &out, &why);
	if (rc == -DD_ECORRUPT) /* the worker says what is wrong */
		return err_set(err, DD_EUNSUPPORTED, "%s", err_msg(&why));
	if (rc < 0)
		return why.code ? err_move(err, &why) : rc;
	if (objects)
		take_objects(buf_str(&out), objects);
	else
		buf_add_str(pack, buf_str(&out));
	return 0;
}

int
fix_origin(const struct state *st, const struct fix_origin_spec *spec, json_t **ret,
	struct dd_err *err)
{
	const struct stack none = {0};
	const struct strlist no_layers = {0};
	OWN_FREE char *line = mem_printf("%lld", (long long)spec->line), *repository = NULL;
	const char *args[] = {
		"origin", spec->tree ? "tree" : "revision", spec->revision, spec->path, line, NULL};
	OWN(buf) struct buf out = {0};
	OWN(dd_err) struct dd_err why = {0};
	int rc = gitrepo_git_dir(spec->dir, &repository, err);
	if (rc < 0)
		return rc;
	rc = look(st, repository, spec->tree ? spec->tree : &none, &no_layers, args, STR(""), &out,
		&why);
	if (rc == -DD_ECORRUPT) /* the worker says what is wrong */
		return err_set(err, DD_EUNSUPPORTED, "%s", err_msg(&why));
	return rc < 0 ? err_move(err, &why) : json_parse(buf_str(&out), ret, err);
}

/* What a worker says of the repository: what is wrong with it is no failure of ours. */
static int
look_at_repository(const struct state *st, const char *dir, const struct stack *tree,
	const char *const *args, struct buf *out, struct dd_err *err)
{
	const struct strlist no_layers = {0};
	OWN(dd_err) struct dd_err why = {0};
	OWN_FREE char *repository = NULL;
	int rc = gitrepo_git_dir(dir, &repository, err);
	if (rc < 0)
		return rc;
	rc = look(st, repository, tree, &no_layers, args, STR(""), out, &why);
	if (rc == -DD_ECORRUPT)
		return err_set(err, DD_EUNSUPPORTED, "%s", err_msg(&why));
	return rc < 0 ? err_move(err, &why) : 0;
}

int
fix_picks(const struct state *st, const char *dir, const char *commit, const char *onto,
	json_t **ret, struct dd_err *err)
{
	const char *args[] = {"picks", commit, onto, NULL};
	const struct stack none = {0};
	OWN(buf) struct buf out = {0};
	int rc = look_at_repository(st, dir, &none, args, &out, err);
	return rc < 0 ? rc : json_parse(buf_str(&out), ret, err);
}

int
fix_merge(const struct state *st, const struct fix_merge_spec *spec, json_t **ret_files,
	struct buf *texts, struct dd_err *err)
{
	const char *args[] = {"merge", spec->commit, spec->onto, NULL};
	OWN(buf) struct buf out = {0};
	int rc = look_at_repository(st, spec->dir, spec->tree, args, &out, err);
	struct str rest = buf_str(&out), files;
	if (rc == 0 && !wire_take(&rest, &files))
		rc = err_set(err, DD_ECORRUPT, "fix: the worker merged nothing");
	if (rc == 0)
		rc = json_parse(files, ret_files, err);
	if (rc == 0)
		buf_add_str(texts, rest);
	return rc;
}

int
fix_put_files(
	struct pod *desk, struct str texts, bool marked, json_t **ret_files, struct dd_err *err)
{
	const char *args[] = {"put", marked ? "marked" : "whole", NULL};
	OWN(buf) struct buf out = {.max = (size_t)4 << 20};
	OWN_JSON json_t *report = NULL;
	const struct worker_spec worker = {.name = "fix", .args = args, .input = texts};
	int rc = worker_exec(desk, &worker, &out, err);
	if (rc == 0)
		rc = json_parse(buf_str(&out), &report, err);
	const char *why = json_string_value(json_object_get(report, "why"));
	if (rc == 0 && why)
		rc = err_set(err, DD_EINVAL, "%s", why);
	if (rc == 0)
		*ret_files = json_incref(json_object_get(report, "files"));
	return rc;
}
