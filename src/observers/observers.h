/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of observers that write files: one row each in observers.c. Printers:
 * printers/printers.h. */
#ifndef OBSERVERS_OBSERVERS_H
#define OBSERVERS_OBSERVERS_H

#include <ev.h>

#include "base/error.h"
#include "clerk/clerk.h"
#include "run/run_dir.h"
#include "scheduler/observer.h"

/* What a constructor is given. All borrowed, all outlive the observer. */
struct observer_env {
	struct ev_loop *loop;
	struct clerk *clerk;
	struct run_dir *run;
};

struct observer_type {
	const char *name;
	const char *help;
	bool is_default; /* on unless switched off */
	/* NULL with err: the run goes on without it, with a warning. */
	struct observer *(*create)(const struct observer_env *env, struct error *err);
};

extern const struct observer_type *const observer_types[]; /* NULL-terminated; journal first */

struct observer *observer_journal_create(const struct observer_env *env, struct error *err);
struct observer *observer_links_create(const struct observer_env *env, struct error *err);

#endif
