/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories that all dvsched processes of a machine share: locks of devices, and their health. A
 * directory is shared by all users (sticky, like /tmp) or by a group (setgid).
 */
#ifndef DEVICE_HEALTH_PLACES_H
#define DEVICE_HEALTH_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* $DVSCHED_LOCK_DIR, else /run/lock/dvsched, else /tmp/dvsched-lock. Created if it does not exist,
 * the last two for all users. NULL with err, which says what to do. */
const char *places_lock_dir(struct arena *mem, struct error *err);
/* The first of these that exists or can be created. NULL with err: none can, or it may not be
 * used. */
const char *places_choose_shared(const char *const *dirs, size_t n, struct error *err);

/* Directories of health files. */
struct state_places {
	const char *dir; /* may not exist yet */
	/* The machine's directory, if this user may not write there and dir is the user's own:
	 * quarantines in it apply, too. NULL: dir is the only one. */
	const char *machine_dir;
	const char *old_dir; /* the user's own, used before dir was writable; NULL: none */
};

/* $DVSCHED_STATE_DIR; else /var/lib/dvsched, if this user may write there; else the user's own,
 * $XDG_STATE_HOME/dvsched or ~/.local/state/dvsched. */
struct state_places places_state(struct arena *mem);
/* The user's own: home is $HOME; if NULL or "", the home of the user database, else /. */
const char *places_own_state_dir(struct arena *mem, const char *home);
/* Chooses between these two; root uses machine even if it does not exist yet. */
struct state_places places_choose_state(const char *machine, const char *own, bool is_root);
/* 0, or -1 with errno. */
int places_make_state_dir(const char *dir);
/* 0: dir may be used: this user may write into it, and only its group may replace files there.
 * what: its purpose. other: the setting that names another directory. -1 with err, which says what
 * to do. */
int places_check_dir(const char *dir, const char *what, const char *other, struct error *err);
/* "you may not write into /var/lib/dvsched (its group may: `usermod -aG dvs me` by root, …)" */
void places_add_closed(struct str *to, const char *dir);

#endif
