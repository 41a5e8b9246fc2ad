/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler: job specs in, results out. A state machine without threads, processes, files or a
 * loop of its own; time and wake-ups come from a host, so that tests run it on a virtual clock.
 *
 *   s = sched_new(&options, host);
 *   sched_add_backend(s, local); …              the first is the default
 *   sched_load(s, plan, chooser…, &diags)       checks ids, dependencies, backends, resources
 *   sched_subscribe(s, observer); …
 *   sched_start(s);                             observers hear run_started
 *   … the host calls sched_turn(s) whenever woken, until sched_is_done(s) …
 *   sched_free(s);
 */
#ifndef SCHEDULER_SCHED_H
#define SCHEDULER_SCHED_H

#include "base/clock.h"
#include "base/diag.h"
#include "scheduler/backend.h"
#include "scheduler/observer.h"

/* What the scheduler needs from its host. The host embeds it. */
struct sched_host {
	const struct clock *clock;
	/* sched_turn() is wanted, soon, but not from within this call. Idempotent. */
	void (*wake)(struct sched_host *h);
	/* sched_turn() is wanted at this time on the clock; replaces the time before; INFINITY: not
	 * at all. */
	void (*alarm)(struct sched_host *h, double at_s);
};

/* Which of two jobs of the ready ones goes first: true if a does. Total order not required: of
 * equal ones the first of the plan goes first, or the first by id (plan.is_by_id). */
typedef bool sched_priority(const struct job *a, const struct job *b, void *ctx);
/* Larger weight, longer timeout (none is longest), more dependents. */
bool sched_priority_default(const struct job *a, const struct job *b, void *ctx);

enum missing_resource { MISSING_IGNORE, MISSING_WARN, MISSING_ERROR, MISSING_FATAL };

struct sched_options {
	uint32_t max_parallel; /* jobs at a time over all backends; 0: no limit of its own */
	uint32_t max_failures; /* stop launching after so many root failures; 0: never */
	const struct resource_limit *limits; /* over the plan's own, by name */
	uint32_t n_limits;
	enum missing_resource on_missing; /* a job asks for a resource without a limit */
	double waits_after_s; /* how long a job waits before observers hear of it; INFINITY: never
				 do they */
	sched_priority *priority; /* NULL: the default */
	void *priority_ctx;
};

struct sched *sched_new(const struct sched_options *options, struct sched_host *host);
void sched_free(struct sched *s); /* accepts NULL; backends and observers stay their owner's */

void sched_add_backend(struct sched *s, struct backend *b);
struct backend *sched_find_backend(const struct sched *s, const char *name);

/*
 * Which backend a job goes to, one of those that were added; NULL result = the default (the first
 * added). Only called while loading.
 */
typedef struct backend *sched_choose_backend(const struct job_spec *spec, void *ctx);

/*
 * choose NULL: by the name in the jobs' own rules. Takes the plan (borrowed, must outlive s). All
 * errors of the graph go to diags: duplicate ids, cycles as a path with positions, unknown
 * backends, what backends' check() says, resources that can never be had. Returns 0, or -1 if there
 * was an error; s is then only good for sched_free().
 */
int sched_load(struct sched *s, const struct plan *plan, sched_choose_backend *choose, void *ctx,
	       struct diags *diags);

/* What sched_load() says of ids, dependencies and cycles, for those who run nothing. */
int sched_check(const struct plan *plan, struct diags *diags);
/* The same, and its resources with the limits of options. */
int sched_check_resources(const struct plan *plan, const struct sched_options *options,
			  struct diags *diags);

struct sched_past_attempt {
	uint32_t number;
	const char *where, *resources, *stage;
	struct job_result result; /* it has ended */
};

/* What an earlier run knows of a job. Borrowed, with all that it points to. */
struct sched_past {
	const char *run; /* its id */
	/* It passed there, and need not run again: it is PASSED when the run starts. */
	bool is_taken;
	uint32_t marks;	     /* of that pass, */
	const char *message; /* and its remark; or NULL */
	/* Its attempts there, the oldest first: of one that runs again, too. Numbers go on. */
	const struct sched_past_attempt *attempts;
	uint32_t n_attempts;
	uint32_t n_unmarked; /* of these: they do not make a later pass flaky */
};
/* After sched_load(), before sched_start(). */
void sched_set_past(struct sched *s, size_t n, const struct sched_past *past);
/* NULL: nothing. */
const struct sched_past *sched_past_of(const struct job *job);

/* Before sched_start() only. */
void sched_subscribe(struct sched *s, struct observer *o);

void sched_start(struct sched *s);
/* Drains upcalls and due timers, updates dependents, dispatches. Returns true if anything changed.
 */
bool sched_turn(struct sched *s);
bool sched_is_done(const struct sched *s);

enum sched_stop {
	/* Launch no more ordinary jobs; what runs ends by itself; jobs that need any, their
	   dependents, and finally jobs still run on what exists. */
	STOP_LAUNCHING,
	/* The same, and what runs gets TERM, then KILL. */
	STOP_DEADLINE,
	/* Launch nothing but finally jobs; what runs gets TERM, then KILL. */
	STOP_TERM,
	/* Launch nothing at all; what runs gets KILL. */
	STOP_KILL,
};
/* A later call may only escalate. signum: the signal, for observers; 0: none. */
void sched_stop(struct sched *s, enum sched_stop how, enum job_reason reason, int signum);

/* Limits of a running run; lowering never kills. */
void sched_set_max_parallel(struct sched *s, uint32_t n);
void sched_set_resource(struct sched *s, const char *name, uint32_t count);

/* Reading: at any time from the loop's thread. */
size_t sched_n_jobs(const struct sched *s);
const struct job *sched_job(const struct sched *s, size_t n); /* plan order */
const struct plan *sched_plan(const struct sched *s);
const struct clock *sched_clock(const struct sched *s);
double sched_started_s(const struct sched *s); /* on the clock; wall: sched_started_wall_s() */
double sched_started_wall_s(const struct sched *s);

struct sched_target {
	const char *name;
	uint32_t n[JOB_STATUS_COUNT]; /* jobs by status */
	uint32_t total;
};
uint32_t sched_n_targets(const struct sched *s);
const struct sched_target *sched_target(const struct sched *s, uint32_t i); /* first seen first */
const uint32_t *sched_tally(const struct sched *s); /* jobs by status, JOB_STATUS_COUNT of them */
uint32_t sched_n_flaky(const struct sched *s);
uint32_t sched_n_fallback(const struct sched *s); /* passed on their fallback only */

/* For a KILLED job: the job that is the cause (a failed or killed one that has no cause itself), or
 * NULL. */
const struct job *sched_root_cause(const struct sched *s, const struct job *job);

/* Bytes taken by jobs, edges and attempts, without the plan's. For tests and the bench. */
size_t sched_memory(const struct sched *s);

#endif
