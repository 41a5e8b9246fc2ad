/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gang: one attempt of one job on its units, from the moment at which all of them are open. A job
 * on one device is a gang of one.
 *
 * rank.c takes in what workers say and what the watchdog finds, and changes state only; gang.c does
 * what that state asks for: sends, releases, cancels, kills. Units go back to the pool one by one
 * as their ranks end; the job ends when the last has gone back, so that nothing of it is left when
 * the next one begins.
 */
#ifndef BACKENDS_CHIPS_GANG_H
#define BACKENDS_CHIPS_GANG_H

#include "backends/chips/chips.h"
#include "backends/chips/watch.h"

enum rank_state {
	RANK_OPENING, /* its worker was gone before the request: another one opens */
	RANK_OPEN,
	RANK_SENT,  /* the request */
	RANK_TAKEN, /* rank 0: the directory is there */
	RANK_ARMED,
	RANK_RUNNING, /* released */
	RANK_ENDED,   /* its result is there, or it died: the unit has gone back */
};

/* What is known of a rank's end; texts in the job's arena. */
struct rank_end {
	enum dvs_class class;
	int32_t code;
	const char *code_name, *hint, *text, *context, *result;
	enum driver_call call;
	enum run_phase phase;
	uint64_t stamp_ns[PHASE_COUNT];
	struct job_result verdict; /* the worker's; status JOB_RUNNING: it gave none */
	uint32_t worker_runs;
	int32_t pid;
	bool was_read; /* its request, by the process that died */
	bool is_spent; /* the device did not come back by a reset */
	uint64_t reset_ns;
};

/* What is to be sent to a rank's worker when all events are heard. */
enum rank_order { ORDER_CANCEL = 1, ORDER_DIAGNOSE = 2, ORDER_KILL = 4 };

struct rank {
	struct unit *unit;
	enum rank_state state;
	unsigned orders;    /* enum rank_order */
	bool has_failed;    /* when it was given up it had: its first error is the cause */
	bool is_kept;	    /* it has ended, and its unit is kept to see whether it still opens */
	bool is_given_up;   /* by a clock: class and text are decided, the process will be killed */
	double open_took_s; /* for this job; 0: its worker was there */
	double sent_s, armed_s;
	struct rank_end end;
	struct device_probe probe;
};

struct gang {
	struct holder holder;
	struct list link; /* in chips->gangs */
	struct chips *chips;
	struct chips_job *job;
	struct rank *ranks;
	uint32_t n;
	uint64_t epoch;
	char token[48];
	int shared_fd;
	bool is_started; /* sched_job_started() was said */
	bool is_released;
	bool is_ending;	 /* somebody failed, or it is being killed */
	bool has_broken; /* a rank of several says that its device is broken */
	bool is_probing, must_stop_probes;
	int cause; /* rank; -1: none */
	bool was_killed;
	enum job_reason kill_reason;
	double started_s, started_wall_s, released_s, over_s;
	double moved_s;	      /* the last time that a rank ended */
	double missing_at_s;  /* a rank says that a peer is missing: who is not done by then failed
			       */
	double kill_at_s;     /* what is left is killed then; INFINITY: not yet */
	double diagnose_by_s; /* the answer of the rank that was given up is waited for until then
			       */
	struct str context;
	double look_at_s; /* when its clocks are due; -INFINITY: something has changed */
};

/* gang.c */
/* All units are open, with the job's options, and free. */
struct gang *gang_new(struct chips_job *j, struct unit *const *units);
void gang_act(struct gang *g);
/* NULL: it has none. */
struct gang *gang_find(const struct chips *c, const struct job *job);
bool gang_is_over(const struct gang *g);
/* Tells the scheduler, and frees it. */
void gang_finish(struct gang *g);
void gang_free(struct gang *g); /* without an end: the backend is destroyed */

/* rank.c */
extern const struct holder_ops gang_holder_ops;
void gang_kill(struct gang *g, enum kill_level level, enum job_reason reason);
/* What the watchdog found. */
void gang_take_verdict(struct gang *g, const struct verdict *v);
/* A worker that it needs cannot be started. */
void gang_fail_open(struct gang *g, uint32_t rank, enum dvs_class class, const char *text);

/* gang_probe.c: whether its devices still open. */
bool rank_says_broken(const struct rank *r);
/* What is to be done for that. */
void gang_probe_units(struct gang *g);
/* Its rank has ended, and has just let it go. */
void gang_keep_unit(struct gang *g, uint32_t rank);
void gang_note_probe(struct gang *g, uint32_t rank, enum dvs_class class, const char *text);
void gang_lose_probe(struct gang *g, uint32_t rank); /* nobody will know */
/* That of the cause, if it says so, and those that do not open any more; room for g->n. */
uint32_t gang_list_broken(const struct gang *g, struct unit **ret);

/* view.c: what the watchdog is shown. ranks: room for g->n. */
void gang_view(const struct gang *g, struct watch_rank *ranks, struct watch_view *ret);

/* outcome.c: the result and its details; tells the scheduler. */
void outcome_tell(struct gang *g);

#endif
