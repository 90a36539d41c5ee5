#include "runner/cover_answer.h"

#include <string.h>

/* The first three are those of data/cover.py. */
#define FUNCTIONS_MAX 400
#define CASES_MAX 6
#define FILES_MAX 2000
#define TESTS_MAX ((size_t)FUNCTIONS_MAX * CASES_MAX)
#define COMMANDS_MAX 1000
#define LINE_MAX_NUMBER (1 << 19)

/* ---- parts ---- */

static int
check_size(size_t n, size_t max, const char *what, struct dd_err *err)
{
	return n <= max ? 0
			: err_set(err, DD_ELIMIT, "%zu %s, where there can be %zu", n, what, max);
}

static int
check_lines(const json_t *list, struct dd_err *err)
{
	size_t i;
	json_t *one;
	json_int_t last = 0;
	if (!json_is_array(list))
		return err_set(err, DD_ECORRUPT, "lines: expected array, got %s",
			list ? json_type_name(list) : "nothing");
	json_array_foreach (list, i, one) {
		json_int_t n = json_integer_value(one);
		if (!json_is_integer(one) || n <= last || n > LINE_MAX_NUMBER)
			return err_set(err, DD_ECORRUPT,
				"lines[%zu] is no number of a line that comes after the one before it",
				i);
		last = n;
	}
	return 0;
}

static int
check_passed(const json_t *passed, struct dd_err *err)
{
	return json_is_boolean(passed)
		       ? 0
		       : err_set(err, DD_ECORRUPT, "a test is neither passed nor failed");
}

/* {name: what check takes}, at most max of them. */
static int
check_map(const json_t *map, size_t max, int (*check)(const json_t *, struct dd_err *),
	struct dd_err *err)
{
	const char *name;
	json_t *one;
	if (!json_is_object(map))
		return err_set(err, DD_ECORRUPT, "expected object, got %s",
			map ? json_type_name(map) : "nothing");
	int rc = check_size(json_object_size(map), max, "names", err);
	json_object_foreach ((json_t *)map, name, one)
		if (rc == 0)
			rc = check(one, err);
	return rc;
}

static int
check_tests_passed(const json_t *tests, struct dd_err *err)
{
	return check_map(tests, TESTS_MAX, check_passed, err);
}

static int
check_tests_lines(const json_t *tests, struct dd_err *err)
{
	return check_map(tests, TESTS_MAX, check_lines, err);
}

/* ---- record ---- */

struct tried {
	struct strlist args;
	json_t *lines;
	char *result, *raises;
};

struct looked_at {
	char *path, *module, *root, *name, *reason;
	int64_t line;
	json_t *lines;
	struct json_array_of cases;
};

#define F(key, kind, member, required) \
	{ \
		key, kind, offsetof(STRUCT, member), required, NULL, NULL, 0 \
	}
#define LIST(key, member, sub, of) \
	{ \
		key, JSON_K_ARRAY, offsetof(STRUCT, member), true, NULL, sub, sizeof(of) \
	}

#define STRUCT struct tried
static const struct json_field case_fields[] = {
	F("args", JSON_K_STRLIST, args, true),
	F("lines", JSON_K_ANY, lines, true),
	F("result", JSON_K_STRING, result, false),
	F("raises", JSON_K_STRING, raises, false),
	{0},
};
#undef STRUCT

#define STRUCT struct looked_at
static const struct json_field function_fields[] = {
	F("path", JSON_K_STRING, path, true),
	F("module", JSON_K_STRING, module, true),
	F("root", JSON_K_STRING, root, true),
	F("name", JSON_K_STRING, name, true),
	F("line", JSON_K_INT, line, true),
	F("lines", JSON_K_ANY, lines, true),
	F("reason", JSON_K_STRING, reason, false),
	LIST("cases", cases, case_fields, struct tried),
	{0},
};
#undef STRUCT

struct recorded {
	struct json_array_of functions;
};
#define STRUCT struct recorded
static const struct json_field recorded_fields[] = {
	LIST("functions", functions, function_fields, struct looked_at),
	{0},
};
#undef STRUCT

static int
check_function(const struct looked_at *f, struct dd_err *err)
{
	const struct tried *cases = f->cases.v;
	int rc = check_size(f->cases.n, CASES_MAX, "cases", err);
	if (rc == 0)
		rc = check_lines(f->lines, err);
	for (size_t i = 0; rc == 0 && i < f->cases.n; i++)
		rc = !cases[i].result == !cases[i].raises
			     ? err_set(err, DD_ECORRUPT, "a case gives nothing, or two things")
			     : check_lines(cases[i].lines, err);
	return rc;
}

static int
take_record(const json_t *answer, json_t **ret, struct dd_err *err)
{
	struct recorded r = {0};
	int rc = check_size(json_array_size(json_object_get(answer, "functions")), FUNCTIONS_MAX,
		"functions", err);
	if (rc == 0)
		rc = json_decode(answer, recorded_fields, false, &r, "answer", err);
	for (size_t i = 0; rc == 0 && i < r.functions.n; i++)
		rc = check_function((const struct looked_at *)r.functions.v + i, err);
	if (rc == 0)
		*ret = json_encode(recorded_fields, &r);
	json_release(recorded_fields, &r);
	return rc;
}

/* ---- write ---- */

struct written_test {
	char *name, *function;
	json_t *lines;
};

struct written_file {
	char *path, *module, *source, *root, *text;
	struct json_array_of tests;
};

struct written {
	int style;
	struct json_array_of files;
};

#define STRUCT struct written_test
static const struct json_field test_fields[] = {
	F("name", JSON_K_STRING, name, true),
	F("function", JSON_K_STRING, function, true),
	F("lines", JSON_K_ANY, lines, true),
	{0},
};
#undef STRUCT

#define STRUCT struct written_file
static const struct json_field file_fields[] = {
	F("path", JSON_K_STRING, path, true),
	F("module", JSON_K_STRING, module, true),
	F("source", JSON_K_STRING, source, true),
	F("root", JSON_K_STRING, root, true),
	F("text", JSON_K_STRING, text, true),
	LIST("tests", tests, test_fields, struct written_test),
	{0},
};
#undef STRUCT

static const char *const styles[] = {"unittest", "pytest", NULL};
#define STRUCT struct written
static const struct json_field written_fields[] = {
	{"style", JSON_K_ENUM, offsetof(STRUCT, style), true, styles, NULL, 0},
	LIST("files", files, file_fields, struct written_file),
	{0},
};
#undef STRUCT

static int
check_written(const struct written *w, struct dd_err *err)
{
	size_t all = 0;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < w->files.n; i++) {
		const struct written_file *f = (const struct written_file *)w->files.v + i;
		const struct written_test *tests = f->tests.v;
		all += f->tests.n;
		rc = check_size(all, TESTS_MAX, "tests", err);
		for (size_t k = 0; rc == 0 && k < f->tests.n; k++)
			rc = check_lines(tests[k].lines, err);
	}
	return rc;
}

static int
take_write(const json_t *answer, json_t **ret, struct dd_err *err)
{
	struct written w = {0};
	int rc = check_size(
		json_array_size(json_object_get(answer, "files")), FUNCTIONS_MAX, "files", err);
	if (rc == 0)
		rc = json_decode(answer, written_fields, false, &w, "answer", err);
	if (rc == 0)
		rc = check_written(&w, err);
	if (rc == 0)
		*ret = json_encode(written_fields, &w);
	json_release(written_fields, &w);
	return rc;
}

/* ---- the others ---- */

static int
take_measure(const json_t *answer, json_t **ret, struct dd_err *err)
{
	json_t *statuses = json_object_get(answer, "statuses"),
	       *lines = json_object_get(answer, "lines"), *one;
	size_t i;
	int rc = json_is_array(statuses)
			 ? check_size(json_array_size(statuses), COMMANDS_MAX, "statuses", err)
			 : err_set(err, DD_ECORRUPT, "there are no statuses");
	json_array_foreach (statuses, i, one)
		if (rc == 0 && !json_is_integer(one))
			rc = err_set(err, DD_ECORRUPT, "statuses[%zu]: expected integer, got %s", i,
				json_type_name(one));
	if (rc == 0)
		rc = check_map(lines, FILES_MAX, check_lines, err);
	if (rc == 0)
		*ret = json_pack("{s:O, s:O}", "statuses", statuses, "lines", lines);
	return rc;
}

static int
take_modules(const json_t *answer, const char *key, int (*check)(const json_t *, struct dd_err *),
	json_t **ret, struct dd_err *err)
{
	json_t *modules = json_object_get(answer, key);
	int rc = check_map(modules, FUNCTIONS_MAX, check, err);
	if (rc == 0)
		*ret = json_pack("{s:O}", key, modules);
	return rc;
}

static int
take_check(const json_t *answer, json_t **ret, struct dd_err *err)
{
	return take_modules(answer, "tests", check_tests_passed, ret, err);
}

static int
take_mutants(const json_t *answer, json_t **ret, struct dd_err *err)
{
	return take_modules(answer, "killed", check_tests_lines, ret, err);
}

int
cover_answer_take(const char *mode, struct str text, json_t **ret, struct dd_err *err)
{
	static const struct {
		const char *mode;
		int (*take)(const json_t *, json_t **, struct dd_err *);
	} modes[] = {{"measure", take_measure}, {"record", take_record}, {"write", take_write},
		{"check", take_check}, {"mutants", take_mutants}};
	OWN_JSON json_t *answer = NULL;
	int rc = json_parse(text, &answer, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(modes[i].mode, mode) == 0)
			return modes[i].take(answer, ret, err);
	return err_set(err, DD_EINVAL, "there is no mode %s", mode);
}

bool
cover_answer_has(const json_t *lines, json_int_t n)
{
	size_t from = 0, to = json_array_size(lines);
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		json_int_t there = json_integer_value(json_array_get(lines, middle));
		if (there == n)
			return true;
		if (there < n)
			from = middle + 1;
		else
			to = middle;
	}
	return false;
}
