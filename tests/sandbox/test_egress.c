#include "sandbox/egress.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/hash.h"
#include "tests/sandbox/state_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOGIN "Authorization: Basic c2VjcmV0"

static char *log_path, *upstream_url;

/* ---- an upstream of our own, on loopback, that keeps connections open ---- */

static struct {
	int listener;
	pthread_mutex_t lock;
	int connections, requests, with_login;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void
count(int *what)
{
	(void)pthread_mutex_lock(&server.lock);
	(*what)++;
	(void)pthread_mutex_unlock(&server.lock);
}

static void
answer(int fd, const char *request)
{
	char path[64] = "";
	(void)sscanf(request, "GET %63s", path);
	count(&server.requests);
	if (strstr(request, LOGIN))
		count(&server.with_login);
	bool there = !strstr(path, "missing");
	OWN_FREE char *body = mem_printf("body of %s\n", path);
	OWN_FREE char *text = mem_printf("HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s",
		there ? "200 OK" : "404 Not Found", strlen(body), body);
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void *
serve_connection(void *arg)
{
	OWN_FD int fd = (int)(intptr_t)arg;
	char request[4096];
	size_t n = 0;
	for (ssize_t got; (got = recv(fd, request + n, sizeof(request) - 1 - n, 0)) > 0;) {
		n += (size_t)got;
		request[n] = '\0';
		if (!strstr(request, "\r\n\r\n"))
			continue;
		answer(fd, request);
		n = 0;
	}
	return NULL;
}

static void *
serve(void *arg)
{
	(void)arg;
	for (int fd; (fd = accept(server.listener, NULL, NULL)) >= 0;) {
		pthread_t t;
		count(&server.connections);
		if (pthread_create(&t, NULL, serve_connection, (void *)(intptr_t)fd) == 0)
			(void)pthread_detach(t);
	}
	return NULL;
}

static int
start_server(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	pthread_t t;
	server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server.listener, (struct sockaddr *)&a, sizeof(a)) < 0 ||
		listen(server.listener, 16) < 0 ||
		getsockname(server.listener, (struct sockaddr *)&a, &len) < 0)
		return -1;
	upstream_url = mem_printf("http://127.0.0.1:%d/files", ntohs(a.sin_port));
	return pthread_create(&t, NULL, serve, NULL);
}

/* ---- a phase ---- */

struct phase {
	struct pod *pod;
	struct egress *egress;
	struct buf out;
};

static void
begin(struct phase *p, bool offline, uint64_t budget_bytes)
{
	OWN(dd_err) struct dd_err err = {0};
	const struct egress_upstream up = {.name = "up", .url = upstream_url, .auth_header = LOGIN};
	const struct pod_spec pod = {.state = &st};
	const struct egress_spec spec = {.state = &st,
		.upstreams = &up,
		.n = 1,
		.offline = offline,
		.budget_bytes = budget_bytes,
		.log_path = log_path};
	*p = (struct phase){0};
	must(pod_open(&pod, &p->pod, &err), &err);
	must(egress_open(p->pod, &spec, &p->egress, &err), &err);
}

static int
in_shell(struct phase *p, const char *shell, const char *script)
{
	OWN(dd_err) struct dd_err err = {0};
	const char *argv[] = {shell, "-c", script, NULL};
	const struct exec_spec spec = {.argv = argv,
		.profile = PROFILE_PROVISION,
		.fds = {-1, -1, -1},
		.on_output = keep,
		.ctx = &p->out,
		.time_limit_ms = 60000};
	struct exec_result r;
	must(pod_exec(p->pod, &spec, &r, &err), &err);
	return r.exit_code;
}

/* Fetch paths below the broker with apt's downloader, one request after the other. */
static int
fetch(struct phase *p, const char *paths)
{
	OWN_FREE char *script = mem_printf(
		"n=0; cd /tmp; set --; for p in %s; do n=$((n + 1)); "
		"set -- \"$@\" http://127.0.0.1:%d/$p /tmp/$n ''; done; "
		"/usr/lib/apt/apt-helper -o APT::Sandbox::User=root -o Acquire::Retries=0 "
		"-o Acquire::http::Pipeline-Depth=0 download-file \"$@\"",
		paths, EGRESS_PORT);
	return in_shell(p, "/bin/sh", script);
}

static void
end(struct phase *p)
{
	OWN(dd_err) struct dd_err err = {0};
	must(egress_close(p->egress, &err), &err);
	pod_close(p->pod);
	buf_cleanup(&p->out);
}

static bool
is_kept(const char *path)
{
	OWN_FREE char *cas = state_path(&st, "cas");
	OWN_FREE char *body = mem_printf("body of /files/%s\n", path);
	struct hash_hex digest = hash_bytes(str_of(body));
	return cas_has(cas, digest.s);
}

static const struct egress_request *
find(const struct egress_log *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].path, path) == 0)
			return &l->v[i];
	fail_msg("%s is not in the log", path);
	return NULL;
}

static void
read_log(struct egress_log *ret)
{
	OWN(dd_err) struct dd_err err = {0};
	must(egress_log_read(log_path, ret, &err), &err);
}

/* ---- tests ---- */

static void
requests_share_a_connection_and_bodies_are_kept(void **state)
{
	(void)state;
	struct phase p;
	struct egress_log log = {0};
	begin(&p, false, 0);
	int before = server.connections;
	assert_int_equal(fetch(&p, "up/1 up/2 up/3 up/4 up/5 up/6 up/7 up/8"), 0);
	assert_int_equal(fetch(&p, "up/9 up/10"), 0);
	assert_int_equal(server.connections - before, 1);
	assert_int_equal(server.with_login, 10);
	end(&p);
	assert_true(is_kept("1"));
	assert_true(is_kept("10"));
	read_log(&log);
	assert_int_equal(log.n, 10);
	assert_int_equal(find(&log, "/7")->status, 200);
	assert_int_equal(find(&log, "/7")->bytes, strlen("body of /files/7\n"));
	assert_string_equal(find(&log, "/7")->upstream, "up");
	egress_log_cleanup(&log);
}

static void
what_is_no_upstream_is_refused_and_logged(void **state)
{
	(void)state;
	struct phase p;
	struct egress_log log = {0};
	begin(&p, false, 0);
	int before = server.requests;
	assert_int_not_equal(fetch(&p, "down/secrets"), 0);
	assert_int_not_equal(fetch(&p, "up/%2e%2e/private"), 0);
	assert_int_equal(server.requests, before);
	end(&p);
	read_log(&log);
	assert_int_equal(log.n, 2);
	const struct egress_request *r = find(&log, "/down/secrets");
	assert_true(r->refused);
	assert_int_equal(r->status, 403);
	assert_null(r->sha256);
	assert_non_null(r->why);
	egress_log_cleanup(&log);
}

static void
what_goes_past_the_broker_is_refused_and_logged(void **state)
{
	(void)state;
	struct phase p;
	struct egress_log log = {0};
	begin(&p, false, 0);
	assert_int_equal(fetch(&p, "up/31"), 0);
	assert_int_not_equal(in_shell(&p, "/bin/bash", "echo > /dev/tcp/192.0.2.7/443"), 0);
	assert_int_not_equal(in_shell(&p, "/bin/bash", "echo > /dev/tcp/127.0.0.1/9"), 0);
	(void)in_shell(&p, "/bin/bash", "echo ask > /dev/udp/127.0.0.1/53"); /* for a name */
	end(&p);
	read_log(&log);
	assert_int_equal(log.n, 3);
	const struct egress_request *r = find(&log, "192.0.2.7:443");
	assert_true(r->refused);
	assert_int_equal(r->status, 0);
	assert_non_null(strstr(r->program, "bash"));
	assert_non_null(strstr(r->why, "direct"));
	assert_non_null(strstr(find(&log, "127.0.0.1:53")->program, "bash"));
	egress_log_cleanup(&log);
}

static void
a_phase_may_have_no_log(void **state)
{
	(void)state;
	OWN_FREE char *kept = log_path;
	struct phase p;
	log_path = NULL;
	begin(&p, false, 0);
	log_path = TAKE(kept);
	assert_int_equal(fetch(&p, "up/41 up/42"), 0);
	assert_int_not_equal(in_shell(&p, "/bin/bash", "echo > /dev/tcp/192.0.2.7/443"), 0);
	end(&p);
	assert_true(is_kept("42"));
	assert_false(fs_exists(log_path));
}

static void
what_failed_is_logged_and_not_kept(void **state)
{
	(void)state;
	struct phase p;
	struct egress_log log = {0};
	begin(&p, false, 10);
	assert_int_not_equal(fetch(&p, "up/missing"), 0); /* and the budget is used up */
	assert_int_not_equal(fetch(&p, "up/dear"), 0);
	end(&p);
	begin(&p, true, 0);
	assert_int_not_equal(fetch(&p, "up/far"), 0);
	end(&p);
	assert_false(is_kept("missing"));
	assert_false(is_kept("dear"));
	read_log(&log);
	assert_int_equal(find(&log, "/dear")->status, 502);
	assert_non_null(strstr(find(&log, "/dear")->why, "budget"));
	assert_int_equal(find(&log, "/far")->status, 504);
	egress_log_cleanup(&log);
}

static void
the_log_has_no_credentials(void **state)
{
	(void)state;
	OWN(buf) struct buf text = {0};
	OWN_FREE char *plain = upstream_url;
	upstream_url = mem_printf("http://user:hush@%s", plain + strlen("http://"));
	struct phase p;
	begin(&p, false, 0);
	assert_int_equal(fetch(&p, "up/11"), 0);
	end(&p);
	free(upstream_url);
	upstream_url = TAKE(plain);
	assert_int_equal(fs_read(log_path, 1 << 20, &text, NULL), 0);
	assert_non_null(strstr(text.p, "/files/11"));
	assert_null(strstr(text.p, "hush"));
	assert_null(strstr(text.p, "c2VjcmV0"));
}

/* A drydock that is killed while its phase is open. */
static void
fetch_and_die(const char *paths)
{
	pid_t pid = fork();
	int status;
	if (pid == 0) {
		struct phase p;
		begin(&p, false, 0);
		if (fetch(&p, paths) == 0)
			(void)kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
sweep(void)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_FREE char *pods = state_path(&st, "pods");
	const struct timespec moment = {.tv_nsec = 50000000};
	OWN(strlist) struct strlist names = {0};
	for (int i = 0; i < 400; i++) {
		must(sandbox_sweep(&st, egress_salvage, &err), &err);
		strlist_cleanup(&names);
		must(fs_list(pods, &names, &err), &err);
		if (!names.n)
			return;
		(void)nanosleep(&moment, NULL);
	}
	fail_msg("%s was not swept", names.v[0]);
}

static void
a_killed_phase_is_whole_once_it_was_resumed(void **state)
{
	(void)state;
	struct phase p;
	struct egress_log log = {0};
	fetch_and_die("up/21 up/22 up/23");
	assert_false(is_kept("21"));
	sweep();
	sweep(); /* harmless to repeat */
	assert_true(is_kept("21"));
	assert_true(is_kept("23"));
	begin(&p, false, 0); /* the resumed run asks for what it needs, some of it again */
	assert_int_equal(fetch(&p, "up/23 up/24"), 0);
	end(&p);
	read_log(&log);
	assert_int_equal(log.n, 4);
	assert_int_equal(find(&log, "/23")->times, 2);
	assert_int_equal(find(&log, "/21")->times, 1);
	egress_log_cleanup(&log);
}

static void
only_what_its_digest_says_is_salvaged(void **state)
{
	(void)state;
	OWN_FREE char *pod = state_path(&st, "pods/dead");
	OWN_FREE char *spool = fs_join(pod, "spool-0");
	struct hash_hex lie = hash_bytes(STR("the truth"));
	OWN_FREE char *body = mem_printf("%s/sha256-%s", spool, lie.s);
	OWN_FREE char *link = mem_printf("%s/sha256-%s", spool, hash_bytes(STR("root")).s);
	OWN_FREE char *cas = state_path(&st, "cas");
	assert_int_equal(fs_mkdirs(spool, 0700, NULL), 0);
	assert_int_equal(fs_write_atomic(body, STR("a lie"), 0600, NULL), 0);
	assert_int_equal(symlink("/etc/passwd", link), 0);
	egress_salvage(&st, pod);
	assert_false(cas_has(cas, lie.s));
	assert_int_equal(fs_write_atomic(body, STR("the truth"), 0600, NULL), 0);
	assert_int_equal(unlink(link), 0);
	egress_salvage(&st, pod);
	assert_true(cas_has(cas, lie.s));
	assert_int_equal(fs_remove_tree(pod, NULL), 0);
}

static void
damaged_lines_are_left_out(void **state)
{
	(void)state;
	struct egress_log log = {0};
	static const char text[] =
		"{\"upstream\":\"up\",\"path\":\"/a\",\"status\":200,\"refused\":false,\"bytes\":1}\n"
		"not json\n{\"path\":7}\n[]\n\n"
		"{\"upstream\":\"up\",\"path\":\"/a\",\"status\":200,\"refused\":false,\"bytes\":1}\n"
		"{\"upstream\":\"up\",\"path\":\"/b\",\"sta";
	assert_int_equal(fs_write_atomic(log_path, STR(text), 0600, NULL), 0);
	read_log(&log);
	assert_int_equal(log.n, 1);
	assert_int_equal(log.v[0].times, 2);
	egress_log_cleanup(&log);
	assert_int_equal(unlink(log_path), 0);
	read_log(&log);
	assert_int_equal(log.n, 0);
}

static int
set_up(void **state)
{
	if (state_set_up(state) < 0 || start_server() != 0)
		return -1;
	log_path = fs_join(dir, "egress.jsonl");
	return 0;
}

static int
no_log(void **state)
{
	(void)state;
	(void)unlink(log_path);
	return 0;
}

static int
tear_down(void **state)
{
	free(log_path);
	free(upstream_url);
	return state_tear_down(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(requests_share_a_connection_and_bodies_are_kept, no_log),
		cmocka_unit_test_setup(what_is_no_upstream_is_refused_and_logged, no_log),
		cmocka_unit_test_setup(what_goes_past_the_broker_is_refused_and_logged, no_log),
		cmocka_unit_test_setup(a_phase_may_have_no_log, no_log),
		cmocka_unit_test_setup(what_failed_is_logged_and_not_kept, no_log),
		cmocka_unit_test_setup(the_log_has_no_credentials, no_log),
		cmocka_unit_test_setup(a_killed_phase_is_whole_once_it_was_resumed, no_log),
		cmocka_unit_test_setup(only_what_its_digest_says_is_salvaged, no_log),
		cmocka_unit_test_setup(damaged_lines_are_left_out, no_log),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
