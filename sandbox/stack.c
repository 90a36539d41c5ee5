#include "sandbox/sandbox.h"

#include <string.h>

void
stack_cleanup(struct stack *s)
{
	free(s->v);
	*s = (struct stack){0};
}

void
stack_push(struct stack *s, const char *key)
{
	s->v = mem_realloc(s->v, s->n + 1, sizeof(*s->v));
	memset(&s->v[s->n], 0, sizeof(*s->v));
	memcpy(s->v[s->n].s, key, strnlen(key, HASH_HEX));
	s->n++;
}

void
stack_copy(struct stack *dst, const struct stack *src)
{
	for (size_t i = 0; i < src->n; i++)
		stack_push(dst, src->v[i].s);
}
