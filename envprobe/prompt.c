#include "envprobe/prompt.h"

#include <string.h>

#define MAX_ASKED 200

void
prompter_cleanup(struct prompter *p)
{
	prompt_answer_list_cleanup(&p->given);
	question_list_cleanup(&p->questions);
	strlist_cleanup(&p->texts);
}

/* What stands behind the last newline: the question, without terminal escapes. */
static struct str
last_line(struct str tail)
{
	while (tail.n && (tail.p[tail.n - 1] == '\n' || tail.p[tail.n - 1] == '\r'))
		tail.n--;
	const char *nl = tail.n ? memrchr(tail.p, '\n', tail.n) : NULL;
	if (nl)
		tail = (struct str){nl + 1, tail.n - (size_t)(nl + 1 - tail.p)};
	return str_trim(tail);
}

char *
prompt_default(struct str prompt)
{
	const char *open = prompt.n ? memrchr(prompt.p, '[', prompt.n) : NULL;
	if (!open)
		return NULL;
	size_t rest = prompt.n - (size_t)(open + 1 - prompt.p);
	const char *close = memchr(open + 1, ']', rest);
	if (!close || close == open + 1)
		return NULL;
	struct str inner = {open + 1, (size_t)(close - open - 1)};
	/* "[Y/n]": the capital one is what an empty line means; "[y/n]" offers none. */
	if (memchr(inner.p, '/', inner.n)) {
		struct str one;
		while (str_next(&inner, '/', &one))
			if (one.n && one.p[0] >= 'A' && one.p[0] <= 'Z')
				return str_dup(one);
		return NULL;
	}
	return str_dup(inner);
}

/* The prompt without the default that it shows, which is often filled in. */
static struct str
asked_text(struct str prompt)
{
	const char *open = prompt.n ? memchr(prompt.p, '[', prompt.n) : NULL;
	return open ? str_trim((struct str){prompt.p, (size_t)(open - prompt.p)}) : prompt;
}

static struct question *
find_question(struct prompter *p, const char *id)
{
	struct question *q = question_list_find(&p->questions, id);
	if (q)
		return q;
	q = question_list_add(&p->questions);
	q->id = mem_strdup(id);
	q->kind = Q_PROMPT;
	return q;
}

static void
record(struct prompter *p, const char *id, const char *default_value)
{
	struct prompt_answer *a = prompt_answer_list_add(&p->given);
	a->question = mem_strdup(id);
	a->value = default_value ? mem_strdup(default_value) : NULL;
	a->run = p->run ? mem_strdup(p->run) : NULL;
}

char *
prompter_answer(void *ctx, struct str tail)
{
	struct prompter *p = ctx;
	OWN(buf) struct buf plain = {0};
	answers_redact(p->answers, tail, &plain);
	struct str line = last_line(buf_str(&plain));
	OWN_FREE char *slug = question_slug(line);
	OWN_FREE char *id = mem_printf("prompt:%s", *slug ? slug : "unnamed");
	OWN_FREE char *default_value = prompt_default(line);
	const char *value = NULL;
	if (p->asked++ >= MAX_ASKED)
		return NULL;
	struct question *q = find_question(p, id);
	if (!q->text) {
		OWN(buf) struct buf visible = {.max = 300};
		buf_put_visible(&visible, line);
		q->text = mem_printf("A step asks: %s", visible.p ? visible.p : "(nothing)");
		strlist_add_str(&p->texts, asked_text(line));
		q->why = mem_printf("\"%s\" reads the answer from its terminal and waits",
			p->run ? p->run : "");
		q->unlocks = mem_strdup("the step that asks, and all that follows");
		q->default_value = default_value ? mem_strdup(default_value) : NULL;
	}
	enum answer_state state = answers_get(p->answers, id, &value);
	if (state == ANSWER_GIVEN) {
		record(p, id, NULL);
		return mem_printf("%s\n", value);
	}
	if (state == ANSWER_DECLINED)
		return mem_strdup("\004"); /* end of file, as a person who has no answer would type */
	if (default_value) {
		record(p, id, default_value);
		return mem_strdup("\n");
	}
	q->blocking = true;
	return NULL;
}

const struct question *
prompter_unanswered(const struct prompter *p)
{
	for (size_t i = 0; i < p->questions.n; i++)
		if (p->questions.v[i].blocking)
			return &p->questions.v[i];
	return NULL;
}
