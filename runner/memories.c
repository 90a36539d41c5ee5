#include "runner/memories.h"

#include "base/fs.h"
#include "sandbox/sandbox.h"

#include <time.h>

int
runner_memories_open(const struct common_options *o, struct memories **ret, struct dd_err *err)
{
	OWN(state) struct state st = {0};
	OWN_FREE char *dir = NULL;
	int rc = state_open(o->state, &st, err);
	if (rc < 0)
		return rc;
	dir = state_path(&st, "memory");
	rc = fs_mkdirs(dir, 0700, err);
	return rc == 0 ? memories_open(dir, (int64_t)time(NULL), ret, err) : rc;
}

int
runner_memories_about(const struct common_options *o, struct graph *g, const char *root,
	const struct strlist *files, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *clusters = NULL;
	struct memories *m = NULL;
	int rc = runner_memories_open(o, &m, err);
	if (rc == 0)
		rc = graph_clusters(g, &clusters, err);
	if (rc == 0)
		rc = memories_for(m, root, json_object_get(clusters, "clusters"), files, ret, err);
	memories_close(m);
	return rc;
}
