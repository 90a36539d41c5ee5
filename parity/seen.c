#include "parity/seen.h"

#include <string.h>

const char *const parity_channel_names[] = {
	"exit", "output", "errors", "files", "created", "connections", NULL};

void
parity_seen_cleanup(struct parity_seen *s)
{
	for (size_t i = 0; i < s->n; i++) {
		buf_cleanup(&s->steps[i].out);
		buf_cleanup(&s->steps[i].err);
	}
	buf_cleanup(&s->files);
	strlist_cleanup(&s->created);
	strlist_cleanup(&s->connections);
	*s = (struct parity_seen){0};
}

void
seen_step_copy(struct seen_step *dst, const struct seen_step *src)
{
	*dst = *src;
	dst->out = dst->err = (struct buf){0};
	buf_add_str(&dst->out, buf_str(&src->out));
	buf_add_str(&dst->err, buf_str(&src->err));
}

static bool
same_bytes(const struct buf *a, const struct hash_hex *a_rest, const struct buf *b,
	const struct hash_hex *b_rest)
{
	return a->n == b->n && (!a->n || memcmp(a->p, b->p, a->n) == 0) &&
	       strcmp(a_rest->s, b_rest->s) == 0;
}

static bool
same_names(const struct strlist *a, const struct strlist *b)
{
	for (size_t i = 0; a->n == b->n && i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return a->n == b->n;
}

unsigned
seen_compare_step(const struct seen_step *a, const struct seen_step *b, bool loose_errors)
{
	unsigned bits = 0;
	if (a->exit_code != b->exit_code || a->signal != b->signal || a->cause != b->cause)
		bits |= 1u << PARITY_EXIT;
	if (!same_bytes(&a->out, &a->out_rest, &b->out, &b->out_rest))
		bits |= 1u << PARITY_OUTPUT;
	if (loose_errors ? !a->err.n != !b->err.n
			 : !same_bytes(&a->err, &a->err_rest, &b->err, &b->err_rest))
		bits |= 1u << PARITY_ERRORS;
	return bits;
}

unsigned
seen_compare(const struct parity_seen *a, const struct parity_seen *b, bool loose_errors,
	size_t *ret_step)
{
	unsigned bits = 0;
	*ret_step = a->n;
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		unsigned of_step = seen_compare_step(&a->steps[i], &b->steps[i], loose_errors);
		if (of_step && *ret_step == a->n)
			*ret_step = i;
		bits |= of_step;
	}
	if (!same_bytes(&a->files, &a->files_rest, &b->files, &b->files_rest))
		bits |= 1u << PARITY_FILES;
	if (!same_names(&a->created, &b->created))
		bits |= 1u << PARITY_CREATED;
	if (!same_names(&a->connections, &b->connections))
		bits |= 1u << PARITY_CONNECTIONS;
	return bits;
}
