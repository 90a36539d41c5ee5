/* squash: a string is compressed and comes back whole. */
#include <string.h>
#include <zlib.h>

int
main(void)
{
	static const char text[] = "ahoy ahoy ahoy ahoy ahoy";
	unsigned char packed[100];
	char back[100];
	uLongf n = sizeof(packed), m = sizeof(back);
	if (compress(packed, &n, (const unsigned char *)text, sizeof(text)) != Z_OK)
		return 1;
	if (uncompress((unsigned char *)back, &m, packed, n) != Z_OK)
		return 1;
	return strcmp(back, text) != 0;
}
