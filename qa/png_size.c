/* Apart from the reader, so that the front program, which has no library, can have it. */
#include "qa/png.h"

#include <endian.h>
#include <string.h>

#define SIGNATURE_BYTES 8

static uint32_t
number_at(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

bool
png_size(struct str file, uint32_t *ret_w, uint32_t *ret_h)
{
	const uint8_t *p = (const uint8_t *)file.p;
	if (file.n < SIGNATURE_BYTES + 25 || memcmp(p, "\x89PNG\r\n\x1a\n", SIGNATURE_BYTES) != 0 ||
		memcmp(p + SIGNATURE_BYTES + 4, "IHDR", 4) != 0)
		return false;
	*ret_w = number_at(p + SIGNATURE_BYTES + 8);
	*ret_h = number_at(p + SIGNATURE_BYTES + 12);
	return true;
}
