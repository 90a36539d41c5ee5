/* What tools printed about a change, read by the worker "fix". */
#include "agents/counted.h"
#include "agents/lint.h"
#include "base/fs.h"
#include "runner/fix_wire.h"
#include "runner/fix_worker.h"
#include "sandbox/sandbox.h"

#include <stdlib.h>
#include <unistd.h>

#define INPUT_MAX ((size_t)512 << 20)

/* Messages of the input, of which the first `njson` are JSON. */
struct printed {
	struct buf input;
	json_t *json[2];
	struct str texts[2];
};

static void
printed_cleanup(struct printed *p)
{
	buf_cleanup(&p->input);
	json_decref(p->json[0]);
	json_decref(p->json[1]);
}

static int
take(struct printed *p, size_t njson, struct dd_err *err)
{
	struct str rest, message;
	p->input.max = INPUT_MAX;
	worker_take_input(&p->input);
	rest = buf_str(&p->input);
	for (size_t i = 0; i < njson + 2; i++) {
		if (!wire_take(&rest, &message))
			return err_set(err, DD_ECORRUPT, "fix: what was printed is not all there");
		int rc = i < njson ? json_parse(message, &p->json[i], err) : 0;
		if (rc < 0)
			return rc;
		if (i >= njson)
			p->texts[i - njson] = message;
	}
	return 0;
}

int
fix_worker_lint(bool is_new, int was, int is, struct dd_err *err)
{
	OWN(printed) struct printed p = {0};
	int rc = take(&p, 2, err);
	if (rc < 0)
		return rc;
	json_t *findings = json_array();
	const struct lint_run before = {p.texts[0], was}, after = {p.texts[1], is};
	bool ran = lint_compare(
		p.json[0], WORK_DIR, p.json[1], is_new ? NULL : &before, &after, findings);
	OWN_JSON json_t *answer = json_pack("{s:b, s:o}", "ran", ran, "findings", findings);
	return json_give(answer, err);
}

int
fix_worker_cover(struct dd_err *err)
{
	OWN(printed) struct printed p = {0};
	int rc = take(&p, 1, err);
	if (rc < 0)
		return rc;
	OWN_JSON json_t *answer = counted_compare(WORK_DIR, p.json[0], p.texts[0], p.texts[1]);
	return json_give(answer, err);
}

int
fix_read_printed(const struct state *st, const char *const *args, const json_t *const *json,
	size_t njson, struct str was, struct str is, json_t **ret, struct dd_err *err)
{
	OWN(buf) struct buf input = {.max = INPUT_MAX}, out = {.max = (size_t)16 << 20};
	for (size_t i = 0; i < njson; i++) {
		OWN(buf) struct buf text = {0};
		json_print(json[i], 0, &text);
		wire_put(&input, buf_str(&text));
	}
	wire_put(&input, was);
	wire_put(&input, is);
	const struct worker_spec spec = {
		.state = st, .name = "fix", .args = args, .input = buf_str(&input)};
	int rc = worker_run(&spec, &out, err);
	return rc < 0 ? rc : json_parse(buf_str(&out), ret, err);
}
