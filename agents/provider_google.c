/*
 * Google generateContent, streamed with alt=sse: without it the stream is one growing array.  A part with
 * a thoughtSignature goes back as it came, or the next request is refused.
 */
#include "agents/reply.h"

#include <string.h>

/* ---- request ---- */

static json_t *
part_of(const struct chat_part *p)
{
	json_t *raw = request_raw(p, API_GOOGLE), *v;
	if (raw)
		return raw;
	switch ((enum chat_part_kind)p->kind) {
	case PART_TEXT:
		return p->text && *p->text ? json_pack("{s:o}", "text", json_text(str_of(p->text)))
					   : NULL;
	case PART_CALL:
		v = json_pack(
			"{s:o, s:o}", "name", json_text(str_of(p->name)), "args", request_args(p));
		if (p->id)
			json_object_set_new(v, "id", json_text(str_of(p->id)));
		return json_pack("{s:o}", "functionCall", v);
	case PART_RESULT:
		v = json_pack("{s:o, s:{s:o}}", "name", json_text(str_of(p->name)), "response",
			p->is_error ? "error" : "output", json_text(str_of(p->text)));
		if (p->id)
			json_object_set_new(v, "id", json_text(str_of(p->id)));
		return json_pack("{s:o}", "functionResponse", v);
	case PART_THINKING:
	case PART_OTHER:
		break;
	}
	return NULL;
}

/* Neighbours of one role are joined: the results of a turn are one content. */
static json_t *
contents_of(const struct chat_request *req)
{
	json_t *all = json_array();
	for (size_t i = 0; i < req->nmessages; i++) {
		const char *role = req->messages[i].role == CHAT_USER ? "user" : "model";
		json_t *last =
			json_array_size(all) ? json_array_get(all, json_array_size(all) - 1) : NULL;
		if (!last || strcmp(reply_text(last, "role"), role) != 0) {
			last = json_pack("{s:s, s:[]}", "role", role, "parts");
			json_array_append_new(all, last);
		}
		const struct chat_part *p;
		for (size_t k = 0; (p = chat_message_part(&req->messages[i], k)); k++) {
			json_t *part = part_of(p);
			if (part)
				json_array_append_new(json_object_get(last, "parts"), part);
		}
	}
	return all;
}

static json_t *
tools_of(const struct chat_request *req)
{
	json_t *all = json_array();
	for (size_t i = 0; i < req->ntools; i++)
		json_array_append_new(all,
			json_pack("{s:o, s:o, s:O}", "name", json_text(str_of(req->tools[i].name)),
				"description", json_text(str_of(req->tools[i].description)),
				"parametersJsonSchema", req->tools[i].schema));
	return json_pack("[{s:o}]", "functionDeclarations", all);
}

static json_t *
choice_of(const struct chat_request *req)
{
	static const char *const names[] = {"AUTO", "ANY", "NONE", "ANY"};
	json_t *c = json_pack("{s:s}", "mode", names[req->choice]);
	if (req->choice == CHOICE_ONE)
		json_object_set_new(c, "allowedFunctionNames",
			json_pack("[o]", json_text(str_of(req->choice_name))));
	return json_pack("{s:o}", "functionCallingConfig", c);
}

static json_t *
thinking_of(const struct model *m, enum chat_effort effort)
{
	static const int64_t budgets[] = {[EFFORT_DEFAULT] = -1,
		[EFFORT_NONE] = 0,
		[EFFORT_MINIMAL] = 512,
		[EFFORT_LOW] = 2048,
		[EFFORT_MEDIUM] = 8192,
		[EFFORT_HIGH] = 16384,
		[EFFORT_XHIGH] = 24576,
		[EFFORT_MAX] = 32768};
	static const char *const levels[] = {
		"", "MINIMAL", "MINIMAL", "LOW", "MEDIUM", "HIGH", "HIGH", "HIGH"};
	if (m->abilities.thinking == THINKING_BUDGET)
		return json_pack("{s:I}", "thinkingBudget", (json_int_t)budgets[effort]);
	return effort == EFFORT_DEFAULT ? NULL
					: json_pack("{s:s}", "thinkingLevel", levels[effort]);
}

static json_t *
make_body(const struct model *m, const struct chat_request *req)
{
	json_t *config = json_pack("{s:I}", "maxOutputTokens", (json_int_t)req->max_output);
	json_t *thinking =
		m->abilities.thinking == THINKING_NONE ? NULL : thinking_of(m, req->effort);
	json_t *body = json_pack("{s:o}", "contents", contents_of(req));
	if (req->system && *req->system)
		json_object_set_new(body, "systemInstruction",
			json_pack("{s:[{s:o}]}", "parts", "text", json_text(str_of(req->system))));
	if (req->ntools) {
		json_object_set_new(body, "tools", tools_of(req));
		json_object_set_new(body, "toolConfig", choice_of(req));
	}
	if (thinking)
		json_object_set_new(config, "thinkingConfig", thinking);
	if (req->format && m->abilities.format) {
		json_object_set_new(config, "responseMimeType", json_string("application/json"));
		json_object_set(config, "responseJsonSchema", req->format);
	}
	request_add_sampling(config, m);
	json_object_set_new(body, "generationConfig", config);
	return body;
}

static char *
path(const struct model *m)
{
	return mem_printf("/models/%s:%s", m->id,
		m->abilities.stream ? "streamGenerateContent?alt=sse" : "generateContent");
}

static char *
count_path(const struct model *m)
{
	return mem_printf("/models/%s:countTokens", m->id);
}

static json_t *
count_body(const struct model *m, const json_t *body)
{
	json_t *whole = json_copy((json_t *)body);
	OWN_FREE char *name = mem_printf("models/%s", m->id);
	json_object_set_new(whole, "model", json_text(str_of(name)));
	return json_pack("{s:o}", "generateContentRequest", whole);
}

/* ---- answer ---- */

/* Thoughts are counted beside the candidates; every chunk repeats the sum so far. */
static void
take_usage(struct chat_usage *u, const json_t *usage)
{
	if (!json_is_object(usage))
		return;
	int64_t cached = reply_int(usage, "cachedContentTokenCount"),
		all = reply_int(usage, "promptTokenCount");
	u->known = true;
	u->cache_read = cached < all ? cached : all;
	u->input = all - u->cache_read + reply_int(usage, "toolUsePromptTokenCount");
	u->thinking = reply_int(usage, "thoughtsTokenCount");
	u->output = reply_int(usage, "candidatesTokenCount") + u->thinking;
}

static void
take_stop(struct chat_reply *r, const char *finish)
{
	static const char *const bad_call[] = {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL",
		"TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE", NULL};
	if (!finish)
		return;
	reply_set(&r->answer.stop_text, finish);
	r->done = true;
	if (strcmp(finish, "STOP") == 0) {
		r->answer.stop = STOP_END;
	} else if (strcmp(finish, "MAX_TOKENS") == 0) {
		r->answer.stop = STOP_LENGTH;
	} else if (strcmp(finish, "CONTINUATION") == 0) {
		r->answer.stop = STOP_PAUSE;
	} else if (str_is_one(str_of(finish), bad_call)) {
		r->answer.stop = STOP_BAD_CALL;
	} else {
		r->answer.stop = STOP_REFUSED;
		reply_set(&r->answer.refusal, finish);
	}
}

static void
take_call(struct chat_reply *r, const json_t *part, const json_t *call)
{
	struct reply_block *b = reply_block(r, (int64_t)r->nblocks, PART_CALL);
	const char *id = reply_text(call, "id");
	const json_t *args = json_object_get(call, "args");
	b->id = id && *id ? mem_strdup(id) : mem_printf("call_%zu", r->nblocks);
	reply_set(&b->name, reply_text(call, "name"));
	b->args_object = json_is_object(args) ? json_deep_copy(args) : json_object();
	b->raw = json_deep_copy(part);
}

/* Text joins the text before it, unless that carries a signature or is of another kind. */
static void
take_text(struct chat_reply *r, const json_t *part, const char *text)
{
	bool thought = json_is_true(json_object_get(part, "thought"));
	bool is_signed = json_object_get(part, "thoughtSignature") != NULL;
	enum chat_part_kind kind = thought ? PART_THINKING : PART_TEXT;
	struct reply_block *last = r->nblocks ? &r->blocks[r->nblocks - 1] : NULL;
	bool joins = last && last->kind == kind && !last->raw && !is_signed;
	struct reply_block *b = joins ? last : reply_block(r, (int64_t)r->nblocks, kind);
	reply_add_text(r, b, text);
	if (is_signed)
		b->raw = json_deep_copy(part);
}

static void
take_part(struct chat_reply *r, const json_t *part)
{
	const json_t *call = json_object_get(part, "functionCall");
	const char *text = reply_text(part, "text");
	if (call)
		take_call(r, part, call);
	else if (text)
		take_text(r, part, text);
	else
		reply_block(r, (int64_t)r->nblocks, PART_OTHER)->raw = json_deep_copy(part);
}

static int
on_event(struct chat_reply *r, const json_t *chunk, struct dd_err *err)
{
	const json_t *candidate = json_array_get(json_object_get(chunk, "candidates"), 0);
	const char *blocked = reply_text(json_object_get(chunk, "promptFeedback"), "blockReason");
	const json_t *error = json_object_get(chunk, "error");
	size_t i;
	json_t *part;
	(void)err;
	if (error) {
		failure_from_error(&r->failure, error);
		return 0;
	}
	r->begun = true;
	reply_set(&r->answer.id, reply_text(chunk, "responseId"));
	reply_set(&r->answer.model, reply_text(chunk, "modelVersion"));
	take_usage(&r->answer.usage, json_object_get(chunk, "usageMetadata"));
	json_array_foreach (
		json_object_get(json_object_get(candidate, "content"), "parts"), i, part) {
		take_part(r, part);
	}
	take_stop(r, reply_text(candidate, "finishReason"));
	if (blocked) {
		take_stop(r, blocked);
		r->answer.stop = STOP_REFUSED;
		reply_set(&r->answer.refusal, blocked);
	}
	return 0;
}

static int
on_whole(struct chat_reply *r, const json_t *answer, struct dd_err *err)
{
	size_t i;
	json_t *chunk;
	int rc = 0;
	if (!json_is_array(answer))
		return json_object_get(answer, "candidates") ||
				       json_object_get(answer, "promptFeedback")
			       ? on_event(r, answer, err)
			       : err_set(err, DD_ECORRUPT, "the answer has no candidates");
	json_array_foreach (answer, i, chunk) {
		rc = rc < 0 ? rc : on_event(r, chunk, err);
	}
	return rc;
}

const struct api_ops api_google = {
	.body = make_body,
	.path = path,
	.count_path = count_path,
	.count_body = count_body,
	.count_key = "totalTokens",
	.on_event = on_event,
	.on_whole = on_whole,
};
