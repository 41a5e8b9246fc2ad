/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to the pool, as data. Verbs of the backend and callbacks of workers, slots and the
 * device queue append an event and wake the pool, and do nothing else. The turn drains the queue.
 */
#ifndef BACKENDS_CHIPS_EVENT_H
#define BACKENDS_CHIPS_EVENT_H

#include "device/worker/worker.h"
#include "exec/slot.h"
#include "scheduler/backend.h"

struct chips;
struct chips_job;
struct lend;
struct unit;

enum event_kind {
	/* of the scheduler */
	EVENT_SUBMIT, /* new_job */
	EVENT_KILL,   /* job, level, reason */
	EVENT_PAUSE,  /* flag */
	/* of other processes */
	EVENT_OTHERS,
	/* of a unit's worker */
	EVENT_OPENED,
	EVENT_OPEN_FAILED, /* class, text */
	EVENT_PHASE,	   /* epoch, phase */
	EVENT_RUN_ENDED,   /* run; flag: the worker can take another one */
	EVENT_DIAGNOSED,   /* text */
	EVENT_DIED,	   /* text; flag: it still exists after SIGKILL */
	/* of a lend's slot */
	EVENT_SLOT_ENDED, /* result */
	EVENT_SLOT_DIED,  /* text, reason */
};

struct event {
	enum event_kind kind;
	bool flag;
	struct chips_job *new_job;
	const struct job *job;
	enum kill_level level;
	enum job_reason reason;
	struct unit *unit;
	uint64_t serial; /* of the unit's worker */
	struct lend *lend;
	enum dvs_class class;
	uint64_t epoch;
	enum run_phase phase;
	/* In the queue's memory until the event is drained. */
	const char *text;
	const struct device_result *run;
	const struct job_result *result;
};

struct event_queue {
	struct event *at;
	size_t n, cap;
	struct arena *mem; /* of texts; NULL: none */
};

/* Appends e and wakes the pool. What e points to is copied. */
void event_add(struct chips *c, const struct event *e);
/* Delivers all events to their receivers, which only change state. */
void events_drain(struct chips *c);
void events_done(struct chips *c);

extern const struct device_worker_handler event_of_worker; /* ctx: the unit */
extern const struct slot_handler event_of_slot;		   /* ctx: the lend */

#endif
