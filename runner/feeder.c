#include "runner/feeder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

static void *
feed(void *p)
{
	struct feeder *f = p;
	sigset_t pipe_only;
	(void)sigemptyset(&pipe_only);
	(void)sigaddset(&pipe_only, SIGPIPE);
	(void)pthread_sigmask(
		SIG_BLOCK, &pipe_only, NULL); /* of this thread alone, and gone with it */
	f->rc = pack_tree(f->dir_fd, f->out_fd, NULL, &f->packed, &f->err);
	(void)close(f->out_fd);
	f->out_fd = -1;
	return NULL;
}

int
feeder_start(struct feeder *f, const char *dir, int *ret_read_fd, struct dd_err *err)
{
	int ends[2];
	*f = (struct feeder){.out_fd = -1};
	f->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dir_fd < 0)
		return err_errno(err, errno, "source %s", dir);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	f->out_fd = ends[1];
	if (pthread_create(&f->thread, NULL, feed, f) != 0) {
		(void)close(ends[0]);
		return err_set(err, DD_EIO, "cannot start a thread");
	}
	f->running = true;
	*ret_read_fd = ends[0];
	return 0;
}

bool
feeder_end(struct feeder *f)
{
	if (f->running)
		(void)pthread_join(f->thread, NULL);
	if (f->dir_fd >= 0)
		(void)close(f->dir_fd);
	if (f->out_fd >= 0)
		(void)close(f->out_fd);
	f->dir_fd = f->out_fd = -1;
	return f->rc < 0 && !str_ends(str_of(err_msg(&f->err)), strerror(EPIPE));
}

int
feeder_give(
	struct pod *pod, const char *dir, const char *worker, const char *what, struct dd_err *err)
{
	struct feeder f = {.dir_fd = -1, .out_fd = -1};
	OWN_FD int input = -1;
	OWN(buf) struct buf out = {.max = 1 << 20};
	const char *args[] = {what, NULL};
	int rc = feeder_start(&f, dir, &input, err);
	const struct worker_spec spec = {.name = worker, .args = args, .input_fd = input};
	if (rc == 0)
		rc = worker_exec(pod, &spec, &out, err);
	if (input >= 0)
		(void)close(TAKE_FD(input));
	if (feeder_end(&f))
		rc = err_set(err, DD_EIO, "%s", err_msg(&f.err));
	dd_err_cleanup(&f.err);
	return rc;
}
