/* Trees of a few files, and what is detected of them. */
#ifndef TESTS_ENVPROBE_DETECTING_H
#define TESTS_ENVPROBE_DETECTING_H

#include "envprobe/detect.h"
#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct file {
	const char *path, *text;
};

/* Of files up to one without a path; the caller cleans the project up. */
static inline struct project
detect(const struct file *files, const char *wanted)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(dir);
	struct tree t = {.fd = -1};
	struct project p;
	for (; files->path; files++) {
		OWN_FREE char *parent = mem_strdup(files->path);
		for (char *slash = strchr(parent, '/'); slash; slash = strchr(slash + 1, '/')) {
			*slash = '\0';
			(void)mkdirat(fd, parent, 0700);
			*slash = '/';
		}
		tmpdir_write(fd, files->path, files->text);
	}
	if (tree_open(dir, &t, &err) < 0)
		fail_msg("%s", err_msg(&err));
	detect_project(&t, wanted, &p);
	tree_cleanup(&t);
	return p;
}

#define FILES(...) \
	(const struct file[]) \
	{ \
		__VA_ARGS__, \
		{ \
			NULL, NULL \
		} \
	}

#endif
