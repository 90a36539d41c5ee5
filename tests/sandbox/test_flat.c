/* Stacks of more layers than are mounted one by one. */
#include "base/fs.h"
#include "sandbox/flat.h"
#include "sandbox/sandbox.h"
#include "tests/sandbox/state_fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OWNER "run-test"
#define DEEP 140

static struct stack work;

static void
run(const struct stack *s, enum exec_profile profile, const char *script, struct buf *out,
	struct pod **ret_pod)
{
	OWN(dd_err) struct dd_err err = {0};
	const char *argv[] = {"/bin/sh", "-ec", script, NULL};
	const struct pod_spec pod = {.state = &st, .work = s};
	const struct exec_spec spec = {.argv = argv,
		.profile = profile,
		.fds = {-1, -1, -1},
		.on_output = keep,
		.ctx = out,
		.time_limit_ms = 60000};
	struct exec_result r;
	struct pod *p = NULL;
	must(pod_open(&pod, &p, &err), &err);
	must(pod_exec(p, &spec, &r, &err), &err);
	if (r.exit_code != 0)
		fail_msg("%s: %s", script, out->p ? out->p : "");
	if (ret_pod)
		*ret_pod = p;
	else
		pod_close(p);
}

static void
add_layer(const char *script)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf out = {0};
	OWN_FREE char *step = mem_printf("%zu", work.n);
	struct hash_hex key = stack_next_key(&work, str_of(step));
	struct pod *p;
	run(&work, PROFILE_PROVISION, script, &out, &p);
	must(layer_lease(&st, OWNER, key.s, &err), &err);
	must(pod_freeze(p, POD_WORK, key.s, &err), &err);
	stack_push(&work, key.s);
}

/* All that a pod can see of its work tree; then how many layers that is mounted from. */
static void
look(struct buf *tree, int *ret_layers)
{
	OWN(buf) struct buf mounts = {0};
	run(&work, PROFILE_PROVISION,
		"cd /work; find . -mindepth 1 -type d -printf '%P d %m %U %G %T@\\n' | sort;"
		"find . ! -type d -printf '%P %y %m %U %G %n %T@ %l\\n' | sort;"
		"find . -type f | sort | xargs -d '\\n' sha256sum;"
		"perl -e 'use strict; for (@ARGV) { print qq($_ ), join(q( ), sort(split /\\0/, do { my $b = q( ) x 999;"
		" my $n = syscall(195, $_, $b, 999); $n > 0 ? substr($b, 0, $n) : q() })), qq(\\n) }' $(find . -type f | sort | head -n 30)",
		tree, NULL);
	run(&work, PROFILE_PROVISION,
		"grep ' /work ' /proc/self/mountinfo | sed 's/.* rw,//' | tr ',:' '\\n\\n' | grep -c '^lowerdir\\|^[0-9/]'",
		&mounts, NULL);
	*ret_layers = atoi(mounts.p);
}

static void
await_flat(void)
{
	struct hash_hex key;
	for (int i = 0; i < 1200 && flat_find(&st, &work, &key) != flat_prefix(work.n); i++)
		(void)usleep(100000);
	assert_int_equal(flat_find(&st, &work, &key), flat_prefix(work.n));
}

static void
nothing_of_a_tree_changes_when_its_layers_become_one(void **state)
{
	(void)state;
	OWN(buf) struct buf before = {0}, after = {0};
	int many, few;
	add_layer(
		"cd /work; mkdir -p a/deep b; echo x >a/x; echo y >a/deep/y; echo z >b/z; ln b/z b/hard; ln -s a/x link; mkfifo fifo;"
		"chmod 0604 a/x; chmod 2750 b; touch -d @12345 a/deep/y; : >'a name\twith blanks'");
	add_layer("cd /work; rm a/x link; echo again >b/z; chown 7:8 a/deep/y || :");
	add_layer(
		"cd /work; rm -r a; mkdir a; echo new >a/new; mkdir -m 0700 closed; echo s >closed/s; chmod 4711 closed/s");
	add_layer(
		"cd /work; mv b/hard c; perl -e 'my ($p, $k, $v) = (q(c), q(user.colour), q(red)); syscall(188, $p, $k, $v, 3, 0)'");
	while (work.n < FLAT_ABOVE) {
		OWN_FREE char *script = mem_printf("echo %zu >/work/file-%zu", work.n, work.n);
		add_layer(script);
	}
	look(&before, &many);
	assert_int_equal(flat_prefix(work.n), 0);
	add_layer("echo the last >/work/last; rm /work/file-10"); /* which asks for it */
	await_flat();
	buf_reset(&before);
	OWN_FREE char *named = mem_printf("%s/flat", st.dir),
		      *aside = mem_printf("%s/aside", st.dir);
	assert_int_equal(rename(named, aside), 0);
	look(&before, &many);
	assert_int_equal(rename(aside, named), 0);
	look(&after, &few);
	assert_string_equal(after.p, before.p);
	assert_non_null(strstr(after.p, "closed/s f 4711"));
	assert_null(strstr(after.p, "file-10"));
	assert_null(strstr(after.p, "deep"));
	assert_true(many >= FLAT_ABOVE);
	assert_true(few < FLAT_ABOVE);
}

static void
a_flattening_that_was_killed_leaves_nothing_half_made(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(strlist) struct strlist left = {0};
	OWN_FREE char *pods = state_path(&st, "pods"), *named = state_path(&st, "flat");
	struct hash_hex key;
	assert_int_equal(flat_find(&st, &work, &key), flat_prefix(work.n));
	for (useconds_t us = 2000; us < 200000; us = us * 3 / 2) {
		OWN_FREE char *layer = mem_printf("%s/layers/%s", st.dir, key.s);
		must(fs_remove_tree(named, &err), &err);
		must(fs_remove_tree(layer, &err), &err);
		pid_t pid = fork();
		if (pid == 0)
			_exit(stack_flatten(&st, &work, NULL) < 0);
		(void)usleep(us);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		struct hash_hex found;
		OWN_FREE char *last = mem_printf("%s/fs/last", layer);
		OWN_FREE char *file = mem_printf("%s/fs/file-15", layer);
		assert_true(!flat_find(&st, &work, &found) || fs_exists(file));
		assert_false(fs_exists(last));
	}
	for (int i = 0; i < 1000; i++) { /* until the kernel has buried its pod */
		strlist_cleanup(&left);
		must(sandbox_sweep(&st, NULL, &err), &err);
		must(fs_list(pods, &left, &err), &err);
		if (!left.n)
			break;
		(void)usleep(20000);
	}
	assert_int_equal(left.n, 0);
	must(stack_flatten(&st, &work, &err), &err);
	assert_int_equal(flat_find(&st, &work, &key), flat_prefix(work.n));
}

static void
a_stack_of_many_layers_opens_with_and_without_one(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf before = {0}, after = {0};
	int many, few;
	while (work.n < DEEP) { /* as a freeze makes them, but for the pod */
		OWN_FREE char *step = mem_printf("%zu", work.n);
		struct hash_hex key = stack_next_key(&work, str_of(step));
		OWN_FREE char *top = mem_printf("%s/pods/top", st.dir);
		OWN_FREE char *tree = fs_join(top, "fs"),
			      *file = mem_printf("%s/deep-%zu", tree, work.n);
		must(fs_mkdirs(tree, 0755, &err), &err);
		must(fs_write_atomic(file, str_of(step), 0644, &err), &err);
		assert_int_equal(chmod(top, 0755), 0);
		must(layer_lease(&st, OWNER, key.s, &err), &err);
		must(layer_publish(&st, key.s, top, &err), &err);
		stack_push(&work, key.s);
	}
	must(layer_settle(&st, &err), &err);
	OWN_FREE char *named = mem_printf("%s/flat", st.dir),
		      *aside = mem_printf("%s/aside", st.dir);
	assert_int_equal(rename(named, aside), 0);
	look(&before, &many);
	assert_true(many >= DEEP);
	assert_int_equal(rename(aside, named), 0);
	must(stack_flatten(&st, &work, &err), &err);
	look(&after, &few);
	assert_true(few < FLAT_ABOVE);
	assert_string_equal(after.p, before.p);
	assert_non_null(strstr(after.p, "deep-139 "));
}

static void
a_flat_layer_stays_as_long_as_what_it_stands_for(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	const struct gc_spec all = {0};
	struct gc_result r = {0};
	struct hash_hex key;
	size_t n = flat_find(&st, &work, &key);
	assert_true(n > 0);
	must(layer_collect(&st, &all, &r, &err), &err);
	assert_int_equal(r.layers, 0);
	assert_int_equal(flat_find(&st, &work, &key), n);
	must(layer_release_all(&st, OWNER, &err), &err);
	must(layer_collect(&st, &all, &r, &err), &err);
	assert_true(r.layers > DEEP);
	assert_int_equal(flat_find(&st, &work, &key), 0);
	OWN_FREE char *named = state_path(&st, "flat");
	OWN(strlist) struct strlist names = {0};
	must(fs_list(named, &names, &err), &err);
	assert_int_equal(names.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_of_a_tree_changes_when_its_layers_become_one),
		cmocka_unit_test(a_flattening_that_was_killed_leaves_nothing_half_made),
		cmocka_unit_test(a_stack_of_many_layers_opens_with_and_without_one),
		cmocka_unit_test(a_flat_layer_stays_as_long_as_what_it_stands_for),
	};
	int rc = cmocka_run_group_tests(tests, state_set_up, state_tear_down);
	stack_cleanup(&work);
	return rc;
}
