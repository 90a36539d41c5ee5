/*
 * drydock, the program people type.  It does `sandbox run` and `qa diff` itself, because they must start at
 * once and the libraries of everything else take longer to load than a sandbox to open; all else is
 * drydock-core's.
 */
#include "runner/front_commands.h"
#include "runner/sandbox_job.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct subcommand *const own[] = {&cmd_sandbox_run, &cmd_qa_diff, NULL};
const struct sandbox_run_net_ops *const sandbox_run_net = NULL;

/* Become drydock-core with the same arguments; returns only when that fails. */
static void
exec_core(char **argv)
{
	OWN_FREE char *program = sandbox_program("drydock-core");
	argv[0] = program;
	(void)execv(program, argv);
}

static bool
wants_package_sources(char **argv)
{
	for (; *argv && strcmp(*argv, "--") != 0; argv++)
		if (strcmp(*argv, "--net=provision") == 0 ||
			(strcmp(*argv, "--net") == 0 && argv[1] &&
				strcmp(argv[1], "provision") == 0))
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	static char version[] = "version";
	size_t words;
	(void)argc;
	if (argv[1] && cli_find(own, argv + 1, &words) && !wants_package_sources(argv))
		return cli_main(own, argv + 1);
	if (argv[1] && strcmp(argv[1], "--version") == 0)
		argv[1] = version;
	exec_core(argv);
	fprintf(stderr, "drydock: cannot run drydock-core: %s\n", strerror(errno));
	return EXIT_OURS;
}
