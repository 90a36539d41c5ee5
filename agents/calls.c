#include "agents/calls_db.h"

#include "base/log.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#define DOUBTS_MAX 2	   /* a call in doubt is made once more */
#define HIDDEN_TOKENS 1024 /* what a vendor puts into the prompt for tools and the like */
#define SLICE_NS INT64_C(100000000)

static int
provider_of(struct calls *c, const struct model *m, struct provider **ret, struct dd_err *err)
{
	struct provider *p = map_get(&c->providers, m->name);
	int rc = p ? 0 : provider_open(m, &p, err);
	if (rc < 0)
		return rc;
	if (!map_get(&c->providers, m->name))
		map_put(&c->providers, m->name, p);
	*ret = p;
	return 0;
}

/* ---- money ---- */

/* A price for a million tokens is so many thousandths of a micro-dollar each; rounded up. */
static int64_t
cost_of(const struct model_prices *p, const struct chat_usage *u)
{
	double nano =
		((double)u->input * p->input + (double)u->cache_read * p->cache_read +
			(double)u->cache_write * p->cache_write + (double)u->output * p->output) *
		1000;
	return nano > 9e18 ? INT64_MAX : (int64_t)nano + (nano > (double)(int64_t)nano);
}

/* Input of that many tokens at the dearest of its prices, and all the output it may give. */
static struct reserve
reserve_of(const struct call_spec *s, const struct model_prices *p, int64_t input)
{
	int64_t output = s->req->max_output;
	struct model_prices dear = {
		.input = p->input > p->cache_read ? p->input : p->cache_read, .output = p->output};
	if (s->req->cache && s->model->abilities.cache && p->cache_write > dear.input)
		dear.input = p->cache_write;
	const struct chat_usage u = {.input = input, .output = output};
	return (struct reserve){input + output, cost_of(&dear, &u)};
}

static struct reserve
spent(const struct model_prices *p, const struct chat_usage *u)
{
	return (struct reserve){
		u->input + u->cache_read + u->cache_write + u->output, cost_of(p, u)};
}

/* ---- waiting ---- */

static int
wait_ns(const struct provider_watch *w, int64_t ns, struct dd_err *err)
{
	for (int64_t end = clock_mono_ns() + ns, left; (left = end - clock_mono_ns()) > 0;) {
		if (w && w->is_cancelled && w->is_cancelled(w->ctx))
			return err_set(err, DD_ESTOPPED, "stopped while waiting for another try");
		left = left < SLICE_NS ? left : SLICE_NS;
		const struct timespec t = {.tv_sec = 0, .tv_nsec = left};
		(void)nanosleep(&t, NULL);
	}
	return 0;
}

static double
random_unit(void)
{
	uint32_t n = 0;
	(void)!getrandom(&n, sizeof(n), 0);
	return (double)n / 4294967296.0;
}

/* ---- one call ---- */

struct making {
	struct calls *c;
	const struct call_spec *spec;
	struct provider *provider;
	json_t *body; /* redacted: what is sent is what is written down */
	struct buf text;
	struct model_prices prices;
	struct call_row row;
};

static void
making_cleanup(struct making *k)
{
	json_decref(k->body);
	buf_cleanup(&k->text);
}

static int
prepare(struct making *k, struct dd_err *err)
{
	const struct call_spec *s = k->spec;
	int rc = models_prices(k->c->models, s->model, &k->prices, err);
	if (rc == 0)
		rc = provider_of(k->c, s->model, &k->provider, err);
	if (rc < 0)
		return rc;
	k->body = provider_body(k->provider, s->req);
	calls_redact_json(k->c, k->provider, k->body);
	json_print(k->body, 0, &k->text);
	const struct str fields[] = {str_of(s->model->name), buf_str(&k->text)};
	k->row = (struct call_row){.key = s->key,
		.digest = hash_fields(fields, 2),
		.model = s->model,
		.request = buf_str(&k->text),
		.files = s->files,
		.parent = s->parent,
		.req = s->req};
	/* No token is shorter than a byte. */
	k->row.reserve = reserve_of(s, &k->prices, (int64_t)k->text.n + HIDDEN_TOKENS);
	return 0;
}

/* What is held back for calls of others may come free. */
static int
reserve(struct making *k, int64_t *ret_id, char span[SPAN_ID + 1], struct dd_err *err)
{
	for (;;) {
		OWN(dd_err) struct dd_err why = {0};
		bool held;
		int rc = calls_db_begin(k->c, &k->row, ret_id, span, &held, &why);
		if (rc == 0)
			return 0;
		if (rc != -DD_ELIMIT || !held)
			return err_move(err, &why);
		rc = wait_ns(k->spec->watch, SLICE_NS, err);
		if (rc < 0)
			return rc;
	}
}

/* Where bytes are too much for the budget, the provider's own count may not be. */
static int
begin(struct making *k, int64_t *ret_id, char span[SPAN_ID + 1], struct dd_err *err)
{
	int64_t tokens;
	int rc = reserve(k, ret_id, span, err);
	if (rc != -DD_ELIMIT || !k->spec->model->abilities.count)
		return rc;
	OWN(dd_err) struct dd_err ignored = {0};
	if (provider_count(k->provider, k->body, &tokens, &ignored) < 0)
		return rc;
	tokens += tokens / 20 + HIDDEN_TOKENS;
	if (tokens >= (int64_t)k->text.n + HIDDEN_TOKENS)
		return rc;
	k->row.reserve = reserve_of(k->spec, &k->prices, tokens);
	dd_err_cleanup(err);
	*err = (struct dd_err){0};
	return reserve(k, ret_id, span, err);
}

/* Settle: what the provider counted, else the reserve; nothing where it did not begin. */
static int
settle(struct making *k, int64_t id, const char *span, const struct chat_answer *a,
	const struct failure *f, struct dd_err *err)
{
	struct call_end e = {
		.answer = a, .failure = a ? NULL : f, .state = CALL_DONE, .cost = k->row.reserve};
	if (a && a->usage.known)
		e.cost = spent(&k->prices, &a->usage);
	if (!a) {
		e.state = f->sent ? CALL_DOUBT : CALL_FAILED;
		e.cost = (struct reserve){0};
	}
	return calls_db_end(k->c, id, span, &e, err);
}

/* The answer in the form it is written down in, so that a resumed run sees the same. */
static int
redact_answer(struct making *k, struct chat_answer *a, struct dd_err *err)
{
	OWN_JSON json_t *j = chat_answer_to_json(a);
	calls_redact_json(k->c, k->provider, j);
	chat_answer_cleanup(a);
	return chat_answer_from_json(j, a, err);
}

/* One try: 1 with an answer, 0 when it failed and *f says why. */
static int
try_once(struct making *k, struct chat_answer *ret, struct failure *f, struct dd_err *why,
	struct dd_err *err)
{
	int64_t id, pace;
	char span[SPAN_ID + 1];
	int rc = calls_db_pace(k->c, k->spec->model, &pace, err);
	if (rc == 0 && pace > 0)
		rc = wait_ns(k->spec->watch, pace, err);
	if (rc == 0)
		rc = begin(k, &id, span, err);
	if (rc < 0)
		return rc;
	bool answered = provider_try(k->provider, k->body, k->spec->watch, ret, f, why) == 0;
	rc = answered ? redact_answer(k, ret, err) : 0;
	if (rc == 0)
		rc = settle(k, id, span, answered ? ret : NULL, f, err);
	if (rc < 0 && answered)
		chat_answer_cleanup(ret);
	return rc < 0 ? rc : answered;
}

static int
make(struct making *k, int64_t doubts, struct chat_answer *ret, enum call_failure *ret_failure,
	struct dd_err *err)
{
	const struct model_provider *via = k->spec->model->via;
	for (k->row.try = 1;; k->row.try++) {
		OWN(failure) struct failure f = {0};
		OWN(dd_err) struct dd_err why = {0};
		int64_t wait_ms;
		int rc = try_once(k, ret, &f, &why, err);
		if (rc != 0)
			return rc < 0 ? rc : 0;
		if (ret_failure)
			*ret_failure = f.kind;
		doubts += f.sent;
		if (doubts >= DOUBTS_MAX ||
			!failure_may_retry(&f, via->retries, k->row.try, via->max_wait_s * 1000,
				random_unit(), &wait_ms))
			return err_move(err, &why);
		rc = wait_ns(k->spec->watch, wait_ms * 1000000, err);
		if (rc < 0)
			return rc;
	}
}

int
calls_chat(struct calls *c, const struct call_spec *spec, struct chat_answer *ret,
	enum call_failure *ret_failure, struct dd_err *err)
{
	OWN(making) struct making k = {.c = c, .spec = spec};
	OWN(dd_err) struct dd_err own = {0};
	int64_t doubts;
	enum call_failure ignored;
	if (!err)
		err = &own;
	*(ret_failure ? ret_failure : &ignored) = FAIL_NONE;
	int rc = prepare(&k, err);
	if (rc == 0)
		rc = calls_db_find(c, spec->key, &k.row.digest, ret, &doubts, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (doubts >= DOUBTS_MAX) {
		*(ret_failure ? ret_failure : &ignored) = FAIL_TRUNCATED;
		return err_set(err, DD_EIO,
			"the call \"%s\" was sent twice and never answered; it is not sent again",
			spec->key);
	}
	return make(&k, doubts, ret, ret_failure, err);
}

/* ---- spans of others ---- */

int
calls_span_begin(struct calls *c, const char *parent, const char *operation, const char *what,
	json_t *attributes, char ret_id[SPAN_ID + 1], struct dd_err *err)
{
	OWN_FREE char *name = what ? mem_printf("%s %s", operation, what) : mem_strdup(operation);
	OWN_JSON json_t *all =
		json_pack("{s:o}", "gen_ai.operation.name", json_text(str_of(operation)));
	if (attributes)
		(void)json_object_update(all, attributes);
	calls_redact_json(c, NULL, all);
	return calls_db_span_begin(c, parent, name, all, ret_id, err);
}

int
calls_span_end(
	struct calls *c, const char *id, json_t *attributes, const char *error, struct dd_err *err)
{
	OWN_JSON json_t *all = attributes ? json_deep_copy(attributes) : json_object();
	calls_redact_json(c, NULL, all);
	return calls_db_span_end(c, id, all, error, err);
}
