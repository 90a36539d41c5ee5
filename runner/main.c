/* drydock-core: all subcommands. */
#include "images/apt.h"
#include "runner/commands.h"
#include "runner/sandbox_job.h"

static const struct sandbox_run_net_ops package_sources = {
	apt_online_prepare, apt_online_connect, apt_online_release};
const struct sandbox_run_net_ops *const sandbox_run_net = &package_sources;

const struct subcommand *const commands[] = {
	&cmd_up,
	&cmd_probe,
	&cmd_replay,
	&cmd_fix,
	&cmd_resume,
	&cmd_runs,
	&cmd_report,
	&cmd_guide,
	&cmd_explain,
	&cmd_diff,
	&cmd_bundle,
	&cmd_start,
	&cmd_stop,
	&cmd_logs,
	&cmd_shell,
	&cmd_sandbox_run,
	&cmd_sandbox_trace,
	&cmd_image_build,
	&cmd_image_list,
	&cmd_image_rm,
	&cmd_image_import,
	&cmd_image_export,
	&cmd_image_pull,
	&cmd_image_push,
	&cmd_spec,
	&cmd_graph_ingest,
	&cmd_graph_status,
	&cmd_graph_find,
	&cmd_graph_at,
	&cmd_graph_callers,
	&cmd_graph_callees,
	&cmd_graph_impact,
	&cmd_graph_context,
	&cmd_graph_search,
	&cmd_graph_tests,
	&cmd_graph_unused,
	&cmd_graph_clusters,
	&cmd_graph_sql,
	&cmd_graph_export,
	&cmd_models,
	&cmd_trace,
	&cmd_mcp,
	&cmd_verify,
	&cmd_key_init,
	&cmd_key_show,
	&cmd_key_rotate,
	&cmd_qa_diff,
	&cmd_qa_check,
	&cmd_qa_approve,
	&cmd_qa_reject,
	&cmd_qa_undo,
	&cmd_qa_decide,
	&cmd_qa_history,
	&cmd_qa_shoot,
	&cmd_qa_play,
	&cmd_qa_report,
	&cmd_gc,
	&cmd_doctor,
	&cmd_version,
	&cmd_completion,
	&cmd_man,
	&cmd_worker,
	&cmd_broker,
	&cmd_courier,
	&cmd_flatten,
	NULL,
};

int
main(int argc, char **argv)
{
	(void)argc;
	return cli_main(commands, argv + 1);
}
