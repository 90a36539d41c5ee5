#include "agents/chat.h"

#include <string.h>

const char *const model_api_names[] = {
	"anthropic-messages", "openai-responses", "openai-chat", "google-generate", "exec", NULL};
const char *const chat_role_names[] = {"user", "assistant", NULL};
const char *const chat_part_kind_names[] = {"text", "thinking", "call", "result", "other", NULL};
const char *const chat_effort_names[] = {
	"", "none", "minimal", "low", "medium", "high", "xhigh", "max", NULL};
const char *const chat_stop_names[] = {
	"unknown", "end", "calls", "length", "context", "pause", "refused", "bad-call", NULL};

#define P(member) offsetof(struct chat_part, member)
static const struct json_field part_fields[] = {
	{"kind", JSON_K_ENUM, P(kind), true, chat_part_kind_names, NULL, 0},
	{"text", JSON_K_STRING, P(text), false, NULL, NULL, 0},
	{"id", JSON_K_STRING, P(id), false, NULL, NULL, 0},
	{"name", JSON_K_STRING, P(name), false, NULL, NULL, 0},
	{"args", JSON_K_ANY, P(args), false, NULL, NULL, 0},
	{"args_text", JSON_K_STRING, P(args_text), false, NULL, NULL, 0},
	{"is_error", JSON_K_BOOL, P(is_error), false, NULL, NULL, 0},
	{"origin", JSON_K_ENUM, P(origin), false, model_api_names, NULL, 0},
	{"raw", JSON_K_ANY, P(raw), false, NULL, NULL, 0},
	{NULL, JSON_K_STRING, 0, false, NULL, NULL, 0},
};

static const struct json_field message_fields[] = {
	{"role", JSON_K_ENUM, offsetof(struct chat_message, role), true, chat_role_names, NULL, 0},
	{"parts", JSON_K_ARRAY, offsetof(struct chat_message, parts), true, NULL, part_fields,
		sizeof(struct chat_part)},
	{NULL, JSON_K_STRING, 0, false, NULL, NULL, 0},
};

#define U(member) offsetof(struct chat_usage, member)
static const struct json_field usage_fields[] = {
	{"known", JSON_K_BOOL, U(known), true, NULL, NULL, 0},
	{"input", JSON_K_INT, U(input), true, NULL, NULL, 0},
	{"cache_read", JSON_K_INT, U(cache_read), true, NULL, NULL, 0},
	{"cache_write", JSON_K_INT, U(cache_write), true, NULL, NULL, 0},
	{"output", JSON_K_INT, U(output), true, NULL, NULL, 0},
	{"thinking", JSON_K_INT, U(thinking), true, NULL, NULL, 0},
	{NULL, JSON_K_STRING, 0, false, NULL, NULL, 0},
};

#define A(member) offsetof(struct chat_answer, member)
static const struct json_field answer_fields[] = {
	{"message", JSON_K_OBJECT, A(message), true, NULL, message_fields, 0},
	{"stop", JSON_K_ENUM, A(stop), true, chat_stop_names, NULL, 0},
	{"stop_text", JSON_K_STRING, A(stop_text), false, NULL, NULL, 0},
	{"refusal", JSON_K_STRING, A(refusal), false, NULL, NULL, 0},
	{"model", JSON_K_STRING, A(model), false, NULL, NULL, 0},
	{"id", JSON_K_STRING, A(id), false, NULL, NULL, 0},
	{"usage", JSON_K_OBJECT, A(usage), true, NULL, usage_fields, 0},
	{NULL, JSON_K_STRING, 0, false, NULL, NULL, 0},
};

void
chat_message_cleanup(struct chat_message *m)
{
	json_release(message_fields, m);
	*m = (struct chat_message){0};
}

struct chat_part *
chat_message_add(struct chat_message *m, enum chat_part_kind kind)
{
	if (m->parts_cap < m->parts.n)
		m->parts_cap = m->parts.n; /* of a decoded message */
	m->parts.v = mem_grow(m->parts.v, m->parts.n, &m->parts_cap, sizeof(struct chat_part));
	struct chat_part *p = (struct chat_part *)m->parts.v + m->parts.n++;
	*p = (struct chat_part){.kind = (int)kind};
	return p;
}

const struct chat_part *
chat_message_part(const struct chat_message *m, size_t i)
{
	return i < m->parts.n ? (const struct chat_part *)m->parts.v + i : NULL;
}

void
chat_answer_cleanup(struct chat_answer *a)
{
	json_release(answer_fields, a);
	*a = (struct chat_answer){0};
}

char *
chat_answer_text(const struct chat_answer *a)
{
	OWN(buf) struct buf out = {0};
	const struct chat_part *p;
	for (size_t i = 0; (p = chat_message_part(&a->message, i)); i++)
		if (p->kind == PART_TEXT && p->text)
			buf_puts(&out, p->text);
	return buf_take(&out);
}

const struct chat_part *
chat_answer_call(const struct chat_answer *a, size_t n)
{
	const struct chat_part *p;
	for (size_t i = 0; (p = chat_message_part(&a->message, i)); i++)
		if (p->kind == PART_CALL && n-- == 0)
			return p;
	return NULL;
}

json_t *
chat_answer_to_json(const struct chat_answer *a)
{
	return json_encode(answer_fields, a);
}

int
chat_answer_from_json(const json_t *j, struct chat_answer *ret, struct dd_err *err)
{
	struct chat_answer a = {0};
	int rc = json_decode(j, answer_fields, false, &a, "answer", err);
	if (rc < 0)
		chat_answer_cleanup(&a);
	else
		*ret = a;
	return rc;
}

json_t *
chat_messages_to_json(const struct chat_message *m, size_t n)
{
	json_t *all = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, json_encode(message_fields, &m[i]));
	return all;
}
