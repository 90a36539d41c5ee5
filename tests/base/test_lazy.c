/* Libraries that are loaded when they are first used. */
#include "base/lazy.h"

#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A function with arguments of all kinds, and more than there are registers for. */
char *sqlite3_mprintf(const char *format, ...);
void sqlite3_free(void *p);

static bool
is_loaded(void)
{
	return dlopen("libsqlite3.so.0", RTLD_NOLOAD | RTLD_NOW) != NULL;
}

static bool
gives_what_it_should(void)
{
	char *got = sqlite3_mprintf("%s %d %d %d %d %d %d %g %g %g %g %g %g %g %g %g %s", "a", 1,
		-2, 3, 4, 5, 6, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, "z");
	bool ok = got && strcmp(got, "a 1 -2 3 4 5 6 0.5 1.5 2.5 3.5 4.5 5.5 6.5 7.5 8.5 z") == 0;
	sqlite3_free(got);
	return ok;
}

static void *
call_in_thread(void *ok)
{
	*(bool *)ok = gives_what_it_should();
	return NULL;
}

static void
in_a_child(void (*fn)(void), int wanted)
{
	int status;
	pid_t pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		fn();
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), wanted);
}

static void
call_first(void)
{
	bool before = is_loaded(), ok = gives_what_it_should() && gives_what_it_should();
	_exit(!before && ok && is_loaded() ? 0 : 1);
}

static void
call_from_threads(void)
{
	pthread_t threads[8];
	bool ok[8] = {false}, all = true;
	for (size_t i = 0; i < 8; i++)
		if (pthread_create(&threads[i], NULL, call_in_thread, &ok[i]) != 0)
			_exit(2);
	for (size_t i = 0; i < 8; i++)
		if (pthread_join(threads[i], NULL) != 0)
			_exit(2);
	for (size_t i = 0; i < 8; i++)
		all = all && ok[i];
	_exit(all ? 0 : 1);
}

static void
ask_for_what_is_not_there(void)
{
	static const uint32_t offsets[] = {0};
	void *slots[1] = {NULL};
	struct lazy_library l = {"libdrydock-none.so.1", "none", offsets, slots, NULL};
	(void)lazy_function(&l, 0);
}

static void
the_first_call_loads_it_and_loses_no_argument(void **state)
{
	(void)state;
	in_a_child(call_first, 0);
}

static void
threads_may_call_first_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		in_a_child(call_from_threads, 0);
}

static void
a_library_that_is_not_there_ends_the_process(void **state)
{
	(void)state;
	in_a_child(ask_for_what_is_not_there, 3);
}

static void
those_of_the_program_can_be_tried(void **state)
{
	(void)state;
	const char *soname = NULL;
	char *why;
	size_t n = 0;
	for (; lazy_try(n, &soname, &why); n++) {
		assert_non_null(strstr(soname, ".so"));
		assert_null(why);
	}
#ifdef DD_LAZY
	assert_true(n > 0);
#else
	assert_int_equal(n, 0);
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef DD_LAZY
		cmocka_unit_test(the_first_call_loads_it_and_loses_no_argument),
		cmocka_unit_test(threads_may_call_first_at_once),
#endif
		cmocka_unit_test(a_library_that_is_not_there_ends_the_process),
		cmocka_unit_test(
			those_of_the_program_can_be_tried), /* last: they are loaded then */
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
