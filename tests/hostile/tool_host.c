/*
 * tool_host NAME: things of this machine for the sandbox to reach for: a process, an abstract socket, a TCP
 * port, a System V segment, a message queue and a file in /dev/shm, all of that name.  Prints
 * "pid port key" and lasts until its standard input ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
listen_abstract(const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "%s", name);
	socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
	if (bind(fd, (struct sockaddr *)&a, n) < 0 || listen(fd, 8) < 0)
		perror("abstract");
}

static int
listen_tcp(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&a, n) < 0 || listen(fd, 8) < 0)
		perror("tcp");
	(void)getsockname(fd, (struct sockaddr *)&a, &n);
	return ntohs(a.sin_port);
}

int
main(int argc, char **argv)
{
	char name[64], c;
	if (argc < 2)
		return 99;
	(void)snprintf(name, sizeof(name), "/%s", argv[1]);
	listen_abstract(argv[1]);
	key_t key = (key_t)(0x44440000 | (getpid() & 0xffff));
	int shm = shmget(key, 4096, IPC_CREAT | 0666);
	mqd_t mq = mq_open(name, O_CREAT | O_RDWR, 0666, NULL);
	int file = shm_open(name, O_CREAT | O_RDWR, 0666);
	printf("%d %d %d%s%s%s\n", (int)getpid(), listen_tcp(), (int)key, shm < 0 ? " no-shm" : "",
		mq < 0 ? " no-mq" : "", file < 0 ? " no-file" : "");
	(void)fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	(void)shmctl(shm, IPC_RMID, NULL);
	(void)mq_unlink(name);
	(void)shm_unlink(name);
	return 0;
}
