/* What is easily forgotten: rules of data/cases.tsv for the words of a requirement, and what the map knows of its files. */
#include "intent/draft.h"

#include "base/embed.h"

#include <string.h>

#define MAX_CASES 4 /* of one requirement by its words */
#define MAX_OF_MAP 40

EMBED(intent_cases, "intent/data/cases.tsv");

static size_t
words_in_common(struct str list, const struct strlist *words)
{
	struct str word;
	size_t n = 0;
	while (str_next(&list, ',', &word)) {
		OWN_FREE char *copy = str_dup(word);
		n += strlist_has(words, copy);
	}
	return n;
}

static void
put_case(struct draft *d, const struct strlist *from, const char *text, const char *place)
{
	OWN_FREE char *id = plandoc_id(&d->plan, "E", text);
	struct plandoc_item *i = plandoc_add(&d->plan, 3, id, text);
	if (from)
		plandoc_list(i, "from", from);
	if (place)
		plandoc_field(i, "place", "%s", place);
}

static void
put_cases_of_words(struct draft *d)
{
	struct str rest = EMBEDDED(intent_cases), line;
	OWN_FREE size_t *put = mem_zalloc(d->n + 1, sizeof(*put));
	while (str_next_line(&rest, &line)) {
		OWN(strlist) struct strlist from = {0};
		struct str words;
		if (str_starts(line, "#") || !str_next(&line, '\t', &words))
			continue;
		for (size_t i = 0; i < d->n; i++)
			if (words_in_common(words, &d->wanted[i].words) && put[i]++ < MAX_CASES)
				strlist_add(&from, d->wanted[i].id);
		OWN_FREE char *text = str_dup(line);
		if (from.n)
			put_case(d, &from, text, NULL);
	}
}

static const char *
question_of_section(const char *key)
{
	static const char *const rows[][2] = {
		{"entry", "Who calls from outside relies on the answer as it is"},
		{"data", "What is stored already has the old form"},
		{"environment", "Not set, empty, or with the value of before"},
		{"configuration", "Not given, or given in the form of before"},
		{"services", "It does not answer, answers late, or gets the same thing twice"},
		{"state", "Two at once, and what is left from the call before"},
		{"commands", "It is not installed, fails, or prints something else"}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(rows[i][0], key) == 0)
			return rows[i][1];
	return NULL;
}

/* "FILE:LINE" in one of the files of a task. */
static bool
is_touched(const struct draft *d, const char *place)
{
	const char *colon = strrchr(place, ':');
	OWN_FREE char *path = mem_strndup(place, colon ? (size_t)(colon - place) : strlen(place));
	for (size_t t = 0; t < d->ntasks; t++)
		if (strlist_has(&d->tasks[t].writes, path))
			return true;
	return false;
}

static void
put_cases_of_map(struct draft *d)
{
	size_t i, k, p, put = 0;
	json_t *section, *item, *place;
	json_array_foreach (json_object_get(d->spec, "sections"), i, section) {
		const char *key = json_string_value(json_object_get(section, "key"));
		const char *ask = key ? question_of_section(key) : NULL;
		json_array_foreach (ask ? json_object_get(section, "items") : NULL, k, item) {
			json_array_foreach (json_object_get(item, "places"), p, place) {
				const char *at = json_string_value(place),
					   *what = json_string_value(json_object_get(item, "text"));
				if (!at || !what || put >= MAX_OF_MAP || !is_touched(d, at))
					continue;
				OWN_FREE char *text = mem_printf("%s - %s", what, ask);
				put_case(d, NULL, text, at);
				put++;
				break;
			}
		}
	}
}

void
draft_put_cases(struct draft *d)
{
	struct plandoc_item *s = plandoc_add(&d->plan, 2, NULL, "Edge cases");
	plandoc_note(s,
		"From the words of the page and from what the map knows of the files; strike out what does not matter.");
	put_cases_of_words(d);
	put_cases_of_map(d);
}
