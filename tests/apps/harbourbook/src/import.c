#include "harbour.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct import {
	store *s;
	int taken;
};

static const char *
attribute(const char **atts, const char *name)
{
	for (; *atts; atts += 2)
		if (strcmp(atts[0], name) == 0)
			return atts[1];
	return NULL;
}

/* <vessel name="..." sign="..." length="9.5"/>; those known already are left alone */
static void
start(void *arg, const char *element, const char **atts)
{
	struct import *im = arg;
	const char *name = attribute(atts, "name"), *sign = attribute(atts, "sign");
	const char *length = attribute(atts, "length");
	if (strcmp(element, "vessel") != 0 || !name || !sign || !length)
		return;
	if (store_find_boat(im->s, sign) >= 0)
		return;
	if (store_add_boat(im->s, name, sign, (int)(atof(length) * 100 + 0.5)) >= 0)
		im->taken++;
}

int
import_list(store *s, const char *path)
{
	struct import im = {s, 0};
	char text[4096];
	size_t n;
	FILE *f = fopen(path, "r");
	if (!f)
		return -1;
	XML_Parser p = XML_ParserCreate(NULL);
	XML_SetUserData(p, &im);
	XML_SetStartElementHandler(p, start);
	int ok = 1;
	do {
		n = fread(text, 1, sizeof(text), f);
		ok = XML_Parse(p, text, (int)n, n < sizeof(text)) == XML_STATUS_OK;
	} while (ok && n == sizeof(text));
	XML_ParserFree(p);
	fclose(f);
	return ok ? im.taken : -1;
}
