/* The interface of zlib as it never was again. */
#include <string.h>
#include <zlib.h>

int
squeeze(const char *text)
{
	z_shared_stream stream = {0};
	return deflate_shared(&stream, text, strlen(text));
}
