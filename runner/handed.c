#include "runner/handed.h"

#include "base/fs.h"
#include "runner/session.h"

#define MAX_BYTES ((size_t)256 << 20)

json_t *
handed_json(const struct run *r, const char *name)
{
	OWN_FREE char *path = run_path(r, name);
	json_t *j = NULL;
	return json_parse_file(path, MAX_BYTES, &j, NULL) < 0 ? NULL : j;
}

json_t *
handed_lines(const struct run *r, const char *name)
{
	OWN_FREE char *path = run_path(r, name);
	OWN(buf) struct buf text = {0};
	json_t *all = json_array();
	struct str line;
	if (fs_read_if_any(path, MAX_BYTES, &text, NULL) < 0)
		return all;
	for (struct str rest = buf_str(&text); str_next_line(&rest, &line);) {
		json_t *j = NULL;
		if (json_parse(line, &j, NULL) == 0)
			json_array_append_new(all, j);
	}
	return all;
}

int
handed_find(const struct common_options *common, const char *name, struct state *ret_state,
	struct run *ret_run, struct dd_err *err)
{
	int rc = session_require(common, err);
	if (rc == 0)
		rc = session_open(common, ret_state, err);
	return rc < 0 ? rc : run_open(ret_state, name, false, ret_run, err);
}

int
handed_open(const struct common_options *common, const char *name, struct state *ret_state,
	struct run *ret_run, struct dd_err *err)
{
	int rc = handed_find(common, name, ret_state, ret_run, err);
	OWN_FREE char *result = rc == 0 ? run_path(ret_run, "result.json") : NULL;
	if (rc == 0 && !fs_exists(result))
		rc = err_set(err, DD_EINVAL, "run %s has no result yet (drydock resume %s)",
			ret_run->id, ret_run->id);
	return rc;
}
