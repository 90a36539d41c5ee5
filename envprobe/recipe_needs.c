/* NEEDS.md and needs.json: what only a person can say. */
#include "envprobe/recipe.h"

#include "record/answers.h"

#include <string.h>

enum need_state { NEED_OPEN, NEED_DEFAULT, NEED_ANSWERED };
static const char *const state_names[] = {"open", "default used", "answered"};

enum reach { REACH_PART, REACH_TESTS, REACH_ALL }; /* what waits for the answer */
static const char *const reach_names[] = {"part of the tests", "all tests", "build and tests"};

struct item {
	const struct question *q;
	enum need_state state;
	enum reach reach;
	const char *used; /* in its place; borrowed, NULL: nothing */
};

/* ---- what became of a question ---- */

static const struct prompt_answer *
prompt_of(const struct recipe *r, const char *id)
{
	for (size_t i = 0; i < r->prompts.n; i++)
		if (strcmp(r->prompts.v[i].question, id) == 0)
			return &r->prompts.v[i];
	return NULL;
}

static bool
is_option(const struct recipe *r, const char *id)
{
	for (size_t i = 0; i < r->options.n; i++) {
		const char *rest = r->options.v[i] + strlen(id);
		if (str_starts(str_of(r->options.v[i]), id) && *rest == '=')
			return true;
	}
	return false;
}

static bool
is_default(const struct question *q, const struct service *s)
{
	return q->default_value && s->start && strcmp(q->default_value, s->start) == 0;
}

static void
find_state(const struct recipe *r, struct item *it)
{
	const char *id = it->q->id;
	const struct prompt_answer *a = prompt_of(r, id);
	it->used = it->q->default_value;
	it->state = it->used ? NEED_DEFAULT : NEED_OPEN;
	if (a) {
		it->used = a->value;
		it->state = a->value ? NEED_DEFAULT : NEED_ANSWERED;
	}
	for (size_t i = 0; i < r->environment.n; i++)
		if (r->environment.v[i].question && strcmp(r->environment.v[i].question, id) == 0)
			it->state = NEED_ANSWERED;
	for (size_t i = 0; i < r->services.n; i++)
		if (strcmp(r->services.v[i].question, id) == 0 &&
			!is_default(it->q, &r->services.v[i]))
			it->state = NEED_ANSWERED;
	for (size_t i = 0; i < r->files.n; i++)
		if (strcmp(r->files.v[i].question, id) == 0) {
			it->used = r->files.v[i].sample;
			it->state = it->used ? NEED_DEFAULT : NEED_ANSWERED;
		}
	if (is_option(r, id))
		it->state = NEED_ANSWERED;
	if (it->q->blocking)
		it->state = NEED_OPEN;
	if (it->state == NEED_ANSWERED)
		it->used = NULL;
}

bool
recipe_is_answered(const struct recipe *r, const struct question *q)
{
	struct item it = {.q = q};
	find_state(r, &it);
	return it.state == NEED_ANSWERED;
}

/* A question that blocks is one of a step: before the tests, or of them. */
static enum reach
reach_of(const struct recipe *r, const struct question *q)
{
	const struct prompt_answer *a = prompt_of(r, q->id);
	if (!q->blocking)
		return REACH_PART;
	for (size_t i = 0; a && a->run && i < r->commands.n; i++)
		if (strcmp(r->commands.v[i].run, a->run) == 0 &&
			r->commands.v[i].phase == PHASE_TEST)
			return REACH_TESTS;
	return q->kind == Q_SERVICE || (q->where && strstr(q->where, "-tests.log")) ? REACH_TESTS
										    : REACH_ALL;
}

static char *
untested(const struct recipe *r, const struct item *it)
{
	const struct question *q = it->q;
	const char *of = q->id;
	if (it->state == NEED_ANSWERED)
		return mem_strdup("nothing");
	if (it->reach != REACH_PART)
		return mem_strdup(it->reach == REACH_ALL
					  ? "everything: neither the build nor a test was done"
					  : "every test");
	switch (q->kind) {
	case Q_SERVICE:
		return mem_printf("what connects to %s; %lld tests failed", of + strlen("service:"),
			(long long)r->failed);
	case Q_FILE:
		return mem_printf("what depends on the content of %s", of + strlen("file:"));
	case Q_DECISION:
		return mem_strdup("the other choices");
	case Q_PROMPT:
		return mem_strdup("what another answer than this would do");
	default:
		return mem_printf("what depends on the value%s%s", q->where ? ", as at " : "",
			q->where ? q->where : "");
	}
}

static const char *
form_of(const struct question *q)
{
	switch (q->kind) {
	case Q_SERVICE:
		return "a command for sh";
	case Q_FILE:
		return "{\"file\": PATH}";
	case Q_DECISION:
		return "one of the alternatives";
	default:
		return q->secret ? "{\"env\": NAME} or {\"file\": PATH}" : "a string";
	}
}

/* ---- in which order ---- */

static int
by_what_it_unlocks(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	if (x->q->blocking != y->q->blocking)
		return x->q->blocking ? -1 : 1;
	if (x->reach != y->reach)
		return x->reach > y->reach ? -1 : 1;
	if (x->state != y->state)
		return x->state < y->state ? -1 : 1;
	return strcmp(x->q->id, y->q->id);
}

static struct item *
make_items(const struct recipe *r)
{
	struct item *v = mem_zalloc(r->questions.n + 1, sizeof(*v));
	for (size_t i = 0; i < r->questions.n; i++) {
		v[i].q = &r->questions.v[i];
		v[i].reach = reach_of(r, v[i].q);
		find_state(r, &v[i]);
	}
	if (r->questions.n)
		qsort(v, r->questions.n, sizeof(*v), by_what_it_unlocks);
	return v;
}

/* ---- the files ---- */

static json_t *
text_or_null(const char *s)
{
	return s ? json_text(str_of(s)) : json_null();
}

static json_t *
item_to_json(const struct recipe *r, const struct item *it)
{
	const struct question *q = it->q;
	OWN_FREE char *rest = untested(r, it);
	json_t *j = json_object();
	json_object_set_new(j, "id", json_text(str_of(q->id)));
	json_object_set_new(j, "class", json_string(question_kind_names[q->kind]));
	json_object_set_new(j, "question", text_or_null(q->text));
	json_object_set_new(j, "why", text_or_null(q->why));
	json_object_set_new(j, "where", text_or_null(q->where));
	json_object_set_new(j, "state", json_string(state_names[it->state]));
	json_object_set_new(j, "default", text_or_null(it->used));
	json_object_set_new(j, "blocking", json_boolean(q->blocking));
	json_object_set_new(j, "unlocks", text_or_null(q->unlocks));
	json_object_set_new(j, "reach", json_string(reach_names[it->reach]));
	json_object_set_new(j, "untested", json_text(str_of(rest)));
	json_object_set_new(j, "secret", json_boolean(q->secret));
	json_object_set_new(j, "answer", json_string(form_of(q)));
	json_object_set_new(j, "alternatives", json_from_strings(&q->alternatives));
	return j;
}

void
recipe_needs_json(const struct recipe_facts *f, struct buf *out)
{
	const struct recipe *r = f->recipe;
	struct item *items = make_items(r);
	OWN_JSON json_t *j = json_pack("{s:i, s:s, s:[]}", "version", 1, "outcome",
		run_outcome_names[r->outcome], "needs");
	for (size_t i = 0; i < r->questions.n; i++)
		json_array_append_new(json_object_get(j, "needs"), item_to_json(r, &items[i]));
	answers_redact_json(f->answers, j);
	json_print(j, 2, out);
	buf_putc(out, '\n');
	free(items);
}

static void
put_line(struct buf *out, const char *label, const char *text)
{
	if (!text)
		return;
	buf_printf(out, "- %s: ", label);
	buf_put_markdown(out, text);
	buf_putc(out, '\n');
}

static void
put_item(const struct recipe *r, const struct item *it, struct buf *out)
{
	const struct question *q = it->q;
	OWN_FREE char *rest = untested(r, it);
	OWN_FREE char *asked = mem_printf("%s%s%s%s", q->why ? q->why : "", q->where ? " (" : "",
		q->where ? q->where : "", q->where ? ")" : "");
	buf_puts(out, "## ");
	buf_put_markdown(out, q->text ? q->text : q->id);
	buf_puts(out, "\n\n- id: ");
	buf_put_markdown_code(out, q->id);
	buf_printf(out, "\n- %s; %s\n", q->blocking ? "blocking" : "not blocking",
		state_names[it->state]);
	put_line(out, "why", *asked ? asked : NULL);
	put_line(out, "used in its place", it->used);
	put_line(out, "an answer unlocks", q->unlocks);
	put_line(out, "untested without it", rest);
	put_line(out, "answer with", form_of(q));
	for (size_t i = 0; i < q->alternatives.n; i++)
		put_line(out, "alternative", q->alternatives.v[i]);
	buf_putc(out, '\n');
}

void
recipe_needs_md(const struct recipe_facts *f, struct buf *out)
{
	const struct recipe *r = f->recipe;
	struct item *items = make_items(r);
	OWN(buf) struct buf text = {0};
	buf_puts(&text, "# What is needed from you\n\n");
	buf_puts(&text,
		r->questions.n
			? "Answers are a JSON object by id, given with `--answers FILE`. What most waits "
			  "for comes first.\n\n"
			: "Nothing.\n");
	for (size_t i = 0; i < r->questions.n; i++)
		put_item(r, &items[i], &text);
	answers_redact(f->answers, buf_str(&text), out);
	free(items);
}
