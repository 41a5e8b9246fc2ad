/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seeds of runs: decimals of any length. Seeds that the user gives are used first, in the order of
 * the runs. The others are hashes of the seed base, block, test and index: the same base gives the
 * same seeds, whatever else runs.
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

/* The seed as a JSON number: "7" for +007 and for 0_0_7. NULL: seed is not a whole number. */
const char *seed_number(struct arena *mem, const char *seed);
/* The part of the hash that all runs of a test share, for seeds_next(). */
uint64_t seeds_of_test(const struct seeds *s, const char *block, const char *test);
/* The seed of run number index: the next given one, else `fixed`, else the hash. */
const char *seeds_next(struct seeds *s, uint64_t of_test, uint32_t index);
/* A random base. */
const char *seeds_new_base(struct arena *mem);
/* seed modulo 2^32, as in Python: never negative. seed is one that seed_number() accepts. */
uint32_t seed_low_bits(const char *seed);

#endif
