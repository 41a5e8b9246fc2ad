/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where all dvsched processes of a machine meet about devices: locks, which must be the same for
 * all users, and what is remembered of each device's health.
 */
#ifndef DEVICE_PLACES_H
#define DEVICE_PLACES_H

#include "base/arena.h"
#include "base/error.h"

/* $DVSCHED_LOCK_DIR, else /run/lock/dvsched, made for everybody to use. NULL with err. */
const char *places_lock_dir(struct arena *mem, struct error *err);
/* $DVSCHED_STATE_DIR, else /var/lib/dvsched for root, else $XDG_STATE_HOME/dvsched, else
 * ~/.local/state/dvsched. Not made yet. */
const char *places_state_dir(struct arena *mem);

#endif
