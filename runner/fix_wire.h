/* Messages between drydock and the worker "fix": each behind its length, 8 bytes, little-endian. */
#ifndef RUNNER_FIX_WIRE_H
#define RUNNER_FIX_WIRE_H

#include "base/str.h"

#define WIRE_REQUEST \
	'R' /* first byte of a message: run what follows (a script as a message, then its input) */
#define WIRE_RESULT 'D' /* what follows is the result */

void wire_put(struct buf *out, struct str message);
/* The next whole message of *rest; false: there is none yet. */
bool wire_take(struct str *rest, struct str *ret_message);

#endif
