/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chips backend from inside: units (a device and the worker that has it open), jobs that wait,
 * gangs that hold units. A job on one device is a gang of one. A job with a command of its own
 * holds no gang but a lend: units without workers, locked for a process that a slot runs.
 *
 * The pool is a state machine with a turn. Whatever happens is appended to a queue as data
 * (event.h); the turn (turn.c) then does four things, in this order:
 *
 *   hear     events change the state of units (unit.c), and by them of gangs and lends
 *   look     clocks: the boards are read, watch.c gives verdicts, which are events like others
 *   decide   who gets what (choose.c, reserve.c, outlook.c: functions without effects)
 *   act      start, instruct and kill workers; report to the scheduler; set one timer
 *
 * Nothing calls back up, and nothing waits. All of it runs in the loop's thread.
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
	double stuck_s;	    /* since when too few devices are usable for it; 0: enough are */
	uint64_t served_by; /* the pass over the queue that found devices for it, not all open */
	enum job_reason refused; /* it ends without a start; REASON_NONE: not so */
	const char *refused_text;
};

/* Where a job has failed before: a retry goes elsewhere, and shows what is at fault. */
struct past {
	uint32_t job; /* index in the plan */
	int32_t device;
	enum dvs_class class; /* DVS_OK: it broke another one, and this one opens as before */
};

/* A device that was opened by a fresh worker, without a job, after one had failed on it. */
struct device_probe {
	bool is_done;
	enum dvs_class class; /* DVS_OK, or why it does not open */
	const char *text;     /* in the job's arena */
};

struct console;

struct chips {
	struct backend base;
	struct backend_ops ops; /* under the backend's own name */
	struct arena *mem;
	struct ev_loop *loop;
	const struct clock *clock;
	const char *scratch_root;
	uint64_t job_nofile;
	void (*warn)(const char *text);
	struct console *console; /* the user's terminal, for a command that borrows devices */
	struct chips_settings *s;
	struct unit *units;
	uint32_t n_units;
	struct event_queue events;
	struct list queue, gangs, lends;
	uint32_t n_queued; /* with those that are still events */
	uint32_t n_workers;
	uint64_t last_epoch, last_pass;
	VEC(struct past) past;
	double last_event_s; /* something ended or was opened */
	double turn_s;	     /* the time of the turn that is going on: many look at it */
	double paused_s;     /* since when, if it is */
	double back_s;	     /* the last time that the loop had been away */
	double due_s;	     /* when the timer fires; INFINITY: it does not */
	bool is_paused, is_closing;
	bool has_refused;    /* a job of the queue ends in this turn */
	bool has_said_waits; /* that somebody waits; until all have started */
	ev_prepare woken;    /* never started: fed when there are events */
	ev_timer timer;
	struct watch_rank *view;    /* room for n_units */
	struct device_queue *line;  /* our place among processes; NULL: nobody locks */
	const struct job *line_job; /* that it is for; NULL: we do not wait */
	uint32_t line_attempt;
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

/* Devices were set aside for it in the last pass over the queue. */
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
void chips_wake(struct chips *c); /* a turn comes when the loop has nothing else to do */
void chips_turn(struct chips *c);

/* queue.c: jobs that wait. */
/* Starts what can start, opens and closes workers for what waits. */
void queue_act(struct chips *c);
void queue_end_refused(struct chips *c);
double queue_next_s(const struct chips *c); /* when it is to be looked at again */
struct chips_job *queue_find(const struct chips *c, const struct job *job);
/* Not its fault: it waits again, at the front. */
void queue_put_back(struct chips_job *j);
/* j ends without a start, in this turn. */
void queue_refuse_job(struct chips_job *j, enum job_reason reason, const char *text);
/* The driver says that nothing can be opened with these options: who waits with them ends. */
void queue_refuse(struct chips *c, const char *open_options, const char *text);
/* One of its jobs has started. */
void queue_note_started(struct chips *c);
void queue_resumed(struct chips *c, double pause_s); /* which nobody's clock counts */
void queue_done(struct chips *c);
void chips_job_free(struct chips_job *j);

/* line.c: our place among the processes that want these devices. */
void line_init(struct chips *c);
void line_done(struct chips *c);
/* Another process joined or left the queue for these devices, or gave one back. */
void line_handle_change(struct chips *c);
void line_look(struct chips *c);
void line_act(struct chips *c);
void line_leave(struct chips *c); /* until the next turn */

/* tend.c: units that nobody uses. */
void tend_units(struct chips *c);
double tend_next_s(const struct chips *c);

/* outlook.c */
/* How many usable units j could have at once. */
uint32_t outlook_n_usable(const struct chips_job *j);
/* Of those that it has not broken. */
uint32_t outlook_n_unbroken(const struct chips_job *j);
void outlook_end_hopeless(struct chips *c);
void outlook_say_waits(const struct chips_job *j);
/* Nobody has a unit. */
bool chips_is_unused(const struct chips *c);
/* Ends a job that was never started. */
void chips_job_end_unstarted(struct chips_job *j, enum job_reason reason, const char *text);

/* reserve.c: pure. */
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

/* choose.c: pure. Units for a job, best first, into ret[n_devices]; false: not now. withheld: those
 * that it must leave alone; or NULL. *ret_is_ready: all can be had at once; else some must open
 * first. */
bool chips_choose(const struct chips *c, const struct chips_job *j, const bool *withheld,
		  struct unit **ret, bool *ret_is_ready);
/* Nobody has it, and it is open or could be; perhaps it opens, or closes, at the moment. */
bool unit_is_free(const struct unit *u, double now_s);

/* tell.c: the verb. */
void chips_tell(struct backend *b, struct str *notes, struct json_out *json);

/* past.c: where jobs have failed before. */
/* The job has ended like this before, so it is the job: on another device, or, if the class says
 * that the device is broken, on any. It returns to such a device only if there are no others and it
 * opened in between. */
bool past_has_like(const struct chips *c, const struct job *job, int32_t device,
		   enum dvs_class class);
/* These broke under the job in one attempt. It is the job if two of them do not fail together by
 * themselves, or if any broke under it before. */
bool past_shows_the_job(const struct chips *c, const struct job *job, struct unit *const *broken,
			uint32_t n);
/* It opened before the job, and does not any more. Somebody else's by now, or never to be opened by
 * a worker as the pool is set up: that says nothing of the device. */
bool probe_found_broken(const struct device_probe *p);
/* "; then device 3 does not open any more: why" */
void probe_add_broken(struct str *out, const struct unit *u, const struct device_probe *p);
/* Its devices get their marks back: at once, or when a probe shows that they open again. */
void past_take_marks_back(struct chips *c, const struct job *job, enum dvs_class class,
			  bool probes_now);
/* "the job breaks devices (0,6): text", with all devices on which it has ended like this. */
const char *past_say_breaks(const struct chips *c, const struct job *job, enum dvs_class class,
			    const char *text, struct arena *mem);
bool past_has(const struct chips *c, const struct job *job, int32_t device);
/* It broke another device, and this one opened as before. */
bool past_was_well(const struct chips *c, const struct job *job, int32_t device);
/* It broke u, and there are enough others. */
bool past_forbids(const struct chips_job *j, const struct unit *u);
bool past_has_broken(const struct chips *c, const struct job *job, int32_t device);
void past_add(struct chips *c, const struct job *job, int32_t device, enum dvs_class class);
void past_forget(struct chips *c, const struct job *job);

#endif
