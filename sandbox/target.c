#include "sandbox/target.h"

#include "base/fs.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define SLOTS 1024
#define ARGS_BYTES 512
#define BOX_NAME "drydock-box"
#define KNOWN_FOR_NS 2000000000 /* pids come round again, but not so soon */

struct process {
	pid_t pid; /* 0: free, or to be looked at again */
	int64_t seen_ns;
	char program[TARGET_PATH_BYTES];
	char args[ARGS_BYTES];
};

struct target_cache {
	struct process *slots[SLOTS]; /* by pid; made when first needed */
};

/* ---- who it is ---- */

struct target_cache *
target_cache_create(void)
{
	return mem_new(struct target_cache);
}

void
target_cache_destroy(struct target_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		free(c->slots[i]);
	free(c);
}

static bool
read_proc_link(pid_t pid, const char *what, char *to, size_t n)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
	ssize_t got = readlink(path, to, n - 1);
	if (got < 0)
		return false;
	to[got] = '\0';
	return true;
}

static void
read_args(pid_t pid, char *to, size_t n)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, to, n - 1);
	to[got > 0 ? got : 0] = '\0';
	for (ssize_t i = 0; i + 1 < got; i++)
		if (!to[i])
			to[i] = ' ';
}

void
target_identify(struct target_cache *c, struct target *t, bool exec)
{
	struct process **slot = &c->slots[(unsigned)t->pid % SLOTS], *p = *slot;
	int64_t now = clock_mono_ns();
	if (!p)
		p = *slot = mem_new(struct process);
	if (p->pid != t->pid || now - p->seen_ns > KNOWN_FOR_NS) {
		p->pid = t->pid;
		/* The link is relative to the pod's root, which lies under no path of the host. */
		if (!read_proc_link(t->pid, "exe", p->program, sizeof(p->program)))
			p->program[0] = '\0';
		read_args(t->pid, p->args, sizeof(p->args));
		if (str_ends(str_of(p->program), "/" BOX_NAME)) { /* by its path out here */
			(void)snprintf(p->program, sizeof(p->program), "%s", BOX_NAME);
			(void)snprintf(p->args, sizeof(p->args), "%s", BOX_NAME);
		}
		p->seen_ns = now;
	}
	if (exec)
		p->pid = 0;
	t->program = p->program;
	t->args = p->args;
}

bool
target_still_there(const struct target *t)
{
	uint64_t id = t->id;
	return t->listener < 0 || ioctl(t->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* ---- what it names ---- */

static ssize_t
read_memory(const struct target *t, uint64_t address, void *to, size_t n)
{
	struct iovec local = {to, n}, remote = {(void *)(uintptr_t)address, n};
	return process_vm_readv(t->pid, &local, 1, &remote, 1, 0);
}

bool
target_read(const struct target *t, uint64_t address, void *to, size_t n)
{
	return read_memory(t, address, to, n) == (ssize_t)n;
}

/* A string and its NUL, page by page: it may end before the next page, which may not be there. */
static bool
read_string(const struct target *t, uint64_t address, char *to, size_t n)
{
	for (size_t done = 0; done < n;) {
		size_t page = 4096 - (size_t)((address + done) & 4095);
		size_t want = n - done < page ? n - done : page;
		ssize_t got = read_memory(t, address + done, to + done, want);
		if (got <= 0)
			return false;
		if (memchr(to + done, 0, (size_t)got))
			return true;
		done += (size_t)got;
	}
	return false;
}

/* Resolve "." and ".." and doubled slashes by text: what was asked for, not where links lead. */
static void
normalise(char *path)
{
	char *out = path, *in = path;
	while (*in) {
		while (*in == '/')
			in++;
		size_t n = strcspn(in, "/");
		if (n == 0)
			break;
		if (n == 1 && in[0] == '.') {
			in += n;
			continue;
		}
		if (n == 2 && in[0] == '.' && in[1] == '.') {
			while (out > path && *--out != '/')
				;
			in += n;
			continue;
		}
		*out++ = '/';
		memmove(out, in, n);
		out += n;
		in += n;
	}
	if (out == path)
		*out++ = '/';
	*out = '\0';
}

static bool
base_directory(const struct target *t, int dir_fd, char *to, size_t n)
{
	char link[32];
	if (dir_fd == AT_FDCWD)
		return read_proc_link(t->pid, "cwd", to, n);
	(void)snprintf(link, sizeof(link), "fd/%d", dir_fd);
	return read_proc_link(t->pid, link, to, n);
}

bool
target_path(const struct target *t, int dir_fd, uint64_t address, char *to)
{
	char name[TARGET_PATH_BYTES];
	if (!read_string(t, address, name, sizeof(name)) || !*name)
		return false;
	size_t used = 0;
	if (*name != '/') {
		if (!base_directory(t, dir_fd, to, TARGET_PATH_BYTES) || *to != '/')
			return false;
		used = strlen(to);
		to[used++] = '/';
	}
	memcpy(to + used, name, strlen(name) + 1);
	normalise(to);
	return true;
}

/* ---- its command ---- */

bool
target_vector(const struct target *t, uint64_t address, struct target_words *ret)
{
	uint64_t word;
	for (ret->n = 0; target_read(t, address, &word, sizeof(word)); address += sizeof(word)) {
		if (!word)
			return ret->n > 0;
		if (!read_string(t, word, ret->text + ret->n, sizeof(ret->text) - ret->n))
			return false;
		ret->n += strlen(ret->text + ret->n) + 1;
	}
	return false;
}

bool
target_command(const struct target *t, char *program, struct target_words *ret)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)t->pid);
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret->text, sizeof(ret->text));
	if (n <= 0 || ret->text[n - 1] ||
		!read_proc_link(t->pid, "exe", program, TARGET_PATH_BYTES))
		return false;
	ret->n = (size_t)n;
	return true;
}

bool
target_directory(const struct target *t, char *to)
{
	return read_proc_link(t->pid, "cwd", to, TARGET_PATH_BYTES) && *to == '/';
}

/* ---- what is there ---- */

int
target_open_root(const struct target *t)
{
	char root[64];
	(void)snprintf(root, sizeof(root), "/proc/%d/root", (int)t->pid);
	return open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int
target_open(const struct target *t, const char *path, bool nofollow)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC | (nofollow ? (uint64_t)O_NOFOLLOW : 0),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	OWN_FD int own = t->root < 0 ? target_open_root(t) : -1;
	int root = t->root < 0 ? own : t->root;
	return root < 0 ? -1 : (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

struct lookup
target_look_up(const struct target *t, const char *path)
{
	struct stat st;
	OWN_FD int fd = target_open(t, path, false);
	if (fd < 0) /* what we may not see exists */
		return (struct lookup){
			errno != ENOENT && errno != ENOTDIR && errno != ESRCH, false};
	return (struct lookup){true, fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)};
}
