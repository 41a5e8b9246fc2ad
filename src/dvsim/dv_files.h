/* SPDX-License-Identifier: Apache-2.0 */
/* Files that DVSim writes into the scratch root at the start of a run, and that other
 * tools read. */
#ifndef DVSIM_DV_FILES_H
#define DVSIM_DV_FILES_H

#include "job/job_spec.h"

/*
 * Writes an empty FUSESOC_IGNORE, so that FuseSoC does not look for cores among the results; and if
 * has_dump, deploy_<branch>_<timestamp>.json: all jobs as DVSim's JobSpec, sorted by full name.
 * Seeds are JSON numbers of any length. Does nothing if plan->dv is NULL. Returns 0, or -1 with
 * err.
 */
int dv_files_write(const struct plan *plan, bool has_dump, struct error *err);

/* The name of DVSim's class of a job: "CompileSim", "RunTest" …; "Job" in the native flow. */
const char *dv_files_job_type(const struct job_spec *job);
/* The variant of the job's block as in DVSim's records: "" or NULL if there is none. */
const char *dv_files_variant(const struct job_spec *job);

#endif
