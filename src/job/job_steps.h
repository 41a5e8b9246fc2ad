/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps before and after a job's process, and the measures read from the log of its tool. Paths
 * are absolute. A path to be removed must be below the scratch root: flows leave out other paths,
 * and the process that runs the step rejects them. Steps are not run in a dry run.
 */
#ifndef JOB_STEPS_H
#define JOB_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* Each member may be NULL: no such step. */
struct job_steps {
	/* ---- before the process ---- */
	const char *remove_before;
	const char *write_path, *write_text; /* missing parent directories are created */
	/* ---- after it; a step that fails fails the job ---- */
	const char *remove_unless_passed;
	const char *reader; /* if the job passed: reader of read_path (job/job_reader.h) */
	const char *read_path;
};

/* A column of a coverage summary as the tool writes it: "LINE", "91.20 %". */
struct job_coverage {
	const char *name, *value;
};

/* The coverage database that the job may leave for a merge: a file or a directory, or NULL. */
static inline const char *job_steps_coverage_db(const struct job_steps *s)
{
	return s->remove_before ? s->remove_before : s->remove_unless_passed;
}

struct job_measures {
	bool has_run_time, has_sim_time, has_vplan;
	bool has_coverage_db; /* job_steps_coverage_db() was there when the job had passed */
	double run_time_s;    /* measured by the tool, from its log */
	double sim_time_us;
	double vplan_percent;
	const struct job_coverage *coverage;
	uint32_t n_coverage;
};

struct job_measures *job_measures_copy(const struct job_measures *m, struct arena *mem);

#endif
