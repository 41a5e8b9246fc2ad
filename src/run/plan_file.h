/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.json: the plan of a run, from which a struct plan can be made again. Other processes and
 * commands (the guardian, show, rerun, resume) read the jobs from it. Data shared by many jobs is
 * stored once. Format: docs/reference/results.md.
 */
#ifndef RUN_PLAN_FILE_H
#define RUN_PLAN_FILE_H

#include "base/error.h"
#include "job/job_spec.h"

#define PLAN_NAME	    "plan.json"
#define PLAN_SCHEMA_VERSION 2
/* The oldest version that can be read: all records are in full. */
#define PLAN_SCHEMA_OLDEST 1

/* Writes to fd (not synced). Returns 0 or an errno. */
int plan_write(int fd, const struct plan *plan, const char *run_id);
/* Returns a new plan; NULL with err, which names the place in the file. */
struct plan *plan_read(const char *path, struct error *err);

#endif
