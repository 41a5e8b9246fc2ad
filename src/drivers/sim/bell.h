/* SPDX-License-Identifier: Apache-2.0 */
/* A wake-up signal between threads or processes, without polling: a counter in memory that each
 * ring increments (a futex). */
#ifndef DRIVERS_SIM_BELL_H
#define DRIVERS_SIM_BELL_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint32_t sim_bell;

uint64_t sim_now_ns(void); /* CLOCK_MONOTONIC */
/*
 * Waits until the bell differs from seen. Read the bell first, then check the condition, then wait:
 * a ring in between is not lost. Returns after a ring, at until_ns (0: never), or sometimes without
 * a reason.
 */
void sim_bell_wait(sim_bell *bell, uint32_t seen, uint64_t until_ns);
void sim_bell_ring(sim_bell *bell);

#endif
