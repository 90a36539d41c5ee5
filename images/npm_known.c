/* Resolutions that are kept, by what they were made from. */
#include "images/npm_work.h"

#include "base/fs.h"

#include <string.h>
#include <time.h>

#define FRESH_S (24 * 60 * 60)
#define MAX_KNOWN ((size_t)256 << 20)

static struct hash_hex
hash_plan(const struct npm_work *w, const char *what, const char *lock)
{
	OWN(buf) struct buf text = {0};
	const char *path;
	json_t *file;
	buf_printf(&text, "%s %s", what, w->job->dir ? w->job->dir : ".");
	json_object_foreach (json_object_get(w->plan, "files"), path, file) {
		if (strcmp(path, "package-lock.json") == 0)
			continue;
		buf_printf(&text, "\n%s ", path);
		json_print(file, 0, &text);
	}
	for (size_t i = 0; i < w->job->root->n; i++)
		buf_printf(&text, "\n/%s", w->job->root->v[i].s);
	buf_printf(&text, "\n%s", lock ? lock : "");
	return hash_bytes(buf_str(&text));
}

static char *
known_path(const struct npm_work *w)
{
	OWN(buf) struct buf what = {0};
	buf_puts(&what, "npm 1");
	for (size_t i = 0; i < w->sources.n; i++)
		buf_printf(&what, " %s=%s", w->sources.v[i].scope,
			w->sources.upstreams[w->sources.v[i].upstream].url);
	struct hash_hex key = hash_plan(w, what.p, npm_string(w->plan, "lock"));
	OWN_FREE char *dir = state_path(w->job->state, NPM_KNOWN_DIR);
	return mem_printf("%s/%s.json", dir, key.s);
}

/* A lock file says what it says; ranges are resolved again once a day, like package lists. */
static bool
is_fresh(const struct npm_work *w, const json_t *known)
{
	json_int_t made = json_integer_value(json_object_get(known, "made"));
	return w->job->offline || npm_string(w->plan, "lock") ||
	       (json_int_t)time(NULL) - made < FRESH_S;
}

void
npm_read_known(struct npm_work *w)
{
	OWN_FREE char *path = known_path(w);
	OWN_JSON json_t *j = NULL;
	struct module_set set = {0};
	if (!fs_exists(path) || json_parse_file(path, MAX_KNOWN, &j, NULL) < 0 || !is_fresh(w, j))
		return;
	if (json_decode(json_object_get(j, "set"), module_set_fields, false, &set, "set", NULL) <
		0) {
		module_set_cleanup(&set);
		return;
	}
	module_set_cleanup(&w->r->set);
	w->r->set = set;
	json_to_strings(json_object_get(j, "scripts"), &w->r->scripts);
	json_to_strings(json_object_get(j, "optional_scripts"), &w->r->optional_scripts);
	w->known = true;
}

/*
 * A resolution that cannot be kept is made again.  Its place is computed once more, since npm's own
 * registry may not have been known before.
 */
void
npm_keep_known(const struct npm_work *w)
{
	OWN_FREE char *path = known_path(w);
	OWN_FREE char *dir = state_path(w->job->state, NPM_KNOWN_DIR);
	OWN_JSON json_t *j = json_pack("{s:I, s:o, s:o, s:o}", "made", (json_int_t)time(NULL),
		"set", json_encode(module_set_fields, &w->r->set), "scripts",
		json_from_strings(&w->r->scripts), "optional_scripts",
		json_from_strings(&w->r->optional_scripts));
	OWN(buf) struct buf text = {0};
	json_print(j, 0, &text);
	if (fs_mkdirs(dir, 0700, NULL) == 0)
		(void)!fs_write_atomic(path, buf_str(&text), 0600, NULL);
}

void
npm_take_locked(struct npm_work *w)
{
	OWN_JSON json_t *copy = json_encode(module_set_fields, w->job->locked);
	module_set_cleanup(&w->r->set);
	if (json_decode(copy, module_set_fields, false, &w->r->set, "set", NULL) < 0)
		abort(); /* it was decoded by the same table */
	w->known = true;
}

struct hash_hex
npm_layer_key(const struct npm_work *w)
{
	OWN(buf) struct buf what = {0};
	buf_puts(&what, "node_modules 1");
	for (size_t i = 0; i < w->r->set.options.n; i++)
		buf_printf(&what, " %s", w->r->set.options.v[i]);
	return hash_plan(w, what.p, w->r->set.lock);
}
