/* SPDX-License-Identifier: Apache-2.0 */
/* Sleeping until somebody rings: a word that grows, also across processes. Nobody polls. */
#ifndef DRIVERS_SIM_BELL_H
#define DRIVERS_SIM_BELL_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint32_t sim_bell;

uint64_t sim_now_ns(void); /* CLOCK_MONOTONIC */
/*
 * Look at the bell, look at the world, then wait: a ring in between is not lost. Returns when it
 * rang, when until_ns (0: never) has come, or sometimes for no reason.
 */
void sim_bell_wait(sim_bell *bell, uint32_t seen, uint64_t until_ns);
void sim_bell_ring(sim_bell *bell);

#endif
