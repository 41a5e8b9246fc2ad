/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc, by a descriptor that is opened at the start of a run: a job may mount something over /proc
 * later, and its processes must still be found. A process that holds none uses the path. Names are
 * relative to /proc: "self/stat".
 */
#ifndef BASE_PROC_DIR_H
#define BASE_PROC_DIR_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* Opens /proc if it is not held yet. Waits for descriptors. Returns 0, or -1 with errno. */
int proc_dir_hold(void);
/* Holds /proc by fd, which is moved; opens it if fd is not its root directory. */
void proc_dir_adopt(int fd);
/* The descriptor, close-on-exec and above PROC_DIR_FD; -1: none is held. */
int proc_dir_held(void);

/* As open(), with close-on-exec. */
int proc_dir_open(const char *name, int flags);
/* As fopen(…, "r"). */
FILE *proc_dir_read(const char *name);
DIR *proc_dir_list(const char *name);
bool proc_dir_has(const char *name);
ssize_t proc_dir_readlink(const char *name, char *buf, size_t size);

/* No pid is higher, as far as known. */
pid_t proc_dir_pid_most(void);

#endif
