/* The sections of a plan, in their order, each drawn from the page, the map and the rules. */
#include "intent/draft.h"

#include "base/hash.h"
#include "base/words.h"
#include "intent/tracker.h"

#include <string.h>

#define MAX_TOUCHED 60
#define MAX_STAYS 60
#define MAX_RULES 100
#define MAX_ROOTS 200 /* files whose digests the plan keeps */
#define MANY_AFFECTED 12

bool
draft_is_constraint(const struct wanted *w)
{
	return w->s->kind == STATEMENT_CONSTRAINT;
}

double
draft_overlap(const struct strlist *a, const struct strlist *b)
{
	size_t same = 0, less = a->n < b->n ? a->n : b->n;
	for (size_t i = 0; i < a->n; i++)
		same += strlist_has(b, a->v[i]);
	return less ? (double)same / (double)less : 0;
}

static void
draft_cleanup(struct draft *d)
{
	for (size_t i = 0; i < d->n; i++) {
		struct wanted *w = &d->wanted[i];
		free(w->id);
		strlist_cleanup(&w->words);
		strlist_cleanup(&w->checks);
		strlist_cleanup(&w->named);
		strlist_cleanup(&w->unknown);
		strlist_cleanup(&w->writes);
		json_decref(w->likely);
	}
	for (size_t i = 0; i < d->ntasks; i++) {
		struct task *t = &d->tasks[i];
		free(t->id);
		free(t->title);
		free(t->unsure);
		strlist_cleanup(&t->requirements);
		strlist_cleanup(&t->constraints);
		strlist_cleanup(&t->writes);
		strlist_cleanup(&t->tests);
		json_decref(t->affected);
		map_cleanup(&t->files);
		map_cleanup(&t->shared);
	}
	free(d->wanted);
	free(d->tasks);
	map_cleanup(&d->digests);
	map_cleanup(&d->told);
	map_cleanup(&d->by_name);
	map_cleanup(&d->symbols);
	strlist_cleanup(&d->rules);
	strlist_cleanup(&d->rule_ids);
	json_decref(d->spec);
	graph_affected_close(d->affected);
	page_cleanup(&d->page);
}

/* ---- what it is made of ---- */

static int
load_digests(struct draft *d)
{
	OWN_JSON json_t *answer = NULL;
	size_t i;
	json_t *row;
	d->digests.destroy = free;
	int rc = graph_files(d->in->g, &answer, d->err);
	json_array_foreach (json_object_get(answer, "files"), i, row) {
		const char *path = json_string_value(json_object_get(row, "file")),
			   *digest = json_string_value(json_object_get(row, "digest"));
		if (path && !strpbrk(path, "`\n\r"))
			map_put(&d->digests, path, mem_strdup(digest ? digest : ""));
	}
	return rc;
}

static void
read_wanted(struct draft *d)
{
	d->wanted = mem_zalloc(d->page.n + 1, sizeof(*d->wanted));
	for (size_t i = 0; i < d->page.n; i++) {
		const struct statement *s = &d->page.v[i];
		if (s->kind != STATEMENT_REQUIREMENT && s->kind != STATEMENT_CONSTRAINT)
			continue;
		struct wanted *w = &d->wanted[d->n];
		w->s = s;
		struct hash_hex h = hash_bytes(str_of(s->text));
		for (int n = 6; !w->id; n += 2) {
			w->id = mem_printf("R-%.*s", n, h.s);
			for (size_t k = 0; k < d->n && n < HASH_HEX; k++)
				if (strcmp(d->wanted[k].id, w->id) == 0) {
					free(w->id);
					w->id = NULL;
					break;
				}
		}
		words_of(str_of(s->text), &w->words);
		d->n++;
	}
}

/* A sentence that is told twice is one requirement. */
static bool
is_repeated(const struct draft *d, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(d->page.v[k].text, d->page.v[i].text) == 0 &&
			d->page.v[k].kind == d->page.v[i].kind)
			return true;
	return false;
}

static void
drop_repeated(struct draft *d)
{
	size_t to = 0;
	OWN_FREE int *moved = mem_zalloc(d->page.n + 1, sizeof(*moved));
	OWN_FREE bool *gone = mem_zalloc(d->page.n + 1, sizeof(*gone));
	for (size_t i = 0; i < d->page.n; i++)
		gone[i] = is_repeated(d, i);
	for (size_t i = 0; i < d->page.n; i++) {
		moved[i] = gone[i] ? -1 : (int)to++;
		for (size_t k = 0; gone[i] && k < i; k++)
			if (!gone[k] && strcmp(d->page.v[k].text, d->page.v[i].text) == 0)
				moved[i] = moved[k];
	}
	for (size_t i = 0; i < d->page.n; i++) {
		struct statement s = d->page.v[i];
		if (gone[i]) {
			free(s.text);
			continue;
		}
		s.of = s.of >= 0 ? moved[s.of] : -1;
		d->page.v[moved[i]] = s;
	}
	d->page.n = to;
}

/* A check belongs to the requirement it is written below, else to the one that has most words in common, else to all. */
static void
hand_out_checks(struct draft *d)
{
	for (size_t i = 0; i < d->page.n; i++) {
		const struct statement *s = &d->page.v[i];
		if (s->kind != STATEMENT_ACCEPTANCE)
			continue;
		OWN(strlist) struct strlist words = {0};
		struct wanted *best = NULL;
		double most = 0;
		words_of(str_of(s->text), &words);
		for (size_t k = 0; k < d->n; k++) {
			double o = s->of >= 0 && d->wanted[k].s == &d->page.v[s->of]
					   ? 2
					   : draft_overlap(&words, &d->wanted[k].words);
			if (o > most) {
				most = o;
				best = &d->wanted[k];
			}
		}
		for (size_t k = 0; k < d->n; k++)
			if (most < 0.25 || best == &d->wanted[k])
				strlist_add_new(&d->wanted[k].checks, s->text);
	}
}

static void
read_rules(struct draft *d, struct str text)
{
	struct page p;
	if (page_read(text, &p, NULL) < 0)
		return;
	for (size_t i = 0; i < p.n && d->rules.n < MAX_RULES; i++) {
		struct hash_hex h = hash_bytes(str_of(p.v[i].text));
		strlist_add(&d->rules, p.v[i].text);
		strlist_addf(&d->rule_ids, "L-%.6s", h.s);
	}
	page_cleanup(&p);
}

/* ---- sections ---- */

/* A bound that was met is told. */
static void
put_left(struct plandoc_item *i, size_t left, const char *what, int bound)
{
	OWN_FREE char *note = mem_printf("%zu %s at most %d.", left, what, bound);
	if (left)
		plandoc_note(i, note);
}

static void
put_head(struct draft *d)
{
	OWN_FREE char *title = mem_printf("Plan: %s", d->page.title);
	struct plandoc_item *i = plandoc_add(&d->plan, 1, NULL, title);
	plandoc_field(i, "plan", "1");
	plandoc_field(i, "source", "%s", d->in->source);
	plandoc_field(i, "intent", "%s, sha256 %s", d->in->page_name, hash_bytes(d->in->page).s);
	plandoc_note(i, "");
	plandoc_note(i,
		"This page is the plan: edit it, and `drydock plan check` it. Lines `- key: value` and the ids of headings are read; all else is notes.");
	if (d->page.cut)
		plandoc_note(i,
			"The page of intent says more than a plan holds: what comes after its first 400 statements is not in here.");
	put_left(i, d->names_left, "names of the page were not looked for: the map is asked for",
		DRAFT_MAX_NAMES);
	put_left(i, d->rankings_left,
		"requirements have the files of one that is like them: the map ranks files for",
		DRAFT_MAX_RANKINGS);
	put_left(i, d->page.more_pictures, "pictures of the page are no gate: a plan has",
		PAGE_MAX_PICTURES);
	put_left(i, d->tasks_left,
		"requirements are of no task and need a plan of their own: the tasks of a plan are",
		DRAFT_MAX_TASKS);
}

/* What the map knows of the files that tasks write stays as it is, unless a requirement says otherwise. */
static void
put_stays(struct draft *d)
{
	size_t i, k, p, put = 0;
	json_t *section, *item, *place;
	json_array_foreach (json_object_get(d->spec, "sections"), i, section) {
		const char *key = json_string_value(json_object_get(section, "key"));
		if (!key || strcmp(key, "questions") == 0 || strcmp(key, "unused") == 0 ||
			strcmp(key, "hot") == 0 || strcmp(key, "components") == 0)
			continue;
		json_array_foreach (json_object_get(section, "items"), k, item) {
			const char *text = json_string_value(json_object_get(item, "text")),
				   *at = NULL;
			json_array_foreach (json_object_get(item, "places"), p, place) {
				OWN_FREE char *path = mem_strdup(
					json_string_value(place) ? json_string_value(place) : "");
				char *colon = strrchr(path, ':');
				if (colon)
					*colon = 0;
				for (size_t t = 0; !at && t < d->ntasks; t++)
					if (strlist_has(&d->tasks[t].writes, path))
						at = json_string_value(place);
			}
			if (!at || !text || put == MAX_STAYS)
				continue;
			OWN_FREE char *id = plandoc_id(&d->plan, "S", text);
			struct plandoc_item *s = plandoc_add(&d->plan, 3, id, text);
			plandoc_field(s, "is",
				"there now, and stays unless a requirement says otherwise");
			plandoc_field(s, "place", "%s", at);
			put++;
		}
	}
}

static void
put_future(struct draft *d)
{
	struct plandoc_item *s = plandoc_add(&d->plan, 2, NULL, "Future state");
	plandoc_note(s, "What is true when the plan is done.");
	for (size_t i = 0; i < d->n; i++) {
		const struct wanted *w = &d->wanted[i];
		OWN(strlist) struct strlist from = {0};
		OWN_FREE char *id = plandoc_id(&d->plan, "S", w->s->text);
		struct plandoc_item *item = plandoc_add(&d->plan, 3, id, w->s->text);
		strlist_add(&from, w->id);
		plandoc_list(item, "from", &from);
		plandoc_field(item, "is", "%s",
			draft_is_constraint(w)	      ? "never so"
			: w->named.n || !w->unknown.n ? "changed"
						      : "new");
		plandoc_list(item, "new", &w->unknown);
	}
	put_stays(d);
}

static void
put_requirements(struct draft *d)
{
	struct plandoc_item *s = plandoc_add(&d->plan, 2, NULL, "Requirements");
	plandoc_note(s,
		"Each has a check that shows it. `check proposed` is what is left for a person to make a `check`.");
	for (size_t i = 0; i < d->n; i++) {
		const struct wanted *w = &d->wanted[i];
		struct plandoc_item *item = plandoc_add(&d->plan, 3, w->id, w->s->text);
		plandoc_field(item, "kind", "%s",
			draft_is_constraint(w) ? "constraint" : strength_names[w->s->strength]);
		plandoc_field(item, "line", "%u", w->s->line);
		for (size_t k = 0; k < w->checks.n; k++)
			plandoc_field(item, "check", "%s", w->checks.v[k]);
		if (!w->checks.n)
			plandoc_field(item, "check proposed", "%s: %s",
				draft_is_constraint(w)
					? "a test that is green before and after, and red when this is broken"
					: "a test that is red before the change and green after it",
				w->s->text);
		plandoc_list(item, "files", &w->writes);
		plandoc_list(item, "not in the tree", &w->unknown);
	}
	for (size_t i = 0; i < d->page.n; i++) {
		if (d->page.v[i].kind != STATEMENT_NON_GOAL)
			continue;
		OWN_FREE char *id = plandoc_id(&d->plan, "N", d->page.v[i].text);
		struct plandoc_item *item = plandoc_add(&d->plan, 3, id, d->page.v[i].text);
		plandoc_field(item, "kind", "no goal");
		plandoc_field(item, "line", "%u", d->page.v[i].line);
	}
}

static void
put_rules(struct draft *d, size_t of_user)
{
	struct plandoc_item *s = plandoc_add(&d->plan, 2, NULL, "Rules");
	if (!d->rules.n)
		plandoc_note(s,
			"There are none: rules.md of the user and .drydock/rules.md of the tree are read.");
	for (size_t i = 0; i < d->rules.n; i++) {
		if (plandoc_find(&d->plan, d->rule_ids.v[i]))
			continue;
		struct plandoc_item *item =
			plandoc_add(&d->plan, 3, d->rule_ids.v[i], d->rules.v[i]);
		plandoc_field(item, "of", "%s",
			i < of_user ? "the user" : "the repository, whose text it is");
	}
}

static void
all_writes(const struct draft *d, struct strlist *ret)
{
	for (size_t t = 0; t < d->ntasks; t++)
		for (size_t i = 0; i < d->tasks[t].writes.n; i++)
			strlist_add_new(ret, d->tasks[t].writes.v[i]);
}

static int
put_memories(struct draft *d)
{
	OWN(strlist) struct strlist files = {0};
	OWN_JSON json_t *list = NULL;
	size_t i;
	json_t *m;
	all_writes(d, &files);
	int rc = d->in->memories ? d->in->memories(d->in->ctx, &files, &list, d->err) : 0;
	if (rc < 0 || !json_array_size(list))
		return rc;
	plandoc_add(&d->plan, 2, NULL, "Memories");
	json_array_foreach (list, i, m) {
		OWN_FREE char *id = mem_printf(
			"M-%lld", (long long)json_integer_value(json_object_get(m, "id")));
		struct plandoc_item *item =
			plandoc_add(&d->plan, 3, id, json_string_value(json_object_get(m, "text")));
		plandoc_field(item, "valid for", "`%s`",
			json_string_value(json_object_get(m, "cluster")));
		plandoc_field(
			item, "source", "%s", json_string_value(json_object_get(m, "source")));
		plandoc_field(item, "confidence", "%lld",
			(long long)json_integer_value(json_object_get(m, "confidence")));
	}
	return 0;
}

static void
put_touched_one(
	struct draft *d, const char *path, const char *because, const char *place, long long steps)
{
	OWN_FREE char *id = plandoc_id(&d->plan, "I", path);
	OWN(buf) struct buf title = {0};
	buf_put_markdown_code(&title, path);
	if (map_get(&d->told, path))
		return;
	map_put(&d->told, path, d);
	struct plandoc_item *i = plandoc_add(&d->plan, 3, id, title.p);
	plandoc_field(i, "because", "%s", because);
	if (place)
		plandoc_field(i, "place", "%s", place);
	if (steps)
		plandoc_field(i, "steps", "%lld", steps);
}

/* What was ranked for a requirement and is in no write set. */
static void
put_near(struct draft *d, const struct strlist *writes)
{
	size_t k, put = 0;
	json_t *f;
	for (size_t i = 0; i < d->n; i++)
		json_array_foreach (d->wanted[i].likely, k, f) {
			const char *path = json_string_value(json_object_get(f, "file"));
			const char *why =
				json_string_value(json_array_get(json_object_get(f, "reasons"), 0));
			if (k >= 10 || put >= 30 || !path || !why || strlist_has(writes, path) ||
				!map_get(&d->digests, path))
				continue;
			OWN_FREE char *because = mem_printf("%s, for %s", why, d->wanted[i].id);
			put_touched_one(d, path, because, NULL, 0);
			put++;
		}
}

static int
put_touched(struct draft *d)
{
	OWN(strlist) struct strlist writes = {0}, named = {0};
	OWN_JSON json_t *answer = NULL;
	size_t i, put = 0;
	json_t *f;
	all_writes(d, &writes);
	int rc = graph_affected_by(d->affected, &writes, 2, &answer, d->err);
	if (rc < 0)
		return rc;
	for (i = 0; i < d->n; i++)
		for (size_t k = 0; k < d->wanted[i].named.n; k++)
			strlist_add_new(&named, d->wanted[i].named.v[k]);
	struct plandoc_item *s = plandoc_add(&d->plan, 2, NULL, "Touched beyond what is named");
	plandoc_note(s,
		"What the change reaches and the page does not name: first what tasks write, then what notices it, then what usually changes with it.");
	for (i = 0; i < writes.n; i++)
		if (!strlist_has(&named, writes.v[i]))
			put_touched_one(d, writes.v[i],
				"a task writes it: the map ranks it for the requirement", NULL, 0);
	json_array_foreach (json_object_get(answer, "files"), i, f) {
		const char *path = json_string_value(json_object_get(f, "file"));
		long long steps = (long long)json_integer_value(json_object_get(f, "steps"));
		if (!steps || !path || strlist_has(&named, path) || put++ >= MAX_TOUCHED)
			continue;
		put_touched_one(d, path, json_string_value(json_object_get(f, "reason")),
			json_string_value(json_object_get(f, "place")), steps);
	}
	put_near(d, &writes);
	if (put > MAX_TOUCHED) {
		OWN_FREE char *more =
			mem_printf("%zu more are farther away: `drydock graph impact` tells them.",
				put - MAX_TOUCHED);
		plandoc_note(&d->plan.v[d->plan.n - 1], more);
	}
	return 0;
}

static void
put_choice(struct draft *d, const char *from, const char *question, const char *const *options)
{
	OWN(strlist) struct strlist ids = {0};
	OWN_FREE char *key = mem_printf("%s %s", from, question);
	OWN_FREE char *id = plandoc_id(&d->plan, "D", key);
	struct plandoc_item *i = plandoc_add(&d->plan, 3, id, question);
	strlist_add(&ids, from);
	plandoc_list(i, "from", &ids);
	for (char letter = 'a'; *options; options++, letter++) {
		OWN_FREE char *name = mem_printf("option %c", letter);
		plandoc_field(i, name, "%s", *options);
	}
	plandoc_field(i, "chosen", "%s", "");
}

int
draft_put_tradeoffs(struct draft *d)
{
	struct plandoc_item *s = plandoc_add(&d->plan, 2, NULL, "Trade-offs");
	plandoc_note(
		s, "To be decided before code is written: `chosen` is the letter of an option.");
	size_t before = d->plan.n;
	for (size_t t = 0; t < d->ntasks; t++) {
		const struct task *task = &d->tasks[t];
		if (task->near < MANY_AFFECTED)
			continue;
		OWN_FREE char *question =
			mem_printf("%zu files use what `%s` and the other files of the task hold",
				task->near, task->writes.v[0]);
		put_choice(d, task->id, question,
			(const char *const[]){
				"change it in place, and all that notices in the same task: one behaviour, a large review",
				"put the new behaviour beside the old one and move callers later: small steps, two behaviours for a time",
				NULL});
	}
	for (size_t i = 0; i < d->n; i++) {
		const struct wanted *w = &d->wanted[i];
		const json_t *a = json_array_get(w->likely, 0), *b = json_array_get(w->likely, 1);
		double x = json_number_value(json_object_get(a, "score")),
		       y = json_number_value(json_object_get(b, "score"));
		if (w->named.n || !b || y < x * 0.95)
			continue;
		const char *first = json_string_value(json_object_get(a, "file")),
			   *second = json_string_value(json_object_get(b, "file"));
		OWN_FREE char *one = mem_printf("in `%s`", first),
			      *two = mem_printf("in `%s`", second);
		put_choice(d, w->id,
			"The page names no place, and two are as likely: where does it belong?",
			(const char *const[]){one, two, "in both", NULL});
	}
	for (size_t i = 0; i < d->n; i++)
		if (d->wanted[i].unknown.n && !draft_is_constraint(&d->wanted[i])) {
			OWN_FREE char *question =
				mem_printf("`%s` is not in the tree", d->wanted[i].unknown.v[0]);
			put_choice(d, d->wanted[i].id, question,
				(const char *const[]){"it is made new here",
					"it comes with a dependency that is added",
					"it is there under another name: name it in the requirement",
					NULL});
		}
	if (d->plan.n == before)
		plandoc_note(&d->plan.v[before - 1], "None that the map shows.");
	return 0;
}

static void
put_questions(struct draft *d)
{
	struct plandoc_item *s = plandoc_add(&d->plan, 2, NULL, "Questions");
	size_t put = 0;
	for (size_t i = 0; i < d->page.n; i++) {
		if (d->page.v[i].kind != STATEMENT_QUESTION)
			continue;
		OWN_FREE char *id = plandoc_id(&d->plan, "Q", d->page.v[i].text);
		struct plandoc_item *item = plandoc_add(&d->plan, 3, id, d->page.v[i].text);
		plandoc_field(item, "line", "%u", d->page.v[i].line);
		plandoc_field(item, "answer", "%s", "");
		put++;
	}
	if (!put)
		plandoc_note(s, "The page asks none.");
}

static void
put_model(struct draft *d)
{
	static const char *const parts[] = {
		"- Requirements that follow from the page and are not written in it.",
		"- Checks in the terms of the domain, in place of each `check proposed`.",
		"- Edge cases beyond words and relations: what the domain knows.",
		"- Contradictions of meaning that no word shows.",
		"- Other designs to choose from, with their costs.",
		"- For a file that is made new: where it belongs and what it holds.", NULL};
	struct plandoc_item *s = plandoc_add(&d->plan, 2, NULL, "What a model would add");
	plandoc_note(
		s, "No model was asked. These parts are as far as rules and the map carry them:");
	for (const char *const *p = parts; *p; p++)
		plandoc_note(s, *p);
}

static void
put_sources(struct draft *d)
{
	OWN(strlist) struct strlist writes = {0};
	struct plandoc_item *s = plandoc_add(&d->plan, 2, NULL, "Sources");
	all_writes(d, &writes);
	plandoc_note(s, "What the plan was made from; `plan check` tells what has changed since.");
	for (size_t i = 0; i < writes.n && i < MAX_ROOTS; i++) {
		const char *digest = map_get(&d->digests, writes.v[i]);
		if (digest && hash_is_hex(str_of(digest)))
			plandoc_field(s, "file", "`%s` %s", writes.v[i], digest);
	}
}

static int
put_all(struct draft *d, size_t of_user)
{
	put_head(d);
	put_future(d);
	put_requirements(d);
	put_rules(d, of_user);
	int rc = put_memories(d);
	if (rc == 0)
		rc = put_touched(d);
	if (rc < 0)
		return rc;
	draft_put_cases(d);
	rc = draft_put_tradeoffs(d);
	draft_put_contradictions(d);
	put_questions(d);
	if (rc == 0)
		rc = draft_put_tasks(d);
	put_model(d);
	put_sources(d);
	return rc;
}

static int
read_page(struct draft *d)
{
	OWN(buf) struct buf markdown = {.max = PAGE_MAX_BYTES};
	if (d->in->page.n > PAGE_MAX_BYTES)
		return err_set(d->err, DD_ELIMIT, "a page of intent has at most %zu bytes",
			PAGE_MAX_BYTES);
	int rc = 0;
	if (tracker_is_json(d->in->page))
		rc = tracker_to_markdown(d->in->page, &markdown, d->err);
	else
		buf_add_str(&markdown, d->in->page);
	if (rc == 0)
		rc = page_read(buf_str(&markdown), &d->page, d->err);
	return rc;
}

int
intent_draft(const struct intent_inputs *in, struct plandoc *ret, struct dd_err *err)
{
	struct draft d = {.in = in, .err = err};
	int rc = read_page(&d);
	if (rc == 0) {
		drop_repeated(&d);
		read_wanted(&d);
		hand_out_checks(&d);
		rc = load_digests(&d);
	}
	if (rc == 0)
		rc = draft_find_files(&d);
	if (rc == 0)
		rc = graph_affected_open(in->g, &d.affected, err);
	if (rc == 0)
		rc = draft_tasks(&d);
	if (rc == 0)
		rc = graph_spec(
			in->g, &(struct graph_spec_options){.glossary = STR("")}, &d.spec, err);
	if (rc == 0) {
		read_rules(&d, in->user_rules);
		size_t of_user = d.rules.n;
		read_rules(&d, in->project_rules);
		rc = put_all(&d, of_user);
	}
	draft_cleanup(&d);
	if (rc < 0) {
		plandoc_cleanup(&d.plan);
		return err_wrap(err, "plan");
	}
	*ret = d.plan;
	return 0;
}
