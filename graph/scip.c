#include "graph/scip.h"

#include <string.h>

static bool
is_simple(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '+' || c == '-' || c == '$' || (unsigned char)c >= 0x80;
}

/* The name that ends at s.p[n], bare or in backquotes; false: there is none. */
static bool
name_before(struct str s, size_t n, struct scip_name *ret)
{
	size_t at = n;
	if (at && s.p[at - 1] == '`') {
		for (at--; at > 0; at--) {
			if (s.p[at - 1] != '`')
				continue;
			if (at < 2 || s.p[at - 2] != '`')
				break;
			at--;
		}
		if (!at)
			return false;
		ret->name = (struct str){s.p + at, n - 1 - at};
		ret->owner = (struct str){s.p, at - 1};
		return ret->name.n > 0;
	}
	while (at && is_simple(s.p[at - 1]))
		at--;
	ret->name = (struct str){s.p + at, n - at};
	ret->owner = (struct str){s.p, at};
	return at < n;
}

bool
scip_parse_symbol(struct str symbol, struct scip_name *ret)
{
	size_t n = symbol.n;
	if (n < 2 || str_starts(symbol, "local "))
		return false;
	ret->suffix = symbol.p[n - 1];
	switch (ret->suffix) {
	case '.':
		if (symbol.p[n - 2] != ')')
			break;
		ret->suffix = 'm';
		for (n -= 2; n > 0 && symbol.p[n - 1] != '('; n--)
			;
		return n && name_before(symbol, n - 1, ret);
	case '/':
	case '#':
	case ':':
	case '!':
		break;
	case ')':
	case ']':
		ret->suffix = ret->suffix == ')' ? 'p' : 't';
		break;
	default:
		return false;
	}
	return name_before(symbol, n - 1, ret);
}
