/* Leaving something for the next: in files, in memory, in the network, in the process table. */
#include "tests/hostile/attack.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>

#define KEY 0x1ef7
#define PORT 4711
#define NAME "left-behind"

static const char *const files[] = {"/work/" NAME, "/tmp/" NAME, "/var/tmp/" NAME,
	"/home/builder/" NAME, "/run/user/1000/" NAME, "/run/" NAME, "/dev/shm/" NAME, "/etc/" NAME,
	"/usr/" NAME, NULL};

static struct sockaddr_un
abstract(socklen_t *ret_n)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	memcpy(a.sun_path + 1, NAME, sizeof(NAME) - 1);
	*ret_n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(NAME));
	return a;
}

static void
serve(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n;
	struct sockaddr_un un = abstract(&n);
	int tcp = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0), on = 1;
	(void)setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)!bind(tcp, (struct sockaddr *)&in, sizeof(in));
	(void)listen(tcp, 8);
	(void)!bind(local, (struct sockaddr *)&un, n);
	(void)listen(local, 8);
	(void)prctl(PR_SET_NAME, NAME);
	for (;;)
		(void)pause();
}

static void
leave(const char *name, char **args)
{
	(void)args;
	for (size_t i = 0; files[i]; i++)
		(void)open(files[i], O_WRONLY | O_CREAT, 0666);
	(void)shmget(KEY, 4096, IPC_CREAT | 0666);
	(void)mq_open("/" NAME, O_CREAT | O_RDWR, 0666, NULL);
	if (fork() == 0) {
		(void)setsid();
		if (fork() == 0)
			serve();
		_exit(0);
	}
	(void)usleep(200000);
	say(name, "left");
}

static bool
is_running(void)
{
	DIR *d = opendir("/proc");
	bool found = false;
	for (struct dirent *e; d && (e = readdir(d));) {
		char path[300], comm[64] = "";
		(void)snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		int fd = open(path, O_RDONLY);
		found = found ||
			(read(fd, comm, sizeof(comm) - 1) > 0 && strncmp(comm, NAME, 11) == 0);
		(void)close(fd);
	}
	return found;
}

static void
look(const char *name, char **args)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n;
	struct sockaddr_un un = abstract(&n);
	(void)args;
	for (size_t i = 0; files[i]; i++)
		if (access(files[i], F_OK) == 0)
			printf("found %s\n", files[i]);
	if (shmget(KEY, 0, 0) >= 0)
		printf("found a segment\n");
	if (mq_open("/" NAME, O_RDONLY) >= 0)
		printf("found a queue\n");
	if (connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&in, sizeof(in)) == 0)
		printf("found a port\n");
	if (connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&un, n) == 0)
		printf("found an abstract socket\n");
	if (is_running())
		printf("found a process\n");
	say(name, "done");
}

static const struct attack attacks[] = {{"leave", leave}, {"look", look}, {NULL, NULL}};

int
main(int argc, char **argv)
{
	return argc < 2 ? 99 : attack_main(attacks, argc, argv);
}
