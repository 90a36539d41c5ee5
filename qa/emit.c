#include "qa/qa.h"

#include <string.h>

const char *const qa_emit_format_names[] = {"json", "junit", "tap", NULL};

static bool
is_bad(const struct test_case *c)
{
	return c->status == TEST_FAILED || c->status == TEST_ERROR;
}

static const struct flake *
flake_of(const struct flake_list *flakes, const struct test_case *c)
{
	for (size_t i = 0; flakes && i < flakes->n; i++)
		if (strcmp(flakes->v[i].id, c->id) == 0)
			return &flakes->v[i];
	return NULL;
}

/* "flaky (time): 3 of 10 runs failed, ..." */
static void
put_flake(const struct flake *f, struct buf *out)
{
	buf_printf(out, "flaky, cause %s%s%s: %lld of %lld runs failed (%.0f to %.0f %%)%s%s",
		flake_cause_names[f->cause], f->with ? " after " : "", f->with ? f->with : "",
		(long long)f->failed, (long long)f->runs, f->low * 100, f->high * 100,
		f->evidence ? "; " : "", f->evidence ? f->evidence : "");
}

/* ---- JSON ---- */

static json_t *
levels_to_json(const struct test_run *t)
{
	json_t *all = json_object();
	for (int level = LEVEL_UNIT; test_level_names[level]; level++) {
		json_int_t n[TEST_ERROR + 1] = {0};
		for (size_t i = 0; i < t->cases.n; i++)
			if (t->cases.v[i].level == (enum test_level)level)
				n[t->cases.v[i].status]++;
		json_object_set_new(all, test_level_names[level],
			json_pack("{s:I, s:I, s:I}", "passed", n[TEST_PASSED], "failed",
				n[TEST_FAILED] + n[TEST_ERROR], "skipped", n[TEST_SKIPPED]));
	}
	return all;
}

static void
emit_json(const struct test_run *t, const struct flake_list *flakes, struct buf *out)
{
	json_int_t flaky = 0;
	for (size_t i = 0; i < t->cases.n; i++)
		flaky += t->cases.v[i].flaky || flake_of(flakes, &t->cases.v[i]);
	OWN_JSON json_t *j = json_pack("{s:I, s:I, s:I, s:I, s:s?, s:o, s:o, s:o}", "passed",
		(json_int_t)t->passed, "failed", (json_int_t)t->failed, "skipped",
		(json_int_t)t->skipped, "flaky", flaky, "note", t->note, "levels",
		levels_to_json(t), "cases", test_case_list_to_json(&t->cases), "flakes",
		flakes ? flake_list_to_json(flakes) : json_array());
	json_print(j, 2, out);
	buf_putc(out, '\n');
}

/* ---- JUnit ---- */

static void
put_attribute(const char *name, const char *value, struct buf *out)
{
	if (!value)
		return;
	buf_printf(out, " %s=\"", name);
	buf_put_html(out, str_of(value));
	buf_putc(out, '"');
}

/* <failure message="its first line">all of it</failure> */
static void
put_message(const char *element, const char *message, struct buf *out)
{
	struct str rest = str_of(message), line = {0};
	(void)str_next_line(&rest, &line);
	OWN_FREE char *first = str_dup(line);
	buf_printf(out, "      <%s", element);
	put_attribute("message", first, out);
	buf_puts(out, ">");
	buf_put_html(out, str_of(message));
	buf_printf(out, "</%s>\n", element);
}

static void
put_case(const struct test_case *c, const struct flake_list *flakes, struct buf *out)
{
	static const char *const elements[] = {[TEST_PASSED] = NULL,
		[TEST_FAILED] = "failure",
		[TEST_SKIPPED] = "skipped",
		[TEST_ERROR] = "error"};
	const struct flake *f = flake_of(flakes, c);
	const char *message = c->message ? c->message : "";
	buf_puts(out, "    <testcase");
	put_attribute("name", c->name, out);
	put_attribute("classname", c->suite, out);
	if (c->file && strcmp(c->file, c->suite) != 0)
		put_attribute("file", c->file, out);
	if (c->ms >= 0)
		buf_printf(out, " time=\"%.6f\"", c->ms / 1000);
	buf_puts(out, ">\n");
	buf_printf(out, "      <properties><property name=\"level\" value=\"%s\"/></properties>\n",
		test_level_names[c->level]);
	if (elements[c->status])
		put_message(elements[c->status], message, out);
	else if (c->flaky || f)
		put_message("flakyFailure", message, out);
	if (f && is_bad(c))
		put_message("rerunFailure", message, out);
	if (f) {
		OWN(buf) struct buf text = {.max = 8192};
		put_flake(f, &text);
		buf_puts(out, "      <system-out>");
		buf_put_html(out, buf_str(&text));
		buf_puts(out, "</system-out>\n");
	}
	buf_puts(out, "    </testcase>\n");
}

static size_t
end_of_suite(const struct test_case_list *l, size_t from)
{
	size_t i = from + 1;
	while (i < l->n && strcmp(l->v[i].suite, l->v[from].suite) == 0)
		i++;
	return i;
}

static void
put_suite(const struct test_case_list *l, size_t from, size_t to, const struct flake_list *flakes,
	struct buf *out)
{
	size_t n[TEST_ERROR + 1] = {0};
	for (size_t i = from; i < to; i++)
		n[l->v[i].status]++;
	buf_puts(out, "  <testsuite");
	put_attribute("name", l->v[from].suite, out);
	buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n",
		to - from, n[TEST_FAILED], n[TEST_ERROR], n[TEST_SKIPPED]);
	for (size_t i = from; i < to; i++)
		put_case(&l->v[i], flakes, out);
	buf_puts(out, "  </testsuite>\n");
}

static void
emit_junit(const struct test_run *t, const struct flake_list *flakes, struct buf *out)
{
	buf_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%zu\">\n",
		t->cases.n);
	for (size_t i = 0, end; i < t->cases.n; i = end) {
		end = end_of_suite(&t->cases, i);
		put_suite(&t->cases, i, end, flakes, out);
	}
	buf_puts(out, "</testsuites>\n");
}

/* ---- TAP ---- */

static void
put_escaped(const char *text, struct buf *out)
{
	for (; *text; text++) {
		if (*text == '#' || *text == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *text == '\n' ? ' ' : *text);
	}
}

static void
put_yaml(const struct test_case *c, const struct flake *f, struct buf *out)
{
	struct str rest = str_of(c->message), line;
	buf_printf(out, "  ---\n  level: %s\n", test_level_names[c->level]);
	if (c->ms >= 0)
		buf_printf(out, "  duration_ms: %.3f\n", c->ms);
	if (c->flaky || (f && !is_bad(c)))
		buf_puts(out, "  flaky: true\n");
	if (f) {
		OWN(buf) struct buf text = {.max = 8192};
		put_flake(f, &text);
		buf_puts(out, "  flake: "); /* JSON's strings are YAML's */
		buf_put_json(out, buf_str(&text));
		buf_putc(out, '\n');
	}
	if (rest.n && c->status != TEST_SKIPPED)
		buf_puts(out, "  message: |-\n");
	while (c->status != TEST_SKIPPED && str_next_line(&rest, &line))
		buf_printf(out, "    " STR_FMT "\n", STR_ARG(line));
	buf_puts(out, "  ...\n");
}

static void
emit_tap(const struct test_run *t, const struct flake_list *flakes, struct buf *out)
{
	buf_printf(out, "TAP version 14\n1..%zu\n", t->cases.n);
	for (size_t i = 0; i < t->cases.n; i++) {
		const struct test_case *c = &t->cases.v[i];
		buf_printf(out, "%sok %zu - ", is_bad(c) ? "not " : "", i + 1);
		put_escaped(c->id, out);
		if (c->status == TEST_SKIPPED) {
			buf_puts(out, " # SKIP ");
			put_escaped(c->message ? c->message : "", out);
		}
		buf_putc(out, '\n');
		put_yaml(c, flake_of(flakes, c), out);
	}
}

void
qa_emit(enum qa_emit_format format, const struct test_run *t, const struct flake_list *flakes,
	struct buf *out)
{
	static void (*const emit[])(const struct test_run *, const struct flake_list *,
		struct buf *) = {emit_json, emit_junit, emit_tap};
	emit[format](t, flakes, out);
}
