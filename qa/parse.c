#include "qa/parse.h"

#include "qa/qa.h"
#include "qa/tally.h"

#include <ctype.h>
#include <string.h>

/* Text from the target as valid UTF-8 of bounded length, without control characters. */
static char *
clean(struct str s, size_t max)
{
	OWN(buf) struct buf out = {.max = max};
	s = str_trim(s);
	if (s.n > max)
		s.n = max;
	buf_put_visible(&out, s);
	return buf_take(&out);
}

/* "tests/unit/x" says better than the command what level a case has. */
static enum test_level
level_of(const struct parse *p, const char *suite, const char *name)
{
	static const struct {
		const char *part;
		enum test_level level;
	} parts[] = {{"e2e", LEVEL_E2E}, {"end-to-end", LEVEL_E2E}, {"end_to_end", LEVEL_E2E},
		{"integration", LEVEL_INTEGRATION}, {"functional", LEVEL_INTEGRATION},
		{"unit", LEVEL_UNIT}};
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (strstr(suite, parts[i].part) || strstr(name, parts[i].part))
			return parts[i].level;
	return p->level;
}

static char *
unique_id(struct parse *p, const char *suite, const char *name)
{
	OWN_FREE char *base = mem_printf("%s/%s", suite, name);
	uintptr_t n = (uintptr_t)map_get(&p->ids, base) + 1;
	map_put(&p->ids, base, (void *)n);
	return n == 1 ? TAKE(base) : mem_printf("%s#%zu", base, (size_t)n);
}

struct test_case *
parse_add(struct parse *p, struct str suite, struct str name, enum test_status status,
	struct str message)
{
	static struct test_case overflow;
	if (p->run->cases.n >= PARSE_MAX_CASES) {
		p->truncated = true;
		return &overflow;
	}
	struct test_case *c = test_case_list_add(&p->run->cases);
	c->suite = suite.n ? clean(suite, 500) : mem_strdup(p->suite);
	c->name = clean(name.n ? name : STR("unnamed"), 1000);
	c->id = unique_id(p, c->suite, c->name);
	c->level = level_of(p, c->suite, c->name);
	c->status = status;
	c->ms = -1;
	c->message = message.n ? clean(message, PARSE_MAX_MESSAGE) : NULL;
	return c;
}

void
parse_set_message(struct test_case *c, struct str message)
{
	if (!c->message && str_trim(message).n)
		c->message = clean(message, PARSE_MAX_MESSAGE);
}

void
parse_fill(struct parse *p, enum test_status status, int64_t wanted)
{
	int64_t have = 0;
	for (size_t i = 0; i < p->run->cases.n; i++) {
		enum test_status is = p->run->cases.v[i].status;
		have += is == status || (is == TEST_ERROR && status == TEST_FAILED);
	}
	for (; have < wanted && !p->truncated; have++) {
		OWN_FREE char *name =
			mem_printf("case %lld, whose name is not printed", (long long)have + 1);
		parse_add(p, (struct str){"", 0}, str_of(name), status, (struct str){"", 0});
	}
}

enum test_status
parse_status_word(struct str word, enum test_status otherwise)
{
	static const struct {
		const char *word;
		enum test_status status;
	} words[] = {{"pass", TEST_PASSED}, {"passed", TEST_PASSED}, {"success", TEST_PASSED},
		{"successful", TEST_PASSED}, {"ok", TEST_PASSED}, {"run", TEST_PASSED},
		{"completed", TEST_PASSED}, {"expected", TEST_PASSED}, {"flaky", TEST_PASSED},
		{"fail", TEST_FAILED}, {"failed", TEST_FAILED}, {"failure", TEST_FAILED},
		{"unexpected", TEST_FAILED}, {"error", TEST_ERROR}, {"timeout", TEST_ERROR},
		{"aborted", TEST_ERROR}, {"interrupted", TEST_ERROR}, {"cancelled", TEST_ERROR},
		{"skip", TEST_SKIPPED}, {"skipped", TEST_SKIPPED}, {"ignored", TEST_SKIPPED},
		{"ignore", TEST_SKIPPED}, {"notrun", TEST_SKIPPED}, {"disabled", TEST_SKIPPED},
		{"suppressed", TEST_SKIPPED}, {"notexecuted", TEST_SKIPPED},
		{"notrunnable", TEST_ERROR}, {"inconclusive", TEST_SKIPPED},
		{"pending", TEST_SKIPPED}, {"todo", TEST_SKIPPED}};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i].word) == word.n &&
			strncasecmp(words[i].word, word.p, word.n) == 0)
			return words[i].status;
	return otherwise;
}

void
parse_strip_colours(struct str line, struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0; i < line.n; i++) {
		size_t k = i + 2;
		if (line.p[i] != '\033' || i + 1 >= line.n || line.p[i + 1] != '[') {
			buf_putc(out, line.p[i]);
			continue;
		}
		while (k < line.n && (isdigit((unsigned char)line.p[k]) || line.p[k] == ';'))
			k++;
		i = k < line.n ? k : line.n;
	}
}

double
parse_time_at_end(struct str text)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = {{"ms", 1}, {"sec", 1000}, {"s", 1000}};
	char number[32];
	text = str_trim(text);
	if (str_ends(text, ")"))
		text.n--;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (!str_ends(text, units[i].name))
			continue;
		struct str rest = {text.p, text.n - strlen(units[i].name)};
		rest = str_trim(rest);
		size_t n = 0;
		while (n < rest.n && n < sizeof(number) - 1 &&
			strchr("0123456789.", rest.p[rest.n - n - 1]))
			n++;
		if (!n || rest.p[rest.n - n] == '.')
			return -1;
		memcpy(number, rest.p + rest.n - n, n);
		number[n] = '\0';
		return strtod(number, NULL) * units[i].ms;
	}
	return -1;
}

/* ---- choosing ---- */

static const struct {
	enum test_format format;
	bool (*parse)(struct parse *p, struct str text);
} formats[] = {
	/* For FORMAT_AUTO, the most telling first: each must be sure of what it sees. */
	{FORMAT_JUNIT, parse_xml},
	{FORMAT_JSON, parse_json},
	{FORMAT_GTEST, parse_gtest},
	{FORMAT_CHECK, parse_check},
	{FORMAT_PHPUNIT, parse_phpunit},
	{FORMAT_SUREFIRE, parse_surefire},
	{FORMAT_JUNIT_TEXT, parse_junit_text},
	{FORMAT_NEXTEST, parse_nextest},
	{FORMAT_VITEST, parse_vitest},
	{FORMAT_AUTOMAKE, parse_automake},
	{FORMAT_CTEST, parse_ctest},
	{FORMAT_MESON, parse_meson},
	{FORMAT_PYTEST, parse_pytest},
	{FORMAT_NODE, parse_node},
	{FORMAT_GO, parse_go},
	{FORMAT_CARGO, parse_cargo},
	{FORMAT_TCLTEST, parse_tcltest},
	{FORMAT_RSPEC, parse_rspec},
	{FORMAT_MINITEST, parse_minitest},
	{FORMAT_JEST, parse_jest},
	{FORMAT_MOCHA, parse_mocha},
	{FORMAT_PROVE, parse_prove},
	{FORMAT_UNITTEST, parse_unittest},
	{FORMAT_TAP, parse_tap},
	{FORMAT_LINES, parse_lines},
};

/* What is not recognised leaves nothing behind. */
static bool
try_format(struct parse *p, bool (*parse)(struct parse *p, struct str text), struct str text)
{
	if (parse(p, text))
		return true;
	test_case_list_cleanup(&p->run->cases);
	map_cleanup(&p->ids);
	p->truncated = p->zero = p->lines = false;
	return false;
}

static bool
parse_as(struct parse *p, enum test_format format, struct str text)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (formats[i].format == format)
			return try_format(p, formats[i].parse, text);
	return false;
}

static bool
parse_any(struct parse *p, struct str text)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (try_format(p, formats[i].parse, text))
			return true;
	return false;
}

/* ---- the rules for all formats ---- */

static void
set_note(struct test_run *t, const char *note)
{
	free(t->note);
	t->note = mem_strdup(note);
}

/* Make found nothing to do: all that was printed is make's own talk, and how automake goes through directories. */
static bool
is_only_make(struct str text)
{
	struct str line;
	bool any = false;
	while (str_next_line(&text, &line)) {
		bool goes = str_starts(line, "Making ") && memmem(line.p, line.n, " in ", 4);
		if (line.n && !str_starts(line, "make") && !goes)
			return false;
		any = any || memmem(line.p, line.n, "Nothing to be done", 18) ||
		      memmem(line.p, line.n, "is up to date", 13);
	}
	return any;
}

static void
by_exit_status(struct parse *p, struct str text, int exit_code, const struct command *cmd)
{
	struct str said = exit_code == 0 ? tally_of_failures(text) : (struct str){"", 0};
	OWN_FREE char *message =
		exit_code < 0 ? mem_strdup("ended by a signal or a limit")
		: said.n ? mem_printf("its exit status is 0, but it says: " STR_FMT, STR_ARG(said))
			 : mem_printf("exit status %d", exit_code);
	bool passed = exit_code == 0 && !said.n;
	p->run->by_exit_status = true;
	OWN_FREE char *note = mem_printf(
		"no report of single cases was recognised in what \"%s\" printed: it is one case, by "
		"its exit status",
		cmd->run);
	set_note(p->run, note);
	parse_add(p, STR("command"), str_of(cmd->run), passed ? TEST_PASSED : TEST_FAILED,
		passed ? (struct str){"", 0} : str_of(message));
}

/* Lines of no framework may leave out what failed, in words of their own: the sum below them tells. */
static void
check_against_sum(struct parse *p, struct str text, const struct command *cmd)
{
	struct str said = p->run->failed ? (struct str){"", 0} : tally_of_failures(text);
	OWN_FREE char *message =
		mem_printf("no case of its report failed, but it says: " STR_FMT, STR_ARG(said));
	if (said.n)
		parse_add(p, STR("command"), str_of(cmd->run), TEST_ERROR, str_of(message));
}

static void
check_against_status(struct parse *p, struct str text, int exit_code, const struct command *cmd)
{
	struct test_run *t = p->run;
	test_run_count(t);
	if (exit_code < 0)
		parse_add(p, STR("command"), str_of(cmd->run), TEST_ERROR,
			STR("the command was ended by a signal or a limit before it was done"));
	else if (p->truncated)
		parse_add(p, STR("command"), str_of(cmd->run), TEST_ERROR,
			STR("the report ends before all planned tests were reported"));
	else if (exit_code != 0 && t->failed == 0 && t->passed + t->skipped > 0) {
		OWN_FREE char *message = mem_printf(
			"the command ended with status %d, but no case of its report failed",
			exit_code);
		parse_add(p, STR("command"), str_of(cmd->run), TEST_ERROR, str_of(message));
	} else if (p->lines) {
		check_against_sum(p, text, cmd);
	}
}

void
parse_report(struct str text, int exit_code, const struct command *cmd, struct test_run *ret)
{
	struct parse p = {.run = ret,
		.level = cmd->level,
		.suite = "tests",
		.cut = exit_code < 0 || exit_code >= 128};
	bool by_status = cmd->format == FORMAT_EXIT;
	bool known = !by_status && (parse_as(&p, cmd->format, text) || parse_any(&p, text));
	if (!known && !by_status && exit_code == 0 && is_only_make(text))
		known = p.zero = true;
	if (known && (p.run->cases.n || p.zero))
		check_against_status(&p, text, exit_code, cmd);
	else
		by_exit_status(&p, text, exit_code, cmd);
	test_run_count(ret);
	if (ret->passed + ret->failed == 0)
		set_note(ret, "0 tests were executed");
	map_cleanup(&p.ids);
}

bool
qa_output_passes(struct str output)
{
	struct test_run run = {0};
	static char name[] = "tests";
	const struct command any = {.run = name, .format = FORMAT_AUTO};
	parse_report(output, 0, &any, &run);
	bool passes = run.failed == 0;
	test_run_cleanup(&run);
	return passes;
}
