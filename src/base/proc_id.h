/* SPDX-License-Identifier: Apache-2.0 */
/* Which process: a number alone may be another's by the time that somebody reads it in a file. */
#ifndef BASE_PROC_ID_H
#define BASE_PROC_ID_H

#include <stdint.h>

enum { PROC_ID_TEXT = 128 };

struct proc_id {
	long pid;
	uint64_t start_ticks;			     /* since the boot */
	uint64_t pid_space;			     /* the namespace that pid counts in */
	char boot[PROC_ID_TEXT], host[PROC_ID_TEXT]; /* words; "-" where that is not known */
};

/* The kernel's name of this boot. */
void proc_boot_read(char ret[PROC_ID_TEXT]);
void proc_id_self(struct proc_id *ret);

enum proc_life {
	PROC_LIVES,
	PROC_GONE,
	PROC_ELSEWHERE, /* in another pid namespace of this boot: its number says nothing here */
	PROC_OF_ANOTHER_HOST,
};

/* One that has ended and was not reaped is gone. */
enum proc_life proc_id_look(const struct proc_id *id);

#endif
