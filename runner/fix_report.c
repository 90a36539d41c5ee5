#include "runner/fix_report.h"

#include "base/fs.h"
#include "runner/fix_gates.h"

#include <string.h>

struct fix_attempt *
fix_attempt_list_add(struct fix_attempt_list *l)
{
	l->v = mem_grow(l->v, l->n, &l->cap, sizeof(*l->v));
	l->v[l->n] = (struct fix_attempt){0};
	return &l->v[l->n++];
}

static void
clean_attempt(struct fix_attempt *a)
{
	json_t *const all[] = {a->proposed, a->changes, a->linted, a->covered, a->screens,
		a->likeness, a->parity, a->judged, a->secured, a->review, a->red};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		json_decref(all[i]);
	strlist_cleanup(&a->worse);
	strlist_cleanup(&a->better);
	for (size_t k = 0; k < 3; k++)
		strlist_cleanup(&a->worse_at[k]);
}

void
fix_result_cleanup(struct fix_result *r)
{
	for (size_t i = 0; i < r->attempts.n; i++)
		clean_attempt(&r->attempts.v[i]);
	free(r->attempts.v);
	case_result_list_cleanup(&r->was);
	case_result_list_cleanup(&r->is);
	for (size_t i = 0; i < r->nsides; i++)
		strlist_cleanup(&r->sides[i].layers);
	free(r->sides);
	free(r->head);
	json_decref(r->told);
	flips_cleanup(&r->flips);
	flips_conflict_cleanup(&r->conflict);
	json_decref(r->branches[0]);
	json_decref(r->branches[1]);
	strlist_cleanup(&r->layers);
	strlist_cleanup(&r->authors);
	json_decref(r->changes);
	json_decref(r->security);
	json_decref(r->branch);
	json_decref(r->moved);
	json_decref(r->attacks);
	free(r->why);
	free(r->name);
	free(r->digest);
}

/* ---- who wrote, who reviewed ---- */

static bool
is_of_model(const struct fix_attempt *a)
{
	return a->author == AUTHOR_MODEL;
}

/* "rules/c", "models/NAME". */
static void
put_author(const struct fix_attempt *a, struct buf *out)
{
	buf_printf(out, "%s/%s", is_of_model(a) ? "models" : "rules",
		is_of_model(a) ? json_string_in(a->proposed, "model")
			       : fix_author_names[a->author]);
}

static struct str
first_line(const char *text)
{
	struct str rest = str_of(text), line = {"", 0};
	(void)str_next_line(&rest, &line);
	return str_trim(line);
}

/* What a model says of its change, in short. */
static struct str
subject_of(const struct fix_attempt *a)
{
	return first_line(json_string_in(a->proposed, "summary"));
}

#define NOT_REVIEWED "not cross-reviewed"

static bool
is_reviewed(const struct fix_attempt *a)
{
	return a->gates[GATE_REVIEW] == GATE_PASSED;
}

/* Of what was kept: by whom it was reviewed, or NOT_REVIEWED and why; heap. */
static char *
review_label(const struct fix_result *r)
{
	const struct fix_attempt *last = NULL;
	bool model = false;
	for (size_t i = 0; i < r->attempts.n; i++) {
		const struct fix_attempt *a = &r->attempts.v[i];
		if (a->verdict != VERDICT_KEPT)
			continue;
		if (!is_reviewed(a))
			return is_of_model(a) ? mem_printf(NOT_REVIEWED ": %s",
							json_string_in(a->review, "reason"))
					      : mem_strdup(NOT_REVIEWED);
		model = true;
		last = a;
	}
	return model ? mem_printf("cross-reviewed by %s (%s)",
			       json_string_in(last->review, "model"),
			       json_string_in(last->review, "family"))
		     : mem_strdup(NOT_REVIEWED);
}

const char *
fix_unjudged(const struct fix_result *r)
{
	for (size_t i = 0; i < r->attempts.n; i++) {
		const struct fix_attempt *a = &r->attempts.v[i];
		if (a->verdict == VERDICT_KEPT && json_object_get(a->judged, "ended"))
			return json_string_in(a->judged, "ended");
	}
	return NULL;
}

/* ---- JSON ---- */

static json_t *
side_to_json(enum run_outcome outcome, const struct case_result_list *l)
{
	json_t *cases = json_object();
	for (size_t i = 0; i < l->n; i++)
		json_object_set_new(
			cases, l->v[i].id, json_string(test_status_names[l->v[i].status]));
	return json_pack("{s:s, s:o}", "outcome", run_outcome_names[outcome], "cases", cases);
}

static json_t *
attempt_to_json(const struct fix_attempt *a)
{
	json_t *gates = fix_gates_to_json(a);
	json_t *findings = json_object_get(a->changes, "findings");
	json_t *fixes = json_object_get(a->proposed, "fixes");
	json_t *units = json_object_get(a->proposed, "units");
	json_t *note = json_object_get(a->proposed, "note");
	json_t *model = json_object_get(a->proposed, "model");
	json_t *j = json_pack(
		"{s:I, s:s?, s:O?, s:s, s:f, s:I, s:o, s:s, s:O*, s:O*, s:O*, s:o, s:o, s:O*, s:O*, s:O*, s:O*, s:O*}",
		"attempt", (json_int_t)a->n, "task", a->task, "model", model, "author",
		fix_author_names[a->author], "cost", a->usd, "tokens", (json_int_t)a->tokens,
		"gates", gates, "verdict", attempt_verdict_names[a->verdict], "findings", findings,
		"fixes", fixes, "units", units, "worse", json_from_strings(&a->worse), "better",
		json_from_strings(&a->better), "note", note, "lint", a->linted, "judged", a->judged,
		"security", a->secured, "review", a->review);
	const struct {
		const char *key;
		json_t *found; /* NULL: nobody looked */
	} gated[] = {{"screens", a->screens}, {"likeness", a->likeness}, {"parity", a->parity},
		{"coverage", a->covered}, {"red_before", a->red}};
	for (size_t i = 0; i < sizeof(gated) / sizeof(*gated); i++)
		if (gated[i].found)
			json_object_set(j, gated[i].key, gated[i].found);
	static const char *const told[] = {
		"layer", "end", "flaw", "summary", "requirements", "refused", "brief", NULL};
	for (size_t i = 0; told[i]; i++)
		if (json_object_get(a->proposed, told[i]))
			json_object_set(j, told[i], json_object_get(a->proposed, told[i]));
	return j;
}

/* Cases that still fail, and what the last look at the sources could not repair. */
static json_t *
left_to_json(const struct run *run, const struct fix_result *r)
{
	json_t *left = json_array();
	for (size_t i = 0; i < r->is.n; i++) {
		const struct case_result *c = &r->is.v[i];
		if (c->status == TEST_FAILED || c->status == TEST_ERROR)
			json_array_append_new(left, json_pack("{s:s, s:o}", "kind", "case", "what",
							    json_text(str_of(c->id))));
	}
	for (int author = 0; author < AUTHOR_END; author++)
		for (size_t i = r->attempts.n; i-- > 0;) {
			const struct fix_attempt *a = &r->attempts.v[i];
			size_t k;
			json_t *one;
			if ((int)a->author != author)
				continue;
			json_array_foreach (json_object_get(a->proposed, "left"), k, one)
				json_array_append_new(
					left, json_pack("{s:s, s:O, s:O, s:O}", "kind", "error",
						      "path", json_object_get(one, "path"), "line",
						      json_object_get(one, "line"), "what",
						      json_object_get(one, "message")));
			break;
		}
	fix_left_vulnerable(r, left);
	if (fix_unjudged(r)) {
		OWN_FREE char *what = mem_printf(
			"whether it repairs, or only makes the tests pass: %s", fix_unjudged(r));
		json_array_append_new(left, json_pack("{s:s, s:o}", "kind", "unjudged", "what",
						    json_text(str_of(what))));
	}
	bool done = r->outcome == FIX_FIXED || r->outcome == FIX_CLEAN;
	if (!done && run->options.goal)
		json_array_append_new(left, json_pack("{s:s, s:o}", "kind", "goal", "what",
						    json_text(str_of(run->options.goal))));
	if (!done && r->why && !json_array_size(left)) /* nothing ran that could fail */
		json_array_append_new(left, json_pack("{s:s, s:o}", "kind", "outcome", "what",
						    json_text(str_of(r->why))));
	return left;
}

const struct fix_attempt *
fix_side_attempt(const struct fix_result *r, int side)
{
	const struct fix_side *s = &r->sides[side ? r->conflict.right_by : r->conflict.left_by];
	return s->layers.n > s->kept ? &r->attempts.v[s->attempt] : NULL;
}

enum gate
fix_side_refused_by(const struct fix_result *r, int side)
{
	const struct fix_attempt *a = fix_side_attempt(r, side);
	for (int g = 0; a && g < GATES; g++)
		if (g != GATE_TESTS && g != GATE_INTEGRATION && g != GATE_E2E &&
			a->gates[g] == GATE_FAILED)
			return (enum gate)g;
	return GATES;
}

/* "builds passed, tests failed, ...": what is known of one side. */
static void
put_side_gates(const struct fix_attempt *a, struct buf *out)
{
	const char *ended = json_string_in(a->judged, "ended");
	for (int g = 0; g < GATES; g++)
		buf_printf(out, "%s%s %s", g ? ", " : "", gate_names[g],
			gate_result_names[a->gates[g]]);
	if (*ended)
		buf_printf(out, "; not judged to the end: %s", ended);
	if (is_of_model(a) && !is_reviewed(a))
		buf_puts(out, "; " NOT_REVIEWED);
}

/* What contradicts what, and what each side is worth. */
static json_t *
conflicts_to_json(const struct fix_result *r)
{
	if (!r->conflict.left.n)
		return json_array();
	json_t *one = flips_conflict_json(&r->conflict), *branches = json_array();
	for (int side = 0; side < 2; side++) {
		const struct strlist *passes = side ? &r->conflict.right : &r->conflict.left;
		const struct fix_attempt *a = fix_side_attempt(r, side);
		json_array_append_new(
			branches, json_pack("{s:o?, s:O?, s:O?, s:O?, s:o}", "gates",
					  a ? fix_gates_to_json(a) : NULL, "branch",
					  json_object_get(r->branches[side], "branch"), "commit",
					  json_object_get(r->branches[side], "commit"), "why",
					  json_object_get(r->branches[side], "why"), "passes",
					  json_from_strings(passes)));
	}
	json_object_set_new(one, "branches", branches);
	return json_pack("[o]", one);
}

/* Something is offered, or asked, in a pull request. */
static bool
has_text(const struct fix_result *r)
{
	return r->layers.n || r->conflict.left.n;
}

static json_t *
text_or_null(const char *s)
{
	return s ? json_text(str_of(s)) : json_null();
}

/* In one line: what its only commit says, or how many there are; heap, NULL where nothing is offered. */
static char *
title_of(const struct run *run, const struct fix_result *r)
{
	if (r->layers.n > 1)
		return mem_printf("%s: %zu changes", r->told ? "Work" : "Repair", r->layers.n);
	OWN_FREE char *message = r->layers.n ? fix_commit_message(run, r, 0) : NULL;
	if (!message)
		return r->conflict.left.n ? mem_strdup("A decision is needed") : NULL;
	return mem_strndup(message, strcspn(message, "\n"));
}

static json_t *
to_json(const struct run *run, const struct fix_result *r)
{
	json_t *attempts = json_array(), *branch = json_object_get(r->branch, "branch");
	json_t *why = json_object_get(r->branch, "why");
	OWN_FREE char *review = review_label(r), *title = title_of(run, r);
	OWN_FREE char *patch = r->layers.n ? run_path(run, "fix.patch") : NULL;
	OWN_FREE char *pr = has_text(r) ? run_path(run, "pr.md") : NULL;
	for (size_t i = 0; i < r->attempts.n; i++)
		json_array_append_new(attempts, attempt_to_json(&r->attempts.v[i]));
	json_t *j = json_pack(
		"{s:s, s:s, s:o, s:O?, s:O?, s:O?, s:o, s:o, s:o, s:o, s:{s:f, s:I}, s:o, s:o, s:o, s:o, "
		"s:o, s:o, s:o}",
		"run", run->id, "outcome", fix_outcome_names[r->outcome], "goal",
		text_or_null(run->options.goal), "branch", branch, "commit",
		json_object_get(r->branch, "commit"), "no_branch", why, "before",
		side_to_json(r->before, &r->was), "after", side_to_json(r->after, &r->is),
		"attempts", attempts, "conflicts", conflicts_to_json(r), "cost", "usd", r->usd,
		"tokens", (json_int_t)r->tokens, "title", text_or_null(title), "review",
		text_or_null(review), "tests_changed", fix_tests_changed(r->changes, &r->reach),
		"left", left_to_json(run, r), "why", text_or_null(r->why), "patch",
		text_or_null(patch), "pull_request", text_or_null(pr));
	if (r->security)
		json_object_set(j, "security", r->security);
	if (r->attacks)
		json_object_set(j, "attacks", r->attacks);
	if (json_is_object(r->made_from))
		json_object_set(j, "made_from", (json_t *)r->made_from);
	if (json_is_object(r->moved))
		json_object_set(j, "moved", r->moved);
	if (r->told)
		json_object_update(j, r->told);
	return j;
}

/* ---- commits ---- */

static const struct fix_attempt *
kept(const struct fix_result *r, size_t n)
{
	for (size_t i = 0; i < r->attempts.n; i++)
		if (r->attempts.v[i].verdict == VERDICT_KEPT && n-- == 0)
			return &r->attempts.v[i];
	return NULL;
}

/* "3 header, 2 int" of the fixes by rule, in the order they first come. */
static void
put_rules(const struct fix_attempt *a, struct buf *out)
{
	if (json_object_get(a->proposed, "message")) { /* of a commit that is there */
		buf_put_visible(out, first_line(json_string_in(a->proposed, "message")));
		return;
	}
	if (is_of_model(a)) {
		buf_put_visible(out, subject_of(a));
		return;
	}
	OWN_JSON json_t *counts = json_object();
	size_t i;
	json_t *fix, *n;
	const char *rule;
	json_array_foreach (json_object_get(a->proposed, "fixes"), i, fix) {
		rule = json_string_value(json_object_get(fix, "rule"));
		json_object_set_new(counts, rule,
			json_integer(json_integer_value(json_object_get(counts, rule)) + 1));
	}
	bool first = true;
	json_object_foreach (counts, rule, n) {
		buf_printf(out, "%s%lld by the rule \"%s\"", first ? "" : ", ",
			(long long)json_integer_value(n), rule);
		first = false;
	}
}

static void
put_trailers(const struct run *run, const struct fix_attempt *a, struct buf *out)
{
	const json_t *ids = json_object_get(a->proposed, "requirements");
	size_t i;
	json_t *id;
	buf_printf(out, "\nDrydock-Run: %s\nDrydock-Author: ", run->id);
	put_author(a, out);
	buf_printf(out, "\nDrydock-Attempt: %lld", (long long)a->n);
	if (a->task)
		buf_printf(out, "\nDrydock-Task: %s", a->task);
	if (ids)
		buf_puts(out, "\nDrydock-Requirements:");
	json_array_foreach ((json_t *)ids, i, id)
		buf_printf(out, " %s", json_string_value(id));
	buf_putc(out, '\n');
}

/* None of what it says of its change can pass for one of our trailers. */
static char *
model_message(const struct run *run, const struct fix_attempt *a)
{
	OWN(buf) struct buf out = {.max = 65536}, subject = {.max = 72};
	struct str rest = str_trim(str_of(json_string_in(a->proposed, "summary"))), line;
	buf_put_visible(&subject, subject_of(a));
	(void)str_next_line(&rest, &line);
	rest = str_trim(rest);
	buf_printf(&out, "%s\n\n", subject.n ? subject.p : "Repair");
	while (str_next_line(&rest, &line)) {
		buf_puts(&out, line.n ? "  " : "");
		buf_put_visible(&out, line);
		buf_putc(&out, '\n');
	}
	buf_printf(&out,
		"\nCases that pass now and did not before: %zu; that pass no more: %zu.\nReview: ",
		a->better.n, a->worse.n);
	if (is_reviewed(a))
		buf_printf(&out, "accepted by %s.\n", json_string_in(a->review, "model"));
	else
		buf_puts(&out, NOT_REVIEWED ".\n");
	put_trailers(run, a, &out);
	return buf_take(&out);
}

char *
fix_commit_message(const struct run *run, const struct fix_result *r, size_t n)
{
	static const char *const subjects[] = {"Make it source for Python 3",
		"Include and declare what is called, and write int where it was meant",
		"Let it build"};
	const struct fix_attempt *a = kept(r, n);
	OWN(buf) struct buf out = {.max = 65536};
	if (!a)
		return mem_strdup("Repair");
	if (json_object_get(a->proposed, "message"))
		return fix_picked_message(run, a);
	if (is_of_model(a))
		return model_message(run, a);
	buf_printf(&out, "%s\n\nChanges: ", subjects[a->author]);
	put_rules(a, &out);
	buf_printf(&out,
		".\nCases that pass now and did not before: %zu; that pass no more: %zu.\n",
		a->better.n, a->worse.n);
	put_trailers(run, a, &out);
	return buf_take(&out);
}

/* An id of the target on a line of its own, which no id can leave. */
static void
put_case(struct buf *out, const char *id)
{
	OWN(buf) struct buf safe = {.max = 500};
	buf_put_visible(&safe, str_of(id));
	buf_printf(out, "  %s\n", safe.n ? safe.p : "");
}

#define SIDE_CASES 100

char *
fix_side_message(const struct run *run, const struct fix_result *r, int side)
{
	const struct strlist *passes = side ? &r->conflict.right : &r->conflict.left,
			     *fails = side ? &r->conflict.left : &r->conflict.right;
	const struct fix_attempt *a = fix_side_attempt(r, side);
	OWN(buf) struct buf out = {.max = 65536};
	buf_printf(&out, "Take one side of a trade-off\n\nWhat passes with it:\n");
	for (size_t i = 0; i < passes->n && i < SIDE_CASES; i++)
		put_case(&out, passes->v[i]);
	buf_puts(&out, "what fails, and passes on the other side:\n");
	for (size_t i = 0; i < fails->n && i < SIDE_CASES; i++)
		put_case(&out, fails->v[i]);
	buf_puts(&out, "No attempt passed both.\n\n");
	if (a) {
		buf_puts(&out, "Gates: ");
		put_side_gates(a, &out);
		buf_puts(&out, ".\n");
	}
	buf_printf(&out, "\nDrydock-Run: %s\nDrydock-Author: ", run->id);
	if (a) {
		put_author(a, &out);
		buf_printf(&out, "\nDrydock-Attempt: %lld", (long long)a->n);
	}
	buf_putc(&out, '\n');
	return buf_take(&out);
}

/* ---- the pull request ---- */

static const char *
status_in(const struct case_result_list *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].id, id) == 0)
			return test_status_names[l->v[i].status];
	return "not there";
}

#define TABLE_MAX 200

/* In a cell of a table, from the target: nothing of it is markup. */
void
fix_put_cell(struct buf *out, const char *text)
{
	OWN(buf) struct buf safe = {.max = 2000};
	buf_put_visible(&safe, str_of(text));
	buf_putc(out, '`');
	for (size_t i = 0; i < safe.n; i++)
		buf_puts(out, safe.p[i] == '`'			       ? "'"
			      : safe.p[i] == '|'		       ? "\\|"
			      : safe.p[i] == '\n' || safe.p[i] == '\t' ? " "
								       : (char[]){safe.p[i], 0});
	buf_putc(out, '`');
}

static void
put_row(const struct fix_result *r, const char *id, size_t *rows, struct buf *out)
{
	const char *was = status_in(&r->was, id), *is = status_in(&r->is, id);
	if (strcmp(was, is) == 0 || (*rows)++ >= TABLE_MAX)
		return;
	buf_puts(out, "| ");
	fix_put_cell(out, id);
	buf_printf(out, " | %s | %s |\n", was, is);
}

static void
put_table(const struct fix_result *r, struct buf *out)
{
	size_t rows = 0, same = 0;
	buf_puts(out, "| case | before | after |\n|---|---|---|\n");
	for (size_t i = 0; i < r->was.n; i++) {
		put_row(r, r->was.v[i].id, &rows, out);
		same += strcmp(status_in(&r->is, r->was.v[i].id),
				test_status_names[r->was.v[i].status]) == 0;
	}
	for (size_t i = 0; i < r->is.n; i++)
		if (strcmp(status_in(&r->was, r->is.v[i].id), "not there") == 0)
			put_row(r, r->is.v[i].id, &rows, out);
	if (rows > TABLE_MAX)
		buf_printf(out, "\n%zu more cases changed.\n", rows - TABLE_MAX);
	buf_printf(out, "\n%zu cases end as before.\n", same);
}

static void
put_files(const struct fix_result *r, struct buf *out)
{
	size_t i;
	json_t *file;
	json_array_foreach (json_object_get(r->changes, "files"), i, file) {
		buf_puts(out, "- ");
		fix_put_cell(out, json_string_value(json_object_get(file, "path")));
		buf_printf(out, " +%lld -%lld\n",
			(long long)json_integer_value(json_object_get(file, "added")),
			(long long)json_integer_value(json_object_get(file, "removed")));
	}
}

static void
put_left(const struct run *run, const struct fix_result *r, struct buf *out)
{
	OWN_JSON json_t *left = left_to_json(run, r);
	size_t i;
	json_t *one;
	if (!json_array_size(left))
		buf_puts(out, "Nothing that was looked at.\n");
	json_array_foreach (left, i, one) {
		const char *path = json_string_value(json_object_get(one, "path"));
		if (i == 50) {
			buf_printf(out, "- and %zu more\n", json_array_size(left) - i);
			break;
		}
		OWN_FREE char *what = mem_printf("%s%s%s", path ? path : "", path ? ": " : "",
			json_string_value(json_object_get(one, "what")));
		buf_puts(out, "- ");
		fix_put_cell(out, what);
		buf_putc(out, '\n');
	}
}

static void
put_review(const struct fix_result *r, struct buf *out)
{
	OWN_FREE char *label = review_label(r);
	OWN_JSON json_t *tests = fix_tests_changed(r->changes, &r->reach);
	size_t i;
	json_t *path;
	if (fix_unjudged(r))
		buf_printf(out,
			"\n**Not judged to the end**, so that this may only look like a repair: %s.\n",
			fix_unjudged(r));
	if (!r->tokens) {
		buf_puts(out, "\nNo model took part; " NOT_REVIEWED ".  Cost: nothing.\n");
		return;
	}
	buf_puts(out, "\nReview: ");
	buf_put_markdown(out, label);
	buf_printf(out, ".  Cost: USD %.4f, %lld tokens.\n", r->usd, (long long)r->tokens);
	if (json_array_size(tests))
		buf_puts(out, "\n**Tests were changed, as the goal asks:**\n\n");
	json_array_foreach (tests, i, path) {
		buf_puts(out, "- ");
		fix_put_cell(out, json_string_value(path));
		buf_putc(out, '\n');
	}
}

static void
put_conflict(const struct fix_result *r, struct buf *out)
{
	if (!r->conflict.left.n)
		return;
	buf_puts(out,
		"\n## A decision is needed\n\nOf these two cases each passes in an attempt, and no attempt passes both:\n\n");
	for (int side = 0; side < 2; side++) {
		const char *branch =
			json_string_value(json_object_get(r->branches[side], "branch"));
		buf_puts(out, "- ");
		fix_put_cell(out, side ? r->conflict.right.v[0] : r->conflict.left.v[0]);
		buf_puts(out, branch ? ": branch " : "");
		if (branch)
			fix_put_cell(out, branch);
		const struct fix_attempt *a = fix_side_attempt(r, side);
		const char *why = json_string_value(json_object_get(r->branches[side], "why"));
		buf_puts(out, "\n");
		if (why) {
			buf_puts(out, "  - no branch: ");
			fix_put_cell(out, why);
			buf_putc(out, '\n');
		}
		if (a) {
			buf_puts(out, "  - ");
			put_side_gates(a, out);
			buf_putc(out, '\n');
		}
	}
	buf_puts(out, "\nFiles that the attempts swing between:\n\n");
	for (size_t i = 0; i < r->conflict.files.n; i++) {
		buf_puts(out, "- ");
		fix_put_cell(out, r->conflict.files.v[i]);
		buf_putc(out, '\n');
	}
}

static void
put_pull_request(const struct run *run, const struct fix_result *r, struct buf *out)
{
	if (r->head)
		buf_puts(out, r->head);
	else
		buf_printf(out, "# Repair: %s\n", fix_outcome_names[r->outcome]);
	buf_puts(out, "\n## What\n\n");
	for (size_t i = 0; i < r->layers.n; i++) {
		const struct fix_attempt *a = kept(r, i);
		if (!a)
			break;
		buf_printf(out, "%zu. ", i + 1);
		if (is_of_model(a))
			buf_put_markdown(out, json_string_in(a->proposed, "summary"));
		else
			put_rules(a, out);
		buf_puts(out, " (");
		put_author(a, out);
		buf_puts(out, ")\n");
	}
	buf_puts(out, "\n");
	put_files(r, out);
	put_conflict(r, out);
	buf_printf(out,
		"\n## Why\n\nBefore, the application ended as **%s**; with these changes it ends as **%s**.\n",
		run_outcome_names[r->before], run_outcome_names[r->after]);
	buf_puts(out,
		"\n## Evidence\n\nBuilt and tested in a sandbox, before and after, from the same packages' sources.\n\n");
	put_table(r, out);
	buf_puts(out, "\n## Gates\n\n| attempt | by |");
	for (int g = 0; g < GATES; g++)
		buf_printf(out, " %s |", gate_names[g]);
	buf_puts(out, " verdict |\n|---|---|");
	for (int g = 0; g < GATES; g++)
		buf_puts(out, "---|");
	buf_puts(out, "---|\n");
	for (size_t i = 0; i < r->attempts.n; i++) {
		const struct fix_attempt *a = &r->attempts.v[i];
		buf_printf(out, "| %lld | ", (long long)a->n);
		put_author(a, out);
		buf_puts(out, " |");
		for (int g = 0; g < GATES; g++)
			buf_printf(out, " %s |", gate_result_names[a->gates[g]]);
		buf_printf(out, " %s |\n", attempt_verdict_names[a->verdict]);
	}
	fix_put_told(r, out);
	put_review(r, out);
	fix_put_security(r, out);
	fix_put_attacks(r, out);
	fix_put_moved(r, out);
	buf_puts(out, "\n## What is left\n\n");
	put_left(run, r, out);
	buf_printf(out, "\nSource: `%s`. Run: `%s`.\n", r->digest, run->id);
}

/* ---- writing and printing ---- */

int
fix_write_results(const struct run *run, const struct fix_result *r, const struct answers *answers,
	struct dd_err *err)
{
	OWN(buf) struct buf body = {.max = (size_t)1 << 20}, pr = {0}, text = {0}, patch = {0};
	OWN_FREE char *pr_path = run_path(run, "pr.md"), *patch_path = run_path(run, "fix.patch");
	OWN_FREE char *result = run_path(run, "result.json");
	OWN_JSON json_t *j = to_json(run, r);
	put_pull_request(run, r, &body);
	answers_redact(answers, buf_str(&body), &pr);
	answers_redact_json(answers, j);
	json_print(j, 2, &text);
	buf_putc(&text, '\n');
	int rc = has_text(r) ? fs_write_atomic(pr_path, buf_str(&pr), 0600, err) : 0;
	if (rc == 0 && r->layers.n && run->options.patch)
		rc = fs_read(patch_path, (size_t)1 << 30, &patch, err);
	if (rc == 0 && run->options.patch && r->layers.n)
		rc = fs_write_atomic(run->options.patch, buf_str(&patch), 0644, err);
	return rc < 0 ? rc : fs_write_atomic(result, buf_str(&text), 0600, err);
}

static void
print_side(const struct fix_result *r, int side)
{
	OWN(buf) struct buf line = {.max = 1000};
	const struct fix_attempt *a = fix_side_attempt(r, side);
	const char *branch = json_string_in(r->branches[side], "branch"),
		   *why = json_string_in(r->branches[side], "why");
	buf_printf(&line, "%s%s", *branch ? branch : *why ? why : "no branch", a ? ": " : "");
	if (a)
		put_side_gates(a, &line);
	fix_print_line("a side", line.p);
}

static void
print_summary(const struct run *run, const struct fix_result *r)
{
	OWN(buf) struct buf name = {.max = 1024};
	buf_put_visible(&name, str_of(r->name));
	OWN_FREE char *ends = mem_printf(
		"%s, then %s", run_outcome_names[r->before], run_outcome_names[r->after]);
	OWN_FREE char *patch = r->layers.n ? run_path(run, "fix.patch") : NULL;
	OWN_JSON json_t *left = left_to_json(run, r);
	size_t i;
	json_t *one;
	printf("%s: %s\n", name.n ? name.p : "", fix_outcome_names[r->outcome]);
	fix_print_line("ends", ends);
	for (i = 0; i < r->attempts.n; i++) {
		const struct fix_attempt *a = &r->attempts.v[i];
		OWN(buf) struct buf line = {.max = 1000};
		put_author(a, &line);
		buf_printf(&line, ": %s", attempt_verdict_names[a->verdict]);
		if (a->verdict != VERDICT_NOTHING)
			buf_puts(&line, ", ");
		put_rules(a, &line);
		fix_print_line("attempt", line.p);
		fix_print_told(a);
		fix_print_line("note", json_string_value(json_object_get(a->proposed, "note")));
	}
	json_array_foreach (left, i, one) {
		if (i == 10) {
			printf("  %-10s and %zu more (--json names them)\n", "left",
				json_array_size(left) - i);
			break;
		}
		const char *path = json_string_value(json_object_get(one, "path"));
		OWN_FREE char *what = mem_printf("%s%s%s", path ? path : "", path ? ": " : "",
			json_string_value(json_object_get(one, "what")));
		fix_print_line("left", what);
	}
	if (r->tokens) {
		OWN_FREE char *cost =
			mem_printf("USD %.4f, %lld tokens", r->usd, (long long)r->tokens);
		OWN_FREE char *label = review_label(r);
		fix_print_line("cost", cost);
		fix_print_line("review", r->layers.n ? label : NULL);
	}
	if (r->conflict.left.n) {
		OWN_FREE char *pair = mem_printf("%s and %s never pass together",
			r->conflict.left.v[0], r->conflict.right.v[0]);
		fix_print_line("conflict", pair);
		for (int side = 0; side < 2; side++)
			print_side(r, side);
	}
	fix_print_line("not judged", fix_unjudged(r));
	fix_print_line("why", r->why);
	fix_print_branch(run, r);
	fix_print_line("no branch", json_string_value(json_object_get(r->branch, "why")));
	fix_print_line("patch", run->options.patch ? run->options.patch : patch);
}

void
fix_print(
	const struct run *run, const struct fix_result *r, const struct answers *answers, bool json)
{
	if (!json) {
		print_summary(run, r);
		return;
	}
	OWN_JSON json_t *j = to_json(run, r);
	OWN(buf) struct buf out = {0};
	answers_redact_json(answers, j);
	json_print(j, 2, &out);
	printf("%s\n", out.p);
}
