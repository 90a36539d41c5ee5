/*
 * One call to a model, as a run makes it.
 *
 *   tool_call MODELS MODEL [DIR KEY]
 *
 * The prompt is standard input, the answer standard output.  With DIR the call is journalled there under KEY;
 * without, it is one try.  Exit 1 and a line on standard error: there is none.
 */
#include "agents/calls.h"

#include <string.h>

#define PROMPT_MAX ((size_t)16 << 20)
#define OUTPUT_TOKENS 1000

static int
ask(const struct models *all, const struct model *m, char **args, const struct chat_request *req,
	struct chat_answer *ret, struct dd_err *err)
{
	struct calls *c;
	int rc;
	if (args[3]) {
		rc = calls_open(args[3], all, &c, err);
		if (rc < 0)
			return rc;
		rc = calls_chat(c, &(struct call_spec){.key = args[4], .model = m, .req = req}, ret,
			NULL, err);
		calls_close(c);
		return rc;
	}
	struct provider *p;
	OWN(failure) struct failure f = {0};
	rc = provider_open(m, &p, err);
	if (rc < 0)
		return rc;
	OWN_JSON json_t *body = provider_body(p, req);
	rc = provider_try(p, body, NULL, ret, &f, err);
	provider_close(p);
	return rc;
}

int
main(int argc, char **argv)
{
	OWN(models) struct models all = {0};
	OWN(chat_answer) struct chat_answer a = {0};
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf prompt = {.max = PROMPT_MAX};
	char block[65536];
	size_t n;
	if (argc != 3 && argc != 5)
		return 2;
	while ((n = fread(block, 1, sizeof(block), stdin)) > 0)
		buf_add(&prompt, block, n);
	struct chat_message said = {.role = CHAT_USER};
	chat_message_add(&said, PART_TEXT)->text = buf_take(&prompt);
	const struct chat_request req = {
		.messages = &said, .nmessages = 1, .max_output = OUTPUT_TOKENS};
	int rc = models_load(&(struct models_files){.user = argv[1]}, &all, &err);
	const struct model *m = rc == 0 ? models_find(&all, argv[2]) : NULL;
	if (rc == 0 && !m)
		rc = err_set(&err, DD_EINVAL, "there is no model %s", argv[2]);
	if (rc == 0)
		rc = ask(&all, m, argv, &req, &a, &err);
	chat_message_cleanup(&said);
	if (rc < 0) {
		(void)fprintf(stderr, "%s\n", err_msg(&err));
		return 1;
	}
	OWN_FREE char *text = chat_answer_text(&a);
	(void)puts(text);
	return 0;
}
