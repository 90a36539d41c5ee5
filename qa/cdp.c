#include "qa/cdp.h"

#include "base/io.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#define CHUNK 65536
#define MAX_OUT ((size_t)16 << 20)
#define MAX_SAID 8192

void
cdp_init(struct cdp *c, int from, int to, int errors, int64_t time_limit_ms)
{
	const int fds[] = {from, to, errors};
	*c = (struct cdp){.from = from, .to = to, .errors = errors};
	c->reader.max = CDP_MAX_MESSAGE;
	c->out.max = MAX_OUT;
	c->deadline_ns = clock_mono_ns() + time_limit_ms * 1000000;
	for (size_t i = 0; i < 3; i++)
		(void)fcntl(fds[i], F_SETFL, fcntl(fds[i], F_GETFL) | O_NONBLOCK);
}

void
cdp_cleanup(struct cdp *c)
{
	cdp_reader_cleanup(&c->reader);
	buf_cleanup(&c->out);
	buf_cleanup(&c->said);
}

static int64_t
queue(struct cdp *c, const char *session, const char *method, json_t *params)
{
	OWN_JSON json_t *j = json_pack("{s:I, s:s, s:o*, s:s*}", "id", (json_int_t)++c->last_id,
		"method", method, "params", params, "sessionId", session);
	size_t before = c->out.n;
	json_print(j, 0, &c->out);
	buf_putc(&c->out, '\0');
	if (c->out.truncated) { /* a browser that takes nothing: half a message would spoil the rest */
		c->out.n = before;
		c->out.truncated = false;
	}
	return c->last_id;
}

void
cdp_send(struct cdp *c, const char *session, const char *method, json_t *params)
{
	(void)queue(c, session, method, params);
}

/* ---- what comes ---- */

static void
give_event(struct cdp *c, struct str message)
{
	OWN_JSON json_t *j = NULL;
	struct str method = cdp_message_method(message);
	if (!c->on_event || !method.n || (c->wants && !c->wants(c->ctx, method)) ||
		json_parse(message, &j, NULL) < 0)
		return;
	const char *name = json_string_value(json_object_get(j, "method"));
	if (name)
		c->on_event(c->ctx, json_string_value(json_object_get(j, "sessionId")), name,
			json_object_get(j, "params"));
}

static int
refused(struct str message, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	const char *why = NULL;
	if (*message.p == '!')
		return err_set(err, DD_ELIMIT, "the browser's answer is larger than %zu MiB",
			CDP_MAX_MESSAGE >> 20);
	if (json_parse(message, &j, NULL) == 0)
		why = json_string_value(json_object_get(json_object_get(j, "error"), "message"));
	return err_set(err, DD_EINVAL, "%.300s", why ? why : "the browser refused");
}

static void
give_answer(struct cdp_ask *a, struct str message)
{
	struct str result;
	a->done = true;
	if (!cdp_message_result(message, &result))
		a->rc = refused(message, &a->why);
	else if (a->form == CDP_TEXT)
		buf_add_str(&a->data, result);
	else if (a->form == CDP_DATA && !cdp_result_data(result, &a->data))
		a->rc = err_set(
			&a->why, DD_ECORRUPT, "the browser's answer is not what was asked for");
	else if (a->form == CDP_JSON)
		a->rc = json_parse(result, &a->json, &a->why);
	if (a->rc == 0 && a->data.truncated)
		a->rc = err_set(&a->why, DD_ELIMIT, "the browser's answer is too large");
}

static struct cdp_ask *
find_asked(const struct cdp *c, int64_t id)
{
	struct cdp_ask *a = c->asked;
	while (a && a->id != id)
		a = a->next;
	return a;
}

/* Until `a` is answered; NULL: all there are. */
static size_t
give_messages(struct cdp *c, const struct cdp_ask *a)
{
	struct str message;
	size_t n = 0;
	for (; (!a || !a->done) && cdp_reader_next(&c->reader, &message); n++) {
		int64_t id = cdp_message_id(message);
		struct cdp_ask *of = id ? find_asked(c, id) : NULL;
		if (of && !of->done)
			give_answer(of, message);
		else if (!id)
			give_event(c, message);
	}
	return n;
}

static void
read_some(struct cdp *c)
{
	char chunk[CHUNK];
	ssize_t n = read(c->from, chunk, sizeof(chunk));
	if (n > 0)
		cdp_reader_add(&c->reader, (struct str){chunk, (size_t)n});
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		c->dead = true;
}

static void
write_some(struct cdp *c)
{
	ssize_t n = io_write(c->to, c->out.p, c->out.n);
	if (n > 0)
		buf_drop_front(&c->out, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		c->dead = true;
}

static void
read_errors(struct cdp *c)
{
	char chunk[4096];
	ssize_t n = read(c->errors, chunk, sizeof(chunk));
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		c->errors = -1;
	if (n <= 0)
		return;
	if (c->said.n + (size_t)n > MAX_SAID)
		buf_drop_front(&c->said, c->said.n + (size_t)n - MAX_SAID);
	buf_add(&c->said, chunk, (size_t)n);
}

/* One turn of waiting; `until` is CLOCK_MONOTONIC. */
static int
turn(struct cdp *c, int64_t until_ns)
{
	int64_t now = clock_mono_ns();
	int64_t end = until_ns < c->deadline_ns ? until_ns : c->deadline_ns;
	struct pollfd fds[] = {
		{c->from, POLLIN, 0}, {c->to, c->out.n ? POLLOUT : 0, 0}, {c->errors, POLLIN, 0}};
	if (now >= end)
		return 0;
	int n = poll(fds, 3, (int)((end - now) / 1000000 + 1));
	if (n <= 0)
		return n < 0 && errno != EINTR ? 0 : 1;
	if (fds[2].revents)
		read_errors(c);
	if (fds[1].revents)
		write_some(c);
	if (fds[0].revents)
		read_some(c);
	return 1;
}

/* The last line of its standard error that is more than a complaint about a bus that is not there. */
static struct str
last_words(const struct cdp *c)
{
	struct str text = buf_str(&c->said), line, best = {"", 0};
	while (str_next_line(&text, &line)) {
		line = str_trim(line);
		if (line.n && !memmem(line.p, line.n, "dbus", 4))
			best = line;
	}
	return best;
}

int
cdp_gone(struct cdp *c, struct dd_err *err)
{
	int64_t until = clock_mono_ns() + 200000000;
	c->from = c->to = -1; /* only what it said is still read */
	while (c->errors >= 0 && turn(c, until))
		continue;
	struct str words = last_words(c);
	OWN(buf) struct buf safe = {.max = 400};
	buf_put_visible(&safe, words);
	return err_set(err, DD_EIO, "the browser ended%s%s", words.n ? "; it said: " : "",
		words.n ? safe.p : "");
}

static int
wait_for(struct cdp *c, struct cdp_ask *a, int timeout_ms, struct dd_err *err)
{
	int64_t until = clock_mono_ns() + (int64_t)timeout_ms * 1000000;
	c->let_be = false;
	while (!a->done) {
		(void)give_messages(c, a);
		if (a->done)
			break;
		if (c->dead)
			return cdp_gone(c, err);
		if (c->lost && a->session && strcmp(c->lost, a->session) == 0)
			return err_set(err, DD_ECORRUPT, "the page crashed");
		if (c->let_be)
			return err_set(err, DD_ECORRUPT, "%s: let be", a->method);
		if (!turn(c, until))
			return clock_mono_ns() >= c->deadline_ns
				       ? err_set(err, DD_ELIMIT,
						 "%s: time was up before it was answered",
						 a->method)
				       : err_set(err, DD_ELIMIT, "%s: no answer within %d ms",
						 a->method, timeout_ms);
	}
	return a->rc < 0 ? err_move(err, &a->why) : 0;
}

void
cdp_ask(struct cdp *c, struct cdp_ask *a, const char *session, const char *method, json_t *params,
	enum cdp_form form)
{
	*a = (struct cdp_ask){.next = c->asked,
		.session = session,
		.method = method,
		.form = form,
		.data = {.max = a->data.max}};
	a->id = queue(c, session, method, params);
	c->asked = a;
}

static void
forget(struct cdp *c, const struct cdp_ask *a)
{
	for (struct cdp_ask **at = &c->asked; *at; at = &(*at)->next)
		if (*at == a) {
			*at = a->next;
			return;
		}
}

int
cdp_take(struct cdp *c, struct cdp_ask *a, int timeout_ms, struct dd_err *err)
{
	int rc = wait_for(c, a, timeout_ms, err);
	forget(c, a);
	return rc;
}

void
cdp_drop(struct cdp *c, struct cdp_ask *a)
{
	forget(c, a);
	json_decref(a->json);
	buf_cleanup(&a->data);
	dd_err_cleanup(&a->why);
	*a = (struct cdp_ask){0};
}

int
cdp_call(struct cdp *c, const char *session, const char *method, json_t *params, int timeout_ms,
	json_t **ret, struct dd_err *err)
{
	struct cdp_ask a = {0};
	cdp_ask(c, &a, session, method, params, CDP_JSON);
	int rc = cdp_take(c, &a, timeout_ms, err);
	if (rc == 0 && ret)
		*ret = TAKE(a.json);
	cdp_drop(c, &a);
	return rc;
}

int
cdp_wait(struct cdp *c, int timeout_ms, struct dd_err *err)
{
	int64_t until = clock_mono_ns() + (int64_t)timeout_ms * 1000000;
	while (!give_messages(c, NULL)) {
		if (c->dead)
			return cdp_gone(c, err);
		if (clock_mono_ns() >= c->deadline_ns)
			return err_set(err, DD_ELIMIT, "time is up");
		if (!turn(c, until))
			return 0;
	}
	return 0;
}
