/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and CPU time of the machine and of this process, from /proc. Values that cannot be read
 * are 0. */
#ifndef OBSERVERS_MACHINE_H
#define OBSERVERS_MACHINE_H

#include <stddef.h>
#include <stdint.h>

struct machine_memory {
	uint64_t own_rss_bytes, own_vms_bytes; /* of this process */
	uint64_t used_bytes, swap_bytes;       /* of the machine */
};

struct machine_cpu {
	uint64_t busy, all;
};

/* Ticks since the machine started: at[0] of all cores together, then of each. */
struct machine_cpus {
	struct machine_cpu *at;
	size_t n, cap;
};

void machine_read_memory(struct machine_memory *ret);
void machine_read_cpus(struct machine_cpus *ret);
void machine_cpus_done(struct machine_cpus *c);
/* 0 to 100: how busy core i was between two readings. */
double machine_percent(const struct machine_cpus *from, const struct machine_cpus *to, size_t i);
double machine_own_cpu_s(void); /* user and system time of this process */

#endif
