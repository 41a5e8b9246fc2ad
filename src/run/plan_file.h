/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.json: the plan as it was run, complete enough to be a struct plan again. It is what another
 * process (the run deadline, show, rerun, resume) knows of the jobs. What many jobs share stands in
 * it once. The format: docs/reference/results.md.
 */
#ifndef RUN_PLAN_FILE_H
#define RUN_PLAN_FILE_H

#include "base/error.h"
#include "job/job_spec.h"

#define PLAN_NAME	    "plan.json"
#define PLAN_SCHEMA_VERSION 2
/* Still read: it has every record in full. */
#define PLAN_SCHEMA_OLDEST 1

/* Writes to fd (not synced). Returns 0 or an errno. */
int plan_write(int fd, const struct plan *plan, const char *run_id);
/* A new plan; NULL with err, which names the place in the file. */
struct plan *plan_read(const char *path, struct error *err);

#endif
