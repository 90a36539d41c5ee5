/* models.json: layers, messages, trust; keys; models behind a command. */
#include "agents/calls.h"
#include "agents/key.h"
#include "tests/agents/standin.h"

static char *dir;

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
	tmpdir_remove(dir);
	return 0;
}

static char *
put(const char *name, const char *text)
{
	char *path = fs_join(dir, name);
	assert_int_equal(fs_write_atomic(path, str_of(text), 0600, NULL), 0);
	return path;
}

static void
the_shipped_table_is_whole(void **state)
{
	(void)state;
	OWN(models) struct models all = {0};
	const struct model *m;
	size_t n = 0, priced = 0, apis = 0;
	assert_int_equal(models_load(&(struct models_files){0}, &all, NULL), 0);
	for (; (m = models_at(&all, n)); n++) {
		assert_non_null(m->family);
		assert_non_null(m->guide);
		assert_true(strlen(m->guide) > 200);
		assert_true(m->roles.n > 0 && m->habits.n > 0);
		assert_true(m->context.effective < m->context.window);
		assert_true(model_has_price(m) == (m->prices_from != NULL));
		assert_int_equal(strncmp(m->via->base_url, "https://", 8), 0);
		priced += model_has_price(m);
		apis |= (size_t)1 << m->via->api;
	}
	assert_true(n >= 6 && priced >= 4);
	assert_int_equal(apis, 1 << API_ANTHROPIC | 1 << API_RESPONSES | 1 << API_GOOGLE);
}

static void
a_layer_changes_what_it_names_and_no_more(void **state)
{
	(void)state;
	OWN_FREE char *user = put("user.json",
		"{\"providers\": {\"home\": {\"api\": \"openai-chat\", \"base_url\": \"http://127.0.0.1:1/v1\"}},"
		"\"models\": {\"gpt-5\": {\"prices\": {\"output\": 11}, \"limits\": null},"
		"\"gpt-5-mini\": null,"
		"\"mine\": {\"provider\": \"home\", \"family\": \"qwen\", \"guide\": \"mine.md\", \"context\": {\"window\": 9, "
		"\"effective\": 5, \"max_output\": 2}}}}");
	OWN_FREE char *guide = put("mine.md", "Speak plainly.");
	OWN_FREE char *project = put("project.json",
		"{\"models\": {\"mine\": {\"roles\": [\"review\"], \"context\": {\"effective\": 4}}}}");
	OWN(models) struct models all = {0};
	OWN(dd_err) struct dd_err err = {0};
	if (models_load(&(struct models_files){user, project}, &all, &err) < 0)
		fail_msg("%s", err_msg(&err));
	const struct model *gpt = models_find(&all, "gpt-5"), *mine = models_find(&all, "mine");
	assert_true(gpt->prices.output == 11 && gpt->prices.input == 1.25);
	assert_null(models_find(&all, "gpt-5-mini"));
	assert_string_equal(mine->family, "qwen");
	assert_string_equal(mine->id, "mine");
	assert_string_equal(mine->guide, "Speak plainly.");
	assert_true(str_ends(str_of(guide), "/mine.md"));
	assert_int_equal(mine->context.effective, 4);
	assert_string_equal(mine->roles.v[0], "review");
}

static void
a_wrong_entry_is_named_with_its_file_its_path_and_what_was_expected(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"[]", ": expected an object"},
		{"{\"model\": {}}", ": unknown key \"model\""},
		{"{\"models\": []}", ": models: expected object"},
		{"{\"models\": {\"x\": 1}}", ": models.x: expected object, got integer"},
		{"{\"models\": {\"x\": {\"prices\": {\"input\": \"3\"}}}}",
			": models.x.prices.input: expected number, got string"},
		{"{\"models\": {\"x\": {\"roles\": [1]}}}",
			": models.x.roles[0]: expected string, got integer"},
		{"{\"models\": {\"x\": {\"colour\": 1}}}", ": models.x: unknown key \"colour\""},
		{"{\"models\": {\"x\": {\"abilities\": {\"thinking\": \"deep\"}}}}",
			": models.x.abilities.thinking: \"deep\" is not one of"},
		{"{\"models\": {\"x\": {\"sampling\": 3}}}",
			": models.x.sampling: expected object"},
		{"{\"models\": {\"x\": {\"context\": {}}}}",
			"models.x: provider: expected string, got nothing"},
		{"{\"models\": {\"x\": {\"provider\": \"nobody\"}}}",
			"models.x: provider: there is no such provider"},
		{"{\"models\": {\"x\": {\"provider\": \"openai\"}}}",
			"models.x: context: expected window"},
		{"{\"models\": {\"gpt-5\": {\"context\": {\"effective\": 500000}}}}",
			"models.gpt-5: context.effective: expected at most"},
		{"{\"models\": {\"gpt-5\": {\"guide\": \"builtin:none\"}}}",
			"models.gpt-5.guide: no guide"},
		{"{\"providers\": {\"x\": {\"api\": \"openai-chat\"}}}",
			"providers.x: base_url: expected string, got nothing"},
		{"{\"providers\": {\"x\": {\"api\": \"exec\"}}}",
			"providers.x: argv: expected array"},
		{"{\"providers\": {\"x\": {\"api\": \"telepathy\"}}}",
			": providers.x.api: \"telepathy\" is not one of"},
		{"{\"providers\": {\"x\": {\"api\": \"exec\", \"argv\": \"cat\"}}}",
			": providers.x.argv: expected array, got string"},
		{"{\"unknown_price\": \"free\"}", ": unknown_price: expected"},
		{"{\"models\": {", "line 1"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		OWN_FREE char *user = put("user.json", cases[i].text);
		OWN(models) struct models all = {0};
		OWN(dd_err) struct dd_err err = {0};
		assert_int_equal(models_load(&(struct models_files){.user = user}, &all, &err),
			-DD_ECORRUPT);
		if (!strstr(err_msg(&err), cases[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].text, err_msg(&err),
				cases[i].says);
		if (cases[i].says[0] == ':')
			assert_non_null(strstr(err_msg(&err), "user.json"));
	}
}

static void
a_file_of_the_project_cannot_move_a_key_a_program_or_a_price(void **state)
{
	static const char *const texts[] = {
		"{\"providers\": {\"openai\": {\"base_url\": \"http://127.0.0.1:9/\"}}}",
		"{\"providers\": {\"x\": {\"api\": \"exec\", \"argv\": [\"sh\"]}}}",
		"{\"models\": {\"gpt-5\": {\"provider\": \"google\"}}}",
		"{\"models\": {\"gpt-5\": {\"prices\": {\"input\": 0, \"output\": 0}}}}",
		"{\"models\": {\"gpt-5\": {\"guide\": \"/etc/passwd\"}}}",
		"{\"models\": {\"gpt-5\": {\"sampling\": {\"temperature\": 2}}}}",
		"{\"models\": {\"gpt-5\": {\"family\": \"google\"}}}",
		"{\"models\": {\"gpt-5\": null}}",
		"{\"models\": {\"gpt-5\": {\"habits\": [\"does what the project says\"]}}}",
		"{\"unknown_price\": \"maximum\"}",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		OWN_FREE char *project = put("project.json", texts[i]);
		OWN(models) struct models all = {0};
		OWN(dd_err) struct dd_err err = {0};
		if (models_load(&(struct models_files){.project = project}, &all, &err) !=
			-DD_EINVAL)
			fail_msg("taken: %s", texts[i]);
		assert_non_null(strstr(err_msg(&err), "only the user's own file may say this"));
	}
}

/* ---- keys ---- */

static int
read_key(const char *provider, char **ret, struct dd_err *err)
{
	OWN_FREE char *text = mem_printf(
		"{\"providers\": {\"p\": {\"api\": \"openai-chat\", \"base_url\": \"http://127.0.0.1:1\", \"auth\": \"bearer\", %s}},"
		"\"models\": {\"m\": {\"provider\": \"p\", \"context\": {\"window\": 9, \"effective\": 9, \"max_output\": 9}}}}",
		provider);
	OWN_FREE char *user = put("user.json", text);
	OWN(models) struct models all = {0};
	assert_int_equal(models_load(&(struct models_files){.user = user}, &all, NULL), 0);
	return key_read(models_find(&all, "m")->via, ret, err);
}

static void
a_key_comes_from_the_environment_or_a_command(void **state)
{
	(void)state;
	char *key = NULL;
	OWN(dd_err) struct dd_err err = {0};
	assert_int_equal(setenv("TEST_KEY", "from-env\n", 1), 0);
	assert_int_equal(
		read_key("\"key_env\": \"TEST_KEY\", \"key_command\": [\"false\"]", &key, NULL), 0);
	assert_string_equal(key, "from-env");
	key_wipe(key);
	assert_int_equal(unsetenv("TEST_KEY"), 0);
	assert_int_equal(
		read_key("\"key_env\": \"TEST_KEY\", \"key_command\": [\"echo\", \"by command\"]",
			&key, NULL),
		0);
	assert_string_equal(key, "by command");
	key_wipe(key);
	assert_int_equal(read_key("\"key_env\": \"TEST_KEY\"", &key, &err), -DD_ENOENT);
	assert_non_null(strstr(err_msg(&err), "set TEST_KEY"));
}

static void
what_a_key_command_prints_is_not_repeated(void **state)
{
	static const char *const commands[] = {
		"\"key_command\": [\"sh\", \"-c\", \"echo secret-word; echo secret-word >&2; exit 1\"]",
		"\"key_command\": [\"printf\", \"secret-word\\nsecret-word\"]",
		"\"key_command\": [\"true\"]",
		"\"key_command\": [\"/nonexistent/secret-word\"]",
	};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char *key = NULL;
		OWN(dd_err) struct dd_err err = {0};
		assert_int_equal(read_key(commands[i], &key, &err), -DD_EIO);
		assert_null(strstr(err_msg(&err), "secret-word"));
	}
}

/* ---- commands ---- */

static int
run_command(
	const char *provider, const char *prompt, char **ret, struct failure *f, struct dd_err *err)
{
	OWN_FREE char *text = mem_printf(
		"{\"providers\": {\"p\": {\"api\": \"exec\", %s}}, \"models\": {\"m\": {\"provider\": \"p\", \"context\": {\"window\": 9, "
		"\"effective\": 9, \"max_output\": 9}}}}",
		provider);
	OWN_FREE char *user = put("user.json", text);
	OWN(models) struct models all = {0};
	OWN(chat_answer) struct chat_answer a = {0};
	struct provider *p;
	assert_int_equal(models_load(&(struct models_files){.user = user}, &all, NULL), 0);
	assert_int_equal(provider_open(models_find(&all, "m"), &p, NULL), 0);
	struct chat_message m = {.role = CHAT_USER};
	chat_message_add(&m, PART_TEXT)->text = mem_strdup(prompt);
	OWN_JSON json_t *body = provider_body(
		p, &(struct chat_request){
			   .system = "Be brief.", .messages = &m, .nmessages = 1, .max_output = 9});
	int rc = provider_try(p, body, NULL, &a, f, err);
	*ret = rc == 0 ? chat_answer_text(&a) : NULL;
	chat_message_cleanup(&m);
	provider_close(p);
	return rc;
}

static void
a_command_gets_the_prompt_and_a_bare_environment(void **state)
{
	(void)state;
	OWN(failure) struct failure f = {0};
	char *said = NULL;
	assert_int_equal(setenv("TEST_SECRET", "s3cret", 1), 0);
	assert_int_equal(setenv("TEST_SHOWN", "shown", 1), 0);
	assert_int_equal(
		run_command("\"argv\": [\"cat\"]", "a $(touch x); `y`", &said, &f, NULL), 0);
	assert_string_equal(said, "Be brief.\n\na $(touch x); `y`");
	free(said);
	assert_int_equal(
		run_command("\"argv\": [\"sh\", \"-c\", \"env; pwd\"], \"env\": [\"TEST_SHOWN\"]",
			"x", &said, &f, NULL),
		0);
	assert_null(strstr(said, "s3cret"));
	assert_non_null(strstr(said, "TEST_SHOWN=shown"));
	assert_non_null(strstr(said, "\n/"));
	free(said);
	assert_int_equal(
		run_command(
			"\"argv\": [\"printf\", \"\\\\033[1mbold\\\\033[0m \\\\033]0;title\\\\007caf\\\\351\\r\\n\"]",
			"x", &said, &f, NULL),
		0);
	assert_string_equal(said, "bold caf\xc3\xa9");
	free(said);
	assert_int_equal(
		run_command(
			"\"argv\": [\"echo\", \"{\\\"result\\\": \\\"yes\\\"}\"], \"answer_field\": \"result\"",
			"x", &said, &f, NULL),
		0);
	assert_string_equal(said, "yes");
	free(said);
}

static void
a_command_that_fails_or_hangs_is_an_error_in_time(void **state)
{
	(void)state;
	char *said = NULL;
	for (int i = 0; i < 2; i++) {
		OWN(failure) struct failure f = {0};
		OWN(dd_err) struct dd_err err = {0};
		const char *how =
			i ? "\"argv\": [\"sh\", \"-c\", \"echo no such model >&2; exit 3\"]"
			  : "\"argv\": [\"sh\", \"-c\", \"sleep 60 & sleep 60\"], \"total_s\": 1";
		assert_int_equal(run_command(how, "x", &said, &f, &err), -DD_EIO);
		assert_int_equal(f.kind, i ? FAIL_SERVER : FAIL_TIME);
		if (i)
			assert_non_null(strstr(err_msg(&err), "no such model"));
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_shipped_table_is_whole),
		TEST(a_layer_changes_what_it_names_and_no_more),
		TEST(a_wrong_entry_is_named_with_its_file_its_path_and_what_was_expected),
		TEST(a_file_of_the_project_cannot_move_a_key_a_program_or_a_price),
		TEST(a_key_comes_from_the_environment_or_a_command),
		TEST(what_a_key_command_prints_is_not_repeated),
		TEST(a_command_gets_the_prompt_and_a_bare_environment),
		TEST(a_command_that_fails_or_hangs_is_an_error_in_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
