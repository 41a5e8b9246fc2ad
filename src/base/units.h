/* SPDX-License-Identifier: Apache-2.0 */
/* Durations and sizes as people write them, in configurations and on the command line. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/* "90s", "5m", "1.5h", "1h30m", "250ms", "2d": seconds. false: not one. A bare number has no unit
 * and is none. */
bool units_duration(const char *text, double *ret_s);
/* "64M", "64MiB" (both 2^20), "64MB" (10^6), "512" (bytes). false: not one, or over 2^63. */
bool units_size(const char *text, uint64_t *ret_bytes);

#endif
