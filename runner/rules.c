#include "runner/rules.h"

#include "base/fs.h"
#include "base/log.h"

#include <fcntl.h>

#define MAX_RULES ((size_t)64 << 10)
#define IN_THE_TREE ".drydock/rules.md"

static void
read_of_tree(const char *root, struct buf *ret)
{
	OWN_FD int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OWN_FD int fd = -1;
	char chunk[4096];
	ssize_t n;
	if (dir < 0 || fs_open_in_root(
			       dir, IN_THE_TREE, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, &fd, NULL) < 0)
		return;
	size_t before = ret->n;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		if (ret->n - before + (size_t)n > MAX_RULES) {
			log_warn("%s of the tree has more than %zu bytes: it is left out",
				IN_THE_TREE, MAX_RULES);
			ret->n = before;
			return;
		}
		buf_add(ret, chunk, (size_t)n);
	}
}

int
rules_read(const char *root, struct buf *ret_user, struct buf *ret_project, struct dd_err *err)
{
	OWN_FREE char *own = fs_user_config("rules.md");
	int rc = fs_read_if_any(own, MAX_RULES, ret_user, err);
	if (rc == 0)
		read_of_tree(root, ret_project);
	return rc;
}
