/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes as people write them. Durations: base/clock.h. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/* "64M", "64MiB" (both 2^20), "64MB" (10^6), "512" (bytes). false: not one, or over 2^63. */
bool units_size(const char *text, uint64_t *ret_bytes);

#endif
