/*
 * drydock sandbox trace: run a command as `sandbox run` does and say what it looked for, what it
 * found and where that came from, what it connected to and what it was denied.
 */
#include "base/json.h"
#include "base/map.h"
#include "images/apt.h"
#include "runner/commands.h"
#include "runner/sandbox_job.h"
#include "sandbox/trace.h"

#include <errno.h>
#include <string.h>

struct trace_options {
	struct sandbox_job_options job;
	bool exact;
	const char *output;
};

static const struct option_def options[] = {
	SANDBOX_JOB_OPTIONS,
	{"exact", 0, OPTION_FLAG, offsetof(struct trace_options, exact), NULL,
		"judge each call by what it returned (slower)"},
	{"output", 'o', OPTION_TEXT, offsetof(struct trace_options, output), "FILE",
		"write there instead of to standard error (with --json: to standard output)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

struct facts {
	struct trace *trace;
	struct strlist files;  /* opened or executed, of the root */
	struct map packages;   /* path -> package */
	struct map layers;     /* path -> layer key */
	struct map found_once; /* names that some search found, or that were printed */
};

/* ---- where files came from ---- */

static bool
is_file(const struct trace_path *p)
{
	return p->found && !p->directory && (p->opened || p->executed);
}

static bool
collect_file(void *ctx, const struct trace_path *p)
{
	struct facts *f = ctx;
	if (is_file(p))
		strlist_add(&f->files, p->path);
	return true;
}

static int
find_origins(void *ctx, struct pod *pod, struct dd_err *err)
{
	struct facts *f = ctx;
	trace_each_path(f->trace, collect_file, f);
	for (size_t i = 0; i < f->files.n; i++) {
		char *key = pod_layer_of(pod, f->files.v[i]);
		if (key)
			map_put(&f->layers, f->files.v[i], key);
	}
	return apt_packages_of(pod, &f->files, &f->packages, err);
}

/* ---- as JSON ---- */

struct list {
	struct facts *facts;
	json_t *to;
};

static bool
add_search(void *ctx, const struct trace_group *g)
{
	struct list *l = ctx;
	json_t *j = json_pack("{s:o, s:o, s:o, s:i, s:i}", "name", json_text(str_of(g->name)),
		"program", json_text(str_of(g->program)), "args", json_text(str_of(g->args)),
		"tried", (int)g->tried, "count", (int)g->count);
	json_object_set_new(j, "found", g->found ? json_text(str_of(g->found)) : json_null());
	json_array_append_new(l->to, j);
	return true;
}

static bool
add_file(void *ctx, const struct trace_path *p)
{
	struct list *l = ctx;
	const char *package = map_get(&l->facts->packages, p->path);
	const char *layer = map_get(&l->facts->layers, p->path);
	if (!is_file(p))
		return true;
	json_array_append_new(l->to,
		json_pack("{s:o, s:b, s:b, s:o, s:s?, s:s?}", "path", json_text(str_of(p->path)),
			"opened", p->opened, "executed", p->executed, "program",
			json_text(str_of(p->program)), "package", package, "layer", layer));
	return true;
}

static bool
add_connection(void *ctx, const struct trace_connect *c)
{
	struct list *l = ctx;
	json_array_append_new(
		l->to, json_pack("{s:o, s:o, s:b, s:i}", "target", json_text(str_of(c->target)),
			       "program", json_text(str_of(c->program)), "refused", c->refused,
			       "count", (int)c->count));
	return true;
}

static bool
add_denial(void *ctx, const struct trace_denial *d)
{
	struct list *l = ctx;
	json_array_append_new(l->to, json_pack("{s:s, s:o, s:s?, s:i}", "call", d->call, "program",
					     json_text(str_of(d->program)), "profile", d->profile,
					     "count", (int)d->count));
	return true;
}

static void
print_json(struct facts *f, const struct exec_result *r, FILE *to)
{
	OWN(buf) struct buf out = {0};
	struct list searches = {f, json_array()}, files = {f, json_array()},
		    connections = {f, json_array()}, denied = {f, json_array()};
	trace_each_group(f->trace, add_search, &searches);
	trace_each_path(f->trace, add_file, &files);
	trace_each_connect(f->trace, add_connection, &connections);
	trace_each_denial(f->trace, add_denial, &denied);
	OWN_JSON json_t *j = json_pack("{s:i, s:i, s:s, s:s, s:I, s:o, s:o, s:o, s:o}", "exit",
		r->exit_code, "signal", r->signal, "cause", exec_cause_name(r->cause), "method",
		trace_method_name(r->trace_method), "dropped", (json_int_t)trace_dropped(f->trace),
		"searches", searches.to, "files", files.to, "connections", connections.to, "denied",
		denied.to);
	json_print(j, 2, &out);
	fprintf(to, "%s\n", out.p);
}

/* ---- for people ---- */

struct section {
	struct facts *facts;
	FILE *to;
	const char *title; /* printed before the first line */
};

static void
begin_line(struct section *s)
{
	if (s->title)
		fprintf(s->to, "%s\n", s->title);
	s->title = NULL;
}

/* The target chose these names: nothing of them may speak to a terminal. */
static void
put_safe(FILE *to, const char *text)
{
	OWN(buf) struct buf safe = {0};
	buf_put_visible(&safe, str_of(text));
	fputs(safe.p ? safe.p : "", to);
}

static bool
note_found(void *ctx, const struct trace_group *g)
{
	static char yes;
	if (g->found)
		map_put(ctx, g->name, &yes);
	return true;
}

static bool
print_missing(void *ctx, const struct trace_group *g)
{
	struct section *s = ctx;
	if (g->found || map_get(&s->facts->found_once, g->name))
		return true;
	map_put(&s->facts->found_once, g->name, s); /* one line a name */
	begin_line(s);
	fputs("  ", s->to);
	put_safe(s->to, g->name);
	fprintf(s->to, "  (%u place%s, by ", g->tried, g->tried == 1 ? "" : "s");
	put_safe(s->to, *g->args ? g->args : g->program);
	fputs(")\n", s->to);
	return true;
}

static bool
print_connection(void *ctx, const struct trace_connect *c)
{
	struct section *s = ctx;
	begin_line(s);
	fprintf(s->to, "  %s ", c->refused ? "refused " : "answered");
	put_safe(s->to, c->target);
	fputs("  by ", s->to);
	put_safe(s->to, c->program);
	fputc('\n', s->to);
	return true;
}

static bool
print_denial(void *ctx, const struct trace_denial *d)
{
	struct section *s = ctx;
	begin_line(s);
	fprintf(s->to, "  %s by ", d->call);
	put_safe(s->to, d->program);
	fprintf(s->to, d->profile ? "  (the profile %s opens it)\n" : "  (no profile opens it)\n",
		d->profile);
	return true;
}

/* One line a package, with the first file of it that was used. */
static void
print_packages(struct facts *f, FILE *to)
{
	OWN(map) struct map seen = {0};
	for (size_t i = 0; i < f->files.n; i++) {
		const char *package = map_get(&f->packages, f->files.v[i]);
		if (!package || map_get(&seen, package))
			continue;
		if (!map_count(&seen))
			fputs("used, by package\n", to);
		map_put(&seen, package, f->files.v[i]);
		fprintf(to, "  %-28s ", package);
		put_safe(to, f->files.v[i]);
		fputc('\n', to);
	}
}

static void
print_text(struct facts *f, const struct exec_result *r, FILE *to)
{
	struct section missing = {f, to, "looked for and found nowhere"};
	struct section connections = {f, to, "connections"}, denied = {f, to, "denied calls"};
	trace_each_group(f->trace, note_found, &f->found_once);
	trace_each_group(f->trace, print_missing, &missing);
	print_packages(f, to);
	trace_each_connect(f->trace, print_connection, &connections);
	trace_each_denial(f->trace, print_denial, &denied);
	if (trace_dropped(f->trace))
		fprintf(to, "%llu more were not kept\n",
			(unsigned long long)trace_dropped(f->trace));
	fprintf(to, "traced by %s\n", trace_method_name(r->trace_method));
}

static int
print(struct facts *f, const struct trace_options *o, const struct exec_result *r,
	struct dd_err *err)
{
	bool json = o->job.common.json;
	FILE *to = o->output ? fopen(o->output, "we") : json ? stdout : stderr;
	if (!to)
		return err_errno(err, errno, "cannot write %s", o->output);
	(json ? print_json : print_text)(f, r, to);
	if (o->output ? fclose(to) != 0 : fflush(to) != 0)
		return err_errno(
			err, errno, "cannot write %s", o->output ? o->output : "the trace");
	return 0;
}

static int
run(const struct cli_call *call)
{
	OWN(dd_err) struct dd_err err = {0};
	const struct trace_options *o = call->options;
	struct facts f = {.trace = trace_create(),
		.packages = {.destroy = free},
		.layers = {.destroy = free}};
	/* With the trace on standard output, what the command prints goes to standard error. */
	bool taken = o->job.common.json && !o->output;
	struct sandbox_job j = {.o = &o->job,
		.argv = call->args,
		.exec = {.fds = {0, taken ? 2 : 1, 2},
			.trace = f.trace,
			.trace_classes = TRACE_ALL,
			.trace_method = o->exact ? TRACE_EXACT : TRACE_BEST},
		.inspect = find_origins,
		.ctx = &f};
	struct exec_result r = {0};
	int rc = sandbox_job_run(&j, &r, &err);
	if (rc == 0)
		rc = print(&f, o, &r, &err);
	sandbox_job_cleanup(&j);
	strlist_cleanup(&f.files);
	map_cleanup(&f.packages);
	map_cleanup(&f.layers);
	map_cleanup(&f.found_once);
	trace_destroy(f.trace);
	if (rc < 0)
		return cli_fail(cli_status_of(&err), &err);
	return sandbox_job_status(&r);
}

const struct subcommand cmd_sandbox_trace = {
	.name = "sandbox trace",
	.summary = "run a command in the sandbox and say what it looked for, found, and was denied",
	.args = "-- CMD [ARGS...]",
	.description =
		"Runs the command as `sandbox run` does, with the same options and exit status, and lists the\n"
		"names it looked for and found nowhere (one line a name, however many directories were tried),\n"
		"the packages whose files it used, its connections, and the system calls it was denied.",
	.options = options,
	.options_size = sizeof(struct trace_options),
	.min_args = 1,
	.max_args = SIZE_MAX,
	.stop_at_first_arg = true,
	.run = run,
};
