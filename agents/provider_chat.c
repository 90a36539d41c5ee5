/*
 * OpenAI Chat Completions, and what calls itself compatible with it: usage, the index of a call and its
 * id may be missing, arguments may be an object, and "stop" may stand where calls wait for results.
 */
#include "agents/reply.h"

#include <string.h>

#define TEXT_INDEX (-1)
#define THINKING_INDEX (-2)

/* ---- request ---- */

static json_t *
call_of(const struct chat_part *p)
{
	OWN_FREE char *args = request_args_text(p);
	return json_pack("{s:o, s:s, s:{s:o, s:o}}", "id", json_text(str_of(p->id)), "type",
		"function", "function", "name", json_text(str_of(p->name)), "arguments",
		json_text(str_of(args)));
}

/* Results are messages of their own; the rest of a message is one. */
static void
add_message(json_t *all, const struct chat_message *m)
{
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *calls = json_array();
	const struct chat_part *p;
	for (size_t i = 0; (p = chat_message_part(m, i)); i++) {
		if (p->kind == PART_TEXT && p->text)
			buf_puts(&text, p->text);
		if (p->kind == PART_CALL)
			json_array_append_new(calls, call_of(p));
		if (p->kind == PART_RESULT)
			json_array_append_new(all, json_pack("{s:s, s:o, s:o}", "role", "tool",
							   "tool_call_id", json_text(str_of(p->id)),
							   "content", json_text(str_of(p->text))));
	}
	if (!text.n && !json_array_size(calls))
		return;
	json_t *message = json_pack("{s:s, s:o}", "role", chat_role_names[m->role], "content",
		text.n ? json_text(buf_str(&text)) : json_null());
	if (json_array_size(calls))
		json_object_set(message, "tool_calls", calls);
	json_array_append_new(all, message);
}

static json_t *
tools_of(const struct model *m, const struct chat_request *req)
{
	json_t *all = json_array();
	for (size_t i = 0; i < req->ntools; i++) {
		const struct chat_tool *t = &req->tools[i];
		json_t *f = json_pack("{s:o, s:o, s:o}", "name", json_text(str_of(t->name)),
			"description", json_text(str_of(t->description)), "parameters",
			m->abilities.strict ? request_strict_schema(t->schema)
					    : json_incref(t->schema));
		if (m->abilities.strict)
			json_object_set_new(f, "strict", json_true());
		json_array_append_new(
			all, json_pack("{s:s, s:o}", "type", "function", "function", f));
	}
	return all;
}

static json_t *
choice_of(const struct chat_request *req)
{
	static const char *const names[] = {"auto", "required", "none"};
	if (req->choice == CHOICE_ONE)
		return json_pack("{s:s, s:{s:o}}", "type", "function", "function", "name",
			json_text(str_of(req->choice_name)));
	return json_string(names[req->choice]);
}

static json_t *
make_body(const struct model *m, const struct chat_request *req)
{
	json_t *messages = json_array();
	bool reasons = m->abilities.thinking != THINKING_NONE;
	if (req->system && *req->system)
		json_array_append_new(messages, json_pack("{s:s, s:o}", "role", "system", "content",
							json_text(str_of(req->system))));
	for (size_t i = 0; i < req->nmessages; i++)
		add_message(messages, &req->messages[i]);
	json_t *body =
		json_pack("{s:o, s:o}", "model", json_text(str_of(m->id)), "messages", messages);
	if (req->ntools) {
		json_object_set_new(body, "tools", tools_of(m, req));
		json_object_set_new(body, "tool_choice", choice_of(req));
		if (req->one_call && m->abilities.parallel)
			json_object_set_new(body, "parallel_tool_calls", json_false());
	}
	if (req->format && m->abilities.format)
		json_object_set_new(body, "response_format",
			json_pack("{s:s, s:{s:s, s:b, s:o}}", "type", "json_schema", "json_schema",
				"name", "answer", "strict", 1, "schema",
				request_strict_schema(req->format)));
	/* Older and local servers know the first name only, those that reason the second. */
	json_object_set_new(body, reasons ? "max_completion_tokens" : "max_tokens",
		json_integer((json_int_t)req->max_output));
	if (reasons && req->effort != EFFORT_DEFAULT)
		json_object_set_new(
			body, "reasoning_effort", json_string(chat_effort_names[req->effort]));
	if (req->cache && m->abilities.cache && req->conversation)
		json_object_set_new(body, "prompt_cache_key", json_text(str_of(req->conversation)));
	if (m->abilities.stream) {
		json_object_set_new(body, "stream", json_true());
		json_object_set_new(body, "stream_options", json_pack("{s:b}", "include_usage", 1));
	}
	request_add_sampling(body, m);
	return body;
}

static char *
path(const struct model *m)
{
	(void)m;
	return mem_strdup("/chat/completions");
}

/* ---- answer ---- */

static void
take_usage(struct chat_usage *u, const json_t *usage)
{
	if (!json_is_object(usage))
		return;
	const json_t *in = json_object_get(usage, "prompt_tokens_details");
	int64_t cached = reply_int(in, "cached_tokens"), all = reply_int(usage, "prompt_tokens");
	u->known = true;
	u->cache_read = cached < all ? cached : all;
	u->input = all - u->cache_read;
	u->output = reply_int(usage, "completion_tokens");
	u->thinking =
		reply_int(json_object_get(usage, "completion_tokens_details"), "reasoning_tokens");
}

static void
take_stop(struct chat_reply *r, const char *finish)
{
	static const struct {
		const char *word;
		enum chat_stop stop;
	} words[] = {{"stop", STOP_END}, {"tool_calls", STOP_CALLS}, {"function_call", STOP_CALLS},
		{"length", STOP_LENGTH}, {"content_filter", STOP_REFUSED}};
	if (!finish)
		return;
	reply_set(&r->answer.stop_text, finish);
	r->done = true;
	if (r->answer.refusal) {
		r->answer.stop = STOP_REFUSED;
		return;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i].word, finish) == 0)
			r->answer.stop = (int)words[i].stop;
	if (r->answer.stop == STOP_REFUSED)
		reply_set(&r->answer.refusal, finish);
}

/* Without an index a call with a name begins a new one, and the rest belongs to the last. */
static int64_t
index_of(struct chat_reply *r, const json_t *call, const char *name)
{
	const json_t *index = json_object_get(call, "index");
	int64_t calls = 0;
	if (json_is_integer(index))
		return (int64_t)json_integer_value(index);
	for (size_t i = 0; i < r->nblocks; i++)
		calls += r->blocks[i].kind == PART_CALL;
	return name || !calls ? calls : calls - 1;
}

static void
take_call(struct chat_reply *r, const json_t *call)
{
	const json_t *f = json_object_get(call, "function"),
		     *args = json_object_get(f, "arguments");
	const char *name = reply_text(f, "name"), *id = reply_text(call, "id");
	struct reply_block *b = reply_block(r, index_of(r, call, name), PART_CALL);
	if (id && *id)
		reply_set(&b->id, id);
	if (name && *name && !b->name)
		b->name = mem_strdup(name);
	if (json_is_string(args))
		buf_puts(&b->args, json_string_value(args));
	else if (json_is_object(args) && !b->args_object)
		b->args_object = json_incref((json_t *)args);
}

/* A delta of a chunk, or the message of a whole answer. */
static void
take_delta(struct chat_reply *r, const json_t *delta)
{
	const char *text = reply_text(delta, "content"), *refusal = reply_text(delta, "refusal");
	const char *thought = reply_text(delta, "reasoning_content");
	size_t i;
	json_t *call;
	if (thought)
		reply_add_text(r, reply_block(r, THINKING_INDEX, PART_THINKING), thought);
	if (text && *text)
		reply_add_text(r, reply_block(r, TEXT_INDEX, PART_TEXT), text);
	if (refusal && *refusal) {
		OWN_FREE char *all =
			mem_printf("%s%s", r->answer.refusal ? r->answer.refusal : "", refusal);
		reply_set(&r->answer.refusal, all);
	}
	json_array_foreach (json_object_get(delta, "tool_calls"), i, call) {
		take_call(r, call);
	}
}

/* A result has to name its call. */
static void
name_calls(struct chat_reply *r)
{
	for (size_t i = 0; i < r->nblocks; i++)
		if (r->blocks[i].kind == PART_CALL && !r->blocks[i].id)
			r->blocks[i].id = mem_printf("call_%zu", i);
}

static int
take_chunk(struct chat_reply *r, const json_t *chunk, const char *key)
{
	const json_t *error = json_object_get(chunk, "error");
	const json_t *choice = json_array_get(json_object_get(chunk, "choices"), 0);
	if (error && !json_is_null(error)) {
		failure_from_error(&r->failure, error);
		return 0;
	}
	r->begun = true;
	reply_set(&r->answer.id, reply_text(chunk, "id"));
	reply_set(&r->answer.model, reply_text(chunk, "model"));
	take_usage(&r->answer.usage, json_object_get(chunk, "usage"));
	if (!choice)
		return 0;
	take_delta(r, json_object_get(choice, key));
	take_stop(r, reply_text(choice, "finish_reason"));
	name_calls(r);
	return 0;
}

static int
on_event(struct chat_reply *r, const json_t *chunk, struct dd_err *err)
{
	(void)err;
	return take_chunk(r, chunk, "delta");
}

static int
on_whole(struct chat_reply *r, const json_t *answer, struct dd_err *err)
{
	if (!json_object_get(answer, "choices") && !json_object_get(answer, "error"))
		return err_set(err, DD_ECORRUPT, "the answer has no choices");
	return take_chunk(r, answer, "message");
}

const struct api_ops api_chat = {
	.body = make_body,
	.path = path,
	.on_event = on_event,
	.on_whole = on_whole,
};
