/* What base reads for all rooms, and the escapes in which it hands on what it read. */
#include "base/git_push.h"
#include "base/http.h"
#include "base/json.h"
#include "base/manifest.h"
#include "base/tar_guard.h"
#include "base/words.h"
#include "base/yaml.h"
#include "tests/base/fuzzing.h"

static void
one_tar(struct str input)
{
	OWN(tar_guard) struct tar_guard g = {0};
	for (size_t at = 0, n = 1; at < input.n; at += n, n = 1 + (n * 7) % 600)
		if (tar_guard_feed(&g, input.p + at, n < input.n - at ? n : input.n - at, NULL) < 0)
			return;
}

static void
one_json(struct str input)
{
	OWN_JSON json_t *j = NULL, *again = NULL;
	OWN(buf) struct buf out = {0};
	if (json_parse(input, &j, NULL) < 0)
		return;
	json_print(j, 0, &out);
	fuzz_holds(json_parse(buf_str(&out), &again, NULL) == 0 && json_equal(j, again));
}

static void
one_yaml(struct str input)
{
	OWN_JSON json_t *j = NULL;
	(void)!yaml_parse(input, &j, NULL);
}

static void
one_push(struct str input)
{
	OWN(git_push_refs) struct git_push_refs refs = {0};
	struct str rest = input;
	(void)!git_push_take_refs(&rest, &refs, NULL);
	rest = input;
	(void)!git_push_take_report(&rest, "refs/heads/x", NULL);
}

static void
one_manifest(struct str input)
{
	OWN(manifest) struct manifest m = {0};
	struct str rest = input;
	(void)!manifest_read(&rest, &m, NULL);
}

static void
one_words(struct str input)
{
	OWN(strlist) struct strlist l = {0};
	words_of(input, &l);
	for (size_t i = 0; i < l.n; i++)
		fuzz_holds(*l.v[i] && strlen(l.v[i]) <= WORDS_LENGTH);
}

static bool
has_byte_below(struct str s, unsigned char limit)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < limit)
			return true;
	return false;
}

/* Nothing that is handed on has a meaning where it goes. */
static void
one_escape(struct str input)
{
	OWN(buf)
	struct buf html = {0}, visible = {0}, percent = {0}, json = {0}, shell = {0},
		   markdown = {0}, yaml = {0};
	OWN_JSON json_t *j = NULL;
	OWN_FREE char *text = str_dup(input);
	buf_put_html(&html, input);
	fuzz_holds(!html.n || (!memchr(html.p, '<', html.n) && !memchr(html.p, '"', html.n)));
	buf_put_visible(&visible, input);
	fuzz_holds(!has_byte_below(buf_str(&visible), '\t') &&
		   (!visible.n || !memchr(visible.p, '\x1b', visible.n)));
	buf_put_percent(&percent, input);
	fuzz_holds(!has_byte_below(buf_str(&percent), '!'));
	OWN_FREE char *back = str_unpercent(buf_str(&percent));
	fuzz_holds(input.n && memchr(input.p, '\0', input.n)
			   ? !back
			   : back && strlen(back) == input.n && memcmp(back, text, input.n) == 0);
	buf_put_json(&json, input);
	OWN(buf) struct buf array = {0};
	buf_printf(&array, "[%s]", json.p);
	fuzz_holds(memchr(input.p, '\0', input.n) || json_parse(buf_str(&array), &j, NULL) == 0);
	buf_put_shell(&shell, input);
	fuzz_holds(!shell.n || !has_byte_below(buf_str(&shell), ' '));
	buf_put_markdown(&markdown, text);
	buf_put_markdown_code(&markdown, text);
	fuzz_holds(!markdown.n || !has_byte_below(buf_str(&markdown), ' '));
	yaml_put_scalar(&yaml, input);
	(void)http_parse_date(text);
}

const struct fuzz_target fuzz_targets[] = {
	{"tar", one_tar, NULL, false, STR("name\0mode")},
	{"json", one_json, NULL, false,
		STR("{\"a\": [1, -2.5e3, \"x\\u00e9\\ud83d\\ude00\", null, true], \"b\": {}}")},
	{"yaml", one_yaml, NULL, false,
		STR("a: &x {b: [1, 'two', \"\\u0041\"]}\nc: *x\nd: |\n  text\n  more\n- e\n")},
	{"push", one_push, NULL, false,
		STR("001f# service=git-receive-pack\n000000831234567890123456789012345678901234567890 refs/heads/x\0report-status side-band-64k\n0000"
		    "000eunpack ok\n0016ok refs/heads/x\n0000")},
	{"manifest", one_manifest, NULL, false, STR("drydock-manifest 1\n")},
	{"words", one_words, NULL, false,
		STR("The HTTPServer_2 redacts the invoiceTotal; Gr\xc3\xbc\xc3\x9f"
		    "e")},
	{"escape", one_escape, NULL, false,
		STR("a <b> \"c\" 'd' \x1b[31m \xe2\x80\xae %41 $(x) `y` # - | Sun, 06 Nov 1994 08:49:37 GMT")},
	{0},
};
