#include "base/fs.h"
#include "sandbox/sandbox.h"
#include "sandbox/trace.h"
#include "tests/sandbox/state_fixture.h"

#include <string.h>

static struct pod *
open_tools(void)
{
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = NULL;
	const struct pod_spec spec = {.state = &st};
	must(pod_open(&spec, &p, &err), &err);
	return p;
}

static struct exec_result
watch_by(struct trace *t, enum trace_method method, enum exec_profile profile, unsigned classes,
	const char *script)
{
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = open_tools();
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	const struct exec_spec spec = {.argv = argv,
		.profile = profile,
		.fds = {-1, -1, -1},
		.trace = t,
		.trace_classes = classes,
		.trace_method = method,
		.time_limit_ms = 20000};
	struct exec_result r;
	must(pod_exec(p, &spec, &r, &err), &err);
	pod_close(p);
	return r;
}

static struct exec_result
watch(struct trace *t, enum exec_profile profile, unsigned classes, const char *script)
{
	return watch_by(t, TRACE_BEST, profile, classes, script);
}

/* ---- denied calls ---- */

struct denials {
	const char *call;
	const struct trace_denial *found;
	size_t n;
};

static bool
find_denial(void *ctx, const struct trace_denial *d)
{
	struct denials *f = ctx;
	f->n++;
	if (strcmp(d->call, f->call) == 0)
		f->found = d;
	return true;
}

static void
expect_denial(const struct trace *t, const char *call, const char *program, const char *profile)
{
	struct denials f = {.call = call};
	trace_each_denial(t, find_denial, &f);
	assert_non_null(f.found);
	assert_non_null(strstr(f.found->program, program));
	if (profile)
		assert_string_equal(f.found->profile, profile);
	else
		assert_null(f.found->profile);
}

static void
denied_calls_are_recorded_with_the_profile_that_opens_them(void **state)
{
	(void)state;
	struct trace *t = trace_create();
	struct exec_result r = watch(t, PROFILE_BUILD, 0,
		"unshare -U true 2>/dev/null; chroot / true 2>/dev/null; perl -e 'syscall(166, 0, 0)';"
		"perl -e 'exit(syscall(250, 0, 0, 0, 0, 0) == -1 && $!{EPERM} ? 9 : 1)'");
	assert_int_equal(r.exit_code, 9); /* keyctl answered EPERM, as without a supervisor */
	assert_false(r.trace_off);
	expect_denial(t, "unshare", "unshare", "browser");
	expect_denial(t, "chroot", "chroot", "provision");
	expect_denial(t, "umount2", "perl", "image");
	expect_denial(t, "keyctl", "perl", NULL);
	trace_destroy(t);
}

static void
unknown_calls_are_not_implemented_and_recorded(void **state)
{
	(void)state;
	struct trace *t = trace_create();
	struct exec_result r = watch(
		t, PROFILE_BUILD, 0, "perl -e 'exit(syscall(999, 0) == -1 && $!{ENOSYS} ? 9 : 1)'");
	assert_int_equal(r.exit_code, 9);
	expect_denial(t, "call 999", "perl", NULL);
	trace_destroy(t);
}

static void
an_ordinary_program_is_denied_nothing(void **state)
{
	(void)state;
	struct trace *t = trace_create();
	struct exec_result r =
		watch(t, PROFILE_BUILD, 0, "ls -l /usr | sort | tail -n 1; perl -e 1; id");
	assert_int_equal(r.exit_code, 0);
	struct denials f = {.call = ""};
	trace_each_denial(t, find_denial, &f);
	assert_int_equal(f.n, 0);
	trace_destroy(t);
}

static void
the_debug_profile_opens_ptrace_of_ones_own(void **state)
{
	(void)state;
	static const char script[] =
		"perl -e 'exit(syscall(101, 0, 0, 0, 0) == 0 ? 9 : 1)'"; /* TRACEME */
	struct trace *t = trace_create();
	assert_int_equal(watch(t, PROFILE_DEBUG, 0, script).exit_code, 9);
	assert_int_equal(watch(t, PROFILE_BUILD, 0, script).exit_code, 1);
	expect_denial(t, "ptrace", "perl", "debug");
	trace_destroy(t);
}

/* ---- searches ---- */

struct searches {
	const char *name;
	const struct trace_group *found;
};

static bool
find_group(void *ctx, const struct trace_group *g)
{
	struct searches *s = ctx;
	if (strcmp(g->name, s->name) == 0)
		s->found = g;
	return true;
}

static const struct trace_group *
search(struct trace *t, const char *name)
{
	struct searches s = {.name = name};
	trace_each_group(t, find_group, &s);
	return s.found;
}

static void
one_name_in_many_directories_is_one_search(void **state)
{
	(void)state;
	struct trace *t = trace_create();
	(void)watch(t, PROFILE_BUILD, TRACE_ALL,
		"PATH=/a/bin:/b/bin:/c/bin:/usr/bin; nosuchtool; nosuchtool;"
		"perl -I/d/lib -e 'require No::Such' 2>/dev/null; uname >/dev/null");
	const struct trace_group *g = search(t, "bin/nosuchtool");
	assert_non_null(g);
	assert_null(g->found);
	assert_int_equal(g->tried, 4);
	assert_int_equal(g->count, 2);
	g = search(t, "No/Such.pm");
	assert_non_null(g);
	assert_null(g->found);
	assert_non_null(strstr(g->args, "-I/d/lib"));
	g = search(t, "bin/uname");
	assert_non_null(g);
	assert_string_equal(g->found, "/usr/bin/uname");
	trace_destroy(t);
}

/* ---- methods ---- */

struct paths {
	const char *path;
	bool found, missing;
};

static bool
find_path(void *ctx, const struct trace_path *p)
{
	struct paths *f = ctx;
	if (strcmp(p->path, f->path) == 0) {
		f->found = p->found;
		f->missing = !p->found;
	}
	return true;
}

static struct paths
path_state(const struct trace *t, const char *path)
{
	struct paths f = {.path = path};
	trace_each_path(t, find_path, &f);
	return f;
}

/* The same facts, whatever the kernel has to find them with; forks, execs and threads included. */
static void
every_method_sees_the_same(void **state)
{
	(void)state;
	static const enum trace_method methods[] = {
		TRACE_NOTIFY_SYNC, TRACE_NOTIFY, TRACE_PTRACE, TRACE_EXACT};
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		struct trace *t = trace_create();
		struct exec_result r = watch_by(t, methods[i], PROFILE_BUILD, TRACE_ALL,
			"cd /etc; (cat passwd /usr/nosuch/thing 2>/dev/null); nosuchtool 2>/dev/null;"
			"perl -e 'if (fork == 0) { exec \"cat\", \"/etc/hostname\" } wait; exit 7'");
		assert_int_equal(r.exit_code, 7);
		assert_int_equal(r.trace_method, methods[i]);
		assert_true(path_state(t, "/etc/passwd").found);
		assert_true(path_state(t, "/etc/hostname").found);
		assert_true(path_state(t, "/usr/nosuch/thing").missing);
		assert_non_null(search(t, "nosuchtool"));
		trace_destroy(t);
	}
}

static void
doctor_says_what_tracing_lacks(void **state)
{
	(void)state;
	struct doctor_list l = {0};
	doctor_add_tracing(&l, TRACE_NOTIFY_SYNC);
	doctor_add_tracing(&l, TRACE_NOTIFY);
	doctor_add_tracing(&l, TRACE_PTRACE);
	doctor_add_tracing(&l, TRACE_NONE);
	assert_true(l.v[0].ok);
	assert_null(l.v[0].remedy);
	assert_non_null(strstr(l.v[1].remedy, "6.6"));
	assert_non_null(strstr(l.v[2].remedy, "denied calls are not recorded"));
	assert_non_null(strstr(l.v[3].remedy, "not found"));
	for (size_t i = 1; i < l.n; i++)
		assert_false(l.v[i].ok);
	doctor_list_cleanup(&l);
}

/* A file that is made by the very call is missing when the call begins, and there when it returned.
 */
static void
the_exact_method_goes_by_what_calls_returned(void **state)
{
	(void)state;
	static const char made[] = "perl -e 'open(F, \">\", \"/tmp/made\"); exit 5'";
	struct trace *t = trace_create();
	assert_int_equal(watch_by(t, TRACE_EXACT, PROFILE_BUILD, TRACE_OPEN, made).exit_code, 5);
	assert_true(path_state(t, "/tmp/made").found);
	trace_destroy(t);
	t = trace_create();
	assert_int_equal(watch_by(t, TRACE_NOTIFY, PROFILE_BUILD, TRACE_OPEN, made).exit_code, 5);
	assert_true(path_state(t, "/tmp/made").missing);
	trace_destroy(t);
}

/* Signals, stops and the end of a traced process are those of an untraced one. */
static void
tracing_by_ptrace_changes_no_ending(void **state)
{
	(void)state;
	struct trace *t = trace_create();
	struct exec_result r = watch_by(t, TRACE_PTRACE, PROFILE_BUILD, TRACE_ALL,
		"trap 'exit 6' USR1; (sleep 0.2; kill -CONT $$; kill -USR1 $$) & kill -STOP $$; wait; exit 1");
	assert_int_equal(r.exit_code, 6);
	r = watch_by(t, TRACE_PTRACE, PROFILE_BUILD, TRACE_ALL, "kill -SEGV $$");
	assert_int_equal(r.signal, 11);
	trace_destroy(t);
}

/* ---- connections ---- */

static bool
find_refused(void *ctx, const struct trace_connect *c)
{
	struct strlist *l = ctx;
	if (c->refused)
		strlist_add(l, c->target);
	return true;
}

static void
connections_are_recorded_without_any_class(void **state)
{
	(void)state;
	OWN(strlist) struct strlist refused = {0};
	struct trace *t = trace_create();
	(void)watch(t, PROFILE_BUILD, 0,
		"perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0);"
		"connect(S, sockaddr_in(5432, inet_aton(\"127.0.0.1\")));"
		"connect(S, sockaddr_in(443, inet_aton(\"192.0.2.7\")))'");
	trace_each_connect(t, find_refused, &refused);
	assert_true(strlist_has(&refused, "127.0.0.1:5432"));
	assert_true(strlist_has(&refused, "192.0.2.7:443"));
	trace_destroy(t);
}

/* ---- owners ---- */

static void
owners_that_package_tools_meant_are_kept_with_the_layer(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf text = {0};
	if (st.root)
		skip(); /* root mode has the ids themselves */
	const char *argv[] = {"/bin/sh", "-c",
		"cd /work; : >a.new; chown 33:34 a.new; mv a.new a; mkdir d; : >d/b; chgrp 7 d/b; : >c;"
		"ln -s a l; chown -h 5 l; : >gone; chown 9 gone; rm gone",
		NULL};
	struct stack work = {0};
	struct pod *p = NULL;
	const struct pod_spec spec = {.state = &st, .work = &work};
	must(pod_open(&spec, &p, &err), &err);
	const struct exec_spec exec = {.argv = argv,
		.profile = PROFILE_PROVISION,
		.fds = {-1, -1, -1},
		.time_limit_ms = 20000};
	struct exec_result r;
	must(pod_exec(p, &exec, &r, &err), &err);
	assert_int_equal(r.exit_code, 0);
	struct hash_hex key = stack_next_key(&work, STR("owners"));
	must(pod_freeze(p, POD_WORK, key.s, &err), &err);
	OWN_FREE char *path = mem_printf("%s/layers/%s/owners", st.dir, key.s);
	must(fs_read(path, 4096, &text, &err), &err);
	static const char wanted[] = "33 34 /a\0000 7 /d/b\0005 0 /l";
	assert_int_equal(text.n, sizeof(wanted));
	assert_memory_equal(text.p, wanted, sizeof(wanted));
	stack_cleanup(&work);
}

/* ---- intent ---- */

struct intents {
	bool sought[3], created[3]; /* of in, out and both */
};

static bool
note_intent(void *ctx, const struct trace_path *p)
{
	static const char *const names[] = {"/tmp/in", "/tmp/out", "/tmp/both"};
	struct intents *s = ctx;
	for (size_t i = 0; i < 3; i++)
		if (strcmp(p->path, names[i]) == 0) {
			s->sought[i] = p->sought;
			s->created[i] = p->created;
		}
	return true;
}

static void
what_was_to_be_made_is_told_from_what_was_sought(void **state)
{
	(void)state;
	static const enum trace_method methods[] = {TRACE_BEST, TRACE_EXACT};
	for (size_t i = 0; i < 2; i++) {
		struct trace *t = trace_create();
		struct intents s = {0};
		(void)watch_by(t, methods[i], PROFILE_BUILD, TRACE_ALL,
			"cd /tmp; read x <in; echo >out; read x <both; echo >both; cat both");
		trace_each_path(t, note_intent, &s);
		assert_true(s.sought[0] && !s.created[0]);
		assert_true(!s.sought[1] && s.created[1]);
		assert_true(s.sought[2] && s.created[2]);
		trace_destroy(t);
	}
}

static bool
count_program(void *ctx, const struct trace_connect *c)
{
	uint32_t *n = ctx;
	if (strcmp(c->target, "127.0.0.1:4") == 0)
		n[strstr(c->program, "perl") != NULL] += c->count;
	return true;
}

static void
connections_are_told_apart_by_program(void **state)
{
	(void)state;
	struct trace *t = trace_create();
	uint32_t n[2] = {0, 0};
	(void)watch(t, PROFILE_BUILD, TRACE_CONNECT,
		"perl -MSocket -e 'socket($s, PF_INET, SOCK_STREAM, 0);"
		"connect($s, pack_sockaddr_in(4, inet_aton(\"127.0.0.1\")))';"
		"for i in 1 2; do bash -c ': </dev/tcp/127.0.0.1/4'; done");
	trace_each_connect(t, count_program, n);
	assert_int_equal(n[0], 2);
	assert_int_equal(n[1], 1);
	trace_destroy(t);
}

/* "PROGRAM in DIR: WORD|WORD|...", with " serves" behind it. */
static bool
list_run(void *ctx, const struct trace_run *r)
{
	struct buf *out = ctx;
	buf_printf(out, "%s in %s: ", r->program, r->dir);
	for (size_t i = 0; i < r->n; i++)
		buf_putc(out, r->words[i] ? r->words[i] : '|');
	buf_puts(out, r->served ? " serves\n" : "\n");
	return true;
}

static void
what_ran_and_what_served_is_told_with_its_words(void **state)
{
	(void)state;
	static const enum trace_method methods[] = {TRACE_NOTIFY, TRACE_PTRACE, TRACE_EXACT};
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		OWN(buf) struct buf out = {0};
		struct trace *t = trace_create();
		struct exec_result r = watch_by(t, methods[i], PROFILE_TEST, TRACE_ALL,
			"cd /tmp && cp /bin/sleep own && ./own 0 && ./own 0 && ./nosuch 2>/dev/null;"
			"mkdir 'a b' && cd 'a b' && exec perl -MIO::Socket::INET -e '"
			"IO::Socket::INET->new(Listen => 1, LocalAddr => q(127.0.0.1)) or die' 'x y' ''");
		assert_int_equal(r.exit_code, 0);
		trace_each_run(t, list_run, &out);
		assert_string_equal(out.p ? out.p : "",
			"/tmp/own in /tmp: ./own|0|\n"
			"/usr/bin/perl in /tmp/a b: perl|-MIO::Socket::INET|-e|"
			"IO::Socket::INET->new(Listen => 1, LocalAddr => q(127.0.0.1)) or die|x y|| serves\n");
		trace_destroy(t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_to_be_made_is_told_from_what_was_sought),
		cmocka_unit_test(connections_are_told_apart_by_program),
		cmocka_unit_test(denied_calls_are_recorded_with_the_profile_that_opens_them),
		cmocka_unit_test(unknown_calls_are_not_implemented_and_recorded),
		cmocka_unit_test(an_ordinary_program_is_denied_nothing),
		cmocka_unit_test(the_debug_profile_opens_ptrace_of_ones_own),
		cmocka_unit_test(one_name_in_many_directories_is_one_search),
		cmocka_unit_test(every_method_sees_the_same),
		cmocka_unit_test(doctor_says_what_tracing_lacks),
		cmocka_unit_test(the_exact_method_goes_by_what_calls_returned),
		cmocka_unit_test(tracing_by_ptrace_changes_no_ending),
		cmocka_unit_test(connections_are_recorded_without_any_class),
		cmocka_unit_test(owners_that_package_tools_meant_are_kept_with_the_layer),
		cmocka_unit_test(what_ran_and_what_served_is_told_with_its_words),
	};
	return cmocka_run_group_tests(tests, state_set_up, state_tear_down);
}
