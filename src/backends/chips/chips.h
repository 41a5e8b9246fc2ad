/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internals of the chips backend: units (a device and the worker that has it open), waiting jobs,
 * and gangs that hold units. A job on one device is a gang of one. A job with a command has a lend
 * instead of a gang: its units have no workers, and are locked for a process in a slot.
 *
 * The pool is a state machine with a turn. Everything that happens is appended to a queue as data
 * (event.h). The turn (turn.c) has four steps, in this order:
 *
 *   drain    events change the state of units (unit_event.c), and through them of gangs and lends
 *   look     clocks: the boards are read, watch.c gives verdicts, which change state like events
 *   decide   which job gets which units (choose.c, reserve.c, outlook.c: functions without effects)
 *   act      start, instruct and kill workers; report to the scheduler; set one timer
 *
 * No step calls back up, and none blocks. All of it runs in the loop's thread.
 */
#ifndef BACKENDS_CHIPS_CHIPS_H
#define BACKENDS_CHIPS_CHIPS_H

#include <ev.h>

#include "backends/chips/event.h"
#include "backends/chips/request.h"
#include "backends/chips/settings.h"
#include "backends/chips/unit.h"
#include "base/list.h"
#include "base/vec.h"
#include "scheduler/backend.h"

struct device_queue;
struct gang;
struct watch_rank;

/* A job from submit() to its end. */
struct chips_job {
	struct list link; /* in chips->queue */
	struct chips *chips;
	const struct job *job;
	uint32_t attempt;
	struct arena *mem;
	const struct chips_request *request;
	double queued_s;
	double stuck_s; /* since when too few devices are usable for it; 0: enough are */
	/* The last pass over the queue that set devices aside for it; not all of them are open. */
	uint64_t served_by;
	enum job_reason refused; /* why it ends without a start; REASON_NONE: it does not */
	const char *refused_text;
};

/* A device on which a job failed. A retry prefers other devices; if it fails there, too, the job is
 * at fault, not the device. */
struct past {
	uint32_t job; /* index in the plan */
	int32_t device;
	enum dvs_class class; /* DVS_OK: the job broke another device, and this one still opened */
};

/* Whether a device still opens after a job failed on it: a fresh worker opened it, without a
 * job. */
struct device_probe {
	bool is_done;
	enum dvs_class class; /* DVS_OK, or why it does not open */
	const char *text;     /* in the job's arena */
};

struct console;

struct chips {
	struct backend base;
	struct backend_ops ops; /* with this backend's name */
	struct arena *mem;
	struct ev_loop *loop;
	const struct clock *clock;
	const char *scratch_root;
	uint64_t job_nofile;
	const char *cgroup_dir;
	void (*warn)(const char *text);
	struct console *console; /* the user's terminal, for a command that borrows devices */
	struct chips_settings *s;
	struct unit *units;
	uint32_t n_units;
	struct event_queue events;
	struct list queue, gangs, lends;
	uint32_t n_queued; /* includes jobs that are still in events */
	uint32_t n_workers;
	uint64_t last_epoch, last_pass;
	VEC(struct past) past;
	double last_event_s; /* when something last ended or opened */
	double turn_s;	     /* the clock at the start of this turn */
	double paused_s;     /* start of the pause, if is_paused */
	double back_s;	     /* when the loop last resumed after a stop */
	double due_s;	     /* when the timer fires; INFINITY: it is not set */
	bool is_paused, is_closing;
	bool has_said_waits; /* a wait was reported; until the queue is empty */
	ev_prepare woken;    /* never started: fed when there are events */
	ev_timer timer;
	struct watch_rank *view;    /* room for n_units */
	struct device_queue *line;  /* our place among processes; NULL: devices are not locked */
	const struct job *line_job; /* the job that the place is for; NULL: no place */
	uint32_t line_attempt;
	const struct job_rules *last_checked;
	void (*closed)(void *ctx, const char *trouble);
	struct str trouble; /* errors while workers closed, for closed() */
	void *closed_ctx;
	char *health_warning; /* the last problem with a health file; reported at the end */
};

static inline struct chips *chips_of(struct backend *b)
{
	return container_of(b, struct chips, base);
}

/* Devices were set aside for j in the last pass over the queue. */
static inline bool chips_job_is_served(const struct chips_job *j)
{
	return j->served_by && j->served_by == j->chips->last_pass;
}

static inline double chips_now(const struct chips *c)
{
	return clock_now(c->clock);
}

/* turn.c */
void chips_turn_init(struct chips *c);
void chips_turn_done(struct chips *c);
void chips_wake(struct chips *c); /* requests a turn, after all pending callbacks */
void chips_turn(struct chips *c);

/* queue.c: waiting jobs. */
/* Starts jobs that can start, and opens and closes workers for those that wait. */
void queue_act(struct chips *c);
void queue_end_refused(struct chips *c);
double queue_next_s(const struct chips *c); /* when queue_act() is needed again */
struct chips_job *queue_find(const struct chips *c, const struct job *job);
/* Puts j, which was not started, back at the front of the queue. */
void queue_put_back(struct chips_job *j);
/* j ends without a start, in this turn. */
void queue_refuse_job(struct chips_job *j, enum job_reason reason, const char *text);
/* The driver rejects these options: ends the waiting jobs that open devices with them. */
void queue_refuse(struct chips *c, const char *open_options, const char *text);
/* A job of the queue has started. */
void queue_note_started(struct chips *c);
void queue_resumed(struct chips *c, double pause_s); /* not counted as waiting */
void queue_done(struct chips *c);
void chips_job_free(struct chips_job *j);

/* line.c: our place among the processes that use these devices. */
void line_init(struct chips *c);
void line_done(struct chips *c);
/* Another process joined or left the queue for these devices, or gave one back. */
void line_handle_change(struct chips *c);
void line_look(struct chips *c);
void line_act(struct chips *c);
void line_leave(struct chips *c); /* line_act() may join again */

/* tend.c: unused units. */
void tend_units(struct chips *c);
double tend_next_s(const struct chips *c);

/* outlook.c */
/* How many usable units j could have at once. */
uint32_t outlook_n_usable(const struct chips_job *j);
/* The same, without units that j has broken. */
uint32_t outlook_n_unbroken(const struct chips_job *j);
void outlook_end_hopeless(struct chips *c);
void outlook_say_waits(const struct chips_job *j);
/* No gang and no lend exists. */
bool chips_is_unused(const struct chips *c);
/* Ends a job that was never started. */
void chips_job_end_unstarted(struct chips_job *j, enum job_reason reason, const char *text);

/* reserve.c: pure. */
struct reservation {
	const struct chips_job *job; /* NULL: none */
	bool *units;
	double at_s; /* when they will be free, by the limits of runs; INFINITY: not known */
};
/* Reserves the units that will be free first, in *r. false: j cannot run on the usable units,
 * however long it waits. */
bool reserve_for(const struct chips *c, const struct chips_job *j, struct reservation *r);
/* If j started now, it would end before r->at_s. */
bool reserve_ends_before(const struct chips *c, const struct chips_job *j,
			 const struct reservation *r);

/* choose.c: pure. Units for a job, best first, into ret[n_devices]; false: not now. withheld: units
 * that j must not use, by index; or NULL. *ret_is_ready: j can be bound to all of them now; else
 * some must be opened first. */
bool chips_choose(const struct chips *c, const struct chips_job *j, const bool *withheld,
		  struct unit **ret, bool *ret_is_ready);
/* The unit has no holder and is open or can be opened. It may be opening or closing now. */
bool unit_is_free(const struct unit *u, double now_s);

/* tell.c: the backend's verb. */
void chips_tell(struct backend *b, struct str *notes, struct json_out *json);

/* past.c: devices on which jobs failed before. */
/* The job has ended with this class before, so the job is at fault. The earlier end must be on
 * another device, unless the class says that the device is broken: a job gets a device that it
 * broke again only if there are no others and the device opened in between. */
bool past_has_like(const struct chips *c, const struct job *job, int32_t device,
		   enum dvs_class class);
/* broken: the devices that broke in one attempt. true: the job is at fault, since two of them are
 * not in one fault domain, or it broke a device before. */
bool past_shows_the_job(const struct chips *c, const struct job *job, struct unit *const *broken,
			uint32_t n);
/* The device opened before the job and does not any more. A device that another process has, or
 * that the pool's options do not open, is not broken. */
bool probe_found_broken(const struct device_probe *p);
/* "; then device 3 does not open any more: why" */
void probe_add_broken(struct str *out, const struct unit *u, const struct device_probe *p);
/* Removes the job's marks from devices on which it ended with this class: at once, or when a probe
 * shows that the device opens again. probes_now: see unit_take_marks_back(). */
void past_take_marks_back(struct chips *c, const struct job *job, enum dvs_class class,
			  bool probes_now);
/* "the job breaks devices (0,6): text", with all devices on which it has ended like this. */
const char *past_say_breaks(const struct chips *c, const struct job *job, enum dvs_class class,
			    const char *text, struct arena *mem);
bool past_has(const struct chips *c, const struct job *job, int32_t device);
/* The job broke another device, and this one still opened. */
bool past_was_well(const struct chips *c, const struct job *job, int32_t device);
/* j must not use u: it broke u, and there are enough other devices. */
bool past_forbids(const struct chips_job *j, const struct unit *u);
bool past_has_broken(const struct chips *c, const struct job *job, int32_t device);
void past_add(struct chips *c, const struct job *job, int32_t device, enum dvs_class class);
void past_forget(struct chips *c, const struct job *job);

#endif
