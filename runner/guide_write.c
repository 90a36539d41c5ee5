#include "base/fs.h"
#include "runner/guide.h"
#include "runner/page.h"

/* ---- Markdown ---- */

static void
put_line(struct buf *out, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	buf_printf(out, "- %s: ", label);
	buf_put_markdown(out, text);
	buf_putc(out, '\n');
}

static void
put_item(struct buf *out, const struct guide_item *it)
{
	buf_puts(out, "### ");
	buf_put_markdown(out, it->task);
	buf_printf(out, "\n\n- %s; %.1f to %.1f hours of: %s\n", guide_gap_names[it->gap],
		it->hours_low, it->hours_high, it->skill);
	put_line(out, "why", it->why);
	put_line(out, "first step", it->first_step);
	put_line(out, "likely path", it->path);
	put_line(out, "basis of the hours", it->basis);
	for (size_t i = 0; i < it->files.n; i++)
		put_line(out, "file", it->files.v[i]);
	buf_puts(out, "- id: ");
	buf_put_markdown_code(out, it->id);
	buf_puts(out, "\n\n");
}

static void
put_markdown(const struct guide *g, struct buf *out)
{
	buf_puts(out, "# Guide\n\nAsked: ");
	buf_put_markdown(out, g->asked);
	buf_printf(out,
		".  \nOutcome: %s.  \nProven: %.0f %%.  \nLeft for people: %zu tasks, %.1f to %.1f "
		"hours.\n\n## What is proven\n\n| part | weight | done | how | evidence |\n|---|---|---|---|---|\n",
		g->outcome, g->percent, g->items.n, g->hours_low, g->hours_high);
	for (size_t i = 0; i < g->parts.n; i++) {
		const struct guide_part *p = &g->parts.v[i];
		buf_printf(out, "| %s | %.0f | %.0f %% | ", p->name, p->weight, p->done * 100);
		buf_put_markdown(out, p->how);
		buf_printf(out, " | `%s` |\n", p->evidence);
	}
	buf_puts(out, "\nThe percentage is the sum of weight times done.\n\n## What is left\n\n");
	for (size_t i = 0; i < g->items.n; i++)
		put_item(out, &g->items.v[i]);
}

/* ---- HTML ---- */

static void
put_parts(struct page *p, const struct guide *g)
{
	static const char *const heads[] = {"part", "weight", "done", "how", "evidence", NULL};
	page_begin_table(p, "The percentage is the sum of weight times done", heads);
	for (size_t i = 0; i < g->parts.n; i++) {
		const struct guide_part *x = &g->parts.v[i];
		OWN_FREE char *weight = mem_printf("%.0f", x->weight),
			      *done = mem_printf("%.0f %%", x->done * 100);
		const char *cells[] = {x->name, weight, done, x->how, x->evidence};
		page_put_row(p, cells, 5);
	}
	page_end_table(p, 0);
}

static void
put_items(struct page *p, const struct guide *g)
{
	static const char *const heads[] = {"gap", "task", "why", "first step", "likely path",
		"hours", "basis", "skill", "files", NULL};
	page_begin_table(p, "The widest gap first", heads);
	for (size_t i = 0; i < g->items.n; i++) {
		const struct guide_item *x = &g->items.v[i];
		OWN_FREE char *hours = mem_printf("%.1f to %.1f", x->hours_low, x->hours_high);
		OWN(buf) struct buf files = {.max = PAGE_CELL};
		for (size_t k = 0; k < x->files.n; k++)
			buf_printf(&files, "%s%s", k ? " " : "", x->files.v[k]);
		const char *cells[] = {guide_gap_names[x->gap], x->task, x->why, x->first_step,
			x->path, hours, x->basis, x->skill, files.p};
		page_put_row(p, cells, 9);
	}
	page_end_table(p, 0);
}

static int
write_html(const struct run *run, const struct guide *g, const struct answers *answers,
	struct dd_err *err)
{
	OWN_FREE char *path = run_path(run, "guide.html");
	struct page p = {.answers = answers};
	page_begin(&p, "What is left", g->outcome);
	page_put_paragraph(&p, "Asked:", g->asked);
	page_put_paragraph(&p, "Outcome:", g->outcome);
	buf_printf(&p.out,
		"<p><strong>Proven:</strong> %.0f %%</p><p><strong>Left for people:</strong> %zu tasks, %.1f to "
		"%.1f hours</p>\n<h2>What is proven</h2>\n",
		g->percent, g->items.n, g->hours_low, g->hours_high);
	put_parts(&p, g);
	buf_puts(&p.out, "<h2>What is left</h2>\n");
	put_items(&p, g);
	return page_write(&p, path, err);
}

int
guide_write(const struct run *run, const struct guide *g, const struct answers *answers,
	struct dd_err *err)
{
	OWN_FREE char *md = run_path(run, "guide.md"), *json = run_path(run, "guide.json");
	OWN_JSON json_t *j = json_encode(guide_fields, g);
	OWN(buf) struct buf text = {0}, plain = {0}, data = {0};
	put_markdown(g, &text);
	answers_redact(answers, buf_str(&text), &plain);
	answers_redact_json(answers, j);
	json_print(j, 2, &data);
	buf_putc(&data, '\n');
	int rc = fs_write_atomic(md, buf_str(&plain), 0600, err);
	rc = rc ? rc : fs_write_atomic(json, buf_str(&data), 0600, err);
	return rc ? rc : write_html(run, g, answers, err);
}
