/* BUILD.md: the build instructions for people. */
#include "envprobe/recipe.h"

#include "record/answers.h"

#include <string.h>

static void
put_packages(const struct recipe *r, struct buf *out)
{
	buf_puts(out,
		"## What it needs\n\n| package | version | for | why | proof |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < r->packages.n; i++) {
		const struct package *p = &r->packages.v[i];
		if (!p->requested)
			continue;
		buf_printf(out, "| %s | %s | %s | ", p->name, p->version ? p->version : "",
			need_scope_names[p->scope]);
		buf_put_markdown(out, p->why);
		buf_puts(out, " | ");
		buf_put_markdown(out, p->proof ? p->proof : "no file of it was seen being opened");
		buf_puts(out, " |\n");
	}
	buf_puts(out, "\nOn Debian");
	if (r->base.suite)
		buf_printf(out, " %s", r->base.suite);
	buf_puts(out, ":\n\n```sh\nsudo apt-get install --no-install-recommends");
	for (size_t i = 0; i < r->packages.n; i++)
		if (r->packages.v[i].requested)
			buf_printf(out, " \\\n    %s", r->packages.v[i].name);
	buf_puts(out, "\n```\n\n");
}

static void
put_file(const struct supplied_file *f, struct buf *out)
{
	buf_puts(out, f->archive ? "- the content of the directory " : "- the file ");
	buf_put_markdown_code(out, f->path);
	if (f->sample) {
		buf_puts(out, ", here a copy of ");
		buf_put_markdown_code(out, f->sample);
	}
	buf_puts(out, ": ");
	buf_put_markdown(out, f->why);
	buf_putc(out, '\n');
}

static void
put_variable(const struct env_var *e, struct buf *out)
{
	buf_puts(out, "- the environment variable ");
	buf_put_markdown_code(out, e->name);
	if (e->value) {
		buf_puts(out, ", here ");
		buf_put_markdown_code(out, e->value);
	}
	buf_puts(out, e->why ? ": " : "");
	buf_put_markdown(out, e->why);
	buf_putc(out, '\n');
}

static void
put_supplies(const struct recipe *r, struct buf *out)
{
	OWN(buf) struct buf items = {0};
	for (size_t i = 0; i < r->environment.n; i++)
		if (r->environment.v[i].question)
			put_variable(&r->environment.v[i], &items);
	for (size_t i = 0; i < r->files.n; i++)
		put_file(&r->files.v[i], &items);
	for (size_t i = 0; i < r->questions.n; i++) {
		const struct question *q = &r->questions.v[i];
		if (q->kind != Q_PROMPT && q->kind != Q_SERVICE)
			continue;
		buf_puts(&items, "- ");
		buf_put_markdown_code(&items, q->id);
		buf_puts(&items, ": ");
		buf_put_markdown(&items, q->text);
		buf_putc(&items, '\n');
	}
	if (items.n)
		buf_printf(out, "## What a person must supply\n\n%s\n", items.p);
}

/* A line that no text inside is taken for: longer than any row of backquotes in it. */
static void
put_fence(struct buf *out, struct str inside, const char *language)
{
	size_t longest = 2, row = 0;
	for (size_t i = 0; i < inside.n; i++) {
		row = inside.p[i] == '`' ? row + 1 : 0;
		longest = row > longest ? row : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		buf_putc(out, '`');
	buf_printf(out, "%s\n", language);
}

static void
put_block(struct buf *out, const struct buf *text)
{
	put_fence(out, buf_str(text), "sh");
	buf_add_str(out, buf_str(text));
	put_fence(out, buf_str(text), "\n");
}

/* Lines for a shell, in a block of their own. */
static void
put_shell_block(const struct command_list *l, enum command_phase from, enum command_phase to,
	struct buf *out)
{
	OWN(buf) struct buf text = {0};
	for (size_t i = 0; i < l->n; i++) {
		const struct command *c = &l->v[i];
		if (c->phase < from || c->phase > to)
			continue;
		buf_puts(&text, c->dir ? "(" : "");
		recipe_put_cd(c, NULL, &text);
		buf_printf(&text, "%s%s\n", c->run, c->dir ? ")" : "");
	}
	if (!text.n)
		return;
	put_block(out, &text);
}

/* All but the path of programs, which is a matter of the machine. */
static void
put_environment(const struct recipe *r, struct buf *out)
{
	OWN(buf) struct buf text = {0};
	for (size_t i = 0; i < r->environment.n; i++) {
		const struct env_var *e = &r->environment.v[i];
		if (!e->question && strcmp(e->name, "PATH") == 0)
			continue;
		buf_printf(&text, "export %s=", e->name);
		if (e->value)
			buf_put_shell(&text, str_of(e->value));
		buf_puts(&text, e->value ? "\n" : "VALUE # a secret\n");
	}
	buf_puts(out, "As an ordinary user, in the source tree");
	buf_puts(out, text.n ? ", with this environment:\n\n" : ":\n\n");
	if (text.n)
		put_block(out, &text);
}

/* What the commands ask on the terminal, and what to type. */
static void
put_prompts(const struct recipe *r, bool tests, struct buf *out)
{
	OWN(buf) struct buf items = {0};
	for (size_t i = 0; i < r->prompts.n; i++) {
		const struct prompt_answer *a = &r->prompts.v[i];
		const struct question *q = question_list_find(&r->questions, a->question);
		for (size_t k = 0; k < r->commands.n; k++) {
			const struct command *c = &r->commands.v[k];
			if ((c->phase == PHASE_TEST) != tests || !a->run ||
				strcmp(a->run, c->run) != 0)
				continue;
			buf_puts(&items, "- ");
			buf_put_markdown_code(&items, c->run);
			buf_puts(&items, ": ");
			buf_put_markdown(&items, q && q->text ? q->text : a->question);
			buf_puts(&items,
				a->value ? " An empty line means " : " Type the answer to ");
			buf_put_markdown_code(&items, a->value ? a->value : a->question);
			buf_puts(&items, ".\n");
			break;
		}
	}
	if (items.n)
		buf_printf(out,
			"This is asked on the terminal, in this order. Where there is no terminal, a pipe "
			"gives the answers to the command, one a line, as in the Dockerfile.\n\n%s\n",
			items.p);
}

/* The only commands that need a network; they run nothing of what they fetch. */
static void
put_modules(const struct recipe *r, struct buf *out)
{
	for (size_t i = 0; i < r->modules.n; i++) {
		const struct module_set *m = &r->modules.v[i];
		struct command_list commands = {0};
		if (!m->lock_file) {
			buf_puts(out, "Copy `" RECIPE_NPM_LOCK "` from beside this file to ");
			buf_put_markdown_code(out, m->dir ? m->dir : "the root of the source tree");
			buf_puts(out, ": the source has none that fits.\n\n");
		}
		recipe_module_commands(m, &commands);
		put_shell_block(&commands, PHASE_CONFIGURE, PHASE_BUILD, out);
		buf_printf(out,
			"This fetches %zu packages from the registry, all listed in the lock file.\n\n",
			m->artefacts.n);
		command_list_cleanup(&commands);
	}
}

static void
put_services(const struct recipe *r, struct buf *out)
{
	OWN(buf) struct buf text = {0};
	for (size_t i = 0; i < r->services.n; i++) {
		const struct service *s = &r->services.v[i];
		buf_printf(&text, "%s%s\n",
			s->start ? s->start : "# a secret: see its question above",
			s->start ? " &" : "");
		recipe_put_wait(s, &text);
		buf_putc(&text, '\n');
		for (size_t k = 0; k < s->hosts.n; k++) {
			buf_puts(out, "The name ");
			buf_put_markdown_code(out, s->hosts.v[k]);
			buf_puts(out, " must lead to this machine (a line in `/etc/hosts`).\n\n");
		}
	}
	if (!text.n)
		return;
	buf_puts(out, "Start what the tests connect to, in bash, and wait until it listens:\n\n");
	put_block(out, &text);
}

static void
put_container(const struct recipe *r, struct buf *out)
{
	OWN(buf) struct buf text = {0};
	OWN_FREE char *name = question_slug(str_of(r->name));
	const char *image = *name ? name : "application";
	bool lock = false;
	for (size_t i = 0; i < r->modules.n; i++)
		lock = lock || !r->modules.v[i].lock_file;
	buf_printf(out,
		"## In a container\n\nCopy `Dockerfile`%s and `.devcontainer` from beside this file into "
		"the root of the source tree; editors that know dev containers find the rest. By "
		"hand, there:\n\n",
		lock ? ", `" RECIPE_NPM_LOCK "`" : "");
	if (command_list_has(&r->commands, PHASE_TEST)) {
		buf_puts(&text, "docker build --target test");
		recipe_put_build_options(r, &text);
		buf_printf(&text, " -t %s-test .\ndocker run --rm", image);
		recipe_put_run_options(r, &text);
		buf_printf(&text, " %s-test\n", image);
	}
	buf_puts(&text, "docker build");
	recipe_put_build_options(r, &text);
	buf_printf(&text, " -t %s .\n", image);
	put_block(out, &text);
}

static void
put_port(const struct served_port *p, struct buf *out)
{
	buf_printf(out, "- port %lld", (long long)p->port);
	if (p->protocol == PORT_HTTP)
		buf_printf(out, ", HTTP: `GET /` gives %lld", (long long)p->status);
	if (p->title) {
		buf_puts(out, ", ");
		buf_put_markdown_code(out, p->title);
	}
	buf_putc(out, '\n');
}

/* What runs it, as it was seen to serve. */
static void
put_start(const struct recipe *r, struct buf *out)
{
	const struct start *s = &r->start;
	OWN(buf) struct buf text = {0};
	const struct command c = {.run = s->run, .dir = s->dir};
	if (!s->run)
		return;
	buf_puts(out,
		"## Run\n\nStarted like this in the built tree it was seen to serve; what showed "
		"the command: ");
	buf_put_markdown_code(out, s->why ? s->why : "");
	buf_puts(out, ".\n\n");
	buf_puts(&text, c.dir ? "(" : "");
	recipe_put_cd(&c, NULL, &text);
	buf_printf(&text, "%s%s\n", s->run, c.dir ? ")" : "");
	put_block(out, &text);
	for (size_t i = 0; i < s->ports.n; i++)
		put_port(&s->ports.v[i], out);
	if (s->socket) {
		buf_puts(out, "- the socket ");
		buf_put_markdown_code(out, s->socket);
		buf_putc(out, '\n');
	}
	buf_puts(out, r->services.n ? "\nIt has the services of the tests beside it.\n\n" : "\n");
}

void
recipe_build_md(const struct recipe *r, struct buf *out)
{
	buf_puts(out, "# Building ");
	buf_put_markdown(out, r->name);
	buf_puts(out, "\n\nThese instructions were found out and carried out by drydock");
	buf_printf(out,
		" on %s; the outcome was `%s`.\n`drydock.lock.json` beside this file pins every "
		"package by digest.\n\n",
		r->created ? r->created : "an unknown day", run_outcome_names[r->outcome]);
	put_packages(r, out);
	put_supplies(r, out);
	buf_puts(out, "## Build\n\n");
	put_environment(r, out);
	put_modules(r, out);
	put_shell_block(&r->commands, PHASE_CONFIGURE, PHASE_BUILD, out);
	put_prompts(r, false, out);
	if (command_list_has(&r->commands, PHASE_TEST)) {
		buf_puts(out, "## Test\n\n");
		put_services(r, out);
		put_shell_block(&r->commands, PHASE_TEST, PHASE_TEST, out);
		put_prompts(r, true, out);
		if (r->outcome == OUTCOME_BUILT)
			buf_puts(
				out, "They were not run: what they need may be missing above.\n\n");
		else
			buf_printf(out, "Expected: %lld passed, %lld failed, %lld skipped.\n\n",
				(long long)r->passed, (long long)r->failed, (long long)r->skipped);
	}
	put_start(r, out);
	if (r->features_off.n) {
		buf_puts(out, "## What is switched off\n\n");
		for (size_t i = 0; i < r->features_off.n; i++) {
			buf_puts(out, "- ");
			buf_put_markdown(out, r->features_off.v[i].feature);
			buf_puts(out, ", for want of ");
			buf_put_markdown(out, r->features_off.v[i].input
						      ? r->features_off.v[i].input
						      : "an unknown input");
			buf_putc(out, '\n');
		}
		buf_putc(out, '\n');
	}
	put_container(r, out);
	buf_puts(out,
		"## The same again\n\n```sh\ndrydock replay drydock.lock.json SOURCE --offline\n```\n");
}
