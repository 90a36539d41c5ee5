/* Services of a pod, pods that go on with longer stacks, and what an exec is given. */
#include "sandbox/sandbox.h"

#include "base/fs.h"
#include "base/log.h"
#include "tests/sandbox/script_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* On the tools root, with a work tree. */
static struct pod *
open_pod(const char *const *data_dirs)
{
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = NULL;
	const struct pod_spec spec = {.state = &st, .work = &nothing, .data_dirs = data_dirs};
	must(pod_open(&spec, &p, &err), &err);
	return p;
}

/* A server that answers each connection with a line, after $2 seconds; what it is asked it writes
 * down. */
static const char *const server[] = {"/usr/bin/perl", "-e",
	"use IO::Socket::INET; $| = 1; sleep $ARGV[1];"
	"my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', LocalPort => $ARGV[0]) or die;"
	"while (my $c = $s->accept) { print $c qq(answer $<\\n); close $c; print qq(asked\\n) }",
	"80", "0.3", NULL};
static const char ask[] =
	"perl -MIO::Socket::INET -e 'my $c = IO::Socket::INET->new(PeerAddr => q(127.0.0.1:80)) or "
	"print(qq(refused\\n)), exit; print <$c>'";

static const struct service_spec nobody_serves = {
	.name = "lines", .argv = server, .user = "nobody", .port = 80, .ready_limit_ms = 20000};

static void
a_service_is_there_for_the_next_command(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf out = {0};
	struct pod *p = open_pod(NULL);
	SAYS(p, PROFILE_TEST, ask, "refused\n");
	must(service_start(p, &nobody_serves, NULL, &err), &err);
	SAYS(p, PROFILE_TEST, ask, "answer 65534\n");
	SAYS(p, PROFILE_TEST, ask, "answer 65534\n");
	assert_true(service_is_running(p, "lines"));
	for (int i = 0; i < 200 && out.n < strlen("asked\nasked\n");
		i++) { /* what it says is on its way */
		(void)usleep(100000);
		buf_reset(&out);
		must(service_output(p, "lines", &out, &err), &err);
	}
	assert_string_equal(out.p, "asked\nasked\n");
	assert_int_equal(service_start(p, &nobody_serves, NULL, &err), -DD_EEXIST);
	must(service_stop(p, "lines", &err), &err);
	SAYS(p, PROFILE_TEST, ask, "refused\n");
	assert_int_equal(service_stop(p, "lines", &err), -DD_ENOENT);
	pod_close(p);
}

static void
a_service_that_ends_says_why(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = open_pod(NULL);
	const char *argv[] = {"/bin/sh", "-c", "echo no configuration >&2; exit 3", NULL};
	struct service_spec spec = {.name = "fails", .argv = argv, .user = "nobody", .port = 80};
	assert_int_equal(service_start(p, &spec, NULL, &err), -DD_EIO);
	assert_string_equal(err_msg(&err), "service fails ended with 3: no configuration");
	const char *deaf[] = {"/bin/sh", "-c", "trap '' TERM; sleep 1000; sleep 1000", NULL};
	spec = (struct service_spec){.name = "fails",
		.argv = deaf,
		.user = "nobody",
		.port = 80,
		.ready_limit_ms = 300,
		.stop_limit_ms = 100};
	assert_int_equal(service_start(p, &spec, NULL, &err), -DD_EIO);
	assert_string_equal(err_msg(&err), "service fails was not ready in time");
	SAYS(p, PROFILE_PROVISION, "grep -ls sleep /proc/[0-9]*/comm | wc -l", "0\n");
	spec.user = "stranger";
	assert_int_equal(service_start(p, &spec, NULL, &err), -DD_EIO);
	assert_non_null(strstr(err_msg(&err), "no such user"));
	pod_close(p);
}

static void
a_daemon_is_a_service_and_a_check_tells_when_it_is_ready(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = open_pod(NULL);
	const char *argv[] = {"/bin/sh", "-c",
		"(sleep 0.3; touch /run/box/ready; exec sleep 1000) >/dev/null 2>&1 &", NULL};
	const char *check[] = {"/usr/bin/test", "-e", "/run/box/ready", NULL};
	const char *dirs[] = {"/run/box", NULL};
	const struct service_spec spec = {.name = "daemon",
		.argv = argv,
		.user = "nobody",
		.dirs = dirs,
		.check = check,
		.ready_limit_ms = 20000};
	must(service_start(p, &spec, NULL, &err), &err);
	SAYS(p, PROFILE_TEST, "ls /run/box", "ready\n");
	assert_true(service_is_running(p, "daemon"));
	must(service_stop(p, "daemon", &err), &err);
	SAYS(p, PROFILE_PROVISION, "grep -ls sleep /proc/[0-9]*/comm | wc -l", "0\n");
	pod_close(p);
}

static void
a_service_writes_to_what_is_its_own(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = open_pod(NULL);
	const char *dirs[] = {"/srv/own", NULL};
	const char *argv[] = {"/bin/sh", "-c",
		"for f in /srv/own/a /etc/a /usr/a /work/a /home/builder/a /tmp/a; do "
		"(: >$f) 2>/dev/null && echo $f; done; id -u; id -g; grep -c ^Cap.*0000000000000000 /proc/self/status",
		NULL};
	OWN(buf) struct buf out = {0};
	const struct exec_spec spec = {.argv = argv,
		.profile = PROFILE_SERVICE,
		.user = "nobody",
		.dirs = dirs,
		.cwd = "/",
		.fds = {-1, -1, -1},
		.on_output = keep,
		.ctx = &out};
	struct exec_result r;
	must(pod_exec(p, &spec, &r, &err), &err);
	assert_string_equal(out.p, "/srv/own/a\n/tmp/a\n65534\n65534\n5\n");
	pod_close(p);
}

static void
services_end_with_their_pod(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = open_pod(NULL);
	char mark[64], command[128];
	(void)snprintf(mark, sizeof(mark), "7%d.25", (int)getpid());
	(void)snprintf(command, sizeof(command), "pgrep -f '^/usr/bin/sleep %s$' >/dev/null", mark);
	const char *argv[] = {"/usr/bin/sleep", mark, NULL};
	const struct service_spec spec = {.name = "sleeper", .argv = argv, .user = "nobody"};
	must(service_start(p, &spec, NULL, &err), &err);
	assert_int_equal(system(command), 0); /* of this machine: it is there */
	pod_close(p);
	assert_int_not_equal(system(command), 0);
}

/* ---- going on ---- */

static void
a_reopened_pod_has_longer_stacks_and_its_services(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	static const char *const data[] = {"/srv/data", NULL};
	struct pod *p = open_pod(data);
	const struct stack none = {0};
	struct hash_hex key = stack_next_key(&none, STR("reopen"));
	must(service_start(p, &nobody_serves, NULL, &err), &err);
	SAYS(p, PROFILE_BUILD, "echo kept >/work/a; echo lost >/tmp/a", "");
	SAYS(p, PROFILE_PROVISION, "echo one >/srv/data/a", "");
	struct pod_snapshot snapshot = {.work_key = key.s, .keep_data = true};
	must(pod_reopen(p, &snapshot, &err), &err);
	assert_true(layer_exists(&st, key.s));
	SAYS(p, PROFILE_TEST, "cat /work/a /srv/data/a; ls /tmp", "kept\none\n");
	SAYS(p, PROFILE_TEST, ask, "answer 65534\n");
	SAYS(p, PROFILE_BUILD, "echo dropped >/work/b", "");
	SAYS(p, PROFILE_PROVISION, "echo two >/srv/data/a; echo three >/srv/data/b", "");
	snapshot = (struct pod_snapshot){0};
	must(pod_reopen(p, &snapshot, &err), &err);
	SAYS(p, PROFILE_TEST, "ls /work /srv/data; cat /srv/data/a",
		"/srv/data:\na\n\n/work:\na\none\n");
	SAYS(p, PROFILE_TEST, ask, "answer 65534\n");
	pod_close(p);
}

static void
data_goes_into_no_layer(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	static const char *const data[] = {"/work/var/data", NULL};
	struct pod *p = open_pod(data);
	const struct stack none = {0};
	struct hash_hex key = stack_next_key(&none, STR("data"));
	SAYS(p, PROFILE_PROVISION, "echo x >/work/var/data/file", "");
	must(pod_freeze(p, POD_WORK, key.s, &err), &err);
	OWN_FREE char *layer = layer_dir(&st, key.s);
	OWN_FREE char *there = fs_join(layer, "var/data");
	OWN_FREE char *file = fs_join(there, "file");
	assert_true(fs_exists(there));
	assert_false(fs_exists(file));
}

static void
a_command_of_a_pod_that_went_on_is_over(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = open_pod(NULL);
	const char *argv[] = {"/usr/bin/sleep", "1000", NULL};
	const struct exec_spec spec = {.argv = argv, .fds = {-1, -1, -1}};
	const struct pod_snapshot snapshot = {0};
	struct exec *e;
	struct exec_result r;
	must(exec_start(p, &spec, &e, &err), &err);
	must(pod_reopen(p, &snapshot, &err), &err);
	assert_int_equal(exec_wait(e, -1, &r, &err), -DD_EIO);
	SAYS(p, PROFILE_PROVISION, "grep -ls sleep /proc/[0-9]*/comm | wc -l", "0\n");
	pod_close(p);
}

/* ---- what an exec is given ---- */

static void
a_command_gets_the_descriptors_it_is_passed_and_no_others(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf out = {0};
	struct pod *p = open_pod(NULL);
	int one[2], two[2];
	assert_int_equal(pipe(one) + pipe(two), 0);
	const struct exec_fd pass[] = {{one[1], 4}, {two[1], 3}, {one[1], 63}};
	const char *argv[] = {"/usr/bin/perl", "-e",
		"opendir my $d, '/proc/self/fd'; print join(' ', sort { $a <=> $b } grep { /[0-9]/ && "
		"readlink(qq(/proc/self/fd/$_)) !~ /proc/ } readdir $d), qq(\\n);"
		"open my $f, '>&=', 3; print $f 'two'; open my $g, '>&=', 4; print $g 'one'",
		NULL};
	struct exec_spec spec = {.argv = argv,
		.fds = {-1, -1, -1},
		.on_output = keep,
		.ctx = &out,
		.pass = pass,
		.npass = 3};
	struct exec_result r;
	must(pod_exec(p, &spec, &r, &err), &err);
	assert_string_equal(out.p, "0 1 2 3 4 63\n");
	char text[8] = "";
	assert_int_equal(read(one[0], text, sizeof(text)), 3);
	assert_memory_equal(text, "one", 3);
	assert_int_equal(read(two[0], text, sizeof(text)), 3);
	assert_memory_equal(text, "two", 3);
	const struct exec_fd wrong = {one[1], 2};
	spec.pass = &wrong;
	spec.npass = 1;
	assert_int_equal(pod_exec(p, &spec, &r, &err), -DD_EINVAL);
	for (int i = 0; i < 2; i++) {
		(void)close(one[i]);
		(void)close(two[i]);
	}
	pod_close(p);
}

static void
a_missing_program_is_reported_behind_passed_descriptors(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf out = {0};
	struct pod *p = open_pod(NULL);
	const struct exec_fd pass = {2, 3}; /* the number of the control socket */
	const char *argv[] = {"/no/such/program", NULL};
	const struct exec_spec spec = {.argv = argv,
		.fds = {-1, -1, -1},
		.on_output = keep,
		.ctx = &out,
		.pass = &pass,
		.npass = 1};
	struct exec_result r;
	must(pod_exec(p, &spec, &r, &err), &err);
	assert_int_equal(r.exit_code, 127);
	assert_non_null(strstr(out.p, "/no/such/program"));
	pod_close(p);
}

static void
an_ordinary_user_has_no_namespaces_below_it(void **state)
{
	(void)state;
	struct pod *p = open_pod(NULL);
	SAYS(p, PROFILE_TEST, "cat /proc/sys/user/max_user_namespaces", "0\n");
	SAYS(p, PROFILE_SERVICE, "cat /proc/sys/user/max_user_namespaces", "0\n");
	SAYS(p, PROFILE_BROWSER, "unshare -U true && echo done", "done\n");
	SAYS(p, PROFILE_PROVISION, "unshare -U true 2>/dev/null || echo refused", "refused\n");
	pod_close(p);
}

static void
root_inside_becomes_others_and_comes_back(void **state)
{
	(void)state;
	struct pod *p = open_pod(NULL);
	SAYS(p, PROFILE_PROVISION,
		"perl -e '$> = 65534; print qq($< $>\\n); $> = 0; print qq($< $>\\n); $) = 65534; "
		"$( = 65534; $> = $< = 65534; print qq($< $>\\n); $> = 0; print qq($< $>\\n)'",
		"0 65534\n0 0\n65534 65534\n65534 0\n");
	SAYS(p, PROFILE_PROVISION,
		"perl -e 'use POSIX; POSIX::setgid(65534); POSIX::setuid(65534); $> = 0; print qq($< $>\\n); "
		"exec qw(id -u -g) if 0; system q(id -u; id -g; stat -c %u /proc/self)'",
		"65534 65534\n65534\n65534\n65534\n");
	SAYS(p, PROFILE_PROVISION, "setpriv --reuid=1000 --regid=1000 --clear-groups id -u; id -u",
		"1000\n0\n");
	SAYS(p, PROFILE_PROVISION,
		"setpriv --reuid=1000 --regid=1000 --clear-groups grep CapEff /proc/self/status",
		"CapEff:\t0000000000000000\n");
	SAYS(p, PROFILE_BUILD, "setpriv --reuid=0 true 2>/dev/null || echo refused", "refused\n");
	pod_close(p);
}

static void
a_pipeline_of_root_inside_ends_when_its_command_does(void **state)
{
	(void)state;
	struct pod *p = open_pod(NULL);
	SAYS(p, PROFILE_PROVISION,
		"(setsid sleep 1000 &); (sleep 0.2; kill -CONT $$) & kill -STOP $$; echo on",
		"on\n");
	SAYS(p, PROFILE_PROVISION, "grep -ls sleep /proc/[0-9]*/comm | wc -l", "0\n");
	SAYS(p, PROFILE_PROVISION,
		"trap 'echo caught' USR1; kill -USR1 $$; seq 3 | sort -r | head -n 1",
		"caught\n3\n");
	pod_close(p);
}

static void
a_command_that_ends_its_watcher_is_over_too(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = open_pod(NULL);
	const char *argv[] = {"/bin/sh", "-c", "(sleep 1000 &); kill -9 $PPID; sleep 1000", NULL};
	struct exec_spec spec = {.argv = argv,
		.profile = PROFILE_PROVISION,
		.fds = {-1, -1, -1},
		.time_limit_ms = 20000};
	struct exec_result r;
	must(pod_exec(p, &spec, &r, &err), &err);
	assert_int_equal(r.signal, 9);
	assert_int_equal(r.cause, CAUSE_SIGNAL);
	SAYS(p, PROFILE_PROVISION,
		"for i in 1 2 3 4 5 6 7 8 9; do grep -qs sleep /proc/[0-9]*/comm || break; sleep 0.1; done;"
		"grep -ls sleep /proc/[0-9]*/comm | wc -l",
		"0\n");
	pod_close(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_is_there_for_the_next_command),
		cmocka_unit_test(a_service_that_ends_says_why),
		cmocka_unit_test(a_daemon_is_a_service_and_a_check_tells_when_it_is_ready),
		cmocka_unit_test(a_service_writes_to_what_is_its_own),
		cmocka_unit_test(services_end_with_their_pod),
		cmocka_unit_test(a_reopened_pod_has_longer_stacks_and_its_services),
		cmocka_unit_test(data_goes_into_no_layer),
		cmocka_unit_test(a_command_of_a_pod_that_went_on_is_over),
		cmocka_unit_test(a_command_gets_the_descriptors_it_is_passed_and_no_others),
		cmocka_unit_test(a_missing_program_is_reported_behind_passed_descriptors),
		cmocka_unit_test(an_ordinary_user_has_no_namespaces_below_it),
		cmocka_unit_test(root_inside_becomes_others_and_comes_back),
		cmocka_unit_test(a_pipeline_of_root_inside_ends_when_its_command_does),
		cmocka_unit_test(a_command_that_ends_its_watcher_is_over_too),
	};
	return cmocka_run_group_tests(tests, state_set_up, state_tear_down);
}
