#include "agents/fixer_path.h"

#include "agents/fixer.h"
#include "base/fs.h"

#include <string.h>

#define PATH_BYTES_MAX 8192

char *
fixer_path(const char *dir, struct str path)
{
	static const char tree[] = WORK_DIR "/";
	OWN(buf) struct buf all = {.max = PATH_BYTES_MAX};
	bool above;
	if (str_eq(path, WORK_DIR))
		return mem_strdup("");
	if (str_starts(path, tree))
		path = (struct str){path.p + strlen(tree), path.n - strlen(tree)};
	else if (path.n && path.p[0] == '/')
		return NULL;
	else
		buf_printf(&all, "%s/", *dir ? dir : ".");
	while (path.n && path.p[0] == '/')
		path = (struct str){path.p + 1, path.n - 1};
	buf_add_str(&all, path);
	OWN_FREE char *plain = fs_plain_path(buf_str(&all), &above);
	return above ? NULL : TAKE(plain);
}
