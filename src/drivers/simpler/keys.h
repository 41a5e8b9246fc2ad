/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of thread-specific data, of which a process has 1024 (PTHREAD_KEYS_MAX). A simulator's
 * library loads its AICore part again for each run; each load creates 5 (a2a3) or 8 (a5) keys and
 * deletes none. If no key is left, the library does not check this, and crashes.
 */
#ifndef DRIVERS_SIMPLER_KEYS_H
#define DRIVERS_SIMPLER_KEYS_H

#include <stdbool.h>

/* Whether at least n keys can still be created. */
bool simpler_keys_are_left(unsigned n);

#endif
