/* TAP 12 to 14 (testanything.org), subtests indented; and prove, which prints TAP of several files.
 */
#include "qa/parse.h"

#include <string.h>

struct tap {
	struct str number, name, directive;
	bool ok;
	double ms; /* "# time=12ms"; -1 */
};

/* "ok 3 - name # SKIP why" */
static bool
parse_line(struct str line, struct tap *ret)
{
	struct str rest = line;
	ret->ok = str_starts(line, "ok");
	if (!ret->ok && !str_starts(line, "not ok"))
		return false;
	size_t n = ret->ok ? 2 : 6;
	rest = (struct str){line.p + n, line.n - n};
	if (rest.n && rest.p[0] != ' ')
		return false;
	rest = str_trim(rest);
	ret->number = (struct str){rest.p, 0};
	while (ret->number.n < rest.n && rest.p[ret->number.n] >= '0' &&
		rest.p[ret->number.n] <= '9')
		ret->number.n++;
	rest = str_trim((struct str){rest.p + ret->number.n, rest.n - ret->number.n});
	if (str_starts(rest, "- "))
		rest = (struct str){rest.p + 2, rest.n - 2};
	ret->directive = (struct str){"", 0};
	ret->name = rest;
	ret->ms = -1;
	for (size_t i = 0; i < rest.n; i++) {
		if (rest.p[i] != '#' || (i && rest.p[i - 1] == '\\'))
			continue;
		struct str d = str_trim((struct str){rest.p + i + 1, rest.n - i - 1});
		if (d.n >= 4 &&
			(strncasecmp(d.p, "skip", 4) == 0 || strncasecmp(d.p, "todo", 4) == 0)) {
			ret->directive = d;
			ret->name = str_trim((struct str){rest.p, i});
			break;
		}
		if (str_starts(d, "time=") && parse_time_at_end(d) >= 0) {
			ret->ms = parse_time_at_end(d);
			ret->name = str_trim((struct str){rest.p, i});
			break;
		}
	}
	return true;
}

static bool
parse_plan(struct str line, uint64_t *ret)
{
	if (!str_starts(line, "1.."))
		return false;
	struct str rest = {line.p + 3, line.n - 3}, word;
	return str_next_word(&rest, &word) && str_parse_u64(word, 10000000, ret);
}

static enum test_status
status_of(const struct tap *t)
{
	if (t->directive.n && strncasecmp(t->directive.p, "skip", 4) == 0)
		return TEST_SKIPPED;
	if (t->directive.n) /* a todo that fails is expected to */
		return t->ok ? TEST_PASSED : TEST_SKIPPED;
	return t->ok ? TEST_PASSED : TEST_FAILED;
}

struct stream { /* one TAP document */
	struct parse *p;
	struct str suite;
	uint64_t plan, seen;
	bool planned;
	struct test_case *last;
	struct buf diagnostic;
};

static void
end_diagnostic(struct stream *s)
{
	if (s->last && s->last->status == TEST_FAILED && s->diagnostic.n && !s->last->message) {
		OWN(buf) struct buf safe = {.max = PARSE_MAX_MESSAGE};
		buf_put_visible(&safe, str_trim(buf_str(&s->diagnostic)));
		s->last->message = buf_take(&safe);
	}
	buf_reset(&s->diagnostic);
}

static void
end_stream(struct stream *s)
{
	end_diagnostic(s);
	if (s->planned && s->seen < s->plan)
		s->p->truncated = true;
	if (s->planned && s->plan == 0)
		s->p->zero = true;
	s->planned = false;
	s->plan = s->seen = 0;
	s->last = NULL;
}

/* "  duration_ms: 0.6" in what node and others put below a case. */
static void
take_duration(struct stream *s, struct str line)
{
	static const char key[] = "  duration_ms: ";
	if (!s->last || !str_starts(line, key))
		return;
	OWN_FREE char *value = mem_printf(STR_FMT "ms",
		STR_ARG(((struct str){line.p + sizeof(key) - 1, line.n - sizeof(key) + 1})));
	s->last->ms = parse_time_at_end(str_of(value));
}

static bool
take_line(struct stream *s, struct str line)
{
	struct tap t;
	uint64_t plan;
	if (parse_plan(line, &plan)) {
		if (s->planned) /* another document without a word between */
			end_stream(s);
		s->plan = plan;
		s->planned = true;
		return true;
	}
	if (str_starts(line, "Bail out!")) {
		s->p->truncated = true;
		return true;
	}
	if (line.n && line.p[0] == '#' && s->diagnostic.n < PARSE_MAX_MESSAGE) {
		buf_add(&s->diagnostic, line.p + 1, line.n - 1);
		buf_putc(&s->diagnostic, '\n');
		return false;
	}
	take_duration(s, line);
	if (!parse_line(line, &t))
		return false;
	end_diagnostic(s);
	OWN_FREE char *unnamed = mem_printf("test " STR_FMT, STR_ARG(t.number));
	s->last = parse_add(
		s->p, s->suite, t.name.n ? t.name : str_of(unnamed), status_of(&t), t.directive);
	s->last->ms = t.ms;
	s->seen++;
	return true;
}

bool
parse_tap(struct parse *p, struct str text)
{
	struct stream s = {.p = p, .diagnostic = {.max = PARSE_MAX_MESSAGE}};
	struct str line;
	bool planned = false, any = false;
	while (str_next_line(&text, &line)) {
		any = take_line(&s, line) || any;
		planned = planned || s.planned;
	}
	end_stream(&s);
	buf_cleanup(&s.diagnostic);
	if (any && !planned && p->cut) /* a plan may come last */
		p->truncated = planned = true;
	return any && planned;
}

/* "t/foo.t .. ok", with the TAP of the file in between when prove is verbose. */
static bool
parse_file_line(struct str line, struct str *ret_file, struct str *ret_result)
{
	const char *dots = line.n ? memmem(line.p, line.n, " ..", 3) : NULL;
	if (!dots || memchr(line.p, ' ', (size_t)(dots - line.p)))
		return false;
	*ret_file = (struct str){line.p, (size_t)(dots - line.p)};
	struct str rest = {dots + 1, line.n - (size_t)(dots + 1 - line.p)};
	while (rest.n && (rest.p[0] == '.' || rest.p[0] == ' ')) {
		rest.p++;
		rest.n--;
	}
	*ret_result = rest;
	return str_ends(*ret_file, ".t") || memchr(ret_file->p, '/', ret_file->n);
}

/* "ok       12 ms ( 0.00 usr ..." of prove --timer becomes "ok"; gives the milliseconds, else -1. */
static double
take_timer(struct str *result)
{
	struct str time = *result;
	const char *open = time.n ? memchr(time.p, '(', time.n) : NULL;
	if (open)
		time.n = (size_t)(open - time.p);
	double ms = str_starts(time, "ok ") ? parse_time_at_end(time) : -1;
	if (ms >= 0)
		result->n = 2;
	return ms;
}

bool
parse_prove(struct parse *p, struct str text)
{
	struct stream s = {.p = p, .diagnostic = {.max = PARSE_MAX_MESSAGE}};
	struct str line, file, result;
	bool any = false;
	size_t before = p->run->cases.n;
	while (str_next_line(&text, &line)) {
		if (!parse_file_line(line, &file, &result)) {
			/* prove's verdict on a file closes it: a bare "ok" behind all that was planned. */
			bool done = str_starts(line, "Dubious") || str_starts(line, "Failed ") ||
				    (str_eq(line, "ok") && s.planned && s.seen >= s.plan);
			if (s.suite.n && done)
				end_stream(&s);
			else if (s.suite.n)
				(void)take_line(&s, line);
			continue;
		}
		any = true;
		end_stream(&s);
		s.suite = file;
		before = p->run->cases.n;
		if (!result.n)
			continue;
		double ms = take_timer(&result);
		if (str_starts(result, "skipped"))
			parse_add(p, file, STR("whole file"), TEST_SKIPPED, result);
		else if (str_eq(result, "ok") && p->run->cases.n == before)
			parse_add(p, file, STR("whole file"), TEST_PASSED, (struct str){"", 0})
				->ms = ms;
		else if (!str_eq(result, "ok"))
			parse_add(p, file, STR("whole file"), TEST_FAILED, result);
	}
	end_stream(&s);
	buf_cleanup(&s.diagnostic);
	return any;
}
