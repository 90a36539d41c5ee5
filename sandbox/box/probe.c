/*
 * Is a service ready?  Asked without disturbing it: it is looked up in the kernel's tables.  Only a socket that
 * has another name there (it was bound by a relative path, or through a link) is connected to.
 */
#include "sandbox/box/box.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ACCEPTS 0x10000 /* SO_ACCEPTCON, as /proc/net/unix says it */
#define LISTENING 0x0A	/* TCP_LISTEN, as /proc/net/tcp says it */

static bool
listed(const char *path, unsigned port)
{
	char line[512];
	bool found = false;
	FILE *f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		unsigned local, state;
		found = sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &local, &state) ==
				2 &&
			local == port && state == LISTENING;
	}
	if (f)
		(void)fclose(f);
	return found;
}

bool
probe_port(unsigned port)
{
	return listed("/proc/net/tcp", port) || listed("/proc/net/tcp6", port);
}

/* "ffff...: 00000002 00000000 00010000 0001 01 12345 /run/x.sock" */
static bool
listed_socket(const char *path)
{
	char line[512];
	bool found = false;
	FILE *f = fopen("/proc/net/unix", "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		unsigned flags;
		int at = 0;
		line[strcspn(line, "\n")] = '\0';
		found = sscanf(line, "%*s %*s %*s %x %*s %*s %*s %n", &flags, &at) == 1 && at &&
			(flags & ACCEPTS) && strcmp(line + at, path) == 0;
	}
	if (f)
		(void)fclose(f);
	return found;
}

/* Append "key=value\n" unless there is no room. */
static void
put(char **at, char *end, const char *key, const char *value)
{
	int n = snprintf(*at, (size_t)(end - *at), "%s=%s\n", key, value);
	if (n > 0 && n < end - *at)
		*at += n;
	else
		**at = '\0';
}

static void
list_ports(const char *path, char **at, char *end, const char *from)
{
	char line[512], key[32], number[16];
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		unsigned local, state;
		if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &local, &state) != 2 ||
			state != LISTENING)
			continue;
		(void)snprintf(key, sizeof(key), "port=%u\n", local);
		(void)snprintf(number, sizeof(number), "%u", local);
		if (!strstr(from, key)) /* of both families, or of several addresses */
			put(at, end, "port", number);
	}
	if (f)
		(void)fclose(f);
}

static void
list_sockets(char **at, char *end)
{
	char line[512];
	FILE *f = fopen("/proc/net/unix", "re");
	while (f && fgets(line, sizeof(line), f)) {
		unsigned flags;
		int name = 0;
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%*s %*s %*s %x %*s %*s %*s %n", &flags, &name) == 1 && name &&
			(flags & ACCEPTS) && line[name] == '/')
			put(at, end, "socket", line + name);
	}
	if (f)
		(void)fclose(f);
}

void
probe_listening(char *to, size_t n)
{
	char *at = to, *end = to + n;
	*to = '\0';
	list_ports("/proc/net/tcp", &at, end, to);
	list_ports("/proc/net/tcp6", &at, end, to);
	list_sockets(&at, end);
}

bool
probe_socket(const char *path)
{
	if (listed_socket(path))
		return true;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(a.sun_path))
		return false;
	(void)strcpy(a.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* EAGAIN: somebody listens and has no time. */
	bool there =
		fd >= 0 && (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 || errno == EAGAIN);
	if (fd >= 0)
		(void)close(fd);
	return there;
}
