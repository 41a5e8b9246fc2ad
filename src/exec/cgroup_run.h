/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroups of a run, where a v2 cgroup is delegated to dvsched:
 *
 *   HOME                  the cgroup that dvsched was started in
 *     dvsched-PID-N       the run; locked by flock() as long as guardian or scheduler exist
 *       own               guardian, scheduler, slots: only in a cgroup without processes can limits
 *                         be given to those below it. Missing if there are no limits
 *       job-PID-N         one per running job (cgroup_job.h)
 *
 * A run never needs them. What a killed run left is removed by the next one in the same HOME.
 */
#ifndef EXEC_CGROUP_RUN_H
#define EXEC_CGROUP_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"

struct cgroup_run {
	char *dir; /* of the run; NULL: no cgroups are used */
	char *home;
	int lock_fd;
	pid_t owner;	 /* the process that opened it, which is to close it */
	bool is_moved;	 /* the owner was moved into `own` */
	struct str note; /* for people: what is used, or why nothing is */
};

/* Finds and makes them; the caller must not have children yet. proc: "/proc", or a copy of it in
 * tests. */
void cgroup_run_open(struct cgroup_run *r, const char *proc);
/* Kills all processes of jobs. dir: NULL: there are none. */
void cgroup_run_kill(const char *dir);
/* Kills what is left of jobs, and removes all that was made. In a child of the owner it only frees
 * memory. */
void cgroup_run_close(struct cgroup_run *r);

#endif
