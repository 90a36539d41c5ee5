#include "runner/review.h"

#include "base/cas.h"
#include "base/embed.h"
#include "base/fs.h"
#include "qa/baseline.h"
#include "qa/qa.h"
#include "runner/flaky.h"
#include "runner/gallery.h"

#include <string.h>

#define MAX_LINES ((size_t)256 << 20)
#define GROUP_STEPS 20
#define GROUP_END "</noscript></div>\n"

EMBED(review_script, "runner/data/review.js");

/* ---- tables ---- */

static void
put_messages(struct page *p, const char *caption, const struct screen_message_list *l)
{
	static const char *const heads[] = {"level", "message", "where", NULL};
	if (!l->n)
		return;
	page_begin_table(p, caption, heads);
	for (size_t i = 0; i < l->n && i < PAGE_ROWS; i++) {
		const struct screen_message *m = &l->v[i];
		OWN_FREE char *where =
			m->url ? mem_printf("%s:%lld", m->url, (long long)m->line) : NULL;
		const char *cells[] = {m->level, m->text, where};
		page_put_row(p, cells, 3);
	}
	page_end_table(p, l->n > PAGE_ROWS ? l->n - PAGE_ROWS : 0);
}

static void
put_page_requests(struct page *p, const struct screen_request_list *l)
{
	static const char *const heads[] = {"request", "answer", "bytes", NULL};
	if (!l->n)
		return;
	page_begin_table(p, "What the page asked for", heads);
	for (size_t i = 0; i < l->n && i < PAGE_ROWS; i++) {
		const struct screen_request *q = &l->v[i];
		OWN_FREE char *what = mem_printf("%s %s", q->method, q->url);
		OWN_FREE char *status = mem_printf("%lld", (long long)q->status);
		OWN_FREE char *bytes = mem_printf("%lld", (long long)q->bytes);
		const char *cells[] = {what, q->error ? q->error : status, bytes};
		page_put_row(p, cells, 3);
	}
	page_end_table(p, l->n > PAGE_ROWS ? l->n - PAGE_ROWS : 0);
}

void
review_put_said(struct page *p, const struct screen_step *step)
{
	put_messages(p,
		step->screen == SCREEN_TERMINAL	 ? "What the program told its terminal"
		: step->screen == SCREEN_DISPLAY ? "What dialogs asked"
						 : "What the page said to its console",
		&step->console);
	put_page_requests(p, &step->requests);
}

/* ---- steps, as files say them ---- */

struct shot {
	char *name; /* of the case: "checkout/3 click button "Pay"" */
	struct screen_step step;
};

struct shots {
	struct shot *v;
	size_t n, cap;
};

static void
shots_cleanup(struct shots *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].name);
		screen_step_cleanup(&s->v[i].step);
	}
	free(s->v);
	*s = (struct shots){0};
}

static void
name_shots(struct shots *s, size_t from, const char *scenario)
{
	for (size_t i = from; i < s->n; i++)
		s->v[i].name = mem_printf(
			"%s/%lld %s", scenario, (long long)s->v[i].step.n, s->v[i].step.action);
}

static int
read_line(struct str line, struct shots *s, char **scenario, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	int rc = json_parse(line, &j, err);
	const char *name = json_string_value(json_object_get(j, "scenario"));
	if (rc < 0 || name) {
		if (name && !*scenario)
			*scenario = mem_strdup(name);
		return rc;
	}
	s->v = mem_grow(s->v, s->n, &s->cap, sizeof(*s->v));
	s->v[s->n] = (struct shot){0};
	return json_decode(j, screen_step_fields, false, &s->v[s->n++].step, "step", err);
}

static int
read_file(const char *dir, const char *file, struct shots *s, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(dir, file);
	OWN(buf) struct buf text = {.max = MAX_LINES};
	OWN_FREE char *scenario = NULL;
	struct str rest, line;
	const size_t from = s->n;
	int rc = fs_read(path, MAX_LINES, &text, err);
	for (rest = buf_str(&text); rc == 0 && str_next_line(&rest, &line);)
		rc = line.n ? read_line(line, s, &scenario, err) : 0;
	name_shots(s, from, scenario ? scenario : file);
	return rc < 0 ? err_wrap(err, "%s", path) : 0;
}

static int
read_shots(const char *dir, struct shots *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist files = {0};
	int rc = fs_list(dir, &files, err);
	strlist_sort(&files);
	for (size_t i = 0; rc == 0 && i < files.n; i++)
		if (str_ends(str_of(files.v[i]), ".jsonl"))
			rc = read_file(dir, files.v[i], ret, err);
	if (rc == 0 && !ret->n)
		rc = err_set(err, DD_ENOENT, "%s has no screens", dir);
	return rc;
}

static bool
has_any(const struct shots *s, enum screen_kind screen)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].step.screen == screen)
			return true;
	return false;
}

static const struct shot *
find_shot(const struct shots *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].name, name) == 0)
			return &s->v[i];
	return NULL;
}

/* ---- the page ---- */

struct reviewer {
	const struct review_spec *spec;
	char *cas;
	struct baselines *baselines;
	/* Of what drew the pictures, by enum screen_kind. */
	struct baseline_environment environments[3];
	struct shots shots, against;
	struct page page;
	struct gallery gallery;
	struct review_counts counts;
	int64_t decidable; /* steps with a picture */
};

static int
read_object(const struct reviewer *r, const char *digest, struct buf *ret, struct dd_err *err)
{
	OWN_FD int fd = -1;
	OWN_FREE char *path = cas_path(r->cas, digest);
	int rc = cas_open(r->cas, digest, &fd, err);
	ret->max = PICTURE_MAX_FILE + 1;
	return rc < 0 ? rc : fs_read(path, PICTURE_MAX_FILE, ret, err);
}

/* Of the step's elements; empty where it has none. */
static int
read_tree(const struct reviewer *r, const struct shot *shot, struct buf *ret, struct dd_err *err)
{
	return shot->step.tree ? read_object(r, shot->step.tree, ret, err) : 0;
}

/* What a terminal or a display shows, for who does not see the picture. */
static int
put_text(struct reviewer *r, const struct shot *shot, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	OWN(strlist) struct strlist lines = {0};
	OWN_JSON json_t *tree = NULL;
	struct page *p = &r->page;
	if (shot->step.screen == SCREEN_PAGE || !shot->step.tree)
		return 0;
	int rc = read_tree(r, shot, &text, err);
	if (rc == 0)
		rc = json_parse(buf_str(&text), &tree, err);
	if (rc < 0)
		return rc;
	json_to_strings(json_object_get(tree, "lines"), &lines);
	buf_puts(&p->out, "<pre tabindex=0 role=group aria-label='Text of the screen'>");
	for (size_t i = 0; i < lines.n; i++) {
		page_put(p, lines.v[i]);
		buf_putc(&p->out, '\n');
	}
	buf_printf(&p->out, "</pre>\n<p>The program wrote %lld bytes",
		(long long)shot->step.output_bytes);
	if (shot->step.output)
		buf_printf(&p->out, ": object %s", shot->step.output);
	buf_puts(&p->out, ".</p>\n");
	return 0;
}

static int
put_picture(struct reviewer *r, const char *kind, const char *caption, const char *alt,
	struct str png, struct dd_err *err)
{
	buf_printf(&r->page.out,
		"<figure class=%s><figcaption>%s</figcaption><div class=frame tabindex=0 role=group "
		"aria-label='%s'>",
		kind, caption, caption);
	int rc = gallery_show(&r->gallery, &r->page, png, alt, err);
	buf_puts(&r->page.out, "</div></figure>\n");
	return rc;
}

/* Windows below the uppermost, which others may cover. */
static int
put_windows(struct reviewer *r, const struct shot *shot, struct dd_err *err)
{
	const struct screen_step *step = &shot->step;
	int rc = 0;
	if (step->screen != SCREEN_DISPLAY || step->whole.n < 2)
		return 0;
	buf_puts(&r->page.out, "<details><summary>Windows below</summary>\n");
	for (size_t i = 1; rc == 0 && i < step->whole.n; i++) {
		OWN(buf) struct buf png = {0};
		OWN_FREE char *caption = mem_printf("Window %zu", i + 1);
		rc = read_object(r, step->whole.v[i], &png, err);
		if (rc == 0)
			rc = put_picture(r, "window", caption, caption, buf_str(&png), err);
	}
	buf_puts(&r->page.out, "</details>\n");
	return rc;
}

/* What it was compared with. */
struct before {
	struct buf png; /* empty: nothing */
	enum baseline_verdict verdict;
	struct picture_diff diff;
};

static void
before_cleanup(struct before *b)
{
	buf_cleanup(&b->png);
	picture_diff_cleanup(&b->diff);
}

static int
compare_with_other(struct reviewer *r, const struct shot *shot, struct str png, struct before *ret,
	struct dd_err *err)
{
	const struct shot *other = find_shot(&r->against, shot->name);
	ret->verdict = VERDICT_NEW;
	if (!other || !other->step.picture)
		return 0;
	OWN(buf) struct buf was = {0}, is = {0};
	int rc = read_object(r, other->step.picture, &ret->png, err);
	if (rc == 0)
		rc = read_tree(r, other, &was, err);
	if (rc == 0)
		rc = read_tree(r, shot, &is, err);
	const struct picture_spec spec = {.state = r->spec->state,
		.a = buf_str(&ret->png),
		.b = png,
		.tree_a = buf_str(&was),
		.tree_b = buf_str(&is),
		.threshold = PICTURE_THRESHOLD};
	if (rc == 0)
		rc = picture_compare(&spec, &ret->diff, err);
	ret->verdict = ret->diff.equal ? VERDICT_PASSED : VERDICT_DIFFERENT;
	return rc;
}

static const struct baseline_environment *
environment_of(const struct reviewer *r, const struct shot *shot)
{
	return &r->environments[shot->step.screen];
}

/* Also what a decision about it needs: a picture that is known to the history. */
static int
compare_with_baseline(struct reviewer *r, const struct shot *shot, struct str png,
	struct before *ret, struct dd_err *err)
{
	OWN(baseline_result) struct baseline_result result = {0};
	OWN(buf) struct buf is = {0};
	int rc = read_tree(r, shot, &is, err);
	const struct baseline_capture capture = {.environment = environment_of(r, shot),
		.case_name = shot->name,
		.run = r->spec->name,
		.png = png,
		.tree_b = buf_str(&is)};
	if (rc == 0)
		rc = baseline_check(r->baselines, &capture, &result, err);
	if (rc < 0)
		return rc;
	ret->verdict = result.verdict;
	if (*result.baseline.s)
		rc = read_object(r, result.baseline.s, &ret->png, err);
	if (!r->against.n) {
		ret->diff = result.diff;
		result.diff = (struct picture_diff){0};
	}
	return rc;
}

static const char *
word_of(const struct reviewer *r, const struct before *b)
{
	static const char *const words[] = {"equal to the approved picture",
		"different from the approved picture", "new, unreviewed", "rejected", "blank"};
	static const char *const other[] = {
		"equal in both", "different", "only here", "rejected", "blank"};
	return r->against.n ? other[b->verdict] : words[b->verdict];
}

static void
put_changes(struct page *p, const struct picture_diff *d)
{
	if (!d->differing && !d->nrows)
		return;
	buf_printf(&p->out, "<p>%llu pixels differ, %llu without anti-aliasing.</p>\n<ul>",
		(unsigned long long)d->differing, (unsigned long long)d->differing_aa);
	for (size_t i = 0; i < d->nrows; i++)
		buf_printf(&p->out, "<li>%u rows %s at y=%u</li>", d->rows[i].n,
			picture_rows_names[d->rows[i].kind], d->rows[i].y);
	for (size_t i = 0; i < d->nregions; i++) {
		const struct picture_region *g = &d->regions[i];
		buf_printf(&p->out, "<li>%u × %u pixels at %u, %u", g->box.w, g->box.h, g->box.x,
			g->box.y);
		page_put(p, g->text && *g->text ? ": " : NULL);
		page_put(p, g->text);
		buf_puts(&p->out, "</li>");
	}
	buf_puts(&p->out, "</ul>\n");
}

static void
count(struct review_counts *c, const struct shot *shot, const struct before *b)
{
	c->steps++;
	c->failed += shot->step.status == TEST_FAILED || shot->step.status == TEST_ERROR;
	c->equal += shot->step.picture && b->verdict == VERDICT_PASSED;
	c->different += b->verdict == VERDICT_DIFFERENT || b->verdict == VERDICT_REJECTED ||
			b->verdict == VERDICT_BLANK;
	c->new += shot->step.picture && b->verdict == VERDICT_NEW;
}

static void
put_attribute(struct page *p, const char *name, const char *value)
{
	buf_printf(&p->out, " data-%s=\"", name);
	page_put(p, value);
	buf_putc(&p->out, '"');
}

/*
 * Steps are in groups, which are text to a browser that runs the script: it makes elements of one when it is looked at, or there
 * is time, so that a page of a thousand steps is there at once.  n: of the section, from 1.
 */
static void
begin_group(struct page *p, size_t n)
{
	if ((n - 1) % GROUP_STEPS)
		return;
	buf_printf(&p->out, "%s<div class=group><noscript>\n", n > 1 ? GROUP_END : "");
}

/* A picture that can be decided on is named. */
static void
begin_section(struct reviewer *r, size_t n, const struct shot *shot, const char *status,
	const char *word, bool decidable)
{
	struct page *p = &r->page;
	begin_group(p, n);
	buf_printf(&p->out, "<section class=step id=step-%zu tabindex=-1 aria-labelledby=head-%zu",
		n, n);
	put_attribute(p, "case", shot->name);
	if (decidable) {
		struct hash_hex key = baseline_environment_key(environment_of(r, shot));
		put_attribute(p, "environment", key.s);
		put_attribute(p, "picture", shot->step.picture);
	}
	buf_printf(&p->out, ">\n<h2 id=head-%zu><a href='#step-%zu'>%zu</a> ", n, n, n);
	page_put(p, shot->name);
	buf_printf(&p->out, "</h2>\n<p>%s; %s</p>\n", status, word);
}

static void
put_head(struct reviewer *r, size_t i, const struct before *b)
{
	const struct shot *shot = &r->shots.v[i];
	struct page *p = &r->page;
	begin_section(r, i + 1, shot, test_status_names[shot->step.status],
		shot->step.picture ? word_of(r, b) : "without a picture", shot->step.picture);
	page_put_paragraph(p, "Title:", shot->step.title);
	page_put_paragraph(p, "Address:", shot->step.url);
	page_put_paragraph(p, "Why:", shot->step.message);
	for (size_t k = 0; k < shot->step.unmet.n; k++)
		page_put_paragraph(
			p, "Not met while the picture was taken:", shot->step.unmet.v[k]);
}

static int
put_step(struct reviewer *r, size_t i, struct dd_err *err)
{
	const struct shot *shot = &r->shots.v[i];
	const char *title = shot->step.title ? shot->step.title : "";
	OWN(buf) struct buf png = {0};
	struct before b = {.verdict = VERDICT_NEW};
	OWN_FREE char *was = mem_printf("Before: %s", title), *is = mem_printf("Now: %s", title);
	const bool seen = shot->step.picture;
	int rc = seen ? read_object(r, shot->step.picture, &png, err) : 0;
	if (rc == 0 && seen)
		rc = compare_with_baseline(r, shot, buf_str(&png), &b, err);
	if (rc == 0 && seen && r->against.n) {
		buf_reset(&b.png);
		rc = compare_with_other(r, shot, buf_str(&png), &b, err);
	}
	if (rc == 0) {
		put_head(r, i, &b);
		put_changes(&r->page, &b.diff);
		buf_puts(&r->page.out, b.png.n ? "<div class=compare>\n" : "<div>\n");
		if (b.png.n)
			rc = put_picture(r, "before", "Before", was, buf_str(&b.png), err);
	}
	if (rc == 0 && seen)
		rc = put_picture(r, "after", "Now", is, buf_str(&png), err);
	if (rc == 0) {
		buf_puts(&r->page.out, "</div>\n");
		rc = put_text(r, shot, err);
	}
	if (rc == 0)
		rc = put_windows(r, shot, err);
	if (rc == 0) {
		review_put_said(&r->page, &shot->step);
		buf_puts(&r->page.out, "</section>\n");
		count(&r->counts, shot, &b);
		r->decidable += seen;
	}
	before_cleanup(&b);
	return rc;
}

/* ---- what only the other has ---- */

static bool
is_gone(const struct reviewer *r, const struct shot *other)
{
	return other->step.status != TEST_SKIPPED && !find_shot(&r->shots, other->name);
}

static int
put_gone_step(struct reviewer *r, size_t n, const struct shot *other, struct dd_err *err)
{
	const bool seen = other->step.picture;
	OWN(buf) struct buf png = {0};
	OWN_FREE char *was = mem_printf("Before: %s", other->step.title ? other->step.title : "");
	int rc = seen ? read_object(r, other->step.picture, &png, err) : 0;
	if (rc < 0)
		return rc;
	begin_section(r, n, other, "vanished", "only before", false);
	page_put_paragraph(&r->page, "Address:", other->step.url);
	if (seen)
		rc = put_picture(r, "before", "Before", was, buf_str(&png), err);
	buf_puts(&r->page.out, "</section>\n");
	r->counts.vanished++;
	return rc;
}

static int
put_gone(struct reviewer *r, struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < r->against.n; i++)
		if (is_gone(r, &r->against.v[i]))
			rc = put_gone_step(r, r->shots.n + (size_t)r->counts.vanished + 1,
				&r->against.v[i], err);
	return rc;
}

/* ---- the whole ---- */

static void
put_strip_entry(struct reviewer *r, size_t n, const struct shot *shot)
{
	buf_printf(&r->page.out, "<li><a href='#step-%zu'>%zu ", n, n);
	page_put(&r->page, shot->name);
	buf_puts(&r->page.out, "</a></li>\n");
}

static void
put_strip(struct reviewer *r)
{
	size_t n = 0;
	buf_printf(&r->page.out,
		"<nav aria-label=Steps><ol class=strip tabindex=0 aria-label=Steps data-group=%d data-decidable=%lld>\n",
		GROUP_STEPS, (long long)r->decidable);
	while (n < r->shots.n) {
		put_strip_entry(r, n + 1, &r->shots.v[n]);
		n++;
	}
	for (size_t i = 0; i < r->against.n; i++)
		if (is_gone(r, &r->against.v[i]))
			put_strip_entry(r, ++n, &r->against.v[i]);
	buf_puts(&r->page.out, "</ol></nav>\n");
}

bool
review_is_good(const struct review_counts *c)
{
	return c->equal == c->steps && !c->failed && !c->vanished;
}

static void
put_verdict(struct page *p, const struct review_counts *c)
{
	const bool good = review_is_good(c);
	buf_printf(&p->out,
		"<section class='verdict %s' aria-label=Verdict><p><strong>%s</strong></p>\n<p>%lld "
		"steps: %lld equal, %lld different, %lld new, %lld failed",
		good ? "good" : "bad", good ? "all equal" : "to be looked at", (long long)c->steps,
		(long long)c->equal, (long long)c->different, (long long)c->new,
		(long long)c->failed);
	if (c->vanished)
		buf_printf(&p->out, "; %lld vanished", (long long)c->vanished);
	buf_puts(&p->out, ".</p>\n");
}

/* The verdict needs the counts, and comes first: the steps are written into a page of their own. */
static int
put_all(struct reviewer *r, struct dd_err *err)
{
	struct page *p = &r->page;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < r->shots.n; i++)
		rc = put_step(r, i, err);
	if (rc == 0)
		rc = put_gone(r, err);
	buf_puts(&p->out, GROUP_END);
	OWN(buf) struct buf steps = p->out;
	p->out = (struct buf){0};
	if (rc < 0)
		return rc;
	p->script = EMBEDDED(review_script);
	page_begin(p, r->spec->name, "screens");
	put_verdict(p, &r->counts);
	page_put_paragraph(p, "Against:", r->spec->against);
	if (r->spec->report)
		buf_printf(&p->out, "<p><a href='%s'>The report of the run</a></p>\n",
			r->spec->report);
	buf_puts(&p->out, "</section>\n");
	if (r->spec->flakes)
		flaky_put(p, r->spec->flakes);
	put_strip(r);
	buf_add_str(&p->out, buf_str(&steps));
	gallery_put(&r->gallery, p);
	return page_write(p, r->spec->path, err);
}

int
review_write(const struct review_spec *spec, struct review_counts *ret, struct dd_err *err)
{
	OWN_FREE char *cas = state_path(spec->state, "cas");
	OWN_FREE char *terminal = qa_terminal_environment();
	struct reviewer r = {.spec = spec,
		.cas = cas,
		.environments = {
			[SCREEN_PAGE] = {.browser = spec->environment, .fonts = "", .flags = ""},
			[SCREEN_TERMINAL] = {.browser = terminal, .fonts = "", .flags = ""},
			[SCREEN_DISPLAY] = {.browser = spec->display, .fonts = "", .flags = ""}}};
	gallery_init(&r.gallery, spec->state, spec->path);
	int rc = read_shots(spec->screens, &r.shots, err);
	if (rc == 0 && spec->against)
		rc = read_shots(spec->against, &r.against, err);
	if (rc == 0 && !spec->environment && has_any(&r.shots, SCREEN_PAGE))
		rc = err_set(err, DD_ENOENT,
			"there are pages, and no image of the browser that says what drew them");
	if (rc == 0 && !spec->display && has_any(&r.shots, SCREEN_DISPLAY))
		rc = err_set(err, DD_ENOENT,
			"there are windows, and no image of the display that says what drew them");
	if (rc == 0)
		rc = baselines_open(spec->state, &r.baselines, err);
	if (rc == 0)
		rc = put_all(&r, err);
	baselines_close(r.baselines);
	buf_cleanup(&r.page.out);
	gallery_cleanup(&r.gallery);
	shots_cleanup(&r.shots);
	shots_cleanup(&r.against);
	if (rc == 0)
		*ret = r.counts;
	return rc;
}
