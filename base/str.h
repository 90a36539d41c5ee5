/*
 * String views and builders.
 *
 * struct str is a view: it owns nothing and need not end in NUL.  struct buf is a builder with an
 * explicit maximum: an append past it stores nothing more and sets `truncated`, so that hostile
 * input cannot grow memory without bound.  buf keeps a NUL behind its bytes, so buf.p is a C
 * string when the content has no NUL of its own.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/own.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p

struct str str_of(const char *s); /* NULL gives the empty view */
bool str_eq(struct str a, const char *b);
bool str_same(struct str a, struct str b);
int str_compare(struct str a, struct str b); /* by bytes, as strcmp does */
bool str_starts(struct str s, const char *prefix);
bool str_has_word(struct str words, const char *word);	 /* one of those that blanks part */
bool str_is_utf8(struct str s);				 /* RFC 3629 */
bool str_is_one(struct str s, const char *const *names); /* NULL-terminated */
bool str_ends(struct str s, const char *suffix);
bool str_ends_one(
	struct str s, const char *const *suffixes); /* with one of them; NULL-terminated */
struct str str_behind(
	struct str s, const char *separators); /* the last of them; all where there is none */
struct str str_interpreter(
	struct str script);	   /* by its first line, without directories: "#!/usr/bin/env sh" */
struct str str_trim(struct str s); /* ASCII white space at both ends */
char *str_dup(struct str s);	   /* heap, NUL-terminated */

/* Replace every occurrence of secret (NULL, empty: none) in text (NULL: none) by as many stars, in place. */
void str_hide(char *text, const char *secret);

/*
 * Take the next piece of *rest up to sep (dropped) and advance *rest behind it.  False when *rest
 * is exhausted.  "a,b," gives a and b: there is no empty last piece.
 */
bool str_next(struct str *rest, char sep, struct str *ret_piece);

/* Next line without its \n or \r\n; false at the end. */
bool str_next_line(struct str *rest, struct str *ret_line);

/* Next word separated by ASCII blanks; false when only blanks are left. */
bool str_next_word(struct str *rest, struct str *ret_word);

/* Whole view as a non-negative decimal number <= max; false if it is anything else. */
bool str_parse_u64(struct str s, uint64_t max, uint64_t *ret_value);

struct buf {
	char *p;	/* NUL-terminated; NULL until the first append */
	size_t n;	/* bytes used, without the NUL */
	size_t cap;	/* bytes allocated */
	size_t max;	/* 0: BUF_DEFAULT_MAX */
	bool truncated; /* an append did not fit */
};

#define BUF_DEFAULT_MAX ((size_t)256 << 20)

void buf_cleanup(struct buf *b);
void buf_reset(struct buf *b); /* n = 0, keeps the memory */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_str(struct buf *b, struct str s);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) DD_PRINTF(2, 3);
void buf_drop_front(struct buf *b, size_t n);
struct str buf_str(const struct buf *b);
char *buf_take(struct buf *b); /* heap string, never NULL; the buffer is empty afterwards */

/* Append s as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD. */
void buf_put_json(struct buf *b, struct str s);

/*
 * Append s with what HTML gives a meaning escaped, fit for text and attribute values; controls and overrides
 * of direction become U+FFFD.
 */
void buf_put_html(struct buf *b, struct str s);

/* Append s in base64 (RFC 4648, with padding). */
void buf_put_base64(struct buf *b, struct str s);

/*
 * Append text (NULL: nothing) as one line of Markdown (CommonMark): prose in which nothing is markup, a table or a
 * link, and code.  Control characters become blanks.
 */
void buf_put_markdown(struct buf *b, const char *text);
void buf_put_markdown_code(struct buf *b, const char *text);

/*
 * Append s with control characters, overrides of direction and invalid UTF-8 shown as \xNN: safe on a
 * terminal.
 */
void buf_put_visible(struct buf *b, struct str s);

/*
 * Append s as one word: control characters, the blank, '%' and DEL become %XX.  str_unpercent is
 * the way back, heap; NULL when s is not well formed or holds a NUL.
 */
void buf_put_percent(struct buf *b, struct str s);
char *str_unpercent(struct str s);

/*
 * Append s as one word of a shell command, on one line: bare where that is safe, else in quotes.
 * Control characters and invalid UTF-8 need $'...', which bash and POSIX.1-2024 know and older
 * shells do not.
 */
void buf_put_shell(struct buf *b, struct str s);

/* A growing list of heap strings. */
struct strlist {
	char **v; /* always NULL-terminated once non-empty: fit for argv */
	size_t n;
	size_t cap;
};

void strlist_cleanup(struct strlist *l);
void strlist_add(struct strlist *l, const char *s); /* copies */
void strlist_addf(struct strlist *l, const char *fmt, ...) DD_PRINTF(2, 3);
void strlist_add_str(struct strlist *l, struct str s);
void strlist_add_new(struct strlist *l, const char *s); /* unless it is there already */
bool strlist_has(const struct strlist *l, const char *s);
void strlist_sort(struct strlist *l);
/* In a list of NAME=value, such as an environment: replaces the one of that name, else appends. */
void strlist_set_env(struct strlist *l, const char *name, const char *value);
void strlist_copy(struct strlist *dst, const struct strlist *src); /* appends */

#endif
