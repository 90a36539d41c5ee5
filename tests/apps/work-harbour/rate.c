#include "fee.h"

/* Crowns a metre. */
double
rate_of(const char *flag)
{
	return flag[0] ? 2.0 : 3.0;
}
