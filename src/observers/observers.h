/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry of observers that write files. A new one is one file, one line in list.h, one line
 * in meson.build; how to write one: docs/internals/observers.md. Printers: printers/printers.h.
 */
#ifndef OBSERVERS_OBSERVERS_H
#define OBSERVERS_OBSERVERS_H

#include <ev.h>
#include <time.h>

#include "base/error.h"
#include "clerk/clerk.h"
#include "run/run_dir.h"
#include "scheduler/observer.h"

/* Arguments of a constructor. All are borrowed and outlive the observer. */
struct observer_env {
	struct ev_loop *loop;	 /* NULL: there is none (tests) */
	struct clerk *clerk;	 /* NULL: none; an observer may do without, or fail to be created */
	struct run_dir *run;	 /* not published yet; the journal publishes it */
	const char *const *argv; /* the command line, NULL-terminated; or NULL */
	time_t timestamp;	 /* of the plan's flow, for the record; 0: it has none */
	const char *branch;	 /* likewise; or NULL */
	const char *const *instrument; /* kinds of metrics to write, NULL-terminated; NULL: none */
};

struct observer_type {
	const char *name;
	const char *help;
	bool is_default; /* on unless switched off */
	/* NULL with err: it failed; the run goes on without the observer, with a warning. NULL
	 * without err: its output is not requested. */
	struct observer *(*create)(const struct observer_env *env, struct error *err);
};

extern const struct observer_type *const observer_types[]; /* NULL-terminated; journal first */

#define OBSERVER(name, is_default, help)                                          \
	struct observer *observer_##name##_create(const struct observer_env *env, \
						  struct error *err);
#include "observers/list.h"
#undef OBSERVER

#endif
