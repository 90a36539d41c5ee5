#include "envprobe/elements.h"

#include "base/own.h"

#include <expat.h>
#include <string.h>

#define MAX_DEPTH 40
#define MAX_NAME 400

struct reading {
	XML_Parser parser;
	elements_take *take;
	void *ctx;
	struct buf path; /* "/project/build/sourceDirectory" */
	struct buf text;
	unsigned depth;
	bool stopped; /* what is still called is not looked at */
};

static void XMLCALL
on_start(void *ctx, const char *element, const char **atts)
{
	struct reading *r = ctx;
	(void)atts;
	if (++r->depth > MAX_DEPTH || strlen(element) > MAX_NAME) {
		(void)XML_StopParser(r->parser, XML_FALSE);
		r->stopped = true;
		return;
	}
	buf_printf(&r->path, "/%s", element);
	buf_reset(&r->text);
}

static void XMLCALL
on_end(void *ctx, const char *element)
{
	struct reading *r = ctx;
	(void)element;
	if (r->stopped || !r->path.n)
		return;
	r->depth--;
	r->take(r->ctx, r->path.p, str_trim(buf_str(&r->text)),
		(unsigned)XML_GetCurrentLineNumber(r->parser));
	buf_reset(&r->text);
	char *slash = strrchr(r->path.p, '/');
	r->path.n = (size_t)(slash - r->path.p);
	*slash = '\0';
}

static void XMLCALL
on_text(void *ctx, const char *s, int n)
{
	struct reading *r = ctx;
	if (r->text.n + (size_t)n <= ELEMENTS_MAX_TEXT)
		buf_add(&r->text, s, (size_t)n);
}

/* Nothing may expand. */
static void XMLCALL
on_entity(void *ctx, const char *name, int is_parameter, const char *value, int length,
	const char *base, const char *system, const char *public, const char *notation)
{
	struct reading *r = ctx;
	(void)name, (void)is_parameter, (void)value, (void)length, (void)base, (void)system;
	(void)public, (void)notation;
	(void)XML_StopParser(r->parser, XML_FALSE);
}

void
elements_read(struct str xml, elements_take *take, void *ctx)
{
	struct reading r = {.parser = XML_ParserCreate(NULL), .take = take, .ctx = ctx};
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, on_start, on_end);
	XML_SetCharacterDataHandler(r.parser, on_text);
	XML_SetEntityDeclHandler(r.parser, on_entity);
	/* What is broken behind some element says what stood before it. */
	(void)XML_Parse(r.parser, xml.p, (int)xml.n, 1);
	XML_ParserFree(r.parser);
	buf_cleanup(&r.path);
	buf_cleanup(&r.text);
}
