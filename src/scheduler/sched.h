/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler: job specs in, results out. A state machine without threads, processes, files or a
 * loop of its own; time and wake-ups come from a host, so that tests run it on a virtual clock.
 *
 *   s = sched_new(&options, host);
 *   sched_add_backend(s, local, 1); …           the first is the default
 *   sched_load(s, plan, &diags)                 checks ids, dependencies, resources, backends' keys
 *   sched_subscribe(s, observer); …
 *   sched_start(s);                             calls run_started() of the observers
 *   … the host calls sched_turn(s) whenever woken, until sched_is_done(s) …
 *   sched_free(s);
 */
#ifndef SCHEDULER_SCHED_H
#define SCHEDULER_SCHED_H

#include "base/clock.h"
#include "base/diag.h"
#include "scheduler/backend.h"
#include "scheduler/observer.h"

/* The interface that the scheduler needs from its host. The host embeds it. */
struct sched_host {
	const struct clock *clock;
	/* Requests a call of sched_turn() soon, but not from within wake(). Idempotent. */
	void (*wake)(struct sched_host *h);
	/* Requests a call of sched_turn() at this time of the clock. Replaces the time of an
	 * earlier call; INFINITY: none. */
	void (*alarm)(struct sched_host *h, double at_s);
};

/* Compares two ready jobs: true if a starts before b. It need not be a total order: equal jobs
 * start in the order of the plan, or of their ids (plan.is_by_id). */
typedef bool sched_priority(const struct job *a, const struct job *b, void *ctx);
/* First the larger weight, then the longer timeout (none is the longest), then more dependents. */
bool sched_priority_default(const struct job *a, const struct job *b, void *ctx);

/* MiB that a job of the plan, or a stage of its fallback, is expected to need on this machine; 0:
 * not known, so it starts whatever memory is left. */
typedef uint32_t sched_expected_memory(const struct job_spec *spec, void *ctx);

enum missing_resource { MISSING_IGNORE, MISSING_WARN, MISSING_ERROR, MISSING_FATAL };

struct sched_options {
	uint32_t max_parallel; /* the most submitted jobs in all backends together; 0: no limit */
	uint32_t max_failures; /* stop launching jobs after so many root failures; 0: never */
	const struct resource_limit *limits; /* override the plan's limits of the same name */
	uint32_t n_limits;
	enum missing_resource on_missing; /* if a job needs a resource without a limit */
	double waits_after_s;	  /* how long a job waits until job_waits() of observers is called;
				     INFINITY: never */
	sched_priority *priority; /* NULL: the default */
	void *priority_ctx;
	sched_expected_memory *expected_memory; /* NULL: jobs start whatever memory is left */
	void *memory_ctx;
};

struct sched *sched_new(const struct sched_options *options, struct sched_host *host);
void sched_free(struct sched *s); /* accepts NULL; does not free backends and observers */

/* no: from 1, each once. Jobs with this backend_no run on b; those without one run on the backend
 * that was added first. */
void sched_add_backend(struct sched *s, struct backend *b, uint32_t no);

/*
 * Loads a plan, which is borrowed and must outlive s; the backends of its jobs must have been
 * added. Adds all errors to diags: duplicate ids, cycles (as a path with positions), errors of the
 * backends' check(), jobs that need more of a resource than exists. Returns 0, or -1 if there were
 * errors; then s can only be freed.
 */
int sched_load(struct sched *s, const struct plan *plan, struct diags *diags);

/* Checks ids, dependencies and cycles as sched_load() does, for commands that run nothing. Returns
 * 0, or -1 if there were errors. */
int sched_check(const struct plan *plan, struct diags *diags);
/* The same, and checks the resources with the limits in options. */
int sched_check_resources(const struct plan *plan, const struct sched_options *options,
			  struct diags *diags);

struct sched_past_attempt {
	uint32_t number;
	const char *where, *resources, *stage;
	struct job_result result; /* of an attempt that has ended */
};

/* What an earlier run recorded of a job. Borrowed, with everything that it points to. */
struct sched_past {
	const char *run; /* id of that run */
	/* It does not run again: when this run starts, it gets the status that it has there. */
	bool is_taken;
	enum job_status status; /* final; with the reason, marks and message (or NULL) there */
	enum job_reason reason;
	uint32_t marks;
	const char *message;
	/* Its attempts there, the oldest first, also if it runs again. New attempts continue their
	 * numbers. */
	const struct sched_past_attempt *attempts;
	uint32_t n_attempts;
	uint32_t n_unmarked; /* number of these that do not make a later pass flaky */
};
/* Sets what is known of job n. To be called after sched_load() and before sched_start(). */
void sched_set_past(struct sched *s, size_t n, const struct sched_past *past);
/* NULL: nothing is known. */
const struct sched_past *sched_past_of(const struct job *job);

/* Adds an observer (borrowed). Must be called before sched_start(). */
void sched_subscribe(struct sched *s, struct observer *o);

void sched_start(struct sched *s);
/* Processes upcalls and timers that are due, updates dependents, and submits jobs. Returns true if
 * anything changed. */
bool sched_turn(struct sched *s);
bool sched_is_done(const struct sched *s);

enum sched_stop {
	/* Launch no more jobs, except those with needs_any, their dependents, and finally jobs.
	 * Running jobs go on. */
	STOP_LAUNCHING,
	/* The same, and running jobs get TERM, then KILL. */
	STOP_DEADLINE,
	/* Launch only finally jobs; running jobs get TERM, then KILL. */
	STOP_TERM,
	/* Launch nothing; running jobs get KILL. */
	STOP_KILL,
};
/* Stops the run in the next turn. A later call can only raise the level. signum: the signal, for
 * observers; 0: none. */
void sched_stop(struct sched *s, enum sched_stop how, enum job_reason reason, int signum);

enum sched_hold {
	HOLD_NOTHING,
	HOLD_ALL_BUT_ONE, /* a job starts only if no other job is submitted */
	HOLD_ALL,
};
/*
 * Holds launches from the next turn on, for a shortage of the machine; running jobs go on. why:
 * "free space of /scratch: 1 MiB, less than 64 MiB", copied; NULL for HOLD_NOTHING. No effect while
 * the run is being stopped, since what still starts then may be what ends the shortage.
 */
void sched_set_hold(struct sched *s, enum sched_hold hold, const char *why);

/*
 * Memory that jobs of known needs may take together, in MiB. A job starts if its expected memory
 * fits beside that of the running ones, or if none of them runs. It waits for memory as for a
 * resource. Before the first call there is no limit.
 */
void sched_set_memory(struct sched *s, uint32_t mib);
struct sched_memory_state {
	uint32_t expected_mib; /* of running jobs */
	bool is_lacking;       /* a job waits for memory */
};
/* false: no job has known needs. */
bool sched_memory_state(const struct sched *s, struct sched_memory_state *ret);
/* What running jobs of known needs have of their expected memory by now, in MiB. Asks their
 * backends, which read /proc. */
uint32_t sched_memory_taken(const struct sched *s);

/* Change limits during a run; lowering a limit kills no job. */
void sched_set_max_parallel(struct sched *s, uint32_t n);
void sched_set_resource(struct sched *s, const char *name, uint32_t count);

/* The following may be called at any time from the loop's thread. */
size_t sched_n_jobs(const struct sched *s);
const struct job *sched_job(const struct sched *s, size_t n); /* plan order */
const struct plan *sched_plan(const struct sched *s);
const struct clock *sched_clock(const struct sched *s);
double sched_started_s(const struct sched *s); /* on sched_clock() */
double sched_started_wall_s(const struct sched *s);

struct sched_target {
	const char *name;
	uint32_t n[JOB_STATUS_COUNT]; /* jobs by status */
	uint32_t total;
};
uint32_t sched_n_targets(const struct sched *s);
const struct sched_target *sched_target(const struct sched *s, uint32_t i); /* in plan order */
const uint32_t *sched_tally(const struct sched *s); /* jobs by status, JOB_STATUS_COUNT of them */
uint32_t sched_n_flaky(const struct sched *s);

/* The job because of whose failure job was killed; it has no root cause itself. NULL: job was not
 * killed because of another job. */
const struct job *sched_root_cause(const struct sched *s, const struct job *job);

/* Bytes used by jobs, edges and attempts, without the plan. For tests and benchmarks. */
size_t sched_memory(const struct sched *s);

#endif
