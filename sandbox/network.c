/*
 * Theory of operation.  A drydock-box makes a user namespace and, owned by that, a network namespace, brings the
 * loopback interface up, hands descriptors of both over and ends: the namespaces live on by the descriptors, and
 * by the processes that join.  No process stays in that user namespace, and it is no pod's: whoever is root in a pod has
 * no capability over the network, whatever profile made him root.
 *
 * Started by root, the box of a pod enters the network first and makes the pod's user namespace then, beside the
 * network's.  An ordinary user has no right to do so but inside the network's user namespace, where he is root: so his
 * box enters both, and the pod's user namespace is a child of the network's.  Pods are thus never each other's children.
 */
#include "sandbox/network.h"

#include "base/spawn.h"
#include "sandbox/channel.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

struct network {
	atomic_uint holders;
	int user, network;
};

static int
start_maker(const struct state *st, int *ret_control, pid_t *ret_pid, struct dd_err *err)
{
	int ends[2];
	OWN_FREE char *program = sandbox_program("drydock-box");
	const char *mode = st->root ? BOX_MODE_ROOT : BOX_MODE_USER;
	const char *argv[] = {program, BOX_MAKE_NETWORK, mode, NULL}, *env[] = {NULL};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_errno(err, errno, "cannot make a socket pair");
	const struct spawn_fd fds[] = {{ends[1], BOX_CONTROL_FD}, {STDERR_FILENO, 2}};
	const struct spawn_spec spec = {
		.argv = argv, .env = env, .cwd = "/", .fds = fds, .nfds = 2};
	int rc = spawn_start(&spec, ret_pid, NULL, err);
	(void)close(ends[1]);
	if (rc < 0)
		(void)close(ends[0]);
	else
		*ret_control = ends[0];
	return rc;
}

static int
take_namespaces(int control, bool user, struct network *n, struct dd_err *err)
{
	OWN(reply) struct reply r = {0};
	int rc = channel_receive(control, &r, err);
	if (rc == 0 && r.type == BOX_FAILED)
		rc = reply_error(&r, err);
	if (rc < 0)
		return rc;
	n->network = reply_take_fd(&r, 0);
	n->user = reply_take_fd(&r, 1);
	if (r.type != BOX_FD || n->network < 0 || (user && n->user < 0))
		rc = err_set(err, DD_EIO, "sandbox: no network came");
	return rc;
}

int
network_create(const struct state *st, struct network **ret, struct dd_err *err)
{
	OWN_FD int control = -1;
	pid_t maker;
	int status, rc = start_maker(st, &control, &maker, err);
	if (rc < 0)
		return rc;
	struct network *n = mem_new(struct network);
	*n = (struct network){.holders = 1, .user = -1, .network = -1};
	rc = take_namespaces(control, !st->root, n, err);
	(void)!spawn_wait(maker, &status, NULL);
	if (rc < 0) {
		network_unref(n);
		return rc;
	}
	*ret = n;
	return 0;
}

struct network *
network_ref(struct network *n)
{
	n->holders++;
	return n;
}

void
network_unref(struct network *n)
{
	if (!n || --n->holders)
		return;
	if (n->user >= 0)
		(void)close(n->user);
	if (n->network >= 0)
		(void)close(n->network);
	free(n);
}

int
network_user_fd(const struct network *n)
{
	return n->user;
}

int
network_fd(const struct network *n)
{
	return n->network;
}
