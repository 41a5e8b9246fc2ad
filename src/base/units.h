/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes with units. For durations see base/clock.h. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/* "64M", "64MiB" (both 2^20), "64MB" (10^6), "512" (bytes). false: not a size, or over 2^63. */
bool units_size(const char *text, uint64_t *ret_bytes);

#endif
