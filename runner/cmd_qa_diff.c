/*
 * drydock qa diff: what differs between two pictures.  Linked into the front program, too, which does it: two files
 * that are equal are told so before anything else has been loaded.
 */
#include "runner/cli.h"

#include "base/fs.h"
#include "base/io.h"
#include "qa/picture.h"
#include "qa/png.h"
#include "runner/front_commands.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_TREE ((size_t)16 << 20)

struct qa_diff_options {
	struct common_options common;
	const char *output;
	const char *tree_a, *tree_b;
	const char *threshold;
};

#define O(member) offsetof(struct qa_diff_options, member)
static const struct option_def options[] = {
	{"output", 'o', OPTION_TEXT, O(output), "FILE",
		"write a picture of what differs: B, pale, with red, orange (anti-aliasing), green (rows put "
		"in) and a blue line (rows taken out)"},
	{"tree-a", 0, OPTION_TEXT, O(tree_a), "FILE",
		"the elements of A, as JSON: regions are then named"},
	{"tree-b", 0, OPTION_TEXT, O(tree_b), "FILE", "the elements of B"},
	{"threshold", 0, OPTION_TEXT, O(threshold), "T",
		"how unlike two colours must be, 0 to 1 (default: 0.1)"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static int
parse_threshold(const char *text, double *ret, struct dd_err *err)
{
	char *end = NULL;
	double t = text ? strtod(text, &end) : PICTURE_THRESHOLD;
	if (text && (end == text || *end || !(t >= 0 && t <= 1)))
		return err_set(
			err, DD_EINVAL, "--threshold: \"%s\" is not a number from 0 to 1", text);
	*ret = t;
	return 0;
}

static int
read_file(const char *path, size_t max, struct buf *ret, int rc, struct dd_err *err)
{
	ret->max = max + 1;
	return rc < 0 || !path ? rc : fs_read(path, max, ret, err);
}

/* ---- files that are the same ---- */

#define CHUNK 32768

static bool
is_equal(const uint64_t *a, const uint64_t *b, size_t n)
{
	uint64_t unlike = 0;
	for (size_t i = 0; i < n / sizeof(*a); i++)
		unlike |= a[i] ^ b[i];
	return !unlike && memcmp(a + n / sizeof(*a), b + n / sizeof(*a), n % sizeof(*a)) == 0;
}

/* A piece of a regular file; short only at its end. */
static ssize_t
read_piece(int fd, uint64_t *to)
{
	size_t n = 0;
	ssize_t r;
	while (n < CHUNK && (r = io_read(fd, (char *)to + n, CHUNK - n)) != 0) {
		if (r < 0)
			return -1;
		n += (size_t)r;
	}
	return (ssize_t)n;
}

/* Told without keeping, and, where they are, without anything else; whatever goes wrong is for who reads them then. */
static bool
are_same_files(char **paths, struct picture_diff *ret)
{
	static uint64_t a[CHUNK / 8], b[CHUNK / 8];
	OWN_FD int fa = open(paths[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	OWN_FD int fb = open(paths[1], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat sa, sb;
	if (fa < 0 || fb < 0 || fstat(fa, &sa) < 0 || fstat(fb, &sb) < 0 || !S_ISREG(sa.st_mode) ||
		!S_ISREG(sb.st_mode) || sa.st_size != sb.st_size)
		return false;
	for (bool first = true;; first = false) {
		const ssize_t n = read_piece(fa, a);
		if (n < 0 || read_piece(fb, b) != n || !is_equal(a, b, (size_t)n))
			return false;
		if (first &&
			!png_size((struct str){(const char *)a, (size_t)n}, &ret->wa, &ret->ha))
			return false;
		if (n < CHUNK)
			break;
	}
	ret->equal = true;
	ret->wb = ret->wa;
	ret->hb = ret->ha;
	return true;
}

/* ---- for people ---- */

static void
print_regions(const struct picture_diff *d)
{
	for (size_t i = 0; i < d->nregions; i++) {
		const struct picture_region *r = &d->regions[i];
		OWN(buf) struct buf text = {0};
		buf_put_visible(&text, str_of(r->text));
		printf("  %ux%u at %u,%u%s%s\n", r->box.w, r->box.h, r->box.x, r->box.y,
			text.n ? ": " : "", text.n ? text.p : "");
	}
}

static void
print_text(const struct picture_diff *d)
{
	if (d->equal && d->was_decoded)
		printf("equal: no pixel differs (%u x %u)\n", d->wb, d->hb);
	else if (d->equal)
		printf("equal: the same file (%u x %u)\n", d->wb, d->hb);
	else
		printf("different: %llu pixels, %llu without anti-aliasing\n",
			(unsigned long long)d->differing, (unsigned long long)d->differing_aa);
	if (d->wa != d->wb || d->ha != d->hb)
		printf("  size %u x %u, was %u x %u\n", d->wb, d->hb, d->wa, d->ha);
	for (size_t i = 0; i < d->nrows; i++)
		printf("  %u row%s %s at y=%u\n", d->rows[i].n, d->rows[i].n == 1 ? "" : "s",
			picture_rows_names[d->rows[i].kind], d->rows[i].y);
	print_regions(d);
}

static int
tell(const struct qa_diff_options *o, const struct picture_diff *d, struct dd_err *err)
{
	OWN(buf) struct buf line = {0};
	int rc = o->output ? fs_write_atomic(o->output, buf_str(&d->picture), 0644, err) : 0;
	if (rc < 0)
		return rc;
	if (!o->common.json) {
		print_text(d);
		return 0;
	}
	picture_diff_print(d, &line);
	printf("%s\n", line.p);
	return 0;
}

/* ---- the command ---- */

static int
compare(const struct qa_diff_options *o, char **args, struct picture_diff *ret, struct dd_err *err)
{
	OWN(state) struct state st = {0};
	OWN(buf) struct buf a = {0}, b = {0}, tree_a = {0}, tree_b = {0};
	struct picture_spec spec = {.state = &st, .wants_picture = o->output};
	int rc = parse_threshold(o->threshold, &spec.threshold, err);
	if (rc == 0 && !o->output && are_same_files(args, ret))
		return 0;
	rc = read_file(args[0], PICTURE_MAX_FILE, &a, rc, err);
	rc = read_file(args[1], PICTURE_MAX_FILE, &b, rc, err);
	rc = read_file(o->tree_a, MAX_TREE, &tree_a, rc, err);
	rc = read_file(o->tree_b, MAX_TREE, &tree_b, rc, err);
	spec.a = buf_str(&a);
	spec.b = buf_str(&b);
	spec.tree_a = buf_str(&tree_a);
	spec.tree_b = buf_str(&tree_b);
	if (rc == 0)
		rc = state_open(o->common.state, &st, err);
	return rc < 0 ? rc : picture_compare(&spec, ret, err);
}

/* What cannot be compared was named on the command line. */
static int
status_of(const struct dd_err *err)
{
	return err->code == DD_ENOENT || err->code == DD_ECORRUPT || err->code == DD_ELIMIT
		       ? EXIT_USAGE
		       : cli_status_of(err);
}

static int
run(const struct cli_call *call)
{
	const struct qa_diff_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(picture_diff) struct picture_diff d = {0};
	int rc = compare(o, call->args, &d, &err);
	if (rc == 0)
		rc = tell(o, &d, &err);
	if (rc < 0)
		return cli_fail(status_of(&err), &err);
	return d.equal ? EXIT_DONE : EXIT_TARGET_FAILED;
}

const struct subcommand cmd_qa_diff = {
	.name = "qa diff",
	.summary =
		"say what differs between two pictures (PNG): pixels, places, rows put in or taken out",
	.args = "A B",
	.description =
		"Exits with 0 when they are equal: of one size, and no pixel differs; 1 when not; 2 when one of them\n"
		"cannot be read. The first count has every pixel that differs to the eye, the second leaves out what\n"
		"is anti-aliasing only. Rows that were put in or taken out are told as such; the places are then those\n"
		"that differ besides.\n"
		"A tree is {\"nodes\": [{\"role\": \"button\", \"name\": \"Pay\", \"x\": 0, \"y\": 0, \"w\": 9, \"h\": 9}, ...]}.",
	.options = options,
	.options_size = sizeof(struct qa_diff_options),
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
