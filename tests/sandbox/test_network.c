/* Pods in one network: what they have of each other (its servers), and for how long. */
#include "sandbox/sandbox.h"

#include "sandbox/egress.h"
#include "tests/sandbox/script_fixture.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct pod *
open_in(struct pod *of)
{
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = NULL;
	const struct pod_spec spec = {
		.state = &st, .work = &nothing, .shares_network = !of, .network_of = of};
	must(pod_open(&spec, &p, &err), &err);
	return p;
}

/* A server that answers each connection with its word. */
static void
serve(struct pod *p, const char *port, const char *word)
{
	OWN(dd_err) struct dd_err err = {0};
	const char *argv[] = {"/usr/bin/perl", "-e",
		"use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 5, ReuseAddr => 1, "
		"LocalAddr => '127.0.0.1', LocalPort => $ARGV[0]) or die qq($!\\n);"
		"while (my $c = $s->accept) { print $c qq($ARGV[1]\\n); close $c }",
		port, word, NULL};
	const struct service_spec spec = {.name = word,
		.argv = argv,
		.user = "nobody",
		.port = (uint16_t)strtoul(port, NULL, 10),
		.ready_limit_ms = 20000};
	must(service_start(p, &spec, NULL, &err), &err);
}

#define ASK(port) \
	"perl -MIO::Socket::INET -e 'my $c = IO::Socket::INET->new(PeerAddr => q(127.0.0.1:" port \
	")) or print(qq(refused\\n)), exit; print <$c>'"

static void
servers_of_each_are_reached_by_the_other(void **state)
{
	(void)state;
	struct pod *app = open_in(NULL), *tools = open_in(app);
	SAYS(tools, PROFILE_BROWSER, ASK("80"), "refused\n");
	serve(app, "80", "application"); /* after both were open */
	SAYS(tools, PROFILE_BROWSER, ASK("80"), "application\n");
	serve(tools, "81", "tool");
	SAYS(app, PROFILE_TEST, ASK("81"), "tool\n");
	struct pod *third = open_in(tools); /* whichever of them is named */
	SAYS(third, PROFILE_TEST, ASK("80") ";" ASK("81"), "application\ntool\n");
	pod_close(third);
	pod_close(tools);
	SAYS(app, PROFILE_TEST, ASK("80") ";" ASK("81"), "application\nrefused\n");
	pod_close(app);
}

static void
it_is_theirs_alone(void **state)
{
	(void)state;
	struct pod *app = open_in(NULL), *tools = open_in(app), *other = open_in(NULL);
	serve(app, "80", "application");
	SAYS(other, PROFILE_TEST, ASK("80"), "refused\n");
	SAYS(tools, PROFILE_TEST,
		"tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '; tail -n +2 /proc/net/route",
		"lo\n");
	pod_close(other);
	pod_close(tools);
	pod_close(app);
}

static void
a_pod_outlives_the_one_whose_network_it_is_in(void **state)
{
	(void)state;
	struct pod *app = open_in(NULL), *tools = open_in(app);
	serve(app, "80", "application");
	serve(tools, "81", "tool");
	pod_close(app);
	SAYS(tools, PROFILE_TEST, ASK("80") ";" ASK("81"), "refused\ntool\n");
	struct pod *next = open_in(tools); /* it is still that network */
	SAYS(next, PROFILE_TEST, ASK("81"), "tool\n");
	pod_close(tools);
	SAYS(next, PROFILE_TEST, ASK("81"), "refused\n");
	pod_close(next);
}

static void
a_pod_that_goes_on_is_in_the_same_network(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct pod *app = open_in(NULL), *tools = open_in(app);
	struct hash_hex key = stack_next_key(&nothing, STR("network-goes-on"));
	serve(app, "80", "application");
	serve(tools, "81", "tool");
	SAYS(app, PROFILE_BUILD, "echo built >/work/made", "");
	must(pod_reopen(app, &(struct pod_snapshot){.work_key = key.s}, &err), &err);
	SAYS(app, PROFILE_TEST, "cat /work/made;" ASK("81"), "built\ntool\n");
	SAYS(tools, PROFILE_TEST, ASK("80") ";" ASK("81"), "application\ntool\n");
	pod_close(app);
	SAYS(tools, PROFILE_TEST, ASK("80"), "refused\n");
	pod_close(tools);
}

/* How many network namespaces are held by descriptors of this process. */
static int
networks_held(void)
{
	int n = 0;
	for (int fd = 3; fd < 256; fd++) {
		char path[64], to[64] = "";
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n += readlink(path, to, sizeof(to) - 1) > 0 && strncmp(to, "net:", 4) == 0;
	}
	return n;
}

static void
it_ends_with_the_last_pod_in_it(void **state)
{
	(void)state;
	struct pod *app = open_in(NULL), *tools = open_in(app);
	OWN_FREE char *shared = say(app, PROFILE_TEST, "readlink /proc/self/ns/net");
	SAYS(tools, PROFILE_TEST, "readlink /proc/self/ns/net", shared);
	assert_int_equal(networks_held(), 1);
	pod_close(app);
	assert_int_equal(networks_held(), 1);
	pod_close(tools);
	assert_int_equal(networks_held(), 0);
}

static void
nothing_else_of_the_other_is_seen(void **state)
{
	(void)state;
	struct pod *app = open_in(NULL), *tools = open_in(app);
	serve(app, "80", "application");
	SAYS(app, PROFILE_BUILD, "echo secret >/work/file; echo secret >/tmp/file", "");
	for (int root = 0; root < 2; root++) {
		enum exec_profile as = root ? PROFILE_PROVISION : PROFILE_BROWSER;
		SAYS(tools, as,
			"grep -ls perl /proc/[0-9]*/comm; ls -A /work; ls -A /tmp; kill -9 -1 2>/dev/null",
			"");
	}
	assert_true(service_is_running(app, "application"));
	SAYS(tools, PROFILE_TEST, ASK("80"), "application\n");
	for (const char *const *kind =
			(const char *const[]){"user", "mnt", "pid", "ipc", "uts", "cgroup", NULL};
		*kind; kind++) {
		OWN_FREE char *script = mem_printf("readlink /proc/self/ns/%s", *kind);
		OWN_FREE char *of_app = say(app, PROFILE_PROVISION, script);
		OWN_FREE char *of_tools = say(tools, PROFILE_PROVISION, script);
		assert_string_not_equal(of_app, of_tools);
	}
	pod_close(tools);
	pod_close(app);
}

static void
there_is_no_way_out_of_it(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct pod *app = open_in(NULL), *tools = open_in(app);
	const struct egress_spec spec = {.state = &st};
	struct egress *e = NULL;
	assert_int_equal(egress_open(app, &spec, &e, &err), -DD_EINVAL);
	assert_int_equal(egress_open(tools, &spec, &e, NULL), -DD_EINVAL);
	assert_string_equal(err_msg(&err), "egress: a pod that shares its network has no way out");
	pod_close(tools);
	pod_close(app);
}

static void
a_network_that_is_not_shared_cannot_be_joined(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct pod *alone = NULL, *other = NULL;
	const struct pod_spec spec = {.state = &st, .work = &nothing};
	must(pod_open(&spec, &alone, &err), &err);
	struct pod_spec joins = spec;
	joins.network_of = alone;
	assert_int_equal(pod_open(&joins, &other, &err), -DD_EINVAL);
	assert_string_equal(err_msg(&err), "sandbox: a pod does not share its network");
	pod_close(alone);
}

static void
who_waits_for_connections_is_told(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(listening) struct listening before = {0}, after = {0};
	struct pod *p = NULL;
	const struct pod_spec spec = {.state = &st, .work = &nothing};
	const char *const dirs[] = {WORK_DIR, NULL};
	const char *argv[] = {"/usr/bin/perl", "-MIO::Socket::UNIX", "-MIO::Socket::INET", "-e",
		"my @s = (IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', LocalPort => 82),"
		"IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.2', LocalPort => 82),"
		"IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 83)," /* does not wait */
		"IO::Socket::UNIX->new(Listen => 5, Local => '/work/x.sock')); sleep 100",
		NULL};
	const struct service_spec service = {.name = "both",
		.argv = argv,
		.user = "builder",
		.dirs = dirs,
		.port = 82,
		.socket = "/work/x.sock"};
	must(pod_open(&spec, &p, &err), &err);
	must(pod_listening(p, &before, &err), &err);
	assert_int_equal(before.nports + before.sockets.n, 0);
	must(service_start(p, &service, NULL, &err), &err);
	must(pod_listening(p, &after, &err), &err);
	assert_int_equal(after.nports, 1);
	assert_true(listening_has(&after, 82));
	assert_int_equal(after.sockets.n, 1);
	assert_string_equal(after.sockets.v[0], "/work/x.sock");
	pod_close(p);
}

/*
 * The socket takes the place of what has its name, and what that led to is left as it is; the other pod has nothing of
 * that name.
 */
static void
a_socket_by_name_is_served_from_outside(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = NULL, *other = NULL;
	const struct pod_spec spec = {.state = &st, .work = &nothing};
	static const char connect_to[] =
		"/usr/bin/perl -MIO::Socket::UNIX -e '"
		"my $s = IO::Socket::UNIX->new(Peer => \"/tmp/new/socket\") or die; print $s \"hello\"' "
		"2>/dev/null; echo $?";
	char text[8] = "";
	int fd = -1;
	must(pod_open(&spec, &p, &err), &err);
	must(pod_open(&spec, &other, &err), &err);
	SAYS(p, PROFILE_TEST,
		"echo mine >/tmp/mine; chmod 600 /tmp/mine; mkdir -m 777 /tmp/new; "
		"ln -s /tmp/mine /tmp/new/socket",
		"");
	must(pod_listen_at(p, "/tmp/new/socket", &fd, &err), &err);
	SAYS(p, PROFILE_TEST, connect_to, "0\n");
	OWN_FD int client = accept(fd, NULL, NULL);
	assert_int_equal(read(client, text, sizeof(text)), 5);
	assert_memory_equal(text, "hello", 5);
	SAYS(p, PROFILE_TEST, "cat /tmp/mine; stat -c %a /tmp/mine", "mine\n600\n");
	SAYS(other, PROFILE_TEST, connect_to, "2\n");
	(void)close(fd);
	must(pod_listen_at(p, "/tmp/new/socket", &fd, &err), &err); /* and again */
	(void)close(fd);
	assert_true(pod_listen_at(p, "no-directory", &fd, &err) < 0);
	pod_close(p);
	pod_close(other);
}

/* What serves it has descriptors that lead out of the pod, and a link could name them. */
static void
no_link_leads_to_where_a_socket_is_made(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct pod *p = NULL;
	const struct pod_spec spec = {.state = &st, .work = &nothing};
	static const char *const through[] = {
		"/tmp/door/socket", "/tmp/door/new/socket", "/tmp/fd/socket"};
	int fd = -1;
	must(pod_open(&spec, &p, &err), &err);
	SAYS(p, PROFILE_TEST,
		"mkdir -m 777 /tmp/behind; ln -s behind /tmp/door; ln -s /proc/self/cwd/tmp /tmp/fd",
		"");
	for (size_t i = 0; i < sizeof(through) / sizeof(*through); i++) {
		OWN(dd_err) struct dd_err why = {0};
		assert_true(pod_listen_at(p, through[i], &fd, &why) < 0);
		assert_non_null(strstr(err_msg(&why), "cannot listen"));
	}
	SAYS(p, PROFILE_TEST, "ls /tmp/behind; ls -d /tmp/socket 2>/dev/null", "");
	pod_close(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_of_each_are_reached_by_the_other),
		cmocka_unit_test(it_is_theirs_alone),
		cmocka_unit_test(a_pod_outlives_the_one_whose_network_it_is_in),
		cmocka_unit_test(a_pod_that_goes_on_is_in_the_same_network),
		cmocka_unit_test(it_ends_with_the_last_pod_in_it),
		cmocka_unit_test(nothing_else_of_the_other_is_seen),
		cmocka_unit_test(there_is_no_way_out_of_it),
		cmocka_unit_test(who_waits_for_connections_is_told),
		cmocka_unit_test(a_socket_by_name_is_served_from_outside),
		cmocka_unit_test(no_link_leads_to_where_a_socket_is_made),
		cmocka_unit_test(a_network_that_is_not_shared_cannot_be_joined),
	};
	return cmocka_run_group_tests(tests, state_set_up, state_tear_down);
}
