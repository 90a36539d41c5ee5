#include "runner/front/front.h"

#include "base/fs.h"

#include <string.h>

char *
front_program(const char *name)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	char *beside = fs_join(self, name);
	if (fs_exists(beside))
		return beside;
	free(beside);
	return mem_printf("%s/../libexec/drydock/%s", self, name);
}

void
front_exec_core(char **args)
{
	OWN_FREE char *program = front_program("drydock-core");
	OWN(strlist) struct strlist argv = {0};
	strlist_add(&argv, program);
	for (; *args; args++)
		strlist_add(&argv, *args);
	(void)execv(program, argv.v);
}
