/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of what a job's processes may take. Few jobs have one: job_rules has a pointer to them. */
#ifndef JOB_TREE_LIMITS_H
#define JOB_TREE_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* Bounds of values that users may give, besides 0. CPU time is counted in steps, so a short stall
 * could be a step that has not come yet. */
enum {
	TREE_MEMORY_LEAST = 1 << 20,
	TREE_STALL_LEAST_S = 1,
	TREE_PROCESSES_MOST = 1 << 22,
	TREE_FILES_MOST = 1 << 30,
};

/* 0: no limit. All but n_files are of all the job's processes together. */
struct tree_limits {
	uint64_t memory_bytes; /* resident */
	double cpu_s;
	double stall_s; /* without CPU time and without a change of the log */
	uint32_t n_processes;
	uint32_t n_files; /* open files of each process */
};

static inline bool tree_limits_any(const struct tree_limits *l)
{
	return l->memory_bytes || l->cpu_s > 0 || l->stall_s > 0 || l->n_processes || l->n_files;
}

#endif
