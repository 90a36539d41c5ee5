#include "runner/revive.h"

#include "base/fs.h"
#include "runner/commands.h"
#include "runner/standup.h"

#include <string.h>

#define READY_LIMIT_MS 60000

struct revived {
	const struct run *run;
	struct answers *answers;
	struct recipe recipe;
	struct stack root, work;
	struct probe_files files;
	struct strlist env, urls;
	struct served_port_list ports;
	struct live *live;
	struct live_start how;
};

/* ---- what the run left ---- */

static int
take_stack(const struct revive_spec *s, const json_t *keys, struct stack *ret, struct dd_err *err)
{
	size_t i;
	json_t *key;
	json_array_foreach (keys, i, key) {
		const char *name = json_string_value(key);
		if (!name || !layer_exists(s->state, name))
			return err_set(err, DD_EINVAL,
				"a layer of run %s is not in the store any more", s->run->id);
		stack_push(ret, name);
	}
	return ret->n ? 0
		      : err_set(err, DD_EINVAL, "run %s has nothing that was built", s->run->id);
}

int
revive_files(const struct state *st, const struct run *run, const struct supplied_file_list *files,
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

static int
load(struct revived *r, const struct revive_spec *s, struct dd_err *err)
{
	OWN_FREE char *folder = run_path(s->run, "recipe");
	OWN_JSON json_t *left = journal_result(s->run->journal, "recipe/inventory");
	const char *answers = s->answers ? s->answers : s->run->options.answers;
	OWN(strlist) struct strlist missing = {0};
	if (!left)
		return err_set(err, DD_EINVAL, "run %s has nothing that was built", s->run->id);
	int rc = recipe_load(folder, &r->recipe, err);
	if (rc == 0)
		rc = take_stack(s, json_object_get(left, "root"), &r->root, err);
	if (rc == 0)
		rc = take_stack(s, json_object_get(left, "work"), &r->work, err);
	if (rc == 0)
		rc = command_load_answers(answers, &r->answers, err);
	if (rc == 0)
		rc = revive_files(s->state, s->run, &r->recipe.files, &r->files, err);
	if (rc < 0)
		return rc;
	standup_environment(&r->recipe, r->answers, &r->env, &missing);
	return missing.n ? err_set(err, DD_EINVAL, "%s has no answer", missing.v[0]) : 0;
}

/* ---- starting ---- */

static int
by_protocol(const void *a, const void *b)
{
	const struct served_port *x = a, *y = b;
	return x->protocol != y->protocol ? (int)y->protocol - (int)x->protocol
					  : (int)(x->port - y->port);
}

int
revive_describe(struct live *l, const struct listening *new, struct served_port_list *ret,
	struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < new->nports; i++) {
		struct served_port *p = served_port_list_add(ret);
		p->port = new->ports[i];
		rc = live_ask(l, new->ports[i], p, err);
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_protocol);
	return rc;
}

/* A command that a person gave may be no server. */
static int
choose(struct revived *r, const struct revive_spec *s, struct dd_err *err)
{
	const struct start *known = &r->recipe.start;
	r->how = (struct live_start){.run = s->command ? s->command : known->run,
		.dir = s->command ? NULL : known->dir,
		.port = s->port,
		.at_once = s->command && !s->port,
		.limit_ms = READY_LIMIT_MS};
	return r->how.run
		       ? 0
		       : err_set(err, DD_ENOENT,
				 "nothing was seen to start the application of run %s: name it with --command",
				 s->run->id);
}

static int
start(struct revived *r, struct dd_err *err)
{
	OWN(listening) struct listening new = {0};
	served_port_list_cleanup(&r->ports);
	strlist_cleanup(&r->urls);
	int rc = live_start(r->live, &r->how, &new, err);
	if (rc == 0)
		rc = revive_describe(r->live, &new, &r->ports, err);
	for (size_t i = 0; rc == 0 && i < r->ports.n; i++)
		if (r->ports.v[i].protocol == PORT_HTTP)
			strlist_addf(
				&r->urls, "http://127.0.0.1:%lld", (long long)r->ports.v[i].port);
	return rc;
}

int
revived_renew(struct revived *r, struct dd_err *err)
{
	int rc = live_renew(r->live, err);
	return rc ? rc : start(r, err);
}

int
revive(const struct revive_spec *s, struct revived **ret, struct dd_err *err)
{
	struct revived *r = mem_new(struct revived);
	r->run = s->run;
	int rc = load(r, s, err);
	const struct live_spec spec = {.state = s->state,
		.run_dir = s->run->dir,
		.root = &r->root,
		.work = &r->work,
		.services = &r->recipe.services,
		.answers = r->answers,
		.env = &r->env,
		.files = &r->files};
	if (rc == 0)
		rc = live_open(&spec, &r->live, err);
	if (rc == 0)
		rc = live_serve(r->live, err);
	if (rc == 0)
		rc = choose(r, s, err);
	if (rc == 0)
		rc = start(r, err);
	if (rc < 0) {
		revived_close(r);
		return rc;
	}
	*ret = r;
	return 0;
}

void
revived_keep_output(struct revived *r, struct buf *ret)
{
	OWN_FREE char *path = run_path(r->run, "logs/application.log");
	OWN(buf) struct buf text = {.max = 65536}, plain = {0};
	struct str rest, line;
	if (!r->live)
		return;
	live_output(r->live, &text);
	answers_redact(r->answers, buf_str(&text), &plain);
	(void)!fs_write_atomic(path, buf_str(&plain), 0600, NULL);
	for (rest = buf_str(&plain); ret && str_next_line(&rest, &line);) {
		buf_reset(ret);
		buf_add_str(ret, line);
	}
}

void
revived_close(struct revived *r)
{
	if (!r)
		return;
	revived_keep_output(r, NULL);
	live_close(r->live);
	recipe_cleanup(&r->recipe);
	stack_cleanup(&r->root);
	stack_cleanup(&r->work);
	probe_files_cleanup(&r->files);
	strlist_cleanup(&r->env);
	strlist_cleanup(&r->urls);
	served_port_list_cleanup(&r->ports);
	answers_destroy(r->answers);
	free(r);
}

struct pod *
revived_pod(struct revived *r)
{
	return live_pod(r->live);
}

bool
revived_is_running(struct revived *r)
{
	return live_is_running(r->live);
}

const struct served_port_list *
revived_ports(const struct revived *r)
{
	return &r->ports;
}

const struct strlist *
revived_urls(const struct revived *r)
{
	return &r->urls;
}
