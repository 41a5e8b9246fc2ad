/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gang: one attempt of one job on its units, from the moment at which all of them are open. A job
 * on one device is a gang of one.
 *
 * rank.c applies the events of workers and the verdicts of the watchdog, and only changes state.
 * gang.c acts on that state: it sends, releases, cancels and kills. Units go back to the pool one
 * by one as their ranks end. The job ends when the last unit has gone back, so that nothing of it
 * is left when the next job begins.
 */
#ifndef BACKENDS_CHIPS_GANG_H
#define BACKENDS_CHIPS_GANG_H

#include "backends/chips/chips.h"
#include "backends/chips/watch.h"

enum rank_state {
	RANK_OPENING, /* its worker died before the request; a new one opens */
	RANK_OPEN,
	RANK_SENT,  /* the request was sent */
	RANK_TAKEN, /* rank 0: it has made the directory */
	RANK_ARMED,
	RANK_RUNNING, /* released */
	RANK_ENDED,   /* it has a result or died; its unit has gone back */
};

/* How a rank ended; texts are in the job's arena. */
struct rank_end {
	enum dvs_class class;
	int32_t code;
	const char *code_name, *hint, *text, *context, *result;
	enum run_phase phase;
	uint64_t stamp_ns[PHASE_COUNT];
	struct job_result verdict; /* the worker's; status JOB_RUNNING: none */
	uint32_t worker_runs;
	int32_t pid;
	bool was_read; /* the process that died had read its request */
	bool is_spent; /* a reset did not make the device usable again */
	uint64_t reset_ns;
};

/* Messages for a rank's worker, to be sent after all events are drained. */
enum rank_order { ORDER_CANCEL = 1, ORDER_DIAGNOSE = 2, ORDER_KILL = 4 };

struct rank {
	struct unit *unit;
	enum rank_state state;
	unsigned orders;    /* enum rank_order */
	bool has_failed;    /* the worker had reported an error before the rank was given up; its
			       result counts */
	bool is_kept;	    /* it has ended; its unit is kept for a probe */
	bool is_given_up;   /* by the watchdog: class and text are set, the worker will be killed */
	double open_took_s; /* for this job; 0: it was open already */
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
	bool is_started; /* sched_job_started() was called */
	bool is_released;
	bool is_ending;	 /* a rank failed, or the gang is being killed */
	bool has_broken; /* one of several ranks reported a broken device */
	bool is_probing, must_stop_probes;
	int cause; /* rank; -1: none */
	bool was_killed;
	enum job_reason kill_reason;
	double started_s, started_wall_s, released_s, over_s;
	double moved_s; /* the last time that a rank ended */
	/* A rank reported a missing peer; a rank that has not ended by then has failed. INFINITY:
	 * none. */
	double missing_at_s;
	double kill_at_s; /* ranks that are left are killed then; INFINITY: not yet */
	/* How long to wait for the diagnosis of the rank that was given up; INFINITY: not
	 * waiting. */
	double diagnose_by_s;
	struct str context;
	double look_at_s; /* next look of the watchdog; -INFINITY: at once, something changed */
};

/* gang.c */
/* All units are open, with the job's options, and free. Takes over j. */
struct gang *gang_new(struct chips_job *j, struct unit *const *units);
void gang_act(struct gang *g);
/* NULL: the job has no gang. */
struct gang *gang_find(const struct chips *c, const struct job *job);
bool gang_is_over(const struct gang *g);
/* Reports the end to the scheduler, and frees g. */
void gang_finish(struct gang *g);
void gang_free(struct gang *g); /* reports nothing: for destroy() */

/* rank.c */
extern const struct holder_ops gang_holder_ops;
void gang_kill(struct gang *g, enum kill_level level, enum job_reason reason);
/* Applies a verdict of the watchdog. */
void gang_take_verdict(struct gang *g, const struct verdict *v);
/* The device of a rank was not opened: the rank fails. */
void gang_fail_open(struct gang *g, uint32_t rank, enum dvs_class class, const char *text);

/* gang_probe.c: whether the gang's devices still open. */
bool rank_says_broken(const struct rank *r);
/* Closes, opens or gives back the units that are kept. */
void gang_probe_units(struct gang *g);
/* Keeps the unit that the ended rank has just let go. */
void gang_keep_unit(struct gang *g, uint32_t rank);
void gang_note_probe(struct gang *g, uint32_t rank, enum dvs_class class, const char *text);
void gang_lose_probe(struct gang *g, uint32_t rank); /* it ended without a result */
/* The unit of the cause, if its class says that it is broken, and units that do not open any more.
 * ret: room for g->n. */
uint32_t gang_list_broken(const struct gang *g, struct unit **ret);

/* view.c: the input of the watchdog. ranks: room for g->n. */
void gang_view(const struct gang *g, struct watch_rank *ranks, struct watch_view *ret);

/* outcome.c: reports the result and its details to the scheduler. */
void outcome_tell(struct gang *g);

#endif
