/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backend runs jobs: local processes, a fake, devices, a cluster. This is all that the scheduler
 * knows of one, and all that one knows of the scheduler.
 *
 * A backend embeds struct backend and fills ops. Verbs that are NULL are not offered. Nothing here
 * re-enters: submit() and kill() return before any upcall about that job takes effect, because
 * upcalls only append to one queue, which the scheduler drains in its own turn. An example backend
 * of under 100 lines: docs/examples/backend_echo.c.
 */
#ifndef SCHEDULER_BACKEND_H
#define SCHEDULER_BACKEND_H

#include "base/clock.h"
#include "base/diag.h"
#include "base/json_out.h"
#include "job/job_needs.h"
#include "scheduler/job.h"

enum submit {
	SUBMIT_ACCEPTED, /* started() and ended() will come, in that order, exactly once each; a job
			    that could not be started comes with ended() alone, reason LAUNCH */
	SUBMIT_BUSY, /* not now: the job stays queued; asked again at capacity(), at the next end of
			a job of this backend, or after a pause, never in a spin */
	SUBMIT_REFUSED, /* never: the job ends KILLED, REASON_REFUSED, with why's text */
};

enum kill_level {
	KILL_TERM, /* ask, and insist after the grace: the ladder is the backend's work */
	KILL_NOW,
};

struct backend_caps {
	bool is_interactive; /* can give a job the user's terminal */
	bool is_local;	     /* jobs run on this machine: paths and devices here are theirs */
	bool is_virtual;     /* jobs take no real time */
	bool is_rehearsal;   /* nothing is really run */
};

struct backend_ops {
	const char *name; /* "local" */
	/* At load, before anything runs: errors, with positions, about what this backend will not
	 * take. */
	void (*check)(struct backend *b, const struct job_spec *spec, struct diags *diags);
	/* attempt: from 1. The job's spec is const and outlives the job. */
	enum submit (*submit)(struct backend *b, const struct job *job, uint32_t attempt,
			      struct error *why);
	/*
	 * Ask a submitted job to die. Its end still comes through sched_job_ended(), as KILLED with
	 * reason, unless it ended before. A second call may only raise the level.
	 */
	void (*kill)(struct backend *b, const struct job *job, enum kill_level level,
		     enum job_reason reason);
	/* What a running job takes now, by a look that does not wait. false: it cannot be told. */
	bool (*measure)(const struct backend *b, const struct job *job, struct job_load *ret);
	/* Take over a job that an earlier run left behind. */
	bool (*adopt)(struct backend *b, const struct job *job, const char *record,
		      struct error *why);
	/* Start nothing new until pause(false); what runs goes on. */
	void (*pause)(struct backend *b, bool is_paused);
	/* The whole run is stopped, as by Ctrl-Z, or goes on: jobs stop with it, and so do their
	 * clocks, where that can be done. The loop does not turn in between. */
	void (*suspend)(struct backend *b, bool is_suspended);
	/* Lowering never kills. */
	void (*set_parallel)(struct backend *b, uint32_t n);
	/* After the last job: what people should know of the machines (lines, each with its '\n'),
	 * and what results.json keeps of them (members of an object that is open). Either may be
	 * nothing. */
	void (*tell)(struct backend *b, struct str *notes, struct json_out *json);
	/* No job will be submitted any more, none is running: let go of processes. closed() is
	 * called, now or later; trouble: what people should know of it, or NULL. */
	void (*close)(struct backend *b, void (*closed)(void *ctx, const char *trouble), void *ctx);
	/* Frees b (accepts NULL); at once, without closing nicely, if close() was not called or has
	 * not ended. */
	void (*destroy)(struct backend *b);
};

struct backend {
	const struct backend_ops *ops;
	struct backend_caps caps;
	struct sched *sched;	   /* set by sched_add_backend() */
	const struct clock *clock; /* the time its jobs live by; NULL: the real one */
	uint32_t max_parallel;	   /* CPUs' worth of jobs at a time (job_rules.cpus); 0: no limit */

	/* ---- the scheduler's own ---- */
	struct lane *lane; /* what the scheduler keeps about it */
};

/*
 * Upcalls. Callable at any time from the loop's thread, also from within submit(). where and
 * everything in result is copied. A call for a job that is not in this backend's hands is a bug and
 * asserts.
 */
void sched_job_started(const struct job *job, const char *where);
void sched_job_ended(const struct job *job, const struct job_result *result);
/* The results of the dependencies of a job that is being started; for use at once. */
struct job_needs sched_job_needs(const struct job *job);
/* "DVSCHED_RESOURCE_PORT=60003", … for the attempt that is being started: in the environment of
 * whatever runs it. NULL-terminated, and there until the run is over; NULL: nothing. */
const char *const *sched_job_env(const struct job *job);
/* The job waits in the backend's own queue, for what is in use: observers are told. what: "devices:
 * it needs 2, and none of 4 is free". */
void sched_job_waits(const struct job *job, const char *what);
/* After how many seconds of waiting that is called, once for a crowd; INFINITY: nobody wants to
 * know. */
double sched_waits_after_s(const struct sched *s);
/* There is room again after SUBMIT_BUSY, or max_parallel changed. */
void sched_backend_capacity(struct backend *b);

#endif
