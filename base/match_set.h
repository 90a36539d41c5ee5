/*
 * A compiled rule set as the scan uses it.  Private to base/match*.c.
 */
#ifndef BASE_MATCH_SET_H
#define BASE_MATCH_SET_H

#include "base/match.h"
#include "base/match_clean.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs/hs.h>
#include <pcre2.h>

enum rule_plan {
	PLAN_EXACT,	  /* Hyperscan does the pattern */
	PLAN_APPROXIMATE, /* Hyperscan does a superset of it */
	PLAN_SLOW,	  /* PCRE2 tries it on every segment */
};

struct compiled_rule {
	char *id, *pattern;
	bool icase;
	bool jit_tried;
	enum rule_plan plan;
	pcre2_code *code;
	uint32_t groups; /* highest group + 1 */
};

struct match_set {
	struct compiled_rule *rules;
	size_t n;
	uint32_t max_groups;
	hs_database_t *db; /* NULL: all rules are slow */
	pcre2_match_context *limits;
	pcre2_jit_stack *jit_stack;
};

/*
 * Decide rule on the segment at p.  Positive: it matches and md holds the groups; 0: no; negative:
 * a limit was hit.
 */
int match_set_decide(struct match_set *set, size_t rule, const char *p, const struct segment *seg,
	pcre2_match_data *md);

#endif
