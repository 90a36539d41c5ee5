/*
 * Every row of cases/wire.tsv for each API of its first column, against the stand-in.  An argument is a pattern of
 * names; $DD_WIRE_BODIES: a file that gets what was asked.
 */
#include "agents/provider.h"
#include "tests/agents/standin.h"

#define COLUMNS 4

struct wire_case {
	char *name;
	char *api, *profile, *asks, *wanted;
};

static struct standin tcp, local;
static char *models_file; /* of its own for each case: the profile is in the address */

/* ---- the models: one entry an API ---- */

static const struct {
	const char *api, *groups;
	const char *provider; /* but its address */
	const char *abilities;
} apis[] = {
	{"ant23", "basic ant keyed",
		"\"api\": \"anthropic-messages\", \"version\": \"2023-06-01\", \"auth\": \"x-api-key\", \"key_env\": \"WIRE_KEY\"",
		"\"thinking\": \"budget\""},
	{"ant26", "every basic ant keyed",
		"\"api\": \"anthropic-messages\", \"version\": \"2026-10-21\", \"auth\": \"bearer\", \"key_env\": \"WIRE_KEY\"",
		"\"thinking\": \"adaptive\", \"strict\": true"},
	{"resp", "every basic open keyed",
		"\"api\": \"openai-responses\", \"auth\": \"bearer\", \"key_env\": \"WIRE_KEY\"",
		"\"thinking\": \"effort\", \"strict\": true"},
	{"chat", "every basic open compat keyed",
		"\"api\": \"openai-chat\", \"auth\": \"bearer\", \"key_env\": \"WIRE_KEY\"",
		"\"thinking\": \"effort\", \"strict\": true"},
	{"local", "every basic compat", "\"api\": \"openai-chat\"", "\"thinking\": \"none\""},
	{"unix", "basic compat", "\"api\": \"openai-chat\"", "\"thinking\": \"none\""},
	{"goog", "every basic keyed",
		"\"api\": \"google-generate\", \"auth\": \"x-goog-api-key\", \"key_env\": \"WIRE_KEY\"",
		"\"thinking\": \"effort\""},
	/* The same, not streamed. */
	{"antw", "waits keyed",
		"\"api\": \"anthropic-messages\", \"version\": \"2026-10-21\", \"auth\": \"bearer\", \"key_env\": \"WIRE_KEY\"",
		"\"thinking\": \"adaptive\", \"stream\": false"},
	{"respw", "waits keyed",
		"\"api\": \"openai-responses\", \"auth\": \"bearer\", \"key_env\": \"WIRE_KEY\"",
		"\"thinking\": \"effort\", \"stream\": false"},
	{"chatw", "waits keyed",
		"\"api\": \"openai-chat\", \"auth\": \"bearer\", \"key_env\": \"WIRE_KEY\"",
		"\"thinking\": \"none\", \"stream\": false"},
	{"googw", "waits keyed",
		"\"api\": \"google-generate\", \"auth\": \"x-goog-api-key\", \"key_env\": \"WIRE_KEY\"",
		"\"thinking\": \"budget\", \"stream\": false"},
};
#define NAPIS (sizeof(apis) / sizeof(*apis))

static bool
has_word(const char *words, const char *word)
{
	struct str rest = str_of(words), one;
	while (str_next_word(&rest, &one))
		if (str_eq(one, word))
			return true;
	return false;
}

static void
load_models(const struct wire_case *c, struct models *ret)
{
	OWN(buf) struct buf text = {0};
	OWN(dd_err) struct dd_err err = {0};
	size_t i = 0;
	while (strcmp(apis[i].api, c->api) != 0)
		i++;
	bool on_unix = strcmp(c->api, "unix") == 0, keyed = has_word(apis[i].groups, "keyed");
	buf_printf(&text,
		"{\"providers\": {\"p\": {%s, \"family\": \"x\", \"base_url\": \"http://127.0.0.1:%d/%s+tag=%s%s%s\"",
		apis[i].provider, on_unix ? 1 : tcp.port, c->profile, c->api, keyed ? "" : "+open",
		strncmp(c->api, "ant", 3) == 0	  ? ""
		: strncmp(c->api, "goog", 4) == 0 ? "/v1beta"
						  : "/v1");
	if (on_unix)
		buf_printf(&text, ", \"unix_socket\": \"%s\"", local.socket);
	buf_printf(&text,
		"}}, \"models\": {\"m\": {\"provider\": \"p\", \"id\": \"model-1\", \"context\": {\"window\": 1000, \"effective\": "
		"1000, \"max_output\": 4096}, \"abilities\": {\"tools\": true, \"format\": true, \"cache\": true, "
		"\"parallel\": true, \"count\": true, %s}}}}",
		apis[i].abilities);
	assert_int_equal(fs_write_atomic(models_file, buf_str(&text), 0600, NULL), 0);
	if (models_load(&(struct models_files){.user = models_file}, ret, &err) < 0)
		fail_msg("%s", err_msg(&err));
}

/* ---- what is asked ---- */

static const struct {
	const char *name, *text;
	enum chat_choice choice;
	enum chat_effort effort;
	bool one_call, format, goes_on, fails;
} questions[] = {
	{.name = "answer", .text = "Answer with: all is well"},
	{.name = "call", .text = "Call read with {\"path\": \"a.c\"}"},
	{.name = "calls",
		.text = "Call read with {\"path\": \"a.c\"}\nCall read with {\"path\": \"b.c\"}"},
	{.name = "turn", .text = "Call read with {\"path\": \"a.c\"}", .goes_on = true},
	{.name = "turns",
		.text = "Call read with {\"path\": \"a.c\"}\nCall read with {\"path\": \"b.c\"}",
		.goes_on = true},
	{.name = "errors",
		.text = "Call read with {\"path\": \"a.c\"}",
		.goes_on = true,
		.fails = true},
	{.name = "empty", .text = "Call list with {}"},
	{.name = "one",
		.text = "Call read with {\"path\": \"a.c\"}\nCall read with {\"path\": \"b.c\"}",
		.one_call = true},
	{.name = "none", .text = "Call read with {\"path\": \"a.c\"}", .choice = CHOICE_NONE},
	{.name = "think",
		.text = "Think first: let me see\nAnswer with: all is well",
		.effort = EFFORT_MEDIUM},
	{.name = "thinkturn",
		.text = "Think first: let me see\nCall read with {\"path\": \"a.c\"}",
		.effort = EFFORT_HIGH,
		.goes_on = true},
	{.name = "format", .text = "Answer with: no prose", .format = true},
	{.name = "pause", .text = "Answer with: all is well", .goes_on = true},
};

struct outcome {
	struct chat_answer answer;
	struct failure failure;
	struct dd_err err;
	int64_t tries, wait_ms;
	bool failed, may;
};

/* Ask until there is an answer or no other try may be made; nobody waits. */
static void
ask(struct provider *p, const struct model *m, const struct chat_request *req, struct outcome *o)
{
	OWN_JSON json_t *body = provider_body(p, req);
	o->tries = 0;
	do {
		failure_cleanup(&o->failure);
		o->tries++;
		o->failed = provider_try(p, body, NULL, &o->answer, &o->failure, &o->err) < 0;
		o->may = o->failed && failure_may_retry(&o->failure, m->via->retries, o->tries,
					      m->via->max_wait_s * 1000, 0.5, &o->wait_ms);
	} while (o->may);
	/* Of a failure that lasts it is asked whether the first one was worth another try. */
	int64_t wait;
	o->may = o->failed && failure_may_retry(&o->failure, m->via->retries, 1,
				      m->via->max_wait_s * 1000, 0.5, &wait);
}

/* Results of all calls of an answer, in one message. */
static void
add_results(struct chat_message *m, const struct chat_answer *a, bool fails)
{
	const struct chat_part *call;
	m->role = CHAT_USER;
	for (size_t i = 0; (call = chat_answer_call(a, i)); i++) {
		struct chat_part *p = chat_message_add(m, PART_RESULT);
		p->id = mem_strdup(call->id);
		p->name = mem_strdup(call->name);
		p->text = mem_printf("the result of %s", call->name);
		p->is_error = fails;
	}
}

static void
converse(const struct wire_case *c, const struct model *m, struct outcome *o)
{
	size_t q = 0;
	while (strcmp(questions[q].name, c->asks) != 0)
		q++;
	OWN_JSON json_t *reads =
		json_pack("{s:s, s:{s:{s:s}, s:{s:s}}, s:[s]}", "type", "object", "properties",
			"path", "type", "string", "line", "type", "integer", "required", "path");
	OWN_JSON json_t *lists = json_pack("{s:s, s:{}}", "type", "object", "properties");
	OWN_JSON json_t *format = json_pack("{s:s, s:{s:{s:s}}, s:[s]}", "type", "object",
		"properties", "verdict", "type", "string", "required", "verdict");
	const struct chat_tool tools[] = {
		{"read", "Read a file.", reads}, {"list", "List the files.", lists}};
	struct chat_message said[3] = {{.role = CHAT_USER}};
	chat_message_add(&said[0], PART_TEXT)->text = mem_strdup(questions[q].text);
	struct chat_request req = {.system = "Be brief.",
		.messages = said,
		.nmessages = 1,
		.tools = tools,
		.ntools = questions[q].format ? 0 : 2,
		.choice = questions[q].choice,
		.one_call = questions[q].one_call,
		.max_output = 4096,
		.effort = questions[q].effort,
		.format = questions[q].format ? format : NULL,
		.cache = true,
		.conversation = "conversation-1"};
	struct provider *p;
	OWN(dd_err) struct dd_err err = {0};
	if (provider_open(m, &p, &err) < 0)
		fail_msg("%s", err_msg(&err));
	ask(p, m, &req, o);
	if (questions[q].goes_on && !o->failed) {
		said[1] = o->answer.message;
		o->answer.message = (struct chat_message){0};
		struct chat_answer before = {.message = said[1]};
		add_results(&said[2], &before, questions[q].fails);
		req.nmessages = said[2].parts.n ? 3 : 2;
		chat_answer_cleanup(&o->answer);
		ask(p, m, &req, o);
	}
	for (size_t i = 0; i < 3; i++)
		chat_message_cleanup(&said[i]);
	provider_close(p);
}

/* ---- what must come of it ---- */

static size_t
count_calls(const struct chat_answer *a)
{
	size_t n = 0;
	while (chat_answer_call(a, n))
		n++;
	return n;
}

static char *
call_text(const struct chat_answer *a, size_t n)
{
	const struct chat_part *p = chat_answer_call(a, n);
	OWN(buf) struct buf args = {0};
	if (p && p->args)
		json_print(p->args, 0, &args);
	return p ? mem_printf("%s:%s", p->name, args.p ? args.p : "no object") : mem_strdup("none");
}

static char *
thinking_text(const struct chat_answer *a)
{
	const struct chat_part *p;
	for (size_t i = 0; (p = chat_message_part(&a->message, i)); i++)
		if (p->kind == PART_THINKING && p->text)
			return mem_strdup(p->text);
	return mem_strdup("none");
}

static size_t
count_words(const char *text)
{
	struct str rest = str_of(text), word;
	size_t n = 0;
	while (str_next_word(&rest, &word))
		n++;
	return n;
}

static char *
last_body(void)
{
	OWN_JSON json_t *last = standin_last(&tcp);
	OWN(buf) struct buf out = {0};
	json_print(json_object_get(last, "body"), 0, &out);
	return buf_take(&out);
}

/* What there is under a name of the table; heap. */
static char *
what_is(const struct outcome *o, const char *key)
{
	const struct chat_answer *a = &o->answer;
	if (strcmp(key, "text") == 0)
		return chat_answer_text(a);
	if (strcmp(key, "stop") == 0)
		return mem_strdup(o->failed ? "failed" : chat_stop_names[a->stop]);
	if (strcmp(key, "fail") == 0)
		return mem_strdup(call_failure_names[o->failure.kind]);
	if (strcmp(key, "tries") == 0)
		return mem_printf("%d", (int)o->tries);
	if (strcmp(key, "may") == 0)
		return mem_printf("%d", o->may);
	if (strcmp(key, "status") == 0)
		return mem_printf("%d", o->failure.status);
	if (strcmp(key, "call") == 0 || strcmp(key, "call2") == 0)
		return call_text(a, key[4] == '2');
	if (strcmp(key, "calls") == 0)
		return mem_printf("%zu", count_calls(a));
	if (strcmp(key, "args") == 0)
		return mem_printf("%d", chat_answer_call(a, 0) && chat_answer_call(a, 0)->args);
	if (strcmp(key, "thinking") == 0)
		return thinking_text(a);
	if (strcmp(key, "refusal") == 0)
		return mem_strdup(a->refusal ? a->refusal : "none");
	if (strcmp(key, "refused") == 0)
		return mem_printf("%d", a->refusal != NULL);
	if (strcmp(key, "usage") == 0)
		return mem_strdup(a->usage.known && a->usage.input > 0 && a->usage.output > 0
					  ? "known"
				  : a->usage.known ? "zero"
						   : "unknown");
	if (strcmp(key, "cached") == 0)
		return mem_printf("%d", (int)a->usage.cache_read);
	if (strcmp(key, "sent") == 0)
		return last_body();
	if (strcmp(key, "secret") == 0)
		return mem_strdup(strstr(err_msg(&o->err), STANDIN_KEY) ||
						  strstr(o->failure.message, STANDIN_KEY)
					  ? "told"
					  : "kept");
	fail_msg("the table asks for \"%s\"", key);
	return NULL;
}

static bool
is_among(const char *got, const char *words)
{
	struct str rest = str_of(words), word;
	while (str_next(&rest, ',', &word))
		if (str_eq(word, got))
			return true;
	return false;
}

static bool
fits(const struct outcome *o, const char *key, const char *wanted, const char *got)
{
	if (strcmp(key, "words") == 0)
		return count_words(got) == (size_t)strtoul(wanted, NULL, 10);
	if (wanted[0] == '@' && (strcmp(key, "text") == 0 || strcmp(key, "sent") == 0))
		return strstr(got, wanted + 1) != NULL;
	if (wanted[0] == '@')
		return is_among(got, wanted + 1);
	(void)o;
	return strcmp(got, wanted) == 0;
}

static void
check(const struct outcome *o, struct str wanted)
{
	struct str key = {wanted.p, 0};
	while (key.n < wanted.n && wanted.p[key.n] != '=')
		key.n++;
	OWN_FREE char *name = str_dup(key),
		      *want = str_dup((struct str){key.p + key.n + 1, wanted.n - key.n - 1});
	if (strcmp(name, "wait") == 0) {
		char *dash;
		int64_t low = strtol(want, &dash, 10);
		assert_in_range(o->wait_ms, low, strtol(dash + 1, NULL, 10));
		return;
	}
	OWN_FREE char *got = what_is(o, strcmp(name, "words") == 0 ? "text" : name);
	if (!fits(o, name, want, got))
		fail_msg("%s: wanted '%s', got '%.300s' (%s)", name, want, got, err_msg(&o->err));
}

static void
a_row_of_the_table(void **state)
{
	const struct wire_case *c = *state;
	OWN(models) struct models models = {0};
	struct outcome o = {0};
	load_models(c, &models);
	converse(c, models_find(&models, "m"), &o);
	struct str rest = str_of(c->wanted);
	while (rest.n) {
		const char *bar = memmem(rest.p, rest.n, " | ", 3);
		struct str one = {rest.p, bar ? (size_t)(bar - rest.p) : rest.n};
		check(&o, one);
		size_t used = bar ? one.n + 3 : one.n;
		rest.p += used;
		rest.n -= used;
	}
	chat_answer_cleanup(&o.answer);
	failure_cleanup(&o.failure);
	dd_err_cleanup(&o.err);
}

/* ---- the table ---- */

static struct CMUnitTest *tests;
static size_t ntests, cap;

static void
add_case(size_t api, char *const *column)
{
	tests = mem_grow(tests, ntests, &cap, sizeof(*tests));
	struct wire_case *c = mem_new(struct wire_case);
	*c = (struct wire_case){.api = mem_strdup(apis[api].api),
		.profile = mem_strdup(column[1]),
		.asks = mem_strdup(column[2]),
		.wanted = mem_strdup(column[3])};
	c->name = mem_printf("%s: %s, %s", c->api, c->profile, c->asks);
	tests[ntests++] = (struct CMUnitTest){
		.name = c->name, .test_func = a_row_of_the_table, .initial_state = c};
}

static void
read_table(void)
{
	const char *root = getenv("DD_ROOT");
	OWN_FREE char *path = mem_printf("%s/tests/agents/cases/wire.tsv", root ? root : ".");
	OWN(buf) struct buf text = {0};
	if (fs_read(path, 1 << 20, &text, NULL) < 0)
		abort();
	struct str rest = buf_str(&text), line;
	while (str_next_line(&rest, &line)) {
		char *column[COLUMNS] = {0};
		struct str left = line, piece;
		if (!line.n || line.p[0] == '#')
			continue;
		for (size_t i = 0; i < COLUMNS && str_next(&left, '\t', &piece); i++)
			column[i] = str_dup(piece);
		for (size_t i = 0; i < NAPIS; i++)
			if (strcmp(apis[i].api, column[0]) == 0 ||
				has_word(apis[i].groups, column[0]))
				add_case(i, column);
		for (size_t i = 0; i < COLUMNS; i++)
			free(column[i]);
	}
}

static int
set_up(void **state)
{
	(void)state;
	assert_int_equal(setenv("WIRE_KEY", STANDIN_KEY, 1), 0);
	standin_start(&tcp, false, NULL);
	standin_start(&local, true, NULL);
	models_file = fs_join(tcp.dir, "models.json");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	const char *keep = getenv("DD_WIRE_BODIES");
	if (keep) {
		OWN_FREE char *all = standin_requests(&tcp);
		assert_int_equal(fs_write_atomic(keep, str_of(all), 0644, NULL), 0);
	}
	standin_stop(&tcp);
	standin_stop(&local);
	free(models_file);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	read_table();
	return _cmocka_run_group_tests("wire", tests, ntests, set_up, tear_down);
}
