/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unit: a device and the worker process that has it open. Only unit.c and its parts, unit_*.c,
 * write to units; tests/check/unit_writers.py checks it.
 *
 * While events are drained a unit only changes its state (unit_handle_event()). unit_act() or the
 * unit's holder acts on its worker afterwards. A unit uses its holder, a gang or a lend, only
 * through struct holder_ops.
 *
 *   CLOSED ─► OPENING ─► IDLE ─► BUSY ─► IDLE ─► CLOSING ─► CLOSED
 *   (any with a worker) ─► DYING ─► CLOSED
 *   CLOSED ─► LENT ─► CLOSED
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
	UNIT_BUSY,    /* its worker has a rank's request */
	UNIT_CLOSING, /* its worker was asked to close */
	UNIT_DYING,   /* killed, not reaped yet */
	UNIT_LENT,    /* a command borrows it */
	UNIT_STATE_COUNT
};

struct holder;

/* Calls from a unit to its holder, while events are drained: only state may change in them, and the
 * unit may be let go. u->place is the holder's own number for it. NULL, where not needed: opened,
 * phase, ended, diagnosed. */
struct holder_ops {
	void (*opened)(struct holder *h, struct unit *u);
	/* The worker is gone without having opened the device. */
	void (*open_failed)(struct holder *h, struct unit *u, enum dvs_class class,
			    const char *text);
	void (*phase)(struct holder *h, struct unit *u, uint64_t epoch, enum run_phase phase);
	void (*ended)(struct holder *h, struct unit *u, const struct device_result *result);
	void (*diagnosed)(struct holder *h, struct unit *u, const char *text);
	/* The worker of the unit is gone or, with is_stuck, still exists after SIGKILL. The board
	 * can still be read. */
	void (*died)(struct holder *h, struct unit *u, bool is_stuck, const char *why);
	/* When the unit will be free, by the limit of its run; INFINITY: not known. */
	double (*free_at)(const struct holder *h, double now_s);
};

struct holder {
	const struct holder_ops *ops;
};

/* What to do with the idle worker of a unit that has no holder. */
enum unit_leave { LEAVE_NOT, LEAVE_NICELY, LEAVE_KILLED };

struct unit {
	struct chips *chips;
	const struct chips_device *device;
	struct device_health health;
	double health_read_s; /* when health was read from its file */
	enum unit_state state;
	struct device_worker *worker; /* NULL: none */
	uint64_t serial;	      /* of the worker: its events have this number */
	struct holder *holder;	      /* NULL: free */
	uint32_t place;		      /* at the holder: a rank */
	enum unit_leave leave;
	struct device_worker_options options; /* the worker's, which borrows them */
	char *open_options;
	struct lock_file lock; /* path NULL: devices are not locked */
	char *lock_name;       /* "sim-3": its name in the queue of processes */
	double locked_at_s;    /* when its lock was taken */
	uint32_t n_used;       /* runs and lends since then */
	bool is_locked;	       /* its lock could not be taken at the last try */
	bool is_wanted;	       /* by a process that came before us */
	uint64_t aside_by;     /* the last pass that set it aside for a job */
	uint64_t image_key;    /* of its last request */
	uint32_t streak;       /* runs of that in a row */
	uint32_t n_runs, n_opened;
	uint32_t n_locked;   /* times in a row that another process had it */
	double changed_s;    /* when its state last changed */
	double open_limit_s; /* for this open; INFINITY: none */
	double open_took_s;  /* of this worker */
	double opened_s;     /* when the worker had opened */
	double retry_at_s;   /* locked by another process: not before */
	uint64_t committed;  /* bytes after the first run */
	/* A job that broke this device, and was found to be at fault: if the device opens again,
	 * that job's marks are removed. "": none. */
	char broken_by[HEALTH_JOB];
	/* The health file could not be written: `health` has changes that the file lacks. */
	bool knows_more;
	/* The lock of its health file was not free at the last change: the next one does not wait
	 * for it. */
	bool has_no_lock;
	bool is_probe;		   /* it opens only to check the device; no job may use it */
	char locked_by[256];	   /* "device 0 is in use by pid 123 …"; "" */
	enum dvs_class open_class; /* why the last open failed */
	char open_text[512];
};

void unit_init(struct unit *u, struct chips *c, const struct chips_device *d);
void unit_done(struct unit *u);

/* ---- while events are drained ---- */
void unit_handle_event(struct unit *u, const struct event *e);
void unit_hold(struct unit *u, struct holder *h, uint32_t place);
/* The holder gives it back. worker_goes_on: its worker may do another run. */
void unit_let_go(struct unit *u, bool worker_goes_on);
void unit_note_locked(struct unit *u, const char *text); /* not again before a pause */
void unit_try_again(struct unit *u);			 /* its lock may be free */

/* ---- afterwards ---- */
/* Starts a worker. limit_s: how long the open may take, 0: no limit. false: not possible now; the
 * reason is in locked_by, and the unit is tried again after a pause. */
bool unit_open(struct unit *u, const char *open_options, double limit_s);
bool unit_probe(struct unit *u); /* likewise, without a job: a probe */
/* Sends the request of a job with this image to its worker. */
void unit_send(struct unit *u, const struct device_request *r, uint64_t image_key);
void unit_close(struct unit *u); /* an idle one; its worker closes the device */
void unit_kill(struct unit *u);
void unit_lend(struct unit *u); /* a closed one */
void unit_take_back(struct unit *u);
/* Closes or kills the worker of a unit without a holder, as u->leave says. */
void unit_act(struct unit *u);
/* Kills its worker, which opens or closes for too long or, with is_silent, gives no sign of
 * life. */
void unit_is_late(struct unit *u, bool is_silent);

/* ---- unit_lock.c: locks among processes ---- */
enum unit_lock { UNIT_LOCK_OURS, UNIT_LOCK_BUSY, UNIT_LOCK_FAILED };
/* Takes the device's lock and keeps it while the unit is used. On failure the reason is in
 * locked_by. */
enum unit_lock unit_take_lock(struct unit *u);
/* Takes all of the locks, or none in addition to those that it has. */
enum unit_lock unit_take_locks(struct unit *const *units, uint32_t n);
/* At the end of a turn: releases the lock of an unused unit. */
void unit_settle_lock(struct unit *u);
void unit_look_at_others(struct unit *u); /* sets is_wanted */
void unit_set_aside(struct unit *u, uint64_t pass);
/* A process that came before us waits for it, and we have not taken its lock or have had it long
 * enough. */
bool unit_must_yield(const struct unit *u);

/* ---- unit_health.c ---- */
void unit_look_at_health_again(struct unit *u);
/* When to read the health of an unusable device again, since a user may clear it; INFINITY:
 * never. */
double unit_reread_at(const struct unit *u);
/* An end of job on it. Adds a mark if the class marks devices. */
void unit_mark(struct unit *u, const struct job *job, enum dvs_class class, int32_t code,
	       const char *text);
void unit_note_passed(struct unit *u);
/* The device opens after job wedged it: it may be used again, with one mark of job. */
void unit_note_opened_again(struct unit *u, const struct job *job);
/* The job was at fault: removes its marks, now or, if they are all that quarantines the device,
 * when it has opened again. probes_now: it is probed as soon as a job waits, else when the
 * quarantine ends. */
void unit_take_marks_back(struct unit *u, const struct job *job, bool probes_now);

/* ---- queries ---- */
bool unit_is_held(const struct unit *u);
/* When its open or close is late; INFINITY: never. */
double unit_late_at(const struct unit *u);
/* When its open or close counts as slow: from then on the unit is not free, and another one may be
 * opened. */
double unit_slow_at(const struct unit *u);

#endif
