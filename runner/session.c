#include "runner/session.h"

#include "runner/run.h"
#include "sandbox/egress.h"

#include <signal.h>

static void
on_stop(int sig)
{
	(void)sig;
	if (sandbox_stop_requested())
		_exit(EXIT_RESUMABLE);
	sandbox_request_stop();
}

static void
install_handlers(void)
{
	struct sigaction stop = {.sa_handler = on_stop};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGTERM, &stop, NULL);
	(void)sigaction(SIGHUP, &stop, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
}

int
session_open(const struct common_options *common, struct state *ret, struct dd_err *err)
{
	return state_open(common->state, ret, err);
}

int
session_require(const struct common_options *common, struct dd_err *err)
{
	OWN_FREE char *dir = state_dir(common->state);
	return state_exists(dir)
		       ? 0
		       : err_set(err, DD_EINVAL, "there is no run yet: no state directory %s", dir);
}

int
session_start(const struct common_options *common, struct state *ret, struct dd_err *err)
{
	install_handlers();
	int rc = session_open(common, ret, err);
	if (rc < 0)
		return rc;
	rc = sandbox_sweep(ret, egress_salvage, err);
	sandbox_tidy(ret);
	if (rc == 0)
		rc = run_sweep(ret, err);
	if (rc < 0)
		state_cleanup(ret);
	return rc;
}
