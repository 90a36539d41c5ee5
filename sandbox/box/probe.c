/* Is a service ready?  Asked without disturbing it: a port is looked up, and only a socket is
 * connected to. */
#include "sandbox/box/box.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTENING 0x0A /* TCP_LISTEN, as /proc/net/tcp says it */

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

bool
probe_socket(const char *path)
{
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
