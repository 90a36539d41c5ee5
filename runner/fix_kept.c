#include "runner/fix_kept.h"

#include "agents/loop.h"
#include "base/fs.h"

#include <string.h>

#define RESULT_MAX ((size_t)256 << 20)

int
fix_kept_result(const struct run *of, json_t **ret, struct dd_err *err)
{
	OWN_FREE char *path = run_path(of, "result.json");
	OWN(buf) struct buf text = {0};
	int rc = fs_read(path, RESULT_MAX, &text, err);
	return rc < 0 ? rc : json_parse(buf_str(&text), ret, err);
}

bool
fix_kept_has(const json_t *attempt)
{
	return strcmp(json_string_in(attempt, "verdict"), attempt_verdict_names[VERDICT_KEPT]) == 0;
}

int64_t
fix_kept_last(const json_t *result)
{
	int64_t n = 0;
	size_t i;
	json_t *a;
	json_array_foreach (json_object_get(result, "attempts"), i, a)
		if (fix_kept_has(a))
			n = json_integer_value(json_object_get(a, "attempt"));
	return n;
}

int
fix_kept_source(const struct run *of, int64_t attempt, json_t **ret, struct dd_err *err)
{
	OWN_FREE char *name = attempt ? mem_printf("attempt-%lld", (long long)attempt)
				      : mem_strdup("before"),
		      *dir = run_path(of, name);
	OWN_JSON json_t *options = NULL, *taken = NULL;
	struct journal *j = NULL;
	int rc = journal_open(dir, false, &j, err);
	if (rc == 0)
		rc = journal_get(j, "options", &options, err);
	if (rc == 0)
		rc = journal_find(j, "source", &taken, err);
	journal_close(j);
	json_t *given = json_object_get(options, "given");
	if (rc == 0 && !given && !taken)
		rc = err_set(err, DD_ECORRUPT, "run %s: its %s has no source", of->id, name);
	if (rc == 0)
		*ret = json_incref(given ? given : taken);
	return rc;
}
