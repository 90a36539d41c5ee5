#include "agents/touched.h"

#include <string.h>

/* One more line: of the last span, or of a new one. */
static void
add_line(json_t *spans, int64_t line)
{
	json_t *last = json_array_get(spans, json_array_size(spans) - 1);
	int64_t first = json_integer_value(json_array_get(last, 0)),
		n = json_integer_value(json_array_get(last, 1));
	if (last && first + n == line)
		json_array_set_new(last, 1, json_integer(n + 1));
	else
		json_array_append_new(spans, json_pack("[I, I]", (json_int_t)line, (json_int_t)1));
}

/* "-12,3 +14 @@ ...": where a hunk begins, before and after. */
static bool
take_hunk(struct str line, int64_t *was, int64_t *is)
{
	struct str word, number;
	uint64_t n[2];
	line = (struct str){line.p + 2, line.n - 2};
	for (int i = 0; i < 2; i++) {
		if (!str_next_word(&line, &word) || word.n < 2 || word.p[0] != "-+"[i])
			return false;
		word = (struct str){word.p + 1, word.n - 1};
		if (!str_next(&word, ',', &number) || !str_parse_u64(number, UINT32_MAX, &n[i]))
			return false;
	}
	*was = (int64_t)n[0];
	*is = (int64_t)n[1];
	return true;
}

struct reading { /* a diff */
	struct str rest, line;
	int64_t before, after; /* numbers of the line */
	bool in_hunk;
	char kind; /* '-', '+', or else */
};

/* The next line that is in a hunk. */
static bool
next_line(struct reading *r)
{
	r->before += r->kind && r->kind != '+';
	r->after += r->kind && r->kind != '-';
	r->kind = 0;
	while (str_next_line(&r->rest, &r->line)) {
		char first = r->line.n ? r->line.p[0] : ' ';
		if (str_starts(r->line, "@@"))
			r->in_hunk = take_hunk(r->line, &r->before, &r->after);
		if (!r->in_hunk || first == '@' || first == '\\')
			continue;
		r->kind = first;
		return true;
	}
	return false;
}

json_t *
touched_lines(struct str patch)
{
	json_t *was = json_array(), *is = json_array();
	int64_t removed = 0, added = 0;
	struct reading r = {.rest = patch};
	while (next_line(&r)) {
		if (r.kind == '-') {
			add_line(was, r.before);
			removed++;
		} else if (r.kind == '+') {
			add_line(is, r.after);
			added++;
		}
	}
	return json_pack("{s:I, s:I, s:o, s:o}", "removed", (json_int_t)removed, "added",
		(json_int_t)added, "was", was, "is", is);
}

int64_t
touched_conflict(struct str patch)
{
	struct reading r = {.rest = patch};
	while (next_line(&r))
		if (str_starts(r.line, "+<<<<<<< ") || str_starts(r.line, "+>>>>>>> "))
			return r.after;
	return 0;
}

bool
touched_has(const json_t *spans, int64_t line)
{
	size_t i;
	json_t *span;
	json_array_foreach ((json_t *)spans, i, span) {
		int64_t first = json_integer_value(json_array_get(span, 0));
		if (line >= first && line < first + json_integer_value(json_array_get(span, 1)))
			return true;
	}
	return false;
}

int64_t
touched_before(const json_t *file, int64_t line)
{
	size_t i;
	json_t *span;
	int64_t left = line; /* its number among those that stay, then among all that were */
	json_array_foreach (json_object_get(file, "is"), i, span)
		if (json_integer_value(json_array_get(span, 0)) < line)
			left -= json_integer_value(json_array_get(span, 1));
	json_array_foreach (json_object_get(file, "was"), i, span)
		if (json_integer_value(json_array_get(span, 0)) <= left)
			left += json_integer_value(json_array_get(span, 1));
	return left;
}
