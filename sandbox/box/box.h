/*
 * drydock-box: pid 1 of a pod.  libc and libseccomp only, single-threaded; see main.c for the
 * theory of operation.
 */
#ifndef SANDBOX_BOX_BOX_H
#define SANDBOX_BOX_BOX_H

#include "sandbox/box/filter.h"
#include "sandbox/box/proto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BOX_MAX_LAYERS 64
#define BOX_MAX_BINDS 64
#define BOX_UID 1000 /* of profiles build and parser */

/* A received message; its strings live in `text`. */
struct message {
	char type;
	char *text; /* fields */
	size_t n;
	int fds[BOX_MAX_FDS];
	size_t nfds;
};

/* ---- message.c ---- */

/* Receive; false when the other side is gone.  The buffer is static: one message at a time. */
bool message_receive(int fd, struct message *m);
/* Value of the first field of that key, NULL if there is none. */
const char *message_get(const struct message *m, const char *key);
unsigned long long message_get_number(const struct message *m, const char *key);
/* Next field behind `field` (NULL: the first); NULL at the end. */
const char *message_next(const struct message *m, const char *field);
/* Value if the field has this key, else NULL. */
const char *field_value(const char *field, const char *key);
void message_close_fds(struct message *m);

/* Send a message of one type with a printf-made text of fields (NULs written as \n) and
 * descriptors. */
void message_send(int fd, char type, const int *fds, size_t nfds, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* ---- fail.c part of message.c: what every step uses to give up ---- */

/* In the processes of a command: its id, so that a failure is told of it; else "". */
extern const char *box_exec_id;

/* Tell drydock why (with errno's text when errnum is not 0) and exit. */
void __attribute__((noreturn, format(printf, 2, 3))) box_die(int errnum, const char *fmt, ...);

/* ---- setup.c ---- */

struct pod_setup { /* decoded SETUP */
	bool root_mode;
	bool tools;
	const char *programs; /* bound at /drydock */
	const char *root_layers[BOX_MAX_LAYERS];
	size_t nroot;
	const char *root_upper, *root_work;
	bool has_work;
	const char *work_layers[BOX_MAX_LAYERS];
	size_t nwork;
	const char *work_upper, *work_work;
	const char *work_dir;
	struct {
		const char *src, *dst;
		bool writable;
	} binds[BOX_MAX_BINDS];
	size_t nbinds;
	unsigned long long tmpfs_bytes;
};

void setup_decode(const struct message *m, struct pod_setup *s);
/* Namespaces and id maps; returns as inside-root, before the fork of pid 1. */
void setup_namespaces(const struct pod_setup *s);
/* The file system and network of the pod; in pid 1. */
void setup_pod(const struct pod_setup *s);

/* ---- exec.c ---- */

/* Start the command of an EXEC message; the process that watches it reports EXITED by itself. */
void exec_command(struct message *m, bool root_mode);
/* Is a process below exec `id` blocked reading from a terminal? */
bool exec_is_blocked(const char *id);
void exec_signal(const char *id, int sig);

#endif
