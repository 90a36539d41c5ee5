/* Whether a change brings in what somebody will regret. */
#include "runner/fix_loop.h"
#include "runner/scan.h"

/* More of a rule than before is new, wherever it is: a line that was changed, or moved, is not. */
static bool
is_raised(const struct security_result *before, const struct security_result *after,
	const struct security_finding *f)
{
	size_t was = 0, is = 0;
	for (size_t i = 0; i < before->findings.n; i++)
		was += strcmp(before->findings.v[i].rule, f->rule) == 0;
	for (size_t i = 0; i < after->findings.n; i++)
		is += strcmp(after->findings.v[i].rule, f->rule) == 0;
	return is > was;
}

static bool
is_there(const struct security_result *r, const struct security_finding *f)
{
	for (size_t i = 0; i < r->findings.n; i++)
		if (strcmp(r->findings.v[i].print, f->print) == 0)
			return true;
	return false;
}

static json_t *
raised(const struct security_result *before, const struct security_result *after)
{
	json_t *found = json_array();
	for (size_t i = 0; i < after->findings.n; i++) {
		const struct security_finding *f = &after->findings.v[i];
		if (f->level < FINDING_WARNING || is_there(before, f) ||
			!is_raised(before, after, f))
			continue;
		json_array_append_new(
			found, json_pack("{s:o, s:I, s:s, s:o}", "path", json_text(str_of(f->path)),
				       "line", (json_int_t)f->line, "kind", f->rule, "text",
				       json_text(str_of(f->message))));
	}
	return found;
}

static int
do_secure(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	struct stack tree = {0};
	struct security_result before = {0}, after = {0};
	source_stack(&fix_best(f)->source, &tree);
	int rc = scan_stack(f->st, &tree, NULL, NULL, &before, err);
	stack_push(&tree, json_string_value(json_object_get(f->attempt->proposed, "layer")));
	if (rc == 0)
		rc = scan_stack(f->st, &tree, NULL, NULL, &after, err);
	if (rc == 0)
		*ret_result = json_pack("{s:o}", "findings", raised(&before, &after));
	security_result_cleanup(&before);
	security_result_cleanup(&after);
	stack_cleanup(&tree);
	return rc;
}

int
fix_is_secure(struct fixing *f, bool *ret, struct dd_err *err)
{
	struct fix_attempt *a = f->attempt;
	OWN_FREE char *key = mem_printf("fix/%lld/security", (long long)f->n);
	int rc = journal_step(f->run->journal, key, do_secure, f, &a->secured, err);
	*ret = rc == 0 && !json_array_size(json_object_get(a->secured, "findings"));
	fix_pass(a, GATE_SECURE, *ret);
	return rc;
}
