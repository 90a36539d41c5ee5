/*
 * Reports in XML: JUnit in its dialects (Ant, Surefire with its flakes and reruns, pytest, GoogleTest, ctest, PHPUnit,
 * Playwright, jest, cmocka, meson), Check, TRX, NUnit 2 and 3, xUnit.  What an element is, two tables say; there is no
 * official schema of JUnit.
 *
 * expat without external entities; entity declarations end the parse, so that nothing can expand.  Bytes that no XML
 * may hold, and which tools write all the same, are replaced before it sees them.  Several documents may follow each
 * other.  A suite that counts more cases than it has lost some: an error is added.
 */
#include "qa/parse.h"

#include <expat.h>
#include <string.h>

#define MAX_DEPTH 100
#define CHUNK ((size_t)1 << 20)

/* Elements that are a case.  The attributes are NULL where a dialect has none. */
static const struct case_element {
	const char *element, *names[2], *suite, *results[2], *times[2];
	bool needs_result; /* without one it is something else */
} case_elements[] = {
	{"testcase", {"name", NULL}, "classname", {"result", "status"}, {"time", NULL}, false},
	{"test-case", {"name", NULL}, "classname", {"result", "executed"}, {"duration", "time"},
		false},								  /* NUnit */
	{"test", {"name", NULL}, "type", {"result", NULL}, {"time", NULL}, true}, /* xUnit, Check */
	{"UnitTestResult", {"testName", NULL}, NULL, {"outcome", NULL}, {"duration", NULL},
		true},							      /* TRX */
	{"Test", {"Name", NULL}, NULL, {"Status", NULL}, {NULL, NULL}, true}, /* CDash */
};

/* Elements in a case that say how it ended. */
static const struct end_element {
	const char *element;
	enum test_status status;
	bool flake; /* of a run of it before the one that counts */
} end_elements[] = {
	{"failure", TEST_FAILED, false},
	{"error", TEST_ERROR, false},
	{"skipped", TEST_SKIPPED, false},
	{"flakyFailure", TEST_PASSED, true},
	{"flakyError", TEST_PASSED, true},
	{"rerunFailure", TEST_FAILED, false},
	{"rerunError", TEST_FAILED, false},
};

/* Elements in a case whose text is something of it. */
enum text_of { TEXT_NONE, TEXT_MESSAGE, TEXT_NAME, TEXT_TIME };
static const struct {
	const char *element;
	enum text_of what;
} texts[] = {{"message", TEXT_MESSAGE}, {"Message", TEXT_MESSAGE}, {"id", TEXT_NAME},
	{"Name", TEXT_NAME}, {"duration", TEXT_TIME}};

static const char *const suite_elements[] = {
	"testsuite", "suite", "test-suite", "assembly", "collection", NULL};

struct level { /* a suite that is open */
	char *name;
	uint64_t tests, bad;	     /* as it counts them */
	uint64_t has, has_bad, lies; /* cases; below it a suite has told of a loss already */
};

struct xml {
	struct parse *p;
	XML_Parser parser;
	struct level levels[MAX_DEPTH];
	size_t nlevels;
	char *name, *class, *file;
	enum test_status status;
	bool flaky;
	struct buf message, text;
	size_t attribute_at, attribute_end; /* in message: of the element that is open */
	double ms;
	bool in_case, in_end, in_title;
	enum text_of in_text;
	int depth, case_depth;
};

static const char *
attribute(const char **atts, const char *name)
{
	for (; name && atts && *atts; atts += 2)
		if (strcmp(atts[0], name) == 0)
			return atts[1];
	return NULL;
}

static const char *
attribute_of(const char **atts, const char *const names[2])
{
	const char *first = attribute(atts, names[0]);
	return first ? first : attribute(atts, names[1]);
}

static void
set(char **to, const char *value)
{
	free(*to);
	*to = value ? mem_strdup(value) : NULL;
}

/* Seconds as "0.5", "1,234.5", "0,5"; as "00:00:01.5".  -1: it is none. */
static double
milliseconds(const char *text)
{
	OWN(buf) struct buf plain = {.max = 64};
	double total = 0;
	if (!text || !*text)
		return -1;
	bool both = strchr(text, ',') && strchr(text, '.');
	for (const char *c = text; *c; c++)
		if (*c == ':') {
			total = (total + strtod(plain.n ? plain.p : "0", NULL)) * 60;
			buf_reset(&plain);
		} else if (*c != ',' || !both) {
			buf_putc(&plain, *c == ',' ? '.' : *c);
		}
	total += strtod(plain.n ? plain.p : "0", NULL);
	return total >= 0 && total < 1e9 ? total * 1000 : -1;
}

static uint64_t
count(const char **atts, const char *name)
{
	uint64_t n = 0;
	return str_parse_u64(str_of(attribute(atts, name)), PARSE_MAX_CASES, &n) ? n : 0;
}

/* ---- suites ---- */

static bool
is_suite(const char *element)
{
	return str_is_one(str_of(element), suite_elements);
}

static void
begin_suite(struct xml *x, const char **atts)
{
	struct level *l = &x->levels[x->nlevels++];
	*l = (struct level){.tests = count(atts, "tests"),
		.bad = count(atts, "failures") + count(atts, "errors")};
	set(&l->name, attribute(atts, "name"));
}

static const char *
suite_name(const struct xml *x)
{
	for (size_t i = x->nlevels; i-- > 0;)
		if (x->levels[i].name && *x->levels[i].name)
			return x->levels[i].name;
	return NULL;
}

static void
add_lost(struct xml *x, struct level *l, const char *what, uint64_t told, uint64_t has)
{
	OWN_FREE char *message = mem_printf("the report counts %llu %s here, and has %llu",
		(unsigned long long)told, what, (unsigned long long)has);
	parse_add(x->p, str_of(l->name), STR("cases that the report lost"), TEST_ERROR,
		str_of(message));
	l->lies++;
}

static void
end_suite(struct xml *x)
{
	struct level *l = &x->levels[--x->nlevels], *up = x->nlevels ? l - 1 : NULL;
	if (l->has < l->tests && !l->lies)
		add_lost(x, l, "cases", l->tests, l->has);
	else if (l->bad && !l->has_bad && !l->lies)
		add_lost(x, l, "failures", l->bad, 0);
	if (up) {
		up->has += l->has;
		up->has_bad += l->has_bad;
		up->lies += l->lies;
	}
	free(l->name);
}

/* ---- cases ---- */

static const struct case_element *
find_case(const char *element, const char **atts)
{
	for (size_t i = 0; i < sizeof(case_elements) / sizeof(*case_elements); i++) {
		const struct case_element *c = &case_elements[i];
		if (strcmp(element, c->element) == 0)
			return c->needs_result && !attribute_of(atts, c->results) ? NULL : c;
	}
	return NULL;
}

static void
begin_case(struct xml *x, const struct case_element *c, const char **atts)
{
	const char *result = attribute_of(atts, c->results);
	set(&x->name, attribute_of(atts, c->names));
	set(&x->class, attribute(atts, c->suite));
	set(&x->file, attribute(atts, "file"));
	bool executed = result && strcasecmp(result, "false") != 0;
	x->status =
		result && !executed ? TEST_SKIPPED : parse_status_word(str_of(result), TEST_PASSED);
	x->flaky = false;
	x->ms = milliseconds(attribute_of(atts, c->times));
	x->in_case = true;
	x->case_depth = x->depth;
	buf_reset(&x->message);
}

static void
take_end(struct xml *x, const struct end_element *e, const char **atts)
{
	static const int weight[] = {
		[TEST_PASSED] = 0, [TEST_SKIPPED] = 1, [TEST_FAILED] = 2, [TEST_ERROR] = 3};
	const char *type = attribute(atts, "type"), *message = attribute(atts, "message");
	/* to fail, as it did */
	bool expected = type && strcmp(type, "pytest.xfail") == 0;
	if (!expected && weight[e->status] > weight[x->status])
		x->status = e->status;
	x->flaky = x->flaky || e->flake;
	x->attribute_at = x->message.n;
	if (message)
		buf_printf(&x->message, "%s\n", message);
	x->attribute_end = x->message.n;
	x->in_end = true;
}

/*
 * pytest names a case by the module and the class in which it is; as it prints them, they are the file, and
 * "Class::name".
 */
static char *
python_name(const struct xml *x)
{
	if (!x->file || !x->class || !str_ends(str_of(x->file), ".py"))
		return NULL;
	size_t n = strlen(x->file) - 3;
	for (size_t i = 0; i < n; i++)
		if (x->class[i] != (x->file[i] == '/' ? '.' : x->file[i]))
			return NULL;
	if (x->class[n] && x->class[n] != '.')
		return NULL;
	OWN(buf) struct buf name = {.max = 4096};
	struct str rest = str_of(x->class + n + (x->class[n] == '.')), part;
	while (rest.n && str_next(&rest, '.', &part))
		buf_printf(&name, STR_FMT "::", STR_ARG(part));
	buf_puts(&name, x->name ? x->name : "");
	return buf_take(&name);
}

static void
end_case(struct xml *x)
{
	OWN_FREE char *python = python_name(x);
	const char *suite = python ? x->file : x->class && *x->class ? x->class : suite_name(x);
	bool keep = x->status != TEST_PASSED || x->flaky;
	struct test_case *c = parse_add(x->p, str_of(suite), str_of(python ? python : x->name),
		x->status, keep ? buf_str(&x->message) : (struct str){"", 0});
	c->ms = x->ms;
	c->flaky = x->flaky && x->status == TEST_PASSED;
	if (x->file && !c->file)
		c->file = mem_strdup(x->file);
	x->in_case = x->in_end = false;
	if (x->nlevels) {
		x->levels[x->nlevels - 1].has++;
		x->levels[x->nlevels - 1].has_bad +=
			x->status == TEST_FAILED || x->status == TEST_ERROR;
	}
}

/* ---- events ---- */

static void XMLCALL
on_start(void *ctx, const char *element, const char **atts)
{
	struct xml *x = ctx;
	if (++x->depth >= MAX_DEPTH) {
		(void)XML_StopParser(x->parser, XML_FALSE);
		return;
	}
	const struct case_element *c = x->in_case ? NULL : find_case(element, atts);
	if (c)
		begin_case(x, c, atts);
	else if (!x->in_case && is_suite(element))
		begin_suite(x, atts);
	x->in_title = !x->in_case && strcmp(element, "title") == 0;
	if (!x->in_case || c)
		return;
	for (size_t i = 0; i < sizeof(end_elements) / sizeof(*end_elements); i++)
		if (strcmp(element, end_elements[i].element) == 0 && x->depth == x->case_depth + 1)
			take_end(x, &end_elements[i], atts);
	x->in_text = TEXT_NONE;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!x->in_end && strcmp(element, texts[i].element) == 0)
			x->in_text = texts[i].what;
	buf_reset(&x->text);
}

static void XMLCALL
on_text(void *ctx, const char *text, int n)
{
	struct xml *x = ctx;
	if (x->in_end)
		buf_add(&x->message, text, (size_t)n);
	else if (x->in_text != TEXT_NONE || x->in_title)
		buf_add(&x->text, text, (size_t)n);
}

/* A text that begins with the message of its element says it already. */
static void
drop_repeated(struct xml *x)
{
	size_t at = x->attribute_at, end = x->attribute_end;
	struct str text =
		str_trim((struct str){x->message.n ? x->message.p + end : "", x->message.n - end});
	if (end <= at + 1 || text.n < end - at - 1 ||
		memcmp(text.p, x->message.p + at, end - at - 1) != 0)
		return;
	OWN(buf) struct buf kept = {.max = PARSE_MAX_MESSAGE};
	buf_add(&kept, x->message.p, at);
	buf_add_str(&kept, text);
	buf_reset(&x->message);
	buf_add_str(&x->message, buf_str(&kept));
}

static void
take_text(struct xml *x)
{
	const char *text = x->text.n ? x->text.p : "";
	if (x->in_text == TEXT_MESSAGE)
		buf_printf(&x->message, "%s\n", text);
	else if (x->in_text == TEXT_NAME && !x->name)
		set(&x->name, text);
	else if (x->in_text == TEXT_TIME && x->ms < 0)
		x->ms = milliseconds(text);
	else if (x->in_title && x->nlevels && !x->levels[x->nlevels - 1].name)
		set(&x->levels[x->nlevels - 1].name, text);
	x->in_text = TEXT_NONE;
	x->in_title = false;
	buf_reset(&x->text);
}

static void XMLCALL
on_end(void *ctx, const char *element)
{
	struct xml *x = ctx;
	take_text(x);
	if (x->in_case && x->depth == x->case_depth) {
		end_case(x);
	} else if (x->in_end && x->depth == x->case_depth + 1) {
		drop_repeated(x);
		x->in_end = false;
	} else if (!x->in_case && x->nlevels && is_suite(element)) {
		end_suite(x);
	}
	x->depth--;
}

static void XMLCALL
on_entity(void *ctx, const char *name, int is_parameter, const char *value, int n, const char *base,
	const char *system, const char *public, const char *notation)
{
	struct xml *x = ctx;
	(void)name, (void)is_parameter, (void)value, (void)n, (void)base, (void)system,
		(void)public, (void)notation;
	(void)XML_StopParser(x->parser, XML_FALSE);
}

/* ---- bytes ---- */

/* The number of a character reference that no XML 1.0 may have ("&#27;", "&#x0;"); 0: it is none. */
static size_t
bad_reference(const char *p, size_t n)
{
	size_t i = 2;
	unsigned long value = 0;
	if (n < 4 || p[0] != '&' || p[1] != '#')
		return 0;
	bool hex = p[2] == 'x';
	for (i += hex; i < n && i < 10 && p[i] != ';'; i++) {
		int digit = p[i] >= '0' && p[i] <= '9'		 ? p[i] - '0'
			    : hex && strchr("abcdef", p[i] | 32) ? (p[i] | 32) - 'a' + 10
								 : 99;
		if (digit == 99)
			return 0;
		value = value * (hex ? 16 : 10) + (unsigned long)digit;
	}
	bool fine = value == 9 || value == 10 || value == 13 || (value >= 32 && value < 0xd800) ||
		    (value >= 0xe000 && value < 0xfffe) || (value > 0xffff && value < 0x110000);
	return i < n && p[i] == ';' && !fine ? i + 1 : 0;
}

/* A piece as expat takes it: what is not UTF-8 (where that is what it should be), controls, bad references. */
static void
put_valid(struct buf *out, struct str s, bool utf8)
{
	for (size_t i = 0; i < s.n;) {
		unsigned char c = (unsigned char)s.p[i];
		size_t bad = c == '&' ? bad_reference(s.p + i, s.n - i) : 0;
		size_t more = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1, k = 1;
		while (k <= more && i + k < s.n && (s.p[i + k] & 0xc0) == 0x80)
			k++;
		bool control = c < 0x20 && c != '\t' && c != '\n' && c != '\r';
		bool whole = c < 0x80 || (c >= 0xc2 && c < 0xf5 && k == more + 1 &&
						 !(c == 0xe0 && (unsigned char)s.p[i + 1] < 0xa0) &&
						 !(c == 0xed && (unsigned char)s.p[i + 1] > 0x9f) &&
						 !(c == 0xef && (unsigned char)s.p[i + 1] == 0xbf &&
							 (unsigned char)s.p[i + 2] > 0xbd) &&
						 !(c == 0xf0 && (unsigned char)s.p[i + 1] < 0x90) &&
						 !(c == 0xf4 && (unsigned char)s.p[i + 1] > 0x8f));
		if (bad || control || (utf8 && !whole)) {
			buf_putc(out, '?');
			i += bad ? bad : 1;
		} else {
			buf_add(out, s.p + i, utf8 ? k : 1);
			i += utf8 ? k : 1;
		}
	}
}

/* Up to the last end of a tag or line in the first CHUNK bytes: no character is cut. */
static struct str
next_chunk(struct str *text)
{
	size_t n = text->n > CHUNK ? CHUNK : text->n;
	if (n < text->n) {
		const char *end = memrchr(text->p, '>', n), *line = memrchr(text->p, '\n', n);
		end = end > line ? end : line;
		n = end ? (size_t)(end - text->p) + 1 : n;
	}
	struct str chunk = {text->p, n};
	*text = (struct str){text->p + n, text->n - n};
	return chunk;
}

/* "encoding='iso-8859-1'" in the declaration: expat reads it as that. */
static bool
is_utf8(struct str text)
{
	const char *end = text.n ? memmem(text.p, text.n, "?>", 2) : NULL;
	struct str head = {text.p, str_starts(text, "<?xml") && end ? (size_t)(end - text.p) : 0};
	const char *at = head.n ? memmem(head.p, head.n, "encoding=", 9) : NULL;
	return !at || at + 15 > head.p + head.n || strncasecmp(at + 10, "utf-8", 5) == 0;
}

static bool
feed(struct xml *x, struct str text)
{
	OWN(buf) struct buf valid = {.max = 8 * CHUNK};
	bool ok = true, utf8 = is_utf8(text);
	while (ok && text.n) {
		struct str chunk = next_chunk(&text);
		buf_reset(&valid);
		put_valid(&valid, chunk, utf8);
		ok = XML_Parse(x->parser, valid.p, (int)valid.n, text.n == 0) == XML_STATUS_OK;
	}
	return ok;
}

/* One document; false when it is damaged or cut short. */
static bool
parse_document(struct parse *p, struct str text)
{
	struct xml x = {
		.p = p, .message = {.max = PARSE_MAX_MESSAGE}, .text = {.max = PARSE_MAX_MESSAGE}};
	x.parser = XML_ParserCreate(NULL);
	XML_SetUserData(x.parser, &x);
	XML_SetElementHandler(x.parser, on_start, on_end);
	XML_SetCharacterDataHandler(x.parser, on_text);
	XML_SetEntityDeclHandler(x.parser, on_entity);
	bool ok = feed(&x, text);
	if (!ok && x.in_case && x.name)
		parse_add(p, str_of(suite_name(&x)), str_of(x.name), TEST_ERROR,
			STR("the report ends in this case"));
	XML_ParserFree(x.parser);
	while (x.nlevels)
		free(x.levels[--x.nlevels].name);
	buf_cleanup(&x.message);
	buf_cleanup(&x.text);
	free(x.name);
	free(x.class);
	free(x.file);
	return ok;
}

/* The first element of a report in the text, or the declaration before it; NULL. */
static const char *
find_start(struct str text)
{
	static const char *const roots[] = {"<testsuite", "<TestRun", "<assemblies", "<assembly ",
		"<test-run", "<test-results", NULL};
	const char *first = NULL;
	for (size_t i = 0; roots[i]; i++) {
		const char *at = text.n ? memmem(text.p, text.n, roots[i], strlen(roots[i])) : NULL;
		first = at && (!first || at < first) ? at : first;
	}
	const char *mark = first ? memmem(text.p, text.n, "<?xml", 5) : NULL;
	return mark && mark < first ? mark : first;
}

bool
parse_xml(struct parse *p, struct str text)
{
	const char *first = find_start(text);
	struct str start = str_trim(text);
	bool declared = start.n && strncmp(start.p, "<?xml ", start.n < 6 ? start.n : 6) == 0;
	if (!first && declared && !parse_document(p, start)) /* cut before its first element */
		return p->truncated = p->zero = true;
	if (!first)
		return false;
	text.n -= (size_t)(first - text.p);
	text.p = first;
	const char *last = memrchr(text.p, '>', text.n);
	if (last && (str_ends((struct str){text.p, (size_t)(last + 1 - text.p)}, "</testsuites>") ||
			    str_ends((struct str){text.p, (size_t)(last + 1 - text.p)},
				    "</testsuite>")))
		text.n = (size_t)(last + 1 - text.p); /* what is printed behind it is no report */
	while (text.n) {
		const char *next = text.n > 5 ? memmem(text.p + 5, text.n - 5, "<?xml ", 6) : NULL;
		struct str one = {text.p, next ? (size_t)(next - text.p) : text.n};
		text.p += one.n;
		text.n -= one.n;
		if (!parse_document(p, str_trim(one)))
			p->truncated = true;
	}
	p->zero = p->run->cases.n == 0;
	return true;
}
