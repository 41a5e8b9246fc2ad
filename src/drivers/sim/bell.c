/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/sim/bell.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const uint64_t ns_per_s = 1000000000u;

uint64_t sim_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * ns_per_s + (uint64_t)t.tv_nsec;
}

void sim_bell_wait(sim_bell *bell, uint32_t seen, uint64_t until_ns)
{
	struct timespec until = {.tv_sec = (time_t)(until_ns / ns_per_s),
				 .tv_nsec = (long)(until_ns % ns_per_s)};

	/* The bitset form takes an absolute time, on the monotonic clock. */
	syscall(SYS_futex, bell, FUTEX_WAIT_BITSET, seen, until_ns ? &until : NULL, NULL,
		FUTEX_BITSET_MATCH_ANY);
}

void sim_bell_ring(sim_bell *bell)
{
	atomic_fetch_add(bell, 1);
	syscall(SYS_futex, bell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
