/* SPDX-License-Identifier: Apache-2.0 */
/* What DVSim leaves in the scratch root when a run begins, and tools of its users read. */
#ifndef RUN_DV_FILES_H
#define RUN_DV_FILES_H

#include "job/job_spec.h"

/* An empty FUSESOC_IGNORE, so that FuseSoC finds no cores among the results. 0, or -1 with err. */
int dv_files_ignore(const struct plan *plan, struct error *err);
/*
 * deploy_<branch>_<timestamp>.json: every job as DVSim's JobSpec, sorted by full name; seeds are
 * bare numbers of any length. Nothing for plans without plan->dv. 0, or -1 with err.
 */
int dv_files_deploy(const struct plan *plan, struct error *err);

/* DVSim's class of a job: "CompileSim", "RunTest" …; "Job" for those of the native flow. */
const char *dv_files_job_type(const struct job_spec *job);
/* The variant of the job's block as DVSim's records have it: "" or NULL for none. */
const char *dv_files_variant(const struct job_spec *job);

#endif
