/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_LOCAL_PROCESSES_H
#define BACKENDS_LOCAL_PROCESSES_H

#include <stdint.h>
#include <sys/types.h>

/* A slot, its job, and two processes that the job starts. */
enum { PROCESSES_PER_JOB = 4 };

/* How many more processes this user may create, by ulimit -u and by pids.max of its cgroups. The
 * processes of the machine are only counted if fewer than `enough` may be left. UINT32_MAX: at
 * least `enough`, or no limit. */
uint32_t processes_left(uint32_t enough);
/* The same with other roots than /proc and /sys, for tests. limit: ulimit -u of the user uid;
 * UINT64_MAX: none. */
uint32_t processes_left_under(const char *proc, const char *sys, uid_t uid, uint64_t limit,
			      uint32_t enough);

#endif
