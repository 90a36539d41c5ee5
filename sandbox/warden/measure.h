/* What the warden measures; see warden.c. */
#ifndef SANDBOX_WARDEN_MEASURE_H
#define SANDBOX_WARDEN_MEASURE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Of CLOCK_MONOTONIC. */
long long warden_now_ms(void);

/* ---- memory.c ---- */

struct memory_use {
	unsigned long long bytes;
	unsigned long long tasks;  /* threads */
	unsigned long long shared; /* what the machine's shared memory grew by, whoever took it */
	unsigned long long files;  /* by how many more files are open on the machine, likewise */
	bool scarce;		   /* the machine has no more than its reserve, whoever took it */
};

struct file_use { /* what only descriptors keep */
	unsigned long long
		memory; /* memory files, pipes, and the kernel's own for each descriptor */
	unsigned long long deleted;   /* on the disk */
	unsigned long long in_flight; /* descriptors in the queues of sockets */
	bool incomplete;	      /* there are too many to look at each */
};

struct memory {
	int proc;     /* the pod's */
	int tmpfs[4]; /* its file systems in memory */
	dev_t tmpfs_dev[4];
	unsigned long long shared_then; /* the machine's shared memory when the pod was opened */
	unsigned long long files_then;	/* its open files, likewise */
	unsigned long long reserve;	/* what the machine must keep available */
	unsigned long long queue_bytes; /* what a socket's queue may hold */
	unsigned long long (*given)(ino_t ino); /* as in struct warden_spec */
};

/* watched: what memory_look and memory_count compare with is noted now. */
void memory_init(struct memory *m, bool watched, unsigned long long (*given)(ino_t ino));
/* How many processes there are in the pod. */
unsigned long long memory_processes(const struct memory *m);
/*
 * Never less than there is, but for the first 64 MiB in pipes and for memory files of before, and quick; `limit` is
 * what it matters for.
 */
void memory_look(const struct memory *m, unsigned long long limit, struct memory_use *ret);
/*
 * Each thing once, after a look; stops being exact, upwards, after a fifth of a second, and counts no further
 * when there is more than the limit for certain.
 */
void memory_count(const struct memory *m, unsigned long long limit, struct memory_use *ret);
void memory_files(const struct memory *m, struct file_use *ret);

/* ---- usage.c ---- */

/*
 * An entry counts as this at least: an empty file takes an inode, and a limit on bytes alone would let
 * the target have as many as the file system has.
 */
#define USAGE_ENTRY_BYTES 4096ULL

struct usage_level;

struct usage {
	bool walking;
	bool torn;		  /* the last walk ended early: directories were moved under it */
	unsigned long long bytes; /* counted so far */
	int fd;			  /* directory of the last level */
	DIR *reading;		  /* of the last level, while its names are read; else NULL */
	struct usage_level *levels;
	size_t n, cap;
};

/* Start over, at a directory. */
void usage_begin(struct usage *u, int root);
/* Go on for about ms milliseconds; true when the walk has ended. */
bool usage_step(struct usage *u, int ms);

#endif
