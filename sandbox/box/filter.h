/*
 * System-call filters; see filter.c.
 */
#ifndef SANDBOX_BOX_FILTER_H
#define SANDBOX_BOX_FILTER_H

#include <stdbool.h>

enum filter_kind {
	FILTER_BUILD,
	FILTER_PROVISION,
	FILTER_IMAGE,
	FILTER_PARSER,
	FILTER_BROWSER,
	FILTER_DEBUG,
};

/* Placeholders in a generated program.  Left there by mistake, they answer ENOSYS: nobody traces.
 */
#define MARK_DENIED 0x7ff00001u	 /* SECCOMP_RET_TRACE, 1 */
#define MARK_UNKNOWN 0x7ff00002u /* SECCOMP_RET_TRACE, 2 */

enum filter_ids {  /* of root inside */
	IDS_REAL,  /* there are several */
	IDS_FIXED, /* there is one: changes of owner and identity succeed without effect */
	IDS_ASKED, /* the same, but the watcher is asked about identity (ids.c) */
};

struct filter_spec {
	enum filter_kind kind;
	enum filter_ids ids;
	unsigned observe; /* enum box_observe of proto.h: what the supervisor is notified of */
};

/*
 * Install the filter of a profile on this process with what is to be observed answered by
 * notification.  Gives the listener; -1, and nothing is installed, when the kernel has none to
 * give.
 */
int filter_install_listening(const struct filter_spec *spec);

/*
 * Install it without a listener: it answers by itself.  `traced`: what is to be observed, as far as
 * it is in a trace class, stops the process for its tracer.
 */
void filter_install(const struct filter_spec *spec, bool traced);

#endif
