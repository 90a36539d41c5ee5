#include "qa/qa.h"

#include "base/map.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* ---- messages ---- */

static bool
is_path_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("/._-+~@%", c));
}

/* "/tmp/x/tide.py" -> "tide.py": what is printed of a path differs by where the tree lay. */
static size_t
put_path(const char *p, struct buf *out)
{
	size_t n = 0, last = 0;
	while (is_path_char(p[n])) {
		last = p[n] == '/' ? n + 1 : last;
		n++;
	}
	if (!last || (p[0] != '/' && strncmp(p, "./", 2) != 0))
		return 0;
	for (size_t i = last; i < n; i++)
		if (!isdigit((unsigned char)p[i]))
			buf_putc(out, p[i]);
		else if (!i || !isdigit((unsigned char)p[i - 1]))
			buf_putc(out, 'N');
	return n;
}

/* "12", "0x7f00", "1.5e-3", "deadbeef01": one N; so are times and dates, which are numbers with marks between. */
static size_t
span_number(const char *p)
{
	size_t n = 0, digits = 0, others = 0;
	while (isxdigit((unsigned char)p[n]) || (n == 1 && p[n] == 'x')) {
		digits += isdigit((unsigned char)p[n]) != 0;
		others += isdigit((unsigned char)p[n]) == 0;
		n++;
	}
	bool word = isalnum((unsigned char)p[n]) || p[n] == '_';
	if (isdigit((unsigned char)p[0]) && (!others || p[1] == 'x' || !word)) {
		while (n && !isdigit((unsigned char)p[n - 1]) && p[1] != 'x' && word)
			n--;
		return n;
	}
	return n >= 8 && digits && !word ? n : 0;
}

char *
qa_normal_message(const char *message)
{
	OWN(buf) struct buf out = {.max = 16384};
	const char *p = message ? message : "";
	bool inside = false; /* a word */
	while (*p) {
		size_t n = inside ? 0 : put_path(p, &out);
		size_t number = n || inside ? 0 : span_number(p);
		if (!n && isdigit((unsigned char)*p) && !number)
			number = 1;
		if (number) {
			bool goes_on = out.n && out.p[out.n - 1] == 'N';
			bool mark = out.n > 1 && strchr(".:,-/T+", out.p[out.n - 1]) &&
				    out.p[out.n - 2] == 'N';
			if (mark)
				out.n--;
			else if (!goes_on)
				buf_putc(&out, 'N');
			n = number;
		} else if (!n) {
			buf_putc(&out, isspace((unsigned char)*p) ? ' ' : *p);
			n = 1;
		}
		p += n;
		inside = isalpha((unsigned char)p[-1]) || p[-1] == '_';
	}
	return str_dup(str_trim(buf_str(&out)));
}

/* ---- cases ---- */

static bool
is_bad(const struct test_case *c)
{
	return c->status == TEST_FAILED || c->status == TEST_ERROR;
}

/* False: nothing is to be said of it. */
static bool
kind_of(const struct test_case *was, const struct test_case *is, enum change_kind *ret)
{
	if (!was || !is) {
		*ret = was ? CHANGE_VANISHED : CHANGE_NEW;
		return true;
	}
	OWN_FREE char *before = qa_normal_message(was->message);
	OWN_FREE char *after = qa_normal_message(is->message);
	bool same = was->status == is->status && strcmp(before, after) == 0;
	if (was->flaky || is->flaky)
		*ret = CHANGE_FLAKY;
	else if (is_bad(is) && is_bad(was))
		*ret = same ? CHANGE_SAME : CHANGE_DIFFERENT;
	else if (is_bad(is))
		*ret = was->status == TEST_SKIPPED ? CHANGE_NEW : CHANGE_REGRESSION;
	else if (is_bad(was))
		*ret = is->status == TEST_SKIPPED ? CHANGE_SKIPPED : CHANGE_FIX;
	else if (was->status == TEST_PASSED && is->status == TEST_SKIPPED)
		*ret = CHANGE_SKIPPED;
	else
		return false;
	return true;
}

static void
add_change(const struct test_case *was, const struct test_case *is, struct change_list *ret)
{
	enum change_kind kind;
	if (!kind_of(was, is, &kind))
		return;
	struct change *c = change_list_add(ret);
	const struct test_case *any = is ? is : was, *told = is && is->message ? is : was;
	c->id = mem_strdup(any->id);
	c->kind = kind;
	c->level = any->level;
	c->was = was ? mem_strdup(test_status_names[was->status]) : NULL;
	c->is = is ? mem_strdup(test_status_names[is->status]) : NULL;
	c->message = told && told->message ? mem_strdup(told->message) : NULL;
	if (kind == CHANGE_DIFFERENT && was->message)
		c->before = mem_strdup(was->message);
}

static int
worst_first(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->id, y->id);
}

void
qa_compare(const struct test_case_list *before, const struct test_case_list *after,
	struct change_list *ret)
{
	OWN(map) struct map known = {0}, now = {0};
	for (size_t i = 0; i < before->n; i++)
		map_put(&known, before->v[i].id, &before->v[i]);
	for (size_t i = 0; i < after->n; i++) {
		map_put(&now, after->v[i].id, &after->v[i]);
		add_change(map_get(&known, after->v[i].id), &after->v[i], ret);
	}
	for (size_t i = 0; i < before->n; i++)
		if (!map_get(&now, before->v[i].id))
			add_change(&before->v[i], NULL, ret);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), worst_first);
}

void
qa_wilson(int64_t failed, int64_t runs, double *ret_low, double *ret_high)
{
	static const double z = 1.959964; /* of the normal distribution, two-sided, 95 % */
	double n = (double)runs, p = n > 0 ? (double)failed / n : 0;
	if (runs <= 0) {
		*ret_low = 0;
		*ret_high = 1;
		return;
	}
	double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
	double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
	*ret_low = middle - half < 0 ? 0 : middle - half;
	*ret_high = middle + half > 1 ? 1 : middle + half;
}
