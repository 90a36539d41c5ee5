/* The browser's protocol: what is read piece by piece, and a browser that floods, is slow to read, or dies. */
#include "qa/cdp.h"

#include "base/fs.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#define BIG ((size_t)6 << 20) /* much more than pipes hold */

static struct str
next(struct cdp_reader *r)
{
	struct str m = {NULL, 0};
	return cdp_reader_next(r, &m) ? m : (struct str){NULL, 0};
}

static void
messages_come_out_whole_wherever_they_are_cut(void **state)
{
	static const char stream[] =
		"{\"id\":1,\"result\":{}}\0{\"method\":\"A.b\",\"params\":{}}\0{\"id\":2}";
	(void)state;
	for (size_t cut = 0; cut <= sizeof(stream); cut++) {
		struct cdp_reader r = {.max = 1000};
		cdp_reader_add(&r, (struct str){stream, cut});
		struct str first = next(&r), second = first.p ? next(&r) : first;
		assert_int_equal(first.p != NULL, cut > 20);
		assert_int_equal(second.p != NULL, cut > 20 + 29);
		cdp_reader_add(&r, (struct str){stream + cut, sizeof(stream) - cut});
		if (!first.p)
			assert_int_equal(cdp_message_id(next(&r)), 1);
		if (!second.p)
			assert_true(str_eq(cdp_message_method(next(&r)), "A.b"));
		assert_int_equal(cdp_message_id(next(&r)), 2);
		assert_null(next(&r).p);
		cdp_reader_cleanup(&r);
	}
}

static void
a_message_that_is_too_large_is_cut_and_known(void **state)
{
	struct cdp_reader r = {.max = 1000};
	OWN(buf) struct buf big = {0};
	struct str result;
	(void)state;
	buf_puts(&big, "{\"id\":7,\"result\":\"");
	while (big.n < 100000)
		buf_puts(&big, "0123456789");
	for (size_t i = 0; i < big.n; i += 777)
		cdp_reader_add(&r, (struct str){big.p + i, big.n - i < 777 ? big.n - i : 777});
	assert_true(r.in.cap < 8192);
	assert_null(next(&r).p);
	cdp_reader_add(&r, (struct str){"\"}\0{\"id\":8}\0", 12});
	struct str cut = next(&r);
	assert_int_equal(cut.n, CDP_HEAD);
	assert_int_equal(cdp_message_id(cut), 7);
	assert_false(cdp_message_result(cut, &result));
	assert_int_equal(cdp_message_id(next(&r)), 8);
	cdp_reader_cleanup(&r);
}

static const struct {
	const char *message, *result; /* NULL: it has none */
} answers[] = {
	{"{\"id\":12,\"result\":{\"a\":1}}", "{\"a\":1}"},
	{"{\"id\":12,\"result\":{},\"sessionId\":\"0123456789ABCDEF0123456789ABCDEF\"}", "{}"},
	/* Text of a page that looks like the end of an answer is in quotes of its own. */
	{"{\"id\":1,\"result\":{\"a\":\"\\\",\\\"sessionId\\\":\\\"\"}}",
		"{\"a\":\"\\\",\\\"sessionId\\\":\\\"\"}"},
	{"{\"id\":12,\"error\":{\"message\":\"no\"}}", NULL},
	{"{\"method\":\"A.b\",\"params\":{}}", NULL},
	{"{\"id\":12,\"result\":", NULL},
	{"{\"id\":", NULL},
	{"", NULL},
};

static void
the_result_is_found_without_parsing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		struct str result;
		bool found = cdp_message_result(str_of(answers[i].message), &result);
		assert_int_equal(found, answers[i].result != NULL);
		if (found)
			assert_true(str_eq(result, answers[i].result));
	}
}

static void
base64_is_decoded_or_refused(void **state)
{
	static const char *const good[][2] = {{"", ""}, {"Zg==", "f"}, {"Zm8=", "fo"},
		{"Zm9v", "foo"}, {"Zm9vYg==", "foob"}, {"Zm9vYmFy", "foobar"},
		{"+/+/", "\xfb\xff\xbf"}};
	static const char *const bad[] = {"Z", "Zm9v!", "Zm 9", "Zm9vY"};
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		OWN(buf) struct buf out = {0};
		OWN_FREE char *text = mem_printf("{\"data\":\"%s\"}", good[i][0]);
		assert_true(cdp_result_data(str_of(text), &out));
		assert_true(str_eq(buf_str(&out), good[i][1]));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		OWN(buf) struct buf out = {0};
		OWN_FREE char *text = mem_printf("{\"data\":\"%s\"}", bad[i]);
		assert_false(cdp_result_data(str_of(text), &out));
	}
}

/* ---- a process in the browser's place ---- */

struct fake {
	struct cdp cdp;
	int fds[3];
	pid_t pid;
};

static void
start(struct fake *f, void (*body)(int in, int out, int err))
{
	int orders[2], given[2], errors[2];
	assert_int_equal(pipe(orders) | pipe(given) | pipe(errors), 0);
	f->pid = fork();
	if (f->pid == 0) {
		(void)alarm(30);
		(void)close(orders[1]);
		(void)close(given[0]);
		body(orders[0], given[1], errors[1]);
		_exit(0);
	}
	(void)close(orders[0]);
	(void)close(given[1]);
	(void)close(errors[1]);
	const int fds[] = {given[0], orders[1], errors[0]};
	memcpy(f->fds, fds, sizeof(fds));
	cdp_init(&f->cdp, given[0], orders[1], errors[0], 20000);
}

static void
stop(struct fake *f)
{
	for (size_t i = 0; i < 3; i++)
		(void)close(f->fds[i]);
	(void)waitpid(f->pid, NULL, 0);
	cdp_cleanup(&f->cdp);
}

static void
say(int out, const char *text)
{
	(void)!fs_write_all(out, text, strlen(text) + 1, NULL);
}

/* Writes much before it reads anything, then reads one order and answers it. */
static void
talk_first(int in, int out, int err)
{
	OWN(buf) struct buf event = {0};
	char c;
	(void)err;
	buf_puts(&event, "{\"method\":\"A.b\",\"params\":{\"x\":\"");
	while (event.n < BIG)
		buf_puts(&event, "0123456789abcdef");
	buf_puts(&event, "\"}}");
	say(out, event.p);
	while (read(in, &c, 1) == 1 && c)
		continue;
	say(out, "{\"id\":1,\"result\":{\"ok\":true}}");
	(void)!read(in, &c, 1);
}

static void
count(void *ctx, const char *session, const char *method, const json_t *params)
{
	size_t *bytes = ctx;
	(void)session;
	(void)method;
	*bytes += json_string_length(json_object_get(params, "x"));
}

static void
large_messages_both_ways_do_not_block(void **state)
{
	struct fake f = {.pid = 0};
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *answer = NULL;
	size_t bytes = 0;
	(void)state;
	start(&f, talk_first);
	while (text.n < BIG)
		buf_puts(&text, "fedcba9876543210");
	f.cdp.on_event = count;
	f.cdp.ctx = &bytes;
	assert_int_equal(
		cdp_call(&f.cdp, "S", "X.y", json_pack("{s:s}", "t", text.p), 20000, &answer, NULL),
		0);
	assert_true(json_is_true(json_object_get(answer, "ok")));
	assert_true(bytes >= BIG - 100);
	stop(&f);
}

static void
die(int in, int out, int err)
{
	char c;
	(void)out;
	static const char words[] = "ERROR: dbus is not there\nFATAL: no \033[31mshared memory\n";
	(void)!read(in, &c, 1);
	(void)!write(err, words, sizeof(words) - 1);
}

static void
a_browser_that_dies_is_told_with_its_last_words(void **state)
{
	struct fake f = {.pid = 0};
	OWN(dd_err) struct dd_err err = {0};
	(void)state;
	start(&f, die);
	assert_int_equal(cdp_call(&f.cdp, NULL, "X.y", NULL, 20000, NULL, &err), -DD_EIO);
	assert_string_equal(
		err_msg(&err), "the browser ended; it said: FATAL: no \\x1b[31mshared memory");
	stop(&f);
}

static void
never_answer(int in, int out, int err)
{
	char c;
	(void)err;
	say(out, "{\"id\":99,\"result\":{}}");
	say(out, "not json");
	while (read(in, &c, 1) == 1)
		continue;
}

static void
what_is_not_answered_ends_in_time(void **state)
{
	struct fake f = {.pid = 0};
	OWN(dd_err) struct dd_err err = {0};
	(void)state;
	start(&f, never_answer);
	assert_int_equal(cdp_call(&f.cdp, NULL, "X.y", NULL, 100, NULL, &err), -DD_ELIMIT);
	assert_string_equal(err_msg(&err), "X.y: no answer within 100 ms");
	stop(&f);
}

/* Answers the third of three orders first, and again, the first with a refusal, and the second never. */
static void
answer_out_of_order(int in, int out, int err)
{
	char c;
	(void)err;
	for (int orders = 0; orders < 3 && read(in, &c, 1) == 1;)
		orders += !c;
	say(out, "{\"id\":3,\"result\":{\"data\":\"YWJj\"}}");
	say(out, "{\"id\":3,\"result\":{\"data\":\"eHl6\"}}");
	say(out, "{\"id\":1,\"error\":{\"code\":-1,\"message\":\"no such thing\"}}");
	while (read(in, &c, 1) == 1)
		continue;
}

static void
answers_that_are_asked_together_come_in_any_order(void **state)
{
	struct fake f = {.pid = 0};
	struct cdp_ask refused = {0}, late = {0}, data = {0};
	OWN(dd_err) struct dd_err why = {0}, none = {0};
	(void)state;
	start(&f, answer_out_of_order);
	cdp_ask(&f.cdp, &refused, NULL, "X.refused", NULL, CDP_JSON);
	cdp_ask(&f.cdp, &late, NULL, "X.late", NULL, CDP_TEXT);
	cdp_ask(&f.cdp, &data, NULL, "X.data", NULL, CDP_DATA);
	assert_int_equal(cdp_take(&f.cdp, &refused, 20000, &why), -DD_EINVAL);
	assert_string_equal(err_msg(&why), "no such thing");
	assert_int_equal(cdp_take(&f.cdp, &data, 20000, NULL), 0);
	assert_int_equal(data.data.n, 3);
	assert_memory_equal(data.data.p, "abc", 3);
	assert_int_equal(cdp_take(&f.cdp, &late, 100, &none), -DD_ELIMIT);
	assert_null(f.cdp.asked);
	cdp_drop(&f.cdp, &refused);
	cdp_drop(&f.cdp, &late);
	cdp_drop(&f.cdp, &data);
	stop(&f);
}

int
main(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_out_whole_wherever_they_are_cut),
		cmocka_unit_test(a_message_that_is_too_large_is_cut_and_known),
		cmocka_unit_test(the_result_is_found_without_parsing),
		cmocka_unit_test(base64_is_decoded_or_refused),
		cmocka_unit_test(large_messages_both_ways_do_not_block),
		cmocka_unit_test(a_browser_that_dies_is_told_with_its_last_words),
		cmocka_unit_test(what_is_not_answered_ends_in_time),
		cmocka_unit_test(answers_that_are_asked_together_come_in_any_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
