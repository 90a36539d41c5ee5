/*
 * tool_swings STATE <CASES: what agents/flips.h says of the repairs that tests/agents/swings.pl prints, each step of each run
 * in the sandbox.  Prints a line each: {"name", "flips": step with the first second flip, "flagged": step at which that was
 * told, "pair": [case, case] or null, "wanted", "right": it is that, "files", "proven": both sides, run again, pass}.
 */
#include "agents/flips.h"
#include "tests/runner/bench_pod.h"

#include <stdlib.h>
#include <string.h>

/* Ids of cases, and how they end on the tree with a step's files. */
static void
run_cases(struct bench_pod *b, const json_t *one, const json_t *step, struct case_result_list *ret)
{
	OWN(buf) struct buf script = {0}, out = {0};
	const char *id;
	json_t *command;
	bench_put_tree(b, json_object_get(one, "files"));
	if (step)
		bench_add_files(b, step);
	buf_puts(&script, "cd " BENCH_TREE "\n");
	json_object_foreach (json_object_get(one, "cases"), id, command) {
		buf_puts(&script, "if ( ");
		buf_puts(&script, json_string_value(command));
		buf_printf(&script, " ) >/dev/null 2>&1; then echo '+%s'; else echo '-%s'; fi\n",
			id, id);
	}
	bench_sh(b, script.p, STR(""), &out);
	for (struct str rest = buf_str(&out), line; str_next_line(&rest, &line);) {
		struct case_result *c = case_result_list_add(ret);
		c->id = str_dup((struct str){line.p + 1, line.n - 1});
		c->status = line.p[0] == '+' ? TEST_PASSED : TEST_FAILED;
	}
}

static bool
passes(const struct flips *f, size_t attempt, const char *id)
{
	const struct case_result_list *l = &f->v[attempt].cases;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].id, id) == 0)
			return l->v[i].status == TEST_PASSED;
	return false;
}

/* Step at which any case has flipped twice, counted here anew. */
static int
second_flip(const struct flips *f)
{
	for (size_t n = 0; n < f->n; n++)
		for (size_t c = 0; c < f->v[n].cases.n; c++) {
			const char *id = f->v[n].cases.v[c].id;
			int flips = 0;
			for (size_t i = 1; i <= n; i++)
				flips += passes(f, i, id) != passes(f, i - 1, id);
			if (flips >= 2)
				return (int)n;
		}
	return -1;
}

static bool
is_pair(const struct flips_conflict *c, const json_t *pair)
{
	const char *a = json_string_value(json_array_get(pair, 0)),
		   *b = json_string_value(json_array_get(pair, 1));
	const char *l = c->left.v[0], *r = c->right.v[0];
	return (strcmp(l, a) == 0 && strcmp(r, b) == 0) || (strcmp(l, b) == 0 && strcmp(r, a) == 0);
}

static void
run_steps(struct bench_pod *b, const json_t *one)
{
	struct flips f = {0};
	struct flips_conflict c = {0};
	const json_t *steps = json_object_get(one, "steps"), *pair = json_object_get(one, "pair");
	int flagged = -1;
	bool conflict = false, proven = false;
	for (size_t i = 0; i <= json_array_size(steps) && !conflict; i++) {
		OWN(strlist) struct strlist files = {0}, swinging = {0};
		struct case_result_list cases = {0};
		const json_t *step = i ? json_array_get(steps, i - 1) : NULL;
		const char *path;
		json_t *text;
		json_object_foreach ((json_t *)step, path, text)
			strlist_add(&files, path);
		run_cases(b, one, step, &cases);
		flips_add(&f, &cases, &files, NULL);
		flips_swinging(&f, &swinging);
		if (swinging.n && flagged < 0)
			flagged = (int)i;
		conflict = flips_contradiction(&f, &c);
		case_result_list_cleanup(&cases);
	}
	if (conflict) {
		struct case_result_list left = {0}, right = {0};
		struct flips again = {0};
		run_cases(b, one, c.left_by ? json_array_get(steps, c.left_by - 1) : NULL, &left);
		run_cases(
			b, one, c.right_by ? json_array_get(steps, c.right_by - 1) : NULL, &right);
		flips_add(&again, &left, NULL, NULL);
		flips_add(&again, &right, NULL, NULL);
		proven = passes(&again, 0, c.left.v[0]) && passes(&again, 1, c.right.v[0]);
		flips_cleanup(&again);
		case_result_list_cleanup(&left);
		case_result_list_cleanup(&right);
	}
	OWN_JSON json_t *said = conflict ? flips_conflict_json(&c) : json_object();
	OWN_JSON json_t *j = json_pack("{s:O, s:i, s:i, s:O?, s:O?, s:b, s:b, s:O?}", "name",
		json_object_get(one, "name"), "flips", second_flip(&f), "flagged", flagged, "pair",
		json_object_get(said, "cases"), "files", json_object_get(said, "files"), "right",
		json_is_null(pair) ? !conflict : conflict && is_pair(&c, pair), "proven", proven,
		"wanted", pair);
	OWN(buf) struct buf out = {0};
	json_print(j, 0, &out);
	printf("%s\n", out.p);
	flips_conflict_cleanup(&c);
	flips_cleanup(&f);
}

int
main(int argc, char **argv)
{
	return bench_each(argc, argv, run_steps);
}
