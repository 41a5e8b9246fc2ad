/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroups that this process is in, v1 and v2. */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

/* The directory of a cgroup, which may not exist: in a container only the mount itself may. */
typedef void cgroup_visit(const char *dir, bool is_v2, void *ctx);
/*
 * Visits the cgroup that a controller ("memory") has put this process in, and its ancestors up to
 * the mount. proc, sys: "/proc" and "/sys", or copies of them in tests.
 */
void cgroup_visit_own(const char *proc, const char *sys, const char *controller,
		      cgroup_visit *visit, void *ctx);
/* Reads the first line of dir/name, without its end. */
bool cgroup_read_line(const char *dir, const char *name, char *line, int size);
/* Reads a number; false: it is missing, or no number, as "max". */
bool cgroup_read_number(const char *dir, const char *name, uint64_t *ret);
/* Reads the number after "key " in a file with one pair per line. */
bool cgroup_read_key(const char *dir, const char *name, const char *key, uint64_t *ret);

#endif
