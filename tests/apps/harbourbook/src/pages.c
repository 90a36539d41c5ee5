#include "harbour.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
page_add(page *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (b->n + (size_t)n + 1 > b->cap) {
		b->cap = (b->n + (size_t)n + 1) * 2;
		b->p = realloc(b->p, b->cap);
		if (!b->p)
			abort();
	}
	va_start(ap, fmt);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

void
page_escape(page *b, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<': page_add(b, "&lt;"); break;
		case '>': page_add(b, "&gt;"); break;
		case '&': page_add(b, "&amp;"); break;
		case '"': page_add(b, "&quot;"); break;
		default: page_add(b, "%c", *text);
		}
	}
}

static void
head(page *b, const char *title, const char *site)
{
	page_add(b, "<!DOCTYPE html>\n<html lang=\"en\"><head><title>%s - ", title);
	page_escape(b, site);
	page_add(b, "</title><link rel=\"stylesheet\" href=\"/harbour.css\"></head><body>\n<h1>%s</h1>\n",
		title);
}

static void
foot(page *b)
{
	page_add(b, "<p><a href=\"/\">ledger</a> <a href=\"/new\">take in a boat</a></p></body></html>\n");
}

static void
list_row(const stay *row, void *arg)
{
	page *b = arg;
	page_add(b, "<tr><td>%s</td><td><a href=\"/stay/%ld\">", row->berth, row->id);
	page_escape(b, row->boat);
	page_add(b, "</a></td><td>%s</td><td>%s</td></tr>\n", row->arrival, row->departure);
}

char *
page_list(store *s, const char *site)
{
	page b = {0};
	head(&b, "Berths", site);
	page_add(&b, "<table><tr><th>Berth</th><th>Boat</th><th>From</th><th>To</th></tr>\n");
	if (store_each_stay(s, list_row, &b) == 0)
		page_add(&b, "<tr><td colspan=\"4\" class=\"free\">all berths are free</td></tr>\n");
	page_add(&b, "</table>\n");
	foot(&b);
	return b.p;
}

char *
page_stay(store *s, const char *site, long id)
{
	page b = {0};
	stay row;
	char fee[32];
	if (store_get_stay(s, id, &row) < 0)
		return NULL;
	tariff_format(tariff_stay(row.length_cm, row.arrival, row.departure), fee, sizeof(fee));
	head(&b, "Stay", site);
	page_add(&b, "<dl><dt>Berth</dt><dd>%s</dd><dt>Boat</dt><dd>", row.berth);
	page_escape(&b, row.boat);
	page_add(&b, " (");
	page_escape(&b, row.sign);
	page_add(&b, ")</dd><dt>Nights</dt><dd>%s to %s</dd><dt>Fee</dt><dd>%s</dd></dl>\n", row.arrival,
		row.departure, fee);
	foot(&b);
	return b.p;
}

char *
page_form(const char *site)
{
	static const char *const fields[] = {"boat", "sign", "length", "berth", "arrival", "departure"};
	page b = {0};
	head(&b, "Take in a boat", site);
	page_add(&b, "<form method=\"get\" action=\"/add\">\n");
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		page_add(&b, "<p><label>%s <input name=\"%s\"></label></p>\n", fields[i], fields[i]);
	page_add(&b, "<p><button>take in</button></p></form>\n");
	foot(&b);
	return b.p;
}
