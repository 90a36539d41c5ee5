#include "sandbox/bypass.h"

#include "base/fs.h"

struct note {
	int log;
	int rc;
	struct dd_err *err;
};

/* Services of the pod itself are none of a phase's business; names are: the pod has no server of them. */
static bool
leads_out(struct str target)
{
	if (str_starts(target, "unix:"))
		return false;
	bool loopback = str_starts(target, "127.") || str_starts(target, "[::1]");
	return !loopback || str_ends(target, ":53");
}

static bool
note(void *ctx, const struct trace_connect *c)
{
	struct note *n = ctx;
	OWN(buf) struct buf line = {0};
	if (!c->refused || !leads_out(str_of(c->target)))
		return true;
	buf_puts(&line, "{\"upstream\":\"\",\"path\":");
	buf_put_json(&line, str_of(c->target));
	buf_puts(&line, ",\"status\":0,\"refused\":true,\"bytes\":0,\"program\":");
	buf_put_json(&line, str_of(c->program));
	buf_puts(
		&line, ",\"why\":\"a direct connection; only the ways of the broker are open\"}\n");
	n->rc = fs_write_all(n->log, line.p, line.n, n->err);
	return n->rc == 0;
}

int
bypass_note(int log, const struct trace *t, struct dd_err *err)
{
	struct note n = {.log = log, .err = err};
	if (log >= 0)
		trace_each_connect(t, note, &n);
	return n.rc < 0 ? err_wrap(err, "egress: cannot write its log") : 0;
}
