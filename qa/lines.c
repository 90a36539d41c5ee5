/*
 * Reports of test programs that belong to no framework: a line a case, with a word for its result at the end
 * ("#7 parses replies: PASSED", "sums ... ok", "rows [ FAIL ]"), in brackets at the start ("[  OK  ] rows"), or with what is
 * wrong behind a colon ("1d2: OK", "1d3: ERROR (4)").
 * It is the last format that is tried, and wants at least three such lines of one shape.
 */
#include "qa/parse.h"

#include <ctype.h>
#include <string.h>

#define MIN_LINES 3

struct word {
	const char *text;
	enum test_status status;
	bool low; /* a word of everyday text, too: only behind dots, or in brackets */
};
static const struct word words[] = {{"PASSED", TEST_PASSED, false}, {"PASS", TEST_PASSED, false},
	{"FAILED", TEST_FAILED, false}, {"FAIL", TEST_FAILED, false},
	{"SKIPPED", TEST_SKIPPED, false}, {"SKIP", TEST_SKIPPED, false}, {"OK", TEST_PASSED, true},
	{"passed", TEST_PASSED, true}, {"failed", TEST_FAILED, true}, {"ok", TEST_PASSED, true},
	{"FAILED!", TEST_FAILED, false}, {"skipped", TEST_SKIPPED, true}};

static const struct word *
find_word(struct str s, bool at_dots)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_eq(s, words[i].text) && (at_dots || !words[i].low))
			return &words[i];
	return NULL;
}

static struct str
without_end(struct str s, const char *chars)
{
	while (s.n && strchr(chars, s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Without how long it took: " 167 ms", " (0.3 s)". */
static struct str
without_time(struct str s)
{
	static const char *const units[] = {"ms", "s", "sec", "seconds", NULL};
	struct str rest = without_end(s, ") \t");
	size_t n = 0, digits = 0;
	while (n < rest.n && isalpha((unsigned char)rest.p[rest.n - n - 1]))
		n++;
	struct str unit = {rest.p + rest.n - n, n};
	rest = without_end((struct str){rest.p, rest.n - n}, " ");
	while (digits < rest.n && strchr("0123456789.", rest.p[rest.n - digits - 1]))
		digits++;
	for (size_t i = 0; units[i] && digits && digits < rest.n; i++)
		if (str_eq(unit, units[i]) && strchr(" \t(", rest.p[rest.n - digits - 1]))
			return without_end((struct str){rest.p, rest.n - digits}, "( \t");
	return s;
}

/* "name: PASSED", "name ... ok", "name [ FAIL ]", each perhaps with a time behind it */
static const struct word *
at_end(struct str line, struct str *ret_name)
{
	struct str s = without_time(str_trim(line));
	bool bracket = s.n && s.p[s.n - 1] == ']';
	s = without_end(s, "]) \t");
	size_t n = 0;
	while (n < s.n && (isalpha((unsigned char)s.p[s.n - n - 1]) || s.p[s.n - n - 1] == '!'))
		n++;
	struct str last = {s.p + s.n - n, n}, before = {s.p, s.n - n};
	struct str name = without_end(before, " \t[(");
	bool dots = str_ends(name, "..") || (bracket && name.n < before.n);
	bool parted = dots || str_ends(name, ":");
	*ret_name = without_end(name, " \t:.-");
	return parted && ret_name->n ? find_word(last, dots) : NULL;
}

/* "[  OK  ] name", "[PASS] name" */
static const struct word *
at_start(struct str line, struct str *ret_name)
{
	const char *close = line.n && line.p[0] == '[' ? memchr(line.p, ']', line.n) : NULL;
	if (!close)
		return NULL;
	*ret_name = str_trim((struct str){close + 1, line.n - (size_t)(close + 1 - line.p)});
	struct str word = str_trim((struct str){line.p + 1, (size_t)(close - line.p - 1)});
	return ret_name->n ? find_word(word, true) : NULL;
}

/* Of "name: ERROR (why)", "name: FAILED" the name; a word that only begins like that is none. */
static struct str
before_failure(struct str line)
{
	static const char *const failures[] = {
		": ERROR", ": FAILED", ": FAIL", ": NOT OK", ": not OK", NULL};
	for (size_t i = 0; failures[i]; i++) {
		size_t n = strlen(failures[i]);
		const char *at = line.n ? memmem(line.p, line.n, failures[i], n) : NULL;
		const char *behind = at ? at + n : NULL;
		if (at && (behind == line.p + line.n || strchr(" (!.", *behind)))
			return (struct str){line.p, (size_t)(at - line.p)};
	}
	return (struct str){"", 0};
}

/* "name: OK", "name: ERROR (why)": what scripts print that compare by themselves */
static const struct word *
at_colon(struct str line, struct str *ret_name)
{
	static const struct word well = {"OK", TEST_PASSED, false},
				 badly = {"ERROR", TEST_FAILED, false};
	line = str_trim(line);
	bool passed = str_ends(line, ": OK");
	*ret_name = str_trim(passed ? (struct str){line.p, line.n - 4} : before_failure(line));
	return ret_name->n ? passed ? &well : &badly : NULL;
}

/* A build talks like this, too. */
static bool
is_build_talk(struct str line)
{
	static const char *const verbs[] = {"check", "compil", "build", "link", "install",
		"generat", "creat", "configur", "load", "download", "unpack", "start", "stop",
		NULL};
	line = str_trim(line);
	for (size_t i = 0; verbs[i]; i++)
		if (line.n > strlen(verbs[i]) &&
			strncasecmp(line.p, verbs[i], strlen(verbs[i])) == 0)
			return true;
	return false;
}

typedef const struct word *shape(struct str line, struct str *ret_name);

static size_t
read_lines(struct parse *p, struct str text, shape *look)
{
	OWN(buf) struct buf plain = {.max = 4096};
	struct map failed = {0};
	static char yes;
	size_t found = 0;
	for (struct str line, name; str_next_line(&text, &line);) {
		parse_strip_colours(line, &plain);
		const struct word *w = look(buf_str(&plain), &name);
		if (!w || is_build_talk(name))
			continue;
		found++;
		/* What failed is often said once more at the end. */
		bool again = w->status == TEST_FAILED && map_get_str(&failed, name);
		if (w->status == TEST_FAILED)
			map_put_str(&failed, name, &yes);
		if (!again)
			parse_add(p, (struct str){"", 0}, name, w->status, (struct str){"", 0});
	}
	map_cleanup(&failed);
	return found;
}

/* A log that complains and has nothing good to tell is none of tests. */
static bool
only_complains(const struct parse *p, shape *look)
{
	for (size_t i = 0; i < p->run->cases.n; i++)
		if (p->run->cases.v[i].status == TEST_PASSED)
			return false;
	return look == at_colon;
}

bool
parse_lines(struct parse *p, struct str text)
{
	static shape *const shapes[] = {at_end, at_start, at_colon};
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		p->lines = read_lines(p, text, shapes[i]) >= MIN_LINES &&
			   !only_complains(p, shapes[i]);
		if (p->lines)
			return true;
		test_case_list_cleanup(&p->run->cases);
		map_cleanup(&p->ids);
	}
	return false;
}
