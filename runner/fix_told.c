/* What the gates of an attempt found, told to each who wants to know: programs, readers of a pull request, and the next author. */
#include "runner/fix_gates.h"
#include "runner/fix_report.h"

#include <string.h>

static const struct {
	enum gate gate;
	enum test_level level;
	const char *cases;
} levels[] = {{GATE_TESTS, LEVEL_UNIT, "cases"},
	{GATE_INTEGRATION, LEVEL_INTEGRATION, "integration cases"},
	{GATE_E2E, LEVEL_E2E, "end-to-end cases"}};
#define LEVELS (sizeof(levels) / sizeof(*levels))

/* Of a finding of a gate: where, what, and by what rule. */
static void
put_finding(const json_t *one, struct buf *out)
{
	int64_t line = json_integer_value(json_object_get(one, "line"));
	const char *path = json_string_in(one, "path");
	buf_puts(out, path);
	if (line)
		buf_printf(out, ":%lld", (long long)line);
	buf_printf(out, "%s%s (%s)", *path ? ": " : "", json_string_in(one, "text"),
		json_string_in(one, "kind"));
}

/* ---- programs ---- */

json_t *
fix_gates_to_json(const struct fix_attempt *a)
{
	json_t *gates = json_array();
	for (int i = 0; i < GATES; i++) {
		json_t *gate = json_pack("{s:s, s:s}", "gate", gate_names[i], "result",
			gate_result_names[a->gates[i]]);
		for (size_t k = 0; k < LEVELS; k++)
			if (levels[k].gate == (enum gate)i && a->worse_at[levels[k].level].n)
				json_object_set_new(gate, "worse",
					json_from_strings(&a->worse_at[levels[k].level]));
		json_array_append_new(gates, gate);
	}
	return gates;
}

/* ---- readers of the pull request ---- */

#define TOLD_MAX 50 /* of one gate */

static void
put_line(size_t n, enum gate gate, const char *text, struct buf *out)
{
	buf_printf(out, "- attempt %zu, %s: ", n, gate_names[gate]);
	fix_put_cell(out, text);
	buf_putc(out, '\n');
}

static void
put_findings(size_t n, enum gate gate, const json_t *result, struct buf *out)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(result, "findings"), i, one) {
		OWN(buf) struct buf text = {.max = 1000};
		if (i == TOLD_MAX)
			break;
		put_finding(one, &text);
		put_line(n, gate, text.p, out);
	}
}

/* "flake8 (asked for by setup.cfg): not-run, the program is not there". */
static void
put_linter(const json_t *one, struct buf *out)
{
	const char *note = json_string_in(one, "note");
	buf_printf(out, "%s (asked for by %s): %s%s%s", json_string_in(one, "linter"),
		json_string_in(one, "asked_by"), json_string_in(one, "result"), *note ? ", " : "",
		note);
}

static int64_t
part_of(const json_t *covered, const char *when, size_t i)
{
	return json_integer_value(json_array_get(json_object_get(covered, when), i));
}

/* "tests execute 3 of 4 touched lines, 2 of 2 before", or why nobody knows. */
static void
put_covered(const json_t *covered, struct buf *out)
{
	const char *why = json_string_in(covered, "why");
	if (*why)
		buf_printf(out, "not measured: %s", why);
	else if (!json_array_size(json_object_get(covered, "measured")))
		buf_puts(out, "not measured: nothing of the files was seen to run");
	else
		buf_printf(out, "tests execute %lld of %lld touched lines, ",
			(long long)part_of(covered, "is", 0), (long long)part_of(covered, "is", 1));
	if (json_is_true(json_object_get(covered, "compared")))
		buf_printf(out, "%lld of %lld before", (long long)part_of(covered, "was", 0),
			(long long)part_of(covered, "was", 1));
	else if (json_object_get(covered, "compared"))
		buf_puts(out, "not measured before");
}

static void
put_coverage(size_t n, const json_t *covered, struct buf *out)
{
	OWN(buf) struct buf text = {.max = 1000};
	size_t i;
	json_t *path;
	if (!covered)
		return;
	put_covered(covered, &text);
	put_line(n, GATE_COVERAGE, text.p, out);
	put_findings(n, GATE_COVERAGE, covered, out);
	if (!json_array_size(json_object_get(covered, "measured")))
		return;
	json_array_foreach (json_object_get(covered, "not_measured"), i, path) {
		OWN_FREE char *line = mem_printf("not measured: %s", json_string_value(path));
		put_line(n, GATE_COVERAGE, line, out);
	}
}

/* Pages that are not what they were, by the digests of their pictures. */
static void
put_screens(size_t n, const json_t *screens, struct buf *out)
{
	const char *why = json_string_in(screens, "why");
	size_t i;
	json_t *page;
	if (*why)
		put_line(n, GATE_SCREENS, why, out);
	put_findings(n, GATE_SCREENS, screens, out);
	json_array_foreach (json_object_get(screens, "pages"), i, page) {
		const char *result = json_string_in(page, "result");
		if (strcmp(result, "same") == 0)
			continue;
		OWN_FREE char *line = mem_printf("%s: %s, sha256 %s before, %s after",
			json_string_in(page, "url"), result, json_string_in(page, "before"),
			json_string_in(page, "after"));
		put_line(n, GATE_SCREENS, line, out);
	}
}

static void
put_likeness(size_t n, const json_t *likeness, struct buf *out)
{
	size_t i;
	json_t *one;
	put_findings(n, GATE_SCREENS, likeness, out);
	json_array_foreach (json_object_get(likeness, "pictures"), i, one) {
		OWN_FREE char *line = mem_printf(
			"%s is %.2f %% another than the picture %s (at most %g), sha256 %s seen, %s wanted",
			json_string_in(one, "at"),
			json_number_value(json_object_get(one, "differs")),
			json_string_in(one, "picture"),
			json_number_value(json_object_get(one, "most")),
			json_string_in(one, "seen"), json_string_in(one, "wanted"));
		put_line(n, GATE_SCREENS, line, out);
	}
}

static void
put_attempt(size_t n, const struct fix_attempt *a, struct buf *out)
{
	size_t i;
	json_t *one;
	for (size_t k = 0; k < LEVELS; k++)
		for (i = 0; i < a->worse_at[levels[k].level].n && i < TOLD_MAX; i++) {
			OWN_FREE char *text =
				mem_printf("%s ends worse", a->worse_at[levels[k].level].v[i]);
			put_line(n, levels[k].gate, text, out);
		}
	json_array_foreach (json_object_get(a->linted, "linters"), i, one) {
		OWN(buf) struct buf text = {.max = 1000};
		put_linter(one, &text);
		put_line(n, GATE_LINT, text.p, out);
	}
	put_findings(n, GATE_LINT, a->linted, out);
	put_coverage(n, a->covered, out);
	put_screens(n, a->screens, out);
	put_likeness(n, a->likeness, out);
	put_findings(n, GATE_PARITY, a->parity, out);
	put_findings(n, GATE_JUDGED, a->judged, out);
	put_findings(n, GATE_SECURE, a->secured, out);
}

void
fix_put_told(const struct fix_result *r, struct buf *out)
{
	OWN(buf) struct buf told = {.max = (size_t)256 << 10};
	for (size_t i = 0; i < r->attempts.n; i++)
		put_attempt((size_t)r->attempts.v[i].n, &r->attempts.v[i], &told);
	if (told.n)
		buf_printf(out, "\nWhat they found, and what could not be asked:\n\n%s", told.p);
}

/* ---- a terminal ---- */

void
fix_print_line(const char *label, const char *text)
{
	OWN(buf) struct buf safe = {.max = 8192};
	if (!text)
		return;
	buf_put_visible(&safe, str_of(text));
	printf("  %-10s %s\n", label, safe.n ? safe.p : "");
}

void
fix_print_branch(const struct run *run, const struct fix_result *r)
{
	const char *branch = json_string_value(json_object_get(r->branch, "branch"));
	OWN_FREE char *next =
		branch ? mem_printf("drydock pr %s asks people to pull it", run->id) : NULL;
	fix_print_line("branch", branch);
	fix_print_line("", next);
	fix_print_line("moved", json_string_value(json_object_get(r->moved, "then")));
}

static void
print_findings(const char *label, const json_t *result)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(result, "findings"), i, one) {
		OWN(buf) struct buf line = {.max = 1000};
		put_finding(one, &line);
		fix_print_line(label, line.p);
	}
}

void
fix_print_told(const struct fix_attempt *a)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(a->linted, "linters"), i, one) {
		OWN(buf) struct buf line = {.max = 1000};
		put_linter(one, &line);
		if (json_object_get(one, "note"))
			fix_print_line("linter", line.p);
	}
	print_findings(a->gates[GATE_LINT] == GATE_TOLD ? "told" : "refused", a->linted);
	if (a->gates[GATE_COVERAGE] == GATE_FAILED || a->gates[GATE_COVERAGE] == GATE_TOLD) {
		OWN(buf) struct buf line = {.max = 1000};
		put_covered(a->covered, &line);
		fix_print_line("coverage", line.p);
	}
	print_findings(a->gates[GATE_SCREENS] == GATE_TOLD ? "told" : "refused", a->screens);
	print_findings("refused", a->likeness);
	print_findings("refused", a->parity);
	print_findings("refused", a->judged);
	print_findings("refused", a->secured);
}

/* ---- what is found in the end ---- */

void
fix_left_vulnerable(const struct fix_result *r, json_t *left)
{
	size_t i;
	json_t *one;
	json_array_foreach (json_object_get(r->security, "vulnerable"), i, one)
		json_array_append_new(left,
			json_pack("{s:s, s:O, s:O, s:O, s:O}", "kind", "advisory", "path",
				json_object_get(one, "path"), "line", json_object_get(one, "line"),
				"what", json_object_get(one, "text"), "advisory",
				json_object_get(one, "advisory")));
}

void
fix_put_security(const struct fix_result *r, struct buf *out)
{
	const json_t *s = r->security;
	size_t i;
	json_t *one;
	if (!s)
		return;
	buf_printf(out,
		"\n## Security\n\n%lld findings (secrets, unsafe calls, dependencies), %lld of them new: `%s` of the run, in SARIF.\n",
		(long long)json_integer_value(json_object_get(s, "findings")),
		(long long)json_integer_value(json_object_get(s, "new")),
		json_string_in(s, "report"));
	if (!json_integer_value(json_object_get(s, "advisories")))
		buf_puts(out,
			"Dependencies were not held against advisories: none were given (`--osv`).\n");
	json_array_foreach (json_object_get(s, "vulnerable"), i, one) {
		buf_printf(out, "%s- %s, %s: ", i ? "" : "\n", json_string_in(one, "level"),
			json_is_true(json_object_get(one, "known")) ? "as before" : "**new**");
		fix_put_cell(out, json_string_in(one, "text"));
		buf_puts(out, " in ");
		fix_put_cell(out, json_string_in(one, "path"));
		buf_putc(out, '\n');
	}
}

/* ---- a branch, and what it stands on ---- */

void
fix_put_moved(const struct fix_result *r, struct buf *out)
{
	const char *branch = json_string_in(r->moved, "branch");
	if (!json_is_object(r->moved))
		return;
	buf_puts(out, "\n**What is checked out has moved since this was made**");
	if (*branch) {
		buf_puts(out, ": ");
		fix_put_cell(out, branch);
	}
	buf_printf(out, " was %.12s, and is %.12s. `%s` puts these commits onto it.\n",
		json_string_in(r->moved, "from"), json_string_in(r->moved, "to"),
		json_string_in(r->moved, "then"));
}

/* The message of the commit it was, whose trailers say who wrote it; and that it stands elsewhere now. */
char *
fix_picked_message(const struct run *run, const struct fix_attempt *a)
{
	OWN(buf) struct buf out = {.max = 65536};
	buf_add_str(&out, str_trim(str_of(json_string_in(a->proposed, "message"))));
	buf_printf(&out, "\nDrydock-Rebased-By: %s\n", run->id);
	if (a->author == AUTHOR_MODEL)
		buf_printf(&out, "Drydock-Resolved-By: models/%s\n",
			json_string_in(a->proposed, "model"));
	return buf_take(&out);
}

void
fix_put_attacks(const struct fix_result *r, struct buf *out)
{
	size_t i, k;
	json_t *attack, *one;
	json_array_foreach (r->attacks, i, attack) {
		buf_puts(out, "\nUnsafe before, and mended:\n\n");
		json_array_foreach (json_object_get(attack, "mended"), k, one) {
			OWN(buf) struct buf text = {.max = 1000};
			put_finding(one, &text);
			buf_puts(out, "- ");
			fix_put_cell(out, text.p);
			buf_putc(out, '\n');
		}
		json_array_foreach (json_object_get(attack, "red_before"), k, one) {
			buf_puts(out, "- shown by ");
			fix_put_cell(out, json_string_value(one));
			buf_puts(out, ", which fails on the source as it was\n");
		}
		if (*json_string_in(attack, "why")) {
			buf_puts(out, "- **no test shows it**: ");
			fix_put_cell(out, json_string_in(attack, "why"));
			buf_putc(out, '\n');
		}
	}
}

/* ---- the next author ---- */

static void
put_all(const char *why, const json_t *result, struct buf *out)
{
	size_t i;
	json_t *one;
	buf_puts(out, why);
	json_array_foreach (json_object_get(result, "findings"), i, one) {
		int64_t line = json_integer_value(json_object_get(one, "line"));
		buf_printf(
			out, " %s in %s", json_string_in(one, "kind"), json_string_in(one, "path"));
		if (line)
			buf_printf(out, ":%lld", (long long)line);
		buf_printf(out, " (%s);", json_string_in(one, "text"));
	}
}

static void
put_worse(const struct fix_attempt *a, struct buf *out)
{
	const char *space = "";
	for (size_t k = 0; k < LEVELS; k++) {
		const struct strlist *worse = &a->worse_at[levels[k].level];
		if (!worse->n)
			continue;
		buf_printf(out, "%s%s ended worse with it:", space, levels[k].cases);
		space = " ";
		for (size_t i = 0; i < worse->n && i < 10; i++)
			buf_printf(out, " %s;", worse->v[i]);
	}
}

void
fix_put_reason(const struct fix_attempt *a, struct buf *out)
{
	const enum gate_result *gates = a->gates;
	if (a->verdict == VERDICT_NOTHING)
		buf_printf(out, "no edit that could be made (%s): %s",
			json_string_in(a->proposed, "end"), json_string_in(a->proposed, "note"));
	else if (gates[GATE_WRITES] == GATE_FAILED)
		buf_puts(out, "refused, because it changes files that are not of this task");
	else if (gates[GATE_UNTAMPERED] == GATE_FAILED && fix_conflict_left(a->changes))
		buf_printf(out, "refused, because lines of conflict are left in %s",
			json_string_in(fix_conflict_left(a->changes), "path"));
	else if (gates[GATE_UNTAMPERED] == GATE_FAILED)
		put_all("refused, because no honest repair does this:", a->changes, out);
	else if (gates[GATE_BUILDS] == GATE_FAILED)
		buf_puts(out, "the project did not build with it");
	else if (a->worse.n)
		put_worse(a, out);
	else if (a->red && !json_array_size(a->red))
		buf_puts(out,
			"no case that it brings fails on the source as it was before the repair");
	else if (gates[GATE_LINT] == GATE_FAILED)
		put_all("refused, because the project's linters find in what it touches:",
			a->linted, out);
	else if (gates[GATE_COVERAGE] == GATE_FAILED)
		put_all("refused, because tests execute less of what it touches than before:",
			a->covered, out);
	else if (gates[GATE_SCREENS] == GATE_FAILED && a->likeness)
		put_all("refused, because pages do not look like the pictures of the plan:",
			a->likeness, out);
	else if (gates[GATE_SCREENS] == GATE_FAILED)
		put_all("refused, because pages that are seen look otherwise:", a->screens, out);
	else if (gates[GATE_PARITY] == GATE_FAILED)
		put_all("refused, because it does not do what the original does:", a->parity, out);
	else if (gates[GATE_JUDGED] == GATE_FAILED)
		put_all("refused, because it only makes the tests pass:", a->judged, out);
	else if (gates[GATE_SECURE] == GATE_FAILED)
		put_all("refused, because it brings in what is unsafe:", a->secured, out);
	else if (gates[GATE_REVIEW] == GATE_FAILED)
		buf_printf(out, "a reviewer rejected it: %s", json_string_in(a->review, "reason"));
	else
		buf_puts(out, "no case that failed passes with it");
}
