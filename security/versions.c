#include "security/versions.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Debian ---- */

static int
order_of(char c)
{
	if (c == '~')
		return -1;
	if (!c || isdigit((unsigned char)c))
		return 0;
	return isalpha((unsigned char)c) ? (unsigned char)c : (unsigned char)c + 256;
}

struct piece { /* of a version: characters up to end */
	const char *s, *end;
};

static char
peek(const struct piece *p)
{
	return p->s < p->end ? *p->s : '\0';
}

/* What is not a number, character by character: "~" before the end, letters before all else. */
static int
compare_words(struct piece *a, struct piece *b)
{
	while ((peek(a) && !isdigit((unsigned char)peek(a))) ||
		(peek(b) && !isdigit((unsigned char)peek(b)))) {
		int x = order_of(peek(a)), y = order_of(peek(b));
		if (x != y)
			return x - y;
		a->s += a->s < a->end;
		b->s += b->s < b->end;
	}
	return 0;
}

/* Digits of any length. */
static int
compare_numbers(struct piece *a, struct piece *b)
{
	struct piece *both[] = {a, b};
	size_t n[2];
	const char *digits[2];
	for (int i = 0; i < 2; i++) {
		while (peek(both[i]) == '0')
			both[i]->s++;
		digits[i] = both[i]->s;
		while (isdigit((unsigned char)peek(both[i])))
			both[i]->s++;
		n[i] = (size_t)(both[i]->s - digits[i]);
	}
	return n[0] != n[1] ? (n[0] < n[1] ? -1 : 1) : memcmp(digits[0], digits[1], n[0]);
}

static int
compare_pieces(struct piece a, struct piece b)
{
	int rc = 0;
	while (rc == 0 && (a.s < a.end || b.s < b.end)) {
		rc = compare_words(&a, &b);
		if (rc == 0)
			rc = compare_numbers(&a, &b);
	}
	return rc;
}

static int
compare_debian(const char *a, const char *b)
{
	const char *s[] = {a, b}, *colon, *dash;
	unsigned long epoch[2];
	struct piece upstream[2], revision[2];
	for (int i = 0; i < 2; i++) {
		colon = strchr(s[i], ':');
		epoch[i] = colon ? strtoul(s[i], NULL, 10) : 0;
		upstream[i].s = colon ? colon + 1 : s[i];
		dash = strrchr(upstream[i].s, '-');
		revision[i].end = s[i] + strlen(s[i]);
		upstream[i].end = dash ? dash : revision[i].end;
		revision[i].s = dash ? dash + 1 : revision[i].end;
	}
	if (epoch[0] != epoch[1])
		return epoch[0] < epoch[1] ? -1 : 1;
	int rc = compare_pieces(upstream[0], upstream[1]);
	return rc ? rc : compare_pieces(revision[0], revision[1]);
}

/* ---- the others ---- */

/* Where a word stands among the releases of a number: below 0 before it, 0 as it, above after it. */
static int
rank_of(struct piece w)
{
	static const struct {
		const char *word;
		int rank;
	} words[] = {{"dev", -5}, {"a", -4}, {"alpha", -4}, {"b", -3}, {"beta", -3},
		{"milestone", -2}, {"m", -2}, {"c", -1}, {"rc", -1}, {"cr", -1}, {"pre", -1},
		{"preview", -1}, {"final", 0}, {"ga", 0}, {"release", 0}, {"post", 1}, {"rev", 1},
		{"r", 1}, {"sp", 1}, {"p", 1}, {"patch", 1}};
	size_t n = (size_t)(w.end - w.s);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i].word) == n && strncasecmp(words[i].word, w.s, n) == 0)
			return words[i].rank;
	return -3;
}

/* The next number or word; empty: there is none. */
static struct piece
next_part(struct piece *rest)
{
	while (peek(rest) && !isalnum((unsigned char)peek(rest)))
		rest->s++;
	struct piece part = {rest->s, rest->s};
	bool digits = isdigit((unsigned char)peek(rest)) != 0;
	while (isalnum((unsigned char)peek(rest)) &&
		(isdigit((unsigned char)peek(rest)) != 0) == digits)
		rest->s++;
	part.end = rest->s;
	return part;
}

/* A part against nothing: a number above 0 is more, a word is what its rank says. */
static int
weight_of(struct piece part)
{
	if (part.s == part.end)
		return 0;
	if (!isdigit((unsigned char)*part.s))
		return rank_of(part);
	struct piece zero = {"", ""}, copy = part;
	return compare_numbers(&copy, &zero);
}

static int
compare_parts(struct piece a, struct piece b)
{
	bool numbers = a.s < a.end && b.s < b.end && isdigit((unsigned char)*a.s) &&
		       isdigit((unsigned char)*b.s);
	if (numbers)
		return compare_numbers(&a, &b);
	bool words = a.s < a.end && b.s < b.end && !isdigit((unsigned char)*a.s) &&
		     !isdigit((unsigned char)*b.s);
	int x = weight_of(a), y = weight_of(b);
	if (words && x == y && a.end - a.s == b.end - b.s)
		return strncasecmp(a.s, b.s, (size_t)(a.end - a.s));
	if (a.s < a.end && b.s < b.end && !words) /* a number is newer than any word */
		return isdigit((unsigned char)*a.s) ? 1 : -1;
	return x - y;
}

/* Without a leading "v" and what is behind "+", which orders nothing. */
static struct piece
whole(const char *s)
{
	s += *s == 'v' || *s == 'V';
	return (struct piece){s, s + strcspn(s, "+")};
}

static int
compare_others(const char *a, const char *b)
{
	struct piece x = whole(a), y = whole(b);
	for (int rc = 0;;) {
		struct piece p = next_part(&x), q = next_part(&y);
		if (p.s == p.end && q.s == q.end)
			return 0;
		if ((rc = compare_parts(p, q)) != 0)
			return rc;
	}
}

int
security_version_compare(const char *ecosystem, const char *a, const char *b)
{
	return strncmp(ecosystem, "Debian", 6) == 0 ? compare_debian(a, b) : compare_others(a, b);
}
