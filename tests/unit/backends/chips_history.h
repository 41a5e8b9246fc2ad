/* SPDX-License-Identifier: Apache-2.0 */
/* A random history of the chips backend, and what must hold after each of its steps. */
#ifndef TESTS_UNIT_BACKENDS_CHIPS_HISTORY_H
#define TESTS_UNIT_BACKENDS_CHIPS_HISTORY_H

#include "chips_double.h"

struct history {
	unsigned seed, random;
	unsigned trouble; /* of 1000 events, so many are bad */
	bool is_calm;	  /* no faults: no job may wait for long */
	const struct job *head;
	double head_since_s;
	uint32_t n_passed, n_other;
	/* Jobs that break their devices, and jobs that have done so; devices that do not open. */
	bool is_breaker[MOST_JOBS], has_broken[MOST_JOBS], is_broken[MOST_DEVICES];
	/* Locks of other processes; before the step: the process at the front, and the locks of
	 * this one.
	 */
	int theirs[MOST_DEVICES];
	bool was_others[MOST_DEVICES], had_lock[MOST_DEVICES];
};
extern struct history h;

/* No device has two holders, every job is in one place, and a rank that was asked to end is killed
 * in time. */
void history_check_books(void);
/* Locks are held exactly while the devices are in use. */
void history_check_locks(void);
/* Without faults no job waits for ever. */
void history_check_patience(void);
/* j has ended as the class of its cause says; is called in that moment. */
void history_check_row(struct fake_job *j);

#endif
