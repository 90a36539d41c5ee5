#include "runner/session.h"

#include "base/log.h"
#include "runner/run.h"
#include "sandbox/egress.h"

#include <signal.h>
#include <unistd.h>

/* What a stop at once still has to say: on standard output, and on standard error. */
static const char *last_words[2];

static void
on_stop(int sig)
{
	(void)sig;
	if (sandbox_stop_requested()) {
		log_say(STDOUT_FILENO, last_words[0]);
		log_say(STDERR_FILENO, last_words[1]);
		_exit(EXIT_RESUMABLE);
	}
	log_say(STDERR_FILENO, "drydock: stopping; once more stops it at once\n");
	progress_set_stopping();
	sandbox_request_stop();
}

void
session_set_last_words(const char *out, const char *err)
{
	last_words[0] = out;
	last_words[1] = err;
}

static void
on_told(int sig)
{
	(void)sig;
	sandbox_request_stop();
}

static void
install_handlers(void (*on_signal)(int sig))
{
	struct sigaction stop = {.sa_handler = on_signal};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGTERM, &stop, NULL);
	(void)sigaction(SIGHUP, &stop, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
}

void
session_follow(void)
{
	install_handlers(on_told);
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
	install_handlers(on_stop);
	int rc = session_open(common, ret, err);
	if (rc < 0)
		return rc;
	rc = sandbox_sweep(ret, egress_salvage, err);
	sandbox_make_ready(ret);
	if (rc == 0)
		rc = run_sweep(ret, err);
	if (rc < 0)
		state_cleanup(ret);
	return rc;
}
