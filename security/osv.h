/* Advisories of the Open Source Vulnerability format (ossf.github.io/osv-schema) against dependencies. */
#ifndef SECURITY_OSV_H
#define SECURITY_OSV_H

#include "base/map.h"
#include "security/security.h"

/* The dependencies by ecosystem and name; borrowed. */
struct osv {
	const struct security_dependency_list *dependencies;
	struct map index; /* of chains of numbers from 1 */
	size_t *next;	  /* the next of the same name; 0: none */
};
void osv_open(const struct security_dependency_list *l, struct osv *ret);
void osv_close(struct osv *o);

/* What one advisory says of them, appended; one that was withdrawn says nothing. */
void osv_match(const struct osv *o, const json_t *advisory, struct security_finding_list *ret);

#endif
