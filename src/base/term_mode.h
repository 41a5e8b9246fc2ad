/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A terminal that was changed is changed back, however the process ends but by SIGKILL: at exit(),
 * and from a handler on a stack of its own for signals that end us (a crash, an abort). There is
 * one terminal in a process, and a signal handler has no argument: so the state is static here.
 */
#ifndef BASE_TERM_MODE_H
#define BASE_TERM_MODE_H

#include <stdbool.h>
#include <termios.h>

enum term_modes {
	TERM_KEYS, /* keys come one by one and are not shown; Ctrl-C stays a signal */
	TERM_RAW,  /* every byte goes through as it is, in both directions */
};

/*
 * fd: the terminal, not blocking. undo: what to write to it when we end in a way that nobody
 * planned. Returns 0 or -1 with errno.
 */
int term_mode_enter(int fd, enum term_modes modes, const char *undo);
/* As it was; writes nothing. Harmless when not entered. */
void term_mode_leave(void);
/* As it was, and undo written, at once: for an end that does not go through exit(). */
void term_mode_rescue(void);
/* Sets the modes once more, after somebody else had the terminal. */
void term_mode_again(void);
/* What entering makes of a terminal that is as was. */
struct termios term_mode_of(enum term_modes modes, const struct termios *was);

/* A description of our own of the terminal that fd is, for reading or writing, not blocking; -1
 * with errno. */
int term_open(int fd, int flags);
/* It is a terminal, and ours to read and change: we are its foreground process group. */
bool term_is_foreground(int fd);

#endif
