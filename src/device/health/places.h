/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where all dvsched processes of a machine meet about devices: locks, and what is remembered of
 * each device's health. Both are the machine's; a directory is shared by all users (sticky, as
 * /tmp) or by a group (setgid).
 */
#ifndef DEVICE_HEALTH_PLACES_H
#define DEVICE_HEALTH_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* $DVSCHED_LOCK_DIR, else /run/lock/dvsched, else /tmp/dvsched-lock; made where it is not there,
 * the last two for everybody to use. NULL with err, which says what to do. */
const char *places_lock_dir(struct arena *mem, struct error *err);
/* The first of these that is there or can be made. NULL with err: none can, or it is closed to us.
 */
const char *places_choose_shared(const char *const *dirs, size_t n, struct error *err);

/* Where health is kept. */
struct state_places {
	const char *dir; /* may not be there yet */
	/* The machine's, where we may not write, so dir is our own: what is set aside there counts
	 * for us, too. NULL: dir is all there is. */
	const char *machine_dir;
	const char *old_dir; /* our own of before dir was open to us; NULL: none */
};

/* $DVSCHED_STATE_DIR; else /var/lib/dvsched, if we may write there; else our own,
 * $XDG_STATE_HOME/dvsched or ~/.local/state/dvsched. */
struct state_places places_state(struct arena *mem);
/* Likewise, of these; root makes machine if it is not there. */
struct state_places places_choose_state(const char *machine, const char *own, bool is_root);
/* 0, or -1 with errno. */
int places_make_state_dir(const char *dir);
/* It may be used: a directory that we may write into, and in which nobody may replace our files
 * but its group. what: that it is for; other: what names another one. -1 with err, which says what
 * to do. */
int places_check_dir(const char *dir, const char *what, const char *other, struct error *err);
/* "you may not write into /var/lib/dvsched (its group may: `usermod -aG dvs me` by root, …)" */
void places_add_closed(struct str *to, const char *dir);

#endif
