/*
 * Anthropic Messages, of the versions 2023-06-01 and 2026-10-21: the newer one refuses sampling
 * parameters even at their defaults, so none is sent unless an entry's `sampling` has it.
 */
#include "agents/reply.h"

#include <string.h>

#define THINK_LEAST 1024 /* tokens; also what is left for the answer itself */

static const char *const stops[] = {"end_turn", "stop_sequence", "tool_use", "max_tokens",
	"model_context_window_exceeded", "pause_turn", "refusal", NULL};
static const enum chat_stop stop_kinds[] = {
	STOP_END, STOP_END, STOP_CALLS, STOP_LENGTH, STOP_CONTEXT, STOP_PAUSE, STOP_REFUSED};

/* ---- request ---- */

static void
mark(json_t *block)
{
	json_object_set_new(block, "cache_control", json_pack("{s:s}", "type", "ephemeral"));
}

static json_t *
text_block(const char *text)
{
	return json_pack("{s:s, s:o}", "type", "text", "text", json_text(str_of(text)));
}

static json_t *
part_block(const struct chat_part *p)
{
	json_t *raw = request_raw(p, API_ANTHROPIC), *b;
	if (raw)
		return raw;
	switch ((enum chat_part_kind)p->kind) {
	case PART_TEXT:
		return p->text && *p->text ? text_block(p->text) : NULL;
	case PART_CALL:
		return json_pack("{s:s, s:o, s:o, s:o}", "type", "tool_use", "id",
			json_text(str_of(p->id)), "name", json_text(str_of(p->name)), "input",
			request_args(p));
	case PART_RESULT:
		b = json_pack("{s:s, s:o, s:o}", "type", "tool_result", "tool_use_id",
			json_text(str_of(p->id)), "content", json_text(str_of(p->text)));
		if (p->is_error)
			json_object_set_new(b, "is_error", json_true());
		return b;
	case PART_THINKING:
	case PART_OTHER:
		break;
	}
	return NULL; /* another vendor's thoughts */
}

/*
 * All results of one turn belong into one message, so that neighbours of one role are joined.
 */
static json_t *
messages_of(const struct chat_request *req)
{
	json_t *all = json_array();
	for (size_t i = 0; i < req->nmessages; i++) {
		const struct chat_message *m = &req->messages[i];
		const char *role = chat_role_names[m->role];
		json_t *last =
			json_array_size(all) ? json_array_get(all, json_array_size(all) - 1) : NULL;
		if (!last || strcmp(reply_text(last, "role"), role) != 0) {
			last = json_pack("{s:s, s:[]}", "role", role, "content");
			json_array_append_new(all, last);
		}
		const struct chat_part *p;
		for (size_t k = 0; (p = chat_message_part(m, k)); k++) {
			json_t *block = part_block(p);
			if (block)
				json_array_append_new(json_object_get(last, "content"), block);
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
		json_t *tool = json_pack("{s:o, s:o}", "name", json_text(str_of(t->name)),
			"description", json_text(str_of(t->description)));
		json_object_set_new(tool, "input_schema",
			m->abilities.strict ? request_strict_schema(t->schema)
					    : json_incref(t->schema));
		if (m->abilities.strict)
			json_object_set_new(tool, "strict", json_true());
		json_array_append_new(all, tool);
	}
	return all;
}

static json_t *
choice_of(const struct chat_request *req)
{
	static const char *const names[] = {"auto", "any", "none", "tool"};
	json_t *c = json_pack("{s:s}", "type", names[req->choice]);
	if (req->choice == CHOICE_ONE)
		json_object_set_new(c, "name", json_text(str_of(req->choice_name)));
	if (req->one_call && req->choice != CHOICE_NONE)
		json_object_set_new(c, "disable_parallel_tool_use", json_true());
	return c;
}

/* The prefix that is sent again: tools and system, then the conversation so far. */
static void
mark_prefix(json_t *body)
{
	json_t *system = json_object_get(body, "system"), *tools = json_object_get(body, "tools");
	json_t *fixed = system ? system : tools;
	json_t *messages = json_object_get(body, "messages");
	if (json_array_size(fixed))
		mark(json_array_get(fixed, json_array_size(fixed) - 1));
	json_t *last = json_array_get(messages, json_array_size(messages) - 1);
	json_t *content = json_object_get(last, "content");
	const char *type =
		reply_text(json_array_get(content, json_array_size(content) - 1), "type");
	if (type && (strcmp(type, "text") == 0 || strcmp(type, "tool_result") == 0))
		mark(json_array_get(content, json_array_size(content) - 1));
}

static void
add_thinking(json_t *body, const struct model *m, const struct chat_request *req)
{
	static const int64_t budgets[] = {[EFFORT_MINIMAL] = 1024,
		[EFFORT_LOW] = 2048,
		[EFFORT_MEDIUM] = 8192,
		[EFFORT_HIGH] = 16384,
		[EFFORT_XHIGH] = 32768,
		[EFFORT_MAX] = 65536};
	if (m->abilities.thinking == THINKING_NONE || req->effort == EFFORT_DEFAULT)
		return;
	if (req->effort == EFFORT_NONE) {
		json_object_set_new(body, "thinking", json_pack("{s:s}", "type", "disabled"));
		return;
	}
	if (m->abilities.thinking == THINKING_BUDGET) {
		int64_t most = req->max_output - THINK_LEAST, budget = budgets[req->effort];
		if (most >= THINK_LEAST)
			json_object_set_new(body, "thinking",
				json_pack("{s:s, s:I}", "type", "enabled", "budget_tokens",
					(json_int_t)(budget < most ? budget : most)));
		return;
	}
	json_object_set_new(body, "thinking", json_pack("{s:s}", "type", "adaptive"));
	const char *effort =
		chat_effort_names[req->effort == EFFORT_MINIMAL ? EFFORT_LOW : req->effort];
	json_object_set_new(body, "output_config", json_pack("{s:s}", "effort", effort));
}

static json_t *
make_body(const struct model *m, const struct chat_request *req)
{
	json_t *body = json_pack("{s:o, s:I}", "model", json_text(str_of(m->id)), "max_tokens",
		(json_int_t)req->max_output);
	if (req->system && *req->system)
		json_object_set_new(body, "system", json_pack("[o]", text_block(req->system)));
	if (req->ntools) {
		json_object_set_new(body, "tools", tools_of(m, req));
		json_object_set_new(body, "tool_choice", choice_of(req));
	}
	json_object_set_new(body, "messages", messages_of(req));
	add_thinking(body, m, req);
	if (req->format && m->abilities.format) {
		json_t *config = json_object_get(body, "output_config");
		if (!config)
			json_object_set_new(body, "output_config", config = json_object());
		json_object_set_new(config, "format",
			json_pack("{s:s, s:o}", "type", "json_schema", "schema",
				request_strict_schema(req->format)));
	}
	if (req->cache && m->abilities.cache)
		mark_prefix(body);
	if (m->abilities.stream)
		json_object_set_new(body, "stream", json_true());
	request_add_sampling(body, m);
	return body;
}

static char *
path(const struct model *m)
{
	(void)m;
	return mem_strdup("/v1/messages");
}

static char *
count_path(const struct model *m)
{
	(void)m;
	return mem_strdup("/v1/messages/count_tokens");
}

static json_t *
count_body(const struct model *m, const json_t *body)
{
	static const char *const keys[] = {"model", "system", "tools", "tool_choice", "messages",
		"thinking", "output_config", NULL};
	(void)m;
	return request_pick(body, keys);
}

/* ---- answer ---- */

/* The three counters of input are disjoint, and cumulative over the stream. */
static void
take_usage(struct chat_usage *u, const json_t *usage)
{
	static const struct {
		const char *key;
		size_t offset;
	} fields[] = {
		{"input_tokens", offsetof(struct chat_usage, input)},
		{"cache_creation_input_tokens", offsetof(struct chat_usage, cache_write)},
		{"cache_read_input_tokens", offsetof(struct chat_usage, cache_read)},
		{"output_tokens", offsetof(struct chat_usage, output)},
	};
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const json_t *v = json_object_get(usage, fields[i].key);
		if (json_is_integer(v))
			*(int64_t *)((char *)u + fields[i].offset) = (int64_t)json_integer_value(v);
	}
	const json_t *details = json_object_get(usage, "output_tokens_details");
	if (details)
		u->thinking = reply_int(details, "thinking_tokens");
	u->known = u->known || json_is_object(usage);
}

static void
take_stop(struct chat_reply *r, const json_t *from)
{
	const char *stop = reply_text(from, "stop_reason");
	if (!stop)
		return;
	reply_set(&r->answer.stop_text, stop);
	for (size_t i = 0; stops[i]; i++)
		if (strcmp(stops[i], stop) == 0)
			r->answer.stop = (int)stop_kinds[i];
	if (r->answer.stop == STOP_REFUSED) {
		const json_t *details = json_object_get(from, "stop_details");
		const char *why = reply_text(details, "explanation");
		reply_set(&r->answer.refusal, why ? why : stop);
	}
}

static void
start_message(struct chat_reply *r, const json_t *message)
{
	r->begun = true;
	reply_set(&r->answer.id, reply_text(message, "id"));
	reply_set(&r->answer.model, reply_text(message, "model"));
	take_usage(&r->answer.usage, json_object_get(message, "usage"));
}

static void
start_block(struct chat_reply *r, int64_t index, const json_t *content)
{
	const char *type = reply_text(content, "type");
	enum chat_part_kind kind = !type			   ? PART_OTHER
				   : strcmp(type, "text") == 0	   ? PART_TEXT
				   : strcmp(type, "tool_use") == 0 ? PART_CALL
				   : strstr(type, "thinking")	   ? PART_THINKING
								   : PART_OTHER;
	struct reply_block *b = reply_block(r, index, kind);
	if (kind == PART_TEXT)
		reply_add_text(r, b, reply_text(content, "text"));
	if (kind == PART_THINKING)
		reply_add_text(r, b, reply_text(content, "thinking"));
	if (kind == PART_CALL) {
		const json_t *input = json_object_get(content, "input");
		reply_set(&b->id, reply_text(content, "id"));
		reply_set(&b->name, reply_text(content, "name"));
		if (json_object_size(input))
			b->args_object = json_incref((json_t *)input);
	}
	if (kind == PART_THINKING || kind == PART_OTHER)
		b->raw = json_deep_copy(content);
	const char *signature = reply_text(content, "signature");
	if (signature)
		buf_puts(&b->signature, signature);
}

static void
add_delta(struct chat_reply *r, struct reply_block *b, const json_t *delta)
{
	const char *part = reply_text(delta, "partial_json"),
		   *signature = reply_text(delta, "signature");
	reply_add_text(r, b, reply_text(delta, "text"));
	reply_add_text(r, b, reply_text(delta, "thinking"));
	if (part)
		buf_puts(&b->args, part);
	if (signature)
		buf_puts(&b->signature, signature);
}

/* What goes back goes back as if it had not come in pieces. */
static void
stop_block(struct reply_block *b)
{
	if (!b->raw)
		return;
	if (b->text.n)
		json_object_set_new(b->raw, "thinking", json_text(buf_str(&b->text)));
	if (b->signature.n)
		json_object_set_new(b->raw, "signature", json_text(buf_str(&b->signature)));
	OWN_JSON json_t *input = NULL;
	if (b->args.n && json_parse(buf_str(&b->args), &input, NULL) == 0)
		json_object_set(b->raw, "input", input);
}

static int
on_event(struct chat_reply *r, const json_t *e, struct dd_err *err)
{
	const char *type = reply_text(e, "type");
	struct reply_block *b = reply_find(r, reply_int(e, "index"));
	(void)err;
	if (!type)
		return 0;
	if (strcmp(type, "message_start") == 0) {
		start_message(r, json_object_get(e, "message"));
	} else if (strcmp(type, "content_block_start") == 0) {
		start_block(r, reply_int(e, "index"), json_object_get(e, "content_block"));
	} else if (strcmp(type, "content_block_delta") == 0 && b) {
		add_delta(r, b, json_object_get(e, "delta"));
	} else if (strcmp(type, "content_block_stop") == 0 && b) {
		stop_block(b);
	} else if (strcmp(type, "message_delta") == 0) {
		take_stop(r, json_object_get(e, "delta"));
		take_usage(&r->answer.usage, json_object_get(e, "usage"));
	} else if (strcmp(type, "message_stop") == 0) {
		r->done = true;
	} else if (strcmp(type, "error") == 0) {
		failure_from_error(&r->failure, json_object_get(e, "error"));
	}
	return 0;
}

static int
on_whole(struct chat_reply *r, const json_t *message, struct dd_err *err)
{
	size_t i;
	json_t *content;
	if (!json_is_array(json_object_get(message, "content")))
		return err_set(err, DD_ECORRUPT, "the answer has no content");
	start_message(r, message);
	json_array_foreach (json_object_get(message, "content"), i, content) {
		start_block(r, (int64_t)i, content);
	}
	take_stop(r, message);
	r->done = true;
	return 0;
}

const struct api_ops api_anthropic = {
	.body = make_body,
	.path = path,
	.count_path = count_path,
	.count_body = count_body,
	.count_key = "input_tokens",
	.on_event = on_event,
	.on_whole = on_whole,
};
