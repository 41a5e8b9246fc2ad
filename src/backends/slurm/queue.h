/* SPDX-License-Identifier: Apache-2.0 */
/* What Slurm's commands print, and what it means. Pure functions. */
#ifndef BACKENDS_SLURM_QUEUE_H
#define BACKENDS_SLURM_QUEUE_H

#include "backends/farm/farm.h"

/* The format of squeue that queue_read() reads: id, name, state, reason. */
#define QUEUE_FORMAT "%i|%j|%T|%r"

/* The answer of `sbatch --parsable`. */
enum farm_answer queue_read_answer(const struct command_end *end, struct str *text);
/* Calls see() for each line of squeue's output. Changes text. */
void queue_read(char *text, farm_see *see, void *ctx);
/* The stage of a job in this state ("RUNNING"); *ret_reason: why it is over, if it is. An unknown
 * state counts as running. */
enum farm_stage queue_stage(const char *state, enum job_reason *ret_reason);

#endif
