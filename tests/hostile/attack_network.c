/*
 * From one pod to another that is in the same network: everything but to be each other's client.  Profiles that
 * are root inside have a right to nothing of the network, either.
 */
#include "tests/hostile/attack.h"

#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

static socklen_t
abstract_name(struct sockaddr_un *a, const char *name)
{
	size_t n = strlen(name);
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(a->sun_path + 1, name, n);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
}

/* Waits for a client on an abstract socket, and then until it is told to end. */
static void
victim(const char *name, char **args)
{
	struct sockaddr_un a;
	socklen_t n = abstract_name(&a, args[0]);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char word = 0;
	if (bind(fd, (struct sockaddr *)&a, n) < 0 || listen(fd, 5) < 0) {
		say_result(name, -1);
		return;
	}
	while (word != 'e') {
		int c = accept(fd, NULL, NULL);
		if (read(c, &word, 1) != 1)
			word = 0;
		(void)close(c);
	}
	say(name, "lives");
}

static int
connect_to(const char *name)
{
	struct sockaddr_un a;
	socklen_t n = abstract_name(&a, name);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	for (int i = 0; i < 100 && connect(fd, (struct sockaddr *)&a, n) < 0; i++)
		(void)usleep(50000);
	return fd;
}

static void
end_victim(const char *name, char **args)
{
	int fd = connect_to(args[0]);
	if (write(fd, "e", 1) != 1)
		say_result(name, -1);
}

/* A descriptor of the process at the other end of a socket: no number is needed to signal that. */
static void
signal_peer(const char *name, char **args)
{
	int fd = connect_to(args[0]), peer = -1;
	socklen_t n = sizeof(peer);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &peer, &n) < 0) {
		say(name, "no-descriptor");
		return;
	}
	say_result(name, syscall(SYS_pidfd_send_signal, peer, SIGKILL, NULL, 0));
}

/* As whom, and as what process, the other one shows. */
static void
credentials_of_peer(const char *name, char **args)
{
	struct ucred u = {0};
	socklen_t n = sizeof(u);
	int fd = connect_to(args[0]);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &n) < 0)
		say_result(name, -1);
	else
		printf("%s process %d\n", name, (int)u.pid);
}

static void
signal_all(const char *name, char **args)
{
	(void)args;
	for (pid_t pid = 2; pid < 100000; pid++)
		if (pid != getpid() && pid != getppid())
			(void)kill(pid, SIGKILL);
	say(name, "tried");
}

/* The user namespace that owns the network: the kernel shows it only to who is in it or above. */
static void
owner_of_network(const char *name, char **args)
{
	int fd = open("/proc/self/ns/net", O_RDONLY);
	(void)args;
	say_result(name, ioctl(fd, NS_GET_USERNS));
}

struct ask_address {
	struct nlmsghdr h;
	struct ifaddrmsg a;
	struct rtattr attribute;
	struct in_addr address;
};

static void
add_address(const char *name, char **args)
{
	struct ask_address ask = {.h = {.nlmsg_len = sizeof(ask),
					  .nlmsg_type = RTM_NEWADDR,
					  .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK},
		.a = {.ifa_family = AF_INET, .ifa_prefixlen = 8, .ifa_index = 1},
		.attribute = {sizeof(struct rtattr) + sizeof(struct in_addr), IFA_LOCAL},
		.address = {htonl(0x0a000001)}};
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char rest[512];
	} answer = {0};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	(void)args;
	if (fd < 0 || send(fd, &ask, sizeof(ask), 0) < 0 ||
		recv(fd, &answer, sizeof(answer), 0) < 0) {
		say_result(name, -1);
		return;
	}
	errno = -answer.e.error;
	say_result(name, answer.h.nlmsg_type == NLMSG_ERROR && answer.e.error == 0 ? 0 : -1);
}

static void
interface_down(const char *name, char **args)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct {
		char name[16];
		short flags;
		char rest[22];
	} r = {"lo", 0, {0}};
	(void)args;
	say_result(name, ioctl(fd, 0x8914 /* SIOCSIFFLAGS */, &r));
}

static void
switches(const char *name, char **args)
{
	static const char *const paths[] = {"/proc/sys/net/ipv4/ip_unprivileged_port_start",
		"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/core/somaxconn",
		"/proc/sys/net/ipv4/tcp_syncookies", NULL};
	(void)args;
	for (size_t i = 0; paths[i]; i++)
		if (open(paths[i], O_WRONLY) >= 0)
			printf("%s opens %s\n", name, paths[i]);
	say(name, "tried");
}

static const struct attack attacks[] = {
	{"victim", victim},
	{"end-victim", end_victim},
	{"signal-peer", signal_peer},
	{"credentials-of-peer", credentials_of_peer},
	{"signal-all", signal_all},
	{"owner-of-network", owner_of_network},
	{"add-address", add_address},
	{"interface-down", interface_down},
	{"switches", switches},
	{NULL, NULL},
};

int
main(int argc, char **argv)
{
	return argc < 2 ? 99 : attack_main(attacks, argc, argv);
}
