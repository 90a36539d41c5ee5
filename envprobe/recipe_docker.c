/* Dockerfile and .devcontainer/devcontainer.json. */
#include "envprobe/recipe.h"

#include "base/json.h"
#include "sandbox/sandbox.h"

#include <string.h>

#define USER_NAME "builder"
#define USER_ID 1000
#define RECIPE_MAX_CHOSEN 5000 /* packages of a stage */
#define SHELL "\"/bin/bash\", \"-o\", \"pipefail\", \"-c\""

/* Text for a double-quoted Dockerfile value: one line, nothing expands. */
static void
put_quoted(struct buf *out, const char *text)
{
	buf_putc(out, '"');
	for (; *text; text++) {
		if (strchr("\"\\$`", *text))
			buf_putc(out, '\\');
		buf_putc(out, (unsigned char)*text < 0x20 ? ' ' : *text);
	}
	buf_putc(out, '"');
}

/* A comment must stay one line whatever the target called its files. */
static void
put_comment(struct buf *out, const char *text)
{
	buf_puts(out, "# ");
	for (; *text; text++)
		buf_putc(out, (unsigned char)*text < 0x20 ? ' ' : *text);
	buf_putc(out, '\n');
}

static int
by_name(const void *a, const void *b)
{
	const struct package *const *x = a, *const *y = b;
	return strcmp((*x)->name, (*y)->name);
}

struct chosen { /* packages of a stage, sorted by name */
	const struct package **v;
	size_t n;
};

static void
choose(struct chosen *c, const struct package *p)
{
	if (!c->v)
		c->v = mem_zalloc(RECIPE_MAX_CHOSEN, sizeof(*c->v));
	if (c->n < RECIPE_MAX_CHOSEN)
		c->v[c->n++] = p;
}

/* To build it; what they pull in follows from their versions. */
static void
choose_for_build(const struct recipe *r, struct chosen *c)
{
	for (size_t i = 0; i < r->packages.n; i++)
		if (r->packages.v[i].requested)
			choose(c, &r->packages.v[i]);
}

/* Was it asked for as a module of a language that is interpreted? */
static bool
is_module(const struct package *p)
{
	static const enum need_kind kinds[] = {NEED_PERL, NEED_PYTHON, NEED_NODE};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t n = strlen(need_kind_names[kinds[i]]);
		if (p->why && strncmp(p->why, need_kind_names[kinds[i]], n) == 0 &&
			p->why[n] == ' ')
			return true;
	}
	return false;
}

static bool
is_interpreter(const struct recipe *r, const struct package *p)
{
	static const struct {
		enum build_system system;
		const char *package;
	} known[] = {{SYSTEM_PYTHON, "python3"}, {SYSTEM_PERL, "perl"}, {SYSTEM_NODE, "nodejs"}};
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (r->system == known[i].system && strcmp(p->name, known[i].package) == 0)
			return true;
	return false;
}

/* To run what was built: what its programs are linked to, and what interprets it. */
static void
choose_for_run(const struct recipe *r, const struct inventory *inv, struct chosen *c)
{
	for (size_t i = 0; i < r->packages.n; i++) {
		const struct package *p = &r->packages.v[i];
		bool asked = p->requested &&
			     (p->scope == SCOPE_RUN || (p->scope != SCOPE_TEST && is_module(p)));
		if (asked || is_interpreter(r, p) || (inv && strlist_has(&inv->linked, p->name)))
			choose(c, p);
	}
}

/* Frees the list. */
static void
put_packages(struct chosen *c, struct buf *out)
{
	if (c->n) {
		qsort(c->v, c->n, sizeof(*c->v), by_name);
		buf_puts(out, "RUN apt-get update \\\n"
			      " && apt-get install -y --no-install-recommends \\\n");
		for (size_t i = 0; i < c->n; i++)
			buf_printf(out, "        %s=%s \\\n", c->v[i]->name, c->v[i]->version);
		buf_puts(out, " && rm -rf /var/lib/apt/lists/*\n");
	}
	free(c->v);
	*c = (struct chosen){0};
}

bool
recipe_is_secret(const struct recipe *r, const char *question_id)
{
	const struct question *q =
		question_id ? question_list_find(&r->questions, question_id) : NULL;
	return q && q->secret;
}

static void
put_constants(const struct recipe *r, struct buf *out)
{
	buf_puts(out, "# What it was built and tested with.\n");
	for (size_t i = 0; i < r->environment.n; i++) {
		const struct env_var *e = &r->environment.v[i];
		if (e->question)
			continue;
		buf_printf(out, "ENV %s=", e->name);
		put_quoted(out, e->value ? e->value : "");
		buf_putc(out, '\n');
	}
	buf_puts(out, "ENV USER=\"" USER_NAME "\"\nENV LOGNAME=\"" USER_NAME "\"\n");
}

static void
put_environment(const struct recipe *r, struct buf *out)
{
	put_constants(r, out);
	for (size_t i = 0; i < r->environment.n; i++) {
		const struct env_var *e = &r->environment.v[i];
		if (!e->question)
			continue;
		if (e->why)
			put_comment(out, e->why);
		if (!recipe_is_secret(
			    r, e->question)) /* else mounted where it is used, never in a layer */
			buf_printf(out, "ARG %s\nENV %s=${%s}\n", e->name, e->name, e->name);
	}
}

static void
put_secret_mount(struct buf *out, const char *name)
{
	buf_printf(out, " --mount=type=secret,id=%s,env=%s", name, name);
}

/* What the command `run` may read and no layer may keep. */
static void
put_secret_mounts(const struct recipe *r, const char *run, struct buf *out)
{
	for (size_t i = 0; i < r->environment.n; i++) {
		const struct env_var *e = &r->environment.v[i];
		if (recipe_is_secret(r, e->question))
			put_secret_mount(out, e->name);
	}
	for (size_t i = 0; i < r->prompts.n; i++) {
		const struct prompt_answer *a = &r->prompts.v[i];
		OWN_FREE char *name = recipe_argument_name(a->question);
		if (a->run && strcmp(a->run, run) == 0 && recipe_is_secret(r, a->question))
			put_secret_mount(out, name);
	}
}

/* Would the text end the instruction, or go on behind it? */
static bool
breaks_instruction(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < 0x20)
			return true;
	return str_ends(text, "\\") || memmem(text.p, text.n, "<<", 2);
}

/* A shell command as words of JSON. */
static void
put_exec_form(struct buf *out, const char *shell, struct str text)
{
	buf_printf(out, "[%s, ", shell);
	buf_put_json(out, text);
	buf_puts(out, "]\n");
}

/* What follows RUN and its options. */
static void
put_run(struct buf *out, struct str text)
{
	buf_putc(out, ' ');
	if (breaks_instruction(text))
		put_exec_form(out, SHELL, text);
	else
		buf_printf(out, STR_FMT "\n", STR_ARG(text));
}

/* A mount takes commas and blanks apart: such a path is left to the person who builds. */
bool
recipe_is_mountable(const struct supplied_file *f)
{
	return !f->sample && !f->archive && !strpbrk(f->path, ", \"'\\$") &&
	       !breaks_instruction(str_of(f->path));
}

/* What stands before its path in the image: those of the source are in the work tree. */
const char *
recipe_tree_of(const struct supplied_file *f)
{
	return f->path[0] == '/' ? "" : WORK_DIR "/";
}

/* Files that a person supplies are mounted where they are used: they may be secrets. */
static void
put_file_mounts(const struct recipe *r, struct buf *out)
{
	for (size_t i = 0; i < r->files.n; i++) {
		const struct supplied_file *f = &r->files.v[i];
		OWN_FREE char *id = recipe_argument_name(f->question);
		if (recipe_is_mountable(f))
			buf_printf(out, " --mount=type=secret,id=%s,target=%s%s,mode=0444", id,
				recipe_tree_of(f), f->path);
	}
}

/* Before the first command: what comes from a sample, and what is to be in the tree. */
static void
put_files(const struct recipe *r, struct buf *out)
{
	for (size_t i = 0; i < r->files.n; i++) {
		const struct supplied_file *f = &r->files.v[i];
		OWN_FREE char *id = recipe_argument_name(f->question);
		OWN_FREE char *note =
			f->sample ? mem_printf("%s is to be adapted: here it is a copy of %s.",
					    f->path, f->sample)
			: recipe_is_mountable(f)
				? mem_printf(
					  "%s comes with --secret id=%s,src=FILE, and for the tests with "
					  "-v FILE:%s%s:ro.",
					  f->path, id, recipe_tree_of(f), f->path)
				: mem_printf("%s must be in the tree.", f->path);
		put_comment(out, note);
		if (!f->sample)
			continue;
		buf_puts(out, "RUN cp -- ");
		buf_put_shell(out, str_of(f->sample));
		buf_putc(out, ' ');
		buf_put_shell(out, str_of(f->path));
		buf_putc(out, '\n');
	}
}

/* The answers a command asks for, as a pipe in front of it. */
static void
put_prompt_pipe(const struct recipe *r, const char *run, struct buf *out)
{
	bool any = false;
	for (size_t i = 0; i < r->prompts.n; i++) {
		const struct prompt_answer *a = &r->prompts.v[i];
		if (!a->run || strcmp(a->run, run) != 0)
			continue;
		OWN_FREE char *name = recipe_argument_name(a->question);
		buf_printf(out, "%s \"${%s}\"", any ? "" : "printf '%s\\n'", name);
		any = true;
	}
	if (any)
		buf_puts(out, " | ");
}

static void
put_prompt_argument(const struct prompt_answer *a, struct buf *out)
{
	OWN_FREE char *name = recipe_argument_name(a->question);
	buf_printf(out, "ARG %s", name);
	if (a->value) {
		buf_putc(out, '=');
		put_quoted(out, a->value);
	}
	buf_putc(out, '\n');
}

static void
put_prompt_arguments(const struct recipe *r, struct buf *out)
{
	for (size_t i = 0; i < r->prompts.n; i++) {
		const struct prompt_answer *a = &r->prompts.v[i];
		OWN_FREE char *name = recipe_argument_name(a->question);
		const struct question *q = question_list_find(&r->questions, a->question);
		if (q && q->text)
			put_comment(out, q->text);
		if (recipe_is_secret(
			    r, a->question)) /* mounted where it is typed, never in a layer */
			buf_printf(out, "# Its answer is the secret %s.\n", name);
		else
			put_prompt_argument(a, out);
	}
}

static void
put_command(const struct recipe *r, const struct command *c, struct buf *out)
{
	OWN(buf) struct buf text = {0};
	recipe_put_cd(c, NULL, &text);
	put_prompt_pipe(r, c->run, &text);
	buf_puts(&text, c->run);
	buf_puts(out, "RUN");
	put_secret_mounts(r, c->run, out);
	put_file_mounts(r, out);
	put_run(out, buf_str(&text));
}

/* ---- packages of the language's own registry ---- */

static bool
is_plain(const char *path)
{
	return strspn(path,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+-") ==
	       strlen(path);
}

/* Sources below the context into one directory of the image. */
static void
put_copy(struct buf *out, const struct strlist *from, const char *to)
{
	bool plain = is_plain(to);
	for (size_t i = 0; i < from->n; i++)
		plain = plain && is_plain(from->v[i]);
	buf_puts(out, "COPY --chown=" USER_NAME ":" USER_NAME);
	if (plain) {
		for (size_t i = 0; i < from->n; i++)
			buf_printf(out, " %s", from->v[i]);
		buf_printf(out, " %s\n", to);
		return;
	}
	buf_puts(out, " [");
	for (size_t i = 0; i < from->n; i++) {
		buf_put_json(out, str_of(from->v[i]));
		buf_puts(out, ", ");
	}
	buf_put_json(out, str_of(to));
	buf_puts(out, "]\n");
}

static char *
below(const char *dir, const char *name)
{
	return dir ? mem_printf("%s/%s", dir, name) : mem_strdup(name);
}

/* The manifests alone, so that an edit of the source does not fetch again. */
static void
put_manifests(const struct module_set *m, struct buf *out)
{
	OWN(strlist) struct strlist own = {0}, lock = {0};
	OWN_FREE char *manifest = below(m->dir, "package.json");
	OWN_FREE char *locked = below(m->dir, m->lock_file ? m->lock_file : RECIPE_NPM_LOCK);
	OWN_FREE char *to = m->dir ? mem_printf(WORK_DIR "/%s/", m->dir) : mem_strdup(WORK_DIR "/");
	strlist_add(&own, manifest);
	strlist_add(m->lock_file ? &own : &lock, m->lock_file ? locked : RECIPE_NPM_LOCK);
	put_copy(out, &own, to);
	if (lock.n) {
		put_comment(out,
			"The source has no lock file that fits: this one is part of the recipe.");
		put_copy(out, &lock, to);
	}
	for (size_t i = 0; i < m->members.n; i++) {
		OWN(strlist) struct strlist member = {0};
		OWN_FREE char *dir = below(m->dir, m->members.v[i]);
		OWN_FREE char *from = below(dir, "package.json");
		OWN_FREE char *member_to = mem_printf(WORK_DIR "/%s/", dir);
		strlist_add(&member, from);
		put_copy(out, &member, member_to);
	}
}

static void
put_modules(const struct recipe *r, struct buf *out)
{
	for (size_t i = 0; i < r->modules.n; i++) {
		const struct module_set *m = &r->modules.v[i];
		struct command_list commands = {0};
		put_manifests(m, out);
		recipe_module_commands(m, &commands);
		for (size_t k = 0; k < commands.n; k++) {
			OWN(buf) struct buf text = {0};
			recipe_put_cd(&commands.v[k], NULL, &text);
			buf_puts(&text, commands.v[k].run);
			buf_puts(out, "RUN");
			put_run(out, buf_str(&text));
		}
		command_list_cleanup(&commands);
	}
}

/* Services are started with the tests; a command that is a secret comes in the environment. */
static void
put_services(const struct recipe *r, struct buf *text)
{
	for (size_t i = 0; i < r->services.n; i++) {
		const struct service *s = &r->services.v[i];
		OWN_FREE char *name = recipe_argument_name(s->question);
		OWN_FREE char *secret = mem_printf("sh -c \"${%s}\"", name);
		buf_printf(text, "(%s >/dev/null 2>&1 &); ", s->start ? s->start : secret);
		recipe_put_wait(s, text);
		buf_puts(text, "; ");
	}
}

static bool
is_asked_by_tests(const struct recipe *r, const struct prompt_answer *a)
{
	for (size_t i = 0; i < r->commands.n; i++)
		if (r->commands.v[i].phase == PHASE_TEST && a->run &&
			strcmp(r->commands.v[i].run, a->run) == 0)
			return true;
	return false;
}

/* " --OPTION NAME=VALUE" for docker, where the value is known. */
static void
put_option(struct buf *out, const char *option, const char *name, const char *value)
{
	OWN_FREE char *word = mem_printf("%s=%s", name, value ? value : "VALUE");
	buf_printf(out, " %s ", option);
	buf_put_shell(out, str_of(word));
}

static void
put_secret_option(struct buf *out, const char *name)
{
	buf_printf(out, " --secret id=%s,env=%s", name, name);
}

void
recipe_put_build_options(const struct recipe *r, struct buf *out)
{
	for (size_t i = 0; i < r->environment.n; i++) {
		const struct env_var *e = &r->environment.v[i];
		if (recipe_is_secret(r, e->question))
			put_secret_option(out, e->name);
		else if (e->question)
			put_option(out, "--build-arg", e->name, e->value);
	}
	for (size_t i = 0; i < r->prompts.n; i++) {
		const struct prompt_answer *a = &r->prompts.v[i];
		OWN_FREE char *name = recipe_argument_name(a->question);
		if (recipe_is_secret(r, a->question))
			put_secret_option(out, name);
		else if (!a->value)
			put_option(out, "--build-arg", name, NULL);
	}
	for (size_t i = 0; i < r->files.n; i++) {
		OWN_FREE char *id = recipe_argument_name(r->files.v[i].question);
		if (recipe_is_mountable(&r->files.v[i]))
			buf_printf(out, " --secret id=%s,src=FILE", id);
	}
}

void
recipe_put_run_options(const struct recipe *r, struct buf *out)
{
	for (size_t i = 0; i < r->services.n; i++) {
		const struct service *s = &r->services.v[i];
		OWN_FREE char *name = recipe_argument_name(s->question);
		for (size_t k = 0; k < s->hosts.n; k++)
			buf_printf(out, " --add-host %s:127.0.0.1", s->hosts.v[k]);
		if (!s->start)
			buf_printf(out, " -e %s", name);
	}
	for (size_t i = 0; i < r->environment.n; i++)
		if (recipe_is_secret(r, r->environment.v[i].question))
			buf_printf(out, " -e %s", r->environment.v[i].name);
	for (size_t i = 0; i < r->prompts.n; i++) {
		const struct prompt_answer *a = &r->prompts.v[i];
		OWN_FREE char *name = recipe_argument_name(a->question);
		if (recipe_is_secret(r, a->question) && is_asked_by_tests(r, a))
			buf_printf(out, " -e %s", name);
	}
	for (size_t i = 0; i < r->files.n; i++) {
		const struct supplied_file *f = &r->files.v[i];
		if (recipe_is_mountable(f))
			buf_printf(out, " -v FILE:%s%s:ro", recipe_tree_of(f), f->path);
	}
}

void
recipe_put_tests(const struct recipe *r, struct buf *out)
{
	bool any = false;
	for (size_t i = 0; i < r->commands.n; i++) {
		const struct command *c = &r->commands.v[i];
		if (c->phase != PHASE_TEST)
			continue;
		buf_puts(out, any ? " && " : "");
		recipe_put_cd(c, WORK_DIR, out);
		put_prompt_pipe(r, c->run, out);
		buf_puts(out, c->run);
		any = true;
	}
}

static void
put_test_command(const struct recipe *r, struct buf *out)
{
	OWN(buf) struct buf text = {0};
	if (!command_list_has(&r->commands, PHASE_TEST))
		return;
	put_services(r, &text);
	recipe_put_tests(r, &text);
	for (size_t i = 0; i < r->prompts.n; i++) {
		const struct prompt_answer *a = &r->prompts.v[i];
		OWN_FREE char *name = recipe_argument_name(a->question);
		if (!is_asked_by_tests(r, a) || recipe_is_secret(r, a->question))
			continue;
		put_prompt_argument(a, out); /* not every builder hands those of its parent on */
		buf_printf(out, "ENV %s=${%s}\n", name, name);
	}
	buf_puts(out, "# docker run");
	recipe_put_run_options(r, out);
	buf_puts(out, " IMAGE runs the tests.\nCMD ");
	put_exec_form(out, "\"/bin/bash\", \"-c\"", buf_str(&text));
}

/* ---- stages ---- */

/* FROM the distribution, with packages, and the user that everything else is done as. */
static void
put_stage(const struct recipe *r, const char *name, struct chosen *packages, struct buf *out)
{
	buf_printf(out,
		"\nFROM debian:%s-slim AS %s\nSHELL [" SHELL
		"]\nARG DEBIAN_FRONTEND=noninteractive\n",
		r->base.suite ? r->base.suite : "stable", name);
	put_packages(packages, out);
	buf_printf(out,
		"RUN useradd --create-home --uid %d " USER_NAME " && install -d -o " USER_NAME
		" -g " USER_NAME " " WORK_DIR "\n",
		USER_ID);
	put_environment(r, out);
}

static void
put_build_stage(const struct recipe *r, struct buf *out)
{
	struct chosen packages = {0};
	choose_for_build(r, &packages);
	put_stage(r, "build", &packages, out);
	put_prompt_arguments(r, out);
	buf_puts(out, "USER " USER_NAME "\nWORKDIR " WORK_DIR "\n");
	put_modules(r, out);
	buf_puts(out, "COPY --chown=" USER_NAME ":" USER_NAME " . " WORK_DIR "/\n");
	put_files(r, out);
	for (size_t i = 0; i < r->commands.n; i++)
		if (r->commands.v[i].phase != PHASE_TEST)
			put_command(r, &r->commands.v[i], out);
}

/* What runs the application, as it was seen to serve; in a container from everywhere. */
static void
put_start(const struct recipe *r, struct buf *out)
{
	const struct start *s = &r->start;
	OWN(buf) struct buf text = {0};
	OWN_FREE char *note = mem_printf("How it was seen to run: %s.", s->why ? s->why : "");
	if (!s->run)
		return;
	put_comment(out, note);
	if (strstr(s->run, "${ADDRESS:-"))
		buf_puts(out, "ENV ADDRESS=0.0.0.0\n");
	for (size_t i = 0; i < s->ports.n; i++)
		buf_printf(out, "EXPOSE %lld\n", (long long)s->ports.v[i].port);
	const struct command c = {.run = s->run, .dir = s->dir};
	recipe_put_cd(&c, WORK_DIR, &text);
	buf_puts(&text, s->run);
	buf_puts(out, "CMD ");
	put_exec_form(out, "\"/bin/sh\", \"-c\"", buf_str(&text));
}

static void
put_runtime_stage(const struct recipe *r, const struct inventory *inv, struct buf *out)
{
	struct chosen packages = {0};
	choose_for_run(r, inv, &packages);
	buf_puts(out,
		"\n# What was built, with what its programs are linked to or interpreted by; what they load by "
		"name is not known.");
	put_stage(r, "runtime", &packages, out);
	buf_puts(out, "USER " USER_NAME "\nWORKDIR " WORK_DIR "\n"
		      "COPY --from=build --chown=" USER_NAME ":" USER_NAME " " WORK_DIR
		      "/ " WORK_DIR "/\n");
	put_start(r, out);
}

void
recipe_dockerfile(const struct recipe *r, const struct inventory *inv, struct buf *out)
{
	buf_puts(out, "# syntax=docker/dockerfile:1\n");
	put_comment(out,
		"Made by drydock from drydock.lock.json, which holds the digest and the reason of "
		"every package.");
	buf_printf(out,
		"# No registry was asked for the digest of this tag; drydock built on its own base "
		"image\n# sha256:%s.\n",
		r->base.digest);
	put_build_stage(r, out);
	if (command_list_has(&r->commands, PHASE_TEST)) {
		buf_puts(out, "\nFROM build AS test\n");
		put_test_command(r, out);
	}
	put_runtime_stage(r, inv, out);
}

/* ---- devcontainer.json ---- */

static void
add_secret(json_t *secrets, const struct recipe *r, const char *name, const char *question_id)
{
	const struct question *q = question_list_find(&r->questions, question_id);
	json_object_set_new(secrets, name,
		json_pack(
			"{s:o}", "description", json_text(str_of(q && q->text ? q->text : name))));
}

/* Variables that come from outside: secrets by a key of their own, the others from the local environment. */
static void
add_variables(const struct recipe *r, json_t *env, json_t *secrets)
{
	for (size_t i = 0; i < r->environment.n; i++) {
		const struct env_var *e = &r->environment.v[i];
		if (recipe_is_secret(r, e->question)) {
			add_secret(secrets, r, e->name, e->question);
		} else if (e->question) {
			OWN_FREE char *local = mem_printf("${localEnv:%s}", e->name);
			json_object_set_new(env, e->name, json_string(local));
		} /* the others are the Dockerfile's */
	}
	for (size_t i = 0; i < r->prompts.n; i++) {
		OWN_FREE char *name = recipe_argument_name(r->prompts.v[i].question);
		if (recipe_is_secret(r, r->prompts.v[i].question))
			add_secret(secrets, r, name, r->prompts.v[i].question);
	}
	for (size_t i = 0; i < r->services.n; i++) {
		OWN_FREE char *name = recipe_argument_name(r->services.v[i].question);
		if (!r->services.v[i].start)
			add_secret(secrets, r, name, r->services.v[i].question);
	}
}

void
recipe_devcontainer(const struct recipe *r, struct buf *out)
{
	OWN_JSON json_t *j = json_object(), *env = json_object(), *secrets = json_object();
	json_object_set_new(j, "name", json_text(str_of(r->name ? r->name : "application")));
	json_object_set_new(j, "build",
		json_pack("{s:s, s:s, s:s}", "dockerfile", "../Dockerfile", "context", "..",
			"target", "test"));
	json_object_set_new(j, "remoteUser", json_string(USER_NAME));
	json_t *ports = json_array();
	for (size_t i = 0; i < r->start.ports.n; i++)
		json_array_append_new(ports, json_integer(r->start.ports.v[i].port));
	if (json_array_size(ports))
		json_object_set(j, "forwardPorts", ports);
	json_decref(ports);
	add_variables(r, env, secrets);
	if (json_object_size(env))
		json_object_set(j, "containerEnv", env);
	if (json_object_size(secrets))
		json_object_set(j, "secrets", secrets);
	json_print(j, 2, out);
	buf_putc(out, '\n');
}
