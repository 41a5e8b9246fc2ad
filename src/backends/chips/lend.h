/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lend: devices for a process that opens them itself. They are ours by their locks when it
 * begins, and the slot that runs it has copies of these: they are free only when its last process
 * is gone, whichever of the two dies first. A slot serves one lend.
 *
 * If the process fails, a worker opens each device before the failure is reported. A device that
 * does not open is quarantined, and the failure counts as the device's.
 *
 * What it hears changes its state; lend_act() does what that asks for. lend_result.c says how it
 * ended.
 */
#ifndef BACKENDS_CHIPS_LEND_H
#define BACKENDS_CHIPS_LEND_H

#include "backends/chips/chips.h"
#include "exec/slot.h"

enum lend_state {
	LEND_CLEARING, /* workers that have a device open are leaving */
	LEND_RUNNING,  /* all are locked; until the slot of the process is gone */
	LEND_SETTLING, /* its process and its slot are gone: did it fail? */
	LEND_PROBING,  /* it failed: can they still be opened? */
};

struct lent {
	struct unit *unit; /* held by the lend as long as it is not back */
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
	bool must_kill; /* when all events are heard */
	enum kill_level kill_level;
	enum job_reason kill_reason;
	double started_s;
	struct job_result
		result; /* of the process; texts in the job's arena. JOB_RUNNING: none yet */
};

/* The units are free; those that are open are closed first. */
struct lend *lend_new(struct chips_job *j, struct unit *const *units);
/* What its state asks for; l may be gone then. */
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
