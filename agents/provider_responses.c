/*
 * OpenAI Responses, without state at the server: what it thought comes back encrypted and is sent again
 * as it was.  The stream has no [DONE]; it ends with response.completed, .incomplete or .failed.
 */
#include "agents/reply.h"

#include <string.h>

/* ---- request ---- */

static json_t *
message_item(const char *role, const char *type, const char *text)
{
	json_t *content = json_pack("{s:s, s:o}", "type", type, "text", json_text(str_of(text)));
	if (strcmp(type, "output_text") == 0)
		json_object_set_new(content, "annotations", json_array());
	return json_pack("{s:s, s:s, s:[o]}", "type", "message", "role", role, "content", content);
}

static json_t *
part_item(const struct chat_part *p, int role)
{
	json_t *raw = request_raw(p, API_RESPONSES);
	if (raw)
		return raw;
	OWN_FREE char *args = NULL;
	switch ((enum chat_part_kind)p->kind) {
	case PART_TEXT:
		if (!p->text || !*p->text)
			return NULL;
		return role == CHAT_USER ? message_item("user", "input_text", p->text)
					 : message_item("assistant", "output_text", p->text);
	case PART_CALL:
		args = request_args_text(p);
		return json_pack("{s:s, s:o, s:o, s:o}", "type", "function_call", "call_id",
			json_text(str_of(p->id)), "name", json_text(str_of(p->name)), "arguments",
			json_text(str_of(args)));
	case PART_RESULT:
		return json_pack("{s:s, s:o, s:o}", "type", "function_call_output", "call_id",
			json_text(str_of(p->id)), "output", json_text(str_of(p->text)));
	case PART_THINKING:
	case PART_OTHER:
		break;
	}
	return NULL;
}

static json_t *
input_of(const struct chat_request *req)
{
	json_t *all = json_array();
	for (size_t i = 0; i < req->nmessages; i++) {
		const struct chat_part *p;
		for (size_t k = 0; (p = chat_message_part(&req->messages[i], k)); k++) {
			json_t *item = part_item(p, req->messages[i].role);
			if (item)
				json_array_append_new(all, item);
		}
	}
	return all;
}

static json_t *
tools_of(const struct model *m, const struct chat_request *req)
{
	json_t *all = json_array();
	for (size_t i = 0; i < req->ntools; i++) {
		const struct chat_tool *t = &req->tools[i];
		json_array_append_new(
			all, json_pack("{s:s, s:o, s:o, s:o, s:b}", "type", "function", "name",
				     json_text(str_of(t->name)), "description",
				     json_text(str_of(t->description)), "parameters",
				     m->abilities.strict ? request_strict_schema(t->schema)
							 : json_incref(t->schema),
				     "strict", (int)m->abilities.strict));
	}
	return all;
}

static json_t *
choice_of(const struct chat_request *req)
{
	static const char *const names[] = {"auto", "required", "none"};
	if (req->choice == CHOICE_ONE)
		return json_pack("{s:s, s:o}", "type", "function", "name",
			json_text(str_of(req->choice_name)));
	return json_string(names[req->choice]);
}

static json_t *
make_body(const struct model *m, const struct chat_request *req)
{
	json_t *body = json_pack("{s:o}", "model", json_text(str_of(m->id)));
	if (req->system && *req->system)
		json_object_set_new(body, "instructions", json_text(str_of(req->system)));
	json_object_set_new(body, "input", input_of(req));
	if (req->ntools) {
		json_object_set_new(body, "tools", tools_of(m, req));
		json_object_set_new(body, "tool_choice", choice_of(req));
		json_object_set_new(body, "parallel_tool_calls",
			json_boolean(m->abilities.parallel && !req->one_call));
	}
	if (m->abilities.thinking != THINKING_NONE) {
		if (req->effort != EFFORT_DEFAULT)
			json_object_set_new(body, "reasoning",
				json_pack("{s:s}", "effort", chat_effort_names[req->effort]));
		json_object_set_new(
			body, "include", json_pack("[s]", "reasoning.encrypted_content"));
	}
	if (req->format && m->abilities.format)
		json_object_set_new(body, "text",
			json_pack("{s:{s:s, s:s, s:b, s:o}}", "format", "type", "json_schema",
				"name", "answer", "strict", 1, "schema",
				request_strict_schema(req->format)));
	json_object_set_new(body, "max_output_tokens", json_integer((json_int_t)req->max_output));
	json_object_set_new(body, "store", json_false());
	if (req->cache && m->abilities.cache && req->conversation)
		json_object_set_new(body, "prompt_cache_key", json_text(str_of(req->conversation)));
	if (m->abilities.stream)
		json_object_set_new(body, "stream", json_true());
	request_add_sampling(body, m);
	return body;
}

static char *
path(const struct model *m)
{
	(void)m;
	return mem_strdup("/responses");
}

static char *
count_path(const struct model *m)
{
	(void)m;
	return mem_strdup("/responses/input_tokens");
}

static json_t *
count_body(const struct model *m, const json_t *body)
{
	static const char *const keys[] = {"model", "instructions", "input", "tools", "tool_choice",
		"parallel_tool_calls", "reasoning", "text", NULL};
	(void)m;
	return request_pick(body, keys);
}

/* ---- answer ---- */

/* Its input counts what came from the cache, too. */
static void
take_usage(struct chat_usage *u, const json_t *usage)
{
	if (!json_is_object(usage))
		return;
	const json_t *in = json_object_get(usage, "input_tokens_details"),
		     *out = json_object_get(usage, "output_tokens_details");
	int64_t cached = reply_int(in, "cached_tokens"), all = reply_int(usage, "input_tokens");
	u->known = true;
	u->cache_read = cached < all ? cached : all;
	u->input = all - u->cache_read;
	u->output = reply_int(usage, "output_tokens");
	u->thinking = reply_int(out, "reasoning_tokens");
}

static void
take_message(struct chat_reply *r, struct reply_block *b, const json_t *item)
{
	size_t i;
	json_t *c;
	buf_reset(&b->text);
	json_array_foreach (json_object_get(item, "content"), i, c) {
		const char *text = reply_text(c, "text"), *refusal = reply_text(c, "refusal");
		if (text)
			buf_puts(&b->text, text);
		if (refusal) {
			reply_set(&r->answer.refusal, refusal);
			r->answer.stop = STOP_REFUSED;
		}
	}
}

/* An item of the output that is whole. */
static void
take_item(struct chat_reply *r, int64_t index, const json_t *item)
{
	const char *type = reply_text(item, "type");
	enum chat_part_kind kind = !type				? PART_OTHER
				   : strcmp(type, "message") == 0	? PART_TEXT
				   : strcmp(type, "function_call") == 0 ? PART_CALL
				   : strcmp(type, "reasoning") == 0	? PART_THINKING
									: PART_OTHER;
	struct reply_block *b = reply_block(r, index, kind);
	const char *args = reply_text(item, "arguments");
	b->kind = kind;
	json_decref(b->raw);
	b->raw = kind == PART_THINKING || kind == PART_OTHER ? json_deep_copy(item) : NULL;
	if (kind == PART_TEXT)
		take_message(r, b, item);
	if (kind != PART_CALL)
		return;
	reply_set(&b->id, reply_text(item, "call_id"));
	reply_set(&b->name, reply_text(item, "name"));
	buf_reset(&b->args);
	buf_puts(&b->args, args ? args : "");
}

static void
take_end(struct chat_reply *r, const json_t *response)
{
	const char *status = reply_text(response, "status");
	const char *why = reply_text(json_object_get(response, "incomplete_details"), "reason");
	const json_t *error = json_object_get(response, "error");
	reply_set(&r->answer.id, reply_text(response, "id"));
	reply_set(&r->answer.model, reply_text(response, "model"));
	take_usage(&r->answer.usage, json_object_get(response, "usage"));
	reply_set(&r->answer.stop_text, why ? why : status);
	if (json_is_object(error) || (status && strcmp(status, "failed") == 0)) {
		failure_from_error(&r->failure, error);
		return;
	}
	r->done = true;
	if (why && strcmp(why, "max_output_tokens") == 0)
		r->answer.stop = STOP_LENGTH;
	else if (why && strcmp(why, "content_filter") == 0)
		r->answer.stop = STOP_REFUSED;
	else if (r->answer.stop != STOP_REFUSED)
		r->answer.stop = why ? STOP_UNKNOWN : STOP_END;
	if (r->answer.stop == STOP_REFUSED && !r->answer.refusal)
		reply_set(&r->answer.refusal, why);
}

static int
on_event(struct chat_reply *r, const json_t *e, struct dd_err *err)
{
	const char *type = reply_text(e, "type");
	int64_t index = reply_int(e, "output_index");
	(void)err;
	if (!type)
		return 0;
	if (strcmp(type, "response.output_text.delta") == 0) {
		reply_add_text(r, reply_block(r, index, PART_TEXT), reply_text(e, "delta"));
	} else if (strcmp(type, "response.output_item.done") == 0) {
		take_item(r, index, json_object_get(e, "item"));
	} else if (strcmp(type, "response.output_item.added") == 0 ||
		   strcmp(type, "response.created") == 0) {
		r->begun = true;
	} else if (strcmp(type, "response.completed") == 0 ||
		   strcmp(type, "response.incomplete") == 0 ||
		   strcmp(type, "response.failed") == 0) {
		take_end(r, json_object_get(e, "response"));
	} else if (strcmp(type, "error") == 0) {
		const json_t *inner = json_object_get(e, "error");
		/* Its own type says "error", and nothing of what went wrong. */
		OWN_JSON json_t *plain = json_deep_copy(inner ? inner : e);
		if (!inner)
			json_object_del(plain, "type");
		failure_from_error(&r->failure, plain);
	}
	return 0;
}

static int
on_whole(struct chat_reply *r, const json_t *response, struct dd_err *err)
{
	size_t i;
	json_t *item;
	if (!json_is_array(json_object_get(response, "output")))
		return err_set(err, DD_ECORRUPT, "the answer has no output");
	json_array_foreach (json_object_get(response, "output"), i, item) {
		take_item(r, (int64_t)i, item);
	}
	take_end(r, response);
	return 0;
}

const struct api_ops api_responses = {
	.body = make_body,
	.path = path,
	.count_path = count_path,
	.count_body = count_body,
	.count_key = "input_tokens",
	.on_event = on_event,
	.on_whole = on_whole,
};
