/* Words and texts of the generator; all strings are heap, and the caller's. */
#ifndef PARITY_VARY_TEXT_H
#define PARITY_VARY_TEXT_H

#include "parity/vary.h"

/* A number below n (0 where n is 0), by chance. */
size_t vary_below(struct vary *v, size_t n);
bool vary_one_in(struct vary *v, size_t n);

char *vary_any_word(struct vary *v);
/* What could stand where `text` does. */
char *vary_other_word(struct vary *v, const char *text);
/* The same of lines. */
char *vary_other_text(struct vary *v, const char *text);
/* The text of a sample, borrowed; "" where there is none. */
const char *vary_sample(struct vary *v);

/* Beside `text`: a case, a blank at an end, one more or less. */
char *vary_close(struct vary *v, const char *text);
/* The next number or day, by so much; another word for what is neither. */
char *vary_step(struct vary *v, const char *text, int64_t by);
/* Digits for digits and letters for letters. */
char *vary_same_shape(struct vary *v, const char *text);
/* Words in a row, as long as something is that a source numbers. */
char *vary_sentence(struct vary *v);

/* Words of which one ends behind so many bytes, and, where `more` is not 0, others behind them. */
char *vary_words(struct vary *v, size_t length, size_t more);
bool vary_is_date(const char *text); /* YYYY-MM-DD, by its form */
char *vary_later_day(const char *date, int64_t days);

/* text without `drop` bytes at `at`, and `put` there. */
char *vary_splice(const char *text, size_t at, size_t drop, const char *put);

/* What fits where a usage has a name; c gets the sample that it may be. */
char *vary_fill(struct vary *v, const char *name, struct parity_case *c);
/* Values of that name, NULL. */
struct vary_named *vary_named_as(struct vary *v, const char *name);
struct vary_named *vary_named_in(struct vary_named *list, size_t n, const char *name);
void vary_add_named(struct vary *v, const char *name, struct str value);
void vary_add_printed(struct vary *v, struct str word);

/* A copy that lives until vary_keep_none. */
const char *vary_keep(struct vary *v, const char *text);
void vary_keep_none(struct vary *v);

#endif
