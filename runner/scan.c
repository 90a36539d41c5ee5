#include "runner/scan.h"

#define ADVISORIES "/advisories"
#define MAX_OUTPUT ((size_t)256 << 20)
#define MEMORY ((uint64_t)2 << 30)
#define PATIENCE_MS (60 * 60 * 1000)

int
scan_stack(const struct state *st, const struct stack *tree, const json_t *packages,
	const char *osv, struct security_result *ret, struct dd_err *err)
{
	OWN(buf) struct buf input = {0}, out = {.max = MAX_OUTPUT};
	struct pod *pod;
	const char *args[] = {osv ? ADVISORIES : NULL, NULL};
	const struct pod_bind bind = {.src = osv, .dst = ADVISORIES};
	const struct pod_spec spec = {
		.state = st, .work = tree, .binds = &bind, .nbinds = osv != NULL};
	if (packages)
		json_print(packages, 0, &input);
	const struct worker_spec worker = {.name = "security",
		.args = args,
		.input = buf_str(&input),
		.memory_bytes = MEMORY,
		.time_limit_ms = PATIENCE_MS};
	int rc = pod_open(&spec, &pod, err);
	if (rc == 0) {
		rc = worker_exec(pod, &worker, &out, err);
		pod_close(pod);
	}
	return rc < 0 ? rc : security_result_from_json(buf_str(&out), ret, err);
}
