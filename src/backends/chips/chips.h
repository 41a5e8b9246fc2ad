/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chips backend from inside: units (a device and the worker that has it open), jobs that wait,
 * gangs that hold units. A job on one device is a gang of one. A job with a command of its own
 * holds no gang but a lend: units without workers, locked for a process that a slot runs.
 *
 *   submit ─► queue ─► (queue.c finds units) ─► gang: OPENING ─► SENT ─► ARMED ─► RUNNING ─► ENDING
 * ─► ended
 *                                              └► lend: CLEARING ─► RUNNING ─► PROBING ─► ended
 *
 * Everything happens in the loop's thread, by calls of workers (unit.c), by one timer per gang
 * (watch.c) and one for the pool (queue.c). Nothing waits. Units go back to the pool one by one as
 * their ranks end; the job ends when the last has gone back, so that nothing of it is left when the
 * next one begins.
 */
#ifndef BACKENDS_CHIPS_CHIPS_H
#define BACKENDS_CHIPS_CHIPS_H

#include <ev.h>

#include "backends/chips/request.h"
#include "backends/chips/settings.h"
#include "base/list.h"
#include "device/worker.h"
#include "scheduler/backend.h"

struct chips;
struct gang;
struct lend;

enum unit_state {
	UNIT_CLOSED,  /* no process */
	UNIT_OPENING, /* a process that opens the device */
	UNIT_IDLE,    /* open */
	UNIT_BUSY,    /* a rank's request is with it */
	UNIT_CLOSING, /* told to leave */
	UNIT_DYING,   /* killed, not reaped yet */
	UNIT_LENT,    /* to a process that borrows it */
};

struct unit {
	struct chips *chips;
	const struct chips_device *device;
	struct device_health health;
	enum unit_state state;
	struct device_worker *worker; /* NULL: none */
	struct gang *gang;	      /* it is held by one; NULL: free */
	struct lend *lend;	      /* likewise */
	uint32_t rank;
	struct device_worker_options options; /* the worker's, as long as it lives */
	char *open_options;
	char *lock_path;
	uint64_t image_key; /* what it loaded last */
	uint32_t streak;    /* runs of that in a row */
	uint32_t n_runs, n_opened;
	uint32_t n_locked;	   /* times in a row that somebody else had it */
	double changed_s;	   /* when it got its state */
	double opened_s;	   /* the worker */
	double retry_at_s;	   /* locked by somebody else: not before */
	uint64_t committed;	   /* bytes after the first run */
	bool is_probe;		   /* it opens without a job, to see whether it can */
	bool wants_probe;	   /* its process was poisoned: no job before it has opened again */
	char locked_by[256];	   /* "device 0 is in use by pid 123 …"; "" */
	enum dvs_class open_class; /* why the last open failed */
	char open_text[512];
};

/* A job from submit() to its end. */
struct chips_job {
	struct list link; /* in chips->queue */
	struct chips *chips;
	const struct job *job;
	uint32_t attempt;
	struct arena *mem;
	const struct chips_request *request;
	double queued_s;
};

enum rank_state {
	RANK_OPENING,
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

struct rank {
	struct unit *unit;
	enum rank_state state;
	bool has_failed;   /* when it was convicted it had: its first error is the cause */
	bool is_convicted; /* by a clock: class and text are decided, the process is on its way out
			    */
	double open_s, sent_s, armed_s;
	struct rank_end end;
};

struct gang {
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
	bool is_ending;	   /* somebody failed, or it is being killed */
	bool must_requeue; /* not started, and not by its own fault: back into the queue */
	bool has_freed;	   /* a unit, and nobody was told yet */
	bool is_starting;  /* it cannot end before gang_start() is through */
	int cause;	   /* rank; -1: none */
	bool was_killed;
	enum job_reason kill_reason;
	double started_s, started_wall_s, released_s, over_s;
	double accuse_at_s; /* a rank says that a peer is missing: whoever is not done by then is */
	double kill_at_s;   /* what is left is killed then; INFINITY: not yet */
	double diagnose_by_s; /* the answer of the convicted rank is waited for until then */
	struct str context;
	ev_timer watch;
	double look_due_s; /* when that timer fires; INFINITY: it does not */
};

/* Where a job has failed before: a retry goes elsewhere, and shows who is to blame. */
struct past {
	uint32_t job; /* index in the plan */
	int32_t device;
	enum dvs_class class;
};

struct chips {
	struct backend base;
	struct backend_ops ops; /* under the backend's own name */
	struct arena *mem;
	struct ev_loop *loop;
	const struct clock *clock;
	const char *scratch_root;
	uint64_t job_nofile;
	void (*warn)(const char *text);
	struct chips_settings *s;
	struct unit *units;
	uint32_t n_units;
	struct list queue, gangs, lends;
	uint32_t n_queued, n_workers;
	uint64_t last_epoch;
	struct past *past;
	size_t n_past;
	double last_event_s; /* something ended or was opened */
	double turn_s;	     /* the time of the dispatch that is going on: many look at it */
	double paused_s;     /* since when, if it is */
	bool is_paused, is_closing, is_dispatching, must_dispatch;
	bool has_said_waits; /* that somebody waits; until all have started */
	ev_timer tick;
	double tick_due_s; /* when that fires; INFINITY: it does not */
	double back_s;	   /* the last time that the loop had been away: watch_is_quiet() */
	const struct job_rules *last_checked;
	void (*closed)(void *ctx, const char *trouble);
	struct str trouble; /* at closing */
	void *closed_ctx;
	char *health_warning; /* the last file that could not be written; told at the end */
};

static inline struct chips *chips_of(struct backend *b)
{
	return container_of(b, struct chips, base);
}

static inline double chips_now(const struct chips *c)
{
	return clock_now(c->clock);
}

/* queue.c */
void chips_dispatch(struct chips *c); /* after whatever may have freed a unit or added a job */
void chips_queue_done(struct chips *c);
/* One of its jobs has started. */
void chips_queue_started(struct chips *c);
void chips_queue_resumed(struct chips *c, double pause_s); /* which nobody's clock counts */
void chips_job_free(struct chips_job *j);
/* Nobody has a unit. */
bool chips_is_unused(const struct chips *c);
/* Ends a job that was never started. */
void chips_job_end_unstarted(struct chips_job *j, enum job_reason reason, const char *text);

/* outlook.c */
/* How many usable units j could have at once. */
uint32_t outlook_n_usable(const struct chips_job *j);
void outlook_end_hopeless(struct chips *c);
void outlook_say_waits(const struct chips_job *j);

/* reserve.c */
struct reservation {
	const struct chips_job *job; /* NULL: none */
	bool *units;
	double at_s; /* when they will be free, as far as limits tell; INFINITY: not known */
};
/* What will be free first, into *r; false: j cannot run on what is usable, however long it waits.
 */
bool reserve_for(const struct chips *c, const struct chips_job *j, struct reservation *r);
/* j will be gone before the reservation is due. */
bool reserve_ends_before(const struct chips *c, const struct chips_job *j,
			 const struct reservation *r);

/* choose.c: pure. Units for a job, best first, into ret[n_devices]; false: not now. reserved: those
 * that a job without an end in sight must leave alone; or NULL. */
bool chips_choose(const struct chips *c, const struct chips_job *j, const bool *reserved,
		  struct unit **ret);
bool unit_is_free(const struct unit *u, double now_s);

/* unit.c */
void unit_init(struct unit *u, struct chips *c, const struct chips_device *d);
void unit_done(struct unit *u);
int unit_open(struct unit *u, const char *open_options, struct error *err);
void unit_close(struct unit *u); /* nicely, when idle */
void unit_kill(struct unit *u);
void unit_release(struct unit *u, bool may_go_on); /* its rank is over */
void unit_store_health(struct unit *u);
void unit_note_locked(struct unit *u, const char *text); /* not again before a pause */
/* It did not open, and is killed: the end of its process tells it on. */
void unit_fail_open(struct unit *u, enum dvs_class class, const char *text);
/* It opens, or closes, for longer than it may. */
void unit_is_late(struct unit *u, double limit_s);
/* The clocks of what belongs to no gang: an open that nobody waits for, a close. Returns when it
 * must be called again; INFINITY: not needed. */
double unit_look(struct unit *u);
void unit_lend(struct unit *u); /* a closed one */
void unit_take_back(struct unit *u);

/* gang.c */
void gang_start(struct chips_job *j, struct unit *const *units);
void gang_rank_opened(struct gang *g, uint32_t rank);
void gang_rank_open_failed(struct gang *g, uint32_t rank, enum dvs_class class, const char *text);
void gang_rank_phase(struct gang *g, uint32_t rank, enum run_phase phase);
void gang_rank_ended(struct gang *g, uint32_t rank, const struct device_result *result);
/* Its process is gone, and its board will be: how far it was. */
void gang_keep_board(struct gang *g, uint32_t rank);
void gang_rank_died(struct gang *g, uint32_t rank, int status, const char *why);
void gang_rank_diagnosed(struct gang *g, uint32_t rank, const char *text);
void gang_kill(struct gang *g, enum kill_level level, enum job_reason reason);
/* It cannot come to a good end, and no rank is guilty. */
void gang_give_up(struct gang *g);
/* A clock or a rule says that this rank failed. */
void gang_convict(struct gang *g, uint32_t rank, enum dvs_class class, const char *text);
/* After any change: it ends if all ranks have; else its clocks are looked at. g may be gone. */
void gang_settle(struct gang *g);
void gang_free(struct gang *g); /* without an end: the backend is destroyed */

/* lend.c: a process of its own borrows devices: all locked, or none. */
void lend_start(struct chips_job *j, struct unit *const *units);
/* The unit's worker is gone: idle before, or killed while it probed. */
void lend_unit_closed(struct unit *u);
/* It was opened after the process had failed. DVS_OK: it can be. */
void lend_unit_probed(struct unit *u, enum dvs_class class, const char *text);
void lend_kill(struct lend *l, enum kill_level level, enum job_reason reason);
void lend_suspend(struct lend *l, bool is_suspended);
struct lend *lend_find(const struct chips *c, const struct job *job);
struct lend *lend_first(const struct chips *c); /* NULL: there is none */
bool lend_measure(const struct lend *l, struct job_load *ret);
double lend_ends_at(const struct lend *l); /* its time limit; INFINITY: it has none */
void lend_free(struct lend *l);

/* watch.c */
void watch_init(struct gang *g);
/*
 * What was due at due_s is looked at now. true: the loop was away, because this process was stopped
 * or the machine was. Nothing is judged for a moment then: what workers have said meanwhile is
 * heard first, and those that were stopped, too, have time for a heartbeat.
 */
bool watch_is_quiet(struct chips *c, double due_s);
void watch_again(
	struct gang *g); /* after any change: looks, and sets the timer to what comes next */

/* tell.c: the verb. */
void chips_tell(struct backend *b, struct str *notes, struct json_out *json);

/* outcome.c: health, the result and its details; tells the scheduler. */
void outcome_of_open(struct unit *u, enum dvs_class class, const char *text);
void outcome_tell(struct gang *g);
void outcome_mark(struct unit *u, const struct job *job, enum dvs_class class, int32_t code,
		  const char *text);
void outcome_passed(struct unit *u);
bool past_has(const struct chips *c, const struct job *job, int32_t device);
void past_add(struct chips *c, const struct job *job, int32_t device, enum dvs_class class);
void past_forget(struct chips *c, const struct job *job);

#endif
