#include "envprobe/decide.h"

#include "envprobe/premises.h"
#include "envprobe/version.h"

#include <string.h>

#define SYSTEM_SLUG "build-system"

static char *
enumerate(const struct strlist *l)
{
	OWN(buf) struct buf text = {.max = 2000};
	for (size_t i = 0; i < l->n; i++)
		buf_printf(&text, "%s%s", !i ? "" : i + 1 < l->n ? ", " : " or ", l->v[i]);
	return buf_take(&text);
}

static void
ask(struct loop *l, const char *id, const struct decision *d)
{
	OWN_FREE char *all = enumerate(d->alternatives);
	struct question *q = question_list_add(&l->r->questions);
	q->id = mem_strdup(id);
	q->kind = Q_DECISION;
	q->text = mem_printf("%s: %s?", d->text, all);
	q->where = d->where ? mem_strdup(d->where) : NULL;
	q->why = mem_strdup(d->why);
	q->default_value = mem_strdup(d->alternatives->v[0]);
	q->unlocks = mem_strdup("nothing waits for it");
	strlist_copy(&q->alternatives, d->alternatives);
}

const char *
decide(struct loop *l, const struct decision *d)
{
	OWN_FREE char *id = mem_printf("decision:%s", d->slug);
	const char *answer = NULL;
	bool known = question_list_find(&l->r->questions, id) != NULL;
	if (!known)
		ask(l, id, d);
	if (answers_get(l->spec->answers, id, &answer) != ANSWER_GIVEN)
		return d->alternatives->v[0];
	for (size_t i = 0; i < d->alternatives->n; i++)
		if (strcmp(d->alternatives->v[i], answer) == 0) {
			if (!known)
				strlist_addf(&l->r->options, "%s=%s", id, answer);
			return d->alternatives->v[i];
		}
	if (!l->wrong_answer) {
		OWN_FREE char *all = enumerate(d->alternatives);
		l->wrong_answer =
			mem_printf("answers: %s: \"%s\" is not one of %s", id, answer, all);
	}
	return d->alternatives->v[0];
}

const char *
decide_system_wanted(struct loop *l)
{
	const char *answer = NULL;
	enum answer_state state = answers_get(l->spec->answers, "decision:" SYSTEM_SLUG, &answer);
	return state == ANSWER_GIVEN ? answer : NULL;
}

void
decide_system(struct loop *l)
{
	const struct project *p = &l->r->project;
	const struct decision d = {.slug = SYSTEM_SLUG,
		.alternatives = &p->choices,
		.text = "Which build system is the one to use",
		.where = p->evidence,
		.why = "there are files of several; the most telling one was taken"};
	if (p->choices.n > 1)
		(void)decide(l, &d);
}

static bool
may_try(struct loop *l, const struct need *n, const char *nearest)
{
	OWN(strlist) struct strlist both = {0};
	OWN_FREE char *slug = mem_printf("version-%s", n->name);
	OWN_FREE char *text =
		mem_printf("Is the build to be tried with %s %s, though the source asks for %s",
			n->name, nearest, n->version);
	const struct decision d = {.slug = slug,
		.alternatives = &both,
		.text = text,
		.where = n->why,
		.why = "no package source has the version that is asked for"};
	strlist_add(&both, "wait");
	strlist_add(&both, "try");
	return strcmp(decide(l, &d), "try") == 0;
}

static char chosen_against;

/*
 * A library of another version than its manifest asks for is the only one there is: it is taken, since many do with it, and
 * that is said before it is installed.
 */
static void
weigh_library(struct loop *l, const struct need *n)
{
	OWN(strlist) struct strlist both = {0};
	struct resolution r = resolve_need(l->index, n);
	OWN_FREE char *version = r.package ? pkgindex_version(l->index, r.package) : NULL;
	const char *epoch = version ? strchr(version, ':') : NULL;
	struct version v = version_parse(str_of(epoch ? epoch + 1 : version ? version : ""));
	if (v.n && !version_accepts_any(n->version, &v)) {
		OWN_FREE char *slug = mem_printf("version-%s", n->name);
		OWN_FREE char *text =
			mem_printf("Is %s of %s to be used, though the source asks for %s %s",
				version, r.package, n->name, n->version);
		const struct decision d = {.slug = slug,
			.alternatives = &both,
			.text = text,
			.where = n->why,
			.why = "no package source has the version that is asked for"};
		strlist_add(&both, "use it");
		strlist_add(&both, "leave it out");
		if (strcmp(decide(l, &d), both.v[0]) != 0)
			map_put(&l->asked, r.package, &chosen_against);
		else
			strlist_addf(&l->r->options, "version=%s %s, where %s %s is asked for",
				r.package, version, n->name, n->version);
	}
	resolution_cleanup(&r);
}

void
decide_versions(struct loop *l)
{
	for (size_t i = 0; i < l->r->project.needs.n; i++) {
		struct need *n = &l->r->project.needs.v[i];
		if (n->kind == NEED_PHP && n->version)
			weigh_library(l, n);
		if (n->kind != NEED_PROGRAM || !n->version || n->optional)
			continue;
		struct resolution r = resolve_need(l->index, n);
		if (!r.package && r.nearest && may_try(l, n, r.nearest))
			free(TAKE(n->version));
		resolution_cleanup(&r);
	}
}

static const char *
decide_package(struct loop *l, const struct need *need, const struct strlist *alternatives)
{
	OWN_FREE char *slug = mem_printf("package-%s", alternatives->v[0]);
	OWN_FREE char *text = mem_printf(
		"Which package provides the %s %s", need_kind_names[need->kind], need->name);
	const struct decision d = {.slug = slug,
		.alternatives = alternatives,
		.text = text,
		.where = need->why,
		.why = "each of them has the same file; the one that most others depend on was taken"};
	return decide(l, &d);
}

const char *
decide_provider(struct loop *l, const struct need *need, const struct resolution *r)
{
	const char *told = premises_provider(l, need);
	if (told) {
		OWN_FREE char *option = mem_printf("provider=%s of the %s %s (drydock.yaml)", told,
			need_kind_names[need->kind], need->name);
		strlist_add_new(&l->r->options, option);
		return told;
	}
	/* A name that is known without its files may stand for one that another need found with them. */
	if (!r->alternatives.n) {
		const char *chosen = r->path ? NULL : map_get(&l->instead, r->package);
		return chosen ? chosen : r->package;
	}
	for (size_t i = 0; i < r->alternatives.n; i++)
		if (map_get(&l->asked, r->alternatives.v[i]))
			return r->alternatives.v[i];
	const char *chosen = decide_package(l, need, &r->alternatives);
	for (size_t i = 0; i < r->alternatives.n; i++)
		map_put(&l->instead, r->alternatives.v[i], mem_strdup(chosen));
	return chosen;
}
