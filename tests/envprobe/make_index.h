/* A compiled package index from lists in the text of a test. */
#ifndef TESTS_ENVPROBE_MAKE_INDEX_H
#define TESTS_ENVPROBE_MAKE_INDEX_H

#include "base/fs.h"
#include "envprobe/envprobe.h"
#include "envprobe/index.h"
#include "tests/base/tmpdir.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

/* Run the worker on text; its exit status, what it wrote into the file at `to`. */
static inline int
run_index_worker(const char *text, size_t n, const char *to)
{
	OWN_FREE char *from = mem_printf("%s.in", to);
	int status = 0;
	if (fs_write_atomic(from, (struct str){text, n}, 0600, NULL) < 0)
		abort();
	(void)fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		if (!freopen(from, "r", stdin) || !freopen(to, "w", stdout) ||
			!freopen("/dev/null", "w", stderr))
			_exit(99);
		_exit(probe_index_worker_main(0, NULL));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* Packages stanzas and Contents lines; NULL when the worker refuses them. */
static inline struct pkgindex *
make_index(const char *packages, const char *contents)
{
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FREE char *path = fs_join(dir, "index");
	OWN_FREE char *text = mem_printf("%s\n\f\n%s\n\f\n", packages, contents);
	struct pkgindex *x = NULL;
	if (run_index_worker(text, strlen(text), path) == 0)
		(void)!pkgindex_map(path, &x, NULL);
	return x; /* the mapping outlives the file */
}

#endif
