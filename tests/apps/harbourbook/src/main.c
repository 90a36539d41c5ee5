#include "harbour.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
usage(void)
{
	fprintf(stderr, "usage: harbourd --db FILE [--init SCHEMA | --import LIST | --port N]\n");
	return 2;
}

int
main(int argc, char **argv)
{
	const char *db = NULL, *schema = NULL, *list = NULL, *site = getenv("HARBOUR_SITE");
	int port = 8080;
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--db") == 0)
			db = argv[i + 1];
		else if (strcmp(argv[i], "--init") == 0)
			schema = argv[i + 1];
		else if (strcmp(argv[i], "--import") == 0)
			list = argv[i + 1];
		else if (strcmp(argv[i], "--port") == 0)
			port = atoi(argv[i + 1]);
		else
			return usage();
	}
	if (!db)
		return usage();
	if (!site) {
		fprintf(stderr, "harbourd: HARBOUR_SITE is not set: it names the basin this ledger is for\n");
		return 2;
	}
	store *s = store_open(db);
	if (!s) {
		fprintf(stderr, "harbourd: cannot open %s\n", db);
		return 1;
	}
	int rc = 0;
	if (schema && store_init(s, schema) < 0) {
		fprintf(stderr, "harbourd: %s: %s\n", schema, store_error(s));
		rc = 1;
	} else if (list) {
		int n = import_list(s, list);
		printf("%d boats taken over\n", n);
		rc = n < 0;
	} else if (!schema) {
		rc = http_serve(s, site, port);
	}
	store_close(s);
	return rc;
}
