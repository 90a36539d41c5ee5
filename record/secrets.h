/*
 * Inside the room: the secret texts of an answers file, found in other text in time that does not depend on
 * their number: a licence file is one secret for each of its lines.
 */
#ifndef RECORD_SECRETS_H
#define RECORD_SECRETS_H

#include "base/str.h"

#define SECRET_MIN_BYTES 4

struct secrets {
	struct strlist texts; /* sorted once secrets_finish was called */
	size_t longest;
	uint64_t *heads; /* a bit for the hash of the first bytes of each */
};

void secrets_cleanup(struct secrets *s);
/* A value, and each line of its own that is long enough to tell; what is too short to hide is not added. */
void secrets_add(struct secrets *s, const char *value);
/* Nothing is added any more; needed before secrets_at. */
void secrets_finish(struct secrets *s);

/* Length of the longest secret that starts at p, 0 if none does. */
size_t secrets_at(const struct secrets *s, const char *p, size_t n);

#endif
