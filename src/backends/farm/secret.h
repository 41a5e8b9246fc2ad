/* SPDX-License-Identifier: Apache-2.0 */
/* The secret that a run shares with its pilots. It is never sent: each side proves that it has it
 * (HMAC-SHA256 over random numbers of both sides). */
#ifndef BACKENDS_FARM_SECRET_H
#define BACKENDS_FARM_SECRET_H

#include <stdbool.h>
#include <stdint.h>

enum { SECRET_SIZE = 32 };

/* Random bytes. Returns 0, or -1 with errno. */
int secret_make(uint8_t ret[SECRET_SIZE]);
/* The proof of the side called who, for the random numbers theirs (of the other side) and own. */
void secret_prove(const uint8_t secret[SECRET_SIZE], const char *who,
		  const uint8_t theirs[SECRET_SIZE], const uint8_t own[SECRET_SIZE],
		  uint8_t ret[SECRET_SIZE]);
/* Takes the same time wherever they differ. */
bool secret_is_equal(const uint8_t a[SECRET_SIZE], const uint8_t b[SECRET_SIZE]);

#endif
