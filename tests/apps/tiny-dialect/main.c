#include <stdio.h>

#include "lead.h"

int
main(void)
{
	heave();
	printf("%d\n", fathoms);
	return 0;
}
