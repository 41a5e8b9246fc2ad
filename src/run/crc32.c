/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slicing-by-8: processes eight bytes at a time, with one table per byte, so that the eight lookups
 * are independent of each other. The first table has the checksums of single bytes; each further
 * table those of the byte followed by one more zero.
 */
#include "run/crc32.h"

static const uint32_t polynomial = 0xedb88320;

static uint32_t crc_of_byte(uint32_t c)
{
	for (int bit = 0; bit < 8; bit++)
		c = c & 1 ? c >> 1 ^ polynomial : c >> 1;
	return c;
}

void crc32_init(struct crc32 *t)
{
	for (uint32_t i = 0; i < 256; i++)
		t->of[0][i] = crc_of_byte(i);
	for (int k = 1; k < 8; k++)
		for (int i = 0; i < 256; i++)
			t->of[k][i] = t->of[k - 1][i] >> 8 ^ t->of[0][t->of[k - 1][i] & 255];
}

/* Reads a little-endian word on any machine. */
static inline uint32_t crc32_word_at(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t crc32_of(const struct crc32 *t, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint32_t crc = 0xffffffff;

	for (; n >= 8; n -= 8, p += 8) {
		uint32_t a = crc ^ crc32_word_at(p), b = crc32_word_at(p + 4);

		crc = t->of[7][a & 255] ^ t->of[6][a >> 8 & 255] ^ t->of[5][a >> 16 & 255] ^
		      t->of[4][a >> 24] ^ t->of[3][b & 255] ^ t->of[2][b >> 8 & 255] ^
		      t->of[1][b >> 16 & 255] ^ t->of[0][b >> 24];
	}
	for (; n; n--, p++)
		crc = crc >> 8 ^ t->of[0][(crc ^ *p) & 255];
	return ~crc;
}

void crc32_write_hex(uint32_t crc, char *ret)
{
	for (int i = 7; i >= 0; i--, crc >>= 4)
		ret[i] = "0123456789abcdef"[crc & 15];
}
