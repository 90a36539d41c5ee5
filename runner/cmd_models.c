#include "agents/key.h"
#include "agents/provider.h"
#include "base/log.h"
#include "runner/commands.h"
#include "runner/models_files.h"

#define PING_TOKENS 1024 /* some think first */

struct models_options {
	struct common_options common;
	const char *models;
	bool check;
};

#define O(member) offsetof(struct models_options, member)
static const struct option_def options[] = {
	{"models", 0, OPTION_TEXT, O(models), "FILE",
		"read this file instead of your own models.json"},
	{"check", 0, OPTION_FLAG, O(check), NULL,
		"ask each model that has a key, or those named, for one word (costs a few tokens)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static json_t *
describe_usage(const struct chat_usage *u)
{
	return u->known ? json_pack("{s:I, s:I}", "input",
				  (json_int_t)(u->input + u->cache_read + u->cache_write), "output",
				  (json_int_t)u->output)
			: json_null();
}

/* One small call, outside any run. */
static json_t *
ping(const struct model *m)
{
	struct provider *p = NULL;
	OWN(dd_err) struct dd_err err = {0};
	OWN(failure) struct failure f = {0};
	OWN(chat_answer) struct chat_answer a = {0};
	OWN_JSON json_t *body = NULL;
	struct chat_message said = {.role = CHAT_USER};
	int64_t start = clock_mono_ns();
	chat_message_add(&said, PART_TEXT)->text = mem_strdup("Answer with the one word: ready");
	int rc = provider_open(m, &p, &err);
	if (rc == 0) {
		int64_t most =
			m->context.max_output < PING_TOKENS ? m->context.max_output : PING_TOKENS;
		body = provider_body(
			p, &(struct chat_request){
				   .messages = &said, .nmessages = 1, .max_output = most});
		rc = provider_try(p, body, NULL, &a, &f, &err);
	}
	provider_close(p);
	chat_message_cleanup(&said);
	json_t *j = json_pack(
		"{s:b, s:f}", "ok", rc == 0, "ms", (double)(clock_mono_ns() - start) / 1e6);
	if (rc < 0)
		json_object_set_new(j, "error", json_text(str_of(err_msg(&err))));
	else
		json_object_set_new(j, "tokens", describe_usage(&a.usage));
	return j;
}

static json_t *
describe(const struct model *m, bool check)
{
	json_t *j = model_to_json(m);
	enum key_state key = key_state(m->via);
	json_object_set_new(j, "key", json_string(key_state_names[key]));
	if (m->via->key_env)
		json_object_set_new(j, "key_env", json_text(str_of(m->via->key_env)));
	if (check)
		json_object_set_new(j, "check", ping(m));
	return j;
}

static const char *
text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	return s ? s : "-";
}

static void
print_check(const json_t *check)
{
	OWN(buf) struct buf why = {.max = 1000};
	buf_put_visible(&why, str_of(text_of(check, "error")));
	if (json_is_true(json_object_get(check, "ok")))
		printf("    answers, in %.0f ms\n", json_real_value(json_object_get(check, "ms")));
	else
		printf("    does not answer: %s\n", why.p);
}

static void
print_line(const json_t *j)
{
	const json_t *context = json_object_get(j, "context"),
		     *prices = json_object_get(j, "prices"), *role;
	OWN(buf) struct buf price = {0}, roles = {0}, line = {0};
	size_t i;
	if (json_is_null(prices))
		buf_puts(&price, "price unknown");
	else
		buf_printf(&price, "USD %g in, %g out",
			json_number_value(json_object_get(prices, "input")),
			json_number_value(json_object_get(prices, "output")));
	json_array_foreach (json_object_get(j, "roles"), i, role) {
		buf_printf(&roles, "%s%s", i ? "," : "", json_string_value(role));
	}
	OWN_FREE char *text = mem_printf("%-20s %-12s %-12s key %-11s %4lldk of %lldk  %-20s %s",
		text_of(j, "name"), text_of(j, "provider"), text_of(j, "family"), text_of(j, "key"),
		(long long)json_integer_value(json_object_get(context, "effective")) / 1000,
		(long long)json_integer_value(json_object_get(context, "window")) / 1000, price.p,
		roles.p ? roles.p : "");
	buf_put_visible(&line, str_of(text));
	printf("%s\n", line.p);
	if (json_object_get(j, "check"))
		print_check(json_object_get(j, "check"));
}

/* Those that were named, else all; of all, only what has a key is asked. */
static int
list_models(const struct models *all, const struct cli_call *call, json_t *list, struct dd_err *err)
{
	const struct models_options *o = call->options;
	const struct model *m;
	for (size_t i = 0; i < call->nargs; i++) {
		m = models_find(all, call->args[i]);
		if (!m)
			return err_set(err, DD_EINVAL,
				"there is no model \"%s\" (drydock models lists them)",
				call->args[i]);
		json_array_append_new(list, describe(m, o->check));
	}
	for (size_t i = 0; !call->nargs && (m = models_at(all, i)); i++)
		json_array_append_new(
			list, describe(m, o->check && key_state(m->via) != KEY_ABSENT));
	return 0;
}

static int
run_models(const struct cli_call *call)
{
	const struct models_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(models) struct models all = {0};
	OWN_JSON json_t *list = json_array();
	size_t i;
	json_t *j;
	bool failed = false;
	int rc = models_files_load(o->models, &all, &err);
	if (rc == 0)
		rc = list_models(&all, call, list, &err);
	if (rc < 0)
		return cli_fail(EXIT_USAGE, &err);
	json_array_foreach (list, i, j) {
		failed =
			failed || json_is_false(json_object_get(json_object_get(j, "check"), "ok"));
		if (!o->common.json)
			print_line(j);
	}
	if (o->common.json) {
		OWN(buf) struct buf out = {0};
		json_print(list, 2, &out);
		printf("%s\n", out.p);
	}
	return failed ? EXIT_TARGET_FAILED : EXIT_DONE;
}

const struct subcommand cmd_models = {
	.name = "models",
	.summary = "list the models that are configured, and whose key is there",
	.args = "[MODEL...]",
	.description =
		"Models are a table, models.json: what is built in, then your own file ($DRYDOCK_MODELS, else "
		"drydock/models.json in $XDG_CONFIG_HOME or ~/.config), then .drydock/models.json of the current directory, "
		"each merged over the one before. The last may say what a model is used for and nothing about keys, "
		"addresses, programs and prices. \"ladder\" says what drydock fix tries after an answer that was not kept. A key is read from the variable or the command that the provider's entry "
		"names; it is never shown or stored.\n\n"
		"A model without a price is not called, unless the table says \"unknown_price\": \"maximum\": then it counts "
		"as the dearest. With --check the exit status is 1 if a model does not answer.",
	.options = options,
	.options_size = sizeof(struct models_options),
	.max_args = SIZE_MAX,
	.run = run_models,
};
