/*
 * What the sandbox costs a caller of its interface.
 *
 *   pod STATE exec N        a command in an open pod, beside fork and exec of the same outside
 *   pod STATE freeze N      a layer on top of 20: close-freeze-open, and its parts
 *   pod STATE output MIB    bytes through the supervisor, and its own resident memory
 *   pod STATE install DIR   once: the Debian archives in DIR with dpkg; nothing is kept
 *   pod STATE trace N DIR ARCHIVE   CPU time of building ARCHIVE (a tar with configure and make) with
 *                         what DIR installs, traced and untraced in turn, the tracer's included
 *
 * STATE has a base image.  Lines are "name<TAB>value<TAB>unit".
 */
#include "sandbox/pod.h"
#include "base/fs.h"
#include "base/log.h"
#include "sandbox/trace.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

static struct state st;
static struct stack base;

static void
must(int rc, const struct dd_err *err)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "pod: %s\n", err_msg(err));
	exit(1);
}

static void
read_base(void)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf text = {0};
	OWN_FREE char *path = state_path(&st, "images/base.ref");
	must(fs_read(path, 65536, &text, &err), &err);
	struct str rest = buf_str(&text), line, word;
	while (str_next_line(&rest, &line))
		if (str_next_word(&line, &word) && str_eq(word, "layer") &&
			str_next_word(&line, &word)) {
			OWN_FREE char *key = str_dup(word);
			stack_push(&base, key);
		}
}

static struct pod *
open_pod(const struct stack *work)
{
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = NULL;
	const struct pod_spec spec = {.state = &st, .root = base, .work = work};
	must(pod_open(&spec, &p, &err), &err);
	return p;
}

static void
run(struct pod *p, const char *const *argv, void (*on_output)(void *, int, struct str), void *ctx)
{
	OWN(dd_err) struct dd_err err = {0};
	const struct exec_spec spec = {.argv = argv,
		.profile = PROFILE_BUILD,
		.fds = {-1, -1, -1},
		.on_output = on_output,
		.ctx = ctx};
	struct exec_result r;
	must(pod_exec(p, &spec, &r, &err), &err);
	if (r.exit_code != 0) {
		fprintf(stderr, "pod: %s exits with %d\n", argv[0], r.exit_code);
		exit(1);
	}
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void
print_median(const char *name, double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	printf("%s\t%.3f\tms (median of %zu)\n", name, v[n / 2], n);
}

static double
ms_since(int64_t start_ns)
{
	return (double)(clock_mono_ns() - start_ns) / 1e6;
}

/* ---- exec ---- */

static void
fork_and_exec(const char *const *argv)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		(void)execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		exit(1);
}

static void
bench_exec(size_t n)
{
	static const char *const argv[] = {"/bin/true", NULL};
	double *plain = mem_zalloc(n, sizeof(double)), *inside = mem_zalloc(n, sizeof(double));
	const struct stack none = {0};
	struct pod *p = open_pod(&none);
	for (size_t i = 0; i < n; i++) {
		int64_t start = clock_mono_ns();
		fork_and_exec(argv);
		plain[i] = ms_since(start);
		start = clock_mono_ns();
		run(p, argv, NULL, NULL);
		inside[i] = ms_since(start);
	}
	pod_close(p);
	print_median("fork and exec", plain, n);
	print_median("command in an open pod", inside, n);
	printf("ratio\t%.2f\tof medians\n", inside[n / 2] / plain[n / 2]);
	printf("fastest\t%.2f\tof fastest tenths\n", inside[n / 10] / plain[n / 10]);
	free(plain);
	free(inside);
}

/* ---- freeze ---- */

#define DEPTH 20

struct freeze_ms {
	double whole;  /* of a pod that runs to one that runs on the longer stack */
	double rename; /* its middle, when the processes have ended */
};

/* A layer on `work` with one file of its own. */
static struct freeze_ms
add_layer(struct stack *work, size_t i)
{
	struct freeze_ms ms;
	OWN(dd_err) struct dd_err err = {0};
	OWN_FREE char *script = mem_printf("echo %zu >/work/file-%zu", i, i);
	OWN_FREE char *step = mem_printf("bench %d %zu", (int)getpid(), i);
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	struct pod *p = open_pod(work);
	run(p, argv, NULL, NULL);
	struct hash_hex key = stack_next_key(work, str_of(step));
	must(layer_lease(&st, "bench", key.s, &err), &err);
	int64_t start = clock_mono_ns();
	pod_end_processes(p);
	int64_t ended = clock_mono_ns();
	must(pod_publish(p, POD_WORK, key.s, &err), &err);
	ms.rename = ms_since(ended);
	pod_close(p);
	stack_push(work, key.s);
	p = open_pod(work);
	ms.whole = ms_since(start);
	pod_close(p);
	must(layer_settle(&st, &err), &err); /* as a run does before it writes the step down */
	return ms;
}

static void
bench_freeze(size_t n)
{
	OWN(dd_err) struct dd_err err = {0};
	double *whole = mem_zalloc(n, sizeof(double)), *drop = mem_zalloc(n, sizeof(double)),
	       *renamed = mem_zalloc(n, sizeof(double));
	struct stack work = {0};
	for (size_t i = 0; i < DEPTH; i++)
		(void)add_layer(&work, i);
	for (size_t i = 0; i < n; i++) {
		struct stack more = {0};
		stack_copy(&more, &work);
		struct freeze_ms ms = add_layer(&more, DEPTH + i);
		whole[i] = ms.whole;
		renamed[i] = ms.rename;
		stack_cleanup(&more);
		struct pod *p = open_pod(&work);
		int64_t start = clock_mono_ns();
		pod_close(p);
		drop[i] = ms_since(start);
	}
	print_median("close, freeze, open at 20 layers", whole, n);
	print_median("its rename", renamed, n);
	print_median("drop at 20 layers: processes, mounts, directories", drop, n);
	must(layer_release_all(&st, "bench", &err), &err);
	stack_cleanup(&work);
	free(whole);
	free(drop);
	free(renamed);
}

/* ---- output ---- */

static void
count(void *ctx, int stream, struct str data)
{
	(void)stream;
	*(uint64_t *)ctx += data.n;
}

static void
bench_output(size_t mib)
{
	OWN_FREE char *bytes = mem_printf("%zuM", mib);
	const char *argv[] = {"/usr/bin/head", "-c", bytes, "/dev/zero", NULL};
	const struct stack none = {0};
	uint64_t n = 0;
	struct pod *p = open_pod(&none);
	int64_t start = clock_mono_ns();
	run(p, argv, count, &n);
	double seconds = ms_since(start) / 1e3;
	pod_close(p);
	struct rusage u;
	(void)getrusage(RUSAGE_SELF, &u);
	printf("output\t%.0f\tMB/s\n", (double)n / 1e6 / seconds);
	printf("resident\t%.1f\tMB at most\n", (double)u.ru_maxrss * 1024 / 1e6);
}

/* ---- install ---- */

static struct pod *
open_pod_with(const struct stack *root, const char *src, const char *dst)
{
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = NULL;
	const struct stack none = {0};
	const struct pod_bind bind = {src, dst, false};
	const struct pod_spec spec = {
		.state = &st, .root = *root, .work = &none, .binds = &bind, .nbinds = 1};
	must(pod_open(&spec, &p, &err), &err);
	return p;
}

static void
shell(struct pod *p, const char *script, enum exec_profile profile, struct trace *trace,
	struct exec_result *ret)
{
	OWN(dd_err) struct dd_err err = {0};
	static const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/",
		"LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", NULL};
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	const struct exec_spec spec = {.argv = argv,
		.env = env,
		.profile = profile,
		.fds = {-1, -1, -1},
		.trace = trace,
		.trace_classes = TRACE_ALL};
	must(pod_exec(p, &spec, ret, &err), &err);
	if (ret->exit_code == 0)
		return;
	fprintf(stderr, "pod: \"%s\" exits with %d\n", script, ret->exit_code);
	exit(1);
}

static struct pod *
install(const char *archives)
{
	struct exec_result r;
	struct pod *p = open_pod_with(&base, archives, "/mnt");
	shell(p, "dpkg --install /mnt/*.deb", PROFILE_PROVISION, NULL, &r);
	return p;
}

/* ---- trace ---- */

/* CPU seconds of the build, and of ourselves meanwhile: the supervisor is one of our threads. */
static double
build_once(struct pod *p, bool traced)
{
	struct exec_result r;
	struct rusage before, after;
	struct trace *trace = traced ? trace_create() : NULL;
	(void)getrusage(RUSAGE_SELF, &before);
	shell(p, "./configure && make", PROFILE_BUILD, trace, &r);
	(void)getrusage(RUSAGE_SELF, &after);
	if (trace)
		trace_destroy(trace);
	timersub(&after.ru_utime, &before.ru_utime, &after.ru_utime);
	timersub(&after.ru_stime, &before.ru_stime, &after.ru_stime);
	return (double)r.cpu_ns / 1e9 + (double)(after.ru_utime.tv_sec + after.ru_stime.tv_sec) +
	       (double)(after.ru_utime.tv_usec + after.ru_stime.tv_usec) / 1e6;
}

static void
bench_trace(size_t n, const char *archives, const char *source)
{
	OWN(dd_err) struct dd_err err = {0};
	double *cpu[2] = {mem_zalloc(n, sizeof(double)), mem_zalloc(n, sizeof(double))};
	struct exec_result r;
	struct stack root = {0};
	struct hash_hex key = stack_next_key(&base, str_of("what a build needs"));
	stack_copy(&root, &base);
	must(layer_lease(&st, "bench", key.s, &err), &err);
	must(pod_freeze(install(archives), POD_ROOT, key.s, &err), &err);
	stack_push(&root, key.s);
	for (size_t i = 0; i < 2 * n; i++) {
		struct pod *p = open_pod_with(&root, source, "/mnt/source");
		shell(p, "tar --strip-components=1 -xf /mnt/source", PROFILE_BUILD, NULL, &r);
		cpu[i % 2][i / 2] = build_once(p, i % 2 == 1) * 1e3;
		pod_close(p);
	}
	print_median("untraced build, CPU", cpu[0], n);
	print_median("traced build, CPU", cpu[1], n);
	printf("traced\t%.3f\tof untraced\n", cpu[1][n / 2] / cpu[0][n / 2]);
	must(layer_release_all(&st, "bench", &err), &err);
	stack_cleanup(&root);
	free(cpu[0]);
	free(cpu[1]);
}

int
main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	const char *what = argc >= 4 ? argv[2] : "";
	size_t n = argc >= 4 ? strtoul(argv[3], NULL, 10) : 0;
	bool install_only = strcmp(what, "install") == 0, traced = strcmp(what, "trace") == 0;
	if (argc != (traced ? 6 : 4) || (!n && !install_only)) {
		fprintf(stderr,
			"usage: pod STATE exec|freeze N | output MIB | install DIR | trace N DIR ARCHIVE\n");
		return 2;
	}
	must(state_open(argv[1], &st, &err), &err);
	read_base();
	if (strcmp(what, "exec") == 0)
		bench_exec(n);
	else if (strcmp(what, "freeze") == 0)
		bench_freeze(n);
	else if (strcmp(what, "output") == 0)
		bench_output(n);
	else if (install_only)
		pod_close(install(argv[3]));
	else if (traced)
		bench_trace(n, argv[4], argv[5]);
	stack_cleanup(&base);
	state_cleanup(&st);
	return 0;
}
