/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unit: a device and the worker process that has it open. Only unit.c and its parts, unit_*.c,
 * write to units; tests/check/unit_writers.py looks.
 *
 * While events are drained a unit only changes its state (unit_handle_event()); what follows for
 * its worker is done afterwards, by unit_act() or by the unit's holder. A holder is known by its
 * interface alone: a gang and a lend are two.
 *
 *   CLOSED ─► OPENING ─► IDLE ─► BUSY ─► IDLE ─► CLOSING ─► CLOSED     (any with a worker) ─► DYING
 * ─► CLOSED CLOSED ─► LENT ─► CLOSED
 */
#ifndef BACKENDS_CHIPS_UNIT_H
#define BACKENDS_CHIPS_UNIT_H

#include "backends/chips/settings.h"
#include "device/lock/lock.h"
#include "device/health/health.h"
#include "device/worker/worker.h"

struct chips;
struct event;
struct job;
struct unit;

enum unit_state {
	UNIT_CLOSED,  /* no process */
	UNIT_OPENING, /* a process that opens the device */
	UNIT_IDLE,    /* open */
	UNIT_BUSY,    /* a rank's request is with it */
	UNIT_CLOSING, /* told to leave */
	UNIT_DYING,   /* killed, not reaped yet */
	UNIT_LENT,    /* to a process that borrows it */
	UNIT_STATE_COUNT
};

struct holder;

/* What a unit tells its holder while events are drained: only state may change there, and the unit
 * may be let go. u->place is the holder's own number for it. NULL members: not interested. */
struct holder_ops {
	void (*opened)(struct holder *h, struct unit *u);
	/* The process that should have opened it is gone. */
	void (*open_failed)(struct holder *h, struct unit *u, enum dvs_class class,
			    const char *text);
	void (*phase)(struct holder *h, struct unit *u, uint64_t epoch, enum run_phase phase);
	void (*ended)(struct holder *h, struct unit *u, const struct device_result *result);
	void (*diagnosed)(struct holder *h, struct unit *u, const char *text);
	/* Its worker is gone; the board can still be read. is_stuck: it is there even after
	 * SIGKILL. */
	void (*died)(struct holder *h, struct unit *u, bool is_stuck, const char *why);
	/* When the unit will be free, as far as limits tell; INFINITY: not known. */
	double (*free_at)(const struct holder *h, double now_s);
};

struct holder {
	const struct holder_ops *ops;
};

/* What becomes of an idle worker that nobody holds. */
enum unit_leave { LEAVE_NOT, LEAVE_NICELY, LEAVE_KILLED };

struct unit {
	struct chips *chips;
	const struct chips_device *device;
	struct device_health health;
	double health_read_s; /* as it was stored then, or has been since by us */
	enum unit_state state;
	struct device_worker *worker; /* NULL: none */
	uint64_t serial;	      /* of the worker: what an earlier one said is not heard */
	struct holder *holder;	      /* NULL: free */
	uint32_t place;		      /* at the holder: a rank */
	enum unit_leave leave;
	struct device_worker_options options; /* the worker's, as long as it lives */
	char *open_options;
	struct lock_file lock; /* path NULL: nobody locks */
	char *lock_name;       /* "sim-3": what others call it who wait */
	double locked_at_s;    /* since when it is ours by its lock */
	uint32_t n_used;       /* runs and lends since then */
	bool is_locked;	       /* by somebody else, when it was tried last */
	bool is_wanted;	       /* by somebody who came before us */
	uint64_t aside_by;     /* the last pass that set it aside for a job */
	uint64_t image_key;    /* what it loaded last */
	uint32_t streak;       /* runs of that in a row */
	uint32_t n_runs, n_opened;
	uint32_t n_locked;   /* times in a row that somebody else had it */
	double changed_s;    /* when it got its state */
	double open_limit_s; /* for this open; INFINITY: none */
	double open_took_s;  /* of this worker */
	double opened_s;     /* the worker */
	double retry_at_s;   /* locked by somebody else: not before */
	uint64_t committed;  /* bytes after the first run */
	/* A job that was found to break devices did so here: if the device opens again, that job's
	 * marks are taken back; "". */
	char broken_by[HEALTH_JOB];
	bool knows_more;	   /* than its file of health, which could not be written */
	bool has_no_lock;	   /* of that file, at the last change: not waited for again */
	bool is_probe;		   /* it opens to see whether it can: no job may have it */
	char locked_by[256];	   /* "device 0 is in use by pid 123 …"; "" */
	enum dvs_class open_class; /* why the last open failed */
	char open_text[512];
};

void unit_init(struct unit *u, struct chips *c, const struct chips_device *d);
void unit_done(struct unit *u);

/* ---- while events are drained ---- */
void unit_handle_event(struct unit *u, const struct event *e);
void unit_hold(struct unit *u, struct holder *h, uint32_t place);
/* Its holder is through with it. worker_goes_on: the process may do another run. */
void unit_let_go(struct unit *u, bool worker_goes_on);
void unit_note_locked(struct unit *u, const char *text); /* not again before a pause */
void unit_try_again(struct unit *u);			 /* its lock may be free */

/* ---- afterwards ---- */
/* Starts a worker. limit_s: how long it may take, 0: no limit. false: it cannot be now; the reason
 * stands in locked_by, and it is tried again after a pause. */
bool unit_open(struct unit *u, const char *open_options, double limit_s);
bool unit_probe(struct unit *u); /* likewise, without a job */
/* A request of a job with this image goes to its worker. */
void unit_send(struct unit *u, const struct device_request *r, uint64_t image_key);
void unit_close(struct unit *u); /* nicely, when idle */
void unit_kill(struct unit *u);
void unit_lend(struct unit *u); /* a closed one */
void unit_take_back(struct unit *u);
/* What follows for the worker of a unit that nobody holds. */
void unit_act(struct unit *u);
/* It opens, or closes, for longer than it may, or its worker gives no sign of life: killed. */
void unit_is_late(struct unit *u, bool is_silent);

/* ---- unit_lock.c: among processes ---- */
enum unit_lock { UNIT_LOCK_OURS, UNIT_LOCK_BUSY, UNIT_LOCK_FAILED };
/* Ours by its lock as long as it is used; why it is not stands in locked_by. */
enum unit_lock unit_take_lock(struct unit *u);
/* All of them, or none more than before. */
enum unit_lock unit_take_locks(struct unit *const *units, uint32_t n);
/* At the end of a turn: what nobody uses is given back. */
void unit_settle_lock(struct unit *u);
void unit_look_at_others(struct unit *u); /* who wait for it, too */
void unit_set_aside(struct unit *u, uint64_t pass);
/* Somebody came before us: we do not take it, and have had it long enough. */
bool unit_must_yield(const struct unit *u);

/* ---- unit_health.c ---- */
void unit_look_at_health_again(struct unit *u);
/* When that is to be done for a device that must not be used: a person may clear it. INFINITY: not.
 */
double unit_reread_at(const struct unit *u);
/* An end of job on it, of a class that marks devices or does not. */
void unit_mark(struct unit *u, const struct job *job, enum dvs_class class, int32_t code,
	       const char *text);
void unit_note_passed(struct unit *u);
/* job wedged it, and now it opens: what is left is one mark of job's. */
void unit_note_opened_again(struct unit *u, const struct job *job);
/* It was the job: its marks go, now or when the device has opened again. probes_now: that is tried
 * as soon as somebody waits, else when the quarantine ends. */
void unit_take_marks_back(struct unit *u, const struct job *job, bool probes_now);

/* ---- looked at ---- */
bool unit_is_held(const struct unit *u);
/* When its open or close is late; INFINITY: there is no such clock. */
double unit_late_at(const struct unit *u);
/* An open that takes so much of its limit is not waited for alone. */
double unit_slow_at(const struct unit *u);

#endif
