/* SPDX-License-Identifier: Apache-2.0 */
/* The identity of a process in files. A pid alone is not enough: another process may have it when
 * the file is read. */
#ifndef BASE_PROC_ID_H
#define BASE_PROC_ID_H

#include <stdint.h>

enum { PROC_ID_TEXT = 128 };

struct proc_id {
	long pid;
	uint64_t start_ticks;			     /* since the boot */
	uint64_t pid_space;			     /* the pid namespace that pid belongs to */
	char boot[PROC_ID_TEXT], host[PROC_ID_TEXT]; /* words; "-": unknown */
};

/* The kernel's boot id; "-": unknown. */
void proc_boot_read(char ret[PROC_ID_TEXT]);
void proc_id_self(struct proc_id *ret);

enum proc_life {
	PROC_LIVES,
	PROC_GONE,
	PROC_ELSEWHERE, /* in another pid namespace of this boot: its pid means nothing here; or a
			 * process has the pid, and /proc does not show which */
	PROC_OF_ANOTHER_HOST,
};

/* Looks the process up in /proc. A zombie counts as gone. */
enum proc_life proc_id_look(const struct proc_id *id);

#endif
