/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_LOCAL_CPUS_H
#define BACKENDS_LOCAL_CPUS_H

#include <stdint.h>

/* Number of CPUs that dvsched may use: its affinity, limited by the quota of its cgroups (v2 or
 * v1). At least 1. */
uint32_t cpus_usable(void);
/* The same with other roots than /proc and /sys, for tests. affinity: CPUs by affinity. */
uint32_t cpus_under(const char *proc, const char *sys, uint32_t affinity);

#endif
