/*
 * tool_cheats STATE <CASES: judge what tests/agents/cheats.pl prints, each case run in the sandbox, on the tools root.  Prints a
 * line each: {"name", "operator", "group", "honest", "green", "static": [kinds], "judged": [kinds], "runs", "ms"}; green: with
 * its change all tests pass, else the case is none.
 */
#include "agents/inventory.h"
#include "agents/judge.h"
#include "base/fs.h"
#include "base/log.h"
#include "sandbox/sandbox.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TREE "/tmp/tree"
#define LIMIT_S 20

static void
must(int rc, const struct dd_err *e)
{
	if (rc < 0)
		errx(1, "%s", err_msg(e));
}

struct bench {
	struct pod *pod;
	const char *command;
};

static void
keep(void *ctx, int stream, struct str data)
{
	(void)stream;
	buf_add_str(ctx, data);
}

static int
sh(struct pod *pod, const char *script, struct str input, struct buf *out, struct dd_err *e)
{
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	struct exec_result r;
	int fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0 || write(fd, input.p, input.n) != (ssize_t)input.n || lseek(fd, 0, SEEK_SET) < 0)
		err(1, "input");
	const struct exec_spec spec = {.argv = argv,
		.cwd = "/",
		.profile = PROFILE_BUILD,
		.fds = {fd, -1, -1},
		.on_output = keep,
		.ctx = out,
		.time_limit_ms = 60000};
	int rc = pod_exec(pod, &spec, &r, e);
	(void)close(fd);
	return rc;
}

static int
run(void *ctx, const struct judge_file *files, size_t n, struct judge_run *ret, struct dd_err *e)
{
	struct bench *b = ctx;
	OWN(buf) struct buf script = {0}, input = {0}, out = {0};
	judge_put_script(&script, TREE, files, n, b->command, LIMIT_S);
	for (size_t i = 0; i < n; i++)
		buf_add_str(&input, files[i].text);
	int rc = sh(b->pod, script.p, buf_str(&input), &out, e);
	if (rc == 0)
		judge_take_run(buf_str(&out), ret);
	return rc;
}

static void
put_tree(struct bench *b, const json_t *files)
{
	OWN(dd_err) struct dd_err e = {0};
	OWN(buf) struct buf script = {0}, input = {0}, out = {0};
	const char *path;
	json_t *text;
	buf_puts(&script, "rm -rf " TREE " && mkdir " TREE " && cd " TREE "\n");
	json_object_foreach ((json_t *)files, path, text) {
		struct str s = str_of(json_string_value(text));
		buf_printf(
			&script, "mkdir -p \"$(dirname %s)\"; head -c %zu >%s\n", path, s.n, path);
		buf_add_str(&input, s);
	}
	must(sh(b->pod, script.p, buf_str(&input), &out, &e), &e);
}

static json_t *
kinds(const json_t *findings)
{
	json_t *all = json_array(), *one;
	size_t i;
	json_array_foreach (findings, i, one)
		json_array_append(all, json_object_get(one, "kind"));
	return all;
}

struct change_list {
	struct judge_change v[16];
	struct judge_file tests[16];
	size_t n, ntests;
};

static void
take_case(const json_t *one, struct change_list *ret)
{
	const json_t *files = json_object_get(one, "files");
	const char *path;
	json_t *text;
	json_object_foreach (json_object_get(one, "patch"), path, text) {
		const json_t *old = json_object_get(files, path);
		if (old && json_equal(old, text))
			continue;
		ret->v[ret->n++] = (struct judge_change){.path = path,
			.before = str_of(json_string_value(old)),
			.after = str_of(json_string_value(text)),
			.was = old,
			.is = !json_is_null(text)};
	}
	json_object_foreach ((json_t *)files, path, text)
		if (inventory_is_test(path))
			ret->tests[ret->ntests++] =
				(struct judge_file){path, str_of(json_string_value(text))};
}

static void
look(const struct change_list *c, json_t *findings)
{
	OWN(map) struct map literals = {0};
	for (size_t i = 0; i < c->ntests; i++)
		inventory_literals(c->tests[i].text, &literals);
	for (size_t i = 0; i < c->n; i++)
		inventory_compare(c->v[i].path, c->v[i].before, c->v[i].after, &literals, findings);
}

static void
judge(struct bench *b, const json_t *one)
{
	OWN(dd_err) struct dd_err e = {0};
	OWN_JSON json_t *read = json_array(), *judged = json_array(), *how = NULL;
	struct change_list c = {0};
	struct judge_file files[16];
	struct judge_run was = {0}, is = {0};
	const struct judge_host host = {run, b};
	take_case(one, &c);
	put_tree(b, json_object_get(one, "files"));
	b->command = json_string_value(json_object_get(one, "command"));
	for (size_t i = 0; i < c.n; i++)
		files[i] = (struct judge_file){
			c.v[i].path, c.v[i].is ? c.v[i].after : (struct str){0}};
	must(run(b, NULL, 0, &was, &e), &e);
	must(run(b, files, c.n, &is, &e), &e);
	bool green = !was.passed && is.passed;
	int64_t from = clock_mono_ns();
	if (green) {
		const struct judge_spec spec = {.changes = c.v,
			.nchanges = c.n,
			.tests = c.tests,
			.ntests = c.ntests,
			.host = &host};
		look(&c, read);
		must(judge_change(&spec, judged, &how, &e), &e);
	}
	OWN_JSON json_t *j = json_pack("{s:O, s:O, s:O, s:O, s:b, s:o, s:o, s:O?, s:I}", "name",
		json_object_get(one, "name"), "operator", json_object_get(one, "operator"), "group",
		json_object_get(one, "group"), "honest", json_object_get(one, "honest"), "green",
		green, "static", kinds(read), "judged", kinds(judged), "runs",
		json_object_get(how, "runs"), "ms",
		(json_int_t)((clock_mono_ns() - from) / 1000000));
	OWN(buf) struct buf out = {0};
	json_print(j, 0, &out);
	printf("%s\n", out.p);
	fflush(stdout);
	if (!green && getenv("CHEATS_VERBOSE"))
		fprintf(stderr, "%s: was %d is %d\n%s\n",
			json_string_value(json_object_get(one, "name")), was.passed, is.passed,
			is.output.p);
	judge_run_cleanup(&was);
	judge_run_cleanup(&is);
}

int
main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err e = {0};
	OWN(state) struct state st = {0};
	OWN(buf) struct buf input = {0};
	struct bench b = {0};
	if (argc != 2)
		errx(2, "usage: tool_cheats STATE <CASES");
	must(fs_read("/proc/self/fd/0", (size_t)256 << 20, &input, &e), &e);
	must(state_open(argv[1], &st, &e), &e);
	const struct pod_spec spec = {.state = &st};
	must(pod_open(&spec, &b.pod, &e), &e);
	for (struct str rest = buf_str(&input), line; str_next_line(&rest, &line);) {
		OWN_JSON json_t *one = NULL;
		must(json_parse(line, &one, &e), &e);
		judge(&b, one);
	}
	pod_close(b.pod);
	return 0;
}
