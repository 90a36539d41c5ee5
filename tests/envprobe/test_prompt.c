/* What a terminal shows when a step waits: the id of the question, its default, whether it is
 * secret. */
#include "envprobe/prompt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *tail, *id, *text, *default_value;
	bool secret;
} shown[] = {
	{"checking\nAdministrator e-mail address? ", "prompt:administrator-e-mail-address",
		"Administrator e-mail address?", NULL, false},
	{"Install prefix [/usr/local]: ", "prompt:install-prefix",
		"Install prefix [/usr/local]:", "/usr/local", false},
	{"sh ask.sh\nSelect database:\n 1) sqlite\n 2) pg\n", "prompt:select-database",
		"Select database: / 1) sqlite / 2) pg", NULL, false},
	{"Select database:\n1) sqlite\n2) pg\n#? ", "prompt:select-database",
		"Select database: / 1) sqlite / 2) pg / #?", NULL, false},
	{"Which rig?\n  [a] sloop\n  [b] ketch\n\n[a]: ", "prompt:which-rig",
		"Which rig? / [a] sloop / [b] ketch / [a]:", "a", false},
	{"1. sloop\n2. ketch\nYour choice: ", "prompt:your-choice", "Your choice:", NULL, false},
	{"Name of the ship\n> ", "prompt:name-of-the-ship", "Name of the ship / >", NULL, false},
	{"1) a\n2) b\n", "prompt:2-b", "2) b", NULL, false}, /* nothing asks: better than no id */
	{"Enter the admin password: ", "prompt:enter-the-admin-password",
		"Enter the admin password:", NULL, true},
	{"Enter PEM pass phrase: ", "prompt:enter-pem-pass-phrase", "Enter PEM pass phrase:", NULL,
		true},
};

static void
a_question_has_the_id_of_the_line_that_asks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		struct prompter p = {.run = "make"};
		OWN_FREE char *line = prompter_answer(&p, str_of(shown[i].tail));
		OWN_FREE char *text = mem_printf("A step asks: %s", shown[i].text);
		assert_int_equal(p.questions.n, 1);
		const struct question *q = &p.questions.v[0];
		assert_string_equal(q->id, shown[i].id);
		assert_string_equal(q->text, text);
		if (shown[i].default_value)
			assert_string_equal(q->default_value, shown[i].default_value);
		else
			assert_null(q->default_value);
		if (q->secret != shown[i].secret)
			fail_msg("%s: secret %d", q->id, q->secret);
		assert_int_equal(q->blocking, !shown[i].default_value);
		prompter_cleanup(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_has_the_id_of_the_line_that_asks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
