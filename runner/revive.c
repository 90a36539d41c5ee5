#include "runner/revive.h"

#include "base/fs.h"
#include "runner/left.h"

#include <string.h>

#define READY_LIMIT_MS 60000

struct revived {
	const struct run *run;
	struct left left;
	struct strlist urls;
	struct served_port_list ports;
	struct live *live;
	struct live_start how;
};

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
	const struct start *known = &r->left.recipe.start;
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
	int rc = left_load(s->state, s->run, s->answers, &r->left, err);
	const struct live_spec spec = {.state = s->state,
		.run_dir = s->run->dir,
		.root = &r->left.root,
		.work = &r->left.work,
		.services = &r->left.recipe.services,
		.answers = r->left.answers,
		.env = &r->left.env,
		.files = &r->left.files,
		.network_of = s->network_of,
		.names = &s->run->options.peers};
	if (rc == 0)
		rc = live_open(&spec, &r->live, err);
	if (rc == 0)
		rc = live_serve(r->live, err);
	const bool runs = !s->services_only && (!s->if_any || r->left.recipe.start.run);
	if (rc == 0 && runs)
		rc = choose(r, s, err);
	if (rc == 0 && runs)
		rc = start(r, err);
	if (rc < 0) {
		if (s->ret_theirs)
			*s->ret_theirs = r->live != NULL;
		revived_close(r);
		return rc;
	}
	*ret = r;
	return 0;
}

void
revived_keep_output(struct revived *r, struct buf *ret)
{
	OWN_FREE char *later = run_path(r->run, RUN_LATER),
		      *path = fs_join(later, "application.log");
	OWN(buf) struct buf text = {.max = 65536}, plain = {0};
	struct str rest, line;
	if (!r->live)
		return;
	live_output(r->live, &text);
	answers_redact(r->left.answers, buf_str(&text), &plain);
	if (fs_mkdirs(later, 0700, NULL) == 0)
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
	left_cleanup(&r->left);
	strlist_cleanup(&r->urls);
	served_port_list_cleanup(&r->ports);
	free(r);
}

const struct strlist *
revived_env(const struct revived *r)
{
	return &r->left.env;
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
