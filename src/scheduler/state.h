/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the scheduler: the state of a run. Comments in struct sched name the file that writes
 * each part. */
#ifndef SCHEDULER_STATE_H
#define SCHEDULER_STATE_H

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "base/vec.h"
#include "scheduler/sched.h"

/* An entry of sched.dependents: the index of the dependent, and the kind of its dependency. */
#define EDGE_ANY   (UINT32_C(1) << 31)
#define EDGE_HELD  (UINT32_C(1) << 30) /* waits for its end, with any status */
#define EDGE_JOB   (EDGE_HELD - 1)
#define CAUSE_NONE UINT32_MAX

/* job.flags */
enum {
	FLAG_SUBMITTED = 1 << 0,  /* submitted to its backend; holds its CPUs and resources */
	FLAG_STARTED = 1 << 1,	  /* sched_job_started() was called (perhaps not processed yet) */
	FLAG_ENDED = 1 << 2,	  /* sched_job_ended() was called (perhaps not processed yet) */
	FLAG_EPILOGUE = 1 << 3,	  /* may still start after STOP_LAUNCHING */
	FLAG_ANY_PASSED = 1 << 4, /* at least one job of its needs_any has passed */
	FLAG_KILL_SENT = 1 << 5,  /* kill() of its backend was called */
	/* Copied from the spec, to avoid a cache miss for each job. */
	FLAG_NEEDS_ANY = 1 << 6,
	FLAG_FINALLY = 1 << 7,
};

/* An upcall of a backend, in the ring of upcalls that the next turn processes. */
struct upcall {
	struct job *job;
	enum { UPCALL_START, UPCALL_END, UPCALL_WAITS } what;
	union {
		const char *text;	   /* start: where; waits: for what */
		struct job_result *result; /* end; malloc()ed */
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

/* The classes that compete for resources, directly or through other classes; see rivals.c. */
struct rivals {
	struct rivals *joined;	 /* the set that this one was merged into; NULL: none */
	struct list link;	 /* in sched.unsettled */
	struct ready_class **at; /* classes with ready jobs, in the order of their best jobs */
	uint32_t n, cap;
	uint32_t n_open;      /* how many of them may start a job */
	uint32_t n_resources; /* number of resources that they compete for */
};

struct resource {
	const char *name;
	uint32_t limit; /* or RESOURCE_UNLIMITED */
	uint64_t in_use;
	bool has_limit;	   /* there is a limit */
	bool is_of_option; /* its limit is from the command line */
	bool is_asked;	   /* a job needs it, or the configuration has a limit for it */
	bool is_soft;	   /* a class may take more than the limit if nothing is in use: memory.c */

	/* units.c: the numbers of the units (NULL: none), and which are in use */
	const uint32_t *units;
	uint32_t n_units, free_from; /* no unit below this index is free */
	uint64_t *taken;

	/* rivals.c: state of the current round of settling */
	struct rivals rivals;
	uint64_t round, kept;
	bool is_closed; /* a class is next in line for it */
};

struct class_need {
	struct resource *resource;
	uint32_t count; /* RESOURCE_UNLIMITED: any number */
};

/* Jobs that need the same backend, CPUs and resources. */
struct ready_class {
	struct lane *lane;
	uint32_t cpus;
	uint32_t memory_mib; /* expected; one of needs, if it is not 0 */
	uint32_t n_needs;
	uint32_t place;	       /* index in rivals.at, while it has jobs */
	struct heap jobs;      /* ready ones */
	struct heap_node node; /* in the lane's heap, while it has jobs and free resources */
	struct list link;      /* in the list of classes put aside by choose_class() */
	struct list waits;     /* in sched.waits, while it is next in line for a resource */
	double waits_since_s;
	bool was_reported;	   /* observers know that it waits */
	struct class_need needs[]; /* at most one per resource */
};

/* The scheduler's state of a backend: its load, and the classes whose jobs run on it. */
struct lane {
	struct backend *backend;
	uint64_t in_use; /* CPUs of submitted jobs, at most backend->max_parallel except for one
			    wide job */
	uint32_t n_jobs;
	bool is_busy; /* submit() returned SUBMIT_BUSY; tried again at busy_until_s at the latest */
	double busy_until_s; /* INFINITY: not busy */
	double busy_pause_s; /* the next pause */
	bool is_held;	     /* used by choose_class(): its best class waits for room */
	struct heap classes; /* classes with ready jobs and free resources, by their best jobs */
};

struct sched {
	struct sched_options options; /* options.limits is copied to resources */
	struct sched_host *host;
	const struct plan *plan;
	struct arena *mem; /* attempts, messages, names: everything kept until the end */
	double started_s, started_wall_s;
	double turn_s; /* when the current turn began */
	bool is_started, is_open, is_done, is_in_turn;

	/* job.c */
	struct job *jobs;
	size_t n_jobs;
	uint32_t tally[JOB_STATUS_COUNT];
	uint32_t n_flaky;
	VEC(struct sched_target) targets;
	struct list observers;

	/* past.c */
	const struct sched_past **past; /* one per job; NULL: no job has a past */

	/* graph.c */
	uint32_t *dependents; /* edges of all jobs, one job after another */
	uint32_t n_edges;

	/* settle.c */
	VEC(uint32_t) settled; /* indices of final jobs whose dependents are not updated yet */
	uint32_t n_ordinary;   /* jobs that are neither final nor `finally` */
	uint32_t *finally;     /* indices of finally jobs */
	uint32_t n_finally;
	bool is_gate_open; /* all ordinary jobs are final, so finally jobs may run */
	uint32_t n_root_failures;

	/* ready.c, lane.c, resources.c */
	VEC(struct lane *) lanes;
	VEC(struct lane *) lane_of; /* by backend_no; NULL: no such backend */
	uint32_t n_in_flight;	    /* submitted and not ended */
	struct map classes;	    /* by backend, CPUs and resources, as text */
	struct map stages; /* the class of each stage of a fallback, by its spec's address */
	struct map resources;
	struct resource *memory; /* memory.c: one of them; NULL: no job has known needs */
	struct map held;	 /* index of a job -> its struct held_units */
	struct list unsettled;	 /* rivals to be settled */
	uint64_t n_rounds;	 /* rounds of settling so far */
	struct list waits;	 /* classes that are next in line, the longest wait first */

	/* priority.c */
	size_t id_prefix;  /* length of the common prefix of all ids */
	uint64_t *id_keys; /* with plan.is_by_id: one key per job */

	/* hold.c */
	struct {
		enum sched_hold level, next_level; /* next: requested, not applied yet */
		const char *why, *next_why;
	} hold;

	struct upcall_queue upcalls;
	struct map places; /* each text of `where` once */
	struct heap retries;
	struct stop_request stops[STOP_KILL + 1]; /* requested, not applied yet */
	int stop_level;				  /* applied: an enum sched_stop, or -1 */
	double alarm_s;				  /* the last time passed to the host */
};

static inline struct job *job_at(struct sched *s, uint32_t n)
{
	return &s->jobs[n];
}

/* The spec of the job itself, also while a stage of its fallback runs. */
static inline const struct job_spec *plan_spec(const struct job *job)
{
	return &job->sched->plan->jobs[job->n];
}

static inline bool job_is_final(const struct job *j)
{
	return job_status_is_final(job_status(j));
}

/* job.c: the only function that sets a status. message must be valid until the end of the run. */
bool job_may_go(enum job_status was, enum job_status next);
void job_set_status(struct job *job, enum job_status next, enum job_reason reason,
		    const char *message);
void job_init_all(struct sched *s);
/* Adds a running attempt to the job. */
struct job_attempt *job_add_attempt(struct job *job, const char *where);

/* past.c: jobs that are taken over become PASSED. */
void past_take_over(struct sched *s);

/* observer.c */
void emit_run_started(struct sched *s);
void emit_job_changed(struct sched *s, const struct job *job, enum job_status was);
void emit_job_waits(struct sched *s, const struct job *job, const char *what);
void emit_launches_held(struct sched *s, const char *why);
void emit_kill_signal(struct sched *s, int signum);
void emit_run_ended(struct sched *s);

/* priority.c */
void priority_prepare(struct sched *s);
void priority_done(struct sched *s);
bool priority_first(const struct sched *s, const struct job *a, const struct job *b);

/* resources.c */
void resources_init(struct sched *s);
/* Uses the limits of the plan for resources that the options give no limit for. */
void resources_take_plan(struct sched *s);
void resources_done(struct sched *s);
struct resource *resource_get(struct sched *s, const char *name);
void resources_check(struct sched *s, struct diags *diags);

/* units.c */
/* Called by ready_take() and ready_give(). */
void units_take(struct job *job);
void units_give(struct job *job);
/* The units with numbers that it holds, as JSON: {"PORT":[60003]}; NULL: none. Valid until the end
 * of the run. */
const char *units_json(const struct job *job);
void units_set(struct resource *r, const uint32_t *units, uint32_t n);

/* memory.c */
/* 0: not known, or not needed on this machine. */
uint32_t memory_expected(const struct sched *s, const struct job_spec *spec,
			 const struct lane *lane);
struct resource *memory_get(struct sched *s);

/* rivals.c */
/* At load: merges c with all classes that need one of its resources. */
void rivals_join(struct ready_class *c);
/* To be called when c gets its first ready job, has none any more, or has another best job. */
void rivals_add(struct sched *s, struct ready_class *c);
void rivals_remove(struct sched *s, struct ready_class *c);
void rivals_moved(struct sched *s, struct ready_class *c);
/* To be called when the use or the limit of r changed. */
void rivals_changed(struct sched *s, struct resource *r);
/* Decides for all changed rivals which classes may start jobs, and puts those into the heaps of
 * lanes. */
void rivals_settle(struct sched *s);

/* waits.c: reports what jobs wait for */
/* c is next in line for a resource, or no longer. */
void waits_set(struct sched *s, struct ready_class *c, bool is_next);
void waits_fire(struct sched *s, double now_s);
double waits_alarm(const struct sched *s);

/* lane.c */
/* Of a job or a stage of its fallback. */
struct lane *lane_get(const struct sched *s, const struct job_spec *spec);
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
/* At load: notes the class of a stage of a fallback. ready_enter_stage() makes the job run as that
 * stage. */
void ready_note_stage(struct sched *s, const struct job_spec *spec, struct lane *lane);
void ready_enter_stage(struct job *job, const struct job_spec *spec);
void ready_push(struct job *job);
void ready_remove(struct job *job); /* no effect if it is not there */
/* Returns the best job that may run now, and takes its CPUs and resources; NULL: none. */
struct job *ready_take(struct sched *s);
/* Gives back the CPUs and resources of ready_take(). */
void ready_give(struct job *job);
void ready_done(struct sched *s);
size_t ready_memory(const struct sched *s);

/* retry.c */
/* Does an attempt with this result not count? After 16 such attempts of a job all count. */
bool retry_excuse(struct job *job, const struct job_result *result);
bool retry_is_due(const struct job *job, const struct job_result *result, bool is_excused);
void retry_later(struct job *job);
/* Number of attempts of the current stage that count. */
uint32_t retry_n_counted(const struct job *job);
bool retries_fire(struct sched *s, double now_s);
double retries_alarm(const struct sched *s);
void retries_done(struct sched *s);

/* fallback.c: the stages of a job's fallback */
/* A job that may run now begins with its fallback if one of its needs passed on a fallback. */
void fallback_begin(struct job *job);
/* If another stage follows the attempt that ended, makes it the current one, and sets *ret_message
 * to a message about it. */
bool fallback_go_on(struct job *job, const struct job_result *result, const char **ret_message);
/* Sets the final status: no stage follows. */
void fallback_settle(struct job *job, const struct job_result *result);

/* settle.c: final states, and their consequences for dependents */
void settle(struct job *job, enum job_status status, enum job_reason reason, const char *message);
void settle_all(struct sched *s);
/* All dependencies of the job have ended. */
void settle_waited(struct job *job);

/* hold.c */
bool hold_apply(struct sched *s);
bool hold_lets_launch(const struct sched *s);

/* stop.c */
bool stop_may_launch(const struct sched *s, const struct job *job);
bool stop_apply(struct sched *s);
void stop_at_max_failures(struct sched *s);
/* Kills a job that is not tried again because the run is being stopped. */
void stop_settle(struct job *job);

/* upcall.c */
bool upcalls_drain(struct sched *s);
void upcalls_done(struct sched *s);

#endif
