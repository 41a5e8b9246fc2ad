/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps before and after a job's process, and the measures read from its tool's log.
 * Paths are absolute; whatever is removed lies strictly below the scratch root (who makes the spec
 * leaves out a path that does not, and who does it refuses one). Nothing of it is done in a dry
 * run.
 */
#ifndef JOB_STEPS_H
#define JOB_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* Any of the texts may be NULL: no such step. */
struct job_steps {
	/* ---- before the process ---- */
	const char *remove_before;
	const char *write_path, *write_text; /* its parents are made */
	/* ---- after it; a step that fails fails the job ---- */
	const char *remove_unless_passed;
	const char *reader; /* of a job that passed: what reads read_path (job/job_reader.h) */
	const char *read_path;
};

/* A column of a coverage summary in the tool's words: "LINE", "91.20 %". */
struct job_coverage {
	const char *name, *value;
};

struct job_measures {
	bool has_run_time, has_sim_time, has_vplan;
	double run_time_s; /* the tool's own, from its log */
	double sim_time_us;
	double vplan_percent;
	const struct job_coverage *coverage;
	uint32_t n_coverage;
};

struct job_measures *job_measures_copy(const struct job_measures *m, struct arena *mem);

#endif
