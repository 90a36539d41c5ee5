/*
 * JUnit XML in its dialects (no official schema; the conventions of Ant, Surefire, pytest, meson).
 * expat without external entities; entity declarations end the parse, so that nothing can expand.
 * Several documents may follow each other.
 */
#include "qa/parse.h"

#include <expat.h>
#include <string.h>

#define MAX_DEPTH 100

struct junit {
	struct parse *p;
	XML_Parser parser;
	char *suite, *name, *class, *file;
	enum test_status status;
	struct buf message;
	double seconds;
	bool in_case, in_text;
	int depth;
};

static const char *
attribute(const char **atts, const char *name)
{
	for (; atts && *atts; atts += 2)
		if (strcmp(atts[0], name) == 0)
			return atts[1];
	return NULL;
}

static void
set(char **to, const char *value)
{
	free(*to);
	*to = value ? mem_strdup(value) : NULL;
}

static void XMLCALL
on_start(void *ctx, const char *element, const char **atts)
{
	struct junit *j = ctx;
	const char *message = attribute(atts, "message"), *time = attribute(atts, "time");
	if (++j->depth > MAX_DEPTH) {
		(void)XML_StopParser(j->parser, XML_FALSE);
		return;
	}
	if (strcmp(element, "testsuite") == 0) {
		set(&j->suite, attribute(atts, "name"));
	} else if (strcmp(element, "testcase") == 0) {
		set(&j->name, attribute(atts, "name"));
		set(&j->class, attribute(atts, "classname"));
		set(&j->file, attribute(atts, "file"));
		j->status = TEST_PASSED;
		j->seconds = time ? strtod(time, NULL) : -1;
		j->in_case = true;
		buf_reset(&j->message);
	} else if (j->in_case &&
		   (strcmp(element, "failure") == 0 || strcmp(element, "error") == 0 ||
			   strcmp(element, "skipped") == 0)) {
		const char *type = attribute(atts, "type");
		bool expected = type && strcmp(type, "pytest.xfail") == 0;
		j->status = expected		? TEST_PASSED /* to fail, as it did */
			    : element[0] == 'f' ? TEST_FAILED
			    : element[0] == 'e' ? TEST_ERROR
						: TEST_SKIPPED;
		if (message)
			buf_printf(&j->message, "%s\n", message);
		j->in_text = true;
	}
}

static void XMLCALL
on_text(void *ctx, const char *text, int n)
{
	struct junit *j = ctx;
	if (j->in_text)
		buf_add(&j->message, text, (size_t)n);
}

/*
 * pytest names a case by the module and the class in which it is; as it prints them, they are the file, and
 * "Class::name".
 */
static char *
python_name(const struct junit *j)
{
	if (!j->file || !j->class || !str_ends(str_of(j->file), ".py"))
		return NULL;
	size_t n = strlen(j->file) - 3;
	for (size_t i = 0; i < n; i++)
		if (j->class[i] != (j->file[i] == '/' ? '.' : j->file[i]))
			return NULL;
	if (j->class[n] && j->class[n] != '.')
		return NULL;
	OWN(buf) struct buf name = {.max = 4096};
	struct str rest = str_of(j->class + n + (j->class[n] == '.')), part;
	while (rest.n && str_next(&rest, '.', &part))
		buf_printf(&name, STR_FMT "::", STR_ARG(part));
	buf_puts(&name, j->name ? j->name : "");
	return buf_take(&name);
}

static void XMLCALL
on_end(void *ctx, const char *element)
{
	struct junit *j = ctx;
	j->depth--;
	if (strcmp(element, "testcase") == 0 && j->in_case) {
		OWN_FREE char *python = python_name(j);
		const char *suite = python ? j->file : j->class && *j->class ? j->class : j->suite;
		struct str text =
			j->status == TEST_PASSED ? (struct str){"", 0} : buf_str(&j->message);
		struct test_case *c = parse_add(
			j->p, str_of(suite), str_of(python ? python : j->name), j->status, text);
		c->ms = j->seconds < 0 ? -1 : j->seconds * 1000;
		if (j->file && !c->file)
			c->file = mem_strdup(j->file);
		j->in_case = false;
	}
	j->in_text = false;
}

static void XMLCALL
on_entity(void *ctx, const char *name, int is_parameter, const char *value, int n, const char *base,
	const char *system, const char *public, const char *notation)
{
	struct junit *j = ctx;
	(void)name, (void)is_parameter, (void)value, (void)n, (void)base, (void)system,
		(void)public, (void)notation;
	(void)XML_StopParser(j->parser, XML_FALSE);
}

/* One document; false when it is damaged or cut short. */
static bool
parse_document(struct parse *p, struct str text)
{
	struct junit j = {.p = p, .message = {.max = PARSE_MAX_MESSAGE}};
	j.parser = XML_ParserCreate(NULL);
	XML_SetUserData(j.parser, &j);
	XML_SetElementHandler(j.parser, on_start, on_end);
	XML_SetCharacterDataHandler(j.parser, on_text);
	XML_SetEntityDeclHandler(j.parser, on_entity);
	bool ok = true;
	while (ok && text.n) {
		int n = text.n > (1 << 20) ? 1 << 20 : (int)text.n;
		ok = XML_Parse(j.parser, text.p, n, (size_t)n == text.n) == XML_STATUS_OK;
		text.p += n;
		text.n -= (size_t)n;
	}
	if (!ok && j.in_case && j.name)
		parse_add(p, str_of(j.suite), str_of(j.name), TEST_ERROR,
			STR("the report ends in this case"));
	XML_ParserFree(j.parser);
	buf_cleanup(&j.message);
	free(j.suite);
	free(j.name);
	free(j.class);
	free(j.file);
	return ok;
}

bool
parse_junit(struct parse *p, struct str text)
{
	static const char mark[] = "<?xml";
	const char *first = text.n ? memmem(text.p, text.n, mark, 5) : NULL;
	const char *suite = text.n ? memmem(text.p, text.n, "<testsuite", 10) : NULL;
	if (!suite)
		return false;
	if (!first || first > suite) /* the declaration may be left out */
		first = suite;
	text.n -= (size_t)(first - text.p);
	text.p = first;
	while (text.n) {
		const char *next = text.n > 5 ? memmem(text.p + 5, text.n - 5, mark, 5) : NULL;
		struct str one = {text.p, next ? (size_t)(next - text.p) : text.n};
		text.p += one.n;
		text.n -= one.n;
		if (!parse_document(p, str_trim(one)))
			p->truncated = true;
	}
	p->zero = p->run->cases.n == 0;
	return true;
}
