/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job while a run is going: its spec, its state, its attempts. Everybody but the scheduler has it
 * as const struct job *, and reads it from within a callback or after the run; it lives as long as
 * the scheduler. Members below the line are the scheduler's own: do not read them.
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
	const struct job_spec *spec;  /* the plan's, or the stage of its fallback that it is on */
	struct sched *sched;	      /* borrowed */
	struct backend *backend;      /* the one chosen for it */
	struct job_attempt *attempts; /* NULL: never started */
	const char *message;	      /* why it has its status, for people; NULL: nothing to say */
	double started_s; /* when the current or last attempt began, on the run's clock */
	uint32_t n;	  /* index in the plan */
	uint32_t target;  /* index of its row, see sched_target() */
	uint32_t n_attempts;
	uint8_t status; /* enum job_status */
	uint8_t reason; /* enum job_reason */
	uint8_t marks;	/* MARK_FLAKY | MARK_LEAKY | MARK_FALLBACK */

	/* ---- the scheduler's own ---- */
	uint8_t flags;
	uint8_t n_uncounted; /* attempts that retries do not count */
	uint16_t stage;	     /* of its fallback, from 1; 0: itself */
	uint32_t n_own;	     /* counted attempts before the current stage */
	uint32_t n_waiting;  /* what must end before it may run, counted with multiplicity */
	uint32_t n_dependents;
	uint32_t dependents_at; /* first of them in the scheduler's edge array */
	uint32_t cause;		/* index of the root cause of its end, or CAUSE_NONE */
	uint32_t rank;		/* see priority.c */
	struct heap_node ready; /* in its class's heap while QUEUED and not submitted */
	struct ready_class *class;
};

static inline enum job_status job_status(const struct job *j)
{
	return (enum job_status)j->status;
}

#endif
