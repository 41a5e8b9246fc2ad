/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of thread-specific data, of which a process has 1024 (PTHREAD_KEYS_MAX). A simulator's
 * library loads its AICore part anew for each run; that makes 5 (a2a3) or 8 (a5) of them and
 * deletes none. When none is left it does not notice, and crashes.
 */
#ifndef DRIVERS_SIMPLER_KEYS_H
#define DRIVERS_SIMPLER_KEYS_H

#include <stdbool.h>

/* At least n can still be made. */
bool simpler_keys_are_left(unsigned n);

#endif
