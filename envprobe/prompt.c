#include "envprobe/prompt.h"

#include "envprobe/envprobe.h"

#include <ctype.h>
#include <string.h>

#define MAX_ASKED 200

void
prompter_cleanup(struct prompter *p)
{
	prompt_answer_list_cleanup(&p->given);
	question_list_cleanup(&p->questions);
	strlist_cleanup(&p->texts);
}

/* Take the last line off, trimmed; false when nothing is left. */
static bool
pop_line(struct str *text, struct str *ret)
{
	if (!text->n)
		return false;
	const char *nl = memrchr(text->p, '\n', text->n);
	size_t start = nl ? (size_t)(nl + 1 - text->p) : 0;
	*ret = str_trim((struct str){text->p + start, text->n - start});
	text->n = nl ? start - 1 : 0;
	return true;
}

/* Does it say anything, beside a [default]? */
static bool
has_words(struct str line)
{
	OWN_FREE char *slug = question_slug(line);
	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] >= 0x80)
			return true;
	return *slug != '\0';
}

/* "1) sqlite", "b. pg", "[3] none", "12: other": one of several that can be chosen. */
static bool
is_menu_entry(struct str line)
{
	bool open = line.n && (line.p[0] == '[' || line.p[0] == '(');
	size_t i = open, digits = 0;
	while (i < line.n && isdigit((unsigned char)line.p[i]) && digits < 4)
		i++, digits++;
	if (!digits && i < line.n && isalpha((unsigned char)line.p[i]))
		i++;
	if (i == open || i >= line.n || !strchr(open ? "])" : ").:", line.p[i]))
		return false;
	return i + 1 < line.n && (line.p[i + 1] == ' ' || line.p[i + 1] == '\t');
}

/*
 * The line that asks.  It is the last one, unless that is an entry of a menu or says nothing, such
 * as the "#? " of a shell's select: then the one above these.
 */
static struct str
asking_line(struct str tail)
{
	struct str line, last = {"", 0};
	while (pop_line(&tail, &line)) {
		if (!last.n)
			last = line;
		if (has_words(line) && !is_menu_entry(line))
			return line;
	}
	return last;
}

/* From the line that asks to the end, as one line. */
static void
put_question(struct buf *out, struct str asks, struct str tail)
{
	struct str rest = {asks.p, (size_t)(tail.p + tail.n - asks.p)}, line;
	for (bool first = true; str_next_line(&rest, &line); first = false) {
		line = str_trim(line);
		if (!line.n)
			continue;
		buf_puts(out, first ? "" : " / ");
		buf_put_visible(out, line);
	}
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
	/* "[Y/n]": the capital one is what an empty line means; "[y/n]" offers none.  A path does.
	 */
	if (!strchr("/.~", inner.p[0]) && memchr(inner.p, '/', inner.n)) {
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

/* Of the last line that says anything, or of the one that asks. */
static char *
last_default(struct str asks, struct str tail)
{
	struct str last = {"", 0};
	while (!last.n && pop_line(&tail, &last))
		;
	char *value = is_menu_entry(last) ? NULL : prompt_default(last);
	return value ? value : prompt_default(asks);
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
	struct str line = asking_line(buf_str(&plain));
	OWN_FREE char *slug = question_slug(line);
	OWN_FREE char *id = mem_printf("prompt:%s", *slug ? slug : "unnamed");
	OWN_FREE char *default_value = last_default(line, buf_str(&plain));
	const char *value = NULL;
	if (p->asked++ >= MAX_ASKED)
		return NULL;
	struct question *q = find_question(p, id);
	if (!q->text) {
		OWN(buf) struct buf visible = {.max = 300};
		put_question(&visible, line, buf_str(&plain));
		q->text = mem_printf("A step asks: %s", visible.p ? visible.p : "(nothing)");
		strlist_add_str(&p->texts, asked_text(line));
		q->why = mem_printf("\"%s\" reads the answer from its terminal and waits",
			p->run ? p->run : "");
		q->unlocks = mem_strdup("the step that asks, and all that follows");
		q->secret = answers_is_secret(p->answers, id);
		q->default_value = default_value ? mem_strdup(default_value) : NULL;
	}
	enum answer_state state = answers_get(p->answers, id, &value);
	if (state == ANSWER_GIVEN) {
		record(p, id, NULL);
		return mem_printf("%s\n", value);
	}
	if (state == ANSWER_DECLINED)
		return mem_strdup(
			"\004"); /* end of file, as a person who has no answer would type */
	if (default_value) {
		record(p, id, default_value);
		return mem_strdup("\n");
	}
	q->blocking = true;
	return NULL;
}

struct prompter *
probe_prompter_create(struct answers *answers)
{
	struct prompter *p = mem_new(struct prompter);
	p->answers = answers;
	return p;
}

void
probe_prompter_destroy(struct prompter *p)
{
	if (!p)
		return;
	prompter_cleanup(p);
	free(p);
}

char *
probe_answer_prompt(void *ctx, const char *run, struct str tail)
{
	struct prompter *p = ctx;
	p->run = run;
	return prompter_answer(p, tail);
}

const struct question_list *
probe_prompter_questions(const struct prompter *p)
{
	return &p->questions;
}

const struct question *
prompter_unanswered(const struct prompter *p)
{
	return question_list_blocking(&p->questions);
}
