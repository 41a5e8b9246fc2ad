/* SPDX-License-Identifier: Apache-2.0 */
/* What jobs of earlier runs of a configuration took of memory. */
#ifndef RUN_PAST_MEMORY_H
#define RUN_PAST_MEMORY_H

#include <stdint.h>

#include "job/job_spec.h"

struct past_memory;

/*
 * Reads the results of the newest runs of plan's configuration. Jobs below least_kib are left out;
 * a run that has no other is not read to its end. NULL: nothing is known, or nothing is worth
 * knowing.
 */
struct past_memory *past_memory_read(const struct plan *plan, uint64_t least_kib);
/* The most that a job of this id took, in the newest run that has it; else the most of those whose
 * ids differ from it in digits only, as by a seed. 0: unknown. */
uint64_t past_memory_kib(const struct past_memory *m, const char *id);
void past_memory_free(struct past_memory *m); /* accepts NULL */

#endif
