/* Budgets, what is in doubt, replays, secrets and the trace: calls against the stand-in. */
#include "agents/calls.h"
#include "base/db.h"
#include "base/log.h"
#include "tests/agents/standin.h"

static struct standin server;
static char *dir; /* of the run of one test */
static struct models models;

/* Prices in USD a million, so that a token of input costs 2,000 nano-dollars and one of output 10,000. */
static void
load(const char *profile)
{
	OWN_FREE char *path = fs_join(dir, "models.json");
	OWN_FREE char *text = mem_printf(
		"{\"providers\": {\"p\": {\"api\": \"anthropic-messages\", \"version\": \"2026-10-21\", \"auth\": "
		"\"bearer\", \"key_env\": \"CALLS_KEY\", \"family\": \"x\", \"base_url\": \"http://127.0.0.1:%d/%s\"}},"
		"\"models\": {\"m\": {\"provider\": \"p\", \"id\": \"model-1\", \"context\": {\"window\": 1000, "
		"\"effective\": 1000, \"max_output\": 100}, \"prices\": {\"input\": 2, \"output\": 10}, "
		"\"abilities\": {\"count\": true}}}}",
		server.port, profile);
	OWN(dd_err) struct dd_err err = {0};
	models_cleanup(&models);
	assert_int_equal(fs_write_atomic(path, str_of(text), 0600, NULL), 0);
	if (models_load(&(struct models_files){.user = path}, &models, &err) < 0)
		fail_msg("%s", err_msg(&err));
}

static struct calls *
open_calls(void)
{
	struct calls *c;
	OWN(dd_err) struct dd_err err = {0};
	if (calls_open(dir, &models, &c, &err) < 0)
		fail_msg("%s", err_msg(&err));
	return c;
}

struct result {
	int rc;
	char *text;
	enum call_failure failure;
	struct dd_err err;
};

static void
result_cleanup(struct result *r)
{
	free(r->text);
	dd_err_cleanup(&r->err);
}

static struct result
ask_with(struct calls *c, const char *key, const char *what, const struct provider_watch *watch)
{
	struct chat_message m = {.role = CHAT_USER};
	chat_message_add(&m, PART_TEXT)->text = mem_printf("Answer with: %s", what);
	const struct chat_request req = {
		.messages = &m, .nmessages = 1, .max_output = 100, .conversation = "talk-1"};
	OWN_JSON json_t *files = json_pack("[{s:s, s:s}]", "path", "a.c", "sha256", "00");
	const struct call_spec spec = {.key = key,
		.model = models_find(&models, "m"),
		.req = &req,
		.files = files,
		.watch = watch};
	struct result r = {0};
	OWN(chat_answer) struct chat_answer a = {0};
	r.rc = calls_chat(c, &spec, &a, &r.failure, &r.err);
	r.text = r.rc == 0 ? chat_answer_text(&a) : NULL;
	chat_message_cleanup(&m);
	return r;
}

static struct result
ask(struct calls *c, const char *key, const char *what)
{
	return ask_with(c, key, what, NULL);
}

static struct calls_sum
sum(struct calls *c)
{
	struct calls_sum s;
	assert_int_equal(calls_sum(c, &s, NULL), 0);
	return s;
}

static size_t
requests_with(const char *word)
{
	OWN_FREE char *all = standin_requests(&server);
	size_t n = 0;
	for (char *at = all; (at = strstr(at, word)); at++)
		n++;
	return n;
}

static int
begin(void **state)
{
	(void)state;
	dir = tmpdir_create();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	models_cleanup(&models);
	tmpdir_remove(dir);
	return 0;
}

/* ---- budget ---- */

static void
a_call_is_settled_at_what_the_provider_counted(void **state)
{
	(void)state;
	load("plain+tag=settle");
	struct calls *c = open_calls();
	OWN(result) struct result r = ask(c, "one", "fine");
	assert_string_equal(r.text, "fine");
	struct calls_sum s = sum(c);
	OWN_JSON json_t *all = NULL;
	assert_int_equal(calls_trace(c, false, &all, NULL), 0);
	const json_t *a = json_object_get(json_array_get(all, 0), "attributes");
	int64_t in = json_integer_value(json_object_get(a, "gen_ai.usage.input_tokens"));
	int64_t out = json_integer_value(json_object_get(a, "gen_ai.usage.output_tokens"));
	assert_true(in > 0 && out > 0);
	assert_int_equal(s.tokens, in + out);
	assert_int_equal(s.nano_usd, in * 2000 + out * 10000);
	assert_int_equal(s.reserved_tokens, 0);
	assert_true(json_integer_value(json_object_get(a, "drydock.reserve.tokens")) > in + out);
	calls_close(c);
}

static void
a_budget_is_never_exceeded(void **state)
{
	(void)state;
	load("plain+tag=budget");
	struct calls *c = open_calls();
	/* The reserve of one such call: its bytes as tokens would be some 1,300; counted, some 1,250. */
	assert_int_equal(calls_set_budget(c, &(struct budget){1500, -1}, NULL), 0);
	int made = 0;
	for (int i = 0; i < 40; i++) {
		OWN_FREE char *key = mem_printf("call %d", i);
		OWN(result) struct result r = ask(c, key, "fine");
		if (r.rc < 0) {
			assert_int_equal(r.rc, -DD_ELIMIT);
			assert_non_null(strstr(err_msg(&r.err), "budget of 1500 tokens"));
			break;
		}
		made++;
		assert_true(sum(c).tokens <= 1500);
	}
	assert_in_range(made, 1, 39);
	/* Nothing was sent that the budget does not hold. */
	assert_int_equal(sum(c).calls, made);
	calls_close(c);
	/* It is kept with the run. */
	c = open_calls();
	OWN(result) struct result r = ask(c, "another", "fine");
	assert_int_equal(r.rc, -DD_ELIMIT);
	calls_close(c);
}

static void
a_budget_of_money_is_never_exceeded(void **state)
{
	(void)state;
	load("plain+tag=money");
	struct calls *c = open_calls();
	assert_int_equal(calls_set_budget(c, &(struct budget){-1, 5000000}, NULL), 0);
	int made = 0;
	for (; made < 100; made++) {
		OWN_FREE char *key = mem_printf("call %d", made);
		OWN(result) struct result r = ask(c, key, "fine");
		if (r.rc < 0)
			break;
		assert_true(sum(c).nano_usd <= 5000000);
	}
	assert_in_range(made, 1, 99);
	calls_close(c);
}

static void
where_bytes_are_too_many_the_provider_counts(void **state)
{
	(void)state;
	load("plain+tag=count");
	OWN(buf) struct buf text = {0};
	for (int i = 0; i < 2000; i++)
		buf_puts(&text, "word ");
	struct calls *c = open_calls();
	/* Some 10,000 bytes, and 2,500 tokens. */
	assert_int_equal(calls_set_budget(c, &(struct budget){5000, -1}, NULL), 0);
	OWN(result) struct result r = ask(c, "long", text.p);
	assert_int_equal(r.rc, 0);
	assert_true(requests_with("plain+tag=count") >= 2);
	calls_close(c);
}

static void
a_model_without_a_price_is_refused_or_counted_as_the_dearest(void **state)
{
	(void)state;
	OWN_FREE char *path = fs_join(dir, "models.json");
	for (int maximum = 0; maximum < 2; maximum++) {
		OWN_FREE char *text = mem_printf(
			"{\"unknown_price\": \"%s\", \"models\": {\"claude-opus-5-5\": {\"prices\": null}, "
			"\"dear\": {\"provider\": \"openai\", \"context\": {\"window\": 9, \"effective\": 9, "
			"\"max_output\": 9}, \"prices\": {\"input\": 700, \"output\": 800}}}}",
			maximum ? "maximum" : "refuse");
		OWN(models) struct models all = {0};
		OWN(dd_err) struct dd_err err = {0};
		struct model_prices p;
		assert_int_equal(fs_write_atomic(path, str_of(text), 0600, NULL), 0);
		assert_int_equal(models_load(&(struct models_files){.user = path}, &all, NULL), 0);
		int rc = models_prices(&all, models_find(&all, "claude-opus-5-5"), &p, &err);
		assert_int_equal(rc, maximum ? 0 : -DD_EINVAL);
		if (maximum)
			assert_true(p.input == 700 && p.output == 800 && p.cache_write == 1400);
		else
			assert_non_null(strstr(err_msg(&err), "claude-opus-5-5"));
	}
}

/* ---- the journal ---- */

static void
the_same_call_again_is_answered_from_the_journal(void **state)
{
	(void)state;
	load("plain+tag=again");
	struct calls *c = open_calls();
	OWN(result) struct result first = ask(c, "one", "fine");
	struct calls_sum before = sum(c);
	calls_close(c);
	c = open_calls();
	OWN(result) struct result second = ask(c, "one", "fine");
	assert_string_equal(second.text, first.text);
	assert_int_equal(sum(c).nano_usd, before.nano_usd);
	assert_int_equal(requests_with("plain+tag=again"), 1);
	/* Another key, or another request, is another call. */
	OWN(result) struct result third = ask(c, "two", "fine");
	OWN(result) struct result fourth = ask(c, "one", "otherwise");
	assert_string_equal(third.text, "fine");
	assert_string_equal(fourth.text, "otherwise");
	assert_int_equal(requests_with("plain+tag=again"), 3);
	calls_close(c);
}

/* In a child that is killed while the server takes its time. */
static void
die_in_a_call(const char *key)
{
	size_t before = requests_with("slow=3000");
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct calls *c = open_calls();
		(void)ask(c, key, "fine");
		_exit(0);
	}
	while (requests_with("slow=3000") == before)
		(void)usleep(20000);
	assert_int_equal(kill(pid, SIGKILL), 0);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void
what_was_sent_and_not_answered_is_in_doubt_and_sent_once_more(void **state)
{
	(void)state;
	load("slow=3000+tag=doubt");
	die_in_a_call("one");
	struct calls *c = open_calls();
	struct calls_sum s = sum(c);
	assert_int_equal(s.in_doubt, 1);
	assert_true(s.tokens > 1000); /* its reserve */
	assert_int_equal(s.reserved_tokens, 0);
	int64_t charged = s.tokens;
	calls_close(c);
	die_in_a_call("one");
	c = open_calls();
	assert_int_equal(sum(c).in_doubt, 2);
	assert_int_equal(sum(c).tokens, 2 * charged);
	size_t sent = requests_with("slow=3000");
	OWN(result) struct result r = ask(c, "one", "fine");
	assert_int_equal(r.rc, -DD_EIO);
	assert_non_null(strstr(err_msg(&r.err), "sent twice"));
	assert_int_equal(requests_with("slow=3000"), sent);
	calls_close(c);
}

/* One process calls and the other would: the budget holds either, and not both at once. */
static void
what_another_process_reserved_is_waited_for(void **state)
{
	(void)state;
	load("slow=300+tag=beside");
	struct calls *c = open_calls();
	assert_int_equal(calls_set_budget(c, &(struct budget){2000, -1}, NULL), 0);
	calls_close(c);
	pid_t pid = fork();
	if (pid == 0) {
		if (calls_open_beside(dir, &models, &c, NULL) < 0)
			_exit(1);
		struct result r = ask(c, "fix/1/write/1", "first");
		calls_close(c);
		_exit(r.rc < 0);
	}
	for (int i = 0; i < 1000 && !requests_with("slow=300+tag=beside"); i++)
		(void)usleep(20000);
	assert_int_equal(calls_open_beside(dir, &models, &c, NULL), 0);
	assert_true(sum(c).reserved_tokens > 1000); /* not taken for one in doubt */
	OWN(result) struct result r = ask(c, "fix/101/write/1", "second");
	assert_string_equal(r.text, "second");
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(sum(c).in_doubt, 0);
	assert_int_equal(sum(c).calls, 2);
	OWN_JSON json_t *all = NULL;
	assert_int_equal(calls_trace(c, false, &all, NULL), 0);
	const json_t *one = json_array_get(all, 0), *two = json_array_get(all, 1);
	assert_true(json_integer_value(json_object_get(two, "start_ns")) >=
		    json_integer_value(json_object_get(one, "end_ns")));
	int64_t tokens = 0, nano_usd = 0;
	assert_int_equal(calls_spent(c, "fix/1/", &tokens, &nano_usd, NULL), 0);
	assert_in_range(tokens, 1, sum(c).tokens - 1);
	assert_in_range(nano_usd, 1, sum(c).nano_usd - 1);
	calls_close(c);
}

static void
a_stream_that_broke_off_is_charged_and_asked_for_once_more(void **state)
{
	(void)state;
	load("error=3+once+tag=broken");
	struct calls *c = open_calls();
	OWN(result) struct result r = ask(c, "one", "fine");
	assert_string_equal(r.text, "fine");
	assert_int_equal(sum(c).calls, 2);
	assert_int_equal(sum(c).in_doubt, 1);
	calls_close(c);
	load("truncated=3+tag=never");
	c = open_calls();
	OWN(result) struct result never = ask(c, "two", "fine");
	assert_int_equal(never.rc, -DD_EIO);
	assert_int_equal(never.failure, FAIL_TRUNCATED);
	assert_int_equal(requests_with("truncated=3"), 2);
	calls_close(c);
}

static void
an_error_before_an_answer_costs_nothing(void **state)
{
	(void)state;
	load("529-then-ok=1+after-ms=1+tag=free");
	struct calls *c = open_calls();
	OWN(result) struct result r = ask(c, "one", "fine");
	assert_string_equal(r.text, "fine");
	assert_int_equal(sum(c).calls, 2);
	assert_int_equal(sum(c).in_doubt, 0);
	assert_true(sum(c).tokens < 1000);
	calls_close(c);
	load("spend-limit+tag=spend");
	c = open_calls();
	OWN(result) struct result limit = ask(c, "two", "fine");
	assert_int_equal(limit.rc, -DD_ELIMIT);
	assert_int_equal(limit.failure, FAIL_SPEND);
	assert_int_equal(requests_with("spend-limit+tag=spend"), 1);
	calls_close(c);
}

/* Some time after the server was asked so often, whatever the machine is busy with. */
struct patience {
	const char *profile;
	size_t asked;
	int64_t since;
};

static bool
is_over(void *ctx)
{
	struct patience *p = ctx;
	if (!p->since && requests_with(p->profile) >= p->asked)
		p->since = clock_mono_ns();
	return p->since && clock_mono_ns() - p->since > 1000000000;
}

static void
a_call_can_be_cancelled(void **state)
{
	(void)state;
	load("silent=40+tag=cancel");
	struct patience p = {.profile = "silent=40+tag=cancel", .asked = 1};
	const struct provider_watch w = {.is_cancelled = is_over, .ctx = &p};
	struct calls *c = open_calls();
	OWN(result) struct result r = ask_with(c, "one", "fine", &w);
	assert_int_equal(r.rc, -DD_ESTOPPED);
	assert_true(clock_mono_ns() - p.since < INT64_C(20000000000));
	assert_int_equal(sum(c).in_doubt, 1);
	calls_close(c);
}

/* A minute is too long for a test: who waits is cancelled. */
static void
requests_and_tokens_a_minute_are_kept(void **state)
{
	static const char *const limits[] = {
		"{\"requests\": 2}", "{\"tokens\": 20}", "{\"requests\": 3, \"tokens\": 1000000}"};
	static const int made[] = {2, 1, 3};
	(void)state;
	for (int i = 0; i < 3; i++) {
		OWN_FREE char *profile = mem_printf("plain+tag=pace%d", i),
			      *path = fs_join(dir, "models.json");
		OWN_FREE char *text =
			mem_printf("{\"models\": {\"m\": {\"limits\": %s}}}", limits[i]);
		load(profile);
		OWN_FREE char *db = fs_join(dir, CALLS_FILE);
		(void)unlink(db);
		OWN_JSON json_t *file = NULL, *more = NULL;
		assert_int_equal(json_parse_file(path, 1 << 20, &file, NULL), 0);
		assert_int_equal(json_parse(str_of(text), &more, NULL), 0);
		assert_int_equal(json_object_update_recursive(file, more), 0);
		OWN(buf) struct buf out = {0};
		json_print(file, 0, &out);
		assert_int_equal(fs_write_atomic(path, buf_str(&out), 0600, NULL), 0);
		models_cleanup(&models);
		assert_int_equal(
			models_load(&(struct models_files){.user = path}, &models, NULL), 0);
		struct calls *c = open_calls();
		struct patience p = {.profile = profile, .asked = (size_t)made[i]};
		const struct provider_watch w = {.is_cancelled = is_over, .ctx = &p};
		int n = 0;
		for (; n < 5; n++) {
			OWN_FREE char *key = mem_printf("call %d", n);
			OWN(result) struct result r = ask_with(c, key, "fine", &w);
			if (r.rc < 0) {
				assert_int_equal(r.rc, -DD_ESTOPPED);
				break;
			}
		}
		assert_int_equal(n, made[i]);
		assert_int_equal(requests_with(profile), made[i]);
		calls_close(c);
	}
}

/* ---- secrets and the trace ---- */

static void
no_secret_is_sent_or_kept(void **state)
{
	(void)state;
	OWN_FREE char *answers = fs_join(dir, "answers.json"), *db = fs_join(dir, CALLS_FILE),
		      *wal = mem_printf("%s-wal", db);
	struct answers *secrets;
	assert_int_equal(
		fs_write_atomic(answers, STR("{\"secret:db\": \"hunter2-hunter2\"}"), 0600, NULL),
		0);
	assert_int_equal(answers_load(answers, &secrets, NULL), 0);
	load("plain+tag=secret");
	struct calls *c = open_calls();
	calls_set_secrets(c, secrets);
	OWN(result)
	struct result r = ask(c, "one", "the password is hunter2-hunter2, the key " STANDIN_KEY);
	assert_string_equal(r.text, "the password is [redacted], the key [redacted]");
	OWN_JSON json_t *last = standin_last(&server);
	OWN(buf) struct buf body = {0}, kept = {0};
	json_print(json_object_get(last, "body"), 0, &body);
	assert_null(strstr(body.p, "hunter2"));
	assert_null(strstr(body.p, STANDIN_KEY));
	assert_int_equal(fs_read(db, 64 << 20, &kept, NULL), 0);
	assert_int_equal(fs_read_if_any(wal, 64 << 20, &kept, NULL), 0);
	assert_null(memmem(kept.p, kept.n, "hunter2", 7));
	assert_null(memmem(kept.p, kept.n, STANDIN_KEY, strlen(STANDIN_KEY)));
	calls_close(c);
	answers_destroy(secrets);
}

static const char *
otlp_text(const json_t *span, const char *key)
{
	size_t i;
	json_t *a;
	json_array_foreach (json_object_get(span, "attributes"), i, a) {
		const char *k = json_string_value(json_object_get(a, "key"));
		if (strcmp(k, key) == 0)
			return json_string_value(json_object_iter_value(
				json_object_iter(json_object_get(a, "value"))));
	}
	return NULL;
}

static void
every_call_is_a_span_of_one_trace(void **state)
{
	(void)state;
	char agent[SPAN_ID + 1];
	load("529-then-ok=1+after-ms=1+tag=trace");
	struct calls *c = open_calls();
	assert_int_equal(calls_span_begin(c, NULL, "invoke_agent", "writer", NULL, agent, NULL), 0);
	struct chat_message m = {.role = CHAT_USER};
	chat_message_add(&m, PART_TEXT)->text = mem_strdup("Answer with: traced");
	const struct chat_request req = {
		.messages = &m, .nmessages = 1, .max_output = 100, .conversation = "talk-1"};
	const struct call_spec spec = {
		.key = "one", .model = models_find(&models, "m"), .req = &req, .parent = agent};
	OWN(chat_answer) struct chat_answer a = {0};
	assert_int_equal(calls_chat(c, &spec, &a, NULL, NULL), 0);
	assert_int_equal(calls_span_end(c, agent, NULL, NULL, NULL), 0);
	chat_message_cleanup(&m);
	OWN_JSON json_t *otlp = NULL;
	assert_int_equal(calls_trace_otlp(c, true, &otlp, NULL), 0);
	const json_t *resource = json_array_get(json_object_get(otlp, "resourceSpans"), 0);
	const json_t *spans = json_object_get(
		json_array_get(json_object_get(resource, "scopeSpans"), 0), "spans");
	assert_int_equal(json_array_size(spans), 3);
	const json_t *failed = json_array_get(spans, 1), *done = json_array_get(spans, 2);
	assert_string_equal(json_string_value(json_object_get(failed, "name")), "chat model-1");
	assert_string_equal(json_string_value(json_object_get(failed, "parentSpanId")), agent);
	assert_string_equal(otlp_text(failed, "error.type"), "overloaded");
	assert_string_equal(otlp_text(done, "gen_ai.request.model"), "model-1");
	assert_string_equal(otlp_text(done, "gen_ai.conversation.id"), "talk-1");
	assert_non_null(strstr(otlp_text(done, "drydock.answer"), "traced"));
	assert_string_equal(json_string_value(json_object_get(done, "traceId")),
		json_string_value(json_object_get(failed, "traceId")));
	assert_int_equal(strlen(json_string_value(json_object_get(done, "traceId"))), 32);
	assert_true(strcmp(json_string_value(json_object_get(done, "endTimeUnixNano")),
			    json_string_value(json_object_get(done, "startTimeUnixNano"))) >= 0);
	calls_close(c);
}

static int
start(void **state)
{
	(void)state;
	assert_int_equal(setenv("CALLS_KEY", STANDIN_KEY, 1), 0);
	standin_start(&server, false, NULL);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	standin_stop(&server);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_call_is_settled_at_what_the_provider_counted),
		TEST(a_budget_is_never_exceeded),
		TEST(a_budget_of_money_is_never_exceeded),
		TEST(where_bytes_are_too_many_the_provider_counts),
		TEST(a_model_without_a_price_is_refused_or_counted_as_the_dearest),
		TEST(the_same_call_again_is_answered_from_the_journal),
		TEST(what_was_sent_and_not_answered_is_in_doubt_and_sent_once_more),
		TEST(what_another_process_reserved_is_waited_for),
		TEST(a_stream_that_broke_off_is_charged_and_asked_for_once_more),
		TEST(an_error_before_an_answer_costs_nothing),
		TEST(a_call_can_be_cancelled),
		TEST(requests_and_tokens_a_minute_are_kept),
		TEST(no_secret_is_sent_or_kept),
		TEST(every_call_is_a_span_of_one_trace),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
