/* Inside the room: what judging knows of text, of whatever language: numbers, strings, operators, and lines that are printed. */
#ifndef AGENTS_JUDGE_TEXT_H
#define AGENTS_JUDGE_TEXT_H

#include "base/map.h"

struct span {
	size_t at, n;
};

/* ---- what is printed; maps of lines own no values ---- */

/* The lines of an output, but for what differs from run to run: durations, addresses. */
void judge_text_lines(struct str output, struct map *ret);
/* The text with another one at that place, appended. */
void judge_text_put(struct str all, struct span at, struct str text, struct buf *out);
/* The lines with the line of source `was` where they quote `is`, which stands in its place. */
void judge_text_unquote(const struct map *lines, struct str is, struct str was, struct map *ret);
bool judge_text_is_among(const struct map *lines, const struct map *of);
/* Lines of `a` that `b` has not; ret may be b. */
void judge_text_only_in(const struct map *a, const struct map *b, struct map *ret);
/* Does the token stand by itself in the text, or in any of the lines? */
bool judge_text_has_token(struct str text, struct str token);
bool judge_text_any_has(const struct map *lines, struct str token);
/* Append the text with a mark in place of the token wherever that stands by itself. */
void judge_text_mark(struct str text, struct str token, struct buf *out);

/* A failure that was printed with `got` in it, and with `other` for the value that a line asks for in place of `wanted`. */
struct failure_form {
	struct str line, got, wanted, other;
	struct str was,
		is; /* a text that the line may quote, and what stands in its place; empty: none */
};
/* Put what the lines say in place of `got`, where they have the form, into ret, which owns no values. */
void judge_text_answers(const struct failure_form *f, const struct map *lines, struct map *ret);

/* ---- source ---- */

/* The next number that stands for itself, or string without a digit (quotes left out), from `at` on. */
bool judge_text_number(struct str text, size_t at, struct span *ret);
bool judge_text_string(struct str text, size_t at, struct span *ret);
/* Does the line, trimmed, name other files: #include, import, ...? */
bool judge_text_names_files(struct str line);
/* Append another value like v; which: 0 to VARIATIONS - 1. */
#define VARIATIONS 4
void judge_text_other(struct str v, int which, struct buf *out);
/* Append a text of the same shape: other letters and digits, capitals where those are; or two of them. */
void judge_text_alike(struct str v, bool twice, struct buf *out);
/* Append the line with another operator or number; false, and nothing: it has none. */
bool judge_text_mutant(struct str line, struct buf *out);
/*
 * Is a line the other one with a single number that is another, which is compared by order in both: "n > 12", "n >= 10"?  White
 * space and which order it is do not matter.
 */
bool judge_text_limit_moved(struct str was, struct str is);

#endif
