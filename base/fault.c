#include "base/fault.h"

#include "base/log.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

static const char *const call_names[FAULT_CALLS] = {
	"write", "sync", "rename", "link", "mkdir", "create", "truncate", "read", "remove"};

enum effect { KILL, STOP, FAIL, SHORT, LOG };

static const struct {
	const char *name;
	enum effect effect;
	int errnum;
} effects[] = {
	{"kill", KILL, 0},
	{"stop", STOP, 0},
	{"ENOSPC", FAIL, ENOSPC},
	{"EDQUOT", FAIL, EDQUOT},
	{"EIO", FAIL, EIO},
	{"EROFS", FAIL, EROFS},
	{"short", SHORT, ENOSPC},
	{"log", LOG, 0},
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct {
	char *name; /* NULL: no fault is wanted */
	uint64_t at;
	bool later;  /* and every pass after it */
	size_t what; /* index in effects */
	const char *log;
	uint64_t passed;
	bool cut; /* a write was cut short: the next call fails */
} wanted;

static bool
parse_effect(struct str name)
{
	for (size_t i = 0; i < sizeof(effects) / sizeof(*effects); i++)
		if (str_eq(name, effects[i].name)) {
			wanted.what = i;
			return true;
		}
	return false;
}

static bool
parse_wish(const char *wish)
{
	struct str rest = str_of(wish), name, count;
	if (!str_next(&rest, ':', &name) || !str_next(&rest, ':', &count))
		return false;
	wanted.later = str_ends(count, "+");
	count.n -= wanted.later;
	if (!name.n || !str_parse_u64(count, UINT64_MAX, &wanted.at) || !wanted.at)
		return false;
	if (rest.n && !parse_effect(rest))
		return false;
	wanted.log = getenv("DRYDOCK_FAULT_LOG");
	wanted.name = str_dup(name);
	return true;
}

/* A forked child reads and counts anew. */
static void
forget(void)
{
	once = (pthread_once_t)PTHREAD_ONCE_INIT;
	memset(&wanted, 0, sizeof(wanted));
}

static void
read_wish(void)
{
	static bool registered; /* a child has its parent's handlers */
	const char *wish = getenv("DRYDOCK_FAULT");
	registered = registered || pthread_atfork(NULL, NULL, forget) == 0;
	if (wish && *wish && !parse_wish(wish))
		log_warn("DRYDOCK_FAULT=%s is not NAME:N[+][:WHAT] and is not heeded", wish);
}

bool
fault_wished(void)
{
	(void)pthread_once(&once, read_wish);
	return wanted.name != NULL;
}

/* Is this pass one that was asked for? */
static bool
is_due(uint64_t *ret_pass)
{
	*ret_pass = __atomic_add_fetch(&wanted.passed, 1, __ATOMIC_RELAXED);
	return *ret_pass == wanted.at || (wanted.later && *ret_pass > wanted.at);
}

/* What a descriptor is open on; heap. */
static char *
path_of(int fd)
{
	char target[4096];
	OWN_FREE char *self = mem_printf("/proc/self/fd/%d", fd);
	ssize_t n = fd < 0 ? 0 : readlink(self, target, sizeof(target));
	return mem_strndup(target, n > 0 ? (size_t)n : 0);
}

static void
report(const char *name, uint64_t pass, const char *path)
{
	if (!wanted.log || !*wanted.log)
		return;
	OWN_FREE char *line = mem_printf(
		"%s %llu %s %s\n", name, (unsigned long long)pass, effects[wanted.what].name, path);
	OWN_FD int log = open(wanted.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (log < 0 || write(log, line, strlen(line)) < 0)
		log_warn("DRYDOCK_FAULT_LOG=%s: %s", wanted.log, strerror(errno));
}

static void
end_here(enum effect effect)
{
	if (effect == STOP)
		(void)kill(getpid(), SIGSTOP);
	if (effect != KILL)
		return;
	(void)kill(getpid(), SIGKILL);
	for (;;)
		(void)pause(); /* not one instruction of the caller's more */
}

void
fault_point(const char *name)
{
	uint64_t pass;
	if (!fault_wished() || strcmp(wanted.name, name) != 0 || !is_due(&pass))
		return;
	report(name, pass, "");
	end_here(effects[wanted.what].effect);
}

/* What is read in /proc and /sys comes from no disk. */
static bool
concerns(enum fault_call call, const char *path)
{
	if (call == FAULT_READ &&
		(strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/sys/", 5) == 0))
		return false;
	return strcmp(wanted.name, call_names[call]) == 0 ||
	       (call != FAULT_READ && call != FAULT_REMOVE && strcmp(wanted.name, "io") == 0);
}

/* n: how much a write writes; NULL for another call, which cannot be cut. */
static bool
fails(enum fault_call call, const char *path, int fd, size_t *n)
{
	uint64_t pass;
	if (!fault_wished())
		return false;
	if (__atomic_exchange_n(&wanted.cut, false, __ATOMIC_RELAXED)) {
		errno = ENOSPC;
		return true;
	}
	OWN_FREE char *opened = path ? NULL : path_of(fd);
	path = path ? path : opened;
	if (!concerns(call, path) || !is_due(&pass))
		return false;
	report(call_names[call], pass, path);
	enum effect effect = effects[wanted.what].effect;
	end_here(effect);
	if (effect == SHORT && n && *n > 1) {
		*n /= 2;
		__atomic_store_n(&wanted.cut, true, __ATOMIC_RELAXED);
		return false;
	}
	if (effect != FAIL && effect != SHORT)
		return false;
	errno = effects[wanted.what].errnum;
	return true;
}

bool
fault_fails(enum fault_call call, const char *path, int fd)
{
	return fails(call, path, fd, NULL);
}

bool
fault_fails_write(int fd, const char *path, size_t *n)
{
	return fails(FAULT_WRITE, path, fd, n);
}
