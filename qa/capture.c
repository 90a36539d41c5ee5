#include "qa/capture.h"

#include "base/log.h"
#include "qa/scripts.h"

#include <math.h>
#include <string.h>

#define STILL_MS 3000
#define MAX_TRIES 6
#define MAX_WORLDS 20
#define MAX_PICTURE ((size_t)48 << 20)
#define PLACES_MAX_BYTES ((size_t)8 << 20)

struct capture {
	struct page *page;
	const struct capture_sink *to;
	struct {
		char *session;
		int64_t context;
	} worlds[MAX_WORLDS];
	size_t nworlds;
	struct buf picture;
	struct cdp_ask history, metrics, dom;
	struct ax_asked tree;
	struct ax ax;
	bool has_rest; /* all but the pictures was taken */
};

/* The page's own failures are noted under a name; only the browser's end goes on upwards. */
static int
or_unmet(struct capture *c, int rc, const char *name)
{
	if (rc < 0 && rc != -DD_EIO)
		page_unmet(c->page, name);
	return rc == -DD_EIO ? rc : 0;
}

/* ---- holding still ---- */

static void
note_unmet(struct capture *c, const json_t *answer)
{
	json_t *name;
	size_t i;
	json_array_foreach (json_object_get(answer, "unmet"), i, name)
		if (json_is_string(name))
			page_unmet(c->page, json_string_value(name));
}

static int
hold(struct capture *c, struct dd_err *err)
{
	struct str plain = script_plain(), script = script_still();
	OWN_FREE char *call = mem_printf(
		"{" STR_FMT STR_FMT "(true, %d)}", STR_ARG(plain), STR_ARG(script), STILL_MS);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < c->page->nframes && c->nworlds < MAX_WORLDS; i++) {
		OWN_JSON json_t *answer = NULL;
		const struct page_frame f = c->page->frames[i];
		OWN_FREE char *session = mem_strdup(f.session);
		int64_t context = 0;
		rc = page_world(c->page, &f, &context, err);
		if (rc == 0)
			rc = page_evaluate(
				c->page, session, context, call, STILL_MS + 2000, &answer, err);
		if (rc == 0) {
			note_unmet(c, answer);
			c->worlds[c->nworlds].session = TAKE(session);
			c->worlds[c->nworlds++].context = context;
		}
		rc = or_unmet(c, rc, "animations");
	}
	return rc;
}

static void
let_go(struct capture *c)
{
	for (size_t i = 0; i < c->nworlds; i++) {
		cdp_send(c->page->cdp, c->worlds[i].session, "Runtime.evaluate",
			json_pack("{s:s, s:I}", "expression", "release()", "contextId",
				(json_int_t)c->worlds[i].context));
		free(c->worlds[i].session);
	}
	c->nworlds = 0;
}

/* ---- pictures ---- */

static struct buf
take_buf(struct buf *b)
{
	struct buf taken = *b;
	*b = (struct buf){0};
	return taken;
}

static void
ask_shot(struct capture *c, struct cdp_ask *a, json_t *clip)
{
	bool beyond = clip != NULL;
	a->data.max = MAX_PICTURE;
	page_ask(c->page, a, "Page.captureScreenshot",
		json_pack("{s:s, s:b, s:b, s:o*}", "format", "png", "optimizeForSpeed", 1,
			"captureBeyondViewport", beyond, "clip", clip),
		CDP_DATA);
}

static int
take_shot(struct capture *c, struct cdp_ask *a, struct buf *ret, struct dd_err *err)
{
	int rc = page_take(c->page, a, err);
	if (rc == 0)
		*ret = take_buf(&a->data);
	cdp_drop(c->page->cdp, a);
	return rc;
}

static void
drop_rest(struct capture *c)
{
	cdp_drop(c->page->cdp, &c->history);
	cdp_drop(c->page->cdp, &c->metrics);
	cdp_drop(c->page->cdp, &c->dom);
	ax_drop(c->page, &c->tree);
}

/* All that is not a picture, of the page as it is now; what was asked for before is dropped. */
static void
ask_rest(struct capture *c)
{
	drop_rest(c);
	page_ask(c->page, &c->history, "Page.getNavigationHistory", NULL, CDP_JSON);
	page_ask(c->page, &c->metrics, "Page.getLayoutMetrics", NULL, CDP_JSON);
	page_ask(c->page, &c->dom, "DOMSnapshot.captureSnapshot",
		json_pack("{s:[], s:b}", "computedStyles", "includeDOMRects", 1), CDP_TEXT);
	ax_ask(c->page, &c->tree);
}

static int take_rest(struct capture *c, struct dd_err *err);

/*
 * The first of two in a row that are the same.  The rest is asked for between them (behind the first by who
 * calls), so that it belongs to both.
 */
static int
shoot_still(struct capture *c, struct cdp_ask *first, struct dd_err *err)
{
	static const int pauses_ms[MAX_TRIES] = {0, 0, 50, 100, 250, 500};
	OWN(buf) struct buf before = {0};
	int rc = take_shot(c, first, &c->picture, err);
	for (int i = 1; rc == 0 && i < MAX_TRIES; i++) {
		struct cdp_ask next = {0};
		if (pauses_ms[i])
			rc = cdp_wait(c->page->cdp, pauses_ms[i], err);
		if (rc < 0)
			return rc;
		buf_cleanup(&before);
		before = take_buf(&c->picture);
		if (i > 1)
			ask_rest(c);
		ask_shot(c, &next, NULL);
		rc = take_shot(c, &next, &c->picture, err);
		if (rc == 0 && before.n == c->picture.n && before.n &&
			memcmp(before.p, c->picture.p, before.n) == 0)
			return 0;
	}
	if (rc == 0)
		page_unmet(c->page, "frames");
	return rc;
}

/* A length that the page may have made anything, rounded up. */
static int64_t
pixels(const json_t *number)
{
	double v = json_number_value(number);
	int64_t whole = v > 0 && v < 1e9 ? (int64_t)v : 0;
	return whole + (v > (double)whole && v < 1e9);
}

static int
measure(struct capture *c, struct dd_err *err)
{
	int rc = page_take(c->page, &c->metrics, err);
	const json_t *size = json_object_get(c->metrics.json, "cssContentSize");
	if (rc < 0)
		return rc;
	c->page->step->width = pixels(json_object_get(size, "width"));
	c->page->step->height = pixels(json_object_get(size, "height"));
	return 0;
}

static int
shoot_whole(struct capture *c, struct dd_err *err)
{
	const struct screen_step *s = c->page->step;
	int64_t width = s->width < CAPTURE_MAX_WIDTH ? s->width : CAPTURE_MAX_WIDTH;
	int64_t top = 0;
	int rc = 0;
	if (s->width <= c->page->width && s->height <= c->page->height)
		return c->to->put(c->to->ctx, "whole", buf_str(&c->picture), err);
	for (int i = 0; rc == 0 && top < s->height && i < CAPTURE_MAX_TILES; i++) {
		OWN(buf) struct buf tile = {0};
		struct cdp_ask asked = {0};
		int64_t height = s->height - top < CAPTURE_TILE ? s->height - top : CAPTURE_TILE;
		ask_shot(c, &asked,
			json_pack("{s:i, s:I, s:I, s:I, s:i}", "x", 0, "y", (json_int_t)top,
				"width", (json_int_t)width, "height", (json_int_t)height, "scale",
				1));
		if (!c->has_rest) /* while it is drawn */
			rc = take_rest(c, err);
		int shot = take_shot(c, &asked, &tile, rc ? NULL : err);
		rc = rc ? rc : shot;
		if (rc == 0)
			rc = c->to->put(c->to->ctx, "whole", buf_str(&tile), err);
		top += height;
	}
	if (rc == 0 && (top < s->height || width < s->width))
		page_unmet(c->page, "whole page");
	return rc;
}

static int
take_pictures(struct capture *c, struct cdp_ask *first, struct dd_err *err)
{
	int rc = shoot_still(c, first, err);
	if (rc < 0)
		return or_unmet(c, rc, "picture");
	rc = c->to->put(c->to->ctx, "picture", buf_str(&c->picture), err);
	if (rc == 0)
		rc = measure(c, err);
	if (rc == 0)
		rc = shoot_whole(c, err);
	return or_unmet(c, rc, "whole page");
}

/* ---- what is behind them ---- */

static int
take_place(struct capture *c, struct dd_err *err)
{
	int rc = page_take(c->page, &c->history, err);
	const json_t *history = c->history.json;
	const json_t *entry = json_array_get(json_object_get(history, "entries"),
		(size_t)json_integer_value(json_object_get(history, "currentIndex")));
	const char *url = json_string_value(json_object_get(entry, "url"));
	const char *title = json_string_value(json_object_get(entry, "title"));
	if (rc < 0 || !url)
		return rc;
	c->page->step->url = mem_strndup(url, 4096);
	c->page->step->title = title ? mem_strndup(title, 1000) : NULL;
	return 0;
}

/* Ids of frames are drawn anew by each browser: the number of the frame takes their place. */
static void
number_frames(const struct page *p, struct buf *text)
{
	for (size_t i = 0; i < p->nframes; i++) {
		const char *id = p->frames[i].frame;
		size_t n = strlen(id);
		OWN_FREE char *number = mem_printf("%0*zu", (int)n, i);
		for (char *at = text->p;
			n && at && (at = memmem(at, text->n - (size_t)(at - text->p), id, n));
			at += n)
			memcpy(at, number, n);
	}
}

/* Ids of nodes are of use to that browser only, and in no fixed order.  (In text of the page quotes are escaped.) */
static void
leave_out_ids(struct str text, struct buf *out)
{
	static const char key[] = "\"backendNodeId\":[";
	const char *at;
	while ((at = memmem(text.p, text.n, key, sizeof(key) - 1))) {
		size_t n = (size_t)(at - text.p) + sizeof(key) - 1;
		const char *end = memchr(text.p + n, ']', text.n - n);
		if (!end)
			break;
		buf_add(out, text.p, n);
		text.n -= (size_t)(end - text.p);
		text.p = end;
	}
	buf_add_str(out, text);
}

/* ---- where things are ---- */

struct place {
	double x, y, w, h; /* in pixels of what is in sight */
};

struct document_place {
	bool known;
	double x, y; /* of its first pixel */
	/* What its frame, and those around that one, leave of it; not of the page's own. */
	struct place shown;
};

struct places {
	struct map by_id; /* of nodes: struct place */
	const json_t *documents;
	struct document_place *of; /* each of them */
};

static double
number_at(const json_t *list, size_t i)
{
	const double v = json_number_value(json_array_get(list, i));
	return fabs(v) < 1e9 ? v : 0;
}

static void
put_place(json_t *to, const struct place *place)
{
	static const char *const keys[] = {"x", "y", "w", "h"};
	const double from[] = {place->x, place->y, place->w, place->h};
	for (size_t i = 0; i < 4; i++)
		json_object_set_new(
			to, keys[i], json_integer(fabs(from[i]) < 1e6 ? lround(from[i]) : 0));
}

static struct place
common(const struct place *a, const struct place *b)
{
	const double x = fmax(a->x, b->x), y = fmax(a->y, b->y);
	return (struct place){
		x, y, fmin(a->x + a->w, b->x + b->w) - x, fmin(a->y + a->h, b->y + b->h) - y};
}

static bool
is_empty(struct place p)
{
	return p.w <= 0 || p.h <= 0;
}

static void
remember(struct places *p, json_int_t id, const struct place *place)
{
	OWN_FREE char *key = mem_printf("%lld", (long long)id);
	if (map_get(&p->by_id, key)) /* the first of several boxes is the whole */
		return;
	struct place *kept = mem_new(struct place);
	*kept = *place;
	map_put(&p->by_id, key, kept);
}

/* Which document is in which node, as the document has it: node -> 1 + index. */
static void
read_frames(const json_t *document, struct map *ret)
{
	const json_t *in =
		json_object_get(json_object_get(document, "nodes"), "contentDocumentIndex");
	json_t *node;
	size_t i;
	json_array_foreach (json_object_get(in, "index"), i, node) {
		OWN_FREE char *key = mem_printf("%lld", (long long)json_integer_value(node));
		const json_int_t of =
			json_integer_value(json_array_get(json_object_get(in, "value"), i));
		map_put(ret, key, (void *)(uintptr_t)(of >= 0 && of < INT32_MAX ? of + 1 : 0));
	}
}

/* box: of the element; its border (clientRects of the layout) is not the document's. */
static void
place_frame(struct places *p, size_t document, size_t around, const struct place *box,
	const json_t *client)
{
	if (document <= around || document >= json_array_size(p->documents))
		return; /* what is in a frame comes behind it */
	const struct place inner = {box->x + number_at(client, 0), box->y + number_at(client, 1),
		number_at(client, 2), number_at(client, 3)};
	p->of[document] = (struct document_place){
		true, inner.x, inner.y, around ? common(&inner, &p->of[around].shown) : inner};
}

static void
place_document(struct places *p, size_t at)
{
	const json_t *document = json_array_get(p->documents, at);
	const json_t *ids = json_object_get(json_object_get(document, "nodes"), "backendNodeId");
	const json_t *layout = json_object_get(document, "layout");
	const struct document_place *of = &p->of[at];
	const double left = of->x - json_number_value(json_object_get(document, "scrollOffsetX"));
	const double top = of->y - json_number_value(json_object_get(document, "scrollOffsetY"));
	OWN(map) struct map frames = {0};
	json_t *index;
	size_t i;
	read_frames(document, &frames);
	json_array_foreach (json_object_get(layout, "nodeIndex"), i, index) {
		const json_int_t node = json_integer_value(index);
		const json_t *box = json_array_get(json_object_get(layout, "bounds"), i);
		const struct place place = {number_at(box, 0) + left, number_at(box, 1) + top,
			number_at(box, 2), number_at(box, 3)};
		OWN_FREE char *key = mem_printf("%lld", (long long)node);
		const uintptr_t inside = (uintptr_t)map_get(&frames, key);
		if (at && is_empty(common(&place, &of->shown)))
			continue;
		remember(p, json_integer_value(json_array_get(ids, (size_t)node)), &place);
		if (inside)
			place_frame(p, inside - 1, at, &place,
				json_array_get(json_object_get(layout, "clientRects"), i));
	}
}

/* Give what is in the tree its place in the picture, from the layouts of the page's document and of those in its frames. */
static void
put_places(const json_t *snapshot, const struct ax *ax)
{
	struct places p = {
		.by_id.destroy = free, .documents = json_object_get(snapshot, "documents")};
	const size_t n = json_array_size(p.documents);
	p.of = mem_zalloc(n ? n : 1, sizeof(*p.of));
	for (size_t i = 0; i < n; i++)
		if (!i || p.of[i].known)
			place_document(&p, i);
	for (size_t i = 0; i < ax->n; i++) {
		OWN_FREE char *key = mem_printf("%lld", (long long)ax->items[i].node);
		const struct place *place = map_get(&p.by_id, key);
		if (place)
			put_place(ax->items[i].out, place);
	}
	free(p.of);
	map_cleanup(&p.by_id);
}

static int
take_tree(struct capture *c, const json_t *snapshot, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	int rc = ax_take(c->page, &c->tree, &c->ax, err);
	if (rc < 0)
		return rc;
	put_places(snapshot, &c->ax);
	json_print(c->ax.tree, 0, &text);
	return c->to->put(c->to->ctx, "tree", buf_str(&text), err);
}

static int
take_dom(struct capture *c, json_t **ret_snapshot, struct dd_err *err)
{
	OWN(buf) struct buf plain = {0};
	int rc = page_take(c->page, &c->dom, err);
	if (rc < 0)
		return rc;
	struct buf *text = &c->dom.data;
	/* Parsed, a text takes some sixteen times its length; a larger one is evidence all the same. */
	if (text->n > PLACES_MAX_BYTES || json_parse(buf_str(text), ret_snapshot, NULL) < 0)
		page_unmet(c->page, "places");
	number_frames(c->page, text);
	leave_out_ids(buf_str(text), &plain);
	return c->to->put(c->to->ctx, "dom", buf_str(&plain), err);
}

static int
take_rest(struct capture *c, struct dd_err *err)
{
	OWN_JSON json_t *snapshot = NULL;
	c->has_rest = true;
	int rc = or_unmet(c, take_place(c, err), "address");
	if (rc == 0)
		rc = or_unmet(c, take_dom(c, &snapshot, err), "dom");
	if (rc == 0)
		rc = or_unmet(c, take_tree(c, snapshot, err), "tree");
	return rc;
}

/* One question behind the other to the browser, which answers each when it can. */
static int
take_all(struct capture *c, struct dd_err *err)
{
	struct cdp_ask shot = {0};
	ask_shot(c, &shot, NULL);
	ask_rest(c);
	int rc = take_pictures(c, &shot, err);
	if (rc == 0 && !c->has_rest)
		rc = take_rest(c, err);
	drop_rest(c);
	return rc;
}

int
capture_evidence(
	struct page *p, const struct capture_sink *to, struct ax *ret_tree, struct dd_err *err)
{
	struct capture c = {.page = p, .to = to};
	int64_t began = clock_mono_ns();
	int rc = hold(&c, err);
	if (rc == 0)
		rc = take_all(&c, err);
	let_go(&c);
	buf_cleanup(&c.picture);
	if (ret_tree)
		*ret_tree = c.ax;
	else
		ax_cleanup(&c.ax);
	p->step->evidence_ms = (double)(clock_mono_ns() - began) / 1e6;
	return rc;
}
