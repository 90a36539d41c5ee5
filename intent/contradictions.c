/*
 * What of a page cannot be had together, as far as words show it: two statements about the same that differ in a number, in a pair of
 * opposites, or in that one forbids what the other demands.  Requirements are compared with each other, with
 * non-goals and with rules.  Two that name things of the source, and none together, are about different things.
 */
#include "intent/draft.h"

#include "base/words.h"

#include <ctype.h>
#include <string.h>

#define MAX_COMPARED 300
#define MAX_CONTRADICTIONS 50
#define ABOUT_THE_SAME 0.6 /* of the words that are neither number nor opposite */

static const char *const opposites[][2] = {{"enabl", "disabl"}, {"add", "remov"}, {"add", "delet"},
	{"keep", "remov"}, {"keep", "delet"}, {"keep", "drop"}, {"alway", "never"},
	{"allow", "deny"}, {"allow", "reject"}, {"allow", "forbid"}, {"accept", "reject"},
	{"synchronou", "asynchronou"}, {"encrypt", "plain"}, {"increas", "decreas"},
	{"show", "hid"}, {"public", "privat"}, {"before", "after"}, {"ascend", "descend"},
	{"require", "optional"}, {"requir", "optional"}, {"mandatory", "optional"}, {"on", "off"},
	{"every", "no"}, {"stric", "lenient"}, {"read", "writ"}, {"merg", "split"},
	{"singl", "multipl"}, {"up", "down"}};

struct said {
	const char *id, *text;
	struct strlist words, numbers, names;
	bool forbids;
};

static void
said_cleanup(struct said *s)
{
	strlist_cleanup(&s->words);
	strlist_cleanup(&s->numbers);
	strlist_cleanup(&s->names);
}

/* Bytes of the number that a text begins with: "10", "2.5", "1,000"; 0: none. */
static size_t
number_length(const char *p)
{
	size_t n = strspn(p, "0123456789");
	while (n && (p[n] == '.' || p[n] == ',') && isdigit((unsigned char)p[n + 1]))
		n += 1 + strspn(p + n + 1, "0123456789");
	return n;
}

static bool
name_different_things(const struct said *a, const struct said *b)
{
	for (size_t i = 0; i < a->names.n; i++)
		if (strlist_has(&b->names, a->names.v[i]))
			return false;
	return a->names.n && b->names.n;
}

static void
read_said(struct said *s, const char *id, const char *text, bool forbids)
{
	OWN(strlist) struct strlist all = {0};
	static const char *const empty[] = {
		"must", "should", "shall", "may", "never", "no", "dont", "cannot", NULL};
	*s = (struct said){.id = id, .text = text, .forbids = forbids};
	words_of(str_of(text), &all);
	page_names(text, &s->names);
	for (const char *p = text; *p;) {
		size_t n = number_length(p);
		OWN_FREE char *number = mem_strndup(p, n);
		if (n && (p == text || !isalnum((unsigned char)p[-1])))
			strlist_add_new(&s->numbers, number);
		p += n ? n : 1;
	}
	for (size_t i = 0; i < all.n; i++) {
		bool modal = false;
		for (const char *const *e = empty; *e; e++)
			modal |= strcmp(all.v[i], *e) == 0;
		if (!isdigit((unsigned char)all.v[i][0]) &&
			(!modal || strcmp(all.v[i], "never") == 0))
			strlist_add(&s->words, all.v[i]);
	}
}

/* The pair of opposites that the two have one of each; NULL: none. */
static const char *const *
opposed(const struct said *a, const struct said *b)
{
	for (size_t i = 0; i < sizeof(opposites) / sizeof(*opposites); i++) {
		const char *const *o = opposites[i];
		for (int turn = 0; turn < 2; turn++) {
			const struct said *x = turn ? b : a, *y = turn ? a : b;
			if (strlist_has(&x->words, o[0]) && strlist_has(&y->words, o[1]) &&
				!strlist_has(&x->words, o[1]) && !strlist_has(&y->words, o[0]))
				return o;
		}
	}
	return NULL;
}

/* How much of the two is the same, without the words of a pair. */
static double
sameness(const struct said *a, const struct said *b, const char *const *without)
{
	size_t same = 0, na = 0, nb = 0;
	for (size_t i = 0; i < a->words.n; i++) {
		bool left = without && (strcmp(a->words.v[i], without[0]) == 0 ||
					       strcmp(a->words.v[i], without[1]) == 0);
		na += !left;
		same += !left && strlist_has(&b->words, a->words.v[i]);
	}
	for (size_t i = 0; i < b->words.n; i++)
		nb += !without || (strcmp(b->words.v[i], without[0]) != 0 &&
					  strcmp(b->words.v[i], without[1]) != 0);
	size_t less = na < nb ? na : nb;
	return less >= 2 ? (double)same / (double)less : less && same == less && na == nb ? 1 : 0;
}

/* Why the two cannot both be; heap, NULL: nothing shows that. */
static char *
contradiction(const struct said *a, const struct said *b)
{
	const char *const *o = opposed(a, b);
	if (name_different_things(a, b))
		return NULL;
	if (o && sameness(a, b, o) >= ABOUT_THE_SAME)
		return mem_strdup("one says the opposite of the other");
	double same = sameness(a, b, NULL);
	if (same < ABOUT_THE_SAME)
		return NULL;
	if (a->forbids != b->forbids && same >= 0.75)
		return mem_strdup("one forbids what the other demands");
	if (a->numbers.n == 1 && b->numbers.n == 1 &&
		strcmp(a->numbers.v[0], b->numbers.v[0]) != 0 && same >= 0.8)
		return mem_printf("one says %s, the other %s", a->numbers.v[0], b->numbers.v[0]);
	return NULL;
}

static void
put_one(struct draft *d, const struct said *a, const struct said *b, const char *why)
{
	OWN(strlist) struct strlist ids = {0};
	OWN_FREE char *key = mem_printf("%s %s", a->text, b->text);
	OWN_FREE char *id = plandoc_id(&d->plan, "C", key);
	OWN_FREE char *title = mem_printf("%s", why);
	struct plandoc_item *i = plandoc_add(&d->plan, 3, id, title);
	strlist_add(&ids, a->id);
	strlist_add(&ids, b->id);
	plandoc_list(i, "between", &ids);
	plandoc_field(i, "one", "%s", a->text);
	plandoc_field(i, "other", "%s", b->text);
	plandoc_field(i, "resolved", "%s", "");
}

void
draft_put_contradictions(struct draft *d)
{
	size_t n = 0, found = 0, most = d->n + d->rules.n;
	struct said *v = mem_zalloc(most + 1, sizeof(*v));
	for (size_t i = 0; i < d->n && n < MAX_COMPARED; i++)
		read_said(&v[n++], d->wanted[i].id, d->wanted[i].s->text,
			draft_is_constraint(&d->wanted[i]));
	for (size_t i = 0; i < d->rules.n && n < MAX_COMPARED; i++) {
		static const char *const no[] = {"never", "not", "no"};
		bool forbids = false;
		for (size_t k = 0; k < 3; k++) {
			OWN_FREE char *spaced = mem_printf(" %s ", d->rules.v[i]),
				      *word = mem_printf(" %s ", no[k]);
			forbids |= strcasestr(spaced, word) != NULL;
		}
		read_said(&v[n++], d->rule_ids.v[i], d->rules.v[i], forbids);
	}
	struct plandoc_item *s = plandoc_add(&d->plan, 2, NULL, "Contradictions");
	for (size_t a = 0; a < d->n && a < n; a++)
		for (size_t b = a + 1; b < n && found < MAX_CONTRADICTIONS; b++) {
			OWN_FREE char *why = contradiction(&v[a], &v[b]);
			if (why && ++found)
				put_one(d, &v[a], &v[b], why);
		}
	if (!found)
		plandoc_note(s, "None that words show.");
	for (size_t i = 0; i < n; i++)
		said_cleanup(&v[i]);
	free(v);
}
