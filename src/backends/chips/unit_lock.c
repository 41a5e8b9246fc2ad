/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks of units, among the processes of the machine.
 *
 * The lock is taken before a worker is started or a command borrows the device, and kept from one
 * to the next. Workers and slots get copies of its descriptor, so the device stays locked as long
 * as any of them uses it. All devices of a job are locked at once, or none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "backends/chips/chips.h"
#include "backends/chips/unit_parts.h"
#include "base/mem.h"
#include "device/lock/queue.h"

/* A pool keeps a device for which other processes wait for this many times the duration of its
 * open. Otherwise short jobs would take more time to open than to run. */
static const double stay_factor = 4;

void unit_lock_init(struct unit *u)
{
	const char *dir = u->chips->s->lock_dir;

	lock_file_init(&u->lock,
		       dir ? device_lock_path(dir, u->device->family, u->device->machine_id)
			   : NULL);
	if (dir)
		u->lock_name = xasprintf("%s-%d", u->device->family, u->device->machine_id);
}

void unit_lock_done(struct unit *u)
{
	lock_file_done(&u->lock);
	free(u->lock_name);
}

void unit_note_used(struct unit *u)
{
	u->n_used++;
}

/* Another process may have had the device, and changed its health. */
static void note_ours(struct unit *u)
{
	u->locked_at_s = chips_now(u->chips);
	u->n_used = 0;
	if (u->state == UNIT_CLOSED)
		unit_look_at_health(u);
}

enum unit_lock unit_take_lock(struct unit *u)
{
	_cleanup_(str_done) struct str why = {0};
	bool was_ours = u->lock.is_held, is_busy;
	pid_t holder;

	if (!u->lock.path || lock_file_try(&u->lock, &holder) == 0) {
		u->is_locked = false;
		if (!was_ours)
			note_ours(u);
		return UNIT_LOCK_OURS;
	}
	is_busy = errno == EWOULDBLOCK;
	device_lock_explain(&why, u->lock.path, u->device->id, holder);
	u->is_locked = true;
	unit_note_locked(u, why.s);
	return is_busy ? UNIT_LOCK_BUSY : UNIT_LOCK_FAILED;
}

enum unit_lock unit_take_locks(struct unit *const *units, uint32_t n)
{
	enum unit_lock end = UNIT_LOCK_OURS;
	bool *is_new = xcalloc(n, sizeof(*is_new));

	for (uint32_t i = 0; i < n && end == UNIT_LOCK_OURS; i++) {
		is_new[i] = !units[i]->lock.is_held;
		end = unit_take_lock(units[i]);
		if (end == UNIT_LOCK_OURS && !health_is_usable(&units[i]->health))
			end = UNIT_LOCK_BUSY; /* by its health as others left it */
	}
	for (uint32_t i = 0; i < n && end != UNIT_LOCK_OURS; i++)
		if (is_new[i])
			lock_file_undo(&units[i]->lock);
	free(is_new);
	return end;
}

void unit_settle_lock(struct unit *u)
{
	if (u->state == UNIT_CLOSED && !u->holder && u->lock.is_held)
		lock_file_release(&u->lock);
}

void unit_try_again(struct unit *u)
{
	if (u->is_locked)
		u->retry_at_s = 0;
}

void unit_look_at_others(struct unit *u)
{
	struct device_queue *line = u->chips->line;

	u->is_wanted = line && device_queue_is_others(line, u->lock_name);
}

void unit_set_aside(struct unit *u, uint64_t pass)
{
	u->aside_by = pass;
}

bool unit_must_yield(const struct unit *u)
{
	if (!u->is_wanted)
		return false;
	return !u->lock.is_held ||
	       (u->n_used && u->chips->turn_s >= u->locked_at_s + stay_factor * u->open_took_s);
}
