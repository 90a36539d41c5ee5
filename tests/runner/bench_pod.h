/* A pod on the tools root for programs that run generated applications there, one after the other, in one directory. */
#ifndef TESTS_RUNNER_BENCH_POD_H
#define TESTS_RUNNER_BENCH_POD_H

#include "base/fs.h"
#include "base/json.h"
#include "sandbox/sandbox.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define BENCH_TREE "/tmp/tree"

struct bench_pod {
	struct pod *pod;
	const char *command; /* that tests the application at hand */
	const json_t *files; /* of it; borrowed */
};

static inline void
bench_must(int rc, const struct dd_err *e)
{
	if (rc < 0)
		errx(1, "%s", err_msg(e));
}

static inline void
bench_keep(void *ctx, int stream, struct str data)
{
	(void)stream;
	buf_add_str(ctx, data);
}

/* What a script prints, whatever its end. */
static inline void
bench_sh(struct bench_pod *b, const char *script, struct str input, struct buf *out)
{
	OWN(dd_err) struct dd_err e = {0};
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	struct exec_result r;
	int fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0 || write(fd, input.p, input.n) != (ssize_t)input.n || lseek(fd, 0, SEEK_SET) < 0)
		err(1, "input");
	const struct exec_spec spec = {.argv = argv,
		.cwd = "/",
		.profile = PROFILE_BUILD,
		.fds = {fd, -1, -1},
		.on_output = bench_keep,
		.ctx = out,
		.time_limit_ms = 60000};
	bench_must(pod_exec(b->pod, &spec, &r, &e), &e);
	(void)close(fd);
}

/* Files of an object, path to text, into the tree. */
static inline void
bench_add_files(struct bench_pod *b, const json_t *files)
{
	OWN(buf) struct buf script = {0}, input = {0}, out = {0};
	const char *path;
	json_t *text;
	buf_puts(&script, "cd " BENCH_TREE "\n");
	json_object_foreach ((json_t *)files, path, text) {
		struct str s = str_of(json_string_value(text));
		buf_printf(
			&script, "mkdir -p \"$(dirname %s)\"; head -c %zu >%s\n", path, s.n, path);
		buf_add_str(&input, s);
	}
	bench_sh(b, script.p, buf_str(&input), &out);
}

/* The tree anew. */
static inline void
bench_put_tree(struct bench_pod *b, const json_t *files)
{
	OWN(buf) struct buf out = {0};
	bench_sh(b, "rm -rf " BENCH_TREE " && mkdir " BENCH_TREE, STR(""), &out);
	bench_add_files(b, files);
}

/* The main function of such a program: PROGRAM STATE <CASES, each with each case, a line of JSON. */
static inline int
bench_each(int argc, char **argv, void (*each)(struct bench_pod *b, const json_t *one))
{
	OWN(dd_err) struct dd_err e = {0};
	OWN(state) struct state st = {0};
	OWN(buf) struct buf input = {0};
	struct bench_pod b = {0};
	if (argc != 2)
		errx(2, "usage: PROGRAM STATE <CASES");
	bench_must(fs_read("/proc/self/fd/0", (size_t)256 << 20, &input, &e), &e);
	bench_must(state_open(argv[1], &st, &e), &e);
	const struct pod_spec spec = {.state = &st};
	bench_must(pod_open(&spec, &b.pod, &e), &e);
	for (struct str rest = buf_str(&input), line; str_next_line(&rest, &line);) {
		OWN_JSON json_t *one = NULL;
		bench_must(json_parse(line, &one, &e), &e);
		each(&b, one);
		fflush(stdout);
	}
	pod_close(b.pod);
	return 0;
}

#endif
