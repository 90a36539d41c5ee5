/*
 * Reports in JSON.  As one document: jest and vitest, mocha, Playwright, RSpec; a document that ends before it should
 * is closed behind its last whole value, so that its cases are kept.  As a line an event: go test -json, libtest.
 */
#include "qa/parse.h"

#include "sandbox/sandbox.h"

#include <string.h>

#define MAX_DEPTH 256

static const struct str none = {"", 0};

static struct str
text_at(const json_t *j, const char *key)
{
	return str_of(json_string_value(json_object_get(j, key)));
}

static double
number_at(const json_t *j, const char *key)
{
	const json_t *n = json_object_get(j, key);
	return json_is_number(n) ? json_number_value(n) : -1;
}

/* A case without its result is one that the report ends in. */
static struct test_case *
add(struct parse *p, struct str suite, struct str name, struct str word, struct str message)
{
	enum test_status status = word.n ? parse_status_word(word, TEST_ERROR) : TEST_ERROR;
	if (!word.n)
		message = STR("the report ends in this case");
	return parse_add(p, suite, name, status, status == TEST_PASSED ? none : message);
}

/* The file of a case below the tree: where the tests lay when they ran is of no interest. */
static struct str
below_work(struct str file)
{
	const size_t n = sizeof(WORK_DIR "/") - 1;
	return str_starts(file, WORK_DIR "/") ? (struct str){file.p + n, file.n - n} : file;
}

/* ---- jest, vitest: {"testResults": [{"name", "status", "message", "assertionResults": [...]}]} ---- */

static bool
read_jest(struct parse *p, const json_t *j)
{
	size_t i, k, n;
	json_t *file, *test, *line;
	const json_t *files = json_object_get(j, "testResults");
	if (!json_is_array(files))
		return false;
	json_array_foreach (files, i, file) {
		const json_t *tests = json_object_get(file, "assertionResults");
		struct str suite = below_work(text_at(file, "name"));
		json_array_foreach (tests, k, test) {
			OWN(buf) struct buf message = {.max = PARSE_MAX_MESSAGE};
			json_array_foreach (json_object_get(test, "failureMessages"), n, line)
				buf_add_str(&message, str_of(json_string_value(line)));
			struct str name = text_at(test, "fullName");
			add(p, suite, name.n ? name : text_at(test, "title"),
				text_at(test, "status"), buf_str(&message))
				->ms = number_at(test, "duration");
		}
		struct str status = text_at(file, "status");
		if (!json_array_size(tests) && (str_eq(status, "failed") || !status.n))
			parse_add(
				p, suite, STR("whole file"), TEST_ERROR, text_at(file, "message"));
	}
	parse_fill(p, TEST_FAILED, json_integer_value(json_object_get(j, "numFailedTests")));
	return true;
}

/* ---- mocha: {"stats", "tests": [...], "pending", "failures", "passes"} ---- */

static bool
has_title(const json_t *list, struct str title)
{
	size_t i;
	json_t *test;
	json_array_foreach (list, i, test) {
		struct str other = text_at(test, "fullTitle");
		if (other.n == title.n && memcmp(other.p, title.p, title.n) == 0)
			return true;
	}
	return false;
}

static bool
read_mocha(struct parse *p, const json_t *j)
{
	const json_t *tests = json_object_get(j, "tests"),
		     *failures = json_object_get(j, "failures");
	size_t i;
	json_t *test;
	if (!json_is_object(json_object_get(j, "stats")) || !(json_is_array(tests) || p->truncated))
		return false;
	json_array_foreach (tests, i, test) {
		const json_t *err = json_object_get(test, "err");
		const char *word = !json_is_object(err)		    ? ""
				   : json_object_size(err)	    ? "failed"
				   : json_object_get(test, "speed") ? "passed"
								    : "skipped";
		add(p, below_work(text_at(test, "file")), text_at(test, "fullTitle"), str_of(word),
			text_at(err, "stack").n ? text_at(err, "stack") : text_at(err, "message"))
			->ms = number_at(test, "duration");
	}
	json_array_foreach (failures, i, test) /* of hooks */
		if (!has_title(tests, text_at(test, "fullTitle")))
			parse_add(p, below_work(text_at(test, "file")), text_at(test, "fullTitle"),
				TEST_ERROR, text_at(json_object_get(test, "err"), "message"));
	return true;
}

/* ---- Playwright: suites in suites, with specs, with tests, with results ---- */

static void
read_playwright_test(struct parse *p, const json_t *spec, const json_t *test, struct str suite)
{
	size_t i;
	json_t *result;
	struct str word = text_at(test, "status"), project = text_at(test, "projectName");
	struct str message = none;
	double ms = -1;
	json_array_foreach (json_object_get(test, "results"), i, result) {
		struct str why = text_at(json_object_get(result, "error"), "message");
		message = why.n ? why : message;
		ms = number_at(result, "duration");
	}
	OWN_FREE char *name = project.n ? mem_printf(STR_FMT " [" STR_FMT "]",
						  STR_ARG(text_at(spec, "title")), STR_ARG(project))
					: str_dup(text_at(spec, "title"));
	struct test_case *c = add(p, suite, str_of(name), word, message);
	c->ms = ms;
	c->flaky = str_eq(word, "flaky");
	if (c->flaky)
		parse_set_message(c, message);
}

static void
read_playwright_suite(struct parse *p, const json_t *suite, struct str path, int depth)
{
	size_t i, k;
	json_t *spec, *test, *inner;
	struct str title = text_at(suite, "title");
	OWN_FREE char *full =
		path.n ? mem_printf(STR_FMT " > " STR_FMT, STR_ARG(path), STR_ARG(title))
		       : str_dup(title);
	json_array_foreach (json_object_get(suite, "specs"), i, spec) {
		const json_t *tests = json_object_get(spec, "tests");
		json_array_foreach (tests, k, test)
			read_playwright_test(p, spec, test, str_of(full));
		if (!json_array_size(tests))
			add(p, str_of(full), text_at(spec, "title"), none, none);
	}
	json_array_foreach (json_object_get(suite, "suites"), i, inner)
		if (depth < MAX_DEPTH)
			read_playwright_suite(p, inner, str_of(full), depth + 1);
}

static bool
read_playwright(struct parse *p, const json_t *j)
{
	size_t i;
	json_t *one;
	if (!json_is_array(json_object_get(j, "suites")) ||
		!json_is_object(json_object_get(j, "config")))
		return false;
	json_array_foreach (json_object_get(j, "suites"), i, one)
		read_playwright_suite(p, one, none, 0);
	json_array_foreach (json_object_get(j, "errors"), i, one)
		parse_add(p, none, STR("error outside of tests"), TEST_ERROR,
			text_at(one, "message"));
	return true;
}

/* ---- RSpec: {"examples": [...], "summary"} ---- */

static bool
read_rspec(struct parse *p, const json_t *j)
{
	size_t i;
	json_t *example;
	if (!json_is_array(json_object_get(j, "examples")))
		return false;
	json_array_foreach (json_object_get(j, "examples"), i, example) {
		struct str file = text_at(example, "file_path");
		struct test_case *c = add(p, file, text_at(example, "full_description"),
			text_at(example, "status"),
			text_at(json_object_get(example, "exception"), "message"));
		double seconds = number_at(example, "run_time");
		c->ms = seconds < 0 ? -1 : seconds * 1000;
		if (file.n && !c->file)
			c->file = str_dup(file);
	}
	int64_t outside = json_integer_value(
		json_object_get(json_object_get(j, "summary"), "errors_outside_of_examples_count"));
	for (int64_t n = 0; n < outside && n < 1000; n++)
		parse_add(p, none, STR("error outside of examples"), TEST_ERROR, none);
	return true;
}

/* ---- ours (emit.c): {"cases": [...]} ---- */

static bool
read_own(struct parse *p, const json_t *j)
{
	size_t i;
	json_t *one;
	if (!json_is_array(json_object_get(j, "cases")) ||
		!json_is_object(json_object_get(j, "levels")))
		return false;
	json_array_foreach (json_object_get(j, "cases"), i, one) {
		struct test_case *c = add(p, text_at(one, "suite"), text_at(one, "name"),
			text_at(one, "status"), text_at(one, "message"));
		c->ms = number_at(one, "ms");
		c->flaky = json_is_true(json_object_get(one, "flaky"));
		if (c->flaky)
			parse_set_message(c, text_at(one, "message"));
	}
	return true;
}

static bool (*const documents[])(struct parse *p, const json_t *j) = {
	read_playwright, read_jest, read_mocha, read_rspec, read_own};
static const char *const signs[] = {
	"\"testResults\"", "\"stats\"", "\"suites\"", "\"examples\"", "\"cases\"", NULL};

/*
 * The document closed behind its last whole value.  False: it is whole, or not JSON.
 */
static bool
close_document(struct str text, struct buf *out)
{
	char open[MAX_DEPTH], kept[MAX_DEPTH];
	size_t n = 0, nkept = 0, cut = 0;
	bool in_string = false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (in_string) {
			i += c == '\\';
			in_string = c != '"';
			continue;
		}
		if (c == '"')
			in_string = true;
		if ((c == '{' || c == '[') && n == MAX_DEPTH)
			return false;
		if (c == '{' || c == '[')
			open[n++] = c == '{' ? '}' : ']';
		if (c == '}' || c == ']') {
			if (!n || open[--n] != c)
				return false;
			if (!n)
				return false; /* whole */
		}
		if (c == ',' || c == '}' || c == ']' || c == '[') {
			cut = c == ',' ? i : i + 1;
			memcpy(kept, open, n);
			nkept = n;
		}
	}
	buf_add(out, text.p, cut);
	while (nkept)
		buf_putc(out, kept[--nkept]);
	return cut > 0;
}

/* Behind the end of the document that the text begins with. */
static size_t
end_of_document(struct str text)
{
	size_t depth = 0;
	bool in_string = false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (in_string) {
			i += c == '\\';
			in_string = c != '"';
			continue;
		}
		in_string = c == '"';
		depth += c == '{' || c == '[';
		if ((c == '}' || c == ']') && depth && --depth == 0)
			return i + 1;
	}
	return text.n;
}

static bool
parse_document(struct parse *p, struct str text)
{
	OWN_JSON json_t *j = NULL;
	OWN(buf) struct buf closed = {0};
	OWN(dd_err) struct dd_err ignored = {0};
	text.n = end_of_document(text);
	bool cut = close_document(text, &closed);
	if (json_parse(cut ? buf_str(&closed) : text, &j, &ignored) < 0 || !json_is_object(j))
		return false;
	p->truncated = p->truncated || cut;
	for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++)
		if (documents[i](p, j))
			return true;
	return false;
}

/* ---- an event a line ---- */

struct events {
	struct parse *p;
	struct map output; /* "package/test" -> struct buf *, of what has no result yet */

	bool any, whole;
};

static void
destroy_buf(void *b)
{
	buf_cleanup(b);
	free(b);
}

static struct buf *
output_of(struct events *e, const char *key)
{
	struct buf *b = map_get(&e->output, key);
	if (!b) {
		b = mem_new(struct buf);
		b->max = PARSE_MAX_MESSAGE;
		map_put(&e->output, key, b);
	}
	return b;
}

/* The package itself: a case where none of its tests failed, and it did. */
static void
end_package(struct events *e, struct str package, struct str action)
{
	bool told = false;
	OWN_FREE char *own = mem_printf(STR_FMT "/", STR_ARG(package));
	struct strlist lost = {0};
	for (struct map_entry *i = map_first(&e->output); i; i = map_next(i))
		if (str_starts(str_of(map_key(i)), own) && strlen(map_key(i)) > strlen(own))
			strlist_add(&lost, map_key(i));
	for (size_t i = 0; i < lost.n; i++) {
		struct buf *b = map_get(&e->output, lost.v[i]);
		parse_add(e->p, package, str_of(lost.v[i] + strlen(own)), TEST_ERROR, buf_str(b));
		(void)map_remove(&e->output, lost.v[i]);
	}
	for (size_t i = 0; i < e->p->run->cases.n && !told; i++) {
		const struct test_case *c = &e->p->run->cases.v[i];
		told = (c->status == TEST_FAILED || c->status == TEST_ERROR) &&
		       str_eq(package, c->suite);
	}
	struct buf *b = map_get(&e->output, own);
	if (str_eq(action, "fail") && !told)
		parse_add(e->p, package, STR("package"), TEST_ERROR, b ? buf_str(b) : none);
	(void)map_remove(&e->output, own);
	strlist_cleanup(&lost);
}

/* {"Action":"pass","Package":"p","Test":"T","Elapsed":0.1} */
static bool
read_go(struct events *e, const json_t *j)
{
	struct str action = text_at(j, "Action"), package = text_at(j, "Package"),
		   test = text_at(j, "Test");
	if (!action.n || !package.n)
		return false;
	OWN_FREE char *key = mem_printf(STR_FMT "/" STR_FMT, STR_ARG(package), STR_ARG(test));
	bool ended = str_eq(action, "pass") || str_eq(action, "fail") || str_eq(action, "skip");
	e->any = true;
	e->whole = ended && !test.n;
	if (str_eq(action, "output") || str_eq(action, "run")) {
		struct buf *b = output_of(e, key);
		struct str line = text_at(j, "Output");
		if (!str_starts(line, "=== "))
			buf_add_str(b, line);
	} else if (ended && test.n) {
		const struct buf *b = map_get(&e->output, key);
		struct test_case *c = add(e->p, package, test, action, b ? buf_str(b) : none);
		double seconds = number_at(j, "Elapsed");
		c->ms = seconds < 0 ? -1 : seconds * 1000;
		(void)map_remove(&e->output, key);
	} else if (ended) {
		end_package(e, package, action);
	}
	return true;
}

/* {"type":"test","event":"ok","name":"a::b","exec_time":0.1}, {"type":"suite","event":"ok",...} */
static bool
read_libtest(struct events *e, const json_t *j)
{
	struct str type = text_at(j, "type"), event = text_at(j, "event"),
		   name = text_at(j, "name");
	if (!event.n || !(str_eq(type, "test") || str_eq(type, "suite")))
		return false;
	bool begun = str_eq(event, "started");
	e->any = true;
	if (str_eq(type, "suite")) {
		e->whole = !begun;
	} else if (begun) {
		OWN_FREE char *key = mem_printf("libtest/" STR_FMT, STR_ARG(name));
		(void)output_of(e, key);
	} else {
		OWN_FREE char *key = mem_printf("libtest/" STR_FMT, STR_ARG(name));
		struct test_case *c = add(e->p, none, name, event, text_at(j, "stdout"));
		double seconds = number_at(j, "exec_time");
		c->ms = seconds < 0 ? -1 : seconds * 1000;
		(void)map_remove(&e->output, key);
	}
	return true;
}

static bool
read_event(struct events *e, struct str line)
{
	OWN_JSON json_t *j = NULL;
	OWN(dd_err) struct dd_err ignored = {0};
	if (!line.n || line.p[0] != '{' || line.n > (1 << 20))
		return false;
	if (json_parse(line, &j, &ignored) < 0) {
		e->whole = false; /* it ends in this line */
		return false;
	}
	return read_go(e, j) || read_libtest(e, j);
}

static bool
parse_events(struct parse *p, struct str text)
{
	struct events e = {.p = p, .output = {.destroy = destroy_buf}};
	struct str line;
	while (str_next_line(&text, &line))
		(void)read_event(&e, str_trim(line));
	/* A test that began, of a package that never ended. */
	for (struct map_entry *i = map_first(&e.output); i; i = map_next(i)) {
		const char *slash = strrchr(map_key(i), '/');
		struct str package = {map_key(i), (size_t)(slash - map_key(i))};
		if (slash[1])
			parse_add(p, str_eq(package, "libtest") ? none : package, str_of(slash + 1),
				TEST_ERROR,
				buf_str(map_value(i)).n ? buf_str(map_value(i))
							: STR("the report ends in this case"));
	}
	p->truncated = p->truncated || (e.any && !e.whole);
	p->zero = e.any && p->run->cases.n == 0;
	map_cleanup(&e.output);
	return e.any;
}

bool
parse_json(struct parse *p, struct str text)
{
	bool any = false;
	if (text.n &&
		(memmem(text.p, text.n, "\"Action\":", 9) ||
			memmem(text.p, text.n, "\"event\":", 8)) &&
		parse_events(p, text))
		return true;
	for (size_t i = 0; signs[i]; i++)
		any = any || (text.n && memmem(text.p, text.n, signs[i], strlen(signs[i])));
	if (!any)
		return false;
	for (struct str line, rest = text; str_next_line(&rest, &line);) {
		const char *start = line.n && line.p[0] == '{' ? line.p : NULL;
		if (line.n && !start)
			start = memmem(line.p, line.n, "{\"version\":", 11);
		if (start &&
			parse_document(p, (struct str){start, text.n - (size_t)(start - text.p)})) {
			p->zero = p->run->cases.n == 0;
			return true;
		}
	}
	return false;
}
