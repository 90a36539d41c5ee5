/*
 * TAP 12 to 14 (testanything.org), and prove, which prints TAP of several files.  Sub-tests are indented by four blanks a
 * level, and stand before the line of the test they are of; that line is a case of its own only where it fails and no
 * sub-test of it did.  A YAML block below a case that failed is its message.
 */
#include "qa/parse.h"

#include <string.h>

#define MAX_LEVELS 16

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

struct entry {	      /* a case, until it is known below which it lies */
	char *path;   /* names down to it, with " > " between */
	size_t level; /* it lies below what stands there, so far */
	enum test_status status;
	bool flaky; /* as our own reports say (emit.c) */
	double ms;
	struct buf message;
};

struct level {
	uint64_t plan, seen;
	bool planned;
};

struct stream { /* one TAP document */
	struct parse *p;
	struct str suite;
	struct level levels[MAX_LEVELS];
	size_t deepest;
	struct {
		struct entry *v;
		size_t n, cap;
	} entries;
	bool in_yaml, is_last; /* the last entry may take a message */
	bool any_plan;
};

static struct entry *
last_entry(struct stream *s)
{
	return s->is_last && s->entries.n ? &s->entries.v[s->entries.n - 1] : NULL;
}

static void
flush(struct stream *s)
{
	for (size_t i = 0; i < s->entries.n; i++) {
		struct entry *e = &s->entries.v[i];
		bool keep = e->status != TEST_PASSED || e->flaky;
		struct test_case *c = parse_add(s->p, s->suite, str_of(e->path), e->status,
			keep ? str_trim(buf_str(&e->message)) : (struct str){"", 0});
		c->ms = e->ms;
		c->flaky = e->flaky;
		s->p->truncated = s->p->truncated || e->level; /* its test has no line */
		free(e->path);
		buf_cleanup(&e->message);
	}
	s->entries.n = 0;
	s->is_last = s->in_yaml = false;
}

static void
end_level(struct stream *s, size_t level)
{
	struct level *l = &s->levels[level];
	if (l->planned && l->seen < l->plan)
		s->p->truncated = true;
	if (level == 0 && l->planned && l->plan == 0)
		s->p->zero = true;
	*l = (struct level){0};
}

static void
end_stream(struct stream *s)
{
	for (size_t i = 0; i < MAX_LEVELS; i++)
		end_level(s, i);
	flush(s);
}

/* The sub-tests that this test has: their paths begin with its name.  True when one of them failed. */
static size_t
take_children(struct stream *s, size_t level, struct str name, bool *ret_failed)
{
	size_t n = 0;
	*ret_failed = false;
	for (size_t i = s->entries.n; i-- > 0 && s->entries.v[i].level > level; n++) {
		struct entry *e = &s->entries.v[i];
		char *path = mem_printf(STR_FMT " > %s", STR_ARG(name), e->path);
		free(e->path);
		e->path = path;
		e->level = level;
		*ret_failed = *ret_failed || e->status == TEST_FAILED;
	}
	return n;
}

/* "\\#" and "\\\\" of TAP 14.  Heap. */
static char *
unescaped(struct str name)
{
	OWN(buf) struct buf out = {0};
	for (size_t i = 0; i < name.n; i++) {
		bool escape = name.p[i] == '\\' && i + 1 < name.n &&
			      (name.p[i + 1] == '#' || name.p[i + 1] == '\\');
		buf_putc(&out, name.p[i += escape]);
	}
	return buf_take(&out);
}

static void
add_test(struct stream *s, size_t level, const struct tap *t)
{
	bool failed;
	OWN_FREE char *unnamed = mem_printf("test " STR_FMT, STR_ARG(t->number));
	struct str name = t->name.n ? t->name : str_of(unnamed);
	enum test_status status = status_of(t);
	size_t children = take_children(s, level, name, &failed);
	s->levels[level].seen++;
	s->is_last = false;
	for (size_t i = level + 1; i < MAX_LEVELS; i++)
		end_level(s, i);
	if (children && (status != TEST_FAILED || failed))
		return;
	s->entries.v = mem_grow(s->entries.v, s->entries.n, &s->entries.cap, sizeof(*s->entries.v));
	struct entry *e = &s->entries.v[s->entries.n++];
	*e = (struct entry){.path = unescaped(name),
		.level = level,
		.status = status,
		.ms = t->ms,
		.message = {.max = PARSE_MAX_MESSAGE}};
	if (status != TEST_PASSED && t->directive.n)
		buf_add_str(&e->message, t->directive);
	s->is_last = true;
}

/* "  duration_ms: 0.6" in what node and others put below a case. */
static void
take_yaml(struct stream *s, struct str line)
{
	static const char key[] = "duration_ms: ";
	struct entry *e = last_entry(s);
	if (!e)
		return;
	if (str_starts(line, key)) {
		OWN_FREE char *value = mem_printf(STR_FMT "ms",
			STR_ARG((
				(struct str){line.p + sizeof(key) - 1, line.n - sizeof(key) + 1})));
		e->ms = parse_time_at_end(str_of(value));
	} else if (str_eq(line, "flaky: true")) {
		e->flaky = e->status == TEST_PASSED;
	} else if (e->status == TEST_FAILED || e->flaky) {
		buf_add_str(&e->message, line);
		buf_putc(&e->message, '\n');
	}
}

static void
take_diagnostic(struct stream *s, struct str line)
{
	struct entry *e = last_entry(s);
	if (!e || e->status != TEST_FAILED)
		return;
	buf_add(&e->message, line.p + 1, line.n - 1);
	buf_putc(&e->message, '\n');
}

/* One line at a level, its blanks taken off; true when it is one of TAP's own. */
static bool
take_at(struct stream *s, size_t level, struct str line)
{
	struct tap t;
	uint64_t plan;
	if (parse_plan(line, &plan)) {
		if (level == 0 &&
			s->levels[0].planned) /* another document without a word between */
			end_stream(s);
		s->levels[level].plan = plan;
		s->levels[level].planned = true;
		s->any_plan = s->any_plan || level == 0;
		return true;
	}
	if (str_starts(line, "Bail out!")) {
		s->p->truncated = true;
		return true;
	}
	if (!parse_line(line, &t) || (level && !t.number.n))
		return false;
	add_test(s, level, &t);
	return true;
}

static bool
take_line(struct stream *s, struct str line)
{
	size_t indent = 0;
	while (indent < line.n && line.p[indent] == ' ')
		indent++;
	struct str rest = {line.p + indent, line.n - indent};
	size_t level = indent / 4;
	if (s->in_yaml && indent % 4 != 0 && str_eq(str_trim(rest), "...")) {
		s->in_yaml = false;
		return false;
	}
	if (s->in_yaml && indent) {
		take_yaml(s, rest);
		return false;
	}
	if (indent % 4 == 2 && str_eq(str_trim(rest), "---")) {
		s->in_yaml = true;
		return false;
	}
	s->in_yaml = false;
	if (indent % 4 || level >= MAX_LEVELS)
		return false;
	if (rest.n && rest.p[0] == '#') {
		take_diagnostic(s, rest);
		return false;
	}
	return take_at(s, level, rest);
}

bool
parse_tap(struct parse *p, struct str text)
{
	struct stream s = {.p = p};
	struct str line;
	bool any = false;
	while (str_next_line(&text, &line))
		any = take_line(&s, line) || any;
	end_stream(&s);
	free(s.entries.v);
	if (any && !s.any_plan && p->cut) /* a plan may come last */
		p->truncated = s.any_plan = true;
	return any && s.any_plan;
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

/* "t/a.t (Wstat: 11 (Signal: SEGV) Tests: 1 Failed: 0)" of its summary: a file that failed in other ways, too. */
static bool
take_summary(struct parse *p, struct str line)
{
	const char *open = line.n ? memmem(line.p, line.n, " (Wstat: ", 9) : NULL;
	if (!open)
		return false;
	struct str file = str_trim((struct str){line.p, (size_t)(open - line.p)});
	struct str why = {open + 1, line.n - (size_t)(open + 1 - line.p)};
	bool fine = str_starts(why, "(Wstat: 0 ") && memmem(why.p, why.n, "Failed: 0)", 10);
	for (size_t i = 0; i < p->run->cases.n; i++) {
		const struct test_case *c = &p->run->cases.v[i];
		fine = fine || (str_eq(file, c->suite) &&
				       (c->status == TEST_FAILED || c->status == TEST_ERROR));
	}
	if (!fine)
		parse_add(p, file, STR("whole file"), TEST_ERROR, why);
	return true;
}

bool
parse_prove(struct parse *p, struct str text)
{
	struct stream s = {.p = p};
	struct str line, file, result;
	bool any = false, done = false;
	size_t before = p->run->cases.n;
	while (str_next_line(&text, &line)) {
		if (s.suite.n && str_starts(line, "Test Summary Report"))
			end_stream(&s);
		else if (any && take_summary(p, line))
			continue;
		done = done || str_starts(line, "Result: ");
		if (!parse_file_line(line, &file, &result)) {
			/* prove's verdict on a file closes it: a bare "ok" behind all that was planned. */
			bool ends = str_starts(line, "Dubious") || str_starts(line, "Failed ") ||
				    str_starts(line, "All ") ||
				    (str_eq(line, "ok") && s.levels[0].planned &&
					    s.levels[0].seen >= s.levels[0].plan);
			if (s.suite.n && ends)
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
	free(s.entries.v);
	p->truncated = p->truncated || (any && !done);
	return any;
}
