#include "lead.h"

void
heave(void)
{
	int unused = fathoms;
	fathoms = 7;
}
