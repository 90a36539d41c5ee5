#include "runner/gallery.h"

#include "base/fs.h"
#include "base/hash.h"
#include "qa/picture.h"
#include "qa/png.h"

#include <string.h>

void
gallery_init(struct gallery *g, const struct state *state, const char *page_path)
{
	*g = (struct gallery){.state = state, .beside = mem_printf("%s.pictures", page_path)};
}

void
gallery_cleanup(struct gallery *g)
{
	free(g->beside);
	map_cleanup(&g->numbers);
	buf_cleanup(&g->kept);
}

static int
put_beside(struct gallery *g, size_t number, struct str png, struct dd_err *err)
{
	OWN_FREE char *file = mem_printf("%04zu.png", number);
	OWN_FREE char *path = fs_join(g->beside, file);
	const char *slash = strrchr(g->beside, '/');
	OWN_FREE char *link = fs_join(slash ? slash + 1 : g->beside, file);
	page_put_link(&g->kept, link);
	int rc = fs_mkdirs(g->beside, 0700, err);
	return rc < 0 ? rc : fs_write_atomic(path, png, 0600, err);
}

static int
keep(struct gallery *g, struct page *p, size_t number, struct str png, struct dd_err *err)
{
	OWN(buf) struct buf packed = {.max = png.n + 1};
	int rc = picture_pack(g->state, png, &packed, err);
	if (rc < 0)
		return rc;
	const struct str smallest = packed.n ? buf_str(&packed) : png;
	uint32_t w = 0, h = 0;
	(void)png_size(png, &w, &h);
	buf_printf(&g->kept,
		"<noscript id=kept-%zu><svg><image id=picture-%zu width=%u height=%u href=\"",
		number, number, w, h);
	if (page_take_room(p, smallest.n))
		page_put_data(&g->kept, smallest);
	else
		rc = put_beside(g, number, smallest, err);
	buf_puts(&g->kept, "\"/></svg></noscript>\n");
	return rc;
}

int
gallery_show(struct gallery *g, struct page *p, struct str png, const char *alt, struct dd_err *err)
{
	const struct hash_hex digest = hash_bytes(png);
	size_t number = (size_t)(uintptr_t)map_get(&g->numbers, digest.s);
	uint32_t w = 0, h = 0;
	int rc = 0;
	if (!number) {
		number = map_count(&g->numbers) + 1;
		map_put(&g->numbers, digest.s, (void *)(uintptr_t)number);
		rc = keep(g, p, number, png, err);
	}
	(void)png_size(png, &w, &h);
	buf_printf(&p->out, "<svg data-picture=%zu role=img aria-label=\"", number);
	page_put(p, alt);
	buf_printf(&p->out,
		"\" width=%u height=%u viewBox=\"0 0 %u %u\"><use href=\"#picture-%zu\"/></svg>\n",
		w, h, w, h, number);
	return rc;
}

void
gallery_put(const struct gallery *g, struct page *p)
{
	if (!g->kept.n)
		return;
	buf_puts(&p->out, "<div hidden>\n");
	buf_add_str(&p->out, buf_str(&g->kept));
	buf_puts(&p->out, "</div>\n");
}
