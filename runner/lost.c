#include "runner/lost.h"

#include "base/log.h"
#include "images/apt.h"

#include <string.h>

struct search {
	const struct state *st;
	struct journal *journal;
	char *step; /* the first that lost something */
	char *what;
	struct dd_err *err;
};

static bool
has_layer(struct search *s, const json_t *name)
{
	const char *key = json_string_value(name);
	if (!key || layer_exists(s->st, key))
		return true;
	s->what = mem_printf("layer %.12s", key);
	return false;
}

static bool
has_layers(struct search *s, const json_t *result)
{
	static const char *const lists[] = {"layers", "root", NULL};
	size_t i;
	json_t *key;
	for (size_t k = 0; lists[k]; k++)
		json_array_foreach (json_object_get(result, lists[k]), i, key) {
			if (!has_layer(s, key))
				return false;
		}
	return has_layer(s, json_object_get(result, "layer"));
}

static bool
has_index(struct search *s, const char *step, const json_t *result)
{
	struct apt_index index = {0};
	const char *digest = json_string_value(json_object_get(result, "digest"));
	if (strcmp(step, "index") != 0)
		return true;
	bool there = digest && apt_index_open_digest(s->st, digest, &index, NULL) == 0;
	apt_index_cleanup(&index);
	if (!there)
		s->what = mem_printf("package index %.12s", digest ? digest : "");
	return there;
}

static int
look(void *ctx, const struct journal_entry *e)
{
	struct search *s = ctx;
	OWN_JSON json_t *result = NULL;
	int rc = s->step ? 0 : journal_find(s->journal, e->key, &result, s->err);
	if (rc == 0 && result && (!has_layers(s, result) || !has_index(s, e->key, result)))
		s->step = mem_strdup(e->key);
	return rc;
}

int
lost_forget(const struct state *st, struct run *run, struct dd_err *err)
{
	OWN_JSON json_t *report = NULL;
	struct search s = {.st = st, .journal = run->journal, .err = err};
	int rc = journal_find(run->journal, "report", &report, err);
	if (rc == 0 && !report)
		rc = journal_each(run->journal, look, &s, err);
	if (rc == 0 && s.step) {
		log_warn("%s is not in the store any more; doing step %s and what follows again",
			s.what, s.step);
		rc = journal_forget_from(run->journal, s.step, err);
	}
	free(s.step);
	free(s.what);
	return rc;
}
