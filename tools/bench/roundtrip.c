/*
 * roundtrip N: start the browser of the image this runs in, ask its page N times for 1+1 over the debugging pipe, and print the
 * median and the slowest of a hundred in microseconds.  The measured link is that of the worker "screen" (qa/cdp.h).
 */
#include "base/log.h"
#include "qa/cdp.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define BROWSER "/usr/lib/chromium/chromium-headless-shell"

static int
by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Descriptors 3 and 4 are the browser's; ours are above. */
static pid_t
start(int *ret_from, int *ret_to)
{
	int orders[2], answers[2];
	if (pipe(orders) < 0 || pipe(answers) < 0)
		return -1;
	const pid_t pid = fork();
	if (pid == 0) {
		const int in = fcntl(orders[0], F_DUPFD, 20), out = fcntl(answers[1], F_DUPFD, 20);
		const int null = open("/dev/null", O_RDWR);
		if (dup2(in, 3) < 0 || dup2(out, 4) < 0 || dup2(null, 2) < 0)
			_exit(1);
		for (int fd = 5; fd < 64; fd++)
			(void)close(fd);
		execl(BROWSER, BROWSER, "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
			"--user-data-dir=/tmp/browser", "about:blank", (char *)NULL);
		_exit(127);
	}
	(void)close(orders[0]);
	(void)close(answers[1]);
	*ret_to = orders[1];
	*ret_from = answers[0];
	return pid;
}

static int
attach(struct cdp *c, char **ret_session, struct dd_err *err)
{
	OWN_JSON json_t *target = NULL, *session = NULL;
	int rc = cdp_call(c, NULL, "Target.createTarget", json_pack("{s:s}", "url", "about:blank"),
		60000, &target, err);
	if (rc == 0)
		rc = cdp_call(c, NULL, "Target.attachToTarget",
			json_pack("{s:O, s:b}", "targetId", json_object_get(target, "targetId"),
				"flatten", 1),
			60000, &session, err);
	if (rc == 0)
		*ret_session = mem_strdup(json_string_value(json_object_get(session, "sessionId")));
	return rc;
}

static int
ask(struct cdp *c, const char *session, double *ret_us, struct dd_err *err)
{
	OWN_JSON json_t *answer = NULL;
	const int64_t began = clock_mono_ns();
	int rc = cdp_call(c, session, "Runtime.evaluate",
		json_pack("{s:s, s:b}", "expression", "1+1", "returnByValue", 1), 10000, &answer,
		err);
	*ret_us = (double)(clock_mono_ns() - began) / 1e3;
	return rc;
}

int
main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_FREE char *session = NULL;
	struct cdp c;
	int from = -1, to = -1, rc = 0;
	const int n = argc > 1 ? atoi(argv[1]) : 0;
	if (n < 100)
		return 2;
	double *v = mem_zalloc((size_t)n, sizeof(*v));
	(void)signal(SIGPIPE, SIG_IGN);
	const pid_t pid = start(&from, &to);
	if (pid < 0)
		return 3;
	const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cdp_init(&c, from, to, null, 120000);
	rc = attach(&c, &session, &err);
	for (int i = 0; rc == 0 && i < n; i++)
		rc = ask(&c, session, &v[i], &err);
	qsort(v, (size_t)n, sizeof(*v), by_size);
	if (rc == 0)
		printf("%.0f %.0f\n", v[n / 2], v[n - n / 100]);
	else
		fprintf(stderr, "roundtrip: %s\n", err_msg(&err));
	cdp_cleanup(&c);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	free(v);
	return rc < 0 ? 3 : 0;
}
