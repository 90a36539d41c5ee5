/* client: sets a key in the cache and reads it back. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int
main(void)
{
	static const char talk[] = "set tide 0 0 4\r\nhigh\r\nget tide\r\nquit\r\n";
	char answer[200] = "";
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(11211), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int s = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(s, (struct sockaddr *)&at, sizeof(at)) < 0) {
		perror("cache");
		return 1;
	}
	if (write(s, talk, sizeof(talk) - 1) < 0)
		return 1;
	for (ssize_t n, all = 0; (n = read(s, answer + all, sizeof(answer) - 1 - (size_t)all)) > 0; all += n)
		;
	puts("1..1");
	puts(strstr(answer, "high") ? "ok 1 - the tide is kept" : "not ok 1 - the tide is kept");
	return 0;
}
