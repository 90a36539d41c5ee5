/*
 * Commands in one pod, of any profile, from scripts:
 *
 *   tool_pod STATE [OPTION...] --- PROFILE[:USER] CMD... [--- PROFILE CMD...]...
 *
 *   --tools           this machine's /usr as the root; else the base image
 *   --root KEY        a layer of the root instead; may be given again
 *   --work KEY        a layer of the work tree; may be given again
 *   --freeze-work KEY, --freeze-root KEY   keep what the commands left as a layer
 *   --bind SRC:DST    read-only
 *   --memory, --disk, --pids, --time (milliseconds)
 *   --count           output goes to a callback, which counts it; else it is the caller's
 *   --trace           everything is observed; what was denied is printed as "denied CALL PROFILE"
 *   --result FILE     a line of JSON a command
 *
 * A profile with a '+' before it is left running while the next ones run, and waited for at the end.  With an '@' before
 * that, the command runs in a second pod, of the same kind, in the network of the first.
 */
#include "base/fs.h"
#include "base/log.h"
#include "sandbox/sandbox.h"
#include "sandbox/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define MAX_STEPS 16

struct step {
	enum exec_profile profile;
	const char *user;
	bool elsewhere, beside;
	const char *const *argv;
	struct exec *running;
	struct exec_result result;
	uint64_t printed;
};

struct job {
	struct state st;
	struct pod_spec spec;
	struct pod_bind binds[8];
	struct stack root, work;
	bool tools, count, trace;
	int64_t time_ms;
	const char *freeze_work, *freeze_root, *result;
	struct step steps[MAX_STEPS];
	size_t nsteps;
	struct trace *seen;
};

static void
die(const char *what, const struct dd_err *err)
{
	fprintf(stderr, "tool_pod: %s: %s\n", what, err_msg(err));
	exit(99);
}

static void
usage(const char *what)
{
	fprintf(stderr, "tool_pod: %s\n", what);
	exit(98);
}

static void
add_base(struct job *j)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf text = {0};
	OWN_FREE char *path = state_path(&j->st, "images/base.ref");
	if (fs_read(path, 65536, &text, &err) < 0)
		die("base image", &err);
	struct str rest = buf_str(&text), line, key, value;
	while (str_next_line(&rest, &line))
		if (str_next_word(&line, &key) && str_eq(key, "layer") &&
			str_next_word(&line, &value)) {
			OWN_FREE char *layer = str_dup(value);
			stack_push(&j->root, layer);
		}
}

static void
parse_profile(struct step *s, char *text)
{
	static const char *const names[] = {[PROFILE_BUILD] = "build",
		[PROFILE_TEST] = "test",
		[PROFILE_PROVISION] = "provision",
		[PROFILE_IMAGE] = "image",
		[PROFILE_SERVICE] = "service",
		[PROFILE_PARSER] = "parser",
		[PROFILE_BROWSER] = "browser",
		[PROFILE_DEBUG] = "debug"};
	s->elsewhere = *text == '@';
	text += s->elsewhere;
	s->beside = *text == '+';
	text += s->beside;
	char *colon = strchr(text, ':');
	if (colon) {
		*colon = '\0';
		s->user = colon + 1;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i] && strcmp(names[i], text) == 0) {
			s->profile = (enum exec_profile)i;
			return;
		}
	usage(text);
}

/* argv from the first "---" on; each of them becomes the end of the words before it. */
static void
parse_steps(struct job *j, char **a)
{
	while (*a) {
		struct step *s = &j->steps[j->nsteps++];
		*a++ = NULL;
		if (j->nsteps == MAX_STEPS || !a[0] || !a[1])
			usage("--- PROFILE CMD...");
		parse_profile(s, *a++);
		s->argv = (const char *const *)a;
		while (*a && strcmp(*a, "---") != 0)
			a++;
	}
}

static void
parse_bind(struct job *j, char *text)
{
	char *colon = strchr(text, ':');
	if (!colon || j->spec.nbinds == 8)
		usage("--bind SRC:DST");
	*colon = '\0';
	j->binds[j->spec.nbinds++] = (struct pod_bind){text, colon + 1, false};
}

static void
parse_value(struct job *j, const char *option, char *value)
{
	uint64_t number = strtoull(value, NULL, 10);
	if (strcmp(option, "--root") == 0)
		stack_push(&j->root, value);
	else if (strcmp(option, "--work") == 0)
		stack_push(&j->work, value);
	else if (strcmp(option, "--freeze-work") == 0)
		j->freeze_work = value;
	else if (strcmp(option, "--freeze-root") == 0)
		j->freeze_root = value;
	else if (strcmp(option, "--bind") == 0)
		parse_bind(j, value);
	else if (strcmp(option, "--memory") == 0)
		j->spec.limits.memory_bytes = number;
	else if (strcmp(option, "--disk") == 0)
		j->spec.limits.disk_bytes = number;
	else if (strcmp(option, "--pids") == 0)
		j->spec.limits.pids = (uint32_t)number;
	else if (strcmp(option, "--time") == 0)
		j->time_ms = (int64_t)number;
	else if (strcmp(option, "--result") == 0)
		j->result = value;
	else
		usage(option);
}

static void
parse_options(struct job *j, char **a)
{
	for (; *a && strcmp(*a, "---") != 0; a++) {
		if (strcmp(*a, "--tools") == 0)
			j->tools = true;
		else if (strcmp(*a, "--count") == 0)
			j->count = true;
		else if (strcmp(*a, "--trace") == 0)
			j->trace = true;
		else if (a[1])
			parse_value(j, a[0], a[1]), a++;
		else
			usage(*a);
	}
	parse_steps(j, a);
}

/* ---- running ---- */

static void
count_output(void *ctx, int stream, struct str data)
{
	struct step *s = ctx;
	(void)stream;
	s->printed += data.n;
}

static void
start(struct job *j, struct pod *p, struct step *s)
{
	OWN(dd_err) struct dd_err err = {0};
	const struct exec_spec spec = {.argv = s->argv,
		.profile = s->profile,
		.user = s->user,
		.fds = {j->count ? -1 : 0, j->count ? -1 : 1, j->count ? -1 : 2},
		.on_output = j->count ? count_output : NULL,
		.ctx = s,
		.trace = j->seen,
		.trace_classes = j->seen ? TRACE_ALL : 0,
		.time_limit_ms = j->time_ms};
	if (exec_start(p, &spec, &s->running, &err) < 0)
		die("exec", &err);
}

static void
finish(struct job *j, struct step *s)
{
	OWN(dd_err) struct dd_err err = {0};
	struct rusage own;
	const struct exec_result *r = &s->result;
	if (exec_wait(s->running, -1, &s->result, &err) < 0)
		die("wait", &err);
	(void)getrusage(RUSAGE_SELF, &own);
	FILE *f = j->result ? fopen(j->result, "a") : stderr;
	if (!f)
		usage(j->result);
	fprintf(f,
		"{\"exit\": %d, \"signal\": %d, \"cause\": \"%s\", \"wall_ms\": %lld, \"peak_bytes\": %llu, "
		"\"printed\": %llu, \"own_kib\": %ld}\n",
		r->exit_code, r->signal, exec_cause_name(r->cause),
		(long long)(r->wall_ns / 1000000), (unsigned long long)r->peak_bytes,
		(unsigned long long)s->printed, own.ru_maxrss);
	if (j->result)
		(void)fclose(f);
}

static bool
print_denial(void *ctx, const struct trace_denial *d)
{
	(void)ctx;
	printf("denied %s %s\n", d->call, d->profile ? d->profile : "-");
	return true;
}

static void
freeze(struct pod *p, enum pod_stack which, const char *key)
{
	OWN(dd_err) struct dd_err err = {0};
	if (pod_freeze(p, which, key, &err) < 0)
		die("freeze", &err);
}

static void
run(struct job *j)
{
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = NULL, *second = NULL;
	j->spec.state = &j->st;
	if (!j->tools && !j->root.n)
		add_base(j);
	j->spec.root = j->root;
	j->spec.work = &j->work;
	j->spec.binds = j->binds;
	j->seen = j->trace ? trace_create() : NULL;
	for (size_t i = 0; i < j->nsteps; i++)
		j->spec.shares_network |= j->steps[i].elsewhere;
	if (pod_open(&j->spec, &p, &err) < 0)
		die("pod", &err);
	j->spec.network_of = p;
	if (j->spec.shares_network && pod_open(&j->spec, &second, &err) < 0)
		die("second pod", &err);
	for (size_t i = 0; i < j->nsteps; i++) {
		start(j, j->steps[i].elsewhere ? second : p, &j->steps[i]);
		if (!j->steps[i].beside)
			finish(j, &j->steps[i]);
	}
	for (size_t i = 0; i < j->nsteps; i++)
		if (j->steps[i].beside)
			finish(j, &j->steps[i]);
	pod_close(second);
	if (j->seen)
		trace_each_denial(j->seen, print_denial, NULL);
	if (j->freeze_work)
		freeze(p, POD_WORK, j->freeze_work);
	else if (j->freeze_root)
		freeze(p, POD_ROOT, j->freeze_root);
	else
		pod_close(p);
}

int
main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	static struct job j;
	if (argc < 5)
		usage("STATE [OPTION...] --- PROFILE CMD...");
	if (state_open(argv[1], &j.st, &err) < 0)
		die("state", &err);
	parse_options(&j, argv + 2);
	run(&j);
	const struct exec_result *last = &j.steps[j.nsteps - 1].result;
	trace_destroy(j.seen);
	stack_cleanup(&j.root);
	stack_cleanup(&j.work);
	state_cleanup(&j.st);
	return last->signal ? 128 + last->signal : last->exit_code;
}
