#include "agents/inventory.h"

const char *const cheat_kind_names[] = {"test-removed", "test-skipped", "assertion-weaker",
	"always-true", "exit-faked", "runner-patched", "constant-body", "input-special",
	"hidden-failure", NULL};

bool
inventory_is_test(const char *path)
{
	(void)path;
	return false;
}

void
inventory_compare(const char *path, struct str before, struct str after, json_t *findings)
{
	(void)path;
	(void)before;
	(void)after;
	(void)findings;
}
