/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `dvsched run`, read and checked before anything is loaded. */
#ifndef CLI_RUN_RUN_OPTIONS_H
#define CLI_RUN_RUN_OPTIONS_H

#include "cli/args/options.h"
#include "headroom/watermarks.h"
#include "scheduler/sched.h"

struct backend_for {
	const char *glob, *backend;
	uint32_t backend_no; /* set by assign_backends(): its number in the roster */
	bool has_matched;
};

struct run_options {
	uint32_t max_parallel, max_failures;
	struct resource_limit *limits;
	uint32_t n_limits;
	enum missing_resource on_missing;
	double deadline_in_s; /* 0: none */
	double grace_s;
	const char *view;
	double interval_s; /* < 0: the view's own */
	unsigned show_failures;
	int64_t keep_runs; /* < 0: that of the configuration */
	struct watermark_limits watermarks;
	bool is_dry_run;
	const char *backend;	      /* name of the default backend */
	const char *backend_variable; /* of the environment, which has that name; NULL: none */
	uint32_t backend_no;	      /* set by assign_backends(): its number in the roster */
	struct backend_for *backend_for;
	size_t n_backend_for;
	const char *const *without;    /* NULL-terminated, or NULL */
	const char *const *instrument; /* likewise */
};

/* Everything is in args->mem. Errors go to diags. */
void run_options_read(const struct args *args, struct run_options *ret, struct diags *diags);
/* How long a job waits before that is reported; never in the virtual time of a rehearsal. */
double run_waits_after_s(bool is_real_time);

#endif
