/*
 * What is installed on a root file system, as its package tool tells: names, versions, and which of
 * the others each depends on.  Taken in a pod; every word is checked before it is believed, and what
 * is no word of dpkg(1) is left out.
 * probe_inventory (envprobe.h) asks.
 */
#ifndef ENVPROBE_INVENTORY_H
#define ENVPROBE_INVENTORY_H

#include "base/json.h"

struct installed {
	char *name;
	char *version;
	char *arch;
	char *source, *source_version; /* what it was built from; NULL */
	struct strlist depends;	       /* names of others that are installed, sorted */
};
struct inventory {
	char *vendor, *release; /* ID and VERSION_ID of os-release: "debian", "12"; NULL: unknown */
	struct installed *v;	/* sorted by name and architecture */
	size_t n;
	struct strlist
		linked; /* names of those whose libraries the built programs are linked to, sorted */
};

int inventory_from_json(const json_t *j, struct inventory *ret, struct dd_err *err) DD_MUST_USE;
json_t *inventory_to_json(const struct inventory *inv);
void inventory_cleanup(struct inventory *inv);

/* The answer of the package tool.  Text that is too long or not of this form gives less, not an error. */
void inventory_parse(struct str text, struct inventory *ret);

#endif
