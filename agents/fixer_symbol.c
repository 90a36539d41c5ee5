#include "agents/fixer_symbol.h"

#include <string.h>

struct str
fixer_symbol_name(struct str s)
{
	static const struct {
		const char *symbol, *name;
	} aliases[] = {{"_setjmp", "setjmp"}, {"__sigsetjmp", "sigsetjmp"},
		{"__assert_fail", "assert"}, {"__errno_location", "errno"}, {"alloca", NULL},
		{"__xstat", "stat"}, {"__fxstat", "fstat"}, {"__lxstat", "lstat"},
		{"__xmknod", "mknod"}, {"__stack_chk_fail", NULL}, {"_GLOBAL_OFFSET_TABLE_", NULL}};
	static const char *const prefixes[] = {"__isoc99_", "__isoc23_", NULL};
	static const char *const wide[] = {"open64", "fopen64", "lseek64", "stat64", "fstat64",
		"lstat64", "ftruncate64", "truncate64", "mmap64", "creat64", "readdir64",
		"fseeko64", "ftello64", "freopen64", "tmpfile64", "getrlimit64", "setrlimit64",
		"glob64", "globfree64", "scandir64", "pread64", "pwrite64", "mkstemp64", "lockf64",
		"fcntl64", "statfs64", "fstatfs64", NULL};
	for (size_t i = 0; prefixes[i]; i++)
		if (str_starts(s, prefixes[i]))
			s = (struct str){s.p + strlen(prefixes[i]), s.n - strlen(prefixes[i])};
	for (size_t i = 0; wide[i]; i++)
		if (str_eq(s, wide[i]))
			s.n -= 2;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
		if (str_eq(s, aliases[i].symbol))
			s = str_of(aliases[i].name);
	return s;
}
