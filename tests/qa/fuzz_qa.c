/* Reports of tests, pictures, scripts, what a browser and a program in a terminal say. */
#include "qa/cdp_reader.h"
#include "qa/crawl_judge.h"
#include "qa/parse.h"
#include "qa/png.h"
#include "qa/qa.h"
#include "qa/scenario.h"
#include "qa/terminal_filter.h"

#include "base/yaml.h"
#include "tests/base/fuzzing.h"

/* What ended with 0 and did not say that all is well is no pass; each result can be told to others. */
static void
one_report(struct str input)
{
	struct command cmd = {.phase = PHASE_TEST};
	for (int status = -1; status < 2; status++) {
		struct test_run run = {0};
		parse_report(input, status, &cmd, &run);
		OWN(flake_list) struct flake_list flakes = {0};
		for (int format = QA_EMIT_JSON; format <= QA_EMIT_TAP; format++) {
			OWN(buf) struct buf out = {0};
			qa_emit((enum qa_emit_format)format, &run, &flakes, &out);
		}
		for (size_t i = 0; i < run.cases.n && i < 20; i++)
			free(qa_normal_message(run.cases.v[i].message));
		test_run_cleanup(&run);
	}
}

static void
one_png(struct str input)
{
	OWN(picture) struct picture p = {0};
	OWN(buf) struct buf out = {0};
	uint32_t w, h;
	/* Small ones: a picture may ask for more memory than is to be spent on each of thousands. */
	if (!png_size(input, &w, &h) || (uint64_t)w * h > 1 << 16 || png_read(input, &p, NULL) < 0)
		return;
	png_write(&p, &out);
	OWN(picture) struct picture again = {0};
	fuzz_holds(png_read(buf_str(&out), &again, NULL) == 0);
	buf_reset(&out);
	fuzz_holds(png_pack(input, &out, NULL) == 0);
	OWN(picture) struct picture packed = {0};
	if (out.n)
		fuzz_holds(png_read(buf_str(&out), &packed, NULL) == 0 && packed.w == p.w &&
			   packed.h == p.h);
}

static void
one_scenario(struct str input)
{
	OWN_JSON json_t *j = NULL;
	OWN(scenario_list) struct scenario_list l = {0};
	if (yaml_parse(input, &j, NULL) < 0 || scenario_list_from_json(j, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++) {
		OWN_JSON json_t *back = scenario_to_json(&l.v[i]);
		for (size_t k = 0; k < l.v[i].n; k++)
			free(scenario_step_words(&l.v[i].steps[k]));
	}
}

/* However the bytes are cut, the same is passed on. */
static void
one_terminal(struct str input)
{
	OWN(terminal_filter) struct terminal_filter whole = {0}, cut = {0};
	OWN(buf) struct buf a = {0}, b = {0};
	terminal_filter_add(&whole, input, &a);
	for (size_t i = 0; i < input.n; i++)
		terminal_filter_add(&cut, (struct str){input.p + i, 1}, &b);
	fuzz_holds(a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0));
}

static void
one_message(struct str input)
{
	OWN(cdp_reader) struct cdp_reader r = {.max = 2 * CDP_HEAD};
	cdp_reader_add(&r, input);
	for (struct str message, result; cdp_reader_next(&r, &message);) {
		OWN(buf) struct buf data = {0};
		(void)cdp_message_id(message);
		(void)cdp_message_method(message);
		if (cdp_message_result(message, &result))
			(void)cdp_result_data(result, &data);
	}
}

static void
one_page_text(struct str input)
{
	OWN_FREE char *text = str_dup(input);
	OWN_JSON json_t *facts = json_array();
	crawl_judge_text(text, facts);
}

const struct fuzz_target fuzz_targets[] = {
	{"report", one_report, "qa/cases", false, {0}},
	{"png", one_png, NULL, false, STR("\x89PNG\r\n\x1a\n")},
	{"scenario", one_scenario, NULL, false,
		STR("scenarios:\n  - name: a\n    steps:\n      - go: /\n      - click: {role: button, name: Pay}\n      - type: {into: {label: Name}, text: x}\n"
		    "      - expect: {text: done}\n      - shoot: end\n")},
	{"terminal", one_terminal, NULL, false,
		STR("a\x1b[31;1mb\x1b]0;title\x07\x1b[2J\x1b[10;20Hc\x1bP1$r0m\x1b\\\x1b[38;2;1;2;3m\x1b[5b")},
	{"message", one_message, NULL, false,
		STR("{\"id\":7,\"result\":{\"data\":\"aGVsbG8=\"}}\0{\"method\":\"Page.x\",\"params\":{}}")},
	{"page-text", one_page_text, NULL, false,
		STR("Traceback (most recent call last):\n  File \"a.py\", line 3, in f\nValueError: x\n at a.b(C.java:12)\nAKIAIOSFODNN7EXAMPLE password=hunter2\n")},
	{0},
};
