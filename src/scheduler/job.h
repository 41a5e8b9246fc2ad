/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job during a run: its spec, state and attempts. Other modules get it as const struct job *, and
 * may read it in a callback or after the run. It is valid as long as the scheduler. Members below
 * the line are private to the scheduler.
 */
#ifndef SCHEDULER_JOB_H
#define SCHEDULER_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "job/job_spec.h"
#include "scheduler/job_attempt.h"

struct sched;
struct backend;
struct ready_class;

struct job {
	const struct job_spec *spec;  /* from the plan, or the current stage of its fallback */
	struct sched *sched;	      /* borrowed */
	struct backend *backend;      /* the backend chosen for it */
	struct job_attempt *attempts; /* NULL: never started */
	const char *message;	      /* why it has its status, for users; NULL: none */
	double started_s;	      /* start of the current or last attempt, on the run's clock */
	uint32_t n;		      /* index in the plan */
	uint32_t target;	      /* index of its row, see sched_target() */
	uint32_t n_attempts;
	uint8_t status; /* enum job_status */
	uint8_t reason; /* enum job_reason */
	uint8_t marks;	/* MARK_FLAKY | MARK_LEAKY | MARK_FALLBACK */

	/* ---- the scheduler's own ---- */
	uint8_t flags;
	uint8_t n_uncounted; /* attempts that do not count for retries */
	uint16_t stage;	     /* current stage of its fallback, from 1; 0: the job itself */
	uint32_t n_own;	     /* counted attempts before the current stage */
	uint32_t n_waiting;  /* dependencies that have not ended yet, duplicates included */
	uint32_t n_dependents;
	uint32_t dependents_at; /* index of the first one in sched.dependents */
	uint32_t cause; /* index of the job that is the root cause of its end, or CAUSE_NONE */
	uint32_t rank;	/* see priority.c */
	struct heap_node ready; /* in the heap of its class while QUEUED and not submitted */
	struct ready_class *class;
};

static inline enum job_status job_status(const struct job *j)
{
	return (enum job_status)j->status;
}

#endif
