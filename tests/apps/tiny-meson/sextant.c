#include <string.h>
#include <zlib.h>

int
main(int argc, char **argv)
{
	return argc == 2 && strcmp(argv[1], "noon") == 0 ? zlibVersion()[0] != '1' : 1;
}
