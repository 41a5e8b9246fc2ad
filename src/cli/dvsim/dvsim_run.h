/* SPDX-License-Identifier: Apache-2.0 */
/* What only runs of DVSim's flows have, and how a run ends under the name dvsim. */
#ifndef CLI_DVSIM_DVSIM_RUN_H
#define CLI_DVSIM_DVSIM_RUN_H

#include <stdbool.h>
#include <time.h>

#include "base/str.h"
#include "job/job_spec.h"

/* All zero for plans of other flows. */
struct dvsim_run_facts {
	const char *proj_root, *branch; /* or NULL */
	time_t timestamp;
	bool is_formal;
};
struct dvsim_run_facts dvsim_run_facts(const struct plan *plan);

/* Writes DVSim's files about the plan. An error is a warning. Nothing for plans of other flows. */
void dvsim_run_write_files(const struct plan *plan);

struct dvsim_run_ending {
	const struct plan *plan;
	const struct str *blocks, *summary; /* DVSim's tables */
	const char *report_path;	    /* NULL: there is none */
	const char *rerun_command;	    /* NULL: there is none, or all jobs passed */
	bool has_errors;
};

/* Shows DVSim's tables and last lines, which replace the ending of dvsched. */
void dvsim_run_show_ending(const struct dvsim_run_ending *e);

#endif
