#include "qa/screen_evidence.h"

#include "base/cas.h"
#include "base/fs.h"
#include "base/io.h"
#include "qa/scenario.h"
#include "qa/screen.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define MAX_HEAD 64
#define MAX_TOTAL ((uint64_t)4 << 30) /* of a play: what its scenarios may leave behind */
#define MAX_STAGED 32

enum frame_kind {
	FRAME_PICTURE,
	FRAME_WHOLE,
	FRAME_TREE,
	FRAME_DOM,
	FRAME_OUTPUT,
	FRAME_STEP,
	FRAME_SCENARIO,
	FRAME_BROWSER,
	FRAME_SEEN,
	FRAME_WAIT
};
static const char *const frame_names[] = {"picture", "whole", "tree", "dom", "output", "step",
	"scenario", "browser", "seen", "wait", NULL};

struct screen_evidence {
	const struct screen_spec *spec;
	struct screen_result *result;
	char *cas;
	struct dd_err err;
	uint64_t total;

	struct buf head; /* of the frame that begins */
	enum frame_kind kind;
	size_t left;	 /* bytes of the frame that are still to come */
	bool inside;	 /* a frame, not its head */
	int fd;		 /* of the object it becomes; -1 */
	struct buf text; /* of a frame that is read here */

	/* of the step that is coming */
	struct cas_staged staged[MAX_STAGED];
	enum frame_kind staged_kinds[MAX_STAGED];
	size_t nstaged;
	struct buf lines; /* of the scenario */
	int (*on_wait)(void *ctx, struct dd_err *err);
	void *wait_ctx;
	size_t written; /* of them */
};

struct screen_evidence *
screen_evidence_create(const struct screen_spec *spec, struct screen_result *result)
{
	struct screen_evidence *e = mem_new(struct screen_evidence);
	e->spec = spec;
	e->result = result;
	e->fd = -1;
	e->cas = state_path(spec->state, "cas");
	e->head.max = MAX_HEAD;
	e->text.max = SCREEN_MAX_FRAME;
	return e;
}

static void
drop_staged(struct screen_evidence *e)
{
	for (size_t i = 0; i < e->nstaged; i++)
		(void)close(e->staged[i].fd);
	e->nstaged = 0;
}

void
screen_evidence_destroy(struct screen_evidence *e)
{
	drop_staged(e);
	if (e->fd >= 0)
		(void)close(e->fd);
	free(e->cas);
	dd_err_cleanup(&e->err);
	buf_cleanup(&e->head);
	buf_cleanup(&e->text);
	buf_cleanup(&e->lines);
	free(e);
}

/* ---- lines ---- */

static char *
file_name(size_t number, const char *scenario)
{
	OWN(buf) struct buf name = {.max = 60};
	buf_printf(&name, "%02zu-", number);
	for (const char *p = scenario; *p; p++)
		if (isalnum((unsigned char)*p))
			buf_putc(&name, (char)tolower((unsigned char)*p));
		else if (name.p[name.n - 1] != '-')
			buf_putc(&name, '-');
	while (name.p[name.n - 1] == '-')
		name.p[--name.n] = '\0';
	buf_puts(&name, "");
	return mem_printf("%s.jsonl", name.p);
}

/* The lines so far, whole: a reader sees steps that are finished.  Not each, once there are many: all would be written
 * again for each. */
static int
write_lines(struct screen_evidence *e, bool last, struct dd_err *err)
{
	if (!last && e->lines.n < e->written + e->written / 4)
		return 0;
	e->written = e->lines.n;
	size_t at = e->result->scenarios.n;
	const char *name = at < e->spec->scenarios->n ? e->spec->scenarios->v[at].name : "more";
	OWN_FREE char *file = file_name(at + 1, name);
	OWN_FREE char *path = fs_join(e->spec->dir, file);
	strlist_add_new(&e->result->files, file);
	return fs_write_atomic(path, buf_str(&e->lines), 0600, err);
}

static int
add_line(struct screen_evidence *e, json_t *j, bool last, struct dd_err *err)
{
	json_print(j, 0, &e->lines);
	json_decref(j);
	buf_putc(&e->lines, '\n');
	return e->lines.truncated ? err_set(err, DD_ELIMIT, "a scenario has too many steps to keep")
				  : write_lines(e, last, err);
}

/* ---- what becomes an object ---- */

static bool
is_object(enum frame_kind kind)
{
	return kind <= FRAME_OUTPUT;
}

/* A text in which there may be secrets. */
static bool
is_redacted(const struct screen_evidence *e)
{
	return e->spec->answers && e->kind >= FRAME_TREE && e->kind <= FRAME_OUTPUT;
}

static int
lease_and_publish(struct screen_evidence *e, struct dd_err *err)
{
	OWN(strlist) struct strlist digests = {0};
	for (size_t i = 0; i < e->nstaged; i++)
		strlist_add(&digests, e->staged[i].digest.s);
	int rc = e->spec->owner && digests.n
			 ? object_lease(e->spec->state, e->spec->owner, &digests, err)
			 : 0;
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < digests.n; i++)
		strlist_add_new(&e->result->objects, digests.v[i]);
	size_t n = e->nstaged;
	e->nstaged = 0;
	return cas_publish(e->cas, e->staged, n, err);
}

static void
name_objects(struct screen_evidence *e, struct screen_step *s)
{
	for (size_t i = 0; i < e->nstaged; i++) {
		const char *digest = e->staged[i].digest.s;
		char **const places[] = {[FRAME_PICTURE] = &s->picture,
			[FRAME_TREE] = &s->tree,
			[FRAME_DOM] = &s->dom,
			[FRAME_OUTPUT] = &s->output};
		char **to = places[e->staged_kinds[i]];
		if (!to) {
			strlist_add(&s->whole, digest);
			continue;
		}
		free(*to);
		*to = mem_strdup(digest);
	}
}

/* What JSON escapes would hide a secret from a search in the text. */
static int
redact(struct screen_evidence *e, struct buf *ret, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	if (e->kind == FRAME_OUTPUT) {
		answers_redact(e->spec->answers, buf_str(&e->text), ret);
		return 0;
	}
	int rc = json_parse(buf_str(&e->text), &j, err);
	if (rc < 0)
		return rc;
	answers_redact_json(e->spec->answers, j);
	json_print(j, 0, ret);
	return 0;
}

static int
write_redacted(struct screen_evidence *e, struct dd_err *err)
{
	OWN(buf) struct buf plain = {.max = SCREEN_MAX_FRAME};
	int rc = redact(e, &plain, err);
	if (rc < 0)
		return rc;
	return plain.truncated ? err_set(err, DD_ELIMIT, "a text is too large to keep")
			       : fs_write_all(e->fd, plain.p, plain.n, err);
}

static int
end_object(struct screen_evidence *e, struct dd_err *err)
{
	int rc = is_redacted(e) ? write_redacted(e, err) : 0;
	OWN_FD int fd = TAKE_FD(e->fd);
	if (rc == 0 && e->nstaged == MAX_STAGED)
		rc = err_set(err, DD_ECORRUPT, "too much evidence of one step");
	if (rc == 0)
		rc = cas_stage(e->cas, fd, NULL, &e->staged[e->nstaged], err);
	if (rc == 0)
		e->staged_kinds[e->nstaged++] = e->kind;
	return rc;
}

/* ---- what is read here ---- */

static int
take_step(struct screen_evidence *e, json_t *j, struct dd_err *err)
{
	OWN(screen_step) struct screen_step s = {0};
	if (e->spec->answers)
		answers_redact_json(e->spec->answers, j);
	int rc = json_decode(j, screen_step_fields, false, &s, "step", err);
	if (rc < 0)
		return rc;
	name_objects(e, &s);
	rc = lease_and_publish(e, err);
	if (rc == 0)
		rc = add_line(e, json_encode(screen_step_fields, &s), false, err);
	e->result->steps += s.status != TEST_SKIPPED;
	e->result->failed += s.status == TEST_FAILED;
	size_t at = e->result->scenarios.n;
	if (rc == 0 && e->spec->on_step && at < e->spec->scenarios->n)
		e->spec->on_step(e->spec->ctx, at, &s);
	return rc;
}

static int
take_scenario(struct screen_evidence *e, json_t *j, struct dd_err *err)
{
	struct screen_scenario done = {0};
	if (e->result->scenarios.n >= e->spec->scenarios->n)
		return err_set(err, DD_ECORRUPT, "nobody asked for so many scenarios");
	if (e->spec->answers)
		answers_redact_json(e->spec->answers, j);
	int rc = json_decode(j, screen_scenario_fields, false, &done, "scenario", err);
	if (rc == 0)
		rc = add_line(e, json_encode(screen_scenario_fields, &done), true, err);
	*screen_scenario_list_add(&e->result->scenarios) = done;
	buf_reset(&e->lines);
	e->written = 0;
	drop_staged(e);
	return rc;
}

static int
take_seen(struct screen_evidence *e, json_t *j, struct dd_err *err)
{
	size_t at = e->result->scenarios.n;
	if (!e->spec->walks || at >= e->spec->scenarios->n)
		return err_set(err, DD_ECORRUPT, "nobody asked what was seen");
	if (e->spec->answers)
		answers_redact_json(e->spec->answers, j);
	e->spec->on_seen(e->spec->ctx, at, j);
	return 0;
}

static int
take_wait(struct screen_evidence *e, struct dd_err *err)
{
	if (!e->on_wait)
		return err_set(err, DD_ECORRUPT, "there is no program to wait for");
	return e->on_wait(e->wait_ctx, err);
}

static int
take_text(struct screen_evidence *e, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	if (e->kind == FRAME_WAIT)
		return take_wait(e, err);
	int rc = json_parse(buf_str(&e->text), &j, err);
	if (rc < 0)
		return rc;
	if (e->kind == FRAME_STEP)
		return take_step(e, j, err);
	if (e->kind == FRAME_SCENARIO)
		return take_scenario(e, j, err);
	if (e->kind == FRAME_SEEN)
		return take_seen(e, j, err);
	const char *product = json_string_value(json_object_get(j, "product"));
	e->result->browser = product ? mem_strndup(product, 100) : NULL;
	return 0;
}

/* ---- frames ---- */

static int
begin_frame(struct screen_evidence *e, struct dd_err *err)
{
	struct str rest = buf_str(&e->head), kind, size;
	uint64_t n = 0;
	bool ok = str_next_word(&rest, &kind) && str_next_word(&rest, &size) &&
		  str_parse_u64(size, SCREEN_MAX_FRAME, &n);
	int k = 0;
	while (ok && frame_names[k] && !str_eq(kind, frame_names[k]))
		k++;
	e->total += n;
	if (!ok || !frame_names[k] || e->head.truncated || e->total > MAX_TOTAL)
		return err_set(err, e->total > MAX_TOTAL ? DD_ELIMIT : DD_ECORRUPT,
			e->total > MAX_TOTAL
				? "there is more evidence than is kept"
				: "what came from the browser's driver is not a frame");
	buf_reset(&e->head);
	buf_reset(&e->text);
	e->kind = (enum frame_kind)k;
	e->left = n;
	e->inside = true;
	return is_object(e->kind) ? cas_temp(e->cas, &e->fd, err) : 0;
}

static int
take_piece(struct screen_evidence *e, struct str piece, struct dd_err *err)
{
	if (is_object(e->kind) && !is_redacted(e))
		return fs_write_all(e->fd, piece.p, piece.n, err);
	buf_add_str(&e->text, piece);
	return 0;
}

static int
take(struct screen_evidence *e, struct str *data, struct dd_err *err)
{
	if (!e->inside) {
		const char *end = memchr(data->p, '\n', data->n);
		struct str line = {data->p, end ? (size_t)(end - data->p) : data->n};
		buf_add_str(&e->head, line);
		data->p += line.n + (end != NULL);
		data->n -= line.n + (end != NULL);
		return end ? begin_frame(e, err) : e->head.truncated ? begin_frame(e, err) : 0;
	}
	struct str piece = {data->p, data->n < e->left ? data->n : e->left};
	int rc = take_piece(e, piece, err);
	data->p += piece.n;
	data->n -= piece.n;
	e->left -= piece.n;
	if (rc < 0 || e->left)
		return rc;
	e->inside = false;
	return is_object(e->kind) ? end_object(e, err) : take_text(e, err);
}

void
screen_evidence_on_wait(
	struct screen_evidence *e, int (*fn)(void *ctx, struct dd_err *err), void *ctx)
{
	e->on_wait = fn;
	e->wait_ctx = ctx;
}

void
screen_evidence_add(struct screen_evidence *e, struct str data)
{
	while (data.n && !e->err.msg)
		(void)!take(e, &data, &e->err);
}

int
screen_evidence_end(struct screen_evidence *e, struct dd_err *err)
{
	if (e->err.msg)
		return err_move(err, &e->err);
	/* The driver was ended within a scenario: its steps stay, and say that they are not all. */
	if (!e->lines.n || e->result->scenarios.n >= e->spec->scenarios->n)
		return 0;
	struct screen_scenario *s = screen_scenario_list_add(&e->result->scenarios);
	s->scenario = mem_strdup(e->spec->scenarios->v[e->result->scenarios.n - 1].name);
	s->status = TEST_FAILED;
	s->message = mem_strdup("it was ended before it was done");
	e->result->scenarios.n--;
	int rc = add_line(e, json_encode(screen_scenario_fields, s), true, err);
	e->result->scenarios.n++;
	return rc;
}
