/*
 * The network of a pod: its own, or one that it shares with other pods (sandbox/network.c); nothing but the
 * loopback interface in both.
 */
#include "sandbox/box/box.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

void
network_bring_up(void)
{
	struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		box_die(errno, "cannot bring the loopback interface up");
	(void)close(fd);
}

static void
enter(int fd, int kind, const char *name)
{
	if (setns(fd, kind) < 0)
		box_die(errno, "cannot enter the %s namespace of another pod's network (setns)",
			name);
	(void)close(fd);
}

bool
network_join(void)
{
	if (fcntl(BOX_NETWORK_FD, F_GETFD) < 0)
		return false;
	if (fcntl(BOX_NETWORK_USER_FD, F_GETFD) >= 0)
		enter(BOX_NETWORK_USER_FD, CLONE_NEWUSER, "user");
	enter(BOX_NETWORK_FD, CLONE_NEWNET, "network");
	return true;
}

static int
open_own(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		box_die(errno, "cannot open %s", path);
	return fd;
}

void
network_make(bool enter_user)
{
	const struct box_id outside = {geteuid(), getegid()};
	namespaces_enter_new(CLONE_NEWUSER | CLONE_NEWNET);
	/* Only who has an id there can make the namespace of a pod below it. */
	if (enter_user)
		map_single_id(&(struct box_id){0, 0}, &outside);
	network_bring_up();
	write_value("/proc/sys/" BOX_PORTS_SWITCH, "0");
	const int fds[2] = {open_own("/proc/self/ns/net"), open_own("/proc/self/ns/user")};
	message_send(BOX_CONTROL_FD, BOX_FD, fds, enter_user ? 2 : 1, "n=%d", enter_user ? 2 : 1);
}
