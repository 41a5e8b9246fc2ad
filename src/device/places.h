/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where all dvsched processes of a machine meet about devices: locks, which must be the same for
 * all users, and what is remembered of each device's health.
 */
#ifndef DEVICE_PLACES_H
#define DEVICE_PLACES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/* $DVSCHED_LOCK_DIR, else /run/lock/dvsched, else /tmp/dvsched-lock; made where it is not there,
 * the last two for everybody to use. NULL with err, which says what to do. */
const char *places_lock_dir(struct arena *mem, struct error *err);
/* The first of these that is there or can be made. NULL with err: none can, or it is closed to us.
 */
const char *places_choose_shared(const char *const *dirs, size_t n, struct error *err);
/* $DVSCHED_STATE_DIR, else /var/lib/dvsched for root, else $XDG_STATE_HOME/dvsched, else
 * ~/.local/state/dvsched. Not made yet. */
const char *places_state_dir(struct arena *mem);

#endif
