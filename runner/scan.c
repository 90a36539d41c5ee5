#include "runner/scan.h"

#include "base/fs.h"
#include "runner/commands.h"

#include <string.h>

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

int
scan_advisories(const char *named, char **ret, struct dd_err *err)
{
	const char *said = getenv("DRYDOCK_OSV");
	OWN_FREE char *folder = fs_user_config("osv"), *archive = fs_user_config("osv.zip");
	const char *path = named		? named
			   : said && *said	? said
			   : fs_exists(folder)	? folder
			   : fs_exists(archive) ? archive
						: NULL;
	if (path && strstr(path, "://"))
		return err_set(err, DD_EINVAL, "advisories: %s: fetch it and name the file", path);
	int rc = command_absolute_path(path, ret, err);
	return rc < 0 ? err_wrap(err, "advisories") : 0;
}
