#include "../tap.h"
#include "harbour.h"

#include <stdlib.h>
#include <unistd.h>

static void
count_row(const stay *row, void *arg)
{
	(void)row;
	++*(int *)arg;
}

int
main(void)
{
	const char *src = getenv("srcdir");
	char path[512], copy[1024];
	stay row;
	int n = 0;

	if (!getenv("HARBOUR_SITE")) {
		fprintf(stderr, "ledger: HARBOUR_SITE is not set: it names the basin this ledger is for\n");
		return 2;
	}
	snprintf(copy, sizeof(copy), "cp stage/harbour.db stage/ledger-test.db");
	if (system(copy) != 0)
		return 2;
	store *s = store_open("stage/ledger-test.db");
	ok(s != NULL, "the office's ledger opens");
	is_long(store_count(s, "berth"), 4, "it has its berths");
	snprintf(path, sizeof(path), "%s/tests/guard.xml", src ? src : ".");
	is_long(import_list(s, path), 3, "the coast guard's list is taken over");
	is_long(import_list(s, path), 0, "and not a second time");
	is_long(import_list(s, "no/such/file"), -1, "a list that is not there is an error");
	long boat = store_find_boat(s, "DK4711");
	ok(boat > 0, "a boat is found by its sign");
	is_long(store_add_boat(s, "Other", "DK4711", 500), -1, "a sign is given once");
	long id = store_add_stay(s, "A1", boat, "2010-06-01", "2010-06-04");
	ok(id > 0, "a stay is entered");
	is_long(store_add_stay(s, "A1", boat, "2010-06-03", "2010-06-05"), -1, "a berth takes one boat a night");
	ok(store_add_stay(s, "A1", boat, "2010-06-04", "2010-06-05") > 0, "the day of departure is free again");
	is_long(store_add_stay(s, "Z9", boat, "2010-06-01", "2010-06-04"), -1, "there is no berth Z9");
	is_long(store_add_stay(s, "A2", store_find_boat(s, "SE0815"), "2010-06-01", "2010-06-04"), -1,
		"a long boat does not fit a short berth");
	is_long(store_get_stay(s, id, &row), 0, "the stay is read back");
	ok(strcmp(row.boat, "Havfruen") == 0 && row.length_cm == 750, "with its boat");
	is_long(store_each_stay(s, count_row, &n), 2, "both stays are listed");
	is_long(n, 2, "once each");
	store_close(s);
	unlink("stage/ledger-test.db");
	return done();
}
