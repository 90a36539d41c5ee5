#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int destroyed;

static void
count_destroyed(void *value)
{
	destroyed++;
	free(value);
}

static void
a_zeroed_map_is_empty(void **state)
{
	(void)state;
	OWN(map) struct map m = {0};
	assert_null(map_get(&m, "a"));
	assert_null(map_first(&m));
	assert_int_equal(map_count(&m), 0);
	assert_false(map_remove(&m, "a"));
}

static void
keys_are_copied_and_compared_as_bytes(void **state)
{
	(void)state;
	OWN(map) struct map m = {0};
	char key[] = "name";
	int one = 1, two = 2;
	map_put(&m, key, &one);
	map_put_str(&m, (struct str){"a\0b", 3}, &two);
	key[0] = 'X';
	assert_ptr_equal(map_get(&m, "name"), &one);
	assert_null(map_get(&m, "nam"));
	assert_null(map_get(&m, "a"));
	assert_ptr_equal(map_get_str(&m, (struct str){"a\0b", 3}), &two);
	assert_null(map_get_str(&m, (struct str){"a\0c", 3}));
}

static void
iteration_is_in_insertion_order_also_after_replacing_and_removing(void **state)
{
	(void)state;
	OWN(map) struct map m = {0};
	OWN(buf) struct buf seen = {0};
	const char *keys[] = {"zebra", "ant", "mole", "", "bee"};
	for (size_t i = 0; i < 5; i++)
		map_put(&m, keys[i], (void *)keys[i]);
	map_put(&m, "ant", (void *)"replaced");
	assert_true(map_remove(&m, "mole"));
	assert_false(map_remove(&m, "mole"));
	for (struct map_entry *e = map_first(&m); e; e = map_next(e))
		buf_printf(&seen, "%s=%s;", map_key(e), (const char *)map_value(e));
	assert_string_equal(seen.p, "zebra=zebra;ant=replaced;=;bee=bee;");
	assert_int_equal(map_count(&m), 4);
}

static void
each_owned_value_is_destroyed_once(void **state)
{
	(void)state;
	struct map m = {.destroy = count_destroyed};
	destroyed = 0;
	char *kept = mem_strdup("kept");
	map_put(&m, "a", mem_strdup("1"));
	map_put(&m, "a", mem_strdup("2"));
	assert_int_equal(destroyed, 1);
	map_put(&m, "b", kept);
	map_put(&m, "b", kept); /* the same value again is no replacement */
	assert_int_equal(destroyed, 1);
	assert_true(map_remove(&m, "a"));
	assert_int_equal(destroyed, 2);
	map_cleanup(&m);
	assert_int_equal(destroyed, 3);
	assert_int_equal(map_count(&m), 0);
}

static void
many_keys_are_all_found(void **state)
{
	(void)state;
	OWN(map) struct map m = {0};
	const size_t n = 50000;
	for (size_t i = 0; i < n; i++) {
		OWN_FREE char *key = mem_printf("usr/include/%zu.h", i);
		map_put(&m, key, (void *)(uintptr_t)(i + 1));
	}
	assert_int_equal(map_count(&m), n);
	for (size_t i = 0; i < n; i++) {
		OWN_FREE char *key = mem_printf("usr/include/%zu.h", i);
		assert_int_equal((uintptr_t)map_get(&m, key), i + 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zeroed_map_is_empty),
		cmocka_unit_test(keys_are_copied_and_compared_as_bytes),
		cmocka_unit_test(iteration_is_in_insertion_order_also_after_replacing_and_removing),
		cmocka_unit_test(each_owned_value_is_destroyed_once),
		cmocka_unit_test(many_keys_are_all_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
