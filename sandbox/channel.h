/* The socket between drydock and a drydock-box, seen from drydock; see sandbox/box/proto.h. */
#ifndef SANDBOX_CHANNEL_H
#define SANDBOX_CHANNEL_H

#include "base/err.h"
#include "base/str.h"
#include "sandbox/box/proto.h"

struct request { /* a message being put together */
	struct buf text;
	int fds[BOX_MAX_FDS]; /* borrowed */
	size_t nfds;
};

void request_init(struct request *r, enum box_message type);
void request_cleanup(struct request *r);
void request_add(struct request *r, const char *key, const char *value);
void request_add_number(struct request *r, const char *key, uint64_t value);
void request_add_fd(struct request *r, int fd);

/* DD_ELIMIT when it is too long, DD_EIO when the box is gone. */
int channel_send(int fd, const struct request *r, struct dd_err *err) DD_MUST_USE;

struct reply {
	enum box_message type;
	struct buf text;
	int fds[BOX_MAX_FDS]; /* owned until taken */
	size_t nfds;
};
void reply_cleanup(struct reply *r);

/* Receive one message; DD_EIO when the box is gone. */
int channel_receive(int fd, struct reply *ret, struct dd_err *err) DD_MUST_USE;

const char *reply_get(const struct reply *r, const char *key); /* NULL if absent */
uint64_t reply_number(const struct reply *r, const char *key);
int reply_take_fd(struct reply *r, size_t i); /* -1 if absent */

/* The error a FAILED message tells. */
int reply_error(const struct reply *r, struct dd_err *err);

#endif
