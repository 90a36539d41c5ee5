/* How long which kind of work takes, and who does it: ranges that people who did such work would not quarrel with. */
#include "runner/guide.h"

static const struct effort {
	double low, high; /* hours */
	const char *skill, *basis;
} efforts[] = {
	[WORK_ACCESS] = {0.25, 4, "operator of the application",
		"asking for a value that somebody has; longer where access must be granted"},
	[WORK_CONFIRM] = {0.1, 0.5, "somebody who knows the application",
		"reading where the value is used and saying whether the default is right"},
	[WORK_SERVICE] = {1, 8, "system administrator",
		"setting a service up and filling it with data that tests can use"},
	[WORK_PROVIDE] = {2, 16, "build engineer",
		"finding, building and packaging something that no package source has"},
	[WORK_PORT] = {8, 80, "developer of the language",
		"moving a program to a newer language or compiler; depends on its size"},
	[WORK_BUILD] = {1, 16, "build engineer",
		"understanding one failing build step and mending it"},
	[WORK_TEST] = {0.5, 4, "developer", "understanding one failing case and mending its cause"},
	[WORK_TEST_MORE] = {0.1, 0.5, "developer",
		"a further case that fails in the same way, once the cause is known"},
	[WORK_UNTESTED] = {0.1, 1, "developer", "giving a skipped case what it asks for"},
	[WORK_WRITE_TESTS] = {4, 24, "developer", "characterisation tests for code that has none"},
	[WORK_FEATURE] = {0.5, 4, "build engineer",
		"deciding about a feature that is off, and supplying what switches it on"},
	[WORK_REVIEW] = {0.5, 2, "build engineer",
		"reading the recipe and the evidence for each package"},
	[WORK_QA] = {0.5, 2, "tester", "using the application once by hand, beside the tests"},
	[WORK_TASK] = {1, 8, "developer",
		"a task of a plan by hand, its requirements and files being known"},
	[WORK_FILE] = {0.25, 2, "developer", "a further file that the task writes"},
	[WORK_SHOW] = {0.5, 3, "tester", "a test of one requirement, red without the change"},
	[WORK_READ] = {0.25, 1, "developer",
		"reading one change beside the task that it was made for"},
	[WORK_RENEW] = {0.5, 8, "developer",
		"moving one dependency to a version that the advisory does not name; longer where its interface changed"},
	[WORK_DECIDE] = {0.5, 8, "somebody who knows the application",
		"finding out which of two requirements is meant, and saying so to who wrote the other"},
};

void
guide_add_hours(struct guide_item *it, enum guide_work work, double times)
{
	it->hours_low += efforts[work].low * times;
	it->hours_high += efforts[work].high * times;
}

struct guide_item *
guide_add(struct guide *g, enum guide_work work, double times)
{
	const struct effort *e = &efforts[work];
	struct guide_item *it = guide_item_list_add(&g->items);
	guide_add_hours(it, work, times);
	it->basis = mem_strdup(e->basis);
	it->skill = mem_strdup(e->skill);
	return it;
}
