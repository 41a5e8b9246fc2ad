/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A terminal that was changed is changed back, however the process ends but by SIGKILL: at exit(),
 * and from a handler on a stack of its own for signals that end us (a crash, an abort). There is
 * one terminal in a process, and a signal handler has no argument: so the state is static here.
 */
#ifndef PRINTERS_TERM_MODE_H
#define PRINTERS_TERM_MODE_H

#include <stdbool.h>

/*
 * Keys come one by one and are not shown; Ctrl-C stays a signal. fd: the terminal, not blocking.
 * undo: what to write to it when we end in a way that nobody planned. Returns 0 or -1 with errno.
 */
int term_mode_enter(int fd, const char *undo);
/* As it was; writes nothing. Harmless when not entered. */
void term_mode_leave(void);
/* Sets the modes once more, after somebody else had the terminal. */
void term_mode_again(void);

#endif
