/* Apart from stack.c, so that the front program does not need the digest library. */
#include "sandbox/sandbox.h"

struct hash_hex
stack_next_key(const struct stack *s, struct str step)
{
	struct str *fields = mem_zalloc(s->n + 1, sizeof(*fields));
	for (size_t i = 0; i < s->n; i++)
		fields[i] = str_of(s->v[i].s);
	fields[s->n] = step;
	struct hash_hex key = hash_fields(fields, s->n + 1);
	free(fields);
	return key;
}
