/*
 * What people see of the application, before a change and with it: a browser looks at the entry pages of both stand-ups, where they
 * serve some and there is an image of a browser.  Each stand-up is looked at once, whatever its attempt came to.  A page that
 * changes by itself is no witness: where pictures differ, the application as it was is looked at once more, and so where that with
 * the change cannot be looked at: it may be that nobody can look any more.
 */
#include "base/cas.h"
#include "base/fs.h"
#include "base/log.h"
#include "qa/picture.h"
#include "qa/qa.h"
#include "runner/fix_loop.h"
#include "runner/views.h"

#include <string.h>

#define PICTURE_MAX ((size_t)64 << 20)
#define REGIONS_MAX 5 /* told of a page */

/* ---- looking ---- */

struct looking { /* at a stand-up */
	const struct fixing *f;
	const struct standup_result *r;
	int64_t n; /* of its attempt; 0: before */
};

int
fix_open_part(const struct fixing *f, int64_t n, struct run *ret, struct dd_err *err)
{
	OWN_FREE char *name = n ? mem_printf("attempt-%lld", (long long)n) : mem_strdup("before");
	return run_open_part(f->run, name, &f->run->options, ret, err);
}

static int
open_part(const struct looking *l, struct run *ret, struct dd_err *err)
{
	return fix_open_part(l->f, l->n, ret, err);
}

static int
look(const struct looking *l, bool keep, struct views *ret, struct dd_err *err)
{
	struct run part = {.lock_fd = -1};
	OWN(strlist) struct strlist entry = {0};
	strlist_add(&entry, "/");
	int rc = open_part(l, &part, err);
	if (rc == 0)
		rc = views_look(l->f->st, &part, l->f->answers, l->r, keep, &entry, ret, err);
	run_cleanup(&part);
	return rc;
}

static int
do_look(const struct looking *l, json_t **ret_result, struct dd_err *err)
{
	struct views v = {0};
	int rc = look(l, true, &v, err);
	if (rc < 0)
		return rc;
	*ret_result = json_pack("{s:b, s:s?, s:o}", "looked", v.browser != NULL, "note", v.note,
		"steps", screen_step_list_to_json(&v.steps));
	answers_redact_json(l->f->answers, *ret_result);
	views_cleanup(&v);
	return 0;
}

#define LOOKED "looked.json"
#define LOOKED_MAX ((size_t)16 << 20)

/* Of its part; heap. */
static int
path_in_part(const struct looking *l, const char *name, char **ret, struct dd_err *err)
{
	struct run part = {.lock_fd = -1};
	int rc = open_part(l, &part, err);
	if (rc == 0)
		*ret = run_path(&part, name);
	run_cleanup(&part);
	return rc;
}

/* Several processes may have tasks that begin on the same stand-up; *ret_lock stays -1 where they cannot. */
static int
take_turn(const struct looking *l, int *ret_lock, struct dd_err *err)
{
	OWN_FREE char *path = NULL;
	if (l->f->run->options.jobs <= 1)
		return 0;
	int rc = path_in_part(l, LOOKED ".lock", &path, err);
	return rc < 0 ? rc : fs_lock(path, true, ret_lock, err);
}

/* One of them looks, and its pictures are those of all. */
static int
look_once(const struct looking *l, json_t **ret_result, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	OWN_FREE char *path = NULL;
	OWN_FD int lock = -1;
	int rc = take_turn(l, &lock, err);
	if (rc == 0)
		rc = path_in_part(l, LOOKED, &path, err);
	if (rc == 0)
		rc = fs_read_if_any(path, LOOKED_MAX, &text, err);
	if (rc < 0 || text.n)
		return rc < 0 ? rc : json_parse(buf_str(&text), ret_result, err);
	rc = do_look(l, ret_result, err);
	if (rc < 0)
		return rc;
	json_print(*ret_result, 0, &text);
	return fs_write_atomic(path, buf_str(&text), 0600, err);
}

static int
do_look_step(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct looking *l = ctx;
	return l->f->run->options.jobs > 1 ? look_once(l, ret_result, err)
					   : do_look(l, ret_result, err);
}

static int
look_at(const struct looking *l, json_t **ret, struct dd_err *err)
{
	OWN_FREE char *key = mem_printf("fix/%lld/look", (long long)l->n);
	return journal_step(l->f->run->journal, key, do_look_step, (void *)l, ret, err);
}

/* ---- comparing ---- */

struct comparing {
	const struct looking *was, *is;
	struct screen_step_list before, after, again;
	bool looked_again;
	json_t *pages, *findings;
};

static int
read_picture(const struct looking *l, const struct screen_step *step, struct buf *ret,
	struct dd_err *err)
{
	struct run part = {.lock_fd = -1};
	OWN_FREE char *name = views_picture(step);
	int rc = open_part(l, &part, err);
	OWN_FREE char *path = rc == 0 ? run_path(&part, name) : NULL;
	ret->max = PICTURE_MAX;
	if (rc == 0)
		rc = fs_read(path, PICTURE_MAX, ret, err);
	run_cleanup(&part);
	return rc;
}

/* Its elements, so that places have names; what is gone leaves them without. */
static void
read_tree(const struct looking *l, const struct screen_step *step, struct buf *ret)
{
	OWN_FREE char *cas = state_path(l->f->st, "cas");
	OWN_FREE char *path = step->tree ? cas_path(cas, step->tree) : NULL;
	ret->max = PICTURE_MAX;
	if (path && fs_read(path, PICTURE_MAX, ret, NULL) < 0)
		buf_reset(ret);
}

/* Without keeping its pictures: they are in one place. */
static int
look_again(const struct looking *l, struct views *ret, struct dd_err *err)
{
	OWN_FD int lock = -1;
	int rc = take_turn(l, &lock, err);
	return rc < 0 ? rc : look(l, false, ret, err);
}

/* Does the page show the same each time, without any change? */
static int
is_still(struct comparing *c, size_t i, bool *ret, struct dd_err *err)
{
	struct views v = {0};
	int rc = c->looked_again ? 0 : look_again(c->was, &v, err);
	if (!c->looked_again) {
		c->again = v.steps;
		v.steps = (struct screen_step_list){0};
		views_cleanup(&v);
	}
	c->looked_again = true;
	*ret = rc == 0 && i < c->again.n && c->again.v[i].picture &&
	       strcmp(c->again.v[i].picture, c->before.v[i].picture) == 0;
	return rc;
}

static int
differ(struct comparing *c, const struct screen_step *was, const struct screen_step *is,
	struct picture_diff *ret, struct dd_err *err)
{
	OWN(buf) struct buf a = {0}, b = {0}, tree_a = {0}, tree_b = {0};
	int rc = read_picture(c->was, was, &a, err);
	if (rc == 0)
		rc = read_picture(c->is, is, &b, err);
	if (rc < 0)
		return rc;
	read_tree(c->was, was, &tree_a);
	read_tree(c->is, is, &tree_b);
	const struct picture_spec spec = {.state = c->was->f->st,
		.a = buf_str(&a),
		.b = buf_str(&b),
		.tree_a = buf_str(&tree_a),
		.tree_b = buf_str(&tree_b),
		.threshold = PICTURE_THRESHOLD};
	return picture_compare(&spec, ret, err);
}

static void
tell(struct comparing *c, size_t i, const char *result, const char *text)
{
	const struct screen_step *was = &c->before.v[i],
				 *is = i < c->after.n ? &c->after.v[i] : NULL;
	json_array_append_new(
		c->pages, json_pack("{s:s?, s:s, s:s?, s:s?}", "url", was->url, "result", result,
				  "before", was->picture, "after", is ? is->picture : NULL));
	if (text)
		json_array_append_new(c->findings,
			json_pack("{s:o, s:i, s:s, s:o}", "path", json_text(str_of(was->url)),
				"line", 0, "kind", result, "text", json_text(str_of(text))));
}

char *
fix_words_of_places(const struct picture_diff *d, const char *begin)
{
	OWN(buf) struct buf out = {.max = 2000};
	buf_puts(&out, begin);
	for (size_t i = 0; i < d->nregions && i < REGIONS_MAX; i++)
		if (*d->regions[i].text)
			buf_printf(&out, "%s %s", i ? "," : ":", d->regions[i].text);
	return buf_take(&out);
}

static int
compare_page(struct comparing *c, size_t i, struct dd_err *err)
{
	const struct screen_step *was = &c->before.v[i],
				 *is = i < c->after.n ? &c->after.v[i] : NULL;
	struct picture_diff d = {0};
	bool still = true;
	if (was->status != TEST_PASSED || !was->picture) {
		tell(c, i, "not-seen", NULL); /* before: there is nothing to compare with */
		return 0;
	}
	if (!is || is->status != TEST_PASSED || !is->picture) {
		tell(c, i, "gone", "the page is not there any more");
		return 0;
	}
	if (strcmp(was->picture, is->picture) == 0) {
		tell(c, i, "same", NULL);
		return 0;
	}
	int rc = differ(c, was, is, &d, err);
	if (rc == 0 && !d.equal)
		rc = is_still(c, i, &still, err);
	OWN_FREE char *begin = mem_printf("%llu pixels differ", (unsigned long long)d.differing);
	OWN_FREE char *words = fix_words_of_places(&d, begin);
	if (rc == 0)
		tell(c, i,
			d.equal ? "same"
			: still ? "differs"
				: "not-still",
			d.equal || !still ? NULL : words);
	picture_diff_cleanup(&d);
	return rc;
}

static int
do_compare(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct comparing *c = ctx;
	int rc = 0;
	int step = progress_begin("comparing what its pages show");
	for (size_t i = 0; rc == 0 && i < c->before.n; i++)
		rc = compare_page(c, i, err);
	progress_end(step, rc < 0 ? "failed" : json_array_size(c->findings) ? "they differ" : "ok");
	if (rc < 0)
		return rc;
	*ret_result = json_pack("{s:O, s:O}", "pages", c->pages, "findings", c->findings);
	answers_redact_json(c->was->f->answers, *ret_result);
	return 0;
}

static int
compare(struct fixing *f, const struct looking *was, const struct looking *is, const json_t *before,
	const json_t *after, struct dd_err *err)
{
	OWN_FREE char *key = mem_printf("fix/%lld/screens", (long long)f->n);
	struct comparing c = {
		.was = was, .is = is, .pages = json_array(), .findings = json_array()};
	int rc = screen_step_list_from_json(json_object_get(before, "steps"), key, &c.before, err);
	if (rc == 0)
		rc = screen_step_list_from_json(
			json_object_get(after, "steps"), key, &c.after, err);
	if (rc == 0)
		rc = journal_step(f->run->journal, key, do_compare, &c, &f->attempt->screens, err);
	screen_step_list_cleanup(&c.before);
	screen_step_list_cleanup(&c.after);
	screen_step_list_cleanup(&c.again);
	json_decref(c.pages);
	json_decref(c.findings);
	return rc;
}

/* ---- the gate ---- */

static bool
any_compared(const json_t *pages)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)pages, i, one) {
		const char *result = json_string_in(one, "result");
		if (strcmp(result, "not-seen") != 0 && strcmp(result, "not-still") != 0)
			return true;
	}
	return false;
}

/* That it could not be looked at is told. */
static bool
was_looked_at(struct fixing *f, const json_t *look)
{
	const char *note = json_string_in(look, "note");
	if (json_is_true(json_object_get(look, "looked")) && !*note)
		return true;
	if (*note)
		f->attempt->screens = json_pack("{s:s+}", "why", "without the change: ", note);
	return false;
}

struct doubting { /* whether it is the change that keeps its pages from being looked at */
	const struct looking *was;
	const char *note; /* what did */
};

static int
do_doubt(void *ctx, json_t **ret_result, struct dd_err *err)
{
	const struct doubting *d = ctx;
	struct views v = {0};
	int rc = look_again(d->was, &v, err);
	if (rc < 0)
		return rc;
	bool its_fault = v.browser && !v.note;
	OWN_FREE char *text = mem_printf("%s: %s",
		its_fault ? "its pages cannot be looked at any more" : "with the change", d->note);
	*ret_result =
		its_fault ? json_pack("{s:[{s:s, s:i, s:s, s:o}]}", "findings", "path", "", "line",
				    0, "kind", "unseen", "text", json_text(str_of(text)))
			  : json_pack("{s:o}", "why", json_text(str_of(text)));
	views_cleanup(&v);
	return 0;
}

/* *ret: a browser looked at it, or found nothing to look at. */
static int
can_look(struct fixing *f, const struct looking *was, const json_t *after, bool *ret,
	struct dd_err *err)
{
	OWN_FREE char *key = mem_printf("fix/%lld/screens", (long long)f->n);
	struct doubting d = {was, json_string_in(after, "note")};
	*ret = !*d.note;
	return *ret ? 0
		    : journal_step(f->run->journal, key, do_doubt, &d, &f->attempt->screens, err);
}

int
fix_is_seen(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
{
	struct fix_attempt *a = f->attempt;
	const struct looking was = {f, fix_best(f), f->best_n}, is = {f, now, f->n};
	OWN_JSON json_t *before = NULL, *after = NULL;
	*ret = true;
	if (f->taken || !fix_is_built(was.r))
		return 0;
	bool looked = false;
	int rc = look_at(&was, &before, err);
	if (rc < 0 || !was_looked_at(f, before))
		return rc;
	rc = look_at(&is, &after, err);
	if (rc == 0)
		rc = can_look(f, &was, after, &looked, err);
	if (rc == 0 && looked)
		rc = compare(f, &was, &is, before, after, err);
	if (rc < 0)
		return rc;
	bool differ = json_array_size(json_object_get(a->screens, "findings"));
	/* A goal may ask for what is seen to change; people are shown what does. */
	*ret = !differ || f->aim.reach.goal;
	if (differ)
		a->gates[GATE_SCREENS] = *ret ? GATE_TOLD : GATE_FAILED;
	else if (any_compared(json_object_get(a->screens, "pages")))
		a->gates[GATE_SCREENS] = GATE_PASSED;
	return 0;
}
