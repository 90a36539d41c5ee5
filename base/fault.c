#include "base/fault.h"

#include "base/str.h"

#include <signal.h>
#include <string.h>

static struct {
	bool read;
	char *name; /* NULL: no fault is wanted */
	uint64_t left;
} wanted;

static void
read_wish(void)
{
	wanted.read = true;
	const char *wish = getenv("DRYDOCK_FAULT");
	const char *colon = wish ? strrchr(wish, ':') : NULL;
	if (colon && str_parse_u64(str_of(colon + 1), UINT64_MAX, &wanted.left) && wanted.left)
		wanted.name = mem_strndup(wish, (size_t)(colon - wish));
}

void
fault_point(const char *name)
{
	if (!wanted.read)
		read_wish();
	if (!wanted.name || strcmp(wanted.name, name) != 0 || --wanted.left)
		return;
	(void)kill(getpid(), SIGKILL);
}
