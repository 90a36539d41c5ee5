#include "agents/author.h"

#include "agents/inventory.h"
#include "agents/key.h"
#include "agents/schema.h"

#include <string.h>

const char *const author_flaw_names[] = {"", "gave-up", "partial", NULL};

/* ---- the task ---- */

char *
author_goal(const struct author_task *t)
{
	OWN(buf) struct buf out = {0};
	if (t->reach.goal)
		buf_printf(&out, "Change the project so that this holds:\n%s\n", t->reach.goal);
	else if (!t->builds)
		buf_puts(&out, "The project does not build. Repair its sources so that it does.\n");
	else if (t->only_first)
		buf_puts(&out,
			"A test case of the project fails: the one that the context names. Repair the sources so that it passes; "
			"leave all else as it is.\n");
	else
		buf_printf(&out,
			"%zu test case%s of the project fail%s. Repair the sources so that %s.\n",
			t->failing, t->failing == 1 ? "" : "s", t->failing == 1 ? "s" : "",
			t->failing == 1 ? "it passes" : "they pass");
	buf_puts(&out,
		"The context holds what was printed, what was tried before, and the places of the source that have to do with it.\n"
		"Answer with JSON and nothing else: {\"edits\": [{\"path\", \"find\", \"replace\"}], \"summary\", \"complete\", \"left\"}. "
		"An edit replaces the one place of the file that reads exactly `find`, blanks included; with an empty `find`, "
		"`replace` is the whole file. `summary`: what was wrong and what you changed, for whoever reads the commit, its first "
		"line at most 60 characters. `complete`: is all of the task done? `left`: what is not, else empty.");
	return buf_take(&out);
}

void
author_requirements(const struct author_task *t, struct strlist *ret)
{
	if (t->wanted)
		strlist_copy(ret, t->wanted);
	else
		strlist_add(ret,
			t->reach.goal ? "R1: what the task asks for holds"
			: !t->builds  ? "R1: the project builds"
				     : "R1: the cases that fail pass, because the cause is mended");
	strlist_add(ret, "R2: no case that passes now ends otherwise");
	strlist_add(ret, "R3: the code does right for every input, not for those of the tests");
}

json_t *
author_ids(const struct strlist *requirements)
{
	json_t *ids = json_array();
	for (size_t i = 0; i < requirements->n; i++) {
		struct str rest = str_of(requirements->v[i]), id;
		if (str_next(&rest, ':', &id))
			json_array_append_new(ids, json_text(id));
	}
	return ids;
}

static void
put_names(const struct strlist *l, struct buf *out)
{
	for (size_t i = 0; i < l->n; i++)
		buf_printf(out, "%s%s", i ? ", " : "", l->v[i]);
}

void
author_rules(const struct author_task *t, struct strlist *ret)
{
	strlist_add(ret,
		t->reach.tests_alone
			? "Tests alone are yours to change: no source of the program, and not what builds it."
		: t->reach.goal
			? "Tests, and what runs them, are not yours to change, but for files that the task names."
			: "Tests, and what runs them, are not yours to change.");
	strlist_add(ret,
		"Write every edit in full; nothing is left out, and nothing is left for later.");
	strlist_add(ret,
		"There is no limit of time. What does not fit into one answer is not asked for.");
	if (t->reach.writes) {
		OWN(buf) struct buf files = {0};
		put_names(t->reach.writes, &files);
		strlist_addf(ret, "These files are yours to change, and no other: %s.", files.p);
	}
}

/* Does it stand there with nothing on either side that could belong to a path? */
static bool
names_path(const char *goal, const char *path)
{
	size_t n = strlen(path);
	for (const char *at = goal; (at = strstr(at, path)); at += n) {
		char before = at > goal ? at[-1] : ' ', after = at[n];
		bool dot_ends = after == '.' && (!at[n + 1] || strchr(" \t\n", at[n + 1]));
		bool joins = (after >= 'a' && after <= 'z') || (after >= 'A' && after <= 'Z') ||
			     (after >= '0' && after <= '9') || (after && strchr("_-/.", after));
		/* A word of the language is no path, unless it is written as one. */
		bool plain = !strchr(path, '/') && !strchr(path, '.');
		if (plain && !strchr("\"'`", before))
			continue;
		if (strchr(" \t\n\"'`(,:", before) && (!joins || dot_ends))
			return true;
	}
	return false;
}

bool
author_may_write(const struct author_reach *reach, const char *path)
{
	if (reach->tests_alone)
		return inventory_is_test(path) && !inventory_is_build(path);
	if (reach->writes)
		return strlist_has(reach->writes, path);
	return !inventory_is_test(path) || (reach->goal && names_path(reach->goal, path));
}

/* ---- its answer ---- */

json_t *
author_format(void)
{
	return json_pack(
		"{s:s, s:{s:{s:s, s:{s:s, s:{s:{s:s}, s:{s:s}, s:{s:s}}, s:[sss], s:b}}, s:{s:s}, s:{s:s}, s:{s:s}}, s:[ssss], s:b}",
		"type", "object", "properties", "edits", "type", "array", "items", "type", "object",
		"properties", "path", "type", "string", "find", "type", "string", "replace", "type",
		"string", "required", "path", "find", "replace", "additionalProperties", 0,
		"summary", "type", "string", "complete", "type", "boolean", "left", "type",
		"string", "required", "edits", "summary", "complete", "left",
		"additionalProperties", 0);
}

void
author_answer_cleanup(struct author_answer *a)
{
	json_decref(a->edits);
	free(a->summary);
	free(a->left);
	*a = (struct author_answer){0};
}

static bool
has_word(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(text, *words))
			return true;
	return false;
}

/* Of a text that stands for more than it holds. */
static bool
leaves_out(const char *text)
{
	static const char *const marks[] = {"rest of the code", "rest of the file",
		"rest of the function", "rest unchanged", "remains unchanged", "existing code here",
		"... existing", "code unchanged", "same as before ...", "implement later",
		"implementation goes here", "left as an exercise", NULL};
	return has_word(text, marks);
}

static void
put_refusal(const struct author_reach *reach, const char *path, struct buf *why)
{
	if (!reach->writes) {
		buf_printf(why,
			"%.200s is a test, or runs them, and not yours to change. Mend what it tests.\n",
			path);
		return;
	}
	buf_printf(why, "%.200s is not among the files of this task, which are ", path);
	put_names(reach->writes, why);
	buf_puts(why, ". Do it without, or say in `left` why it cannot be done without.\n");
}

static void
check_edits(const struct author_reach *reach, const json_t *edits, struct buf *why)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)edits, i, one) {
		const char *path = json_string_in(one, "path");
		if (!author_may_write(reach, path)) {
			buf_printf(why, "edits[%zu]: ", i);
			put_refusal(reach, path, why);
		}
		if (leaves_out(json_string_in(one, "replace")) &&
			!leaves_out(json_string_in(one, "find")))
			buf_printf(why,
				"edits[%zu]: `replace` says that something is left out. Write it in full.\n",
				i);
	}
}

/* From the first brace to the last. */
static int
parse(const char *text, json_t **ret)
{
	const char *from = strchr(text, '{'), *to = strrchr(text, '}');
	if (!from || !to || to < from)
		return -DD_ECORRUPT;
	return json_parse((struct str){from, (size_t)(to - from) + 1}, ret, NULL);
}

void
author_read(const struct author_reach *reach, const char *text, struct author_answer *ret,
	struct buf *why)
{
	OWN_JSON json_t *j = NULL;
	OWN_JSON json_t *format = author_format();
	OWN(buf) struct buf lines = {.max = 3000};
	author_answer_cleanup(ret);
	if (parse(text, &j) < 0) {
		buf_puts(why,
			"The answer holds no JSON object that can be read. Answer with the JSON of the task alone.");
		return;
	}
	if (!schema_fits(format, j, &lines)) {
		buf_printf(
			why, "The answer does not have the form the task asks for:\n%s", lines.p);
		return;
	}
	ret->edits = json_incref(json_object_get(j, "edits"));
	ret->summary = mem_strdup(json_string_in(j, "summary"));
	ret->left = mem_strdup(json_string_in(j, "left"));
	ret->complete = json_is_true(json_object_get(j, "complete"));
	check_edits(reach, ret->edits, why);
}

struct edit *
author_edits(const json_t *edits, size_t *ret_n)
{
	struct edit *v = mem_zalloc(json_array_size(edits) + 1, sizeof(*v));
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)edits, i, one) {
		const char *find = json_string_in(one, "find");
		v[i] = (struct edit){*find ? EDIT_REPLACE : EDIT_WHOLE, json_string_in(one, "path"),
			str_of(find), str_of(json_string_in(one, "replace"))};
	}
	*ret_n = json_array_size(edits);
	return v;
}

enum author_flaw
author_flaw_of(const struct author_answer *a)
{
	static const char *const limits[] = {"time constraint", "time limit", "limited time",
		"running out of", "ran out of", "context limit", "token limit", "for brevity",
		"too complex to", "beyond the scope", NULL};
	if (!json_array_size(a->edits))
		return FLAW_GAVE_UP;
	return !a->complete || has_word(a->summary, limits) || has_word(a->left, limits)
		       ? FLAW_PARTIAL
		       : FLAW_NONE;
}

/* ---- who ---- */

static bool
has_role(const struct model *m, const char *role)
{
	return strlist_has(&m->roles, role);
}

bool
author_is_usable(const struct models *all, const struct model *m)
{
	return key_state(m->via) != KEY_ABSENT && (model_has_price(m) || all->unknown_is_maximum);
}

const struct model *
author_first(const struct models *all)
{
	const struct model *m;
	for (size_t i = 0; (m = models_at(all, i)); i++)
		if (has_role(m, ROLE_WRITE) && author_is_usable(all, m))
			return m;
	return NULL;
}

static bool
is_other_family(const struct model *m, const char *family)
{
	return m->family && family && strcmp(m->family, family) != 0;
}

/* Of another family than the first, else another of the same. */
static const struct model *
another(const struct models *all)
{
	const struct model *first = author_first(all), *m, *same = NULL;
	for (size_t i = 0; first && (m = models_at(all, i)); i++) {
		if (m == first || !has_role(m, ROLE_WRITE) || !author_is_usable(all, m))
			continue;
		if (is_other_family(m, first->family))
			return m;
		same = same ? same : m;
	}
	return same;
}

static const struct model *
named(const struct models *all, const char *name)
{
	if (strcmp(name, RUNG_FIRST) == 0)
		return author_first(all);
	if (strcmp(name, RUNG_OTHER) == 0)
		return another(all);
	const struct model *m = models_find(all, name);
	return m && author_is_usable(all, m) ? m : NULL;
}

const struct model *
author_of_rung(const struct models *all, const struct model_rung *rung)
{
	return named(all, rung->model ? rung->model : RUNG_FIRST);
}

const struct model *
author_of_brief(const struct models *all, const struct model_rung *rung)
{
	return rung->brief ? named(all, rung->brief) : NULL;
}

const struct model *
author_reviewer(const struct models *all, const char *family)
{
	const struct model *m;
	for (size_t i = 0; (m = models_at(all, i)); i++)
		if (has_role(m, ROLE_REVIEW) && is_other_family(m, family) &&
			author_is_usable(all, m))
			return m;
	return NULL;
}
