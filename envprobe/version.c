#include "envprobe/version.h"

#include <ctype.h>
#include <string.h>

struct version
version_parse(struct str s)
{
	struct version v = {.n = 0};
	s = str_trim(s);
	for (size_t i = 0; v.n < 3 && i < s.n && isdigit((unsigned char)s.p[i]);) {
		uint64_t value = 0;
		for (; i < s.n && isdigit((unsigned char)s.p[i]); i++)
			value = value > UINT64_MAX / 100 ? value
							 : value * 10 + (uint64_t)(s.p[i] - '0');
		v.part[v.n++] = value;
		if (i >= s.n || s.p[i] != '.')
			break;
		i++;
	}
	return v;
}

int
version_compare(const struct version *a, const struct version *b)
{
	for (int i = 0; i < 3; i++)
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	return 0;
}

/* The first `n` parts are the same. */
static bool
agree(const struct version *a, const struct version *b, int n)
{
	for (int i = 0; i < n; i++)
		if (a->part[i] != b->part[i])
			return false;
	return true;
}

/* ^: what stands left of the first part that is not 0 must not change, nor may it. */
static bool
is_compatible(const struct version *wanted, const struct version *v)
{
	int keep = 1;
	while (keep < wanted->n && wanted->part[keep - 1] == 0)
		keep++;
	return agree(wanted, v, keep) && version_compare(v, wanted) >= 0;
}

enum operator{
	OP_GE,
	OP_LE,
	OP_EQ,
	OP_RELEASE,
	OP_NOT,
	OP_GT,
	OP_LT,
	OP_EXACT,
	OP_TILDE,
	OP_CARET,
	OP_NONE
};

static bool
compares(enum operator op, const struct version *wanted, const struct version *v)
{
	int c = version_compare(v, wanted);
	bool same = agree(wanted, v, wanted->n);
	switch (op) {
	case OP_GE:
		return c >= 0;
	case OP_LE:
		return c <= 0 || same;
	case OP_GT:
		return c > 0 && !same;
	case OP_LT:
		return c < 0;
	case OP_EQ:
	case OP_EXACT:
		return same;
	case OP_NOT:
		return !same;
	case OP_RELEASE: /* all but the last part stay, PEP 440 */
		return c >= 0 && agree(wanted, v, wanted->n - 1);
	case OP_TILDE:
		return c >= 0 && agree(wanted, v, wanted->n > 1 ? 2 : 1);
	default:
		return is_compatible(wanted, v);
	}
}

static bool
accepts_one(struct str one, const struct version *v)
{
	static const char *const operators[] = {
		">=", "<=", "==", "~=", "!=", ">", "<", "=", "~", "^", NULL};
	size_t op = 0;
	one = str_trim(one);
	while (operators[op] && !str_starts(one, operators[op]))
		op++;
	size_t skip = operators[op] ? strlen(operators[op]) : 0;
	one = str_trim((struct str){one.p + skip, one.n - skip});
	struct version wanted = version_parse(one);
	bool wild = one.n && memchr(one.p, '*', one.n) != NULL;
	if (!wanted.n)
		return true;
	if (wild && op != OP_NOT)
		return agree(&wanted, v, wanted.n);
	return compares((enum operator)op, &wanted, v);
}

bool
version_accepts(const char *requirement, const struct version *v)
{
	struct str rest = str_of(requirement), one;
	while (rest.n && str_next(&rest, ',', &one))
		if (!accepts_one(one, v))
			return false;
	return true;
}

/* ---- alternatives ---- */

/* All three parts of a number that has nothing but such. */
static void
put_zeros(struct str number, struct buf *out)
{
	size_t dots = 0;
	for (size_t i = 0; i < number.n; i++) {
		if (number.p[i] != '.' && !isdigit((unsigned char)number.p[i]))
			return;
		dots += number.p[i] == '.';
	}
	for (; dots < 2; dots++)
		buf_puts(out, ".0");
}

/* One bound: "~1.2" is ">=1.2 <2" there, and "1.2" no other. */
static bool
put_bound(struct str one, struct buf *out)
{
	size_t op = 0;
	while (op < one.n && strchr("<>=!~^", one.p[op]))
		op++;
	const char *flag = memchr(one.p, '@', one.n); /* of stability */
	one.n = flag ? (size_t)(flag - one.p) : one.n;
	struct str kept = {one.p, op}, number = {one.p + op, one.n > op ? one.n - op : 0};
	if (number.n && (*number.p == 'v' || *number.p == 'V'))
		number = (struct str){number.p + 1, number.n - 1};
	if (str_eq(one, "*")) { /* any */
		buf_puts(out, ">=0,");
		return true;
	}
	if (!number.n || !isdigit((unsigned char)*number.p))
		return false;
	if (str_eq(kept, "~"))
		kept = memchr(number.p, '.', number.n) ? STR("~=") : STR("^");
	else if (!op)
		kept = STR("=");
	buf_printf(out, STR_FMT STR_FMT, STR_ARG(kept), STR_ARG(number));
	if (str_eq(kept, ">") || str_eq(kept, "!=")) /* "1.2" is "1.2.0" there, and no series */
		put_zeros(number, out);
	buf_putc(out, ',');
	return true;
}

/* Bounds of which all count: between blanks and commas; "1.0 - 2.0" are two. */
static bool
put_alternative(struct str text, struct buf *out)
{
	OWN(buf) struct buf flat = {0};
	struct str rest, word, before = {"", 0};
	for (size_t i = 0; i < text.n; i++)
		buf_putc(&flat, text.p[i] == ',' ? ' ' : text.p[i]);
	const char *range = flat.n ? strstr(flat.p, " - ") : NULL;
	rest = buf_str(&flat);
	bool good = false;
	while (str_next_word(&rest, &word)) {
		OWN_FREE char *joined = NULL;
		if (str_eq(word, "-"))
			continue;
		if (strspn(word.p, "<>=!~^") >= word.n) { /* ">= 1.2" */
			before = word;
			continue;
		}
		struct str op = !range ? before : word.p < range ? STR(">=") : STR("<=");
		joined = mem_printf(STR_FMT STR_FMT, STR_ARG(op), STR_ARG(word));
		before = (struct str){"", 0};
		good = put_bound(str_of(joined), out);
		if (!good)
			return false;
	}
	return good;
}

char *
version_of_composer(const char *requirement)
{
	OWN(buf) struct buf all = {.max = 2000};
	struct str rest = str_of(requirement), one;
	while (str_next(&rest, '|', &one)) {
		OWN(buf) struct buf bounds = {.max = 1000};
		if (!str_trim(one).n)
			continue; /* between the two of "||" */
		if (!put_alternative(one, &bounds) || bounds.truncated)
			return NULL;
		buf_printf(&all, "%s%.*s", all.n ? "|" : "", (int)bounds.n - 1, bounds.p);
	}
	return all.n && !all.truncated ? buf_take(&all) : NULL;
}

bool
version_accepts_any(const char *requirements, const struct version *v)
{
	struct str rest = str_of(requirements), one;
	while (str_next(&rest, '|', &one)) {
		OWN_FREE char *alternative = str_dup(one);
		if (version_accepts(alternative, v))
			return true;
	}
	return false;
}
