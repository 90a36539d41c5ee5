/*
 * Of a task whose plan has pictures of what pages are to look like: a browser looks at the application as it is with the change, at
 * the path that the plan names on each of its ports, and what is most like the picture is held against it.  The window and
 * the whole page are both looked at, as nobody knows which of them somebody drew.  What could not be seen fails
 * the gate: a plan that has a picture wants it to be looked at.  Where two pictures cannot be compared, the run ends, and can be resumed.
 */
#include "base/cas.h"
#include "base/fs.h"
#include "base/log.h"
#include "qa/picture.h"
#include "runner/fix_loop.h"
#include "runner/views.h"

#include <string.h>

#define KEPT "wanted" /* pictures of the plan, below the run's directory */

struct liking {
	const struct fixing *f;
	const struct standup_result *now;
	json_t *pictures, *findings;
};

struct likest { /* of what was seen */
	bool there;
	double percent; /* of the larger one's pixels */
	char *digest, *words;
};

static void
likest_cleanup(struct likest *l)
{
	free(l->digest);
	free(l->words);
}

/* By its name, which is unlike that of all others; heap. */
static char *
kept_path(const struct run *run, const struct intent_screen *s)
{
	OWN_FREE char *name = mem_printf(KEPT "/%.16s.png", hash_bytes(str_of(s->picture)).s);
	return run_path(run, name);
}

/* Now, as what cannot be decoded would be found only once models were paid. */
static int
decode(const struct state *st, const struct intent_screen *s, struct str png, struct dd_err *err)
{
	const struct picture_spec spec = {
		.state = st, .a = png, .b = png, .threshold = PICTURE_THRESHOLD, .look = true};
	OWN(dd_err) struct dd_err why = {0};
	struct picture_diff d = {0};
	int rc = picture_compare(&spec, &d, &why);
	picture_diff_cleanup(&d);
	if (rc == -DD_ESTOPPED || rc == -DD_EIO)
		return err_move(err, &why);
	return rc == 0 ? 0
		       : err_set(err, DD_EINVAL, "the picture `%s` cannot be looked at: %s",
				 s->picture, err_msg(&why));
}

int
fix_keep_picture(
	const struct fixing *f, const struct intent_screen *s, struct str png, struct dd_err *err)
{
	OWN_FREE char *dir = run_path(f->run, KEPT), *path = kept_path(f->run, s);
	int rc = decode(f->st, s, png, err);
	if (rc == 0)
		rc = fs_mkdirs(dir, 0700, err);
	return rc < 0 ? rc : fs_write_atomic(path, png, 0600, err);
}

static double
percent_of(const struct picture_diff *d)
{
	const double w = d->wa > d->wb ? d->wa : d->wb, h = d->ha > d->hb ? d->ha : d->hb;
	return w > 0 && h > 0 ? 100 * (double)d->differing / (w * h) : 100;
}

static void
take_likest(const struct picture_diff *d, const char *digest, struct likest *l)
{
	const double percent = percent_of(d);
	if (l->there && l->percent <= percent)
		return;
	free(l->digest);
	free(l->words);
	*l = (struct likest){.there = true,
		.percent = percent,
		.digest = mem_strdup(digest),
		.words = fix_words_of_places(d, "")};
}

static int
compare(const struct liking *k, struct str wanted, const char *digest, const char *tree,
	struct likest *l, struct dd_err *err)
{
	OWN(buf) struct buf png = {.max = PICTURE_MAX_FILE}, names = {.max = PICTURE_MAX_FILE};
	OWN_FREE char *cas = state_path(k->f->st, "cas"), *path = cas_path(cas, digest);
	OWN_FREE char *tree_path = tree ? cas_path(cas, tree) : NULL;
	struct picture_diff d = {0};
	int rc = fs_read(path, PICTURE_MAX_FILE, &png, err);
	if (rc == 0 && tree_path && fs_read(tree_path, PICTURE_MAX_FILE, &names, NULL) < 0)
		buf_reset(&names);
	const struct picture_spec spec = {.state = k->f->st,
		.a = wanted,
		.b = buf_str(&png),
		.tree_b = buf_str(&names),
		.threshold = PICTURE_THRESHOLD};
	OWN(dd_err) struct dd_err why = {0};
	if (rc < 0)
		return rc;
	rc = picture_compare(&spec, &d, &why);
	if (rc == 0)
		take_likest(&d, digest, l);
	picture_diff_cleanup(&d);
	/* What the target shows may be larger than can be looked at: then nothing like it was seen. */
	return rc == 0 || rc == -DD_ELIMIT || rc == -DD_ECORRUPT ? 0 : err_move(err, &why);
}

static int
find_likest(const struct liking *k, struct str wanted, const struct views *v, struct likest *l,
	struct dd_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < v->steps.n; i++) {
		const struct screen_step *s = &v->steps.v[i];
		if (s->status != TEST_PASSED || !s->picture)
			continue;
		rc = compare(k, wanted, s->picture, s->tree, l, err);
		if (rc == 0 && s->whole.n == 1 && strcmp(s->whole.v[0], s->picture) != 0)
			rc = compare(k, wanted, s->whole.v[0], s->tree, l, err);
	}
	return rc;
}

static void
find(struct liking *k, const struct intent_screen *s, const char *kind, char *text)
{
	json_array_append_new(k->findings,
		json_pack("{s:s, s:o, s:i, s:o}", "kind", kind, "path",
			json_text(str_of(s->picture)), "line", 0, "text", json_text(str_of(text))));
	free(text);
}

static void
tell(struct liking *k, const struct intent_screen *s, struct str wanted, const struct likest *l)
{
	json_array_append_new(
		k->pictures, json_pack("{s:o, s:s, s:o, s:f, s:f, s:s}", "picture",
				     json_text(str_of(s->picture)), "wanted", hash_bytes(wanted).s,
				     "at", json_text(str_of(s->at)), "most", s->percent, "differs",
				     l->percent, "seen", l->digest));
	if (l->percent > s->percent)
		find(k, s, "unlike",
			mem_printf(
				"at %s %.2f %% of the pixels are others than in the picture, of which %g %% may be%s",
				s->at, l->percent, s->percent, l->words));
}

/* A picture of what was seen is part of the evidence. */
static int
keep_seen(const struct liking *k, size_t i, const struct likest *l, struct dd_err *err)
{
	struct run part = {.lock_fd = -1};
	OWN(buf) struct buf png = {.max = PICTURE_MAX_FILE};
	OWN_FREE char *cas = state_path(k->f->st, "cas"), *from = cas_path(cas, l->digest);
	OWN_FREE char *name = mem_printf("like-%02zu.png", i + 1);
	int rc = fs_read(from, PICTURE_MAX_FILE, &png, err);
	if (rc == 0)
		rc = fix_open_part(k->f, k->f->n, &part, err);
	OWN_FREE char *to = rc == 0 ? run_path(&part, name) : NULL;
	if (rc == 0)
		rc = fs_write_atomic(to, buf_str(&png), 0600, err);
	run_cleanup(&part);
	return rc;
}

static int
hold_against(struct liking *k, size_t i, const struct views *v, struct dd_err *err)
{
	const struct intent_screen *s = &k->f->aim.screens->v[i];
	OWN_FREE char *path = kept_path(k->f->run, s);
	OWN(buf) struct buf wanted = {.max = PICTURE_MAX_FILE};
	OWN(likest) struct likest l = {0};
	int rc = fs_read(path, PICTURE_MAX_FILE, &wanted, err);
	if (rc == 0)
		rc = find_likest(k, buf_str(&wanted), v, &l, err);
	if (rc == 0 && l.there) {
		tell(k, s, buf_str(&wanted), &l);
		rc = keep_seen(k, i, &l, err);
	} else if (rc == 0) {
		find(k, s, "not-seen",
			mem_printf("nothing was seen at %s%s%s", s->at, v->note ? ": " : "",
				v->note ? v->note : ""));
	}
	return rc;
}

static int
hold_all(struct liking *k, const struct strlist *paths, const struct views *views,
	struct dd_err *err)
{
	const struct intent_screen_list *screens = k->f->aim.screens;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < screens->n; i++) {
		size_t page = 0;
		while (strcmp(paths->v[page], screens->v[i].at) != 0)
			page++;
		rc = hold_against(k, i, &views[page], err);
	}
	return rc;
}

static int
look_and_hold(struct liking *k, struct dd_err *err)
{
	OWN(strlist) struct strlist paths = {0};
	struct run part = {.lock_fd = -1};
	for (size_t i = 0; i < k->f->aim.screens->n; i++)
		strlist_add_new(&paths, k->f->aim.screens->v[i].at);
	struct views *views = mem_zalloc(paths.n, sizeof(*views));
	int rc = fix_open_part(k->f, k->f->n, &part, err);
	if (rc == 0)
		rc = views_look(k->f->st, &part, k->f->answers, k->now, false, &paths, views, err);
	run_cleanup(&part);
	if (rc == 0)
		rc = hold_all(k, &paths, views, err);
	for (size_t i = 0; i < paths.n; i++)
		views_cleanup(&views[i]);
	free(views);
	return rc;
}

static int
do_like(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct liking *k = ctx;
	int step = progress_begin("holding its pages against the pictures of the plan");
	int rc = look_and_hold(k, err);
	progress_end(step, rc < 0			  ? "failed"
			   : json_array_size(k->findings) ? "they are not like them"
							  : "ok");
	if (rc < 0)
		return rc;
	*ret_result = json_pack("{s:O, s:O}", "pictures", k->pictures, "findings", k->findings);
	answers_redact_json(k->f->answers, *ret_result);
	return 0;
}

int
fix_is_like(struct fixing *f, const struct standup_result *now, bool *ret, struct dd_err *err)
{
	struct fix_attempt *a = f->attempt;
	OWN_FREE char *key = mem_printf("fix/%lld/likeness", (long long)f->n);
	struct liking k = {f, now, NULL, NULL};
	*ret = true;
	if (!f->aim.screens || !f->aim.screens->n || f->taken)
		return 0;
	k.pictures = json_array();
	k.findings = json_array();
	int rc = journal_step(f->run->journal, key, do_like, &k, &a->likeness, err);
	*ret = rc == 0 && !json_array_size(json_object_get(a->likeness, "findings"));
	if (!*ret || a->gates[GATE_SCREENS] != GATE_TOLD)
		fix_pass(a, GATE_SCREENS, *ret);
	json_decref(k.pictures);
	json_decref(k.findings);
	return rc;
}
