/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup of one running job, where the run has cgroups (cgroup_run.h). It makes what a slot
 * does more certain, and nothing depends on it: each step may fail, and the job then runs as
 * without one.
 */
#ifndef EXEC_CGROUP_JOB_H
#define EXEC_CGROUP_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "job/tree_limits.h"

struct cgroup_job {
	char *dir;	/* NULL: the job has none */
	int procs_fd;	/* a process that writes "0" there enters it; -1 */
	bool is_spared; /* processes in it may outlive the job */
};

/* What its processes have used. */
struct cgroup_use {
	double user_s, system_s; /* 0: unknown */
	uint64_t peak_bytes;	 /* with the page cache of its files; 0: unknown */
	bool counts_oom;	 /* n_oom_kills is known */
	bool hit_limit;		 /* the kernel killed because of limits.memory_bytes */
	uint64_t n_oom_kills;
};

/* With that many threads, a job with a limit of processes may start no more. */
uint64_t cgroup_job_threads_most(uint32_t n_processes);
void cgroup_job_init(struct cgroup_job *c);
/*
 * Makes a cgroup below that of the run. number: of the last one that this process made. limits:
 * NULL: none. The kernel enforces `memory`, and of `max_processes` only a multiple: it counts
 * threads. Swap of a job with a limit of memory is off, and all of it is killed at once.
 */
void cgroup_job_begin(struct cgroup_job *c, const char *run_dir, unsigned *number,
		      const struct tree_limits *limits);
/* Kills all that is in it, in one step, except if it is spared. */
void cgroup_job_kill(const struct cgroup_job *c);
/* Daemons of the job stay: nothing is killed any more, and there are no limits. */
void cgroup_job_spare(struct cgroup_job *c);
void cgroup_job_read(const struct cgroup_job *c, struct cgroup_use *ret);
/* Removes it, and kills what is left in it; if that takes its time, or is spared, it stays until
 * the end of the run. */
void cgroup_job_end(struct cgroup_job *c);

#endif
