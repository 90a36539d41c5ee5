#include "agents/brief.h"

#include <string.h>

#define BRIEF_TOKENS 2000

static void
put_all(struct buf *out, const char *title, const struct strlist *l)
{
	buf_printf(out, "<%s>\n", title);
	for (size_t i = 0; l && i < l->n; i++)
		buf_printf(out, "- %s\n", l->v[i]);
	buf_printf(out, "</%s>\n", title);
}

static bool
has_all(const char *text, const struct strlist *l)
{
	for (size_t i = 0; l && i < l->n; i++)
		if (!strstr(text, l->v[i]))
			return false;
	return true;
}

static char *
question(const struct model *reader, const struct agent_task *t)
{
	OWN(buf) struct buf out = {0};
	buf_printf(&out, "<guide model=\"%s\">\n%s\n</guide>\n<task>\n%s\n</task>\n", reader->id,
		reader->guide ? reader->guide : "", t->goal);
	put_all(&out, "requirements", t->requirements);
	put_all(&out, "rules", t->rules);
	buf_puts(&out, "<tools>\n");
	for (size_t i = 0; i < t->ntools; i++)
		buf_printf(&out, "- %s: %s\n", t->tools[i].name, t->tools[i].description);
	buf_puts(&out,
		"</tools>\nWrite the prompt with which that model will do the task well, as the guide says. Every requirement and every rule "
		"must stand in it word for word, with its id. Add no requirement. Answer with the prompt and nothing else.\n");
	return buf_take(&out);
}

int
brief_write(struct calls *c, const struct model *writer, const struct model *reader,
	const struct agent_task *t, const char *key, char **ret_goal, bool *ret_written,
	struct dd_err *err)
{
	struct chat_message m = {.role = CHAT_USER};
	OWN(chat_answer) struct chat_answer a = {0};
	int64_t most = writer->context.max_output < BRIEF_TOKENS ? writer->context.max_output
								 : BRIEF_TOKENS;
	chat_message_add(&m, PART_TEXT)->text = question(reader, t);
	const struct chat_request req = {
		.messages = &m, .nmessages = 1, .max_output = most, .conversation = t->name};
	const struct call_spec spec = {
		.key = key, .model = writer, .req = &req, .parent = t->parent, .watch = t->watch};
	int rc = calls_chat(c, &spec, &a, NULL, err);
	chat_message_cleanup(&m);
	if (rc < 0)
		return rc;
	OWN_FREE char *text = chat_answer_text(&a);
	bool whole = a.stop == STOP_END && *text && has_all(text, t->requirements) &&
		     has_all(text, t->rules);
	*ret_written = whole;
	*ret_goal = whole ? TAKE(text) : mem_strdup(t->goal);
	return 0;
}
