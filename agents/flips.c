#include "agents/flips.h"

#include <string.h>

void
flips_cleanup(struct flips *f)
{
	for (size_t i = 0; i < f->n; i++) {
		case_result_list_cleanup(&f->v[i].cases);
		strlist_cleanup(&f->v[i].files);
		strlist_cleanup(&f->v[i].requirements);
	}
	free(f->v);
	*f = (struct flips){0};
}

void
flips_add(struct flips *f, const struct case_result_list *cases, const struct strlist *files,
	const struct strlist *requirements)
{
	f->v = mem_grow(f->v, f->n, &f->cap, sizeof(*f->v));
	struct flips_attempt *a = &f->v[f->n++];
	*a = (struct flips_attempt){0};
	case_result_list_copy(&a->cases, cases);
	if (files)
		strlist_copy(&a->files, files);
	if (requirements)
		strlist_copy(&a->requirements, requirements);
}

/* ---- outcomes ---- */

enum end { END_NONE, END_PASSED, END_FAILED };

static enum end
end_of(const struct flips_attempt *a, const char *id)
{
	for (size_t i = 0; i < a->cases.n; i++) {
		const struct case_result *c = &a->cases.v[i];
		if (strcmp(c->id, id) == 0)
			return c->status == TEST_PASSED				     ? END_PASSED
			       : c->status == TEST_FAILED || c->status == TEST_ERROR ? END_FAILED
										     : END_NONE;
	}
	return END_NONE;
}

/* Index of the attempt with its second flip; 0: it has not flipped twice. */
static size_t
second_flip(const struct flips *f, const char *id)
{
	enum end last = END_NONE;
	size_t flips = 0;
	for (size_t i = 0; i < f->n; i++) {
		enum end e = end_of(&f->v[i], id);
		if (e == END_NONE)
			continue;
		flips += last != END_NONE && e != last;
		last = e;
		if (flips == 2)
			return i;
	}
	return 0;
}

void
flips_swinging(const struct flips *f, struct strlist *ret)
{
	for (size_t at = 1; at < f->n; at++)
		for (size_t i = 0; i < f->v[at].cases.n; i++) {
			const char *id = f->v[at].cases.v[i].id;
			if (second_flip(f, id) == at)
				strlist_add_new(ret, id);
		}
}

/* ---- conflicts ---- */

static size_t
count_passed(const struct flips_attempt *a)
{
	size_t n = 0;
	for (size_t i = 0; i < a->cases.n; i++)
		n += a->cases.v[i].status == TEST_PASSED;
	return n;
}

/* The attempt that passes it, and most of the others, rather one than the tree as it was; false: none does. */
static bool
best_with(const struct flips *f, const char *id, size_t *ret)
{
	bool any = false;
	for (size_t i = 0; i < f->n; i++) {
		if (end_of(&f->v[i], id) != END_PASSED)
			continue;
		size_t n = count_passed(&f->v[i]), most = any ? count_passed(&f->v[*ret]) : 0;
		if (!any || n > most || (n == most && *ret == 0))
			*ret = i;
		any = true;
	}
	return any;
}

/* Both were run together, in two attempts at least, and never passed together. */
static bool
excludes(const struct flips *f, const char *a, const char *b)
{
	size_t together = 0;
	for (size_t i = 0; i < f->n; i++) {
		enum end ea = end_of(&f->v[i], a), eb = end_of(&f->v[i], b);
		if (ea == END_PASSED && eb == END_PASSED)
			return false;
		together += ea != END_NONE && eb != END_NONE && ea != eb;
	}
	return together > 1;
}

static bool
ends_alike(const struct flips *f, const char *a, const char *b)
{
	for (size_t i = 0; i < f->n; i++)
		if (end_of(&f->v[i], a) != end_of(&f->v[i], b))
			return false;
	return true;
}

static void
take_context(const struct flips *f, struct flips_conflict *c)
{
	const char *left = c->left.v[0], *right = c->right.v[0];
	for (size_t i = 1; i < f->n; i++) {
		const struct flips_attempt *a = &f->v[i];
		if ((end_of(a, left) == END_PASSED) == (end_of(a, right) == END_PASSED))
			continue;
		for (size_t k = 0; k < a->files.n; k++)
			strlist_add_new(&c->files, a->files.v[k]);
		for (size_t k = 0; k < a->requirements.n; k++)
			strlist_add_new(&c->requirements, a->requirements.v[k]);
	}
	strlist_sort(&c->files);
}

static void
take_sides(const struct flips *f, const char *left, const char *right, struct flips_conflict *c)
{
	const struct case_result_list *all = &f->v[f->n - 1].cases;
	strlist_add(&c->left, left);
	strlist_add(&c->right, right);
	for (size_t i = 0; i < all->n; i++) {
		if (ends_alike(f, all->v[i].id, left))
			strlist_add_new(&c->left, all->v[i].id);
		if (ends_alike(f, all->v[i].id, right))
			strlist_add_new(&c->right, all->v[i].id);
	}
}

bool
flips_conflict(const struct flips *f, struct flips_conflict *ret)
{
	OWN(strlist) struct strlist swinging = {0};
	flips_swinging(f, &swinging);
	for (size_t i = 0; i < swinging.n; i++) {
		const char *left = swinging.v[i];
		const struct case_result_list *all = &f->v[f->n - 1].cases;
		for (size_t k = 0; k < all->n; k++) {
			const char *right = all->v[k].id;
			struct flips_conflict c = {0};
			if (strcmp(left, right) == 0 || !excludes(f, left, right) ||
				!best_with(f, left, &c.left_by) ||
				!best_with(f, right, &c.right_by))
				continue;
			take_sides(f, left, right, &c);
			take_context(f, &c);
			*ret = c;
			return true;
		}
	}
	return false;
}

bool
flips_contradiction(const struct flips *f, struct flips_conflict *ret)
{
	struct flips_conflict c = {0};
	if (!flips_conflict(f, &c))
		return false;
	size_t flagged = second_flip(f, c.left.v[0]);
	if (f->n > flagged + FLIPS_PATIENCE) {
		*ret = c;
		return true;
	}
	flips_conflict_cleanup(&c);
	return false;
}

void
flips_conflict_cleanup(struct flips_conflict *c)
{
	strlist_cleanup(&c->left);
	strlist_cleanup(&c->right);
	strlist_cleanup(&c->files);
	strlist_cleanup(&c->requirements);
}

json_t *
flips_conflict_json(const struct flips_conflict *c)
{
	return json_pack("{s:[s,s], s:[o,o], s:o, s:o, s:[I,I]}", "cases", c->left.v[0],
		c->right.v[0], "with", json_from_strings(&c->left), json_from_strings(&c->right),
		"files", json_from_strings(&c->files), "requirements",
		json_from_strings(&c->requirements), "attempts", (json_int_t)c->left_by,
		(json_int_t)c->right_by);
}
