#include "images/aptpod.h"

#include "base/fs.h"
#include "base/log.h"

#include <string.h>

#define MAX_BINDS 48
#define STEP_LIMIT_MS (30 * 60 * 1000)

int
aptpod_open(const struct aptpod_spec *spec, struct pod **ret, struct dd_err *err)
{
	struct pod_bind binds[MAX_BINDS];
	size_t n = 0;
	OWN_FREE char *cache = spec->lists_dir ? mem_printf("%s/../cache", spec->lists_dir) : NULL;
	if (spec->nbinds + 3 > MAX_BINDS)
		return err_set(err, DD_ELIMIT, "too many binds");
	for (; n < spec->nbinds; n++)
		binds[n] = spec->binds[n];
	if (spec->config_dir)
		binds[n++] = (struct pod_bind){spec->config_dir, "/etc/apt", false};
	if (spec->lists_dir)
		binds[n++] = (struct pod_bind){
			spec->lists_dir, "/var/lib/apt/lists", spec->lists_writable};
	if (cache && fs_is_dir(cache))
		binds[n++] = (struct pod_bind){cache, APTPOD_CACHE, spec->lists_writable};
	struct pod_spec pod = {
		.state = spec->state,
		.work = spec->work,
		.binds = binds,
		.nbinds = n,
	};
	if (spec->root)
		pod.root = *spec->root;
	return pod_open(&pod, ret, err);
}

struct output {
	struct buf *out;
	struct buf errors;
};

static void
take(void *ctx, int stream, struct str data)
{
	struct output *o = ctx;
	if (stream == 1 && o->out) {
		buf_add_str(o->out, data);
		return;
	}
	/* dpkg says why on either stream. */
	if (data.n > 16384)
		data = (struct str){data.p + data.n - 16384, 16384};
	if (o->errors.n + data.n > 65536)
		buf_drop_front(&o->errors, o->errors.n + data.n - 65536);
	buf_add_str(&o->errors, data);
}

/*
 * The line that names the failure: the last "E:" or "error" one, with the next where it ends with a colon, else the last
 * that is not empty.  Heap.
 */
static char *
telling_line(struct str text)
{
	struct str line, best = {"", 0}, last = {"", 0}, reason = {"", 0};
	while (str_next_line(&text, &line)) {
		line = str_trim(line);
		if (!line.n)
			continue;
		if (last.n && last.p == best.p && str_ends(best, ":"))
			reason = line;
		last = line;
		if (str_starts(line, "E: ") || memmem(line.p, line.n, "error", 5)) {
			best = line;
			reason = (struct str){"", 0};
		}
	}
	best = best.n ? best : last;
	return mem_printf(
		STR_FMT "%s" STR_FMT, STR_ARG(best), reason.n ? " " : "", STR_ARG(reason));
}

static int
judge(const char *what, const struct output *o, const struct exec_result *r, struct dd_err *err)
{
	if (r->cause == CAUSE_STOPPED)
		return err_set(err, DD_ESTOPPED, "stopped");
	if (o->out && o->out->truncated)
		return err_set(err, DD_ELIMIT, "%s: too much output", what);
	if (r->exit_code == 0 && r->cause == CAUSE_NONE)
		return 0;
	if (r->cause != CAUSE_NONE && r->cause != CAUSE_SIGNAL)
		return err_set(err, DD_EIO, "%s: ended by its %s limit%s", what,
			exec_cause_name(r->cause),
			r->cause == CAUSE_DISK
				? "; make room where the state directory is (half of what is free "
				  "there is the limit), or give it more with --disk"
			: r->cause == CAUSE_MEMORY ? "; give it more with --memory"
			: r->cause == CAUSE_PIDS   ? "; give it more with --pids"
						   : "");
	log_debug("%s: " STR_FMT, what, STR_ARG(buf_str(&o->errors)));
	OWN_FREE char *line = telling_line(buf_str(&o->errors));
	return err_set(err, DD_EIO, "%s: %s", what, line);
}

int
aptpod_run(struct pod *p, const char *what, const char *script, const struct strlist *args,
	struct buf *out, struct dd_err *err)
{
	static const char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
		"LANG=C.UTF-8", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
		"DEBCONF_NONINTERACTIVE_SEEN=true", "TZ=UTC", NULL};
	OWN(strlist) struct strlist argv = {0};
	strlist_add(&argv, "/bin/sh");
	strlist_add(&argv, "-euc");
	strlist_add(&argv, script);
	strlist_add(&argv, "drydock");
	if (args)
		strlist_copy(&argv, args);
	struct output o = {.out = out};
	const struct exec_spec spec = {
		.argv = (const char *const *)argv.v,
		.env = env,
		.cwd = "/",
		.profile = PROFILE_PROVISION,
		.fds = {-1, -1, -1},
		.on_output = take,
		.ctx = &o,
		.time_limit_ms = STEP_LIMIT_MS,
	};
	struct exec_result r;
	int rc = pod_exec(p, &spec, &r, err);
	if (rc == 0)
		rc = judge(what, &o, &r, err);
	buf_cleanup(&o.errors);
	return rc;
}
