/*
 * drydock-picture: a worker of its own, because a program with all of drydock's libraries takes longer to load than
 * two pictures to compare.
 */
#include "qa/picture.h"

int
main(void)
{
	return picture_worker_main();
}
