/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroups that this process is in, v1 and v2. */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The directory of a cgroup, which may not exist: in a container only the mount itself may. */
typedef void cgroup_visit(const char *dir, bool is_v2, void *ctx);
/*
 * Visits the cgroup that a controller ("memory") has put this process in, and its ancestors up to
 * the mount. proc, sys: "/proc" and "/sys", or copies of them in tests.
 */
void cgroup_visit_own(const char *proc, const char *sys, const char *controller,
		      cgroup_visit *visit, void *ctx);
/*
 * The directory of the v2 cgroup of this process, wherever cgroup2 is mounted; the caller free()s
 * it. *ret_is_root: it is the root of the cgroups that this process can see. NULL: there is none.
 */
char *cgroup_find_v2(const char *proc, bool *ret_is_root);
/* Reads the first line of dir/name, without its end. */
bool cgroup_read_line(const char *dir, const char *name, char *line, int size);
/* Reads a number; false: it is missing, or no number, as "max". */
bool cgroup_read_number(const char *dir, const char *name, uint64_t *ret);
/* Reads the number after "key " in a file with one pair per line. */
bool cgroup_read_key(const char *dir, const char *name, const char *key, uint64_t *ret);
/* The same for n keys in one reading. true: all of them were found. */
bool cgroup_read_keys(const char *dir, const char *name, size_t n, const char *const *keys,
		      uint64_t *ret);
/* The first line of dir/name, words between blanks, has this word. */
bool cgroup_has_word(const char *dir, const char *name, const char *word);
/* Writes text to dir/name, which exists, in one call. */
bool cgroup_write(const char *dir, const char *name, const char *text);
/* Removes an empty cgroup with those below it. Returns 0, also if there is none, or -1 with errno
 * (EBUSY: a process is left in one of them). */
int cgroup_remove(const char *dir);

#endif
