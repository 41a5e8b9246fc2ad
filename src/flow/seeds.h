/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seeds of runs: decimals of any length. Those given by hand go first, in the order of the runs;
 * the rest are hashes of the run's seed base, block, test and index, so that the same base gives
 * the same seeds whatever else is run.
 */
#ifndef FLOW_SEEDS_H
#define FLOW_SEEDS_H

#include <stdint.h>

#include "base/arena.h"

struct seeds {
	const char *const *given; /* NULL-terminated, or NULL */
	const char *fixed;	  /* for all others; NULL: none */
	const char *base;
	struct arena *mem;
};

/* The number that a seed is, as JSON has numbers: +007 is 7, and so is 0_0_7. NULL: it is none. */
const char *seed_number(struct arena *mem, const char *seed);
/* What the seeds of a test's runs have in common. */
uint64_t seeds_of_test(const struct seeds *s, const char *block, const char *test);
/* The next run's seed. */
const char *seeds_next(struct seeds *s, uint64_t of_test, uint32_t index);
/* A base that nobody had before. */
const char *seeds_new_base(struct arena *mem);
/* Of a seed that is one: what is left modulo 2^32, as Python has it: never negative. */
uint32_t seed_low_bits(const char *seed);

#endif
