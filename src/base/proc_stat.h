/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a process of any user, read from /proc. */
#ifndef BASE_PROC_STAT_H
#define BASE_PROC_STAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_stat {
	char name[64]; /* comm */
	char state;    /* 'R', 'S', 'D', 'T', 'Z' … */
	pid_t parent, group, session;
	uint64_t cpu_ticks;   /* user and system time of all its threads, without its children */
	uint64_t child_ticks; /* of the children that it has waited for, and of theirs */
	uint64_t start_ticks; /* when it began, since the boot */
	long rss_pages;
};

bool proc_stat_read(pid_t pid, struct proc_stat *ret);
/* The resident memory of a process, with each shared page divided by the number of its users (PSS).
 * The kernel reads every page table entry for it, which takes time. false: not permitted, or not
 * known. */
bool proc_pss_read(pid_t pid, uint64_t *ret_bytes);
/* Context switches of its first thread, voluntary and involuntary; 0: unknown. */
uint64_t proc_switches_read(pid_t pid);

#endif
