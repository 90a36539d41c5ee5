#include "qa/picture.h"

#include "base/fs.h"
#include "qa/picture_wire.h"
#include "qa/png.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define MEMORY \
	((uint64_t)3 << 30) /* two pictures of the largest size, and one that shows what differs */
#define TIME_MS (60 * 1000)

const char *const picture_rows_names[] = {"inserted", "removed", NULL};

/* ---- asking ---- */

static int
put(int fd, const void *p, size_t n, int rc, struct dd_err *err)
{
	return rc < 0 || !n ? rc : fs_write_all(fd, p, n, err);
}

static int
write_request(uint32_t magic, const struct picture_spec *s, int *ret_fd, struct dd_err *err)
{
	const struct str parts[] = {s->a, s->b, s->tree_a, s->tree_b};
	struct picture_request head = {.magic = magic,
		.nmasks = (uint32_t)s->nmasks,
		.threshold = s->threshold,
		.wants_picture = s->wants_picture};
	for (size_t i = 0; i < 4; i++)
		head.bytes[i] = parts[i].n;
	OWN_FD int fd = memfd_create("pictures", MFD_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "cannot make a memory file");
	int rc = put(fd, &head, sizeof(head), 0, err);
	rc = put(fd, s->masks, s->nmasks * sizeof(*s->masks), rc, err);
	for (size_t i = 0; i < 4; i++)
		rc = put(fd, parts[i].p, parts[i].n, rc, err);
	if (rc == 0 && lseek(fd, 0, SEEK_SET) < 0)
		rc = err_errno(err, errno, "cannot rewind a memory file");
	if (rc == 0)
		*ret_fd = TAKE_FD(fd);
	return rc;
}

/* answer: as much of it as it holds. */
static int
run_worker(uint32_t magic, const struct picture_spec *s, struct buf *answer, struct dd_err *err)
{
	OWN_FD int request = -1;
	int rc = write_request(magic, s, &request, err);
	const struct worker_spec worker = {
		.state = s->state,
		.name = "picture",
		.program = "drydock-picture",
		.input_fd = request,
		.memory_bytes = MEMORY,
		.time_limit_ms = TIME_MS,
	};
	return rc < 0 ? rc : worker_run(&worker, answer, err);
}

/* ---- reading the answer ---- */

static bool
take(struct str *rest, void *to, size_t n)
{
	if (rest->n < n)
		return false;
	memcpy(to, rest->p, n);
	rest->p += n;
	rest->n -= n;
	return true;
}

static bool
take_regions(struct str *rest, uint32_t n, struct picture_diff *d)
{
	d->regions = mem_zalloc(n, sizeof(*d->regions));
	for (; d->nregions < n; d->nregions++) {
		struct picture_answer_region r;
		if (!take(rest, &r, sizeof(r)) || r.text_bytes > PICTURE_MAX_TEXT ||
			r.text_bytes > rest->n)
			return false;
		d->regions[d->nregions] =
			(struct picture_region){r.box, mem_strndup(rest->p, r.text_bytes)};
		rest->p += r.text_bytes;
		rest->n -= r.text_bytes;
	}
	return true;
}

static bool
take_rows(struct str *rest, uint32_t n, struct picture_diff *d)
{
	d->rows = mem_zalloc(n, sizeof(*d->rows));
	for (; d->nrows < n; d->nrows++) {
		struct picture_answer_rows r;
		if (!take(rest, &r, sizeof(r)) || r.kind > ROWS_REMOVED)
			return false;
		d->rows[d->nrows] = (struct picture_rows){r.y, r.n, (enum picture_rows_kind)r.kind};
	}
	return true;
}

static int
read_answer(struct str rest, struct picture_diff *d, struct dd_err *err)
{
	struct picture_answer a;
	if (!take(&rest, &a, sizeof(a)) || a.magic != PICTURE_MAGIC ||
		a.nregions > PICTURE_MAX_REGIONS || a.nrows > PICTURE_MAX_ROWS ||
		!take_regions(&rest, a.nregions, d) || !take_rows(&rest, a.nrows, d) ||
		a.picture_bytes != rest.n)
		return err_set(err, DD_ECORRUPT, "drydock-picture gave no answer");
	d->was_decoded = true;
	d->equal = a.equal;
	d->wa = a.wa;
	d->ha = a.ha;
	d->wb = a.wb;
	d->hb = a.hb;
	d->is_blank_a = a.is_blank_a;
	d->is_blank_b = a.is_blank_b;
	d->differing = a.differing;
	d->differing_aa = a.differing_aa;
	d->masked = a.masked;
	d->picture.max = rest.n + 1;
	buf_add_str(&d->picture, rest);
	return 0;
}

static int
ask_worker(const struct picture_spec *s, struct picture_diff *ret, struct dd_err *err)
{
	OWN(buf) struct buf answer = {.max = (size_t)640 << 20};
	struct picture_diff d = {0};
	int rc = run_worker(PICTURE_MAGIC, s, &answer, err);
	if (rc == 0)
		rc = read_answer(buf_str(&answer), &d, err);
	if (rc == 0)
		*ret = d;
	else
		picture_diff_cleanup(&d);
	return rc;
}

bool
picture_is_same(struct str a, struct str b)
{
	uint32_t w, h;
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0 && png_size(a, &w, &h);
}

int
picture_compare(const struct picture_spec *s, struct picture_diff *ret, struct dd_err *err)
{
	struct picture_diff d = {.equal = true};
	if (s->a.n > PICTURE_MAX_FILE || s->b.n > PICTURE_MAX_FILE)
		return err_set(
			err, DD_ELIMIT, "a picture of more than %zu MiB", PICTURE_MAX_FILE >> 20);
	if (s->nmasks > PICTURE_MAX_MASKS)
		return err_set(err, DD_ELIMIT, "more than %d masks", PICTURE_MAX_MASKS);
	if (!s->look && !s->wants_picture && picture_is_same(s->a, s->b)) {
		(void)png_size(s->a, &d.wa, &d.ha);
		d.wb = d.wa;
		d.hb = d.ha;
		*ret = d;
		return 0;
	}
	return ask_worker(s, ret, err);
}

void
picture_diff_cleanup(struct picture_diff *d)
{
	for (size_t i = 0; i < d->nregions; i++)
		free(d->regions[i].text);
	free(d->regions);
	free(d->rows);
	buf_cleanup(&d->picture);
	*d = (struct picture_diff){0};
}

int
picture_pack(const struct state *state, struct str png, struct buf *ret, struct dd_err *err)
{
	OWN(dd_err) struct dd_err why = {0};
	OWN(buf) struct buf answer = {.max = png.n + 1};
	const struct picture_spec spec = {.state = state, .a = png};
	if (png.n > PICTURE_MAX_FILE)
		return 0;
	int rc = run_worker(PICTURE_PACK, &spec, &answer, &why);
	if (rc == -DD_ECORRUPT || rc == -DD_ELIMIT)
		return 0;
	if (rc < 0)
		return err_move(err, &why);
	if (answer.n < png.n)
		buf_add_str(ret, buf_str(&answer));
	return 0;
}

/* ---- telling ---- */

void
picture_diff_print(const struct picture_diff *d, struct buf *out)
{
	buf_printf(out,
		"{\"equal\": %s, \"differing\": %llu, \"differing_aa\": %llu, "
		"\"size\": {\"a\": {\"w\": %u, \"h\": %u}, \"b\": {\"w\": %u, \"h\": %u}}, \"regions\": [",
		d->equal ? "true" : "false", (unsigned long long)d->differing,
		(unsigned long long)d->differing_aa, d->wa, d->ha, d->wb, d->hb);
	for (size_t i = 0; i < d->nregions; i++) {
		const struct picture_box *b = &d->regions[i].box;
		buf_printf(out,
			"%s{\"x\": %u, \"y\": %u, \"w\": %u, \"h\": %u, \"text\": ", i ? ", " : "",
			b->x, b->y, b->w, b->h);
		buf_put_json(out, str_of(d->regions[i].text));
		buf_putc(out, '}');
	}
	buf_puts(out, "], \"rows\": [");
	for (size_t i = 0; i < d->nrows; i++)
		buf_printf(out, "%s{\"y\": %u, \"n\": %u, \"kind\": \"%s\"}", i ? ", " : "",
			d->rows[i].y, d->rows[i].n, picture_rows_names[d->rows[i].kind]);
	buf_puts(out, "]}");
}
