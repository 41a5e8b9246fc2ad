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

/* NULL member: not interested. */
struct observer_ops {
	const char *name;
	/* All jobs are there, SCHEDULED; nothing has run. sched stays valid until run_ended()
	 * returns. */
	void (*run_started)(struct observer *o, const struct sched *s);
	/* job has its new status, reason, message and attempts already. was == new: a new attempt's
	   number or place became known. */
	void (*job_changed)(struct observer *o, const struct job *job, enum job_status was);
	/* job, the first of several perhaps, has waited for what others have for as long as
	 * sched_options.waits_after_s says; what: "LIC: it asks for 2, and 3 of 4 are in use". Once
	 * for jobs of a kind. */
	void (*job_waits)(struct observer *o, const struct job *job, const char *what);
	/* The run was told to end: signum is SIGINT, SIGTERM, SIGHUP, or 0 for the run deadline. */
	void (*kill_signal)(struct observer *o, const struct sched *s, int signum);
	/* Every job is final. */
	void (*run_ended)(struct observer *o, const struct sched *s);
	void (*destroy)(struct observer *o);
};

struct observer {
	const struct observer_ops *ops;
	struct list link; /* the scheduler's */
	bool is_broken;
	char *broken_why; /* malloc()ed; shown once by the command, at the end */
};

/* o gets no more calls but destroy(). fmt says what broke and what is missing because of it. */
void observer_break(struct observer *o, const char *fmt, ...) _printf_(2, 3);

#endif
