/*
 * compose.yaml (the Compose Specification) and .env.example: the application, what it and its tests need beside them, and
 * the variables a person sets.  All of them share one network namespace, that of the first service, since an
 * application of that age looks for them on its own machine.
 */
#include "envprobe/recipe.h"

#include "record/answers.h"

#include <ctype.h>
#include <string.h>

#define APPLICATION "application" /* key of its service */

/* ---- variables ---- */

struct variable {
	char *name;
	const char *kind; /* "text", "secret", "path of a file", "command" */
	bool secret;
	bool build, run; /* where it is needed */
	const char *meaning, *why;
};
struct variable_list {
	struct variable *v;
	size_t n, cap;
};

static struct variable *
add_variable(struct variable_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n] = (struct variable){.name = mem_strdup(name), .kind = "text"};
	return &l->v[l->n++];
}

static void
describe(const struct recipe *r, struct variable *v, const char *question_id, const char *why)
{
	const struct question *q = question_list_find(&r->questions, question_id);
	v->meaning = q ? q->text : NULL;
	v->why = why;
	v->secret = recipe_is_secret(r, question_id);
	v->kind = v->secret ? "secret" : v->kind;
}

static void
list_variables(const struct recipe *r, struct variable_list *ret)
{
	for (size_t i = 0; i < r->environment.n; i++) {
		const struct env_var *e = &r->environment.v[i];
		if (!e->question)
			continue;
		struct variable *v = add_variable(ret, e->name);
		v->build = v->run = true;
		describe(r, v, e->question, e->why);
	}
	for (size_t i = 0; i < r->prompts.n; i++) {
		const struct prompt_answer *a = &r->prompts.v[i];
		OWN_FREE char *name = recipe_argument_name(a->question);
		if (a->value)
			continue; /* it has a default */
		struct variable *v = add_variable(ret, name);
		v->build = v->run = true;
		describe(r, v, a->question, a->run);
	}
	for (size_t i = 0; i < r->services.n; i++) {
		const struct service *s = &r->services.v[i];
		OWN_FREE char *name = recipe_argument_name(s->question);
		if (s->start)
			continue;
		struct variable *v = add_variable(ret, name);
		v->kind = "command";
		v->run = true;
		describe(r, v, s->question, NULL);
	}
	for (size_t i = 0; i < r->files.n; i++) {
		const struct supplied_file *f = &r->files.v[i];
		OWN_FREE char *name = recipe_argument_name(f->question);
		if (!recipe_is_mountable(f))
			continue;
		struct variable *v = add_variable(ret, name);
		describe(r, v, f->question, f->why);
		v->kind = "path of a file";
	}
}

static void
variables_cleanup(struct variable_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].name);
	free(l->v);
}

static void
put_remark(struct buf *out, const char *text)
{
	if (!text)
		return;
	buf_puts(out, "# ");
	for (; *text; text++)
		buf_putc(out, (unsigned char)*text < 0x20 ? ' ' : *text);
	buf_putc(out, '\n');
}

void
recipe_env_example(const struct recipe *r, struct buf *out)
{
	struct variable_list l = {0};
	list_variables(r, &l);
	if (l.n)
		buf_puts(out, "# What a person sets: copy this to .env and fill it in.\n");
	for (size_t i = 0; i < l.n; i++) {
		buf_putc(out, '\n');
		put_remark(out, l.v[i].meaning);
		put_remark(out, l.v[i].why);
		buf_printf(out, "# (%s)\n%s=\n", l.v[i].kind, l.v[i].name);
	}
	variables_cleanup(&l);
}

/* ---- YAML ---- */

/* A double-quoted scalar: JSON's, with what YAML does not take raw escaped, and nothing for compose to expand. */
static void
put_scalar(struct buf *out, struct str text)
{
	OWN(buf) struct buf json = {0};
	buf_put_json(&json, text);
	for (size_t i = 0; i < json.n; i++) {
		unsigned char c = (unsigned char)json.p[i];
		unsigned char next = i + 1 < json.n ? (unsigned char)json.p[i + 1] : 0;
		if (c == '$')
			buf_puts(out, "$$");
		else if (c == 0xc2 && next < 0xa0 && next >= 0x80)
			buf_printf(out, "\\x%02x", (unsigned char)json.p[++i]);
		else
			buf_putc(out, (char)c);
	}
}

/* "KEY: ["/bin/bash", "-c", TEXT]" */
static void
put_bash(struct buf *out, const char *key, const char *first, struct str text)
{
	buf_printf(out, "%s: [%s\"/bin/bash\", \"-c\", ", key, first);
	put_scalar(out, text);
	buf_puts(out, "]\n");
}

static bool
any_secret_of_build(const struct recipe *r, const struct variable_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].build && l->v[i].secret)
			return true;
	for (size_t i = 0; i < r->files.n; i++)
		if (recipe_is_mountable(&r->files.v[i]))
			return true;
	return false;
}

static void
put_build(const struct recipe *r, const struct variable_list *l, struct buf *out)
{
	bool any = false;
	buf_printf(out, "x-build: &build\n  context: .\n  target: %s\n",
		command_list_has(&r->commands, PHASE_TEST) ? "test" : "build");
	for (size_t i = 0; i < l->n; i++) {
		const struct variable *v = &l->v[i];
		if (!v->build || v->secret)
			continue;
		buf_puts(out, any ? "" : "  args:\n");
		buf_printf(out, "    %s: \"${%s}\"\n", v->name, v->name);
		any = true;
	}
	if (!any_secret_of_build(r, l))
		return;
	buf_puts(out, "  secrets:\n");
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].build && l->v[i].secret)
			buf_printf(out, "    - %s\n", l->v[i].name);
	for (size_t i = 0; i < r->files.n; i++) {
		OWN_FREE char *id = recipe_argument_name(r->files.v[i].question);
		if (recipe_is_mountable(&r->files.v[i]))
			buf_printf(out, "    - %s\n", id);
	}
}

static void
put_secrets(const struct recipe *r, const struct variable_list *l, struct buf *out)
{
	if (!any_secret_of_build(r, l))
		return;
	buf_puts(out, "secrets:\n");
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].build && l->v[i].secret)
			buf_printf(out, "  %s:\n    environment: %s\n", l->v[i].name, l->v[i].name);
	for (size_t i = 0; i < r->files.n; i++) {
		OWN_FREE char *id = recipe_argument_name(r->files.v[i].question);
		if (recipe_is_mountable(&r->files.v[i]))
			buf_printf(out, "  %s:\n    file: \"${%s}\"\n", id, id);
	}
}

/* What is the same for every container: environment, files, and where sockets meet. */
static void
put_common(const struct recipe *r, const struct variable_list *l, struct buf *out)
{
	bool any = false;
	for (size_t i = 0; i < l->n; i++) {
		if (!l->v[i].run || !l->v[i].secret)
			if (strcmp(l->v[i].kind, "command") != 0)
				continue; /* the image has it */
		buf_puts(out, any ? "" : "    environment:\n");
		buf_printf(out, "      %s: \"${%s}\"\n", l->v[i].name, l->v[i].name);
		any = true;
	}
	any = false;
	for (size_t i = 0; i < r->files.n; i++) {
		const struct supplied_file *f = &r->files.v[i];
		OWN_FREE char *id = recipe_argument_name(f->question);
		OWN_FREE char *to = mem_printf("%s%s", recipe_tree_of(f), f->path);
		if (!recipe_is_mountable(f))
			continue;
		buf_puts(out, any ? "" : "    volumes:\n");
		buf_printf(
			out, "      - type: bind\n        source: \"${%s}\"\n        target: ", id);
		put_scalar(out, str_of(to));
		buf_puts(out, "\n        read_only: true\n");
		any = true;
	}
	for (size_t i = 0; i < r->services.n; i++) {
		const char *socket = r->services.v[i].socket;
		if (!socket || !strrchr(socket, '/') || strrchr(socket, '/') == socket)
			continue;
		OWN_FREE char *dir = mem_strndup(socket, (size_t)(strrchr(socket, '/') - socket));
		buf_puts(out, any ? "" : "    volumes:\n");
		buf_printf(out,
			"      - type: volume\n        source: sockets-%zu\n        target: ",
			i + 1);
		put_scalar(out, str_of(dir));
		buf_putc(out, '\n');
		any = true;
	}
}

/* ---- services ---- */

/* Its key in the file: the name as far as it is one, else a number; none is called as the tests or the application. */
static char *
key_of(const struct recipe *r, size_t i)
{
	OWN_FREE char *slug = question_slug(str_of(r->services.v[i].name));
	bool taken = !*slug || strcmp(slug, "tests") == 0 || strcmp(slug, APPLICATION) == 0;
	for (size_t k = 0; k < i; k++) {
		OWN_FREE char *other = question_slug(str_of(r->services.v[k].name));
		taken = taken || strcmp(slug, other) == 0;
	}
	return taken ? mem_printf("service-%zu%s%s", i + 1, *slug ? "-" : "", slug)
		     : mem_strdup(slug);
}

static void
put_health(const struct service *s, struct buf *out)
{
	OWN(buf) struct buf test = {0};
	if (!recipe_put_ready(s, &test))
		return;
	buf_puts(out, "    healthcheck:\n");
	put_bash(out, "      test", "\"CMD\", ", buf_str(&test));
	buf_puts(out, "      interval: 1s\n      retries: 60\n");
}

static void
put_hosts(const struct recipe *r, struct buf *out)
{
	bool any = false;
	for (size_t i = 0; i < r->services.n; i++)
		for (size_t k = 0; k < r->services.v[i].hosts.n; k++) {
			OWN_FREE char *line =
				mem_printf("%s=127.0.0.1", r->services.v[i].hosts.v[k]);
			buf_puts(out, any ? "      - " : "    extra_hosts:\n      - ");
			put_scalar(out, str_of(line));
			buf_putc(out, '\n');
			any = true;
		}
}

/* Ports are published by whose network it is; on this machine's own address only. */
static void
put_ports(const struct recipe *r, struct buf *out)
{
	for (size_t i = 0; i < r->start.ports.n; i++) {
		long long port = (long long)r->start.ports.v[i].port;
		buf_puts(out, i ? "" : "    ports:\n");
		buf_printf(out, "      - \"127.0.0.1:%lld:%lld\"\n", port, port);
	}
}

static void
put_service(const struct recipe *r, const struct variable_list *l, size_t i, struct buf *out)
{
	const struct service *s = &r->services.v[i];
	OWN_FREE char *key = key_of(r, i), *first = key_of(r, 0);
	OWN_FREE char *name = recipe_argument_name(s->question);
	OWN_FREE char *secret = mem_printf("sh -c \"${%s}\"", name);
	buf_printf(out, "  %s:\n    build: *build\n", key);
	put_bash(out, "    command", "", str_of(s->start ? s->start : secret));
	if (i == 0) {
		put_hosts(r, out);
		put_ports(r, out);
	} else {
		buf_printf(out, "    network_mode: \"service:%s\"\n", first);
	}
	put_common(r, l, out);
	put_health(s, out);
}

/* In the network of the services, once they serve. */
static void
put_beside(const struct recipe *r, struct buf *out)
{
	if (r->services.n) {
		OWN_FREE char *first = key_of(r, 0);
		buf_printf(out, "    network_mode: \"service:%s\"\n    depends_on:\n", first);
	}
	for (size_t i = 0; i < r->services.n; i++) {
		OWN_FREE char *key = key_of(r, i);
		const struct service *s = &r->services.v[i];
		buf_printf(out, "      %s:\n        condition: service_%s\n", key,
			s->port || s->socket ? "healthy" : "started");
	}
}

static void
put_tests(const struct recipe *r, const struct variable_list *l, struct buf *out)
{
	OWN(buf) struct buf text = {0};
	if (!command_list_has(&r->commands, PHASE_TEST))
		return;
	recipe_put_tests(r, &text);
	buf_puts(out, "  tests:\n    build: *build\n");
	put_bash(out, "    command", "", buf_str(&text));
	if (r->start.run)
		buf_puts(out, "    profiles: [\"tests\"]\n");
	put_beside(r, out);
	put_common(r, l, out);
}

/* As it was seen to serve, for everybody who reaches the container. */
static void
put_application(const struct recipe *r, const struct variable_list *l, struct buf *out)
{
	const struct start *s = &r->start;
	const struct command c = {.run = s->run, .dir = s->dir};
	OWN(buf) struct buf text = {0};
	if (!s->run)
		return;
	if (strstr(s->run, "${ADDRESS:-"))
		buf_puts(&text, "export ADDRESS=0.0.0.0; ");
	recipe_put_cd(&c, WORK_DIR, &text);
	buf_puts(&text, s->run);
	buf_puts(out, "  " APPLICATION ":\n    build: *build\n");
	put_bash(out, "    command", "", buf_str(&text));
	if (!r->services.n)
		put_ports(r, out);
	put_beside(r, out);
	put_common(r, l, out);
}

static void
put_volumes(const struct recipe *r, struct buf *out)
{
	bool any = false;
	for (size_t i = 0; i < r->services.n; i++) {
		const char *socket = r->services.v[i].socket;
		if (!socket || !strrchr(socket, '/') || strrchr(socket, '/') == socket)
			continue;
		buf_printf(out, "%s  sockets-%zu: {}\n", any ? "" : "volumes:\n", i + 1);
		any = true;
	}
}

void
recipe_compose(const struct recipe *r, struct buf *out)
{
	struct variable_list l = {0};
	OWN_FREE char *name = question_slug(str_of(r->name));
	list_variables(r, &l);
	bool tests = command_list_has(&r->commands, PHASE_TEST);
	if (r->start.run || r->services.n || (l.n && tests)) {
		buf_printf(out, "%s%sname: %s\n", r->start.run ? "# docker compose up\n" : "",
			tests || !r->start.run ? "# docker compose run --rm tests\n" : "",
			isalnum((unsigned char)*name) ? name : "application");
		put_build(r, &l, out);
		buf_puts(out, "services:\n");
		for (size_t i = 0; i < r->services.n; i++)
			put_service(r, &l, i, out);
		put_application(r, &l, out);
		put_tests(r, &l, out);
		put_secrets(r, &l, out);
		put_volumes(r, out);
	}
	variables_cleanup(&l);
}
