#include "parity/shrink.h"

#include "base/log.h"

#include <ctype.h>
#include <string.h>

struct shrinking {
	struct parity_case *best;
	unsigned tries;
	int64_t until_ns;
	shrink_holds *holds;
	void *ctx;
	struct dd_err *err;
	int rc;
};

static bool
goes_on(const struct shrinking *s)
{
	return s->rc == 0 && s->tries && (!s->until_ns || clock_mono_ns() < s->until_ns);
}

/* Takes it, if it still holds; the case is used up. */
static bool
attempt(struct shrinking *s, struct parity_case *c)
{
	bool holds = false;
	if (goes_on(s) && c->n && !case_equal(c, s->best)) {
		s->tries--;
		s->rc = s->holds(s->ctx, c, &holds, s->err);
	}
	if (s->rc == 0 && holds) {
		struct parity_case old = *s->best;
		*s->best = *c;
		*c = old;
	}
	parity_case_cleanup(c);
	return s->rc == 0 && holds;
}

/* Runs of steps, the longest first, from the end. */
static bool
drop_steps(struct shrinking *s)
{
	bool any = false;
	for (size_t length = s->best->n / 2 + 1; length && goes_on(s); length /= 2)
		for (size_t end = s->best->n; end && goes_on(s);) {
			size_t from = end > length ? end - length : 0;
			struct parity_case c = {0};
			case_copy(&c, s->best);
			for (size_t k = from; k < end; k++)
				case_drop_step(&c, from);
			any = attempt(s, &c) || any;
			end = from;
		}
	return any;
}

static bool
drop_files(struct shrinking *s)
{
	bool any = false;
	for (size_t at = s->best->nfiles; at-- > 0 && goes_on(s);) {
		struct parity_case c = {0};
		case_copy(&c, s->best);
		case_drop_file(&c, at);
		any = attempt(s, &c) || any;
	}
	return any;
}

static bool
drop_args(struct shrinking *s)
{
	bool any = false;
	for (size_t i = 0; i < s->best->n; i++)
		for (size_t at = s->best->steps[i].args.n; at-- > 0 && goes_on(s);) {
			struct parity_case c = {0};
			case_copy(&c, s->best);
			step_drop_arg(&c.steps[i], at);
			any = attempt(s, &c) || any;
		}
	return any;
}

/* ---- texts ---- */

static size_t
texts_of(const struct parity_case *c)
{
	return c->nfiles + c->n;
}

/* which: below texts_of. */
static char **
text_at(struct parity_case *c, size_t which)
{
	return which < c->nfiles ? &c->files[which].text : &c->steps[which - c->nfiles].input;
}

/* Without `length` lines from line `from` on; heap. */
static char *
without_lines(const char *text, size_t from, size_t length)
{
	OWN(buf) struct buf out = {0};
	size_t line = 0;
	for (const char *p = text; *p;) {
		const char *end = strchr(p, '\n');
		size_t n = end ? (size_t)(end - p) + 1 : strlen(p);
		if (line < from || line >= from + length)
			buf_add(&out, p, n);
		line++;
		p += n;
	}
	return buf_take(&out);
}

static size_t
lines_of(const char *text)
{
	size_t n = 0;
	for (const char *p = text; *p; p++)
		n += *p == '\n' || p[1] == '\0';
	return n;
}

static bool
drop_lines_of(struct shrinking *s, size_t which)
{
	bool any = false;
	size_t n = lines_of(*text_at(s->best, which));
	for (size_t length = n; length && goes_on(s); length /= 2)
		for (size_t from = 0; goes_on(s); from += length) {
			char **now = text_at(s->best, which);
			if (from >= lines_of(*now))
				break;
			struct parity_case c = {0};
			case_copy(&c, s->best);
			char **text = text_at(&c, which),
			     *shorter = without_lines(*now, from, length);
			free(*text);
			*text = shorter;
			if (attempt(s, &c)) {
				any = true;
				from -= length; /* what follows is there now; it wraps back with the step */
			}
		}
	return any;
}

static bool
drop_lines(struct shrinking *s)
{
	bool any = false;
	for (size_t i = 0; i < texts_of(s->best); i++)
		if (*text_at(s->best, i))
			any = drop_lines_of(s, i) || any;
	return any;
}

static void
drop_inputs(struct shrinking *s)
{
	for (size_t i = 0; i < s->best->n && goes_on(s); i++) {
		struct parity_case c = {0};
		if (!s->best->steps[i].input)
			continue;
		case_copy(&c, s->best);
		free(c.steps[i].input);
		c.steps[i].input = NULL;
		(void)attempt(s, &c);
	}
}

/* Words become plain ones. */
static void
plain_words(struct shrinking *s)
{
	static const char *const plain[] = {"1", "a"};
	for (size_t i = 0; i < s->best->n; i++)
		for (size_t at = 1; at < s->best->steps[i].args.n && goes_on(s); at++)
			for (size_t k = 0; k < 2; k++) {
				struct parity_case c = {0};
				const char *old = s->best->steps[i].args.v[at];
				if (strlen(old) <= 1)
					break;
				case_copy(&c, s->best);
				step_set_arg(&c.steps[i], at, plain[k]);
				if (attempt(s, &c))
					break;
			}
}

int
shrink_case(struct parity_case *c, unsigned tries, int64_t until_ns, shrink_holds *holds, void *ctx,
	struct dd_err *err)
{
	struct shrinking s = {.best = c,
		.tries = tries,
		.until_ns = until_ns,
		.holds = holds,
		.ctx = ctx,
		.err = err};
	bool any = true;
	drop_inputs(&s);
	while (any && goes_on(&s)) {
		any = drop_steps(&s);
		any = drop_files(&s) || any;
		any = drop_lines(&s) || any;
		any = drop_args(&s) || any;
	}
	plain_words(&s);
	return s.rc;
}
