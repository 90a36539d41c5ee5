/*
 * A registry for tests: the image of an OCI layout, on loopback, read-only, and with faults to
 * order.
 *
 *   tool_registry LAYOUT [FAULT...]
 *
 * Prints its port when it listens, then a line a request ("GET /v2/... auth=bearer range=-"), and
 * serves until it is killed, its parent dies, or 300 seconds are over.  Every repository and tag is
 * the first image of LAYOUT/index.json.  Faults:
 *
 *   basic=BASE64   wants that login
 *   token=BASE64   wants a token of its own token service, which wants that login
 *   realm=URL      the token service it names, whatever it wants
 *   wrong          the bytes of blobs are others
 *   cut            blobs end before their announced length, always
 *   break          the same once a blob; goes on where Range says
 *   short          blobs are announced as shorter than they are
 *   long           blobs have a byte too many
 *   forged         manifests have a blank too many
 *   endless        manifests never end
 *   slow           every answer waits a second
 *   away           blobs are at another origin (a second port), which notes what it is sent
 */
#include "base/fs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define HEAD_MAX ((size_t)64 << 10)
#define FILE_MAX ((size_t)1 << 30)
#define TOKEN "dockside-token"

static char **faults;
static const char *layout;
static uint16_t ports[2];
static struct strlist broken; /* blobs that broke once */

/* NULL: not ordered; else what follows NAME. */
static const char *
fault(const char *name)
{
	for (char **f = faults; *f; f++)
		if (strncmp(*f, name, strlen(name)) == 0)
			return *f + strlen(name);
	return NULL;
}

struct request {
	char *method, *path, *authorization, *range;
};

static bool
send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = send(fd, p, n, MSG_NOSIGNAL);
		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

static void
answer(int fd, const struct request *r, const char *status, const char *headers, struct str body,
	size_t announced)
{
	OWN(buf) struct buf head = {0};
	buf_printf(&head, "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n",
		status, announced, headers);
	if (send_all(fd, head.p, head.n) && strcmp(r->method, "HEAD") != 0)
		(void)send_all(fd, body.p, body.n);
}

static void
plain(int fd, const struct request *r, const char *status, const char *headers, const char *text)
{
	answer(fd, r, status, headers, str_of(text), strlen(text));
}

/* ---- who asks ---- */

static bool
is_authorized(const struct request *r)
{
	const char *basic = fault("basic="), *token = fault("token="), *realm = fault("realm=");
	OWN_FREE char *wanted = basic ? mem_printf("Basic %s", basic) : mem_strdup("Bearer " TOKEN);
	if (!basic && !token && !realm)
		return true;
	return r->authorization && strcmp(r->authorization, wanted) == 0;
}

static void
challenge(int fd, const struct request *r)
{
	const char *realm = fault("realm=");
	OWN_FREE char *own = mem_printf("http://127.0.0.1:%u/token", ports[0]);
	OWN_FREE char *header =
		fault("basic=")
			? mem_strdup("WWW-Authenticate: Basic realm=\"docks\"\r\n")
			: mem_printf("WWW-Authenticate: Bearer realm=\"%s\",service=\"docks\","
				     "scope=\"repository:x:pull\"\r\n",
				  realm ? realm : own);
	plain(fd, r, "401 Unauthorized", header, "{\"errors\": []}");
}

static void
give_token(int fd, const struct request *r)
{
	OWN_FREE char *wanted = mem_printf("Basic %s", fault("token=") ? fault("token=") : "");
	if (!r->authorization || strcmp(r->authorization, wanted) != 0)
		plain(fd, r, "401 Unauthorized", "", "{}");
	else
		plain(fd, r, "200 OK", "", "{\"token\": \"" TOKEN "\", \"expires_in\": 60}");
}

/* ---- what is asked for ---- */

static bool
read_file(const char *name, struct buf *ret)
{
	OWN_FREE char *path = fs_join(layout, name);
	return fs_read(path, FILE_MAX, ret, NULL) == 0;
}

static void
give_endless(int fd)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
	static char blanks[65536];
	memset(blanks, ' ', sizeof(blanks));
	(void)send_all(fd, head, sizeof(head) - 1);
	while (send_all(fd, blanks, sizeof(blanks)))
		;
}

static void
give_manifest(int fd, const struct request *r, const char *name)
{
	OWN(buf) struct buf index = {0}, text = {0};
	OWN_FREE char *digest = NULL;
	if (strncmp(name, "sha256:", 7) == 0) {
		digest = mem_strdup(name + 7);
	} else if (read_file("index.json", &index)) {
		const char *at = strstr(index.p, "\"sha256:");
		digest = at ? mem_strndup(at + 8, 64) : NULL;
	}
	OWN_FREE char *file = mem_printf("blobs/sha256/%s", digest ? digest : "none");
	if (fault("endless")) {
		give_endless(fd);
		return;
	}
	if (!read_file(file, &text)) {
		plain(fd, r, "404 Not Found", "", "{}");
		return;
	}
	OWN_FREE char *headers = mem_printf("Docker-Content-Digest: sha256:%s\r\n", digest);
	if (fault("forged"))
		buf_putc(&text, ' ');
	answer(fd, r, "200 OK", headers, buf_str(&text), text.n);
}

static void
give_blob(int fd, const struct request *r, const char *digest)
{
	OWN_FREE char *file = mem_printf("blobs/sha256/%s", digest);
	OWN(buf) struct buf text = {0};
	size_t from = r->range ? (size_t)strtoull(r->range, NULL, 10) : 0;
	if (!read_file(file, &text) || from >= text.n) {
		plain(fd, r, "404 Not Found", "", "{}");
		return;
	}
	if (fault("long"))
		buf_putc(&text, 'x');
	if (fault("wrong"))
		text.p[text.n / 2] ^= 1;
	struct str body = {text.p + from, text.n - from};
	size_t announced = body.n;
	if (fault("short"))
		announced = body.n = body.n / 2;
	if (fault("cut") || (fault("break") && !strlist_has(&broken, digest)))
		body.n = body.n / 2;
	strlist_add_new(&broken, digest);
	answer(fd, r, from ? "206 Partial Content" : "200 OK", "", body, announced);
}

static void
serve(int fd, const struct request *r, bool away)
{
	if (fault("slow"))
		(void)sleep(1);
	char *manifest = strstr(r->path, "/manifests/"), *blob = strstr(r->path, "/blobs/sha256:");
	if (strncmp(r->path, "/token", 6) == 0) {
		give_token(fd, r);
	} else if (!away && !is_authorized(r)) {
		challenge(fd, r);
	} else if (manifest) {
		give_manifest(fd, r, manifest + 11);
	} else if (blob && fault("away") && !away) {
		OWN_FREE char *to =
			mem_printf("Location: http://127.0.0.1:%u%s\r\n", ports[1], r->path);
		plain(fd, r, "307 Temporary Redirect", to, "");
	} else if (blob) {
		give_blob(fd, r, blob + 14);
	} else {
		plain(fd, r, "404 Not Found", "", "{}");
	}
}

/* ---- connections ---- */

static void
read_header(struct str line, struct request *r)
{
	struct str name;
	if (!str_next(&line, ':', &name))
		return;
	struct str value = str_trim(line);
	if (name.n == 13 && strncasecmp(name.p, "Authorization", 13) == 0)
		r->authorization = str_dup(value);
	if (name.n == 5 && strncasecmp(name.p, "Range", 5) == 0 && str_starts(value, "bytes="))
		r->range = mem_strndup(value.p + 6, value.n - 6);
}

static bool
read_request(int fd, struct request *r)
{
	OWN(buf) struct buf head = {.max = HEAD_MAX};
	char block[4096];
	while (!head.n || !strstr(head.p, "\r\n\r\n")) {
		ssize_t n = recv(fd, block, sizeof(block), 0);
		if (n <= 0 || head.truncated)
			return false;
		buf_add(&head, block, (size_t)n);
	}
	struct str rest = buf_str(&head), line, method, path;
	if (!str_next_line(&rest, &line) || !str_next_word(&line, &method) ||
		!str_next_word(&line, &path))
		return false;
	r->method = str_dup(method);
	r->path = str_dup(path);
	while (str_next_line(&rest, &line))
		read_header(line, r);
	return true;
}

static void
handle(int fd, bool away)
{
	struct request r = {0};
	if (read_request(fd, &r)) {
		const char *a = r.authorization ? r.authorization : "none";
		printf("%s %s%s auth=%.*s range=%s\n", r.method, away ? "away " : "", r.path,
			(int)strcspn(a, " "), a, r.range ? r.range : "-");
		(void)fflush(stdout);
		serve(fd, &r, away);
	}
	free(r.method);
	free(r.path);
	free(r.authorization);
	free(r.range);
	(void)shutdown(fd, SHUT_RDWR);
	(void)close(fd);
}

static int
listen_somewhere(uint16_t *ret_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) < 0 || listen(fd, 16) < 0 ||
		getsockname(fd, (struct sockaddr *)&a, &n) < 0) {
		perror("tool_registry");
		exit(1);
	}
	*ret_port = ntohs(a.sin_port);
	return fd;
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)alarm(900);
	layout = argv[1];
	faults = argv + 2;
	struct pollfd p[2] = {{.events = POLLIN}, {.events = POLLIN}};
	for (int i = 0; i < 2; i++)
		p[i].fd = listen_somewhere(&ports[i]);
	printf("%u\n", ports[0]);
	(void)fflush(stdout);
	while (poll(p, 2, -1) > 0 || errno == EINTR)
		for (int i = 0; i < 2; i++) {
			int fd = p[i].revents & POLLIN ? accept(p[i].fd, NULL, NULL) : -1;
			if (fd >= 0)
				handle(fd, i == 1);
		}
	return 1;
}
