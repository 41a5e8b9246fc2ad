/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lend: devices for a command that opens them itself. The pool has the locks of all of them when
 * the command starts, and the slot that runs it has copies of their descriptors. So the devices are
 * free only when the last process is gone, whichever of the two dies first. A slot serves one lend.
 *
 * If the command fails, a worker opens each device before the failure is reported. A device that
 * does not open is quarantined, and the device is at fault, not the job.
 *
 * Events change the state of a lend, and lend_act() acts on it. lend_result.c makes the result.
 */
#ifndef BACKENDS_CHIPS_LEND_H
#define BACKENDS_CHIPS_LEND_H

#include "backends/chips/chips.h"
#include "exec/slot.h"

enum lend_state {
	LEND_CLEARING, /* workers that have a device open close it */
	LEND_RUNNING,  /* the command runs in its slot, and has the devices */
	LEND_SETTLING, /* the slot has ended; the devices are taken back */
	LEND_PROBING,  /* it failed: workers try to open the devices */
};

struct lent {
	struct unit *unit; /* held by the lend until is_back */
	bool is_back;
	struct device_probe probe;
};

struct lend {
	struct holder holder;
	struct list link; /* in chips->lends */
	struct chips *chips;
	struct chips_job *job;
	struct lent *devices;
	uint32_t n;
	enum lend_state state;
	struct slot *slot;
	bool was_killed, is_slot_closed;
	bool must_kill; /* in the next lend_act() */
	enum kill_level kill_level;
	enum job_reason kill_reason;
	double started_s;
	/* Of the command; texts in the job's arena. JOB_RUNNING: none yet. */
	struct job_result result;
};

/* The units are free; open ones are closed first. Takes over j. */
struct lend *lend_new(struct chips_job *j, struct unit *const *units);
/* Acts on the state; may free l. */
void lend_act(struct lend *l);
void lend_free(struct lend *l);

/* While events are drained. */
void lend_kill(struct lend *l, enum kill_level level, enum job_reason reason);
void lend_handle_ended(struct lend *l, const struct job_result *result);
void lend_handle_died(struct lend *l, enum job_reason lost_reason, const char *why);

void lend_suspend(struct lend *l, bool is_suspended);
struct lend *lend_find(const struct chips *c, const struct job *job);
bool lend_measure(const struct lend *l, struct job_load *ret);

/* lend_result.c */
void lend_tell(struct lend *l);
/* "chips/0-1" */
void lend_add_where(const struct lend *l, struct str *out);

#endif
