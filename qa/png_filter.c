#include "qa/png_filter.h"

#include <stdlib.h>
#include <string.h>

/* ---- on any processor ---- */

static uint8_t
paeth(int a, int b, int c)
{
	int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);
	return (uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

static void
undo_sub(uint8_t *row, size_t from, size_t n, unsigned bpp)
{
	for (size_t i = from; i < n; i++)
		row[i] = (uint8_t)(row[i] + row[i - bpp]);
}

static void
undo_up(uint8_t *row, const uint8_t *above, size_t n)
{
	typedef uint8_t wide __attribute__((vector_size(16)));
	size_t i = 0;
	for (; i + sizeof(wide) <= n; i += sizeof(wide)) {
		wide a, b;
		memcpy(&a, row + i, sizeof(a));
		memcpy(&b, above + i, sizeof(b));
		a += b;
		memcpy(row + i, &a, sizeof(a));
	}
	for (; i < n; i++)
		row[i] = (uint8_t)(row[i] + above[i]);
}

static void
undo_average(uint8_t *row, const uint8_t *above, size_t from, size_t n, unsigned bpp)
{
	for (size_t i = from; i < n; i++)
		row[i] = (uint8_t)(row[i] + ((i < bpp ? 0 : row[i - bpp]) + above[i]) / 2);
}

static void
undo_paeth(uint8_t *row, const uint8_t *above, size_t from, size_t n, unsigned bpp)
{
	for (size_t i = from; i < n; i++)
		row[i] = (uint8_t)(row[i] +
				   (i < bpp ? above[i]
					    : paeth(row[i - bpp], above[i], above[i - bpp])));
}

/* ---- x86-64, pixels of 3 or 4 bytes ---- */

#ifdef __x86_64__
#include <tmmintrin.h>

static inline __m128i
load4(const uint8_t *p)
{
	int v;
	memcpy(&v, p, 4);
	return _mm_cvtsi32_si128(v);
}

/* A pixel of 3 bytes is stored as 3: what follows is still to be read. */
static inline void
store_pixel(uint8_t *p, __m128i v, unsigned bpp)
{
	int x = _mm_cvtsi128_si32(v);
	memcpy(p, &x, bpp);
}

/*
 * Four pixels a step: the sum of the pixels so far is made inside the register, and the last one of the step before
 * is added to each.  Gives how many bytes are done.
 */
static inline __attribute__((always_inline, target("ssse3"))) size_t
sub_ssse3(uint8_t *row, size_t n, const unsigned bpp)
{
	const __m128i last =
		bpp == 3 ? _mm_setr_epi8(9, 10, 11, 9, 10, 11, 9, 10, 11, 9, 10, 11, -1, -1, -1, -1)
			 : _mm_setr_epi8(
				   12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15);
	const __m128i keep = bpp == 3 ? _mm_setr_epi32(-1, -1, -1, 0) : _mm_set1_epi32(-1);
	__m128i carry = _mm_setzero_si128();
	size_t i = 0;
	for (; i + 16 <= n; i += 4 * (size_t)bpp) {
		const __m128i raw = _mm_loadu_si128((const __m128i *)(row + i));
		__m128i v = _mm_and_si128(raw, keep);
		v = _mm_add_epi8(v, bpp == 3 ? _mm_slli_si128(v, 3) : _mm_slli_si128(v, 4));
		v = _mm_add_epi8(v, bpp == 3 ? _mm_slli_si128(v, 6) : _mm_slli_si128(v, 8));
		v = _mm_and_si128(_mm_add_epi8(v, carry), keep);
		carry = _mm_shuffle_epi8(v, last);
		_mm_storeu_si128(
			(__m128i *)(row + i), _mm_or_si128(v, _mm_andnot_si128(keep, raw)));
	}
	return i;
}

/* A step may read 4 bytes where 3 are left, so the last pixels are for the plain way. */
static inline __attribute__((always_inline)) size_t
average_sse2(uint8_t *row, const uint8_t *above, size_t n, const unsigned bpp)
{
	__m128i left = _mm_setzero_si128();
	size_t i = 0;
	for (; i + 4 <= n; i += bpp) {
		const __m128i up = load4(above + i);
		__m128i mean = _mm_avg_epu8(left, up); /* which rounds up; PNG rounds down */
		mean = _mm_sub_epi8(mean, _mm_and_si128(_mm_xor_si128(left, up), _mm_set1_epi8(1)));
		left = _mm_add_epi8(load4(row + i), mean);
		store_pixel(row + i, left, bpp);
	}
	return i;
}

/* Pixels left of and above the one that comes next, 16 bits a sample. */
struct corner {
	__m128i left, above_left;
};

static inline __attribute__((always_inline, target("ssse3"))) void
paeth_pixel(uint8_t *at, const uint8_t *above, struct corner *s, const unsigned bpp)
{
	const __m128i zero = _mm_setzero_si128(), a = s->left, c = s->above_left;
	const __m128i b = _mm_unpacklo_epi8(load4(above), zero);
	const __m128i b_c = _mm_sub_epi16(b, c), a_c = _mm_sub_epi16(a, c);
	const __m128i pa = _mm_abs_epi16(b_c), pb = _mm_abs_epi16(a_c),
		      pc = _mm_abs_epi16(_mm_add_epi16(b_c, a_c));
	const __m128i least = _mm_min_epi16(pc, _mm_min_epi16(pa, pb));
	const __m128i is_a = _mm_cmpeq_epi16(least, pa), is_b = _mm_cmpeq_epi16(least, pb);
	const __m128i b_or_c = _mm_or_si128(_mm_and_si128(is_b, b), _mm_andnot_si128(is_b, c));
	const __m128i best = _mm_or_si128(_mm_and_si128(is_a, a), _mm_andnot_si128(is_a, b_or_c));
	s->left = _mm_and_si128(
		_mm_add_epi16(best, _mm_unpacklo_epi8(load4(at), zero)), _mm_set1_epi16(255));
	s->above_left = b;
	store_pixel(at, _mm_packus_epi16(s->left, s->left), bpp);
}

static inline __attribute__((always_inline)) bool
is_zero(__m128i v)
{
	return _mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128())) == 0xffff;
}

/*
 * Where the pixel before is the one above it and nothing is added, the guess is the pixel above: 16 bytes of that are
 * a copy.  Pages have much of it.
 */
static inline __attribute__((always_inline, target("ssse3"))) size_t
paeth_ssse3(uint8_t *row, const uint8_t *above, size_t n, const unsigned bpp)
{
	const size_t block = 48; /* whole pixels of either size */
	struct corner s = {_mm_setzero_si128(), _mm_setzero_si128()};
	size_t i = 0;
	while (i + block + 4 <= n) {
		__m128i *to = (__m128i *)(row + i);
		const __m128i *from = (const __m128i *)(above + i);
		const __m128i added = _mm_or_si128(_mm_loadu_si128(to),
			_mm_or_si128(_mm_loadu_si128(to + 1), _mm_loadu_si128(to + 2)));
		if (is_zero(_mm_or_si128(added, _mm_xor_si128(s.left, s.above_left)))) {
			for (int k = 0; k < 3; k++)
				_mm_storeu_si128(to + k, _mm_loadu_si128(from + k));
			i += block;
			s.left = s.above_left =
				_mm_unpacklo_epi8(load4(above + i - bpp), _mm_setzero_si128());
			continue;
		}
		for (const size_t end = i + block; i < end; i += bpp)
			paeth_pixel(row + i, above + i, &s, bpp);
	}
	for (; i + 4 <= n; i += bpp)
		paeth_pixel(row + i, above + i, &s, bpp);
	return i;
}

#define WAYS(bpp) \
	static __attribute__((target("ssse3"))) \
	size_t begin_##bpp(unsigned filter, uint8_t *row, const uint8_t *above, size_t n) \
	{ \
		switch (filter) { \
		case 1: \
			return sub_ssse3(row, n, bpp); \
		case 3: \
			return average_sse2(row, above, n, bpp); \
		case 4: \
			return paeth_ssse3(row, above, n, bpp); \
		default: \
			return 0; \
		} \
	}
WAYS(3)
WAYS(4)

/* How many bytes of the row were done the fast way. */
static size_t
begin_row(unsigned filter, uint8_t *row, const uint8_t *above, size_t n, unsigned bpp)
{
	if ((bpp != 3 && bpp != 4) || !__builtin_cpu_supports("ssse3"))
		return 0;
	return bpp == 3 ? begin_3(filter, row, above, n) : begin_4(filter, row, above, n);
}
#else
static size_t
begin_row(unsigned filter, uint8_t *row, const uint8_t *above, size_t n, unsigned bpp)
{
	(void)filter, (void)row, (void)above, (void)n, (void)bpp;
	return 0;
}
#endif

bool
png_unfilter_row(unsigned filter, uint8_t *row, const uint8_t *above, size_t n, unsigned bpp)
{
	size_t done = begin_row(filter, row, above, n, bpp);
	switch (filter) {
	case 0:
		return true;
	case 1:
		undo_sub(row, done ? done : bpp, n, bpp);
		return true;
	case 2:
		undo_up(row, above, n);
		return true;
	case 3:
		undo_average(row, above, done, n, bpp);
		return true;
	case 4:
		undo_paeth(row, above, done, n, bpp);
		return true;
	default:
		return false;
	}
}

/* ---- done ---- */

void
png_filter_row(unsigned filter, const uint8_t *row, const uint8_t *above, size_t n, unsigned bpp,
	uint8_t *to)
{
	const size_t edge = n < bpp ? n : bpp; /* nothing is left of these */
	switch (filter) {
	case 1:
		memcpy(to, row, edge);
		for (size_t i = edge; i < n; i++)
			to[i] = (uint8_t)(row[i] - row[i - bpp]);
		break;
	case 2:
		for (size_t i = 0; i < n; i++)
			to[i] = (uint8_t)(row[i] - above[i]);
		break;
	case 3:
		for (size_t i = 0; i < n; i++)
			to[i] = (uint8_t)(row[i] - ((i < edge ? 0 : row[i - bpp]) + above[i]) / 2);
		break;
	case 4:
		for (size_t i = 0; i < edge; i++)
			to[i] = (uint8_t)(row[i] - above[i]);
		for (size_t i = edge; i < n; i++)
			to[i] = (uint8_t)(row[i] - paeth(row[i - bpp], above[i], above[i - bpp]));
		break;
	default:
		memcpy(to, row, n);
	}
}
