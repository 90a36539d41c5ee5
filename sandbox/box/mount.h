/*
 * Mounts of a pod: detached objects until the root is in place.  All of these give up (box_die)
 * when the kernel refuses.
 */
#ifndef SANDBOX_BOX_MOUNT_H
#define SANDBOX_BOX_MOUNT_H

#include "sandbox/box/box.h"

#include <linux/mount.h>

/* glibc 2.36 declares these in sys/mount.h, which clashes with linux/mount.h. */
int mount(const char *, const char *, const char *, unsigned long, const void *);
int umount2(const char *, int);
#define MNT_DETACH 2

#define STAGE "/tmp" /* covered by the new root until pivot_root */

/* ---- mount.c ---- */

int mount_open_tree(const char *path, unsigned flags); /* as open_tree(2): may fail */
int mount_open_type(const char *type);		       /* a file system to be configured */
void mount_set_string(int fs, const char *key, const char *value, const char *what);
int mount_finish(int fs, unsigned attributes, const char *what); /* gives the mount, closes fs */
/* A bind of a path, without set-uid programs and devices. */
int mount_clone(const char *src, bool writable, bool recursive);
void mount_attach(int fd, const char *path); /* closes fd */
int mount_open_path(const char *path);	     /* of a directory */
void mount_fd_path(int fd, char *out, size_t n);
void mount_make_dirs(const char *path); /* with parents; in the pod */

/* ---- stack.c ---- */

struct overlay { /* descriptors, opened before the identity changes */
	int layers[BOX_MAX_LAYERS];
	size_t n;
	int upper, work;
};
void stack_open(struct overlay *o, const char *const *layers, size_t n, const char *upper,
	const char *work);
int stack_make(const struct overlay *o, const char *what); /* gives the mount */

struct data {	  /* opened before the identity changes */
	int tree; /* a mount that outlives the host's root; -1 */
	struct overlay overlays[BOX_MAX_DATA];
};
void data_open(const struct pod_setup *s, struct data *d);
void data_attach(
	const struct pod_setup *s, struct data *d); /* in the pod, once the root is in place */

#endif
