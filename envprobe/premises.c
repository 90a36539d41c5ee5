#include "envprobe/premises.h"

#include "base/fs.h"
#include "base/yaml.h"
#include "envprobe/source_worker.h"

#include <fcntl.h>
#include <string.h>

#define FACTS_FILE "drydock.yaml"

/* ---- what they say ---- */

bool
premises_ban(const struct loop *l, const char *package)
{
	return l->spec->facts && strlist_has(&l->spec->facts->ban, package);
}

const char *
premises_provider(const struct loop *l, const struct need *need)
{
	const struct premises *f = l->spec->facts;
	OWN_FREE char *name = mem_printf("%s %s", need_kind_names[need->kind], need->name);
	for (size_t i = 0; f && i < f->providers.n; i++)
		if (strcmp(f->providers.v[i].need, name) == 0)
			return f->providers.v[i].package;
	return NULL;
}

/* `by`: who says so, where it is not what a run learnt, whose reasons are those of the packages. */
static void
want_packages(struct loop *l, const struct premises *f, const char *by)
{
	for (size_t i = 0; i < f->packages.n; i++) {
		const struct fact_package *p = &f->packages.v[i];
		const struct need n = {.kind = NEED_PACKAGE,
			.name = p->name,
			.scope = p->scope,
			.source = NEED_DECLARED,
			.why = p->why};
		bool there = pkgindex_has_package(l->index, p->name);
		if (by && !there && !l->wrong_answer)
			l->wrong_answer = mem_printf(
				"%s: no source of this machine has a package %s", by, p->name);
		if (!loop_want(l, &n) || (!by && !p->why))
			continue;
		char **why = &l->wanted.v[l->wanted.n - 1].why;
		free(*why);
		*why = !by	? mem_strdup(p->why)
		       : p->why ? mem_printf("%s: %s", by, p->why)
				: mem_strdup(by);
	}
}

static void
set_variables(struct loop *l, const struct premises *f)
{
	for (size_t i = 0; i < f->environment.n; i++) {
		const struct env_var *from = &f->environment.v[i];
		if (!from->value || !loop_is_variable_name(from->name) ||
			env_var_list_find(&l->r->environment, from->name))
			continue;
		struct env_var *e = env_var_list_add(&l->r->environment);
		e->name = mem_strdup(from->name);
		e->value = mem_strdup(from->value);
		e->why = from->why ? mem_strdup(from->why) : NULL;
		strlist_set_env(&l->env, e->name, e->value);
	}
}

/* A person's word goes first. */
void
premises_apply(struct loop *l)
{
	const struct premises *const all[] = {l->spec->facts, l->spec->learnt_before};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (!all[i])
			continue;
		want_packages(l, all[i], i == 0 ? FACTS_FILE : NULL);
		set_variables(l, all[i]);
	}
}

/* ---- what was learnt ---- */

static void
put_package(struct premises *f, const char *name, enum need_scope scope, const char *why)
{
	struct fact_package *p = fact_package_list_add(&f->packages);
	p->name = mem_strdup(name);
	p->scope = scope;
	p->why = why ? mem_strdup(why) : NULL;
}

static bool
is_told(const struct premises *told, const char *package)
{
	for (size_t i = 0; told && i < told->packages.n; i++)
		if (strcmp(told->packages.v[i].name, package) == 0)
			return true;
	return false;
}

void
probe_learnt(const struct probe_result *r, const struct premises *told, struct premises *ret)
{
	struct premises f = {0};
	for (size_t i = 0; i < r->packages.n; i++) {
		const struct package *p = &r->packages.v[i];
		if (p->requested && !is_told(told, p->name))
			put_package(&f, p->name, p->scope, p->why);
	}
	for (size_t i = 0; i < r->environment.n; i++) {
		const struct env_var *e = &r->environment.v[i];
		if (e->question || !e->value || probe_sets(e->name, e->value) ||
			(told && env_var_list_find(&told->environment, e->name)))
			continue;
		struct env_var *to = env_var_list_add(&f.environment);
		to->name = mem_strdup(e->name);
		to->value = mem_strdup(e->value);
		to->why = e->why ? mem_strdup(e->why) : NULL;
	}
	*ret = f;
}

int
premises_tell(const struct loop *l, struct dd_err *err)
{
	struct premises f;
	if (!l->spec->learnt)
		return 0;
	probe_learnt(l->r, l->spec->facts, &f);
	for (size_t i = 0; i < l->wanted.n; i++)
		if (!is_told(l->spec->facts, l->wanted.v[i].package))
			put_package(&f, l->wanted.v[i].package, l->wanted.v[i].scope,
				l->wanted.v[i].why);
	int rc = l->spec->learnt(l->spec->ctx, &f, err);
	premises_cleanup(&f);
	return rc;
}

/* ---- as a file ---- */

static void
put_line(struct buf *out, const char *before, const char *text)
{
	if (!text)
		return;
	buf_puts(out, before);
	yaml_put_scalar(out, str_of(text));
	buf_putc(out, '\n');
}

void
probe_facts_print(const struct premises *f, struct buf *out)
{
	buf_puts(out, f->packages.n ? "packages:\n" : "packages: []\n");
	for (size_t i = 0; i < f->packages.n; i++) {
		put_line(out, "- name: ", f->packages.v[i].name);
		put_line(out, "  scope: ", need_scope_names[f->packages.v[i].scope]);
		put_line(out, "  why: ", f->packages.v[i].why);
	}
	buf_puts(out, f->ban.n ? "ban:\n" : "ban: []\n");
	for (size_t i = 0; i < f->ban.n; i++)
		put_line(out, "- ", f->ban.v[i]);
	buf_puts(out, f->providers.n ? "providers:\n" : "providers: []\n");
	for (size_t i = 0; i < f->providers.n; i++) {
		put_line(out, "- need: ", f->providers.v[i].need);
		put_line(out, "  package: ", f->providers.v[i].package);
		put_line(out, "  why: ", f->providers.v[i].why);
	}
	buf_puts(out, f->environment.n ? "environment:\n" : "environment: []\n");
	for (size_t i = 0; i < f->environment.n; i++) {
		put_line(out, "- name: ", f->environment.v[i].name);
		put_line(out, "  value: ", f->environment.v[i].value);
		put_line(out, "  why: ", f->environment.v[i].why);
	}
}

static int
take_answer(const json_t *answer, struct premises *ret, struct dd_err *err)
{
	const char *wrong = json_string_value(json_object_get(answer, "wrong"));
	struct premises f = {0};
	if (wrong)
		return err_set(err, DD_EINVAL, "%s", wrong);
	if (!json_object_get(answer, "facts"))
		return err_set(err, DD_ENOENT, "there is none");
	int rc = json_decode(
		json_object_get(answer, "facts"), premises_fields, true, &f, FACTS_FILE, err);
	if (rc < 0)
		premises_cleanup(&f);
	else
		*ret = f;
	return rc;
}

int
probe_facts_read(const struct state *st, struct str text, struct premises *ret, struct dd_err *err)
{
	OWN(buf) struct buf out = {.max = (size_t)16 << 20};
	OWN_JSON json_t *answer = NULL;
	const struct worker_spec spec = {.state = st, .name = "facts", .input = text};
	int rc = worker_run(&spec, &out, err);
	if (rc == 0)
		rc = json_parse(buf_str(&out), &answer, err);
	return rc < 0 ? rc : take_answer(answer, ret, err);
}

int
probe_facts_of_source(const struct state *st, const struct stack *source, struct premises *ret,
	struct dd_err *err)
{
	const struct source_question q = {.worker = "facts", .max_bytes = (size_t)16 << 20};
	OWN_JSON json_t *answer = NULL;
	int rc = source_ask(st, source, &q, &answer, err);
	return rc < 0 ? rc : take_answer(answer, ret, err);
}

/* ---- the worker ---- */

/* A package may be just its name. */
static void
widen_packages(json_t *facts)
{
	json_t *packages = json_object_get(facts, "packages"), *p;
	size_t i;
	json_array_foreach (packages, i, p) {
		if (json_is_string(p))
			json_array_set_new(packages, i, json_pack("{s:O}", "name", p));
	}
}

/* Lists and texts that are null are left out: they say nothing. */
static void
drop_nulls(json_t *facts)
{
	const char *key;
	json_t *value;
	void *next;
	json_object_foreach_safe(facts, next, key, value)
	{
		if (json_is_null(value))
			json_object_del(facts, key);
	}
}

/* Standard input, or the file of the tree.  DD_ENOENT: the tree has none. */
static int
read_input(int argc, char **argv, struct buf *ret, struct dd_err *err)
{
	char chunk[16384];
	OWN_FD int root = -1, file = -1;
	int rc = 0;
	if (argc > 1) {
		root = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = root < 0
			     ? err_set(err, DD_EIO, "there is no tree")
			     : fs_open_in_root(root, FACTS_FILE, O_RDONLY | O_NONBLOCK, &file, err);
	}
	int from = argc > 1 ? file : STDIN_FILENO;
	for (ssize_t n; rc == 0 && (n = read(from, chunk, sizeof(chunk))) > 0;)
		buf_add(ret, chunk, (size_t)n);
	return rc;
}

/* YAML -> the facts it holds, checked by their table. */
static int
read_facts(struct str text, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	struct premises check = {0};
	int rc = yaml_parse(text, &j, err);
	if (rc < 0)
		return rc;
	if (json_is_null(j)) {
		json_decref(j);
		j = json_object();
	}
	drop_nulls(j);
	widen_packages(j);
	rc = json_decode(j, premises_fields, true, &check, FACTS_FILE, err);
	premises_cleanup(&check);
	if (rc == 0)
		*ret = json_incref(j);
	return rc;
}

int
probe_facts_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf text = {.max = YAML_MAX_BYTES + 2};
	OWN_JSON json_t *answer = json_object(), *facts = NULL;
	int rc = read_input(argc, argv, &text, &err);
	bool none = rc == -DD_ENOENT;
	if (rc == 0)
		rc = read_facts(buf_str(&text), &facts, &err);
	if (rc == 0)
		json_object_set(answer, "facts", facts);
	else if (!none)
		json_object_set_new(answer, "wrong", json_text(str_of(err_msg(&err))));
	return json_give(answer, &err) < 0 ? 1 : 0;
}
