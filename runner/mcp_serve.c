/*
 * The server's loop.  Standard input and the two pipes of each command that runs are polled; answers are written
 * whole, in the order in which commands end.  A command is stopped by SIGTERM, which drydock takes as a wish to stop
 * cleanly; it dies with the server in any case.
 */
#include "runner/mcp.h"

#include "base/fs.h"
#include "base/spawn.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define MAX_CALLS 8
#define MAX_LINE ((size_t)4 << 20)
#define MAX_ANSWER ((size_t)2 << 20)
#define MAX_WORDS 8192

struct call {
	struct mcp_message message;
	pid_t pid; /* 0: the place is free */
	int out, words;
	struct buf printed, said; /* said: its standard error, the last of it */
	int64_t progress;
	bool truncated, cancelled;
};

struct loop {
	const struct mcp_server *server;
	char *program;
	struct call calls[MAX_CALLS];
	struct buf input;
	bool skipping; /* the rest of a line that is too long */
};

static int
send(const json_t *j, struct dd_err *err)
{
	OWN(buf) struct buf line = {0};
	json_print(j, 0, &line);
	buf_putc(&line, '\n');
	return fs_write_all(STDOUT_FILENO, line.p, line.n, err);
}

/* ---- commands ---- */

static int
start_child(const struct loop *l, struct call *c, struct dd_err *err)
{
	OWN(strlist) struct strlist argv = {0};
	int out[2], words[2];
	strlist_add(&argv, "drydock");
	strlist_copy(&argv, &c->message.words);
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	if (pipe2(words, O_CLOEXEC) < 0) {
		(void)close(out[0]), (void)close(out[1]);
		return err_errno(err, errno, "cannot make a pipe");
	}
	const struct spawn_fd fds[] = {{out[1], 1}, {words[1], 2}};
	const struct spawn_spec spec = {
		.argv = (const char *const *)argv.v, .program = l->program, .fds = fds, .nfds = 2};
	int rc = spawn_start(&spec, &c->pid, NULL, err);
	(void)close(out[1]), (void)close(words[1]);
	if (rc < 0) {
		(void)close(out[0]), (void)close(words[0]);
		return rc;
	}
	c->out = out[0];
	c->words = words[0];
	return 0;
}

static void
call_cleanup(struct call *c)
{
	mcp_message_cleanup(&c->message);
	buf_cleanup(&c->printed);
	buf_cleanup(&c->said);
	memset(c, 0, sizeof(*c));
}

/* Takes the message. */
static int
start_call(struct loop *l, struct mcp_message *m, struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	struct call *c = l->calls;
	while (c < l->calls + MAX_CALLS && c->pid)
		c++;
	const char *busy = "too many calls at once";
	if (c < l->calls + MAX_CALLS) {
		*c = (struct call){.message = *m, .printed = {.max = MAX_ANSWER}};
		*m = (struct mcp_message){0};
		if (start_child(l, c, &why) == 0)
			return 0;
		busy = err_msg(&why);
	}
	OWN_JSON json_t *answer = mcp_result(
		c < l->calls + MAX_CALLS ? &c->message : m, STR(""), false, 3, str_of(busy));
	if (c < l->calls + MAX_CALLS)
		call_cleanup(c);
	return send(answer, err);
}

static void
cancel(struct loop *l, const json_t *id)
{
	for (struct call *c = l->calls; id && c < l->calls + MAX_CALLS; c++)
		if (c->pid && !c->cancelled && json_equal(c->message.id, (json_t *)id)) {
			c->cancelled = true;
			(void)kill(c->pid, SIGTERM);
		}
}

/* A line that the command says while it works, to a client that wants to hear of it. */
static int
tell_progress(struct call *c, struct str line, struct dd_err *err)
{
	OWN(buf) struct buf text = {.max = 1000};
	if (!c->message.progress_token || c->cancelled)
		return 0;
	buf_put_visible(&text, line);
	OWN_JSON json_t *j = json_pack("{s:s, s:s, s:{s:O, s:I, s:s}}", "jsonrpc", "2.0", "method",
		"notifications/progress", "params", "progressToken", c->message.progress_token,
		"progress", (json_int_t)++c->progress, "message", text.p ? text.p : "");
	return send(j, err);
}

static int
hear_words(struct call *c, struct str data, struct dd_err *err)
{
	int rc = 0;
	size_t before = c->said.n;
	buf_add(&c->said, data.p, data.n);
	struct str rest = {c->said.p, c->said.n};
	for (const char *end; rc == 0 && (end = memchr(rest.p, '\n', rest.n));) {
		size_t n = (size_t)(end - rest.p);
		if ((size_t)(end - c->said.p) >= before)
			rc = tell_progress(c, (struct str){rest.p, n}, err);
		rest = (struct str){end + 1, rest.n - n - 1};
	}
	if (c->said.n > MAX_WORDS)
		buf_drop_front(&c->said, c->said.n - MAX_WORDS);
	return rc;
}

static struct str
last_line(struct str said)
{
	struct str last = {"", 0}, line;
	while (str_next_line(&said, &line))
		if (str_trim(line).n)
			last = line;
	return last;
}

/* Both pipes are at their end. */
static int
end_call(struct call *c, struct dd_err *err)
{
	int status = 0, rc = spawn_wait(c->pid, &status, err);
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 3;
	if (rc == 0 && !c->cancelled) {
		OWN_JSON json_t *j = mcp_result(&c->message, buf_str(&c->printed), c->truncated,
			code, last_line(buf_str(&c->said)));
		rc = send(j, err);
	}
	call_cleanup(c);
	return rc;
}

/* Takes what there is on one of its pipes; closes it at its end. */
static int
pump(struct call *c, int *fd, struct dd_err *err)
{
	char chunk[65536];
	ssize_t n = read(*fd, chunk, sizeof(chunk));
	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0) {
		(void)close(*fd);
		*fd = -1;
		return c->out < 0 && c->words < 0 ? end_call(c, err) : 0;
	}
	if (fd == &c->words)
		return hear_words(c, (struct str){chunk, (size_t)n}, err);
	buf_add(&c->printed, chunk, (size_t)n);
	c->truncated = c->printed.truncated;
	return 0;
}

/* ---- messages ---- */

static int
take_line(struct loop *l, struct str line, struct dd_err *err)
{
	struct mcp_message m;
	int rc = 0;
	mcp_read(l->server, line, &m);
	switch (m.action) {
	case MCP_ANSWER:
		rc = send(m.answer, err);
		break;
	case MCP_CALL:
		rc = start_call(l, &m, err);
		break;
	case MCP_CANCEL:
		cancel(l, m.id);
		break;
	case MCP_IGNORE:
		break;
	}
	mcp_message_cleanup(&m);
	return rc;
}

static int
take_lines(struct loop *l, struct dd_err *err)
{
	int rc = 0;
	for (const char *end; rc == 0 && (end = memchr(l->input.p, '\n', l->input.n));) {
		size_t n = (size_t)(end - l->input.p);
		if (!l->skipping)
			rc = take_line(l, (struct str){l->input.p, n}, err);
		l->skipping = false;
		buf_drop_front(&l->input, n + 1);
	}
	if (rc == 0 && l->input.n > MAX_LINE) {
		if (!l->skipping) /* it is no JSON, as far as anybody can tell */
			rc = take_line(l, STR("too long"), err);
		l->skipping = true;
		buf_reset(&l->input);
	}
	return rc;
}

/* *ret_end: there is no more. */
static int
read_input(struct loop *l, bool *ret_end, struct dd_err *err)
{
	char chunk[65536];
	ssize_t n = read(STDIN_FILENO, chunk, sizeof(chunk));
	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0) {
		*ret_end = true;
		return 0;
	}
	buf_add(&l->input, chunk, (size_t)n);
	return take_lines(l, err);
}

static int
turn(struct loop *l, bool *ret_end, struct dd_err *err)
{
	struct pollfd fds[1 + 2 * MAX_CALLS] = {{.fd = STDIN_FILENO, .events = POLLIN}};
	for (size_t i = 0; i < MAX_CALLS; i++) {
		bool runs = l->calls[i].pid != 0;
		fds[1 + 2 * i] = (struct pollfd){runs ? l->calls[i].out : -1, POLLIN, 0};
		fds[2 + 2 * i] = (struct pollfd){runs ? l->calls[i].words : -1, POLLIN, 0};
	}
	if (poll(fds, sizeof(fds) / sizeof(*fds), -1) < 0)
		return errno == EINTR ? 0 : err_errno(err, errno, "cannot wait for messages");
	int rc = fds[0].revents ? read_input(l, ret_end, err) : 0;
	for (size_t i = 0; rc == 0 && i < MAX_CALLS; i++) {
		struct call *c = &l->calls[i];
		if (c->pid && fds[1 + 2 * i].revents)
			rc = pump(c, &c->out, err);
		if (rc == 0 && c->pid && c->words >= 0 && fds[2 + 2 * i].revents)
			rc = pump(c, &c->words, err);
	}
	return rc;
}

static void
stop_calls(struct loop *l)
{
	for (struct call *c = l->calls; c < l->calls + MAX_CALLS; c++) {
		int status;
		if (!c->pid)
			continue;
		(void)kill(c->pid, SIGTERM);
		if (c->out >= 0)
			(void)close(c->out);
		if (c->words >= 0)
			(void)close(c->words);
		(void)!spawn_wait(c->pid, &status, NULL);
		call_cleanup(c);
	}
}

int
mcp_serve(const struct mcp_server *s, struct dd_err *err)
{
	struct loop l = {.server = s,
		.program = sandbox_program("drydock"),
		.input = {.max = MAX_LINE + 65536 + 1}};
	bool end = false;
	int rc = 0;
	while (rc == 0 && !end)
		rc = turn(&l, &end, err);
	stop_calls(&l);
	buf_cleanup(&l.input);
	free(l.program);
	return rc < 0 ? err_wrap(err, "mcp") : 0;
}
