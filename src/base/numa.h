/* SPDX-License-Identifier: Apache-2.0 */
/* NUMA nodes of the machine, read from /sys: their CPUs, and how to bind a process to one. */
#ifndef BASE_NUMA_H
#define BASE_NUMA_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Converts "0-3,8" to a set and back. false: not a list, or a CPU number too large
 * for cpu_set_t. */
bool numa_read_list(const char *text, cpu_set_t *ret);
void numa_add_list(struct str *out, const cpu_set_t *set);

/* Number of nodes that are online; 0: unknown. sys: "/sys", or another directory in tests. */
uint32_t numa_n_nodes(const char *sys);
/* The CPUs of a node. false: no such node, or it has no CPU. */
bool numa_cpus(const char *sys, int32_t node, cpu_set_t *ret);

/* Binds this process, and the processes that it will start, to the CPUs in list, and
 * prefers memory of node (-1: no preference). No effect if list is NULL or not a
 * list, or if the kernel refuses. */
void numa_pin(const char *list, int32_t node);

#endif
