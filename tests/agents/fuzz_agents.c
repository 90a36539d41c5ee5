/* Answers of models, edits, what compilers and linters print, and what is read of a change. */
#include "agents/author.h"
#include "agents/counted.h"
#include "agents/diagnostics.h"
#include "agents/edit.h"
#include "agents/inventory.h"
#include "agents/judge_text.h"
#include "agents/lint.h"
#include "agents/reply.h"
#include "agents/source_c.h"
#include "agents/sse.h"
#include "agents/touched.h"
#include "agents/wire_text.h"

#include "base/json.h"
#include "tests/base/fuzzing.h"

struct stream {
	const struct api_ops *api;
	struct chat_reply reply;
};

static int
on_event(void *ctx, struct str name, struct str data, struct dd_err *err)
{
	struct stream *s = ctx;
	OWN_JSON json_t *j = NULL;
	(void)name;
	if (reply_parse(data, &j, err) < 0)
		return -1;
	return s->api->on_event(&s->reply, j, err);
}

/* One answer as each of the vendors might have sent it, as a stream in pieces and as a whole. */
static void
one_answer(struct str input)
{
	static const struct api_ops *const apis[] = {
		&api_anthropic, &api_responses, &api_chat, &api_google};
	for (size_t i = 0; i < 4; i++) {
		struct stream s = {.api = apis[i]}, whole = {.api = apis[i]};
		OWN(sse) struct sse parser = {.on_event = on_event, .ctx = &s};
		int r = 0;
		for (size_t at = 0, n = 1; at < input.n && r >= 0; at += n, n = n % 97 + 13)
			r = sse_feed(&parser,
				(struct str){input.p + at, n < input.n - at ? n : input.n - at},
				NULL);
		if (r >= 0)
			r = sse_end(&parser, NULL);
		struct chat_answer answer = {0};
		reply_finish(&s.reply, &answer);
		chat_answer_cleanup(&answer);
		chat_reply_cleanup(&s.reply);
		OWN_JSON json_t *j = NULL;
		if (reply_parse(input, &j, NULL) == 0)
			(void)!apis[i]->on_whole(&whole.reply, j, NULL);
		chat_reply_cleanup(&whole.reply);
	}
}

static void
one_wire(struct str input)
{
	OWN(buf) struct buf utf8 = {0}, latin1 = {0}, halves = {0}, plain = {0};
	(void)wire_text_to_utf8(input, &utf8);
	(void)wire_text_to_latin1(input, &latin1);
	wire_text_mark_halves(input, &halves);
	wire_text_join(&halves);
	wire_text_strip_ansi(input, &plain);
	fuzz_holds(!plain.n || !memchr(plain.p, '\x1b', plain.n));
}

static void
one_author(struct str input)
{
	OWN_FREE char *text = str_dup(input);
	const struct author_reach reach = {0};
	OWN(author_answer) struct author_answer a = {0};
	OWN(buf) struct buf why = {0};
	author_read(&reach, text, &a, &why);
	if (a.edits) {
		size_t n;
		free(author_edits(a.edits, &n));
		(void)author_flaw_of(&a);
	}
}

/* What is refused gives nothing; what an edit makes is what it says. */
static void
one_edit(struct str input)
{
	char name[FUZZ_NAME + 1];
	struct str text = fuzz_split(input, name);
	const char *cut = text.n ? memchr(text.p, '\0', text.n) : NULL;
	size_t n = cut ? (size_t)(cut - text.p) : text.n / 2;
	struct str before = {text.p, n},
		   change = {text.p + n + (cut ? 1 : 0), text.n - n - (cut ? 1 : 0)};
	for (int kind = EDIT_REPLACE; kind <= EDIT_BYTES; kind++) {
		struct edit e = {.kind = (enum edit_kind)kind, .path = name, .text = change};
		if (kind == EDIT_REPLACE)
			e.find = str_of(name);
		OWN(buf) struct buf after = {0};
		struct edit_place place = {0};
		OWN(dd_err) struct dd_err err = {0};
		enum edit_verdict v = edit_text(&e, before, &after, &place, &err);
		fuzz_holds(v == EDIT_DONE || after.n == 0);
		if (kind == EDIT_BYTES && v == EDIT_DONE)
			fuzz_holds(after.n == change.n && memcmp(after.p, change.p, after.n) == 0);
	}
}

static void
one_output(struct str input)
{
	OWN(diagnostic_list) struct diagnostic_list l = {0};
	diagnostics_parse(input, &l);
	for (size_t i = 0; i < l.n; i++)
		(void)diagnostic_quoted(&l.v[i], 1);
}

static void
one_patch(struct str input)
{
	OWN_JSON json_t *spans = touched_lines(input);
	(void)touched_conflict(input);
	for (int64_t line = 0; line < 4; line++)
		(void)touched_has(spans, line);
}

static void
one_change(struct str input)
{
	char name[FUZZ_NAME + 1];
	struct str text = fuzz_split(input, name);
	size_t half = text.n / 2;
	OWN(map) struct map literals = {0};
	OWN_JSON json_t *findings = json_array();
	inventory_literals(text, &literals);
	inventory_compare(name, (struct str){text.p, half},
		(struct str){text.p + half, text.n - half}, &literals, findings);
	lint_marks(name, (struct str){text.p, half}, (struct str){text.p + half, text.n - half},
		NULL, findings);
}

static void
one_line(struct str input)
{
	OWN(buf) struct buf mutant = {0};
	OWN(map) struct map lines = {0};
	judge_text_lines(input, &lines);
	if (judge_text_mutant(input, &mutant))
		fuzz_holds(mutant.n != input.n || memcmp(mutant.p, input.p, input.n) != 0);
}

static void
ignore(void *ctx, struct str name, size_t line, bool is_static)
{
	(void)ctx, (void)name, (void)line, (void)is_static;
}

/* Blanks stand where comments and strings were, so that places stay. */
static void
one_source(struct str input)
{
	OWN(buf) struct buf blank = {0};
	OWN(map) struct map words = {0};
	source_blank(input, &blank);
	fuzz_holds(blank.n == input.n);
	for (size_t at = 0; at < blank.n; at += 1 + at / 8) {
		struct source_head h;
		if (source_head(buf_str(&blank), at, &h))
			free(source_prototype(input, &h, false));
		(void)source_line_of(input, at);
		(void)source_piece(buf_str(&blank), at);
	}
	(void)source_after_includes(input, input.n);
	(void)source_includes(input, STR("stdio.h"));
	source_untyped(input, ignore, NULL);
	source_words(input, &words);
}

const struct fuzz_target fuzz_targets[] = {
	{"answer", one_answer, NULL, false,
		STR("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}\n\n"
		    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":\"}}]}}]}\n\n"
		    "data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"content_index\":0,\"delta\":\"y\"}\n\n"
		    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"z\"},{\"functionCall\":{\"name\":\"f\",\"args\":{}}}]},\"finishReason\":\"STOP\"}]}\n\ndata: [DONE]\n\n")},
	{"wire", one_wire, NULL, false, STR("a\xe9 \\ud83d\\ude00 \\ud800 \x1b[1;31mred\x1b[0m")},
	{"author", one_author, NULL, false,
		STR("Here:\n```json\n{\"edits\": [{\"path\": \"a.c\", \"find\": \"x\", \"replace\": \"y\"}], \"summary\": \"s\", \"complete\": true, \"left\": \"\"}\n```\n")},
	{"edit", one_edit, NULL, false,
		STR("a.c\nint a;\nint b;\n\0--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,2 @@\n-int a;\n+int c;\n int b;\n")},
	{"output", one_output, NULL, false,
		STR("In file included from a.c:1:\na.h:3:5: error: implicit declaration of function 'f' [-Werror=implicit-function-declaration]\n"
		    "    3 |     f();\n      |     ^\na.c:4: note: did you mean 'g'?\nmake: *** [a.o] Error 1\n")},
	{"patch", one_patch, NULL, false,
		STR("--- a/x\n+++ b/x\n@@ -1,3 +1,4 @@\n a\n-b\n+c\n+<<<<<<< d\n e\n@@ -9 +10,0 @@\n-z\n")},
	{"change", one_change, "graph/cases", true, {0}},
	{"line", one_line, NULL, false,
		STR("\tif (x >= 10 && f(\"a\") != 0x1f) return -1.5e3 + y; /* c */")},
	{"source", one_source, NULL, false,
		STR("#include <stdio.h>\n/* c */\nstatic int f(a, b) char *a; int b; { return \"\\\"\"[b] + '\\''; }\nmain(argc) { g(1); } // x\n#define M(a) \\\n a\n")},
	{0},
};
