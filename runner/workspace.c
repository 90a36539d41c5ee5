#include "runner/workspace.h"

#include "base/fs.h"
#include "base/yaml.h"
#include "envprobe/envprobe.h"
#include "runner/commands.h"

#include <assert.h>
#include <string.h>

#define F(member, what) \
	.key = #member, .kind = what, .offset = offsetof(struct workspace_member, member)
const struct json_field workspace_member_fields[] = {
	{F(name, JSON_K_STRING), .required = true},
	{F(source, JSON_K_STRING), .required = true},
	{F(facts, JSON_K_STRING)},
	{F(recipe, JSON_K_STRING)},
	{F(image, JSON_K_STRING)},
	{F(needs, JSON_K_STRLIST)},
	{F(beside, JSON_K_STRLIST)},
	{.key = NULL},
};
RECORD_IMPLEMENT(workspace_member)
#undef F

const struct json_field workspace_fields[] = {
	{.key = "workspace",
		.kind = JSON_K_STRING,
		.offset = offsetof(struct workspace, workspace)},
	{.key = "members",
		.kind = JSON_K_ARRAY,
		.offset = offsetof(struct workspace, members),
		.required = true,
		.sub = workspace_member_fields,
		.elem_size = sizeof(struct workspace_member)},
	{.key = NULL},
};

void
workspace_cleanup(struct workspace *w)
{
	json_release(workspace_fields, w);
	*w = (struct workspace){0};
}

bool
workspace_is(const char *path)
{
	struct str name = str_of(path);
	return (str_ends(name, ".yaml") || str_ends(name, ".yml")) && fs_exists(path) &&
	       !fs_is_dir(path);
}

/* ---- what is wrong with it ---- */

static struct workspace_member *
find(const struct workspace *w, const char *name)
{
	for (size_t i = 0; i < w->members.n; i++)
		if (strcmp(w->members.v[i].name, name) == 0)
			return &w->members.v[i];
	return NULL;
}

/* One label of a host name, and none that is taken. */
static bool
is_good_name(const char *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t n = strspn(s, allowed);
	return n && !s[n] && n <= 63 && *s != '-' && s[n - 1] != '-' &&
	       strcmp(s, "localhost") != 0 && strcmp(s, "drydock") != 0;
}

static int
check_member(const struct workspace *w, size_t i, struct dd_err *err)
{
	const struct workspace_member *m = &w->members.v[i];
	if (!is_good_name(m->name))
		return err_set(err, DD_EINVAL,
			"member \"%s\": a name is small letters, digits and \"-\", and not that of this machine",
			m->name);
	if (find(w, m->name) != m)
		return err_set(err, DD_EINVAL, "there are two members %s", m->name);
	for (size_t k = 0; k < m->needs.n; k++)
		if (!find(w, m->needs.v[k]))
			return err_set(err, DD_EINVAL, "member %s needs \"%s\", which is no member",
				m->name, m->needs.v[k]);
	return m->recipe || m->image || m->beside.n
		       ? err_set(err, DD_EINVAL, "member %s: unknown key", m->name)
		       : 0;
}

static int
check(const struct workspace *w, struct dd_err *err)
{
	if (!w->members.n || w->members.n > WORKSPACE_MAX_MEMBERS)
		return err_set(
			err, DD_EINVAL, "it has to name 1 to %d members", WORKSPACE_MAX_MEMBERS);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < w->members.n; i++)
		rc = check_member(w, i, err);
	return rc;
}

/* ---- in order ---- */

/* What m needs, with what that needs, each behind what it needs; `path`: the members that are under way. */
static int
add_needs(const struct workspace *w, const struct workspace_member *m, struct strlist *path,
	struct strlist *ret, struct dd_err *err)
{
	int rc = 0;
	strlist_add(path, m->name);
	for (size_t i = 0; rc == 0 && i < m->needs.n; i++) {
		const char *name = m->needs.v[i];
		if (strlist_has(path, name))
			return err_set(err, DD_EINVAL, "members need each other: %s and %s", name,
				m->name);
		if (strlist_has(ret, name))
			continue;
		rc = add_needs(w, find(w, name), path, ret, err);
		strlist_add(ret, name);
	}
	free(path->v[--path->n]);
	path->v[path->n] = NULL;
	return rc;
}

static int
order(struct workspace *w, struct dd_err *err)
{
	OWN(strlist) struct strlist all = {0}, path = {0};
	struct workspace_member_list in_order = {0};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < w->members.n; i++) {
		struct workspace_member *m = &w->members.v[i];
		rc = add_needs(w, m, &path, &m->beside, err);
		for (size_t k = 0; k < m->beside.n; k++)
			strlist_add_new(&all, m->beside.v[k]);
		strlist_add_new(&all, m->name);
	}
	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		const struct workspace_member *m = find(w, all.v[i]);
		assert(m); /* all.v are their names */
		*workspace_member_list_add(&in_order) = *m;
	}
	if (rc == 0) {
		free(w->members.v);
		w->members = in_order;
	}
	return rc;
}

/* ---- reading ---- */

/* As seen from the file. */
static int
make_absolute(const char *file, char **path, struct dd_err *err)
{
	OWN_FREE char *dir = mem_strndup(file, (size_t)(fs_name(file) - file));
	OWN_FREE char *given = *path && **path != '/' && !strstr(*path, "://")
				       ? mem_printf("%s%s", dir, *path)
				       : NULL;
	char *real = NULL;
	int rc = command_source(given ? given : *path, &real, err);
	if (rc < 0)
		return rc;
	free(*path);
	*path = real;
	return 0;
}

static int
find_sources(struct workspace *w, const char *file, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < w->members.n; i++) {
		struct workspace_member *m = &w->members.v[i];
		rc = make_absolute(file, &m->source, err);
		if (rc == 0 && m->facts)
			rc = make_absolute(file, &m->facts, err);
		if (rc < 0)
			rc = err_wrap(err, "member %s", m->name);
	}
	return rc;
}

static int
ask_worker(const struct state *st, struct str text, struct workspace *ret, struct dd_err *err)
{
	OWN(buf) struct buf out = {.max = (size_t)16 << 20};
	OWN_JSON json_t *answer = NULL;
	const struct worker_spec spec = {.state = st, .name = "workspace", .input = text};
	int rc = worker_run(&spec, &out, err);
	if (rc == 0)
		rc = json_parse(buf_str(&out), &answer, err);
	const char *wrong = json_string_value(json_object_get(answer, "wrong"));
	if (rc == 0 && wrong)
		rc = err_set(err, DD_EINVAL, "%s", wrong);
	return rc < 0 ? rc
		      : json_decode(json_object_get(answer, "file"), workspace_fields, true, ret,
				"workspace", err);
}

int
workspace_read(const struct state *st, const char *path, struct workspace *ret, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	struct workspace w = {0};
	int rc = fs_read(path, YAML_MAX_BYTES, &text, err);
	if (rc == 0)
		rc = ask_worker(st, buf_str(&text), &w, err);
	if (rc == 0)
		rc = check(&w, err);
	if (rc == 0)
		rc = order(&w, err);
	if (rc == 0)
		rc = find_sources(&w, path, err);
	if (rc < 0) {
		workspace_cleanup(&w);
		return err_wrap(err, "%s", path);
	}
	if (!w.workspace || !*w.workspace) {
		const char *name = fs_name(path);
		free(w.workspace);
		w.workspace = mem_strndup(name, (size_t)(strrchr(name, '.') - name));
	}
	*ret = w;
	return 0;
}

void
workspace_to_options(const struct workspace *w, struct run_options *ret)
{
	ret->workspace = json_encode(workspace_fields, w);
	for (size_t i = 0; i < w->members.n; i++)
		strlist_add(&ret->peers, w->members.v[i].name);
}

/* ---- its lock ---- */

static char *
lock_path(const char *path)
{
	return fs_is_dir(path) ? fs_join(path, WORKSPACE_LOCK) : mem_strdup(path);
}

bool
workspace_is_lock(const char *path)
{
	OWN_FREE char *lock = lock_path(path);
	return strcmp(fs_name(lock), WORKSPACE_LOCK) == 0 && fs_exists(lock);
}

/* Beside the lock, each member has a folder of its name. */
static int
take_recipe(struct workspace *w, const char *lock, const char *name, struct dd_err *err)
{
	struct workspace_member *m = name ? find(w, name) : NULL;
	struct recipe recipe = {0};
	if (!m || m->recipe)
		return err_set(err, DD_EINVAL,
			"its member %s is not in this workspace, or is there twice",
			name ? name : "?");
	m->recipe =
		mem_printf("%.*s%s/drydock.lock.json", (int)(fs_name(lock) - lock), lock, m->name);
	int rc = recipe_load(m->recipe, &recipe, err);
	m->image = rc == 0 && recipe.base.name ? mem_strdup(recipe.base.name) : NULL;
	recipe_cleanup(&recipe);
	return rc;
}

int
workspace_take_lock(struct workspace *w, const char *path, struct dd_err *err)
{
	OWN_FREE char *given = lock_path(path), *lock = NULL;
	OWN_JSON json_t *j = NULL;
	size_t i;
	json_t *name;
	int rc = command_absolute_path(given, &lock, err);
	if (rc == 0)
		rc = json_parse_file(lock, YAML_MAX_BYTES, &j, err);
	json_array_foreach (json_object_get(j, "members"), i, name) {
		rc = rc ? rc : take_recipe(w, lock, json_string_value(name), err);
	}
	for (i = 0; rc == 0 && i < w->members.n; i++)
		if (!w->members.v[i].recipe)
			rc = err_set(err, DD_EINVAL, "it has no member %s", w->members.v[i].name);
	return rc < 0 ? err_wrap(err, "%s", given) : 0;
}

/* ---- the worker ---- */

int
workspace_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf text = {.max = YAML_MAX_BYTES + 2}, out = {0};
	OWN_JSON json_t *answer = json_object(), *file = NULL;
	struct workspace check = {0};
	(void)argc, (void)argv;
	worker_take_input(&text);
	int rc = yaml_parse(buf_str(&text), &file, &err);
	if (rc == 0)
		rc = json_decode(file, workspace_fields, true, &check, "workspace", &err);
	workspace_cleanup(&check);
	if (rc == 0)
		json_object_set(answer, "file", file);
	else
		json_object_set_new(answer, "wrong", json_text(str_of(err_msg(&err))));
	json_print(answer, 0, &out);
	printf("%s\n", out.p);
	return fflush(stdout) == 0 ? 0 : 1;
}
