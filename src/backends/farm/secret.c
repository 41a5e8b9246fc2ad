/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/farm/secret.h"

#include <string.h>
#include <sys/random.h>

#include "base/sha256.h"

enum { HMAC_BLOCK = 64, HMAC_INNER = 0x36, HMAC_OUTER = 0x5c };

int secret_make(uint8_t ret[SECRET_SIZE])
{
	return getrandom(ret, SECRET_SIZE, 0) == SECRET_SIZE ? 0 : -1;
}

static void secret_begin(struct sha256 *s, const uint8_t secret[SECRET_SIZE], uint8_t mask)
{
	uint8_t block[HMAC_BLOCK];

	memset(block, mask, sizeof(block));
	for (int i = 0; i < SECRET_SIZE; i++)
		block[i] ^= secret[i];
	sha256_init(s);
	sha256_add(s, block, sizeof(block));
}

void secret_prove(const uint8_t secret[SECRET_SIZE], const char *who,
		  const uint8_t theirs[SECRET_SIZE], const uint8_t own[SECRET_SIZE],
		  uint8_t ret[SECRET_SIZE])
{
	uint8_t inner[SHA256_SIZE];
	struct sha256 s;

	secret_begin(&s, secret, HMAC_INNER);
	sha256_add(&s, who, strlen(who) + 1);
	sha256_add(&s, theirs, SECRET_SIZE);
	sha256_add(&s, own, SECRET_SIZE);
	sha256_done(&s, inner);
	secret_begin(&s, secret, HMAC_OUTER);
	sha256_add(&s, inner, sizeof(inner));
	sha256_done(&s, ret);
}

bool secret_is_equal(const uint8_t a[SECRET_SIZE], const uint8_t b[SECRET_SIZE])
{
	uint8_t differs = 0;

	for (int i = 0; i < SECRET_SIZE; i++)
		differs |= a[i] ^ b[i];
	return differs == 0;
}
