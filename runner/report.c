#include "runner/report.h"

#include "base/fs.h"
#include "qa/picture.h"
#include "runner/flaky.h"
#include "runner/page.h"
#include "runner/review.h"
#include "runner/views.h"

#include <string.h>

/* ---- sections ---- */

static void
put_verdict(struct page *p, const struct run *run, const struct standup_result *r)
{
	const struct probe_result *b = &r->probe;
	bool good = b->outcome == OUTCOME_UP || b->outcome == OUTCOME_BUILT;
	buf_printf(&p->out,
		"<section class='verdict %s' aria-label=Verdict><p><strong>%s</strong></p>\n",
		good ? "good" : "bad", run_outcome_names[b->outcome]);
	page_put(p, b->diagnosis.text);
	page_put_paragraph(p, "Where:", b->diagnosis.where);
	page_put_paragraph(p, "Way out:", b->diagnosis.way_out);
	buf_printf(&p->out, "<p>%lld tests passed, %lld failed, %lld skipped.</p>",
		(long long)b->tests.passed, (long long)b->tests.failed,
		(long long)b->tests.skipped);
	page_put_paragraph(p, "Note:", b->tests.note);
	buf_puts(&p->out, "</section>\n<p class=dim>Source ");
	page_put(p, run->options.source);
	buf_printf(&p->out,
		" (%s, tree <code>%.16s</code>), run <code>%s</code>, %.1f s, base image "
		"<code>%.16s</code></p>\n",
		source_kind_names[r->source.kind], r->source.digest, run->id, r->seconds,
		r->base.digest);
}

/* What a person, a sample or a default gave. */
static void
put_supplies(struct page *p, const struct probe_result *b)
{
	static const char *const heads[] = {"what", "name", "why", NULL};
	size_t n = b->files.n + b->services.n;
	for (size_t i = 0; i < b->environment.n; i++)
		n += b->environment.v[i].question != NULL;
	if (!n)
		return;
	page_begin_table(p, "Supplied beside the packages", heads);
	for (size_t i = 0; i < b->environment.n; i++) {
		const struct env_var *e = &b->environment.v[i];
		const char *cells[] = {"environment variable", e->name, e->why};
		if (e->question)
			page_put_row(p, cells, 3);
	}
	for (size_t i = 0; i < b->files.n; i++) {
		const char *cells[] = {"file", b->files.v[i].path, b->files.v[i].why};
		page_put_row(p, cells, 3);
	}
	for (size_t i = 0; i < b->services.n; i++) {
		const struct service *s = &b->services.v[i];
		const char *cells[] = {
			"service", s->name, s->start ? s->start : "started by a secret command"};
		page_put_row(p, cells, 3);
	}
	page_end_table(p, 0);
}

static void
put_needs(struct page *p, const struct probe_result *b)
{
	static const char *const heads[] = {"package", "version", "for", "why", "proof", NULL};
	size_t pulled = 0;
	buf_puts(&p->out, "<h2>What it needs, and how we know</h2>\n");
	page_begin_table(p, "Packages asked for by the application", heads);
	for (size_t i = 0; i < b->packages.n; i++) {
		const struct package *k = &b->packages.v[i];
		if (!k->requested) {
			pulled++;
			continue;
		}
		const char *cells[] = {k->name, k->version, need_scope_names[k->scope], k->why,
			k->proof ? k->proof : "no file of it was seen being opened"};
		page_put_row(p, cells, 5);
	}
	page_end_table(p, 0);
	buf_printf(
		&p->out, "<p class=dim>%zu more packages were pulled in by these.</p>\n", pulled);
	put_supplies(p, b);
}

static void
put_questions(struct page *p, const struct question_list *l)
{
	static const char *const heads[] = {
		"id", "question", "where", "why", "default", "blocking", NULL};
	if (!l->n)
		return;
	buf_puts(&p->out, "<h2>Questions for people</h2>\n");
	page_begin_table(p, "Answer in a JSON file: id to value", heads);
	for (size_t i = 0; i < l->n; i++) {
		const struct question *q = &l->v[i];
		const char *cells[] = {q->id, q->text, q->where, q->why, q->default_value,
			q->blocking ? "yes" : "no"};
		page_put_row(p, cells, 6);
	}
	page_end_table(p, 0);
}

static void
put_cases(struct page *p, const struct test_run *t, bool failed, size_t *ret_left_out)
{
	size_t shown = 0;
	for (size_t i = 0; i < t->cases.n; i++) {
		const struct test_case *c = &t->cases.v[i];
		bool bad = c->status == TEST_FAILED || c->status == TEST_ERROR;
		if (bad != failed)
			continue;
		if (shown++ >= PAGE_ROWS) {
			(*ret_left_out)++;
			continue;
		}
		const char *cells[] = {test_status_names[c->status], test_level_names[c->level],
			c->suite, c->name, c->message};
		page_put_row(p, cells, 5);
	}
}

static void
put_tests(struct page *p, const struct test_run *t)
{
	static const char *const heads[] = {"status", "level", "suite", "case", "message", NULL};
	size_t left_out = 0;
	if (!t->cases.n)
		return;
	buf_puts(&p->out, "<h2>Tests</h2>\n");
	if (t->failed) {
		page_begin_table(p, "Failed", heads);
		put_cases(p, t, true, &left_out);
		page_end_table(p, left_out);
	}
	left_out = 0;
	buf_printf(&p->out, "<details><summary>%lld passed and %lld skipped</summary>\n",
		(long long)t->passed, (long long)t->skipped);
	page_begin_table(p, "Passed and skipped", heads);
	put_cases(p, t, false, &left_out);
	page_end_table(p, left_out);
	buf_puts(&p->out,
		"</details>\n<p class=dim>Flakes and their causes are on <a href='" FLAKY_PAGE
		"'>a page of their own</a> once <code>drydock qa test --causes</code> "
		"has looked for them.</p>\n");
}

static int
put_view(struct page *p, const struct run *run, const struct screen_step *s, struct dd_err *err)
{
	OWN_FREE char *name = views_picture(s);
	OWN_FREE char *path = run_path(run, name);
	OWN_FREE char *alt = mem_printf(
		"The page at %s, titled \"%s\"", s->url ? s->url : "", s->title ? s->title : "");
	OWN(buf) struct buf png = {0};
	int rc = s->picture ? fs_read(path, PICTURE_MAX_FILE, &png, err) : 0;
	if (rc < 0)
		return rc;
	buf_printf(&p->out, "<figure id=screen-%lld><figcaption><a href='#screen-%lld'>%lld</a> ",
		(long long)s->n, (long long)s->n, (long long)s->n);
	page_put(p, s->title);
	buf_puts(&p->out, " <span class=dim>");
	page_put(p, s->url);
	buf_puts(&p->out, "</span></figcaption>\n");
	page_put_paragraph(p, "Failed:", s->message);
	for (size_t i = 0; i < s->unmet.n; i++)
		page_put_paragraph(p, "Not met while the picture was taken:", s->unmet.v[i]);
	if (s->picture)
		page_put_picture(p, buf_str(&png), name, alt);
	review_put_said(p, s);
	buf_puts(&p->out, "</figure>\n");
	return 0;
}

static int
put_views(struct page *p, const struct run *run, const struct views *v, struct dd_err *err)
{
	int rc = 0;
	if (!v->browser && !v->note)
		return 0;
	buf_puts(&p->out, "<h2 id=screens>Screens</h2>\n");
	page_put_paragraph(p, "Not all was seen:", v->note);
	for (size_t i = 0; rc == 0 && i < v->steps.n; i++)
		rc = put_view(p, run, &v->steps.v[i], err);
	if (v->browser) {
		buf_puts(&p->out, "<p class=dim>Seen by ");
		page_put(p, v->browser);
		buf_puts(&p->out,
			", in the application's network. They are compared and decided on "
			"<a href='" REVIEW_PAGE "'>the page of screens</a>, which <code>drydock qa "
			"report</code> writes.</p>\n");
	}
	return rc;
}

static void
put_attempts(struct page *p, const struct attempt_list *l)
{
	static const char *const heads[] = {
		"attempt", "ended", "seconds", "installed", "learnt", "log", NULL};
	buf_puts(&p->out, "<h2>Timeline of attempts</h2>\n");
	page_begin_table(p, "Each from the untouched source", heads);
	for (size_t i = 0; i < l->n; i++) {
		const struct attempt *a = &l->v[i];
		OWN_FREE char *n = mem_printf("%lld", (long long)a->n);
		OWN_FREE char *seconds = mem_printf("%.1f", a->seconds);
		OWN(buf) struct buf added = {.max = PAGE_CELL};
		for (size_t k = 0; k < a->added.n; k++)
			buf_printf(&added, "%s%s", k ? " " : "", a->added.v[k]);
		const char *cells[] = {
			n, attempt_end_names[a->ended], seconds, added.p, a->learnt, a->log};
		page_put_row(p, cells, 6);
	}
	page_end_table(p, 0);
}

struct listed { /* rows so far */
	size_t n, left_out;
};

static void
put_artefacts(struct page *p, const struct standup_result *r, const struct artefact_list *l,
	struct listed *rows)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct artefact *a = &l->v[i];
		if (rows->n++ >= PAGE_ROWS) {
			rows->left_out++;
			continue;
		}
		OWN_FREE char *name = mem_printf("%s %s", a->name, a->version);
		OWN_FREE char *bytes = mem_printf("%lld", (long long)a->size);
		const char *url = a->upstream ? map_get(&r->upstreams, a->upstream) : NULL;
		const char *path = a->path ? a->path : "";
		OWN_FREE char *from = mem_printf(
			"%s%s%s", url ? url : a->upstream, path[0] == '/' ? "" : "/", path);
		const char *cells[] = {name, bytes, a->sha256, from};
		page_put_row(p, cells, 4);
	}
}

static void
put_downloads(struct page *p, const struct standup_result *r)
{
	static const char *const heads[] = {"what", "bytes", "SHA-256", "from", NULL};
	struct listed rows = {0};
	buf_puts(&p->out,
		"<h2>Downloads</h2>\n<details><summary>Every archive that was installed</summary>\n");
	page_begin_table(p, "By digest", heads);
	for (size_t i = 0; i < r->probe.batches.n; i++)
		put_artefacts(p, r, &r->probe.batches.v[i].artefacts, &rows);
	for (size_t i = 0; i < r->probe.modules.n; i++)
		put_artefacts(p, r, &r->probe.modules.v[i].artefacts, &rows);
	page_end_table(p, rows.left_out);
	buf_puts(&p->out, "</details>\n");
}

static char *
step_name(const struct refusal *r)
{
	return r->attempt ? mem_printf("attempt %lld, %s", (long long)r->attempt,
				    run_step_names[r->step])
			  : mem_strdup(run_step_names[r->step]);
}

static void
put_refused(struct page *p, const struct standup_result *r)
{
	static const char *const heads[] = {"what", "by", "times", "when", NULL};
	const struct refusal_list *l = &r->probe.refused;
	size_t requests = 0;
	for (size_t i = 0; i < r->egress.n; i++)
		requests += r->egress.v[i].refused;
	if (!l->n && !requests)
		return;
	buf_puts(&p->out, "<h2>Refused connections</h2>\n");
	page_begin_table(
		p, "There is no network but loopback; downloads go through a broker", heads);
	for (size_t i = 0; i < l->n && i < PAGE_ROWS; i++) {
		OWN_FREE char *times = mem_printf("%lld", (long long)l->v[i].count);
		OWN_FREE char *when = step_name(&l->v[i]);
		const char *cells[] = {l->v[i].target, l->v[i].program, times, when};
		page_put_row(p, cells, 4);
	}
	for (size_t i = 0; i < r->egress.n; i++) {
		const char *cells[] = {r->egress.v[i].path, "a package tool", "1", "download"};
		if (r->egress.v[i].refused)
			page_put_row(p, cells, 4);
	}
	page_end_table(p, l->n > PAGE_ROWS ? l->n - PAGE_ROWS : 0);
}

static void
put_requests(struct page *p, const struct egress_log *l)
{
	static const char *const heads[] = {"address", "answer", "bytes", "SHA-256", "times", NULL};
	buf_puts(&p->out, "<details><summary>Every request to the network</summary>\n");
	page_begin_table(p, "By the broker, outside the sandbox", heads);
	for (size_t i = 0; i < l->n && i < PAGE_ROWS; i++) {
		const struct egress_request *e = &l->v[i];
		OWN_FREE char *bytes = mem_printf("%lld", (long long)e->bytes);
		OWN_FREE char *times = mem_printf("%lld", (long long)e->times);
		OWN_FREE char *status = mem_printf("%lld", (long long)e->status);
		const char *cells[] = {e->url ? e->url : e->path, status, bytes,
			e->sha256 ? e->sha256 : e->why, times};
		page_put_row(p, cells, 5);
	}
	page_end_table(p, l->n > PAGE_ROWS ? l->n - PAGE_ROWS : 0);
	buf_puts(&p->out, "</details>\n");
}

static void
put_left(struct page *p, const struct standup_result *r)
{
	const struct probe_result *b = &r->probe;
	if (!b->features_off.n && !r->source.notes.n && !b->project.others.n)
		return;
	buf_puts(&p->out, "<h2>What was not done</h2>\n<ul>\n");
	for (size_t i = 0; i < b->features_off.n; i++) {
		buf_puts(&p->out, "<li>off: ");
		page_put(p, b->features_off.v[i].feature);
		buf_puts(&p->out, ", for want of ");
		page_put(p, b->features_off.v[i].input);
		buf_puts(&p->out, "</li>\n");
	}
	for (size_t i = 0; i < r->source.notes.n; i++) {
		buf_puts(&p->out, "<li>");
		page_put(p, r->source.notes.v[i]);
		buf_puts(&p->out, "</li>\n");
	}
	for (size_t i = 0; i < b->project.others.n; i++) {
		buf_puts(&p->out, "<li>another build system was not tried: ");
		page_put(p, b->project.others.v[i]);
		buf_puts(&p->out, "</li>\n");
	}
	buf_puts(&p->out, "</ul>\n");
}

static void
put_again(struct page *p, const struct run *run, const struct standup_result *r)
{
	buf_puts(&p->out, "<h2>The same again</h2>\n<pre>");
	for (size_t i = 0; i < r->probe.project.commands.n; i++) {
		page_put(p, r->probe.project.commands.v[i].run);
		buf_putc(&p->out, '\n');
	}
	if (r->recipe) {
		buf_puts(&p->out, "\ndrydock replay ");
		page_put(p, r->recipe);
		buf_putc(&p->out, ' ');
		page_put(p, run->options.source);
		buf_puts(&p->out, " --offline\n");
	}
	buf_puts(&p->out, "</pre>\n");
}

/* Those of builds and tests, then the requests that the broker refused. */
static json_t *
refused_to_json(const struct standup_result *r)
{
	json_t *a = refusal_list_to_json(&r->probe.refused);
	for (size_t i = 0; i < r->egress.n; i++)
		if (r->egress.v[i].refused)
			json_array_append_new(a, json_pack("{s:o, s:s, s:i}", "target",
							 json_text(str_of(r->egress.v[i].path)),
							 "step", "download", "count", 1));
	return a;
}

static json_t *
upstreams_to_json(const struct map *urls)
{
	json_t *j = json_object();
	for (struct map_entry *e = map_first(urls); e; e = map_next(e))
		json_object_set_new(j, map_key(e), json_text(str_of(map_value(e))));
	return j;
}

static int
write_json(const struct run *run, const struct standup_result *r, const struct answers *answers,
	struct dd_err *err)
{
	OWN_FREE char *path = run_path(run, "report.json");
	OWN_JSON json_t *j = standup_to_json(run, r, answers);
	OWN(buf) struct buf text = {0};
	json_object_set_new(j, "downloads", install_batch_list_to_json(&r->probe.batches));
	json_object_set_new(j, "modules", module_set_list_to_json(&r->probe.modules));
	json_object_set_new(j, "refused", refused_to_json(r));
	json_object_set_new(j, "upstreams", upstreams_to_json(&r->upstreams));
	json_object_set_new(j, "requests", egress_log_to_json(&r->egress));
	json_object_set_new(j, "cases", test_case_list_to_json(&r->probe.tests.cases));
	json_print(j, 1, &text);
	OWN(buf) struct buf plain = {0};
	answers_redact(answers, buf_str(&text), &plain);
	return fs_write_atomic(path, buf_str(&plain), 0600, err);
}

int
standup_report(const struct run *run, const struct standup_result *r, const struct answers *answers,
	struct dd_err *err)
{
	struct page p = {.answers = answers};
	OWN_FREE char *path = run_path(run, "report.html");
	page_begin(&p, r->source.name, run_outcome_names[r->probe.outcome]);
	put_verdict(&p, run, r);
	put_needs(&p, &r->probe);
	put_tests(&p, &r->probe.tests);
	int rc = put_views(&p, run, &r->views, err);
	put_attempts(&p, &r->probe.attempts);
	put_downloads(&p, r);
	put_requests(&p, &r->egress);
	put_refused(&p, r);
	put_questions(&p, &r->probe.questions);
	put_left(&p, r);
	put_again(&p, run, r);
	if (rc < 0) {
		buf_cleanup(&p.out);
		return rc;
	}
	rc = page_write(&p, path, err);
	return rc < 0 ? rc : write_json(run, r, answers, err);
}
