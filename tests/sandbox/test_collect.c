/* Collection of layers and objects, and the leases that keep them. */
#include "base/cas.h"
#include "tests/sandbox/state_fixture.h"

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *cas;

static struct hash_hex
put(const char *text)
{
	OWN(dd_err) struct dd_err err = {0};
	struct hash_hex digest;
	must(cas_put(cas, str_of(text), &digest, &err), &err);
	return digest;
}

static void
lease(const char *owner, const char *const *digests)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(strlist) struct strlist l = {0};
	for (; *digests; digests++)
		strlist_add(&l, *digests);
	must(object_lease(&st, owner, &l, &err), &err);
}

static struct gc_result
collect(const struct gc_spec *spec)
{
	OWN(dd_err) struct dd_err err = {0};
	struct gc_result r = {0};
	must(layer_collect(&st, spec, &r, &err), &err);
	must(object_collect(&st, spec, &r, &err), &err);
	return r;
}

static const struct gc_spec everything, only_count = {.dry_run = true};

static void
release(const char *owner)
{
	OWN(dd_err) struct dd_err err = {0};
	must(layer_release_all(&st, owner, &err), &err);
}

static void
objects_nobody_leases_go(void **state)
{
	(void)state;
	struct hash_hex a = put("a"), b = put("b"), c = put("c");
	const char *const run[] = {a.s, NULL}, *const image[] = {a.s, b.s, NULL};
	lease("run-1", run);
	lease("image-base", image);
	assert_int_equal(collect(&only_count).objects, 1);
	assert_true(cas_has(cas, c.s));
	struct gc_result r = collect(&everything);
	assert_int_equal(r.objects, 1);
	assert_true(r.bytes > 0);
	assert_false(cas_has(cas, c.s));
	release("image-base");
	assert_int_equal(collect(&everything).objects, 1);
	assert_true(cas_has(cas, a.s));
	assert_false(cas_has(cas, b.s));
	release("run-1");
	assert_int_equal(collect(&everything).objects, 1);
	assert_int_equal(collect(&everything).objects, 0);
}

static void
what_is_needed_stays_and_leases_of_the_gone_do_not_count(void **state)
{
	(void)state;
	OWN(strlist) struct strlist needed = {0}, gone = {0};
	struct hash_hex a = put("a"), b = put("b"), c = put("c");
	const char *const one[] = {a.s, NULL}, *const two[] = {b.s, NULL};
	const struct gc_spec spec = {.gone = &gone, .needed = &needed, .dry_run = true};
	lease("run-1", one);
	lease("run-2", two);
	strlist_add(&needed, c.s);
	assert_int_equal(collect(&spec).objects, 0);
	strlist_add(&gone, "run-2");
	assert_int_equal(collect(&spec).objects, 1);
	assert_true(cas_has(cas, b.s));
	release("run-1");
	release("run-2");
	assert_int_equal(collect(&everything).objects, 3);
}

static void
an_owner_keeps_what_it_has_now(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(strlist) struct strlist now = {0};
	struct stack layers = {0};
	struct hash_hex a = put("a"), b = put("b"), old = hash_bytes(STR("old")),
			new = hash_bytes(STR("new"));
	const char *const before[] = {a.s, b.s, NULL}, *const after[] = {b.s, NULL};
	lease("image-base", before);
	lease("image-base", after);
	must(layer_lease(&st, "image-base", old.s, &err), &err);
	must(layer_lease(&st, "image-base", new.s, &err), &err);
	stack_push(&layers, new.s);
	strlist_add(&now, b.s);
	must(lease_keep_only(&st, "image-base", &layers, &now, &err), &err);
	assert_int_equal(collect(&everything).objects, 1);
	assert_true(cas_has(cas, b.s));
	OWN_FREE char *kept = mem_printf("%s/leases/image-base/%s", dir, new.s);
	OWN_FREE char *dropped = mem_printf("%s/leases/image-base/%s", dir, old.s);
	assert_true(fs_exists(kept));
	assert_false(fs_exists(dropped));
	stack_cleanup(&layers);
	release("image-base");
	(void)collect(&everything);
}

static void
a_list_that_cannot_be_read_stops_the_collection(void **state)
{
	(void)state;
	OWN_FREE char *owner = state_path(&st, "leases/run-1");
	OWN_FREE char *list = fs_join(owner, "objects-0");
	struct hash_hex a = put("a");
	struct gc_result r = {0};
	assert_int_equal(fs_mkdirs(list, 0700, NULL), 0);
	assert_true(object_collect(&st, &everything, &r, NULL) < 0);
	assert_true(cas_has(cas, a.s));
	release("run-1");
	(void)collect(&everything);
}

static void
what_is_no_object_is_left_alone(void **state)
{
	(void)state;
	OWN_FREE char *aside = fs_join(cas, "quarantine/x");
	OWN_FREE char *odd = fs_join(cas, "ab/not-an-object");
	OWN_FREE char *quarantine = fs_join(cas, "quarantine");
	OWN_FREE char *ab = fs_join(cas, "ab");
	assert_int_equal(fs_mkdirs(quarantine, 0700, NULL), 0);
	assert_int_equal(fs_mkdirs(ab, 0700, NULL), 0);
	assert_int_equal(fs_write_atomic(aside, STR("x"), 0600, NULL), 0);
	assert_int_equal(fs_write_atomic(odd, STR("x"), 0600, NULL), 0);
	assert_int_equal(collect(&everything).objects, 0);
	assert_true(fs_exists(aside));
	assert_true(fs_exists(odd));
}

static struct hash_hex
make_layer(const char *name)
{
	OWN(dd_err) struct dd_err err = {0};
	struct hash_hex key = hash_bytes(str_of(name));
	OWN_FREE char *fs = layer_dir(&st, key.s);
	must(fs_mkdirs(fs, 0700, &err), &err);
	return key;
}

static void
layers_nobody_leases_go(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	OWN(strlist) struct strlist gone = {0};
	const struct gc_spec spec = {.gone = &gone, .dry_run = true};
	struct hash_hex a = make_layer("a"), b = make_layer("b"), busy = make_layer("busy");
	OWN_FD int lock = -1;
	must(layer_lease(&st, "run-1", a.s, &err), &err);
	must(layer_lock(&st, busy.s, &lock, &err), &err);
	assert_int_equal(collect(&only_count).layers, 1);
	strlist_add(&gone, "run-1");
	assert_int_equal(collect(&spec).layers, 2);
	assert_int_equal(collect(&everything).layers, 1);
	assert_true(layer_exists(&st, a.s));
	assert_false(layer_exists(&st, b.s));
	assert_true(layer_exists(&st, busy.s)); /* somebody is making it */
	(void)close(TAKE_FD(lock));
	release("run-1");
	assert_int_equal(collect(&everything).layers, 2);
}

static void
layers_of_an_open_pod_stay(void **state)
{
	(void)state;
	OWN(dd_err) struct dd_err err = {0};
	struct hash_hex below = make_layer("below"), top = make_layer("top");
	struct stack work = {0};
	stack_push(&work, below.s);
	stack_push(&work, top.s);
	const struct pod_spec spec = {.state = &st, .work = &work};
	struct pod *p;
	must(pod_open(&spec, &p, &err), &err);
	assert_int_equal(collect(&everything).layers, 0);
	assert_true(layer_exists(&st, below.s));
	pod_close(p);
	assert_int_equal(collect(&everything).layers, 2);
	stack_cleanup(&work);
}

/* ---- against others at work ---- */

static pid_t
in_child(int (*fn)(void), int our_lock)
{
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(our_lock); /* else it would hold it, too */
		_exit(fn() < 0);
	}
	assert_true(pid > 0);
	return pid;
}

/* It must wait for the lock that we hold. */
static void
must_wait(pid_t pid)
{
	const struct timespec moment = {.tv_nsec = 300000000};
	(void)nanosleep(&moment, NULL);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
}

static void
must_end(pid_t pid)
{
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int
lock_leases(void)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_FREE char *path = state_path(&st, "locks/leases");
	int lock = -1;
	must(fs_lock(path, true, &lock, &err), &err);
	return lock;
}

static int
collect_objects(void)
{
	struct gc_result r = {0};
	return object_collect(&st, &everything, &r, NULL);
}

static int
collect_layers(void)
{
	struct gc_result r = {0};
	return layer_collect(&st, &everything, &r, NULL);
}

static int
lease_object(void)
{
	OWN(strlist) struct strlist l = {0};
	strlist_add(&l, hash_bytes(STR("a")).s);
	return object_lease(&st, "run-2", &l, NULL);
}

static int
lease_layer(void)
{
	return layer_lease(&st, "run-2", hash_bytes(STR("layer")).s, NULL);
}

/* Who leases while a collection is about to begin keeps what it finds. */
static void
collections_and_leases_wait_for_each_other(void **state)
{
	(void)state;
	struct hash_hex a = put("a"), layer = make_layer("layer");
	OWN_FREE char *owner = state_path(&st, "leases/run-1");
	OWN_FREE char *list = fs_join(owner, "objects-by-hand");
	OWN_FREE char *layer_path = fs_join(owner, layer.s);
	OWN_FREE char *line = mem_printf("%s\n", a.s);
	OWN_FD int lock = lock_leases();
	pid_t collectors[] = {in_child(collect_objects, lock), in_child(collect_layers, lock)};
	for (int i = 0; i < 2; i++)
		must_wait(collectors[i]);
	assert_int_equal(fs_mkdirs(owner, 0700, NULL), 0);
	assert_int_equal(fs_write_atomic(list, str_of(line), 0600, NULL), 0);
	assert_int_equal(fs_write_atomic(layer_path, STR(""), 0600, NULL), 0);
	(void)close(TAKE_FD(lock));
	for (int i = 0; i < 2; i++)
		must_end(collectors[i]);
	assert_true(cas_has(cas, a.s));
	assert_true(layer_exists(&st, layer.s));
	lock = lock_leases(); /* as a collection does */
	pid_t runs[] = {in_child(lease_object, lock), in_child(lease_layer, lock)};
	for (int i = 0; i < 2; i++)
		must_wait(runs[i]);
	(void)close(TAKE_FD(lock));
	for (int i = 0; i < 2; i++)
		must_end(runs[i]);
	release("run-1");
	assert_int_equal(collect(&everything).objects, 0);
	assert_true(layer_exists(&st, layer.s));
	release("run-2");
	(void)collect(&everything);
}

static int
set_up(void **state)
{
	int rc = state_set_up(state);
	cas = rc == 0 ? state_path(&st, "cas") : NULL;
	return rc;
}

static int
tear_down(void **state)
{
	free(cas);
	return state_tear_down(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_nobody_leases_go),
		cmocka_unit_test(what_is_needed_stays_and_leases_of_the_gone_do_not_count),
		cmocka_unit_test(an_owner_keeps_what_it_has_now),
		cmocka_unit_test(a_list_that_cannot_be_read_stops_the_collection),
		cmocka_unit_test(what_is_no_object_is_left_alone),
		cmocka_unit_test(layers_nobody_leases_go),
		cmocka_unit_test(layers_of_an_open_pod_stay),
		cmocka_unit_test(collections_and_leases_wait_for_each_other),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
