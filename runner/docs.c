#include "runner/docs.h"

#include "base/fs.h"
#include "base/git_write.h"
#include "base/hash.h"
#include "envprobe/envprobe.h"

#include <string.h>

#define LOCK "recipe/drydock.lock.json"
#define MAX_RUNS 200 /* that are looked at, newest first */

void
docs_cleanup(struct docs *d)
{
	if (d->owner)
		(void)!layer_release_all(&d->st, d->owner, NULL);
	json_decref(d->spec);
	source_cleanup(&d->source);
	free(d->path);
	free(d->run);
	free(d->owner);
	state_cleanup(&d->st);
	*d = (struct docs){0};
}

/* ---- the recipe ---- */

static void
say(json_t *items, const char *before, const char *code, const char *after)
{
	OWN(buf) struct buf text = {.max = 4000};
	buf_puts(&text, before);
	buf_put_markdown_code(&text, code && *code ? code : "(empty)");
	buf_printf(&text, "%s.", after);
	json_array_append_new(
		items, json_pack("{s:o, s:[]}", "text", json_text(buf_str(&text)), "places"));
}

static void
say_command(json_t *items, const char *what, const char *run, const char *dir)
{
	OWN(buf) struct buf in = {0};
	if (dir) {
		buf_puts(&in, ", in the directory ");
		buf_put_markdown_code(&in, dir);
	}
	say(items, what, run, in.p ? in.p : "");
}

static void
say_services(json_t *items, const struct recipe *r)
{
	for (size_t i = 0; i < r->services.n; i++) {
		const struct service *s = &r->services.v[i];
		OWN(buf) struct buf how = {0};
		if (s->port)
			buf_printf(&how, " on port %lld", (long long)s->port);
		if (s->start) {
			buf_puts(&how, ", started by ");
			buf_put_markdown_code(&how, s->start);
		}
		say(items, "The tests need the service ", s->name, how.p ? how.p : "");
	}
}

static void
say_variables(json_t *items, const struct recipe *r)
{
	for (size_t i = 0; i < r->environment.n; i++) {
		const struct env_var *e = &r->environment.v[i];
		OWN(buf) struct buf value = {0};
		if (e->question || !e->value) {
			buf_puts(&value, " is supplied by a person");
		} else {
			buf_puts(&value, " is ");
			buf_put_markdown_code(&value, *e->value ? e->value : "(empty)");
		}
		say(items, "The variable ", e->name, value.p);
	}
}

/* Of the lock file; none of what is secret.  New reference, NULL: it is no recipe. */
static json_t *
recipe_section(const struct docs *d, const char *lock, struct dd_err *err)
{
	static const char *const words[] = {"Configure: ", "Build: ", "Test: "};
	struct recipe r = {0};
	json_t *items = json_array();
	if (recipe_load(lock, &r, err) < 0) {
		json_decref(items);
		return NULL;
	}
	for (size_t i = 0; i < r.commands.n; i++)
		say_command(items, words[r.commands.v[i].phase], r.commands.v[i].run,
			r.commands.v[i].dir);
	if (r.start.run)
		say_command(items, "Run: ", r.start.run, r.start.dir);
	for (size_t i = 0; i < r.packages.n; i++)
		if (r.packages.v[i].requested)
			say(items, "It is built with the package ", r.packages.v[i].name, "");
	say_services(items, &r);
	say_variables(items, &r);
	OWN_FREE char *counts = mem_printf("%lld passed, %lld failed, %lld skipped",
		(long long)r.passed, (long long)r.failed, (long long)r.skipped);
	say(items, "So stood up, its tests gave ", counts, "");
	json_object_set_new(
		json_array_get(items, json_array_size(items) - 1), "figures", json_true());
	OWN(buf) struct buf of = {0};
	buf_printf(&of, "run %s of %s", d->run,
		r.source_digest && d->source.digest &&
				strcmp(r.source_digest, d->source.digest) == 0
			? "this tree"
			: "an earlier tree");
	json_t *section = json_pack("{s:s, s:s, s:s, s:s, s:o}", "key", "recipe", "title",
		"How it is built, tested and run", "run", d->run, "of", of.p, "items", items);
	recipe_cleanup(&r);
	return section;
}

/* ---- the source ---- */

/* The newest run that stood that source up; ENOENT: none. */
static int
newest_recipe(struct docs *d, char **ret_lock, struct dd_err *err)
{
	OWN(strlist) struct strlist ids = {0};
	int rc = run_list(&d->st, &ids, err);
	for (size_t i = ids.n, looked = 0; rc == 0 && i-- > 0 && looked++ < MAX_RUNS;) {
		struct run r = {.lock_fd = -1};
		OWN(dd_err) struct dd_err why = {0};
		if (run_open(&d->st, ids.v[i], false, &r, &why) < 0)
			continue;
		OWN_FREE char *lock = run_path(&r, LOCK);
		bool fits = !r.options.fix && r.options.source &&
			    strcmp(r.options.source, d->path) == 0 && fs_exists(lock);
		if (fits) {
			d->run = mem_strdup(r.id);
			*ret_lock = TAKE(lock);
		}
		run_cleanup(&r);
		if (fits)
			break;
	}
	return rc;
}

static int
named_run(struct docs *d, const char *name, char **ret_lock, struct dd_err *err)
{
	struct run r = {.lock_fd = -1};
	int rc = run_open(&d->st, name, false, &r, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *lock = run_path(&r, LOCK);
	if (!r.options.source || r.options.fix)
		rc = err_set(err, DD_EINVAL, "run %s is no stand-up of a source", r.id);
	else if (!fs_exists(lock))
		rc = err_set(err, DD_EINVAL, "run %s has no recipe", r.id);
	if (rc == 0) {
		d->path = mem_strdup(r.options.source);
		d->run = mem_strdup(r.id);
		*ret_lock = TAKE(lock);
	}
	run_cleanup(&r);
	return rc;
}

static bool
is_page(const char *path)
{
	return strcmp(path, GRAPH_PAGE_AGENTS) == 0 || str_starts(str_of(path), GRAPH_PAGES);
}

/* A component is of all its files: one digest of theirs. */
static int
tie_components(struct graph *g, json_t *spec, struct dd_err *err)
{
	OWN_JSON json_t *files = NULL;
	OWN_JSON json_t *digests = json_object();
	size_t i, k;
	json_t *f, *section, *item;
	int rc = graph_files(g, &files, err);
	if (rc < 0)
		return rc;
	json_array_foreach (json_object_get(files, "files"), i, f) {
		const char *path = json_string_in(f, "file");
		const char *component = graph_spec_component(spec, str_of(path));
		if (!component || is_page(path))
			continue;
		struct hash_hex h =
			hash_fields((const struct str[]){str_of(json_string_in(digests, component)),
					    str_of(path), str_of(json_string_in(f, "digest"))},
				3);
		json_object_set_new(digests, component, json_string(h.s));
	}
	json_array_foreach (json_object_get(spec, "sections"), i, section) {
		if (strcmp(json_string_in(section, "key"), "components") != 0)
			continue;
		json_array_foreach (json_object_get(section, "items"), k, item) {
			const char *name = json_string_value(
				json_array_get(json_object_get(item, "places"), 0));
			if (name)
				json_object_set(
					item, "files_sha256", json_object_get(digests, name));
		}
	}
	return 0;
}

static int
make_spec(const struct graph_options *o, struct docs *d, struct dd_err *err)
{
	struct graph_options of_layer = *o;
	struct graph_ingest_result result;
	struct graph *g = NULL;
	OWN_FREE char *layer = layer_dir(&d->st, d->source.layer), *map = NULL;
	bool directory = d->source.kind == SOURCE_DIRECTORY;
	of_layer.no_history = true;
	int rc = graph_map_make(
		directory ? o : &of_layer, directory ? d->path : layer, &map, &result, err);
	if (rc == 0)
		rc = graph_open(map, &g, err);
	if (rc == 0)
		rc = graph_spec(g, &(struct graph_spec_options){.glossary = STR(""), .files = true},
			&d->spec, err);
	if (rc == 0)
		rc = tie_components(g, d->spec, err);
	graph_close(g);
	if (rc == 0)
		json_object_set_new(d->spec, "name", json_text(str_of(d->source.name)));
	return rc;
}

/* What is of the history is of no line of the source. */
static void
drop_history(json_t *spec)
{
	json_t *sections = json_object_get(spec, "sections");
	for (size_t i = json_array_size(sections); i-- > 0;) {
		const char *key =
			json_string_value(json_object_get(json_array_get(sections, i), "key"));
		if (key && strcmp(key, "hot") == 0)
			json_array_remove(sections, i);
	}
}

int
docs_find(const struct graph_options *o, const char *source, const char *run, bool head,
	struct docs *ret, struct dd_err *err)
{
	OWN_FREE char *lock = NULL;
	int rc = session_start(&o->common, &ret->st, err);
	if (rc == 0 && run)
		rc = named_run(ret, run, &lock, err);
	else if (rc == 0)
		rc = command_source(source, &ret->path, err);
	if (rc == 0 && !run)
		rc = newest_recipe(ret, &lock, err);
	if (rc < 0)
		return rc;
	OWN_FREE char *from = NULL;
	if (head && (ret->path[0] != '/' || !fs_is_dir(ret->path)))
		rc = err_set(err, DD_EINVAL, "--head is of a repository here, which %s is not",
			ret->path);
	else if (head) /* the repository itself, as a bare one */
		rc = gitrepo_git_dir(ret->path, &from, err);
	if (rc < 0)
		return rc;
	ret->owner = run_command_owner();
	rc = intake_source(
		&ret->st, ret->owner, from ? from : ret->path, false, NULL, &ret->source, err);
	if (rc == 0 && head) {
		free(ret->source.name);
		ret->source.name = mem_strdup(fs_name(ret->path));
	}
	if (rc == 0)
		rc = make_spec(o, ret, err);
	if (rc < 0)
		return rc;
	drop_history(ret->spec);
	json_t *section = lock ? recipe_section(ret, lock, err) : NULL;
	if (lock && !section)
		return err_wrap(err, "run %s", ret->run);
	if (section)
		json_array_insert_new(json_object_get(ret->spec, "sections"), 0, section);
	return 0;
}

/* ---- what the worker is told ---- */

static void
add_page(void *ctx, const char *path, struct str text)
{
	json_array_append_new(ctx, json_pack("{s:s, s:o}", "path", path, "text", json_text(text)));
}

void
docs_put_request(const struct docs *d, struct buf *out)
{
	OWN_JSON json_t *pages = json_array();
	OWN_JSON json_t *statements = json_array();
	size_t i, k;
	json_t *section, *item;
	graph_spec_pages(d->spec, add_page, pages);
	json_array_foreach (json_object_get(d->spec, "sections"), i, section)
		json_array_foreach (json_object_get(section, "items"), k, item) {
			json_t *s = json_copy(item);
			json_object_set(s, "section", json_object_get(section, "key"));
			json_array_append_new(statements, s);
		}
	OWN_JSON json_t *request = json_pack(
		"{s:O, s:O, s:s?}", "pages", pages, "statements", statements, "run", d->run);
	json_print(request, 0, out);
}
