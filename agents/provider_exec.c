#include "agents/provider_exec.h"

#include "agents/wire_text.h"
#include "base/spawn.h"

#include <string.h>

#define OUTPUT_MAX ((size_t)16 << 20)

static void
put_message(struct buf *out, const struct chat_message *m, bool named)
{
	const struct chat_part *p;
	if (named)
		buf_printf(out, "%s:\n", m->role == CHAT_USER ? "User" : "Assistant");
	for (size_t i = 0; (p = chat_message_part(m, i)); i++)
		if (p->text && (p->kind == PART_TEXT || p->kind == PART_RESULT))
			buf_puts(out, p->text);
	buf_puts(out, "\n\n");
}

json_t *
exec_body(const struct chat_request *req)
{
	OWN(buf) struct buf out = {0};
	if (req->system)
		buf_printf(&out, "%s\n\n", req->system);
	for (size_t i = 0; i < req->nmessages; i++)
		put_message(&out, &req->messages[i], req->nmessages > 1);
	return json_pack("{s:o}", "prompt", json_text(buf_str(&out)));
}

/* PATH, HOME and the language, and what the entry names. */
static void
make_env(const struct model_provider *p, struct strlist *env)
{
	static const char *const always[] = {"PATH", "HOME", "LANG", "LC_ALL", "TZ", NULL};
	for (size_t i = 0; always[i]; i++)
		if (getenv(always[i]))
			strlist_set_env(env, always[i], getenv(always[i]));
	for (size_t i = 0; i < p->env.n; i++)
		if (getenv(p->env.v[i]))
			strlist_set_env(env, p->env.v[i], getenv(p->env.v[i]));
	if (!env->n)
		strlist_add(env, "LANG=C.UTF-8");
}

/* The answer in what was printed: all of it, or a string of a JSON object. */
static int
take_output(
	const struct model_provider *p, struct str out, struct chat_reply *r, struct dd_err *err)
{
	struct reply_block *b = reply_block(r, 0, PART_TEXT);
	OWN(buf) struct buf plain = {0}, utf8 = {0};
	wire_text_strip_ansi(out, &plain);
	(void)wire_text_to_utf8(str_trim(buf_str(&plain)), &utf8);
	r->done = true;
	r->answer.stop = STOP_END;
	if (!p->answer_field) {
		reply_add_text(r, b, utf8.p);
		return 0;
	}
	OWN_JSON json_t *j = NULL;
	int rc = reply_parse(buf_str(&utf8), &j, err);
	if (rc < 0)
		return err_wrap(err, "the output of %s", p->argv.v[0]);
	const char *text = reply_text(j, p->answer_field);
	if (!text)
		return err_set(err, DD_ECORRUPT, "the output of %s has no string \"%s\"",
			p->argv.v[0], p->answer_field);
	reply_add_text(r, b, text);
	return 0;
}

int
exec_try(const struct model *m, const json_t *body, struct chat_reply *r, struct dd_err *err)
{
	const struct model_provider *p = m->via;
	OWN(strlist) struct strlist env = {0};
	OWN(buf) struct buf out = {.max = OUTPUT_MAX};
	make_env(p, &env);
	const struct spawn_spec spec = {.argv = (const char *const *)p->argv.v,
		.env = (const char *const *)env.v,
		.cwd = "/",
		.new_session = true,
		.timeout_ms = (unsigned)(p->total_s < 86400 ? p->total_s * 1000 : 86400000)};
	int rc = spawn_capture(&spec, str_of(reply_text(body, "prompt")), &out, NULL, err);
	if (rc == 0 && out.truncated)
		rc = err_set(err, DD_ECORRUPT, "%s printed more than %zu bytes", p->argv.v[0],
			OUTPUT_MAX);
	if (rc == 0)
		rc = take_output(p, buf_str(&out), r, err);
	if (rc < 0)
		r->failure.kind = rc == -DD_ELIMIT     ? FAIL_TIME
				  : rc == -DD_ECORRUPT ? FAIL_PROTOCOL
						       : FAIL_SERVER;
	return rc;
}
