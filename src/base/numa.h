/* SPDX-License-Identifier: Apache-2.0 */
/* NUMA nodes of the machine, as /sys has them: their CPUs, and a process that stays on one. */
#ifndef BASE_NUMA_H
#define BASE_NUMA_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* "0-3,8" and back. false: no such list, or a CPU beyond what cpu_set_t has. */
bool numa_read_list(const char *text, cpu_set_t *ret);
void numa_add_list(struct str *out, const cpu_set_t *set);

/* sys: "/sys". How many nodes are online; 0: not known. */
uint32_t numa_n_nodes(const char *sys);
/* false: there is no such node, or it has no CPU. */
bool numa_cpus(const char *sys, int32_t node, cpu_set_t *ret);

/* This process, and what it starts, runs on these CPUs only, and takes its memory from node first
 * (-1: from where it is). list NULL, or the kernel says no: as before. */
void numa_pin(const char *list, int32_t node);

#endif
