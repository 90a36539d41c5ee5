#include "runner/fix_wire.h"

#include <string.h>

void
wire_put(struct buf *out, struct str message)
{
	uint64_t n = message.n;
	buf_add(out, &n, sizeof(n));
	buf_add_str(out, message);
}

bool
wire_take(struct str *rest, struct str *ret_message)
{
	uint64_t n;
	if (rest->n < sizeof(n))
		return false;
	memcpy(&n, rest->p, sizeof(n));
	if (n > rest->n - sizeof(n))
		return false;
	*ret_message = (struct str){rest->p + sizeof(n), n};
	*rest = (struct str){rest->p + sizeof(n) + n, rest->n - sizeof(n) - n};
	return true;
}
