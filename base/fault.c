#include "base/fault.h"

#include "base/log.h"
#include "base/str.h"

#include <signal.h>
#include <string.h>

static struct {
	bool read;
	char *name; /* NULL: no fault is wanted */
	uint64_t at;
	uint64_t passed;
	pid_t pid; /* who passed: a forked child counts anew */
} wanted;

static void
read_wish(void)
{
	wanted.read = true;
	const char *wish = getenv("DRYDOCK_FAULT");
	const char *colon = wish ? strrchr(wish, ':') : NULL;
	if (colon && str_parse_u64(str_of(colon + 1), UINT64_MAX, &wanted.at) && wanted.at)
		wanted.name = mem_strndup(wish, (size_t)(colon - wish));
	else if (wish && *wish)
		log_warn("DRYDOCK_FAULT=%s is not NAME:N and is not heeded", wish);
}

void
fault_point(const char *name)
{
	if (!wanted.read)
		read_wish();
	if (!wanted.name || strcmp(wanted.name, name) != 0)
		return;
	if (wanted.pid != getpid()) {
		wanted.pid = getpid();
		wanted.passed = 0;
	}
	if (++wanted.passed != wanted.at)
		return;
	(void)kill(getpid(), SIGKILL);
	for (;;)
		(void)pause(); /* not one instruction of the caller's more */
}
