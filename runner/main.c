/* drydock-core: everything but `sandbox run`, which the front program does itself. */
#include "runner/commands.h"

const struct subcommand *const commands[] = {
	&cmd_up,
	&cmd_replay,
	&cmd_resume,
	&cmd_runs,
	&cmd_report,
	&cmd_logs,
	&cmd_shell,
	&cmd_image_build,
	&cmd_image_list,
	&cmd_image_rm,
	&cmd_gc,
	&cmd_doctor,
	&cmd_version,
	&cmd_completion,
	&cmd_man,
	&cmd_worker,
	&cmd_broker,
	NULL,
};

int
main(int argc, char **argv)
{
	(void)argc;
	return cli_main(commands, argv + 1);
}
