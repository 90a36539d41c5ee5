/* Pages of intent, exports of trackers, and plans that people edited. */
#include "intent/page.h"
#include "intent/plandoc.h"
#include "intent/tracker.h"

#include "base/json.h"
#include "tests/base/fuzzing.h"

static void
one_page(struct str input)
{
	OWN(page) struct page p = {0};
	OWN(strlist) struct strlist names = {0};
	OWN_FREE char *text = str_dup(input);
	(void)!page_read(input, &p, NULL);
	page_names(text, &names);
}

/* What is printed of a plan is read again as the same. */
static void
one_plan(struct str input)
{
	OWN(plandoc) struct plandoc p = {0}, again = {0};
	OWN(buf) struct buf once = {0}, twice = {0};
	if (plandoc_parse(input, &p, NULL) < 0)
		return;
	json_decref(plandoc_json(&p));
	plandoc_print(&p, &once);
	fuzz_holds(plandoc_parse(buf_str(&once), &again, NULL) == 0);
	plandoc_print(&again, &twice);
	fuzz_holds(once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
}

static void
one_export(struct str input)
{
	OWN(buf) struct buf out = {0};
	if (tracker_is_json(input))
		(void)!tracker_to_markdown(input, &out, NULL);
}

const struct fuzz_target fuzz_targets[] = {
	{"page", one_page, NULL, false,
		STR("# Intent\n\nThe `f()` in `a.c` shall return 0.\n\n- must not log passwords\n- at most 10 s\n\n```c\nint x;\n```\n")},
	{"plan", one_plan, NULL, false,
		STR("# Plan: x\n\nnote\n\n## Requirements\n\n### R1a2b: it does\n\n- Check: `make check`\n- Files: `a.c`, `b.c`\n\nMore.\n")},
	{"export", one_export, NULL, false,
		STR("[{\"number\": 3, \"title\": \"Crash\", \"body\": \"when `x`\", \"labels\": [{\"name\": \"bug\"}]}]")},
	{0},
};
