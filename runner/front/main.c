/*
 * drydock, the program people type.  It does `sandbox run` itself, because that must start at once
 * and the libraries of everything else take longer to load than a sandbox to open; all else is
 * drydock-core's.
 */
#include "runner/cli.h"

#include "runner/front/front.h"

#include <errno.h>
#include <string.h>

static const struct subcommand *const own[] = {&front_sandbox_run, NULL};

int
main(int argc, char **argv)
{
	size_t words;
	(void)argc;
	if (argv[1] && cli_find(own, argv + 1, &words))
		return cli_main(own, argv + 1);
	if (argv[1] && strcmp(argv[1], "--version") == 0)
		argv[1] = (char[]){"version"};
	front_exec_core(argv + 1);
	fprintf(stderr, "drydock: cannot run drydock-core: %s\n", strerror(errno));
	return EXIT_OURS;
}
