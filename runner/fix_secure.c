/* Whether a change brings in what somebody will regret, and what of that is there in the end. */
#include "base/fs.h"
#include "base/map.h"
#include "runner/fix_loop.h"
#include "runner/scan.h"

static void
count_by(const struct security_finding_list *l, struct map *rules, struct map *prints)
{
	static char once;
	for (size_t i = 0; i < l->n; i++) {
		size_t n = (size_t)map_get(rules, l->v[i].rule);
		map_put(rules, l->v[i].rule, (void *)(n + 1));
		if (prints)
			map_put(prints, l->v[i].print, &once);
	}
}

/* More of a rule than before is new, wherever it is: a line that was changed, or moved, is not. */
static json_t *
raised(const struct security_result *before, const struct security_result *after)
{
	OWN(map) struct map was = {0}, is = {0}, prints = {0};
	json_t *found = json_array();
	if (after->dropped > before->dropped)
		json_array_append_new(found,
			json_pack("{s:s, s:i, s:s, s:s}", "path", "", "line", 0, "kind", "too-many",
				"text", "there are more findings than are kept"));
	count_by(&before->findings, &was, &prints);
	count_by(&after->findings, &is, NULL);
	for (size_t i = 0; i < after->findings.n; i++) {
		const struct security_finding *f = &after->findings.v[i];
		bool more = (size_t)map_get(&is, f->rule) > (size_t)map_get(&was, f->rule);
		if (f->level < FINDING_WARNING || !more || map_get(&prints, f->print))
			continue;
		json_array_append_new(
			found, json_pack("{s:o, s:I, s:s, s:o}", "path", json_text(str_of(f->path)),
				       "line", (json_int_t)f->line, "kind", f->rule, "text",
				       json_text(str_of(f->message))));
	}
	return found;
}

/* The unsafe among what the change takes away. */
static json_t *
mended(const struct security_result *before, const struct security_result *after)
{
	OWN_JSON json_t *gone = raised(after, before);
	json_t *unsafe = json_array(), *one;
	size_t i;
	json_array_foreach (gone, i, one)
		if (str_starts(str_of(json_string_in(one, "kind")),
			    security_finding_kind_names[FINDING_UNSAFE]))
			json_array_append(unsafe, one);
	return unsafe;
}

static int
do_secure(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct fixing *f = ctx;
	struct stack tree = {0};
	const char *osv = f->run->options.osv;
	struct security_result before = {0}, after = {0};
	fix_tree(f, &tree);
	int rc = scan_stack(f->st, &tree, NULL, osv, &before, err);
	stack_push(&tree, json_string_value(json_object_get(f->attempt->proposed, "layer")));
	if (rc == 0)
		rc = scan_stack(f->st, &tree, NULL, osv, &after, err);
	if (rc == 0)
		*ret_result = json_pack("{s:o, s:o}", "findings", raised(&before, &after), "mended",
			mended(&before, &after));
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

/* ---- what is handed over ---- */

#define REPORT "findings.sarif"

/* What the source had, too, is known. */
static int
mark_known(const struct security_result *before, struct security_result *after, struct dd_err *err)
{
	OWN_JSON json_t *sarif = security_sarif(&before->findings);
	OWN(buf) struct buf text = {0};
	json_print(sarif, 0, &text);
	return security_compare(&after->findings, buf_str(&text), err);
}

static int
write_report(const struct run *run, const struct security_result *r, struct dd_err *err)
{
	OWN_JSON json_t *sarif = security_sarif(&r->findings);
	OWN_FREE char *path = run_path(run, REPORT);
	OWN(buf) struct buf text = {0};
	json_print(sarif, 2, &text);
	buf_putc(&text, '\n');
	return fs_write_atomic(path, buf_str(&text), 0600, err);
}

static json_t *
survey_json(const struct security_result *r)
{
	json_t *vulnerable = json_array();
	json_int_t new = 0;
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct security_finding *f = &r->findings.v[i];
		new += !f->known;
		if (f->kind == FINDING_VULNERABLE)
			json_array_append_new(vulnerable,
				json_pack("{s:o, s:I, s:o, s:s, s:o, s:b}", "path",
					json_text(str_of(f->path)), "line", (json_int_t)f->line,
					"advisory", json_text(str_of(f->rule)), "level",
					security_finding_level_names[f->level], "text",
					json_text(str_of(f->message)), "known", f->known));
	}
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:o}", "report", REPORT, "findings",
		(json_int_t)r->findings.n, "new", new, "dropped", (json_int_t)r->dropped,
		"advisories", (json_int_t)r->advisories, "vulnerable", vulnerable);
}

static int
do_survey(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct fixing *f = ctx;
	struct stack tree = {0};
	struct security_result before = {0}, after = {0};
	source_stack(&f->before.source, &tree);
	int rc = scan_stack(f->st, &tree, NULL, f->run->options.osv, &before, err);
	for (size_t i = 0; i < f->r->layers.n; i++)
		stack_push(&tree, f->r->layers.v[i]);
	if (rc == 0)
		rc = scan_stack(f->st, &tree, NULL, f->run->options.osv, &after, err);
	if (rc == 0)
		rc = mark_known(&before, &after, err);
	if (rc == 0)
		rc = write_report(f->run, &after, err);
	if (rc == 0)
		*ret_result = survey_json(&after);
	security_result_cleanup(&before);
	security_result_cleanup(&after);
	stack_cleanup(&tree);
	return rc;
}

int
fix_survey(struct fixing *f, const char *key, struct dd_err *err)
{
	if (!f->r->layers.n && !f->run->options.osv)
		return 0;
	return journal_step(f->run->journal, key, do_survey, f, &f->r->security, err);
}
