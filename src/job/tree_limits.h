/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of what a job's processes may take. Few jobs have one: job_rules has a pointer to them. */
#ifndef JOB_TREE_LIMITS_H
#define JOB_TREE_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

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
