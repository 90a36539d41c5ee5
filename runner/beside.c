#include "runner/beside.h"

#include <string.h>

static void
close_member(struct beside_member *m)
{
	revived_close(m->it);
	run_cleanup(&m->run);
	free(m->name);
	free(m);
}

static int
open_member(const struct state *st, const struct run *part, const char *name, const char *answers,
	struct beside *b, bool *ret_theirs, struct dd_err *err)
{
	struct beside_member *m = mem_new(struct beside_member);
	m->name = mem_strdup(name);
	m->run.lock_fd = -1;
	int rc = run_open_member(part, name, &m->run, err);
	const struct revive_spec spec = {.state = st,
		.run = &m->run,
		.answers = answers,
		.if_any = true,
		.ret_theirs = ret_theirs,
		.network_of = beside_network(b)};
	if (rc == 0)
		rc = revive(&spec, &m->it, err);
	if (rc < 0) {
		close_member(m);
		return err_wrap(err, "%s", name);
	}
	b->v = mem_grow(b->v, b->n, &b->cap, sizeof(*b->v));
	b->v[b->n++] = m;
	return 0;
}

int
beside_open(const struct state *st, const struct run *part, const char *answers, struct beside *ret,
	bool *ret_theirs, struct dd_err *err)
{
	const struct strlist *names = &part->options.peers;
	struct beside b = {0};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < names->n; i++)
		rc = open_member(st, part, names->v[i], answers, &b, ret_theirs, err);
	if (rc < 0)
		beside_close(&b);
	else
		*ret = b;
	return rc;
}

/* Who needs another goes first. */
void
beside_close(struct beside *b)
{
	for (size_t i = b->n; i-- > 0;)
		close_member(b->v[i]);
	free(b->v);
	*b = (struct beside){0};
}

struct pod *
beside_network(const struct beside *b)
{
	return b->n ? revived_pod(b->v[0]->it) : NULL;
}

/* What is wrong with a peer is a result of the tests that need it. */
static void
note_missing(const struct dd_err *why, const struct answers *answers, struct test_run *ret)
{
	OWN(buf) struct buf plain = {.max = 4096}, message = {.max = 16384};
	answers_redact(answers, str_of(err_msg(why)), &plain);
	buf_put_visible(&message, buf_str(&plain));
	struct test_run t = {0};
	struct test_case *c = test_case_list_add(&t.cases);
	c->suite = mem_strdup("workspace");
	c->name = mem_strdup("what it needs beside it");
	c->id = mem_strdup("workspace/beside");
	c->level = LEVEL_INTEGRATION;
	c->status = TEST_ERROR;
	c->ms = -1;
	c->message = buf_take(&message);
	test_run_count(&t);
	*ret = t;
}

int
beside_run_tests(const struct run *part, struct qa_spec *spec, struct test_run *ret,
	enum exec_cause *ret_cause, struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	struct beside b = {0};
	bool theirs = false;
	int rc = beside_open(spec->state, part, part->options.answers, &b, &theirs, &why);
	if (theirs && (rc == -DD_EIO || rc == -DD_ELIMIT || rc == -DD_ENOENT)) {
		note_missing(&why, spec->answers, ret);
		*ret_cause = CAUSE_NONE;
		return 0;
	}
	if (rc < 0)
		return err_move(err, &why);
	spec->network_of = beside_network(&b);
	rc = qa_run_tests(spec, ret, ret_cause, err);
	beside_close(&b);
	return rc;
}
