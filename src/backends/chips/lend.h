/* SPDX-License-Identifier: Apache-2.0 */
/* A lend from inside: lend.c sees it through, lend_result.c says how it ended. */
#ifndef BACKENDS_CHIPS_LEND_H
#define BACKENDS_CHIPS_LEND_H

#include "backends/chips/chips.h"
#include "exec/slot.h"

enum lend_state {
	LEND_CLEARING, /* workers that have a device open are leaving */
	LEND_RUNNING,  /* all are locked; until the slot of the process is gone */
	LEND_PROBING,  /* it failed: can they still be opened? */
};

struct lent {
	struct unit *unit; /* its lend pointer is ours as long as it is not back */
	int lock_fd;	   /* -1: none */
	bool is_back;
	bool is_probed;
	enum dvs_class class; /* if it is: DVS_OK, or why it does not open */
	const char *text;     /* in the job's arena */
};

struct lend {
	struct list link; /* in chips->lends */
	struct chips *chips;
	struct chips_job *job;
	struct lent *devices;
	uint32_t n;
	enum lend_state state;
	struct slot *slot;
	bool was_killed;
	double started_s;
	struct job_result
		result; /* of the process; texts in the job's arena. JOB_RUNNING: none yet */
};

/* It does not open any more, and it is the device's fault. */
bool lent_is_broken(const struct lent *d);
void lend_tell(struct lend *l);
/* "chips/0-1" */
void lend_add_where(const struct lend *l, struct str *out);

#endif
