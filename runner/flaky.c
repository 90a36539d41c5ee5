#include "runner/flaky.h"

#include "base/fs.h"
#include "runner/handed.h"

#define FLAKY_FILE RUN_LATER "/flakes.json"

static void
put_flake(struct page *p, const struct flake *f)
{
	OWN_FREE char *failed = mem_printf("%lld of %lld times, %.0f to %.0f %%",
		(long long)f->failed, (long long)f->runs, f->low * 100, f->high * 100);
	const char *cells[] = {
		f->id, flake_cause_names[f->cause], f->with ? f->with : "", failed, f->evidence};
	page_put_row(p, cells, 5);
}

void
flaky_put(struct page *p, const struct flake_list *flakes)
{
	static const char *const heads[] = {
		"case", "cause", "behind", "failed (95 % confidence)", "what shows it", NULL};
	size_t i = 0;
	if (!flakes->n)
		return;
	buf_puts(&p->out, "<h2 id=flakes>Flakes</h2>\n");
	page_begin_table(p, "Cases that pass at one time and fail at another, and why", heads);
	for (; i < flakes->n && i < PAGE_ROWS; i++)
		put_flake(p, &flakes->v[i]);
	page_end_table(p, flakes->n - i);
}

static int
write_page(const struct run *run, const struct flake_list *flakes, struct dd_err *err)
{
	struct page p = {0};
	OWN_FREE char *path = run_path(run, FLAKY_PAGE);
	page_begin(&p, run->id, "flakes");
	buf_printf(&p.out,
		"<section class='verdict %s' aria-label=Verdict><p><strong>%zu flaky</strong></p>"
		"<p><a href='../report.html'>The report of the run</a></p></section>\n",
		flakes->n ? "bad" : "good", flakes->n);
	flaky_put(&p, flakes);
	return page_write(&p, path, err);
}

int
flaky_write(const struct run *run, const struct flake_list *flakes, struct dd_err *err)
{
	OWN_FREE char *dir = run_path(run, RUN_LATER), *path = run_path(run, FLAKY_FILE);
	OWN_JSON json_t *j = flake_list_to_json(flakes);
	OWN(buf) struct buf out = {0};
	json_print(j, 2, &out);
	int rc = fs_mkdirs(dir, 0700, err);
	if (rc == 0)
		rc = fs_write_atomic(path, buf_str(&out), 0600, err);
	return rc < 0 ? rc : write_page(run, flakes, err);
}

json_t *
flaky_read(const struct run *run)
{
	OWN_JSON json_t *j = handed_json(run, FLAKY_FILE);
	return json_is_array(j) ? json_incref(j) : NULL;
}
