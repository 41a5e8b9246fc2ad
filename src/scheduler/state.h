/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of scheduler: the run's state, and who may write which part of it. */
#ifndef SCHEDULER_STATE_H
#define SCHEDULER_STATE_H

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "base/vec.h"
#include "scheduler/sched.h"

/* An entry of sched.dependents: a job's index, and how the dependent needs it. */
#define EDGE_ANY   (UINT32_C(1) << 31)
#define EDGE_HELD  (UINT32_C(1) << 30) /* waits for its end, whatever that is */
#define EDGE_JOB   (EDGE_HELD - 1)
#define CAUSE_NONE UINT32_MAX

/* job.flags */
enum {
	FLAG_SUBMITTED = 1 << 0,  /* in its backend's hands, and holding what it asked for */
	FLAG_STARTED = 1 << 1,	  /* its start was reported (perhaps not drained yet) */
	FLAG_ENDED = 1 << 2,	  /* its end was reported (perhaps not drained yet) */
	FLAG_EPILOGUE = 1 << 3,	  /* still runs when launching was stopped */
	FLAG_ANY_PASSED = 1 << 4, /* one of those it needs any of has passed */
	FLAG_KILL_SENT = 1 << 5,  /* its backend was asked to end it */
	/* Of its spec; here because the spec is another cache miss, a million times. */
	FLAG_NEEDS_ANY = 1 << 6,
	FLAG_FINALLY = 1 << 7,
};

/* What the backends have said and the next turn will hear. A ring. */
struct upcall {
	struct job *job;
	enum { UPCALL_START, UPCALL_END, UPCALL_WAITS } what;
	union {
		const char *text;	   /* of a start: where; of waiting: for what */
		struct job_result *result; /* of an end; malloc()ed */
	};
};

struct upcall_queue {
	struct upcall *at;
	size_t first, n, size; /* size: a power of two, or 0 */
};

struct stop_request {
	bool is_asked;
	enum job_reason reason;
	int signum;
};

/* Classes that are connected by resources which both want; see rivals.c. */
struct rivals {
	struct rivals *joined;	 /* the ones that these have become part of; NULL: none */
	struct list link;	 /* in sched.unsettled */
	struct ready_class **at; /* those with ready jobs, the best head first */
	uint32_t n, cap;
	uint32_t n_open;      /* of these, may go */
	uint32_t n_resources; /* that they are about */
};

struct resource {
	const char *name;
	uint32_t limit; /* or RESOURCE_UNLIMITED */
	uint64_t in_use;
	bool has_limit;	   /* the user gave one */
	bool is_of_option; /* on the command line */
	bool is_asked;	   /* by a job, or the configuration knows it */

	/* units.c: their numbers, if they have any, and which are taken */
	const uint32_t *units;
	uint32_t n_units, free_from; /* none below is free */
	uint64_t *taken;

	/* rivals.c: as far as the present round of settling has come */
	struct rivals rivals;
	uint64_t round, kept;
	bool is_closed; /* the best of those that lack some of it is known */
};

struct class_need {
	struct resource *resource;
	uint32_t count; /* RESOURCE_UNLIMITED: as many as it likes */
};

/* Jobs that ask for the same. */
struct ready_class {
	struct lane *lane;
	uint32_t cpus;
	uint32_t n_needs;
	uint32_t place;	       /* among its rivals, while it has jobs */
	struct heap jobs;      /* ready ones */
	struct heap_node node; /* in the lane's heap, while it has jobs and resources allow them */
	struct list link;      /* put aside while a job is chosen */
	struct list waits;     /* in sched.waits, while it is next in line for something */
	double waits_since_s;
	bool was_said;		   /* that it waits */
	struct class_need needs[]; /* at most one per resource */
};

/* A backend as the scheduler sees it: its room, and the classes that would like to have some. */
struct lane {
	struct backend *backend;
	uint64_t in_use; /* CPUs; of backend->max_parallel */
	uint32_t n_jobs;
	bool is_busy;	     /* it said so; asked again at busy_until_s at the latest */
	double busy_until_s; /* INFINITY: not busy */
	double busy_pause_s; /* the next pause */
	bool is_held;	     /* while a job is chosen: its best class waits for room */
	struct heap classes; /* that have ready jobs and lack no resource; best head on top */
};

struct sched {
	struct sched_options options; /* limits: see resources */
	struct sched_host *host;
	const struct plan *plan;
	struct arena *mem; /* attempts, messages, names: all that lives until the end */
	double started_s, started_wall_s;
	double turn_s; /* when the present turn began */
	bool is_started, is_open, is_done, is_in_turn;

	/* job.c */
	struct job *jobs;
	size_t n_jobs;
	uint32_t tally[JOB_STATUS_COUNT];
	uint32_t n_flaky, n_fallback;
	VEC(struct sched_target) targets;
	struct list observers;

	/* past.c */
	const struct sched_past **past; /* one for each job; NULL: nothing is known of any */

	/* graph.c */
	uint32_t *dependents; /* of all jobs, one after another */
	uint32_t n_edges;

	/* settle.c */
	VEC(uint32_t) settled; /* final jobs whose dependents do not know it yet: their indices */
	uint32_t n_ordinary;   /* jobs that are neither final nor `finally` */
	uint32_t *finally;     /* indices of those that are */
	uint32_t n_finally;
	bool is_gate_open; /* for finally jobs */
	uint32_t n_root_failures;

	/* ready.c, lane.c, resources.c */
	VEC(struct lane *) lanes;
	uint32_t n_in_flight; /* submitted and not ended */
	struct map classes;   /* by what they ask for */
	struct map stages;    /* the class of each stage of a fallback, by its spec's address */
	struct map resources;
	struct map held;       /* job's index -> the units that it has */
	struct list unsettled; /* rivals */
	uint64_t n_rounds;     /* of settling some */
	struct list waits;     /* classes, the one that has waited longest first */

	/* priority.c */
	size_t id_prefix;  /* bytes that all ids begin with */
	uint64_t *id_keys; /* with plan.is_by_id, by the job's index */

	struct upcall_queue upcalls;
	struct map places; /* each `where` once */
	struct heap retries;
	struct stop_request stops[STOP_KILL + 1]; /* asked for, not applied */
	int stop_level;				  /* applied: an enum sched_stop, or -1 */
	double alarm_s;				  /* what the host was told last */
};

static inline struct job *job_at(struct sched *s, uint32_t n)
{
	return &s->jobs[n];
}

/* The job's own, whatever stage of its fallback it is on. */
static inline const struct job_spec *plan_spec(const struct job *job)
{
	return &job->sched->plan->jobs[job->n];
}

static inline bool job_is_final(const struct job *j)
{
	return job_status_is_final(job_status(j));
}

/* job.c: the one place where a status is written. message lives as long as the run. */
bool job_may_go(enum job_status was, enum job_status next);
void job_set_status(struct job *job, enum job_status next, enum job_reason reason,
		    const char *message);
void job_init_all(struct sched *s);
/* Appends a record to the job's attempts. */
struct job_attempt *job_add_attempt(struct job *job, const char *where);

/* past.c: those that are taken over become final. */
void past_take_over(struct sched *s);

/* observer.c */
void emit_run_started(struct sched *s);
void emit_job_changed(struct sched *s, const struct job *job, enum job_status was);
void emit_job_waits(struct sched *s, const struct job *job, const char *what);
void emit_kill_signal(struct sched *s, int signum);
void emit_run_ended(struct sched *s);

/* priority.c */
void priority_prepare(struct sched *s);
void priority_done(struct sched *s);
bool priority_first(const struct sched *s, const struct job *a, const struct job *b);

/* resources.c */
void resources_init(struct sched *s);
/* The plan's own limits, where the options give none. */
void resources_take_plan(struct sched *s);
void resources_done(struct sched *s);
struct resource *resource_get(struct sched *s, const char *name);
void resources_check(struct sched *s, struct diags *diags);

/* units.c */
/* With what ready_take() takes for the job, and gives back. */
void units_take(struct job *job);
void units_give(struct job *job);
/* {"PORT":[60003]}: what it has; NULL: nothing with a number. Lives as long as the run. */
const char *units_json(const struct job *job);
void units_set(struct resource *r, const uint32_t *units, uint32_t n);

/* rivals.c */
/* At load: c, and whoever wants one of its resources, are rivals from now on. */
void rivals_join(struct ready_class *c);
/* c has its first ready job, none any more, another one at its head. */
void rivals_add(struct sched *s, struct ready_class *c);
void rivals_remove(struct sched *s, struct ready_class *c);
void rivals_moved(struct sched *s, struct ready_class *c);
/* More or less of r is in use, or there. */
void rivals_changed(struct sched *s, struct resource *r);
/* Works out who may go, where something changed: puts classes into the heaps of lanes. */
void rivals_settle(struct sched *s);

/* waits.c: saying what jobs wait for */
/* c is next in line for a resource, or is no more. */
void waits_set(struct sched *s, struct ready_class *c, bool is_next);
void waits_fire(struct sched *s, double now_s);
double waits_alarm(const struct sched *s);

/* lane.c */
struct lane *lane_choose(struct sched *s, const struct job_spec *spec, sched_choose_backend *choose,
			 void *ctx, struct diags *diags);
bool lane_has_room(const struct lane *l, uint32_t cpus);
void lane_take(struct lane *l, uint32_t cpus);
void lane_give(struct lane *l, uint32_t cpus);
void lane_set_busy(struct lane *l, double now_s);
void lane_set_free(struct lane *l);
void lane_set_accepting(struct lane *l);
void lanes_wake(struct sched *s, double now_s);
double lanes_alarm(const struct sched *s);
void lanes_done(struct sched *s);

/* ready.c */
void ready_init_lane(struct sched *s, struct lane *lane);
struct job *ready_head(const struct ready_class *c);
void ready_classify(struct sched *s, struct job *job, struct lane *lane);
/* The job is to be run as spec, a stage of its fallback: noted at load, done later. */
void ready_note_stage(struct sched *s, const struct job_spec *spec, struct lane *lane);
void ready_enter_stage(struct job *job, const struct job_spec *spec);
void ready_push(struct job *job);
void ready_remove(struct job *job); /* harmless if it is not there */
/* The best job that may run now, taken out, with all it asks for taken; or NULL. */
struct job *ready_take(struct sched *s);
/* Gives back what ready_take() took. */
void ready_give(struct job *job);
void ready_done(struct sched *s);
size_t ready_memory(const struct sched *s);

/* retry.c */
/* The attempt that ended so does not count; within bounds, after which it does. */
bool retry_excuse(struct job *job, const struct job_result *result);
bool retry_is_due(const struct job *job, const struct job_result *result, bool is_excused);
void retry_later(struct job *job);
/* Attempts of the stage that it is on which count. */
uint32_t retry_n_counted(const struct job *job);
bool retries_fire(struct sched *s, double now_s);
double retries_alarm(const struct sched *s);
void retries_done(struct sched *s);

/* fallback.c: what a job goes on with */
/* A job that may run now begins with its fallback if what it needs passed on one only. */
void fallback_begin(struct job *job);
/* The attempt that ended is followed by another stage: entered; *ret_message says so. */
bool fallback_go_on(struct job *job, const struct job_result *result, const char **ret_message);
/* No stage is left: the job's end. */
void fallback_settle(struct job *job, const struct job_result *result);

/* settle.c: what the end of one job means for others */
void settle(struct job *job, enum job_status status, enum job_reason reason, const char *message);
void settle_all(struct sched *s);
/* Nothing that it waits for is left. */
void settle_waited(struct job *job);

/* stop.c */
bool stop_may_launch(const struct sched *s, const struct job *job);
bool stop_apply(struct sched *s);
void stop_at_max_failures(struct sched *s);
/* A run that is stopped has no more attempts for it. */
void stop_settle(struct job *job);

/* upcall.c */
bool upcalls_drain(struct sched *s);
void upcalls_done(struct sched *s);

#endif
