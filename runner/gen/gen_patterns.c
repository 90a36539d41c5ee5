/* What Hyperscan makes of the patterns in drydock's own tables, to be linked into it: base/match.h, match_prepared_begin. */
#include "base/match.h"
#include "envprobe/envprobe.h"
#include "security/security.h"

#include <stdio.h>
#include <stdlib.h>

static void
print_database(const struct match_set *set)
{
	OWN(buf) struct buf db = {0};
	if (match_database(set, &db, NULL) < 0 || !db.n)
		return; /* it is compiled when it is needed */
	uint64_t n = db.n;
	fwrite(&n, sizeof(n), 1, stdout);
	fwrite(db.p, 1, db.n, stdout);
}

int
main(void)
{
	OWN(dd_err) struct dd_err err = {0};
	match_on_compiled = print_database;
	int rc = probe_compile_patterns(&err);
	rc = rc ? rc : security_compile_patterns(&err);
	if (rc < 0)
		fprintf(stderr, "gen_patterns: %s\n", err_msg(&err));
	return rc < 0 || fflush(stdout) ? 1 : 0;
}
