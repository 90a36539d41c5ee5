#include "runner/page.h"

#include "base/fs.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

static const char style[] =
	":root{color-scheme:light dark;--fg:#1b1f24;--bg:#fff;--dim:#57606a;--line:#d0d7de;--good:#116329;"
	"--bad:#a40e26;--soft:#f6f8fa;--focus:#0969da}"
	"@media(prefers-color-scheme:dark){:root{--fg:#e6edf3;--bg:#0d1117;--dim:#9ea7b3;--line:#3d444d;"
	"--good:#56d364;--bad:#ff9492;--soft:#161b22;--focus:#58a6ff}}"
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
	"pre{background:var(--soft);border:1px solid var(--line);padding:.8rem;white-space:pre-wrap;"
	"overflow-wrap:anywhere;margin:.5rem 0}"
	"figure{margin:1rem 0;break-inside:avoid}img,svg{max-width:100%;height:auto;border:1px solid var(--line)}"
	"a{color:inherit}button,input{font:inherit;color:inherit;background:var(--soft);border:1px solid var(--dim);"
	"border-radius:.25rem;padding:.15rem .5rem}button[aria-pressed=true]{border-color:var(--fg);font-weight:700}"
	":focus-visible{outline:3px solid var(--focus);outline-offset:1px}"
	".step{border-top:1px solid var(--line);padding-top:.5rem;content-visibility:auto;"
	"contain-intrinsic-size:auto 40rem}.modes,.judge,.save{display:flex;flex-wrap:wrap;gap:.4rem;"
	"align-items:center;margin:.5rem 0;color:var(--fg)}"
	".compare{display:grid;grid-template-columns:1fr 1fr;gap:.75rem}.compare figure{margin:0;min-width:0}"
	".frame{overflow:auto;max-height:80vh}"
	".compare[data-mode]:not([data-mode='side by side']) figure{grid-area:1/1}"
	".compare[data-mode]:not([data-mode='side by side']){grid-template-columns:1fr}"
	".compare[data-mode]:not([data-mode='side by side']) .after figcaption{text-align:right}"
	".compare[data-mode=blink] .after{visibility:hidden}.compare[data-mode=blink].flip .after{visibility:visible}"
	".strip{display:flex;gap:.5rem;overflow-x:auto;list-style:none;padding:.25rem;margin:0}"
	".waiting{min-height:800rem}.strip li{flex:0 0 9rem;font-size:.8rem;overflow-wrap:anywhere;content-visibility:auto;"
	"contain-intrinsic-size:auto 9rem auto 8rem}.strip img{display:block;width:100%;"
	"height:5rem;object-fit:cover;object-position:top}"
	"@media print{.modes,.judge,.save,.strip{display:none}.frame{max-height:none}.step{content-visibility:visible}}"
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

bool
page_take_room(struct page *p, size_t bytes)
{
	const size_t in_page = (bytes + 2) / 3 * 4;
	if (bytes > PAGE_PICTURES || p->pictures + in_page > PAGE_PICTURES)
		return false;
	p->pictures += in_page;
	return true;
}

void
page_put_data(struct buf *out, struct str png)
{
	buf_puts(out, "data:image/png;base64,");
	buf_put_base64(out, png);
}

void
page_put_link(struct buf *out, const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~/";
	for (; *path; path++)
		if (strchr(plain, *path))
			buf_putc(out, *path);
		else
			buf_printf(out, "%%%02X", (unsigned char)*path);
}

void
page_put_picture(struct page *p, struct str png, const char *beside, const char *alt)
{
	buf_puts(&p->out, "<img loading=lazy decoding=async src=\"");
	if (page_take_room(p, png.n))
		page_put_data(&p->out, png);
	else
		page_put_link(&p->out, beside);
	buf_puts(&p->out, "\" alt=\"");
	page_put(p, alt);
	buf_puts(&p->out, "\">\n");
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

/* A source of a content security policy: what has this digest may act. */
static void
put_source(struct page *p, const char *directive, struct str text)
{
	const struct hash_hex hex = hash_bytes(text);
	char raw[HASH_HEX / 2];
	for (size_t i = 0; i < sizeof(raw); i++) {
		const char digits[] = {hex.s[2 * i], hex.s[2 * i + 1], '\0'};
		raw[i] = (char)strtoul(digits, NULL, 16);
	}
	buf_printf(&p->out, "; %s 'sha256-", directive);
	buf_put_base64(&p->out, (struct str){raw, sizeof(raw)});
	buf_putc(&p->out, '\'');
}

void
page_begin(struct page *p, const char *title, const char *verdict)
{
	buf_puts(&p->out,
		"<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
		"<meta name=viewport content='width=device-width,initial-scale=1'><link rel=icon href='data:,'>"
		"<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; base-uri 'none'; "
		"form-action 'none'; img-src data: 'self'");
	put_source(p, "style-src", str_of(style));
	if (p->script.n)
		put_source(p, "script-src", p->script);
	buf_puts(&p->out, "\"><title>");
	page_put(p, title);
	buf_printf(
		&p->out, ": %s</title><style>%s</style></head><body><main>\n<h1>", verdict, style);
	page_put(p, title);
	buf_puts(&p->out, "</h1>\n");
}

int
page_write(struct page *p, const char *path, struct dd_err *err)
{
	buf_puts(&p->out, "</main>");
	if (p->script.n) {
		buf_puts(&p->out, "<script>");
		buf_add_str(&p->out, p->script);
		buf_puts(&p->out, "</script>");
	}
	buf_puts(&p->out, "</body></html>\n");
	int rc = p->out.truncated ? err_set(err, DD_ELIMIT,
					    "%s would be larger than %zu MB; give it fewer steps",
					    path, (p->out.max ? p->out.max : BUF_DEFAULT_MAX) >> 20)
				  : fs_write_atomic(path, buf_str(&p->out), 0600, err);
	buf_cleanup(&p->out);
	return rc;
}
