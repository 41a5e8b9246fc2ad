/* SPDX-License-Identifier: Apache-2.0 */
/* How long jobs of earlier runs of a configuration took. */
#ifndef RUN_PAST_DURATION_H
#define RUN_PAST_DURATION_H

#include "job/job_spec.h"

struct past_duration;

/* Reads the results of the newest runs of plan's configuration. Never NULL. */
struct past_duration *past_duration_read(const struct plan *plan);
/* The duration in seconds of this job in the newest run that has it, its longest attempt; else the
 * longest of those whose ids differ from its id in digits only. 0: unknown. */
double past_duration_s(const struct past_duration *d, const char *id);
void past_duration_free(struct past_duration *d); /* accepts NULL */

#endif
