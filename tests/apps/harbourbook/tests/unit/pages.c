#include "../tap.h"
#include "harbour.h"

#include <stdlib.h>

int
main(void)
{
	page b = {0};
	page_add(&b, "%s", "");
	page_escape(&b, "<b>\"Fish & Chips\"</b>");
	ok(strcmp(b.p, "&lt;b&gt;&quot;Fish &amp; Chips&quot;&lt;/b&gt;") == 0, "names are escaped");
	free(b.p);

	char *form = page_form("north & south");
	has(form, "<title>Take in a boat - north &amp; south</title>", "the form names the basin");
	has(form, "name=\"departure\"", "the form asks for the departure");
	free(form);

	page c = {0};
	for (int i = 0; i < 1000; i++)
		page_add(&c, "%d,", i);
	is_long((long)c.n, 3890, "a page grows as it must");
	free(c.p);
	return done();
}
