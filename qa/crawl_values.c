#include "qa/crawl_values.h"

#include "qa/crawl_model.h"

#include <string.h>

#define LONG_TEXT 300

const char *const crawl_variant_names[] = {"plausible", "boundary", "empty", NULL};

/* Rows by type, and by what name, autocomplete or accessible name say; the first that fits.  "": any. */
static const struct row {
	const char *type, *hint;
	const char *plausible[2];
	const char *boundary;
} rows[] = {
	{"email", "", {"anna.berg@example.org", "jon.dahl@example.org"},
		"a+b.c'd@xn--bcher-kva.example"},
	{"url", "", {"http://example.org/", "https://example.org/a"},
		"http://example.org/?q=%00&r=\"><b>"},
	{"tel", "", {"+49 30 901820", "+1 212 555 0100"}, "0"},
	{"number", "", {"3", "7"}, "2147483648"},
	{"date", "", {"2026-03-14", "2026-04-21"}, "9999-12-31"},
	{"time", "", {"09:30", "17:45"}, "23:59"},
	{"datetime-local", "", {"2026-03-14T09:30", "2026-04-21T17:45"}, "9999-12-31T23:59"},
	{"month", "", {"2026-03", "2026-04"}, "9999-12"},
	{"week", "", {"2026-W11", "2026-W17"}, "9999-W52"},
	{"color", "", {"#336699", "#cc8800"}, "#ffffff"},
	{"range", "", {"7", "3"}, "100"},
	{"password", "", {"Pa55word!x", "Str0ng-pass"}, "'\" --<&;\\%s"},
	{"", "mail", {"anna.berg@example.org", "jon.dahl@example.org"},
		"a+b.c'd@xn--bcher-kva.example"},
	{"", "phone", {"+49 30 901820", "+1 212 555 0100"}, "0"},
	{"", "zip", {"10115", "10001"}, "00000"},
	{"", "date", {"2026-03-14", "2026-04-21"}, "9999-12-31"},
	{"", "amount", {"12", "40"}, "-1"},
	{"", "quantity", {"2", "3"}, "-1"},
	{"", "price", {"12.50", "40"}, "-0.01"},
	{"", "name", {"Anna Berg", "Jon Dahl"}, NULL},
	{"", "", {"harbour", "winter tide"}, NULL},
};

static const struct row *
row_of(const json_t *field)
{
	const char *type = crawl_text(field, "type");
	size_t i = 0;
	for (; i + 1 < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		if (*r->type ? strcmp(type, r->type) == 0
			     : strcasestr(crawl_text(field, "hint"), r->hint) != NULL)
			break;
	}
	return &rows[i];
}

/* As long as it may be, with what breaks markup, quotations and encodings at its start. */
static char *
long_text(const json_t *field)
{
	int64_t most = json_integer_value(json_object_get(field, "maxlength"));
	size_t n = most > 0 && most < LONG_TEXT ? (size_t)most : LONG_TEXT;
	static const char start[] = "O'Hara \"<b>\" & %s;\\";
	OWN(buf) struct buf text = {0};
	for (size_t i = 0; i < n; i++)
		buf_putc(&text, i + 1 < sizeof(start) ? start[i] : 'x');
	return buf_take(&text);
}

static char *
option(const json_t *field, enum crawl_variant v)
{
	const json_t *options = json_object_get(field, "options");
	size_t n = json_array_size(options);
	const char *text = json_string_value(json_array_get(options, v == CRAWL_BOUNDARY ? n - 1
								     : n > 1		 ? 1
											 : 0));
	return n && text && v != CRAWL_EMPTY ? mem_strdup(text) : NULL;
}

/* A file's name: what the field takes, and one that breaks markup. */
static char *
file_name(const json_t *field, enum crawl_variant v)
{
	const char *ending = strstr(crawl_text(field, "accept"), "image") ? "png" : "txt";
	return v == CRAWL_EMPTY
		       ? NULL
		       : mem_printf("%s.%s", v == CRAWL_BOUNDARY ? "O'Hara <b> & %s" : "harbour",
				 ending);
}

char *
crawl_value(const json_t *field, enum crawl_variant v, uint32_t seed)
{
	/* What has a least and a most; a colour and a place on a scale cannot be left empty. */
	static const char *const edged[] = {
		"number", "date", "time", "datetime-local", "month", "week", "range", NULL};
	static const char *const never_empty[] = {"color", "range", NULL};
	struct str type = str_of(crawl_text(field, "type"));
	const char *edge = crawl_text(field, v == CRAWL_BOUNDARY ? "max" : "min");
	if (str_eq(type, "select"))
		return option(field, v);
	if (str_eq(type, "file"))
		return file_name(field, v);
	if (v == CRAWL_EMPTY)
		return str_is_one(type, never_empty) ? NULL : mem_strdup("");
	if (*edge && str_is_one(type, edged))
		return mem_strdup(edge);
	const struct row *r = row_of(field);
	if (v == CRAWL_PLAUSIBLE)
		return mem_strdup(r->plausible[seed % 2]);
	return r->boundary ? mem_strdup(r->boundary) : long_text(field);
}
