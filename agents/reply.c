#include "agents/reply.h"

#include "agents/wire_text.h"

#include <string.h>

static void
block_cleanup(struct reply_block *b)
{
	buf_cleanup(&b->text);
	buf_cleanup(&b->args);
	buf_cleanup(&b->signature);
	free(b->id);
	free(b->name);
	json_decref(b->args_object);
	json_decref(b->raw);
}

void
chat_reply_cleanup(struct chat_reply *r)
{
	for (size_t i = 0; i < r->nblocks; i++)
		block_cleanup(&r->blocks[i]);
	free(r->blocks);
	chat_answer_cleanup(&r->answer);
	failure_cleanup(&r->failure);
}

struct reply_block *
reply_find(struct chat_reply *r, int64_t index)
{
	for (size_t i = 0; i < r->nblocks; i++)
		if (r->blocks[i].index == index)
			return &r->blocks[i];
	return NULL;
}

struct reply_block *
reply_block(struct chat_reply *r, int64_t index, enum chat_part_kind kind)
{
	struct reply_block *b = reply_find(r, index);
	r->begun = true;
	if (b)
		return b;
	r->blocks = mem_grow(r->blocks, r->nblocks, &r->blocks_cap, sizeof(*r->blocks));
	b = &r->blocks[r->nblocks++];
	*b = (struct reply_block){.index = index, .kind = kind};
	return b;
}

void
reply_add_text(struct chat_reply *r, struct reply_block *b, const char *text)
{
	if (!text)
		return;
	buf_puts(&b->text, text);
	if (b->kind == PART_TEXT && r->on_text)
		(void)r->on_text(r->ctx, str_of(text));
}

/* Lone halves in the strings of a value become U+FFFD. */
static void
clean_strings(json_t *j)
{
	const char *key;
	size_t i;
	json_t *v;
	if (json_is_string(j)) {
		OWN(buf) struct buf text = {0};
		buf_puts(&text, json_string_value(j));
		wire_text_join(&text);
		if (text.n && strcmp(text.p, json_string_value(j)) != 0)
			(void)json_string_set(j, text.p);
	}
	json_object_foreach (j, key, v) {
		clean_strings(v);
	}
	json_array_foreach (j, i, v) {
		clean_strings(v);
	}
}

/* The arguments as an object; what is none stays text, for the one who asked to be told of. */
static void
take_args(struct reply_block *b, struct chat_part *p)
{
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *args = NULL;
	wire_text_join(&b->args);
	struct str given = str_trim(buf_str(&b->args));
	if (b->args_object) {
		clean_strings(b->args_object);
		p->args = json_incref(b->args_object);
		return;
	}
	wire_text_mark_halves(given.n ? given : STR("{}"), &text);
	wire_text_join(&text);
	if (json_parse(buf_str(&text), &args, NULL) == 0 && json_is_object(args))
		p->args = json_incref(args);
	else
		p->args_text = str_dup(given);
}

static void
take_block(struct chat_reply *r, struct reply_block *b, struct chat_message *m)
{
	wire_text_join(&b->text);
	if (b->kind == PART_TEXT && !b->text.n && !b->raw)
		return;
	struct chat_part *p = chat_message_add(m, b->kind);
	p->text = b->text.n || b->kind == PART_TEXT ? str_dup(buf_str(&b->text)) : NULL;
	p->id = TAKE(b->id);
	p->name = TAKE(b->name);
	if (b->kind == PART_CALL)
		take_args(b, p);
	p->origin = (int)r->api;
	p->raw = TAKE(b->raw);
}

void
reply_finish(struct chat_reply *r, struct chat_answer *ret)
{
	struct chat_answer a = r->answer;
	r->answer = (struct chat_answer){0};
	a.message.role = CHAT_ASSISTANT;
	for (size_t i = 0; i < r->nblocks; i++)
		take_block(r, &r->blocks[i], &a.message);
	/* Some servers say "stop" although they wait for results. */
	if (chat_answer_call(&a, 0) && (a.stop == STOP_END || a.stop == STOP_UNKNOWN))
		a.stop = STOP_CALLS;
	*ret = a;
}

int
reply_parse(struct str data, json_t **ret, struct dd_err *err)
{
	OWN(buf) struct buf utf8 = {0}, marked = {0};
	if (wire_text_to_utf8(data, &utf8))
		data = buf_str(&utf8);
	wire_text_mark_halves(data, &marked);
	return json_parse(buf_str(&marked), ret, err);
}

const char *
reply_text(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

int64_t
reply_int(const json_t *j, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(j, key));
}

void
reply_set(char **at, const char *text)
{
	if (!text)
		return;
	free(*at);
	*at = mem_strdup(text);
}

json_t *
request_raw(const struct chat_part *p, enum model_api api)
{
	return p->raw && p->origin == (int)api ? json_incref(p->raw) : NULL;
}

json_t *
request_args(const struct chat_part *p)
{
	return p->args ? json_incref(p->args) : json_object();
}

char *
request_args_text(const struct chat_part *p)
{
	OWN(buf) struct buf out = {0};
	OWN_JSON json_t *args = request_args(p);
	json_print(args, 0, &out);
	return buf_take(&out);
}

json_t *
request_pick(const json_t *body, const char *const *keys)
{
	json_t *out = json_object();
	for (; *keys; keys++)
		if (json_object_get(body, *keys))
			json_object_set(out, *keys, json_object_get(body, *keys));
	return out;
}

void
request_add_sampling(json_t *body, const struct model *m)
{
	if (m->sampling)
		(void)json_object_update(body, m->sampling);
}

/* An optional property may be null instead. */
static void
make_nullable(json_t *property)
{
	json_t *type = json_object_get(property, "type"),
	       *values = json_object_get(property, "enum");
	if (json_is_string(type))
		json_object_set_new(property, "type", json_pack("[O, s]", type, "null"));
	if (values)
		json_array_append_new(values, json_null());
}

static bool
has_string(const json_t *array, const char *s)
{
	size_t i;
	json_t *v;
	json_array_foreach (array, i, v) {
		if (json_is_string(v) && strcmp(json_string_value(v), s) == 0)
			return true;
	}
	return false;
}

static void
make_strict(json_t *schema)
{
	const char *name;
	json_t *property, *properties = json_object_get(schema, "properties");
	if (json_is_object(json_object_get(schema, "items")))
		make_strict(json_object_get(schema, "items"));
	if (!properties)
		return;
	json_t *required = json_array();
	json_object_foreach (properties, name, property) {
		make_strict(property);
		if (!has_string(json_object_get(schema, "required"), name))
			make_nullable(property);
		json_array_append_new(required, json_string(name));
	}
	json_object_set_new(schema, "required", required);
	json_object_set_new(schema, "additionalProperties", json_false());
}

json_t *
request_strict_schema(const json_t *schema)
{
	json_t *copy = json_deep_copy(schema);
	make_strict(copy);
	return copy;
}
