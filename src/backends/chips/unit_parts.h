/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that are a unit: unit.c and unit_hear.c. */
#ifndef BACKENDS_CHIPS_UNIT_PARTS_H
#define BACKENDS_CHIPS_UNIT_PARTS_H

#include "backends/chips/unit.h"

/* The sole writer of the state, by one table. */
void unit_set_state(struct unit *u, enum unit_state next);
void unit_forget_worker(struct unit *u);
void unit_note_unlocked(struct unit *u);
void unit_look_at_health(struct unit *u);
void unit_lock_init(struct unit *u);
void unit_lock_done(struct unit *u);
void unit_note_used(struct unit *u);

#endif
