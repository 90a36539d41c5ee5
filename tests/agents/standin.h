/* The stand-in server (standin.pl) of a C test: started in a directory of its own, ended with it. */
#ifndef TESTS_AGENTS_STANDIN_H
#define TESTS_AGENTS_STANDIN_H

#include "base/fs.h"
#include "base/json.h"
#include "base/spawn.h"
#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#define STANDIN_KEY "standin-key"

struct standin {
	char *dir;
	pid_t pid;
	int port;
	char *socket; /* of one on a UNIX socket */
};

static inline char *
standin_script(void)
{
	const char *root = getenv("DD_ROOT");
	return mem_printf("%s/tests/agents/standin.pl", root ? root : ".");
}

static inline void
standin_start(struct standin *s, bool on_unix, const char *tasks)
{
	OWN_FREE char *script = standin_script();
	int out[2], pidfd = -1;
	s->dir = tmpdir_create();
	s->socket = on_unix ? mem_printf("%s/socket", s->dir) : NULL;
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	const char *argv[9] = {"perl", script, s->dir, "300"};
	size_t n = 4;
	if (on_unix) {
		argv[n++] = "--unix";
		argv[n++] = s->socket;
	}
	if (tasks) {
		argv[n++] = "--tasks";
		argv[n++] = tasks;
	}
	const struct spawn_fd fds[] = {{out[1], 1}, {2, 2}};
	const struct spawn_spec spec = {.argv = argv, .fds = fds, .nfds = 2};
	OWN(dd_err) struct dd_err err = {0};
	if (spawn_start(&spec, &s->pid, &pidfd, &err) < 0)
		fail_msg("%s", err_msg(&err));
	(void)close(pidfd);
	(void)close(out[1]);
	char line[200] = "";
	size_t got = 0;
	while (got < sizeof(line) - 1 && read(out[0], line + got, 1) == 1 && line[got] != '\n')
		got++;
	(void)close(out[0]);
	if (strncmp(line, "http ", 5) == 0)
		s->port = (int)strtol(line + 5, NULL, 10);
	assert_true(s->port > 0 || strncmp(line, "unix ", 5) == 0);
}

static inline void
standin_stop(struct standin *s)
{
	int status;
	(void)kill(s->pid, SIGTERM);
	(void)waitpid(s->pid, &status, 0);
	tmpdir_remove(s->dir);
	free(s->socket);
	*s = (struct standin){0};
}

/* What it was asked, a JSON object a line; heap. */
static inline char *
standin_requests(const struct standin *s)
{
	OWN_FREE char *path = fs_join(s->dir, "requests.jsonl");
	OWN(buf) struct buf text = {0};
	assert_int_equal(fs_read_if_any(path, (size_t)64 << 20, &text, NULL), 0);
	return buf_take(&text);
}

/* The last of them; new reference. */
static inline json_t *
standin_last(const struct standin *s)
{
	OWN_FREE char *all = standin_requests(s);
	struct str rest = str_of(all), line, last = {"", 0};
	json_t *j = NULL;
	while (str_next_line(&rest, &line))
		last = line;
	assert_int_equal(json_parse(last, &j, NULL), 0);
	return j;
}

#endif
