#include "base/lazy.h"

#include "base/own.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

/* The linker's names for the beginning and the end of what tools/lazy.sh puts there; nothing where no library is lazy. */
extern struct lazy_library __start_lazy_libraries[] __attribute__((weak));
extern struct lazy_library __stop_lazy_libraries[] __attribute__((weak));

static _Noreturn void
end(void)
{
	fprintf(stderr,
		"drydock: cannot load a library that it was built with (see drydock doctor): %s\n",
		dlerror());
	exit(3);
}

/* Two threads that come here at once get the same. */
static void *
handle_of(struct lazy_library *l)
{
	void *handle = __atomic_load_n(&l->handle, __ATOMIC_ACQUIRE);
	if (handle)
		return handle;
	handle = dlopen(l->soname, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		end();
	__atomic_store_n(&l->handle, handle, __ATOMIC_RELEASE);
	return handle;
}

void *
lazy_function(struct lazy_library *l, size_t number)
{
	void *function = dlsym(handle_of(l), l->names + l->offsets[number]);
	if (!function)
		end();
	__atomic_store_n(&l->slots[number], function, __ATOMIC_RELEASE);
	return function;
}

bool
lazy_try(size_t number, const char **ret_soname, char **ret_why)
{
	if (number >= (size_t)(__stop_lazy_libraries - __start_lazy_libraries))
		return false;
	*ret_soname = __start_lazy_libraries[number].soname;
	*ret_why = dlopen(*ret_soname, RTLD_NOW | RTLD_LOCAL) ? NULL : mem_strdup(dlerror());
	return true;
}
