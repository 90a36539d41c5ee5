#include "runner/page.h"

#include "base/fs.h"

#include <string.h>

static const char style[] =
	":root{color-scheme:light dark;--fg:#1b1f24;--bg:#fff;--dim:#57606a;--line:#d0d7de;--good:#116329;"
	"--bad:#a40e26;--soft:#f6f8fa}"
	"@media(prefers-color-scheme:dark){:root{--fg:#e6edf3;--bg:#0d1117;--dim:#9ea7b3;--line:#3d444d;"
	"--good:#56d364;--bad:#ff9492;--soft:#161b22}}"
	"body{font:16px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);max-width:72rem;"
	"margin:0 auto;padding:1.5rem}"
	"h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid "
	"var(--line);padding-bottom:.25rem}"
	"p{margin:.4rem 0}.dim{color:var(--dim)}.good{color:var(--good)}.bad{color:var(--bad)}"
	".verdict{border:1px solid var(--line);border-left:.4rem solid currentColor;padding:1rem;"
	"background:var(--soft);margin:1rem 0}.verdict p,.verdict strong{color:var(--fg)}"
	".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}"
	"caption{text-align:left;color:var(--dim);padding:.25rem 0}"
	"th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line);"
	"overflow-wrap:anywhere}code,pre{font:.88rem/1.45 ui-monospace,monospace}"
	"pre{background:var(--soft);border:1px solid var(--line);padding:.8rem;overflow-x:auto;margin:.5rem 0}"
	"summary{cursor:pointer;padding:.3rem 0}@media print{details{display:block}}";

void
page_put(struct page *p, const char *text)
{
	OWN(buf) struct buf plain = {.max = PAGE_CELL};
	struct str s = str_of(text);
	if (s.n > PAGE_CELL)
		s.n = PAGE_CELL;
	answers_redact(p->answers, s, &plain);
	buf_put_html(&p->out, buf_str(&plain));
	if (text && strlen(text) > PAGE_CELL)
		buf_puts(&p->out, " …");
}

void
page_put_paragraph(struct page *p, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	buf_printf(&p->out, "<p><strong>%s</strong> ", label);
	page_put(p, text);
	buf_puts(&p->out, "</p>\n");
}

void
page_begin_table(struct page *p, const char *caption, const char *const *heads)
{
	buf_printf(&p->out, "<div class=scroll><table><caption>%s</caption><thead><tr>", caption);
	for (; *heads; heads++)
		buf_printf(&p->out, "<th scope=col>%s</th>", *heads);
	buf_puts(&p->out, "</tr></thead><tbody>\n");
}

void
page_put_row(struct page *p, const char *const *cells, size_t n)
{
	buf_puts(&p->out, "<tr>");
	for (size_t i = 0; i < n; i++) {
		buf_puts(&p->out, "<td>");
		page_put(p, cells[i]);
		buf_puts(&p->out, "</td>");
	}
	buf_puts(&p->out, "</tr>\n");
}

void
page_end_table(struct page *p, size_t left_out)
{
	buf_puts(&p->out, "</tbody></table></div>\n");
	if (left_out)
		buf_printf(
			&p->out, "<p class=dim>%zu more rows are in report.json.</p>\n", left_out);
}

void
page_begin(struct page *p, const char *title, const char *verdict)
{
	buf_puts(&p->out,
		"<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
		"<meta name=viewport content='width=device-width,initial-scale=1'>"
		"<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src "
		"'unsafe-inline'\"><title>");
	page_put(p, title);
	buf_printf(
		&p->out, ": %s</title><style>%s</style></head><body><main>\n<h1>", verdict, style);
	page_put(p, title);
	buf_puts(&p->out, "</h1>\n");
}

int
page_write(struct page *p, const char *path, struct dd_err *err)
{
	buf_puts(&p->out, "</main></body></html>\n");
	int rc = fs_write_atomic(path, buf_str(&p->out), 0600, err);
	buf_cleanup(&p->out);
	return rc;
}
