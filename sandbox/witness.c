#include "sandbox/witness.h"

#include "base/fs.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_PROCESSES 5000
#define MAX_PATH 4096

struct witness {
	pid_t box;
	int socket;
	pthread_t thread;
};

/* ---- looking ---- */

/* Inode of the socket with this local port, in the network namespace of pid; 0 when there is none.
 */
static uint64_t
find_inode(pid_t pid, uint16_t port)
{
	OWN_FREE char *path = mem_printf("/proc/%d/net/tcp", (int)pid);
	OWN(buf) struct buf text = {0};
	if (fs_read(path, 4 << 20, &text, NULL) < 0)
		return 0;
	struct str rest = buf_str(&text), line, word[10];
	while (str_next_line(&rest, &line)) {
		size_t n = 0;
		while (n < 10 && str_next_word(&line, &word[n]))
			n++;
		const char *colon = n == 10 ? memrchr(word[1].p, ':', word[1].n) : NULL;
		uint64_t inode = 0;
		if (colon && strtoul(colon + 1, NULL, 16) == port &&
			str_parse_u64(word[9], UINT64_MAX, &inode) && inode)
			return inode;
	}
	return 0;
}

static bool
holds(pid_t pid, const char *link)
{
	OWN_FREE char *dir = mem_printf("/proc/%d/fd", (int)pid);
	OWN(strlist) struct strlist fds = {0};
	char target[64];
	if (fs_list(dir, &fds, NULL) < 0)
		return false;
	for (size_t i = 0; i < fds.n; i++) {
		OWN_FREE char *fd = fs_join(dir, fds.v[i]);
		ssize_t n = readlink(fd, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		if (strcmp(target, link) == 0)
			return true;
	}
	return false;
}

struct search {
	const char *link; /* "socket:[INODE]" */
	unsigned looked;
	pid_t found;
};

static void
search_below(pid_t pid, struct search *s)
{
	OWN_FREE char *path = mem_printf("/proc/%d/task/%d/children", (int)pid, (int)pid);
	OWN(buf) struct buf text = {0};
	if (s->found || ++s->looked > MAX_PROCESSES)
		return;
	if (holds(pid, s->link)) {
		s->found = pid;
		return;
	}
	if (fs_read(path, 1 << 20, &text, NULL) < 0)
		return;
	struct str rest = buf_str(&text), word;
	uint64_t child;
	while (str_next_word(&rest, &word))
		if (str_parse_u64(word, INT32_MAX, &child))
			search_below((pid_t)child, s);
}

static void
look(pid_t box, uint16_t port, char *to, size_t n)
{
	uint64_t inode = find_inode(box, port);
	OWN_FREE char *link = mem_printf("socket:[%llu]", (unsigned long long)inode);
	struct search s = {.link = link};
	*to = '\0';
	if (!inode)
		return;
	search_below(box, &s);
	if (!s.found)
		return;
	OWN_FREE char *exe = mem_printf("/proc/%d/exe", (int)s.found);
	ssize_t got = readlink(exe, to, n - 1);
	to[got > 0 ? got : 0] = '\0';
}

/* ---- answering ---- */

static void *
answer_all(void *arg)
{
	struct witness *w = arg;
	char path[MAX_PATH];
	uint16_t port;
	for (;;) {
		ssize_t n = recv(w->socket, &port, sizeof(port), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(port))
			return NULL;
		look(w->box, port, path, sizeof(path));
		if (send(w->socket, path, strlen(path) + 1, MSG_NOSIGNAL) < 0)
			return NULL;
	}
}

int
witness_start(pid_t box, int socket, struct witness **ret, struct dd_err *err)
{
	struct witness *w = mem_new(struct witness);
	sigset_t all, before;
	*w = (struct witness){.box = box, .socket = socket};
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int errnum = pthread_create(&w->thread, NULL, answer_all, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (errnum) {
		(void)close(socket);
		free(w);
		return err_errno(err, errnum, "cannot start a thread");
	}
	*ret = w;
	return 0;
}

void
witness_join(struct witness *w)
{
	if (!w)
		return;
	(void)pthread_join(w->thread, NULL);
	(void)close(w->socket);
	free(w);
}

char *
witness_ask(int socket, uint16_t port)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	char path[MAX_PATH] = "";
	(void)pthread_mutex_lock(&one);
	if (send(socket, &port, sizeof(port), MSG_NOSIGNAL) == (ssize_t)sizeof(port)) {
		ssize_t n = recv(socket, path, sizeof(path) - 1, 0);
		path[n > 0 ? n : 0] = '\0';
	}
	(void)pthread_mutex_unlock(&one);
	return mem_strdup(path);
}
