/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Observers receive the events of a run, in order, and cannot change it. They must not block:
 * slow work goes to another process. They are independent. One that cannot go on (disk full,
 * terminal gone) calls observer_break() and gets no further events; the run goes on. An
 * example of under 60 lines: docs/examples/observer_count.c.
 */
#ifndef SCHEDULER_OBSERVER_H
#define SCHEDULER_OBSERVER_H

#include "base/list.h"
#include "scheduler/job.h"

struct observer;

/* A member may be NULL: the observer does not get that event. */
struct observer_ops {
	const char *name;
	/* All jobs exist and are SCHEDULED. s is valid until run_ended() returns. */
	void (*run_started)(struct observer *o, const struct sched *s);
	/* Called after a change: job already has its new status, reason, message and attempts. If
	 * `was` equals its status, only its attempts or its message have changed. */
	void (*job_changed)(struct observer *o, const struct job *job, enum job_status was);
	/* job has waited for resources or devices for sched_options.waits_after_s. what: "LIC: it
	 * asks for 2, and 3 of 4 are in use". Called once, with the first job, for all jobs that
	 * wait for the same. */
	void (*job_waits)(struct observer *o, const struct job *job, const char *what);
	/* No further job starts, because of why (valid until the end of the run): another reason
	 * than before, perhaps. NULL: jobs start again. */
	void (*launches_held)(struct observer *o, const struct sched *s, const char *why);
	/* The run is being stopped by signum: SIGINT, SIGTERM, SIGHUP, or 0 for the
	 * run deadline. */
	void (*kill_signal)(struct observer *o, const struct sched *s, int signum);
	/* Every job is final. */
	void (*run_ended)(struct observer *o, const struct sched *s);
	void (*destroy)(struct observer *o);
};

struct observer {
	const struct observer_ops *ops;
	struct list link; /* the scheduler's */
	bool is_broken;
	char *broken_why; /* malloc()ed; printed once by the command at the end of the run */
};

/* From now on only destroy() is called for o. fmt: what failed, and what is missing as a
 * consequence. */
void observer_break(struct observer *o, const char *fmt, ...) _printf_(2, 3);

#endif
