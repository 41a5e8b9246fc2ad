/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4), to identify contents, e.g. of two images with the same path. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32 };

struct sha256 {
	uint32_t h[8];
	uint64_t n; /* bytes so far */
	uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *bytes, size_t n);
/* s must be initialised again before it is used again. */
void sha256_done(struct sha256 *s, uint8_t ret[SHA256_SIZE]);
void sha256_of(const void *bytes, size_t n, uint8_t ret[SHA256_SIZE]);

#endif
