/*
 * Inside the room: what apt says it would do, read into an install batch.  Pure text in, records out.
 */
#ifndef IMAGES_PLAN_H
#define IMAGES_PLAN_H

#include "record/record.h"

/*
 * simulation: the output of "apt-get -s install"; uris: of "apt-get --print-uris download"; records: of
 * "apt-cache show" for the same packages.  DD_EINVAL when something would be removed; DD_ECORRUPT when the
 * three do not fit together.
 */
int plan_parse(struct str simulation, struct str uris, struct str records,
	struct install_batch *ret, struct dd_err *err) DD_MUST_USE;

/* "name=version" of what would be unpacked. */
void plan_wanted(struct str simulation, struct strlist *ret);

#endif
