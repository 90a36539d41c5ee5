/* The crawl's machine, without a browser: structures, what is done next, what counts as wrong, two builds side by side. */
#include "qa/crawl.h"
#include "qa/crawl_judge.h"
#include "qa/crawl_print.h"
#include "qa/crawl_values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static json_t *
parse(const char *text)
{
	json_t *j = NULL;
	OWN(dd_err) struct dd_err err = {0};
	if (json_parse(str_of(text), &j, &err) < 0)
		fail_msg("%s in %s", err_msg(&err), text);
	return j;
}

/* ---- structures ---- */

static bool
are_same(const char *a, const char *b)
{
	OWN_JSON json_t *x = parse(a), *y = parse(b);
	return strcmp(crawl_print(x).s, crawl_print(y).s) == 0;
}

static void
neighbours_that_are_the_same_count_as_one(void **state)
{
	(void)state;
	assert_true(are_same("[[0,\"ul\"],[1,\"li\"],[2,\"a\"]]",
		"[[0,\"ul\"],[1,\"li\"],[2,\"a\"],[1,\"li\"],[2,\"a\"],[1,\"li\"],[2,\"a\"]]"));
	assert_false(are_same("[[0,\"ul\"],[1,\"li\"],[2,\"a\"]]", "[[0,\"ul\"],[1,\"li\"]]"));
	assert_false(are_same("[[0,\"a\"],[0,\"b\"]]", "[[0,\"b\"],[0,\"a\"]]"));
	assert_false(are_same("[[0,\"a\"],[1,\"b\"]]", "[[0,\"a\"],[0,\"b\"]]"));
	assert_false(are_same("[[0,\"ul\"],[1,\"li\"]]", "[[0,\"ul\"]]"));
}

static void
any_document_has_a_fingerprint(void **state)
{
	OWN_JSON json_t *deep = json_array();
	(void)state;
	for (int i = 0; i < 20000; i++)
		json_array_append_new(deep, json_pack("[i, s]", i, "div"));
	assert_int_equal(strlen(crawl_print(deep).s), CRAWL_PRINT);
	assert_true(are_same("[7, null, [1], [\"x\",\"y\"], [0,\"a\"]]", "[[0,\"a\"]]"));
}

/* ---- values ---- */

static void
values_fit_the_field(void **state)
{
	OWN_JSON json_t *mail = parse("{\"type\":\"email\"}"),
			*number = parse("{\"type\":\"number\",\"min\":\"2\",\"max\":\"9\"}"),
			*note = parse("{\"type\":\"text\",\"hint\":\"note\",\"maxlength\":5}"),
			*list = parse(
				"{\"type\":\"select\",\"options\":[\"one\",\"two\",\"three\"]}");
	(void)state;
	OWN_FREE char *address = crawl_value(mail, CRAWL_PLAUSIBLE, 0),
		      *most = crawl_value(number, CRAWL_BOUNDARY, 0),
		      *least = crawl_value(number, CRAWL_PLAUSIBLE, 0),
		      *text = crawl_value(note, CRAWL_BOUNDARY, 0),
		      *none = crawl_value(note, CRAWL_EMPTY, 0),
		      *last = crawl_value(list, CRAWL_BOUNDARY, 0);
	assert_non_null(strchr(address, '@'));
	assert_string_equal(most, "9");
	assert_string_equal(least, "2");
	assert_int_equal(strlen(text), 5);
	assert_string_equal(none, "");
	assert_string_equal(last, "three");
}

static void
what_is_not_typed_has_values_too(void **state)
{
	const struct {
		const char *field;
		enum crawl_variant v;
		const char *wanted;
	} cases[] = {
		{"{\"type\":\"date\"}", CRAWL_PLAUSIBLE, "2026-03-14"},
		{"{\"type\":\"date\",\"min\":\"2030-01-02\"}", CRAWL_PLAUSIBLE, "2030-01-02"},
		{"{\"type\":\"datetime-local\"}", CRAWL_BOUNDARY, "9999-12-31T23:59"},
		{"{\"type\":\"time\"}", CRAWL_EMPTY, ""},
		{"{\"type\":\"color\"}", CRAWL_PLAUSIBLE, "#336699"},
		{"{\"type\":\"color\"}", CRAWL_EMPTY, NULL},
		{"{\"type\":\"file\"}", CRAWL_PLAUSIBLE, "harbour.txt"},
		{"{\"type\":\"file\",\"accept\":\"image/*\"}", CRAWL_PLAUSIBLE, "harbour.png"},
		{"{\"type\":\"file\"}", CRAWL_EMPTY, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN_JSON json_t *field = parse(cases[i].field);
		OWN_FREE char *got = crawl_value(field, cases[i].v, 0);
		if (cases[i].wanted)
			assert_string_equal(got, cases[i].wanted);
		else
			assert_null(got);
	}
}

/* ---- the machine ---- */

static size_t
walks_of(const json_t *next)
{
	return json_array_size(json_object_get(next, "scenarios"));
}

/* The words of walk i's last step, heap. */
static char *
last_of(const json_t *next, size_t i)
{
	const json_t *steps =
		json_object_get(json_array_get(json_object_get(next, "scenarios"), i), "steps");
	return json_dumps(json_array_get(steps, json_array_size(steps) - 1), JSON_COMPACT);
}

static void
answer(struct crawl *c, size_t i, const char *seen)
{
	OWN_JSON json_t *j = seen ? parse(seen) : NULL;
	crawl_take(c, i, j, "picture");
}

#define HOME \
	"{\"print\":\"home\",\"path\":\"/\",\"facts\":[],\"controls\":[" \
	"{\"role\":\"link\",\"name\":\"Boat 1\",\"nth\":0,\"kind\":\"link\",\"href\":\"/boat/1\",\"same\":true}," \
	"{\"role\":\"link\",\"name\":\"Boat 2\",\"nth\":0,\"kind\":\"link\",\"href\":\"/boat/2\",\"same\":true}," \
	"{\"role\":\"link\",\"name\":\"Boat 3\",\"nth\":0,\"kind\":\"link\",\"href\":\"/boat/3\",\"same\":true}," \
	"{\"role\":\"link\",\"name\":\"Far\",\"nth\":0,\"kind\":\"link\",\"href\":\"/\",\"same\":false}," \
	"{\"role\":\"button\",\"name\":\"Delete all\",\"nth\":0,\"kind\":\"button\"}," \
	"{\"role\":\"button\",\"name\":\"Off\",\"nth\":0,\"kind\":\"button\",\"off\":true}," \
	"{\"role\":\"textbox\",\"name\":\"Boat\",\"nth\":0,\"kind\":\"field\",\"form\":\"f\",\"type\":\"text\"}," \
	"{\"role\":\"button\",\"name\":\"Add\",\"nth\":0,\"kind\":\"submit\",\"form\":\"f\",\"method\":\"post\",\"action\":\"/add\"}]}"

static struct crawl *
at_home(uint32_t seed)
{
	struct crawl *c = crawl_create(seed, 100);
	OWN_JSON json_t *first = crawl_next(c);
	assert_int_equal(walks_of(first), 1);
	answer(c, 0, HOME);
	return c;
}

static void
what_can_be_used_is_used_once_and_links_come_first(void **state)
{
	struct crawl *c = at_home(1);
	OWN_JSON json_t *next = crawl_next(c);
	(void)state;
	/* two of three boats, and three ways to fill the form */
	assert_int_equal(walks_of(next), 5);
	OWN_FREE char *first = last_of(next, 0), *last = last_of(next, 4);
	assert_string_equal(first, "{\"click\":{\"role\":\"link\",\"name\":\"Boat 1\"}}");
	assert_string_equal(last, "{\"click\":{\"role\":\"button\",\"name\":\"Add\"}}");
	for (size_t i = 0; i < 5; i++)
		answer(c, i, HOME);
	OWN_JSON json_t *none = crawl_next(c);
	assert_null(none);
	assert_int_equal(crawl_states(c), 1);
	assert_int_equal(crawl_walks(c), 6);
	crawl_destroy(c);
}

#define ACCOUNT(name) \
	"{\"print\":\"" name "\",\"path\":\"/" name "\",\"facts\":[],\"controls\":[" \
	"{\"role\":\"textbox\",\"name\":\"Word\",\"nth\":0,\"kind\":\"field\",\"form\":\"f\",\"type\":\"password\"}," \
	"{\"role\":\"button\",\"name\":\"Go\",\"nth\":0,\"kind\":\"submit\",\"form\":\"f\",\"method\":\"post\",\"action\":\"/" name \
	"\"}]}"

static void
who_registered_signs_on(void **state)
{
	struct crawl *c = at_home(1);
	OWN_JSON json_t *pages = crawl_next(c);
	(void)state;
	answer(c, 0, ACCOUNT("join"));
	answer(c, 1, ACCOUNT("enter"));
	for (size_t i = 2; i < walks_of(pages); i++)
		answer(c, i, HOME);
	OWN_JSON json_t *forms = crawl_next(c);
	assert_int_equal(walks_of(forms), 6);
	for (size_t i = 0; i < 6;
		i++) /* who joined comes to where one enters, who enters does not */
		answer(c, i, ACCOUNT("enter"));
	OWN_JSON json_t *entering = crawl_next(c);
	assert_int_equal(walks_of(entering), 1);
	const json_t *walk = json_array_get(json_object_get(entering, "scenarios"), 0);
	assert_int_equal(
		json_array_size(json_object_get(walk, "steps")), 6); /* go, click, and two forms */
	answer(c, 0, ACCOUNT("enter"));
	OWN_JSON json_t *none = crawl_next(c);
	assert_null(none);
	crawl_destroy(c);
}

#define FIELD(form, name) \
	"{\"role\":\"textbox\",\"name\":\"" name \
	"\",\"nth\":0,\"kind\":\"field\",\"form\":\"" form \
	"\",\"type\":\"text\",\"method\":\"get\",\"action\":\"/" form "\"}"

static void
what_was_slow_is_done_once_more(void **state)
{
	static const char slow[] =
		"{\"print\":\"x\",\"path\":\"/\",\"controls\":[],\"facts\":[{\"kind\":\"hang\",\"cause\":\"/\",\"text\":\"x\"}]}";
	(void)state;
	for (size_t twice = 0; twice < 2; twice++) {
		struct crawl *c = crawl_create(1, 100);
		OWN_JSON json_t *first = crawl_next(c);
		answer(c, 0, slow);
		OWN_JSON json_t *again = crawl_next(c);
		assert_int_equal(walks_of(again), 1);
		answer(c, 0, twice ? slow : HOME);
		OWN_JSON json_t *findings = crawl_findings(c);
		assert_int_equal(json_array_size(findings), twice);
		crawl_destroy(c);
	}
}

static void
what_was_slow_is_told_where_no_walk_is_left(void **state)
{
	struct crawl *c = crawl_create(1, 1);
	OWN_JSON json_t *first = crawl_next(c);
	(void)state;
	answer(c, 0,
		"{\"print\":\"x\",\"path\":\"/\",\"controls\":[],\"facts\":[{\"kind\":\"hang\",\"cause\":\"/\",\"text\":\"x\"}]}");
	OWN_JSON json_t *none = crawl_next(c);
	assert_null(none);
	crawl_end(c);
	OWN_JSON json_t *findings = crawl_findings(c);
	assert_int_equal(json_array_size(findings), 1);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(findings, 0), "state")), 1);
	crawl_destroy(c);
}

/* A button for what is ticked may have nothing to do: walk 1 is told whether its effect counts. */
static void
what_acts_on_ticks_may_be_silent(void **state)
{
	(void)state;
	for (int ticks = 0; ticks < 2; ticks++) {
		struct crawl *c = crawl_create(1, 100);
		OWN_JSON json_t *first = crawl_next(c);
		OWN_FREE char *page = mem_printf(
			"{\"print\":\"home\",\"path\":\"/\",\"facts\":[],\"controls\":["
			"{\"role\":\"checkbox\",\"name\":\"Boat\",\"nth\":0,\"kind\":\"tick\",\"form\":\"%s\",\"type\":\"checkbox\"},"
			"{\"role\":\"button\",\"name\":\"Go\",\"nth\":0,\"kind\":\"submit\",\"form\":\"f\",\"method\":\"post\",\"action\":\"/go\"}]}",
			ticks ? "f" : "other");
		answer(c, 0, page);
		OWN_JSON json_t *next = crawl_next(c);
		const json_t *still = json_object_get(next, "still");
		assert_int_equal(
			json_is_true(json_array_get(still, json_array_size(still) - 1)), !ticks);
		crawl_destroy(c);
	}
}

static void
a_form_without_a_button_is_sent_from_its_field(void **state)
{
	struct crawl *c = crawl_create(1, 100);
	OWN_JSON json_t *first = crawl_next(c);
	(void)state;
	assert_int_equal(walks_of(first), 1);
	/* one that has one field, one that has two, and a field of no form */
	answer(c, 0,
		"{\"print\":\"home\",\"path\":\"/\",\"facts\":[],\"controls\":[" FIELD(
			"find", "Search") "," FIELD("two", "A") "," FIELD("two", "B") "," FIELD("",
			"C") "]}");
	OWN_JSON json_t *next = crawl_next(c);
	assert_int_equal(walks_of(next), 3);
	OWN_FREE char *last = last_of(next, 0);
	assert_string_equal(last, "{\"press\":\"Enter\"}");
	for (size_t i = 0; i < 3; i++)
		answer(c, i, HOME);
	OWN_JSON json_t *graph = crawl_graph(c);
	const json_t *edge = json_array_get(json_object_get(graph, "edges"), 1);
	assert_string_equal(json_string_value(json_object_get(edge, "action")),
		"fill (plausible), press Enter in textbox \"Search\"");
	crawl_destroy(c);
}

static void
what_is_fenced_is_told_and_not_used(void **state)
{
	struct crawl *c = at_home(1);
	OWN_JSON json_t *graph = crawl_graph(c);
	OWN_FREE char *fenced = json_dumps(json_object_get(graph, "fenced"), JSON_COMPACT);
	(void)state;
	assert_string_equal(fenced,
		"[{\"state\":1,\"role\":\"link\",\"name\":\"Far\",\"why\":\"another origin\"},"
		"{\"state\":1,\"role\":\"button\",\"name\":\"Delete all\",\"why\":\"delete\"}]");
	assert_non_null(crawl_fence("Log out of it"));
	assert_null(crawl_fence("Undelete"));
	assert_null(crawl_fence("Pay"));
	crawl_destroy(c);
}

static void
walks_that_were_not_made_come_again(void **state)
{
	struct crawl *c = at_home(1);
	OWN_JSON json_t *next = crawl_next(c);
	(void)state;
	answer(c, 0, HOME);
	OWN_JSON json_t *rest = crawl_next(c);
	assert_int_equal(walks_of(rest), walks_of(next) - 1);
	answer(c, 0, NULL); /* the browser ended in it */
	OWN_JSON json_t *findings = crawl_findings(c);
	assert_int_equal(json_array_size(findings), 1);
	OWN_JSON json_t *end = crawl_next(c);
	assert_int_equal(walks_of(end), walks_of(rest) - 1);
	crawl_destroy(c);
}

static void
there_are_no_more_walks_than_asked_for(void **state)
{
	struct crawl *c = crawl_create(1, 3);
	OWN_JSON json_t *first = crawl_next(c);
	(void)state;
	answer(c, 0, HOME);
	OWN_JSON json_t *next = crawl_next(c);
	assert_int_equal(walks_of(next), 2);
	answer(c, 0, HOME);
	answer(c, 1, HOME);
	OWN_JSON json_t *none = crawl_next(c);
	assert_null(none);
	OWN_JSON json_t *graph = crawl_graph(c);
	assert_int_equal(json_integer_value(json_object_get(graph, "left")), 3);
	crawl_destroy(c);
}

static char *
whole_graph(uint32_t seed)
{
	struct crawl *c = at_home(seed);
	OWN_JSON json_t *next = crawl_next(c);
	for (size_t i = 0; i < walks_of(next); i++)
		answer(c, i, i ? "{\"print\":\"boat\",\"path\":\"/boat\",\"facts\":[]}" : HOME);
	OWN_JSON json_t *graph = crawl_graph(c);
	crawl_destroy(c);
	return json_dumps(graph, JSON_COMPACT);
}

static void
the_same_answers_give_the_same_graph(void **state)
{
	OWN_FREE char *a = whole_graph(1), *b = whole_graph(1), *other = whole_graph(2);
	(void)state;
	assert_string_equal(a, b);
	assert_string_not_equal(a, other);
}

static void
a_control_that_was_just_used_may_be_without_effect(void **state)
{
	static const char bell[] =
		"{\"print\":\"%s\",\"path\":\"/\",\"facts\":[],\"controls\":["
		"{\"role\":\"button\",\"name\":\"%s\",\"nth\":0,\"kind\":\"button\",\"where\":\"b\"}]}";
	OWN_FREE char *before = mem_printf(bell, "before", "Ring"),
		      *after = mem_printf(bell, "after", "Rung");
	struct crawl *c = crawl_create(1, 9);
	OWN_JSON json_t *first = crawl_next(c);
	(void)state;
	answer(c, 0, before);
	OWN_JSON json_t *next = crawl_next(c);
	assert_true(json_is_true(json_array_get(json_object_get(next, "still"), 0)));
	answer(c, 0, after);
	OWN_JSON json_t *then = crawl_next(c);
	assert_int_equal(walks_of(then), 1);
	assert_true(json_is_false(json_array_get(json_object_get(then, "still"), 0)));
	crawl_destroy(c);
}

static void
a_cause_is_told_once_with_its_path(void **state)
{
	static const char fault[] =
		"{\"print\":\"boat\",\"path\":\"/boat\",\"facts\":["
		"{\"kind\":\"trap\",\"cause\":\"b\",\"text\":\"t\",\"presses\":2},{\"kind\":\"http\",\"cause\":\"b\",\"text\":\"u\"}]}";
	struct crawl *c = at_home(1);
	OWN_JSON json_t *next = crawl_next(c);
	(void)state;
	answer(c, 0, fault);
	answer(c, 1, fault);
	OWN_JSON json_t *findings = crawl_findings(c);
	assert_int_equal(json_array_size(findings), 2);
	OWN_FREE char *steps =
		json_dumps(json_object_get(json_array_get(findings, 0), "steps"), JSON_COMPACT);
	assert_string_equal(steps,
		"[{\"go\":\"/\"},{\"click\":{\"role\":\"link\",\"name\":\"Boat 1\"}},{\"press\":\"Tab\"},{\"press\":\"Tab\"}]");
	crawl_destroy(c);
}

/* ---- two builds ---- */

static struct crawl *
build(const char *boat)
{
	struct crawl *c = at_home(1);
	OWN_JSON json_t *next = crawl_next(c);
	for (size_t i = 0; i < walks_of(next); i++)
		answer(c, i, i ? HOME : boat);
	return c;
}

static char *
kinds_of_difference(const char *old, const char *new)
{
	struct crawl *a = build(old), *b = build(new);
	OWN_JSON json_t *differences = crawl_compare(a, b);
	json_t *d;
	OWN(buf) struct buf out = {0};
	size_t i;
	json_array_foreach (differences, i, d)
		buf_printf(&out, "%s;", json_string_value(json_object_get(d, "kind")));
	crawl_destroy(a);
	crawl_destroy(b);
	return buf_take(&out);
}

static void
two_builds_are_compared_along_the_same_actions(void **state)
{
	static const char boat[] = "{\"print\":\"boat\",\"path\":\"/boat\",\"facts\":[]}";
	static const char sunk[] =
		"{\"print\":\"sunk\",\"path\":\"/boat\",\"facts\":[{\"kind\":\"http\",\"cause\":\"500\",\"text\":\"500\"}]}";
	static const char more[] =
		"{\"print\":\"boat\",\"path\":\"/boat\",\"facts\":[],\"controls\":[{\"role\":\"button\",\"name\":\"Sail\",\"nth\":0,\"kind\":\"button\"}]}";
	OWN_FREE char *same = kinds_of_difference(boat, boat),
		      *other = kinds_of_difference(boat, sunk),
		      *back = kinds_of_difference(sunk, boat),
		      *unused = kinds_of_difference(boat, more);
	(void)state;
	assert_string_equal(same, "");
	assert_string_equal(other, "structure;new finding;");
	assert_string_equal(back, "structure;fixed;");
	assert_string_equal(unused, ""); /* it was not used yet */
}

/* What is behind another structure is another page's. */
static void
nothing_behind_another_structure_is_compared(void **state)
{
	static const char sail[] =
		"{\"print\":\"boat\",\"path\":\"/boat\",\"facts\":[],\"controls\":["
		"{\"role\":\"button\",\"name\":\"Sail\",\"nth\":0,\"kind\":\"button\"}]}";
	static const char row[] =
		"{\"print\":\"skiff\",\"path\":\"/boat\",\"facts\":[],\"controls\":["
		"{\"role\":\"button\",\"name\":\"Row\",\"nth\":0,\"kind\":\"button\"}]}";
	struct crawl *a = build(sail), *b = build(row);
	OWN_JSON json_t *one = crawl_next(a), *other = crawl_next(b), *differences = NULL;
	(void)state;
	answer(a, 0, HOME);
	answer(b, 0, HOME);
	differences = crawl_compare(a, b);
	assert_int_equal(json_array_size(differences), 1);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(differences, 0), "kind")),
		"structure");
	crawl_destroy(a);
	crawl_destroy(b);
}

/* ---- what is wrong ---- */

static json_t *
judge(const char *step, const char *page)
{
	OWN(screen_step) struct screen_step s = {0};
	OWN_JSON json_t *j = parse(step), *p = page ? parse(page) : NULL;
	json_t *facts = json_array();
	assert_int_equal(json_decode(j, screen_step_fields, true, &s, "step", NULL), 0);
	OWN(strlist) struct strlist typed = {0};
	strlist_add(&typed, "");
	strlist_add(&typed, "winter tide");
	strlist_add(&typed, "37");
	crawl_sent_on(&s, "http://127.0.0.1:80", &typed);
	crawl_judge(&s, p, "http://127.0.0.1:80", &typed, facts);
	return facts;
}

static void
assert_kinds(const char *step, const char *page, const char *wanted)
{
	OWN_JSON json_t *facts = judge(step, page);
	json_t *f;
	OWN(buf) struct buf out = {0};
	size_t i;
	json_array_foreach (facts, i, f)
		buf_printf(&out, "%s;", json_string_value(json_object_get(f, "kind")));
	buf_puts(&out, "");
	assert_string_equal(out.p, wanted);
}

#define STEP(more) "{\"n\":1,\"action\":\"x\",\"status\":\"passed\"," more "}"
#define REQUEST(method, path, status, error) \
	STEP("\"requests\":[{\"method\":\"" method "\",\"url\":\"" path \
	     "\",\"type\":\"Document\",\"status\":" status ",\"error\":" error "}]")
#define OURS "http://127.0.0.1:80"

static void
what_the_application_answers_is_judged(void **state)
{
	(void)state;
	assert_kinds(REQUEST("GET", OURS "/a", "200", "null"), NULL, "");
	assert_kinds(REQUEST("GET", OURS "/a", "404", "null"), NULL, "http;");
	assert_kinds(REQUEST("POST", OURS "/a", "500", "null"), NULL, "http;");
	assert_kinds(REQUEST("POST", OURS "/a", "400", "null"), NULL,
		""); /* it refuses what was typed */
	assert_kinds(REQUEST("GET", OURS "/a", "401", "null"), NULL, "");
	assert_kinds(REQUEST("GET", OURS "/favicon.ico", "404", "null"), NULL, "");
	assert_kinds(
		REQUEST("GET", OURS "/a", "0", "\"net::ERR_EMPTY_RESPONSE\""), NULL, "request;");
	assert_kinds(REQUEST("GET", OURS "/a", "0", "\"net::ERR_ABORTED\""), NULL, "");
	assert_kinds(REQUEST("GET", "http://cdn.example/a", "0", "\"net::ERR_NAME_NOT_RESOLVED\""),
		NULL, "");
	assert_kinds(REQUEST("GET", OURS "80/a", "404", "null"), NULL, ""); /* another port */
}

#define PART(path) \
	STEP("\"requests\":[{\"method\":\"GET\",\"url\":\"" OURS path \
	     "\",\"type\":\"Stylesheet\",\"status\":404,\"error\":null}]")

static void
what_was_typed_as_an_address_is_not_missing(void **state)
{
	(void)state;
	assert_kinds(PART("/style/winter%20tide"), NULL, "");
	assert_kinds(PART("/winter%20tide.css"), NULL, "http;");
	assert_kinds(PART("/boats/37"), NULL, "http;");
	assert_kinds(PART("/midwinter%20tide"), NULL, "http;");
	assert_kinds(REQUEST("GET", OURS "/winter%20tide", "404", "null"), NULL, "http;");
	assert_kinds(STEP("\"requests\":[]"),
		"{\"path\":\"/\",\"checks\":[{\"kind\":\"image\",\"cause\":\"/winter%20tide\",\"text\":\"x\"}]}",
		"");
}

#define SENT_ON "{\"method\":\"GET\",\"type\":\"Image\",\"url\":\"" OURS "/p.png\",\"status\":302},"
#define ELSEWHERE(type) \
	"{\"method\":\"GET\",\"type\":\"" type \
	"\",\"url\":\"https://cdn.example/p\",\"error\":\"net::ERR_FAILED\"}"
#define NO_PICTURE \
	"{\"path\":\"/\",\"checks\":[{\"kind\":\"image\",\"cause\":\"/p.png\",\"text\":\"x\"}]}"

static void
what_a_page_says_is_judged(void **state)
{
	(void)state;
	assert_kinds(
		STEP("\"console\":[{\"level\":\"exception\",\"text\":\"Error: x\"},{\"level\":\"error\",\"text\":\"y\"},"
		     "{\"level\":\"log\",\"text\":\"z\"},{\"level\":\"error\",\"text\":\"Failed to load resource: 404\"}]"),
		NULL, "exception;console;");
	/* Nobody answers for others here: what follows from that is not the application's. */
	assert_kinds(
		STEP("\"console\":[{\"level\":\"exception\",\"text\":\"TypeError: Failed to fetch\"}],"
		     "\"requests\":[{\"method\":\"GET\",\"url\":\"https://cdn.example/a\",\"error\":\"net::ERR_FAILED\"}]"),
		NULL, "");
	assert_kinds(
		STEP("\"console\":[{\"level\":\"exception\",\"text\":\"ReferenceError: $ is not defined\"}]"),
		NULL, "exception;");
	assert_kinds(STEP("\"unmet\":[\"script\"]"), NULL, "hang;");
	/* A script's own word of what another origin did not answer; an exception stays one. */
	assert_kinds(
		STEP("\"console\":[{\"level\":\"error\",\"text\":\"[update] 0\"},{\"level\":\"exception\",\"text\":\"x\"}],"
		     "\"requests\":[" ELSEWHERE("XHR") "]"),
		NULL, "exception;");
	assert_kinds(STEP("\"console\":[{\"level\":\"assert\",\"text\":\"3 is not 4\"}],"
			  "\"requests\":[" ELSEWHERE("XHR") "]"),
		NULL, "console;");
	/* A document that forbids scripts, ours among them. */
	assert_kinds(
		STEP("\"unmet\":[\"script\"],\"console\":[{\"level\":\"error\",\"text\":"
		     "\"Blocked script execution in 'x' because the document's frame is sandboxed\"}]"),
		NULL, "");
	assert_kinds(STEP("\"console\":[{\"level\":\"crash\",\"text\":\"gone\"}]"), NULL, "crash;");
	assert_kinds(STEP("\"unmet\":[]"),
		"{\"path\":\"/\",\"text\":\"fine\",\"checks\":[{\"kind\":\"blank\",\"cause\":\"/\",\"text\":\"x\"}]}",
		"blank;");
	/* A picture is told once, and how an error looks is not told. */
	assert_kinds(REQUEST("GET", OURS "/p.png", "404", "null"), NULL, "http;");
	assert_kinds(STEP("\"requests\":[{\"method\":\"GET\",\"url\":\"" OURS
			  "/p.png\",\"status\":404}]"),
		"{\"path\":\"/\",\"checks\":[{\"kind\":\"image\",\"cause\":\"/p.png\",\"text\":\"x\"}]}",
		"image;");
	/* One that the application fetches from another origin is not there to be shown; one that is lost on the way is. */
	assert_kinds(STEP("\"requests\":[" SENT_ON ELSEWHERE("Image") "]"), NO_PICTURE, "");
	assert_kinds(STEP("\"requests\":[" SENT_ON
			  "{\"method\":\"GET\",\"type\":\"Image\",\"url\":\"" OURS
			  "/q.png\",\"status\":404}," ELSEWHERE("Script") "]"),
		NO_PICTURE, "http;image;");
	assert_kinds(STEP("\"requests\":[" ELSEWHERE(
			     "Image") "," SENT_ON
				      "{\"method\":\"GET\",\"type\":\"Image\",\"url\":\"" OURS
				      "/q.png\",\"status\":404}]"),
		NO_PICTURE, "http;image;");
	assert_kinds(REQUEST("GET", OURS "/a", "500", "null"),
		"{\"path\":\"/\",\"checks\":[{\"kind\":\"language\",\"cause\":\"html\",\"text\":\"x\"}]}",
		"http;");
}

static void
a_script_that_nobody_serves_here_is_missed_until_the_next_document(void **state)
{
	static const struct {
		const char *requests;
		bool before, after;
	} cases[] = {
		{"{\"method\":\"GET\",\"type\":\"Script\",\"url\":\"https://cdn.example/j\",\"error\":\"net::ERR_FAILED\"}",
			false, true},
		{"{\"method\":\"GET\",\"type\":\"Image\",\"url\":\"https://cdn.example/j\",\"error\":\"net::ERR_FAILED\"}",
			false, false},
		{"{\"method\":\"GET\",\"type\":\"Script\",\"url\":\"" OURS
		 "/j\",\"error\":\"net::ERR_FAILED\"}",
			false, false},
		{"", true, true},
		{"{\"method\":\"GET\",\"type\":\"Document\",\"url\":\"" OURS "/\",\"status\":200}",
			true, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN(screen_step) struct screen_step s = {0};
		OWN_FREE char *text = mem_printf("{\"n\":1,\"action\":\"x\",\"status\":\"passed\","
						 "\"requests\":[%s]}",
			cases[i].requests);
		OWN_JSON json_t *j = NULL;
		assert_int_equal(json_parse(str_of(text), &j, NULL), 0);
		assert_int_equal(json_decode(j, screen_step_fields, false, &s, "step", NULL), 0);
		assert_int_equal(crawl_lacks_script(&s, OURS, cases[i].before), cases[i].after);
	}
}

static void
numbers_are_no_part_of_a_cause(void **state)
{
	OWN_JSON json_t *a = judge(REQUEST("GET", OURS "/boat/1?x=2", "500", "null"), NULL),
			*b = judge(REQUEST("GET", OURS "/boat/22?y=3", "500", "null"), NULL);
	(void)state;
	assert_true(json_equal(json_object_get(json_array_get(a, 0), "cause"),
		json_object_get(json_array_get(b, 0), "cause")));
	OWN_JSON json_t *row = judge(STEP("\"unmet\":[]"),
		"{\"path\":\"/\",\"checks\":[{\"kind\":\"contrast\",\"cause\":\"tr:12>td\",\"text\":\"x\"}]}");
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(row, 0), "cause")), "tr:#>td");
}

static void
insides_and_secrets_are_seen(void **state)
{
	static const struct {
		const char *text, *kind;
	} rows[] = {
		{"Traceback (most recent call last):", "trace"},
		{"    at Object.load (/srv/app/index.js:10:3)", "trace"},
		{"Fatal error: Uncaught Error: x in /srv/a.php:3", "trace"},
		{"SQLSTATE[42S02]: no such table", "trace"},
		{"panic: runtime error", "trace"},
		{"-----BEGIN RSA PRIVATE KEY-----", "secret"},
		{"postgres://app:hunter22@db/app", "secret"},
		{"DB_PASSWORD=hunter22", "secret"},
		{"we meet at noon (room 3:15)", NULL},
		{"http://example.org:80/a@b", NULL},
		{"Your password= is wrong", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		OWN_JSON json_t *facts = json_array();
		crawl_judge_text(rows[i].text, facts);
		const char *kind =
			json_string_value(json_object_get(json_array_get(facts, 0), "kind"));
		if (!kind != !rows[i].kind || (kind && strcmp(kind, rows[i].kind) != 0))
			fail_msg("%s: %s", rows[i].text, kind ? kind : "nothing");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_that_are_the_same_count_as_one),
		cmocka_unit_test(any_document_has_a_fingerprint),
		cmocka_unit_test(values_fit_the_field),
		cmocka_unit_test(what_is_not_typed_has_values_too),
		cmocka_unit_test(what_can_be_used_is_used_once_and_links_come_first),
		cmocka_unit_test(who_registered_signs_on),
		cmocka_unit_test(what_was_slow_is_done_once_more),
		cmocka_unit_test(what_was_slow_is_told_where_no_walk_is_left),
		cmocka_unit_test(what_acts_on_ticks_may_be_silent),
		cmocka_unit_test(a_form_without_a_button_is_sent_from_its_field),
		cmocka_unit_test(what_is_fenced_is_told_and_not_used),
		cmocka_unit_test(walks_that_were_not_made_come_again),
		cmocka_unit_test(there_are_no_more_walks_than_asked_for),
		cmocka_unit_test(the_same_answers_give_the_same_graph),
		cmocka_unit_test(a_control_that_was_just_used_may_be_without_effect),
		cmocka_unit_test(a_cause_is_told_once_with_its_path),
		cmocka_unit_test(two_builds_are_compared_along_the_same_actions),
		cmocka_unit_test(nothing_behind_another_structure_is_compared),
		cmocka_unit_test(what_the_application_answers_is_judged),
		cmocka_unit_test(what_was_typed_as_an_address_is_not_missing),
		cmocka_unit_test(what_a_page_says_is_judged),
		cmocka_unit_test(
			a_script_that_nobody_serves_here_is_missed_until_the_next_document),
		cmocka_unit_test(numbers_are_no_part_of_a_cause),
		cmocka_unit_test(insides_and_secrets_are_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
