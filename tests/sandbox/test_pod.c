#include "base/fs.h"
#include "sandbox/sandbox.h"
#include "sandbox/trace.h"
#include "tests/base/under_fault.h"
#include "tests/sandbox/state_fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct pod *
open_tools(const struct stack *work)
{
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = NULL;
	const struct pod_spec spec = {.state = &st, .work = work};
	must(pod_open(&spec, &p, &err), &err);
	return p;
}

static struct exec_result
run_as(struct pod *p, enum exec_profile profile, const char *script, struct buf *out)
{
	OWN(dd_err) struct dd_err err = {0};
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	const struct exec_spec spec = {.argv = argv,
		.profile = profile,
		.fds = {-1, -1, -1},
		.on_output = keep,
		.ctx = out,
		.time_limit_ms = 20000};
	struct exec_result r;
	must(pod_exec(p, &spec, &r, &err), &err);
	return r;
}

static void
output_and_status_come_back(void **state)
{
	(void)state;
	OWN(buf) struct buf out = {0};
	struct pod *p = open_tools(NULL);
	struct exec_result r = run_as(p, PROFILE_BUILD, "echo hello; id -u; exit 7", &out);
	assert_string_equal(out.p, "hello\n1000\n");
	assert_int_equal(r.exit_code, 7);
	assert_int_equal(r.cause, CAUSE_NONE);
	pod_close(p);
}

/* What runs when a pod is closed has used time, too: getrusage(2) of its parents has it. */
static void
time_of_what_a_pod_ends_is_its_openers(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf out = {0};
	const char *argv[] = {"/bin/sh", "-c",
		"i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done; echo; sleep 1000", NULL};
	const struct exec_spec spec = {.argv = argv,
		.profile = PROFILE_BUILD,
		.fds = {-1, -1, -1},
		.on_output = keep,
		.ctx = &out};
	struct pod *p = open_tools(NULL);
	struct rusage before, after;
	struct exec_result r;
	struct exec *e;
	assert_int_equal(getrusage(RUSAGE_CHILDREN, &before), 0);
	must(exec_start(p, &spec, &e, &err), &err);
	while (!out.n)
		assert_int_equal(exec_wait(e, 50, &r, NULL), -DD_EBUSY);
	pod_close(p);
	assert_int_equal(exec_wait(e, -1, &r, NULL), -DD_EIO);
	assert_int_equal(getrusage(RUSAGE_CHILDREN, &after), 0);
	int64_t spent_us = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000 +
			   after.ru_utime.tv_usec - before.ru_utime.tv_usec;
	assert_in_range(spent_us, 50000, 600000000);
}

static void
a_frozen_work_tree_is_the_next_pods_layer(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf out = {0};
	struct stack work = {0};
	struct pod *p = open_tools(&work);
	assert_int_equal(
		run_as(p, PROFILE_BUILD, "echo one > /work/a && mkdir /work/d", &out).exit_code, 0);
	struct hash_hex key = stack_next_key(&work, STR("test"));
	must(pod_freeze(p, POD_WORK, key.s, &err), &err);
	assert_true(layer_exists(&st, key.s));
	stack_push(&work, key.s);
	p = open_tools(&work);
	assert_int_equal(
		run_as(p, PROFILE_BUILD, "cat /work/a; echo two > /work/a; cat /work/a", &out)
			.exit_code,
		0);
	assert_string_equal(out.p, "one\ntwo\n");
	pod_close(p);
	buf_reset(&out);
	p = open_tools(&work); /* the layer itself did not change */
	(void)run_as(p, PROFILE_BUILD, "cat /work/a", &out);
	assert_string_equal(out.p, "one\n");
	pod_close(p);
	stack_cleanup(&work);
}

static void
a_layer_is_of_this_boot_until_it_is_settled(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf out = {0};
	struct stack work = {0};
	struct pod *p = open_tools(&work);
	struct hash_hex key = stack_next_key(&work, STR("settle"));
	OWN_FREE char *marker = mem_printf("%s/layers/%s/boot", st.dir, key.s);
	(void)run_as(p, PROFILE_BUILD, ": >/work/a", &out);
	must(pod_freeze(p, POD_WORK, key.s, &err), &err);
	assert_true(fs_exists(marker));
	assert_true(layer_exists(&st, key.s));
	must(layer_settle(&st, &err), &err);
	assert_false(fs_exists(marker));
	/* After a power cut, what was not settled is not there. */
	must(fs_write_atomic(marker, STR("another boot"), 0600, &err), &err);
	assert_false(layer_exists(&st, key.s));
	stack_cleanup(&work);
}

static int
settle(void *ctx, struct dd_err *err)
{
	(void)ctx;
	return layer_settle(&st, err);
}

static void
a_layer_that_the_disk_did_not_take_is_not_trusted(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf out = {0};
	struct stack work = {0};
	struct hash_hex key = stack_next_key(&work, STR("unsynced"));
	for (int round = 0; round < 2; round++) {
		struct pod *p = open_tools(&work);
		(void)run_as(p, PROFILE_BUILD, ": >/work/a", &out);
		must(pod_freeze(p, POD_WORK, key.s, &err), &err);
		assert_true(layer_exists(&st, key.s));
		if (round == 0) { /* and our own sync would say nothing of it */
			struct fault_outcome o = under_fault("sync:1:EIO", settle, NULL);
			assert_int_equal(o.rc, -DD_EIO);
			assert_non_null(strstr(o.msg, "layers: cannot sync"));
			assert_false(layer_exists(&st, key.s));
			assert_int_equal(layer_settle(&st, &err), -DD_EIO);
			assert_non_null(strstr(err.msg, "did not reach the disk"));
		}
		must(layer_settle(&st, &err), &err);
		assert_int_equal(layer_exists(&st, key.s), round == 1);
	}
	stack_cleanup(&work);
}

static int
make_scratch(void *ctx, struct dd_err *err)
{
	OWN_FREE char *made = NULL;
	OWN_FD int lock = -1;
	return scratch_create(ctx, "scratch", 0700, &made, &lock, err);
}

static void
check_nothing_is_left(void *ctx, const struct fault_outcome *o, int n)
{
	OWN_FREE char *pods = state_path(ctx, "pods");
	OWN(strlist) struct strlist names = {0};
	(void)n;
	assert_int_equal(o->rc, -DD_EIO);
	assert_non_null(strstr(o->msg, ": No space left on device"));
	assert_int_equal(fs_list(pods, &names, NULL), 0);
	for (size_t i = 0; i < names.n; i++)
		if (strncmp(names.v[i], "new-", 4) == 0)
			fail_msg("%s is left after \"%s\"", names.v[i], o->msg);
}

static void
a_scratch_directory_that_cannot_be_made_leaves_nothing(void **state)
{
	(void)state;
	assert_true(under_each_fault("ENOSPC", make_scratch, &st, check_nothing_is_left) >= 3);
}

static void
an_ordinary_user_cannot_write_the_root(void **state)
{
	(void)state;
	OWN(buf) struct buf out = {0};
	struct pod *p = open_tools(NULL);
	struct exec_result r = run_as(p, PROFILE_BUILD, "touch /etc/x 2>/dev/null", &out);
	assert_int_not_equal(r.exit_code, 0);
	pod_close(p);
}

static void
time_limit_ends_what_ignores_signals_and_its_daemons(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = open_tools(NULL);
	const char *argv[] = {"/bin/sh", "-c",
		"trap '' TERM INT; (setsid sleep 1000 &) ; while :; do sleep 1; done", NULL};
	const struct exec_spec spec = {
		.argv = argv, .profile = PROFILE_BUILD, .fds = {-1, -1, -1}, .time_limit_ms = 500};
	struct exec_result r;
	must(pod_exec(p, &spec, &r, &err), &err);
	assert_int_equal(r.cause, CAUSE_TIME);
	assert_true(r.wall_ns < 20000000000LL);
	OWN(buf) struct buf out = {0};
	(void)run_as(p, PROFILE_PROVISION, "grep -l sleep /proc/[0-9]*/comm | wc -l", &out);
	assert_string_equal(out.p, "0\n");
	pod_close(p);
}

static char *
answer(void *ctx, struct str tail)
{
	buf_add_str(ctx, tail);
	return mem_strdup("me@example.org\n");
}

static void
a_question_on_the_terminal_is_answered(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf out = {0};
	struct pod *p = open_tools(NULL);
	const char *argv[] = {
		"/bin/sh", "-c", "printf 'Mail? '; read x; test \"$x\" = me@example.org", NULL};
	const struct exec_spec spec = {.argv = argv,
		.profile = PROFILE_BUILD,
		.fds = {-1, -1, -1},
		.on_output = keep,
		.on_prompt = answer,
		.ctx = &out,
		.time_limit_ms = 20000};
	struct exec_result r;
	must(pod_exec(p, &spec, &r, &err), &err);
	assert_int_equal(r.exit_code, 0);
	assert_non_null(strstr(out.p, "Mail? "));
	pod_close(p);
}

struct seen {
	bool missing, found;
};

static bool
look(void *ctx, const struct trace_path *p)
{
	struct seen *s = ctx;
	if (strcmp(p->path, "/usr/include/nosuch/thing.h") == 0)
		s->missing = !p->found;
	if (strcmp(p->path, "/etc/passwd") == 0)
		s->found = p->found && p->opened;
	return true;
}

static void
the_trace_tells_found_from_missing(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = open_tools(NULL);
	struct trace *t = trace_create();
	const char *argv[] = {"/bin/sh", "-c",
		"cd /etc; cat passwd >/dev/null; cat /usr/include/x/../nosuch/thing.h 2>/dev/null; :",
		NULL};
	const struct exec_spec spec = {.argv = argv,
		.profile = PROFILE_BUILD,
		.fds = {-1, -1, -1},
		.trace = t,
		.trace_classes = TRACE_ALL,
		.time_limit_ms = 20000};
	struct exec_result r;
	struct seen s = {0};
	must(pod_exec(p, &spec, &r, &err), &err);
	assert_false(r.trace_off);
	trace_each_path(t, look, &s);
	assert_true(s.missing);
	assert_true(s.found);
	trace_destroy(t);
	pod_close(p);
}

/* A pod left without a command; true: its box is gone by then. */
static bool
is_gone_when_left(const struct stack *root, size_t nbinds)
{
	OWN(dd_err) struct dd_err err = {0};
	const struct stack none = {0};
	const struct pod_bind bound = {.src = "/usr", .dst = "/mnt"};
	const struct pod_spec spec = {
		.state = &st, .root = *root, .work = &none, .binds = &bound, .nbinds = nbinds};
	struct pod *p = NULL;
	must(pod_open(&spec, &p, &err), &err);
	pod_leave(p);
	return waitpid(-1, NULL, 0) < 0 && errno == ECHILD;
}

static void
only_a_pod_with_something_bound_is_waited_for_when_it_is_left(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(strlist) struct strlist left = {0};
	OWN(buf) struct buf out = {0};
	OWN_FREE char *pods = fs_join(dir, "pods");
	struct stack root = {0};
	struct pod *p = open_tools(&root);
	const char *image = "cd /work && mkdir -p dev proc tmp run home/builder etc mnt && "
			    "touch etc/hosts etc/hostname etc/resolv.conf";
	assert_int_equal(run_as(p, PROFILE_BUILD, image, &out).exit_code, 0);
	struct hash_hex key = stack_next_key(&root, STR("image"));
	must(pod_freeze(p, POD_WORK, key.s, &err), &err);
	stack_push(&root, key.s);
	assert_true(is_gone_when_left(&root, 1));
	assert_false(is_gone_when_left(&root, 0));
	must(sandbox_sweep(&st, NULL, &err), &err);
	must(fs_list(pods, &left, &err), &err);
	assert_int_equal(left.n, 0);
	stack_cleanup(&root);
}

/* A scratch directory whose maker is gone, and whose lock another process holds for a moment more. */
static void
make_dying(void)
{
	int status;
	pid_t maker = fork();
	assert_int_not_equal(maker, -1);
	if (maker == 0) {
		OWN_FREE char *name = mem_printf("dying-%d-1", (int)getpid());
		char *made = NULL;
		int lock;
		if (scratch_create(&st, name, 0700, &made, &lock, NULL) < 0)
			_exit(1);
		if (fork() == 0) {
			(void)usleep(300000);
			_exit(0);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(maker, &status, 0), maker);
	assert_int_equal(status, 0);
}

static void
a_sweep_waits_for_who_is_dying_and_lets_be_who_lives(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(strlist) struct strlist left = {0};
	OWN_FREE char *pods = fs_join(dir, "pods");
	OWN_FREE char *name = mem_printf("living-%d-1", (int)getpid());
	OWN_FREE char *living = NULL;
	int lock = -1;
	must(scratch_create(&st, name, 0700, &living, &lock, &err), &err);
	make_dying();
	must(fs_list(pods, &left, &err), &err);
	assert_int_equal(left.n, 2);
	strlist_cleanup(&left);
	must(sandbox_sweep(&st, NULL, &err), &err);
	must(fs_list(pods, &left, &err), &err);
	assert_int_equal(left.n, 1);
	assert_string_equal(left.v[0], name);
	(void)close(lock);
	must(scratch_discard(living, &err), &err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_and_status_come_back),
		cmocka_unit_test(time_of_what_a_pod_ends_is_its_openers),
		cmocka_unit_test(a_frozen_work_tree_is_the_next_pods_layer),
		cmocka_unit_test(a_layer_is_of_this_boot_until_it_is_settled),
		cmocka_unit_test(a_layer_that_the_disk_did_not_take_is_not_trusted),
		cmocka_unit_test(a_scratch_directory_that_cannot_be_made_leaves_nothing),
		cmocka_unit_test(an_ordinary_user_cannot_write_the_root),
		cmocka_unit_test(time_limit_ends_what_ignores_signals_and_its_daemons),
		cmocka_unit_test(a_question_on_the_terminal_is_answered),
		cmocka_unit_test(the_trace_tells_found_from_missing),
		cmocka_unit_test(only_a_pod_with_something_bound_is_waited_for_when_it_is_left),
		cmocka_unit_test(a_sweep_waits_for_who_is_dying_and_lets_be_who_lives),
	};
	return cmocka_run_group_tests(tests, state_set_up, state_tear_down);
}
