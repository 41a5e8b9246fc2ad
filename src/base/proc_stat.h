/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says of a process of any user. */
#ifndef BASE_PROC_STAT_H
#define BASE_PROC_STAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_stat {
	char name[64]; /* comm */
	char state;    /* 'R', 'S', 'D', 'T', 'Z' … */
	pid_t parent, group, session;
	uint64_t cpu_ticks;   /* of its own, all threads */
	uint64_t start_ticks; /* when it began, since the boot */
	long rss_pages;
};

bool proc_stat_read(pid_t pid, struct proc_stat *ret);
/* How often its first thread has got a processor, and given it up; 0: not known. */
uint64_t proc_switches_read(pid_t pid);

#endif
