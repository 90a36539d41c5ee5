#include "base/match_set.h"

#include <string.h>

/* A line that needs more is not worth it: at about 10 ns a step this is a few milliseconds. */
#define MATCH_LIMIT 200000
#define DEPTH_LIMIT 20000
#define HEAP_LIMIT_KIB 16384
#define JIT_STACK_MAX ((size_t)512 << 10)

void
match_destroy(struct match_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->n; i++) {
		free(set->rules[i].id);
		free(set->rules[i].pattern);
		pcre2_code_free(set->rules[i].code);
	}
	free(set->rules);
	(void)hs_free_database(set->db);
	pcre2_match_context_free(set->limits);
	pcre2_jit_stack_free(set->jit_stack);
	free(set);
}

static void
match_set_cleanup_ptr(struct match_set **set)
{
	match_destroy(*set);
}
#define OWN_SET __attribute__((cleanup(match_set_cleanup_ptr)))

/* ---- PCRE2 ---- */

static int
compile_rule(struct compiled_rule *r, pcre2_compile_context *cc, struct dd_err *err)
{
	if (strncmp(r->pattern, "(*", 2) == 0)
		return err_set(err, DD_EINVAL, "rule %s: a pattern may not set options with (*...)",
			r->id);
	uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
	int code;
	PCRE2_SIZE at;
	r->code = pcre2_compile((PCRE2_SPTR)r->pattern, PCRE2_ZERO_TERMINATED,
		options | (r->icase ? PCRE2_CASELESS : 0), &code, &at, cc);
	if (!r->code) {
		PCRE2_UCHAR msg[256];
		(void)pcre2_get_error_message(code, msg, sizeof(msg));
		return err_set(err, DD_EINVAL, "rule %s: at character %zu: %s", r->id, (size_t)at,
			(const char *)msg);
	}
	uint32_t empty = 0;
	(void)pcre2_pattern_info(r->code, PCRE2_INFO_MATCHEMPTY, &empty);
	(void)pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &r->groups);
	r->groups++;
	if (empty)
		return err_set(
			err, DD_EINVAL, "rule %s: the pattern matches the empty string", r->id);
	return 0;
}

static int
compile_all(struct match_set *set, const struct match_rule *rules, struct dd_err *err)
{
	pcre2_compile_context *cc = pcre2_compile_context_create(NULL);
	int rc = cc ? 0 : err_set(err, DD_EIO, "no memory for patterns");
	if (cc)
		(void)pcre2_set_newline(cc, PCRE2_NEWLINE_LF);
	for (size_t i = 0; !rc && i < set->n; i++) {
		struct compiled_rule *r = &set->rules[i];
		r->id = mem_strdup(rules[i].id);
		r->pattern = mem_strdup(rules[i].pattern);
		r->icase = rules[i].icase;
		rc = compile_rule(r, cc, err);
		if (r->groups > set->max_groups)
			set->max_groups = r->groups;
	}
	pcre2_compile_context_free(cc);
	return rc;
}

static int
set_limits(struct match_set *set, struct dd_err *err)
{
	set->limits = pcre2_match_context_create(NULL);
	/* Without it machine code runs on 32 KiB of the machine stack. */
	set->jit_stack = pcre2_jit_stack_create(32 << 10, JIT_STACK_MAX, NULL);
	if (!set->limits)
		return err_set(err, DD_EIO, "no memory for patterns");
	(void)pcre2_set_match_limit(set->limits, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(set->limits, DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(set->limits, HEAP_LIMIT_KIB);
	if (set->jit_stack)
		pcre2_jit_stack_assign(set->limits, NULL, set->jit_stack);
	return 0;
}

int
match_set_decide(struct match_set *set, size_t rule, const char *p, const struct segment *seg,
	pcre2_match_data *md)
{
	struct compiled_rule *r = &set->rules[rule];
	if (!r->jit_tried) {
		/* Where executable memory may not be had, the interpreter does it. */
		(void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
		r->jit_tried = true;
	}
	uint32_t options = (seg->notbol ? PCRE2_NOTBOL : 0) | (seg->noteol ? PCRE2_NOTEOL : 0);
	int rc = pcre2_match(r->code, (PCRE2_SPTR)p, seg->len, 0, options, md, set->limits);
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(r->code, (PCRE2_SPTR)p, seg->len, 0, options | PCRE2_NO_JIT, md,
			set->limits);
	return rc == PCRE2_ERROR_NOMATCH ? 0 : rc;
}

/* ---- Hyperscan ---- */

/*
 * Whether a pattern means the same in a block of many lines, with HS_FLAG_MULTILINE, as in each
 * line alone.  What may match across a newline is harmless (one candidate too many), but an anchor
 * that only holds at the ends of the block, or multi-line mode switched off, would lose matches.
 * Errs on the side of no: a rule that only looks like it is slow, not wrong.
 */
static bool
means_the_same_in_a_block(const char *pattern)
{
	static const char *const anchors[] = {"\\A", "\\Z", "\\z", "\\G"};
	for (size_t i = 0; i < sizeof(anchors) / sizeof(*anchors); i++)
		if (strstr(pattern, anchors[i]))
			return false;
	for (const char *p = strstr(pattern, "(?"); p; p = strstr(p + 2, "(?")) {
		size_t letters =
			strspn(p + 2, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
		if (p[2 + letters] == '-' || p[2 + letters] == '^')
			return false;
	}
	return true;
}

static unsigned
flags_of(const struct compiled_rule *r)
{
	return HS_FLAG_MULTILINE | (r->icase ? HS_FLAG_CASELESS : 0) |
	       (r->plan == PLAN_APPROXIMATE ? HS_FLAG_PREFILTER : 0);
}

static void
choose_plan(struct compiled_rule *r)
{
	r->plan = PLAN_SLOW;
	if (!means_the_same_in_a_block(r->pattern))
		return;
	for (enum rule_plan plan = PLAN_EXACT; plan < PLAN_SLOW; plan++) {
		struct compiled_rule tried = {.icase = r->icase, .plan = plan};
		hs_expr_info_t *info = NULL;
		hs_compile_error_t *error = NULL;
		bool ok = hs_expression_info(r->pattern, flags_of(&tried), &info, &error) ==
			  HS_SUCCESS;
		free(info);
		(void)hs_free_compile_error(error);
		if (ok) {
			r->plan = plan;
			return;
		}
	}
}

/*
 * One try at the database.  1: a rule was refused, and got the next lesser plan; 0: done.  A
 * refusal that is nobody's (too many patterns, memory) makes all of them slow.
 */
static int
build_database(struct match_set *set)
{
	OWN_FREE const char **patterns = mem_zalloc(set->n, sizeof(*patterns));
	OWN_FREE unsigned *flags = mem_zalloc(set->n, sizeof(*flags));
	OWN_FREE unsigned *ids = mem_zalloc(set->n, sizeof(*ids));
	unsigned k = 0;
	for (size_t i = 0; i < set->n; i++) {
		if (set->rules[i].plan == PLAN_SLOW)
			continue;
		patterns[k] = set->rules[i].pattern;
		flags[k] = flags_of(&set->rules[i]);
		ids[k++] = (unsigned)i;
	}
	hs_compile_error_t *error = NULL;
	if (!k || hs_compile_multi(patterns, flags, ids, k, HS_MODE_BLOCK, NULL, &set->db,
			  &error) == HS_SUCCESS)
		return 0;
	bool named = error && error->expression >= 0 && (unsigned)error->expression < k;
	if (named)
		set->rules[ids[error->expression]].plan++;
	for (size_t i = 0; !named && i < set->n; i++)
		set->rules[i].plan = PLAN_SLOW;
	(void)hs_free_compile_error(error);
	return named;
}

void (*match_on_compiled)(const struct match_set *set);

static void
compile_database(struct match_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		choose_plan(&set->rules[i]);
	while (build_database(set))
		;
	if (match_on_compiled)
		match_on_compiled(set);
}

struct match_plan
match_get_plan(const struct match_set *set)
{
	struct match_plan p = {0};
	for (size_t i = 0; i < set->n; i++) {
		p.exact += set->rules[i].plan == PLAN_EXACT;
		p.approximate += set->rules[i].plan == PLAN_APPROXIMATE;
		p.slow += set->rules[i].plan == PLAN_SLOW;
	}
	return p;
}

/* ---- the stored form ---- */

/*
 * What a database depends on: Hyperscan's version, and each rule's pattern and flags.  (The
 * processor it was made for is Hyperscan's own check.)  It is stored in full and compared, not
 * hashed.
 */
static void
put_key(const struct match_set *set, struct buf *out)
{
	buf_printf(out, "drydock match 1\n%s\n%zu\n", hs_version(), set->n);
	for (size_t i = 0; i < set->n; i++) {
		const struct compiled_rule *r = &set->rules[i];
		buf_printf(out, "%c%zu:%s\n", r->icase ? 'i' : '-', strlen(r->pattern), r->pattern);
	}
}

/* Key, one character of plan per rule, a newline, Hyperscan's own bytes (which have a checksum). */
int
match_database(const struct match_set *set, struct buf *out, struct dd_err *err)
{
	if (!set->db)
		return 0;
	char *bytes = NULL;
	size_t n = 0;
	if (hs_serialize_database(set->db, &bytes, &n) != HS_SUCCESS)
		return err_set(err, DD_EIO, "storing the compiled rules failed");
	put_key(set, out);
	for (size_t i = 0; i < set->n; i++)
		buf_putc(out, (char)('0' + (int)set->rules[i].plan));
	buf_putc(out, '\n');
	buf_add(out, bytes, n);
	free(bytes);
	if (out->truncated)
		return err_set(err, DD_ELIMIT, "the compiled rules do not fit");
	return 0;
}

static bool
load_database(struct match_set *set, struct str stored)
{
	OWN(buf) struct buf key = {0};
	put_key(set, &key);
	size_t head = key.n + set->n + 1;
	if (stored.n <= head || memcmp(stored.p, key.p, key.n) != 0)
		return false;
	/* Hyperscan wants its bytes aligned. */
	size_t n = stored.n - head;
	OWN_FREE char *bytes = mem_alloc(n);
	memcpy(bytes, stored.p + head, n);
	if (hs_deserialize_database(bytes, n, &set->db) != HS_SUCCESS) {
		set->db = NULL;
		return false;
	}
	for (size_t i = 0; i < set->n; i++) {
		int plan = stored.p[key.n + i] - '0';
		set->rules[i].plan =
			plan >= PLAN_EXACT && plan < PLAN_SLOW ? (enum rule_plan)plan : PLAN_SLOW;
	}
	return true;
}

/* Of those that were made with the program, the one of these rules. */
static bool
load_prepared(struct match_set *set)
{
	const char *p = match_prepared_begin;
	for (uint64_t n; p && (size_t)(match_prepared_end - p) > sizeof(n); p += sizeof(n) + n) {
		memcpy(&n, p, sizeof(n));
		if (load_database(set, (struct str){p + sizeof(n), n}))
			return true;
	}
	return false;
}

static int
compile_codes(const struct match_rule *rules, size_t n, struct match_set **ret, struct dd_err *err)
{
	OWN_SET struct match_set *set = mem_new(struct match_set);
	set->n = n;
	set->rules = mem_zalloc(n, sizeof(*set->rules));
	int rc = compile_all(set, rules, err);
	rc = rc ? rc : set_limits(set, err);
	if (rc)
		return rc;
	*ret = TAKE(set);
	return 0;
}

int
match_compile_plain(
	const struct match_rule *rules, size_t n, struct match_set **ret, struct dd_err *err)
{
	int rc = compile_codes(rules, n, ret, err);
	for (size_t i = 0; !rc && i < n; i++)
		(*ret)->rules[i].plan = PLAN_SLOW;
	return rc;
}

int
match_compile(const struct match_rule *rules, size_t n, struct str database, struct match_set **ret,
	struct dd_err *err)
{
	if (hs_valid_platform() != HS_SUCCESS)
		return match_compile_plain(rules, n, ret, err);
	int rc = compile_codes(rules, n, ret, err);
	if (!rc && !load_database(*ret, database) && !load_prepared(*ret))
		compile_database(*ret);
	return rc;
}

struct str
match_named(const struct match_hit *hit, const char *name)
{
	int n = pcre2_substring_number_from_name(hit->set->rules[hit->rule].code, (PCRE2_SPTR)name);
	return n > 0 && (size_t)n < hit->ncaptures ? hit->captures[n] : (struct str){0};
}
