#include "harbour.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
answer(int fd, const char *status, const char *type, const char *body)
{
	char head[256];
	size_t n = strlen(body);
	snprintf(head, sizeof(head),
		"HTTP/1.0 %s\r\nContent-Type: %s; charset=utf-8\r\nContent-Length: %zu\r\n\r\n", status, type,
		n);
	if (write(fd, head, strlen(head)) > 0)
		(void)!write(fd, body, n);
}

static void
answer_page(int fd, char *page)
{
	if (page)
		answer(fd, "200 OK", "text/html", page);
	else
		answer(fd, "404 Not Found", "text/plain", "there is no such stay\n");
	free(page);
}

/* one field of the query, decoded; empty if it is not there */
static void
query_field(const char *query, const char *name, char *out, size_t n)
{
	size_t len = strlen(name), used = 0;
	out[0] = '\0';
	while (query && strncmp(query, name, len) != 0 && (query = strchr(query, '&')))
		query++;
	if (!query || query[len] != '=')
		return;
	for (query += len + 1; *query && *query != '&' && used + 1 < n; query++) {
		unsigned c = (unsigned char)*query;
		if (c == '+')
			c = ' ';
		else if (c == '%' && isxdigit((unsigned char)query[1]) && sscanf(query + 1, "%2x", &c) == 1)
			query += 2;
		out[used++] = (char)c;
	}
	out[used] = '\0';
}

static void
add_stay(int fd, store *s, const char *query)
{
	char boat[64], sign[16], length[16], berth[16], arrival[16], departure[16], body[64];
	query_field(query, "boat", boat, sizeof(boat));
	query_field(query, "sign", sign, sizeof(sign));
	query_field(query, "length", length, sizeof(length));
	query_field(query, "berth", berth, sizeof(berth));
	query_field(query, "arrival", arrival, sizeof(arrival));
	query_field(query, "departure", departure, sizeof(departure));
	long id = store_find_boat(s, sign);
	if (id < 0 && *boat && *sign)
		id = store_add_boat(s, boat, sign, (int)(atof(length) * 100 + 0.5));
	long stay_id = id < 0 ? -1 : store_add_stay(s, berth, id, arrival, departure);
	if (stay_id < 0) {
		answer(fd, "409 Conflict", "text/plain", "that berth cannot take that boat then\n");
		return;
	}
	snprintf(body, sizeof(body), "stay %ld\n", stay_id);
	answer(fd, "200 OK", "text/plain", body);
}

static void
serve_one(int fd, store *s, const char *site)
{
	char request[4096], path[2048];
	ssize_t n = read(fd, request, sizeof(request) - 1);
	if (n <= 0)
		return;
	request[n] = '\0';
	if (sscanf(request, "GET %2047s", path) != 1) {
		answer(fd, "405 Method Not Allowed", "text/plain", "only GET\n");
		return;
	}
	char *query = strchr(path, '?');
	if (query)
		*query++ = '\0';
	if (strcmp(path, "/") == 0)
		answer_page(fd, page_list(s, site));
	else if (strncmp(path, "/stay/", 6) == 0)
		answer_page(fd, page_stay(s, site, atol(path + 6)));
	else if (strcmp(path, "/new") == 0)
		answer_page(fd, page_form(site));
	else if (strcmp(path, "/add") == 0)
		add_stay(fd, s, query);
	else if (strcmp(path, "/healthz") == 0)
		answer(fd, "200 OK", "text/plain", "ok\n");
	else
		answer(fd, "404 Not Found", "text/plain", "not here\n");
}

int
http_serve(store *s, const char *site, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
	socklen_t len = sizeof(a);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 16) < 0) {
		perror("harbourd");
		return 1;
	}
	getsockname(fd, (struct sockaddr *)&a, &len);
	printf("ready on port %d\n", ntohs(a.sin_port));
	fflush(stdout);
	for (;;) {
		int c = accept(fd, NULL, NULL);
		if (c < 0)
			continue;
		serve_one(c, s, site);
		close(c);
	}
}
