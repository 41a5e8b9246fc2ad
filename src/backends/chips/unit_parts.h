/* SPDX-License-Identifier: Apache-2.0 */
/* Shared only by the files of a unit: unit.c and unit_*.c. */
#ifndef BACKENDS_CHIPS_UNIT_PARTS_H
#define BACKENDS_CHIPS_UNIT_PARTS_H

#include "backends/chips/unit.h"

/* The only writer of the state; asserts that the table allows the change. */
void unit_set_state(struct unit *u, enum unit_state next);
void unit_forget_worker(struct unit *u);
void unit_note_unlocked(struct unit *u);
void unit_lock_init(struct unit *u);
void unit_lock_done(struct unit *u);
void unit_note_used(struct unit *u);

/* unit_health.c */
void unit_read_health(struct unit *u);
/* Reads the health again: another process may have changed it. */
void unit_look_at_health(struct unit *u);
/* Quarantines a device that its driver reported as bad at load. */
void unit_read_driver_health(struct unit *u);
void unit_note_open_failed(struct unit *u, enum dvs_class class, const char *text);
/* A probe opened the device. If a job had broken the device, the marks of that job are removed:
 * true if the device is usable then. Otherwise the probe counts as passed. */
bool unit_note_probed_well(struct unit *u);
/* The worker of the unit cannot be killed. */
void unit_note_dead(struct unit *u, const char *why);
void unit_suspect(struct unit *u, const char *text);

#endif
