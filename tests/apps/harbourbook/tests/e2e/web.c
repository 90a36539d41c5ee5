#include "../tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int port;

static char *
get(const char *path)
{
	static char answer[65536];
	char request[1024];
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t used = 0;
	ssize_t n;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	answer[0] = '\0';
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return answer;
	snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\n\r\n", path);
	if (write(fd, request, strlen(request)) < 0)
		return answer;
	while (used + 1 < sizeof(answer) && (n = read(fd, answer + used, sizeof(answer) - 1 - used)) > 0)
		used += (size_t)n;
	answer[used] = '\0';
	close(fd);
	return answer;
}

/* start the server on a free port and read which one it took */
static pid_t
start_server(void)
{
	int out[2];
	char line[64] = "";
	if (system("cp stage/harbour.db stage/web-test.db") != 0 || pipe(out) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		dup2(out[1], 1);
		execl("./harbourd", "harbourd", "--db", "stage/web-test.db", "--port", "0", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	for (size_t n = 0; n + 1 < sizeof(line) && read(out[0], line + n, 1) == 1 && line[n] != '\n'; n++)
		;
	return sscanf(line, "ready on port %d", &port) == 1 ? pid : -1;
}

int
main(void)
{
	if (!getenv("HARBOUR_SITE")) {
		fprintf(stderr, "web: HARBOUR_SITE is not set: it names the basin this ledger is for\n");
		return 2;
	}
	pid_t pid = start_server();
	ok(pid > 0, "the server says that it is ready");
	has(get("/healthz"), "ok", "it is healthy");
	has(get("/"), "all berths are free", "the ledger starts empty");
	has(get("/new"), "<form", "there is a form");
	has(get("/add?boat=Fish+%26+Chips&sign=GB1&length=6.5&berth=A1&arrival=2010-03-01&departure=2010-03-03"),
		"stay 1", "a boat is taken in");
	has(get("/"), "Fish &amp; Chips", "it is on the list");
	has(get("/stay/1"), "<dd>25.20</dd>", "its fee is on its page");
	has(get("/add?boat=X&sign=GB2&length=6&berth=A1&arrival=2010-03-02&departure=2010-03-04"), "409",
		"a taken berth is refused");
	has(get("/stay/99"), "404", "a stay that is not there is not found");
	has(get("/nowhere"), "404", "nor is a page");
	if (pid > 0) {
		kill(pid, SIGTERM);
		waitpid(pid, NULL, 0);
	}
	unlink("stage/web-test.db");
	return done();
}
