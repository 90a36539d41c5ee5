#include "fee.h"

double
fee(double length, const char *flag)
{
	return length * rate_of(flag);
}
