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

/* What a constructor is given. All borrowed, all outlive the observer. */
struct observer_env {
	struct ev_loop *loop;	 /* NULL: there is none (tests) */
	struct clerk *clerk;	 /* NULL: there is none; who needs it does without or breaks */
	struct run_dir *run;	 /* not published yet: the journal does that */
	const char *const *argv; /* the command line, NULL-terminated; or NULL */
	time_t timestamp;	 /* of the plan's flow, for the record; 0: it has none */
	const char *branch;	 /* likewise; or NULL */
	const char *const *instrument; /* kinds of metrics that are wanted; NULL: none */
};

struct observer_type {
	const char *name;
	const char *help;
	bool is_default; /* on unless switched off */
	/* NULL with err: the run goes on without it, with a warning. NULL without: nobody asked for
	 * what it makes. */
	struct observer *(*create)(const struct observer_env *env, struct error *err);
};

extern const struct observer_type *const observer_types[]; /* NULL-terminated; journal first */
const struct observer_type *observer_type_find(const char *name);

#define OBSERVER(name, is_default, help)                                          \
	struct observer *observer_##name##_create(const struct observer_env *env, \
						  struct error *err);
#include "observers/list.h"
#undef OBSERVER

#endif
