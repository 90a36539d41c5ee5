/*
 * Inside the room: a process that is stopped in a system call, looked at from outside.  Everything
 * here is read from memory and tables that the process may change meanwhile: evidence, never a
 * permission.  Used by one thread, the supervisor's.
 */
#ifndef SANDBOX_TARGET_H
#define SANDBOX_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define TARGET_PATH_BYTES 4096

struct target {
	pid_t pid;	     /* of the thread, as seen from here */
	int listener;	     /* -1: stopped by ptrace */
	uint64_t id;	     /* of the notification */
	int root;	     /* O_PATH descriptor of its root, borrowed; -1: it is looked up */
	const char *program; /* path of its executable, "" if unknown; see target_identify */
	const char *args;    /* its command line, words separated by spaces */
};

/* Remembers programs by process, so that /proc is not read for every call. */
struct target_cache;
struct target_cache *target_cache_create(void);
void target_cache_destroy(struct target_cache *c);

/* Fill in program and args.  `exec`: the call is execve(2), after which they are others. */
void target_identify(struct target_cache *c, struct target *t, bool exec);

/* Exactly n bytes of its memory. */
bool target_read(const struct target *t, uint64_t address, void *to, size_t n);

/*
 * The path that a call names, absolute inside the pod and normalised by text (2 * TARGET_PATH_BYTES
 * + 2 bytes in `to`).  dir_fd: what it is relative to, AT_FDCWD for the working directory.  False
 * when there is none to be had: the call will fail by itself, or names a descriptor.
 */
bool target_path(const struct target *t, int dir_fd, uint64_t address, char *to);

#define TARGET_WORDS_BYTES 2048

struct target_words { /* of a command line, each ended by its NUL */
	char text[TARGET_WORDS_BYTES];
	size_t n;
};

/* The words at an address, a vector as of execve(2).  False: they cannot be read, or are too many. */
bool target_vector(const struct target *t, uint64_t address, struct target_words *ret);
/* Those it was started with, and its executable (TARGET_PATH_BYTES in `program`). */
bool target_command(const struct target *t, char *program, struct target_words *ret);
/* Its working directory, TARGET_PATH_BYTES in `to`. */
bool target_directory(const struct target *t, char *to);

struct lookup {
	bool found;
	bool directory;
};

/* Look below the process's own root, following links as the call would. */
struct lookup target_look_up(const struct target *t, const char *path);

/* The same, as an O_PATH descriptor; -1 with errno.  `nofollow`: of the link itself. */
int target_open(const struct target *t, const char *path, bool nofollow);

/* Its root directory, O_PATH; -1 with errno. */
int target_open_root(const struct target *t);

/* False: it is gone, and the pid may be another's; what was seen means nothing. */
bool target_still_there(const struct target *t);

#endif
