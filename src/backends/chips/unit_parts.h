/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that are a unit: unit.c and unit_*.c. */
#ifndef BACKENDS_CHIPS_UNIT_PARTS_H
#define BACKENDS_CHIPS_UNIT_PARTS_H

#include "backends/chips/unit.h"

/* The sole writer of the state, by one table. */
void unit_set_state(struct unit *u, enum unit_state next);
void unit_forget_worker(struct unit *u);
void unit_note_unlocked(struct unit *u);
void unit_lock_init(struct unit *u);
void unit_lock_done(struct unit *u);
void unit_note_used(struct unit *u);

/* unit_health.c */
void unit_read_health(struct unit *u);
void unit_store_health(struct unit *u);
/* Somebody else may have written it since. */
void unit_look_at_health(struct unit *u);
/* Likewise, before a change: nobody else makes one as long as the descriptor is open; or -1. */
int unit_lock_health(struct unit *u);
/* What its driver said of it at load. */
void unit_read_driver_health(struct unit *u);
void unit_note_open_failed(struct unit *u, enum dvs_class class, const char *text);
/* It opened, without a job. If a job had broken it, that job's marks are taken back. true: it was
 * usable then; false: the probe counts. */
bool unit_note_probed_well(struct unit *u);
/* Its worker cannot be killed. */
void unit_note_dead(struct unit *u, const char *why);
void unit_suspect(struct unit *u, const char *text);

#endif
