/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that fail on request of a test, in this process and in the slots that are started
 * from this program. It redefines functions of the C library.
 */
#ifndef HELPERS_FAULTY_H
#define HELPERS_FAULTY_H

enum faulty {
	FAULTY_SEND,
	FAULTY_WAIT,
	FAULTY_EPOLL,
	FAULTY_CLONE,
	FAULTY_WRITE,
	FAULTY_SOCKETPAIR,
	FAULTY_COUNT
};

/* From the next call on, `skip` calls succeed, then n fail with errnum; n -1: all. */
void faulty_set(enum faulty call, int errnum, int skip, int n);
void faulty_clear(void);
/* The same for processes that are started from now on; errnum 0: for none. */
void faulty_set_children(enum faulty call, int errnum, int skip, int n);
/* Processes that are started from now on read that file in the place of /proc/vmstat; NULL: not. */
void faulty_set_vmstat(const char *path);
/* How many have failed in this process. */
int faulty_count(enum faulty call);

#endif
