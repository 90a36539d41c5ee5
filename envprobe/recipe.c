#include "envprobe/recipe.h"

#include "base/fs.h"
#include "envprobe/envprobe.h"

#include <ctype.h>
#include <string.h>

#define LOCK_NAME "drydock.lock.json"
#define LOCK_MAX_BYTES ((size_t)64 << 20)

char *
recipe_argument_name(const char *question_id)
{
	char *name = mem_strdup(question_id);
	for (char *p = name; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
	return name;
}

void
recipe_put_cd(const struct command *c, const char *root, struct buf *out)
{
	if (!c->dir)
		return;
	OWN_FREE char *dir = root	      ? fs_join(root, c->dir)
			     : *c->dir == '-' ? mem_printf("./%s", c->dir)
					      : mem_strdup(c->dir);
	buf_puts(out, "cd ");
	buf_put_shell(out, str_of(dir));
	buf_puts(out, " && ");
}

static void
add_command(struct command_list *l, const struct module_set *m, char *run)
{
	struct command *c = command_list_add(l);
	c->phase = PHASE_CONFIGURE;
	c->run = run;
	c->dir = m->dir ? mem_strdup(m->dir) : NULL;
}

/* Frees the word. */
static void
put_word(struct buf *out, char *word)
{
	buf_putc(out, ' ');
	buf_put_shell(out, str_of(word));
	free(word);
}

void
recipe_module_commands(const struct module_set *m, struct command_list *ret)
{
	static const char *const sections[] = {
		"dependencies", "devDependencies", "optionalDependencies"};
	OWN(buf) struct buf install = {0};
	for (size_t i = 0; i < m->changes.n; i++) {
		const char *change = m->changes.v[i];
		int name = (int)strcspn(change, "=");
		OWN(buf) struct buf run = {0};
		buf_puts(&run, "npm pkg delete");
		for (size_t k = 0; k < sizeof(sections) / sizeof(*sections); k++)
			put_word(&run, mem_printf("%s[%.*s]", sections[k], name, change));
		add_command(ret, m, buf_take(&run));
		if (!change[name])
			continue;
		buf_puts(&run, "npm pkg set");
		put_word(&run, mem_printf("dependencies[%.*s]%s", name, change, change + name));
		add_command(ret, m, buf_take(&run));
	}
	buf_puts(&install, "npm ci --ignore-scripts");
	for (size_t i = 0; i < m->options.n; i++)
		put_word(&install, mem_strdup(m->options.v[i]));
	add_command(ret, m, buf_take(&install));
}

/* A lock file that the source has not is one of the recipe's files. */
static int
write_locks(const struct recipe *r, const char *dir, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < r->modules.n; i++) {
		OWN_FREE char *path = fs_join(dir, RECIPE_NPM_LOCK);
		if (!r->modules.v[i].lock_file)
			rc = fs_write_atomic(path, str_of(r->modules.v[i].lock), 0644, err);
	}
	return rc;
}

bool
recipe_put_ready(const struct service *s, struct buf *out)
{
	if (s->port) {
		buf_printf(out, "(: </dev/tcp/localhost/%lld) 2>/dev/null", (long long)s->port);
	} else if (s->socket) {
		buf_puts(out, "[ -S ");
		buf_put_shell(out, str_of(s->socket));
		buf_puts(out, " ]");
	}
	return s->port || s->socket;
}

void
recipe_put_wait(const struct service *s, struct buf *out)
{
	OWN(buf) struct buf test = {0};
	if (recipe_put_ready(s, &test))
		buf_printf(out, "for i in {1..300}; do %s && break; sleep 0.2; done", test.p);
	else
		buf_puts(out, "sleep 2");
}

/* ---- the folder ---- */

struct folder {
	const char *dir;
	int rc;
	struct dd_err *err;
};

/* What was not appended to is no file; an older one of that name goes. */
static void
put_file(struct folder *f, const char *name, const struct buf *text)
{
	OWN_FREE char *path = fs_join(f->dir, name);
	if (f->rc == 0 && text->n)
		f->rc = fs_write_atomic(path, buf_str(text), 0644, f->err);
	else if (f->rc == 0 && fs_exists(path))
		f->rc = fs_remove_tree(path, f->err);
}

static void
put_lock(const struct recipe *r, struct buf *out)
{
	OWN_JSON json_t *j = recipe_to_json(r);
	json_print(j, 2, out);
	buf_putc(out, '\n');
}

static void
put_materials(struct folder *f, const struct recipe *r, const struct inventory *inv)
{
	OWN(buf) struct buf cyclonedx = {0}, spdx = {0};
	struct bom bom;
	bom_make(r, inv, &bom);
	recipe_cyclonedx(r, &bom, &cyclonedx);
	recipe_spdx(r, &bom, &spdx);
	put_file(f, "sbom.cdx.json", &cyclonedx);
	put_file(f, "sbom.spdx.json", &spdx);
	bom_cleanup(&bom);
}

/* The lock file comes last: where it is, the others are. */
static void
put_recipe(struct folder *f, const struct recipe *r, const struct inventory *inv)
{
	OWN(buf) struct buf lock = {0}, dockerfile = {0}, devcontainer = {0}, build_md = {0};
	OWN(buf) struct buf buildinfo = {0}, compose = {0}, example = {0};
	put_lock(r, &lock);
	recipe_dockerfile(r, inv, &dockerfile);
	recipe_devcontainer(r, &devcontainer);
	recipe_build_md(r, &build_md);
	recipe_buildinfo(r, inv, buf_str(&lock), buf_str(&dockerfile), &buildinfo);
	recipe_compose(r, &compose);
	recipe_env_example(r, &example);
	put_file(f, "Dockerfile", &dockerfile);
	put_file(f, "BUILD.md", &build_md);
	put_file(f, ".devcontainer/devcontainer.json", &devcontainer);
	put_file(f, "compose.yaml", &compose);
	put_file(f, ".env.example", &example);
	put_materials(f, r, inv);
	put_file(f, "drydock.buildinfo", &buildinfo);
	put_file(f, LOCK_NAME, &lock);
}

int
recipe_write(const struct recipe_facts *f, const char *dir, struct dd_err *err)
{
	struct folder folder = {dir, 0, err};
	struct inventory inv = {0};
	OWN_FREE char *hidden = fs_join(dir, ".devcontainer");
	int rc = fs_mkdirs(hidden, 0755, err);
	if (rc == 0)
		rc = write_locks(f->recipe, dir, err);
	if (rc == 0 && f->inventory)
		rc = inventory_from_json(f->inventory, &inv, err);
	if (rc == 0) {
		put_recipe(&folder, f->recipe, f->inventory ? &inv : NULL);
		rc = folder.rc;
	}
	inventory_cleanup(&inv);
	return rc < 0 ? err_wrap(err, "recipe") : 0;
}

/* In the form in which a person gives it back, corrected. */
static void
recipe_facts_yaml(const struct recipe_facts *f, struct buf *out)
{
	struct premises facts;
	probe_learnt(f->found, NULL, &facts);
	for (size_t i = 0; i < facts.packages.n; i++)
		answers_redact_text(f->answers, &facts.packages.v[i].why);
	for (size_t i = 0; i < facts.environment.n; i++) {
		answers_redact_text(f->answers, &facts.environment.v[i].value);
		answers_redact_text(f->answers, &facts.environment.v[i].why);
	}
	buf_puts(out,
		"# What was learnt.  Give it back, corrected, as drydock.yaml of the source or with\n"
		"# --facts: packages are installed from the first attempt on, those under `ban` for\n"
		"# no need; `providers` name the package of a need (\"header curl/curl.h\").\n");
	probe_facts_print(&facts, out);
	premises_cleanup(&facts);
}

int
recipe_write_findings(const struct recipe_facts *f, const char *dir, struct dd_err *err)
{
	struct folder folder = {dir, 0, err};
	OWN(buf) struct buf needs = {0}, needs_json = {0}, evidence = {0}, facts = {0};
	recipe_needs_md(f, &needs);
	recipe_needs_json(f, &needs_json);
	recipe_evidence(f, &evidence);
	recipe_facts_yaml(f, &facts);
	folder.rc = fs_mkdirs(dir, 0755, err);
	put_file(&folder, "NEEDS.md", &needs);
	put_file(&folder, "needs.json", &needs_json);
	put_file(&folder, "evidence.jsonl", &evidence);
	put_file(&folder, "drydock.yaml", &facts);
	return folder.rc < 0 ? err_wrap(err, "recipe") : 0;
}

int
recipe_load(const char *path, struct recipe *ret, struct dd_err *err)
{
	OWN_FREE char *inner = fs_join(path, LOCK_NAME);
	OWN_JSON json_t *j = NULL;
	const char *file = fs_is_dir(path) ? inner : path;
	int rc = json_parse_file(file, LOCK_MAX_BYTES, &j, err);
	if (rc == 0 && recipe_from_json(j, ret, err) < 0)
		rc = err_wrap(err, "%s", file);
	if (rc == 0)
		return 0;
	if (err) /* whatever is wrong with it, it is the caller's file */
		err->code = DD_EINVAL;
	return -DD_EINVAL;
}
