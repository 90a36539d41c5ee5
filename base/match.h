/*
 * Many patterns over a big log (PCRE2's and Hyperscan's only home).
 *
 * A pattern is a PCRE2 pattern (pcre2pattern(3)), bytes, no UTF mode, matched against one line at a
 * time.  Hyperscan looks at whole blocks and only names candidates: pairs of a line and a rule;
 * PCRE2 decides them and gives the captures.  A pattern that Hyperscan cannot do is approximated by
 * it (HS_FLAG_PREFILTER) or, where that fails too, tried by PCRE2 on every line; a processor
 * without SSSE3 gets all patterns that way.  The hits are the same in every case, and do not depend
 * on how the log is cut into chunks.
 *
 * What a line is.  Rules see the text a person would see: ANSI escape sequences are taken out (a
 * newline ends an unfinished one), backspace takes the character before it back, other control
 * characters but the tab are dropped.  A line ends at \n or \r\n.  A lone \r, or an escape
 * sequence that moves the cursor, ends a *segment*: progress bars become one text per state, all of
 * one line number.  Empty segments are not looked at.  A segment longer than MATCH_WINDOW bytes is
 * looked at in windows that overlap by MATCH_OVERLAP: ^ and $ match at its real ends only, and a
 * match longer than the overlap may be missed.
 *
 * Each rule reports at most once for a segment: its leftmost match.  Hits come in the order of
 * segments (windows), within one in the order of the rules.
 *
 * Matching is bounded: PCRE2's match, depth and heap limits are set, and a line that runs into one
 * does not match (match_stats.limited counts it).
 *
 * A set is used by one thread at a time (patterns are compiled to machine code at first use); scans
 * of one set may be interleaved.
 */
#ifndef BASE_MATCH_H
#define BASE_MATCH_H

#include "base/err.h"
#include "base/str.h"

#define MATCH_WINDOW ((size_t)16 << 10)
#define MATCH_OVERLAP ((size_t)2 << 10)

struct match_rule {
	const char *id;	     /* for the hit; need not be unique */
	const char *pattern; /* must not match the empty string */
	bool icase;	     /* ASCII letters match without regard to case */
};

struct match_set;

/*
 * Compile rules (copied).  `database`: what match_database gave for the same rules, which saves
 * about a tenth of a second for a hundred of them; anything else, such as the empty view, is as if
 * there was none, and those that were made with the program are looked at (below).  It must come from
 * a trusted place.  DD_EINVAL: a pattern is wrong; the message names its id and the place.
 */
int match_compile(const struct match_rule *rules, size_t n, struct str database,
	struct match_set **ret, struct dd_err *err) DD_MUST_USE;
/* The same by PCRE2 alone: for a few rules over little text. */
int match_compile_plain(const struct match_rule *rules, size_t n, struct match_set **ret,
	struct dd_err *err) DD_MUST_USE;
void match_destroy(struct match_set *set); /* NULL is fine */

/*
 * Databases that were made when drydock was built (runner/gen/gen_patterns.c): one behind another, its
 * length in 8 bytes of this machine's order before each.  A program that is linked without them has none.
 */
extern const char match_prepared_begin[] __attribute__((weak));
extern const char match_prepared_end[] __attribute__((weak));
/* Called with each set that Hyperscan had to compile; for the program that makes them. */
extern void (*match_on_compiled)(const struct match_set *set);

/* Append the compiled form for this machine, for match_compile; nothing where Hyperscan is not
 * used. */
int match_database(const struct match_set *set, struct buf *out, struct dd_err *err) DD_MUST_USE;

/* How the rules are looked for: by Hyperscan exactly, approximately, and not at all. */
struct match_plan {
	size_t exact, approximate, slow;
};
struct match_plan match_get_plan(const struct match_set *set);

struct match_hit {
	size_t rule;	 /* index into the rules */
	const char *id;	 /* of the rule */
	uint64_t line;	 /* from 1: newlines before it, plus one */
	struct str text; /* the segment or window as the rule saw it; lives until the callback
			    returns */
	const struct str
		*captures; /* [0] the whole match; p is NULL for a group that took no part */
	size_t ncaptures;  /* highest group of the pattern + 1 */
	const struct match_set *set;
};

/* A named group of the hit; p is NULL if it took no part or there is no such name. */
struct str match_named(const struct match_hit *hit, const char *name);

/* false ends the scan: what is fed later is ignored. */
typedef bool (*match_fn)(void *ctx, const struct match_hit *hit);

struct match_stats {
	uint64_t bytes; /* fed */
	uint64_t lines; /* newlines, plus one for a last line without */
	uint64_t hits;
	uint64_t candidates; /* pairs of segment and rule that PCRE2 had to decide */
	uint64_t limited;    /* of these, given up because of a limit */
};

/* A running scan of one log.  The set must outlive it. */
struct match_scan;
int match_scan_create(struct match_set *set, match_fn fn, void *ctx, struct match_scan **ret,
	struct dd_err *err) DD_MUST_USE;
/* Any bytes, any size; hits of finished lines are reported before it returns. */
int match_scan_feed(struct match_scan *scan, struct str chunk, struct dd_err *err) DD_MUST_USE;
/* The log is over: report hits of a last line without newline.  ret may be NULL.  Does not free. */
int match_scan_finish(struct match_scan *scan, struct match_stats *ret, struct dd_err *err)
	DD_MUST_USE;
void match_scan_destroy(struct match_scan *scan); /* NULL is fine */

/* One text from memory: create, feed, finish, destroy. */
int match_text(struct match_set *set, struct str text, match_fn fn, void *ctx, struct dd_err *err)
	DD_MUST_USE;

#endif
