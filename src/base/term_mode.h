/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terminal modes that are restored however the process ends, except by SIGKILL: at exit(), and on
 * fatal signals (a crash, an abort) by a handler with a stack of its own. The state is static,
 * because a process has one terminal and a signal handler has no argument.
 */
#ifndef BASE_TERM_MODE_H
#define BASE_TERM_MODE_H

#include <stdbool.h>
#include <termios.h>

enum term_modes {
	TERM_KEYS, /* keys are read one by one and not echoed; Ctrl-C stays a signal */
	TERM_RAW,  /* every byte is passed unchanged, in both directions */
};

/*
 * fd: the terminal, non-blocking. undo: the bytes to write to it (copied, at most 128) if the
 * process ends without term_mode_leave(). No effect if modes are set already. Returns 0 or -1 with
 * errno.
 */
int term_mode_enter(int fd, enum term_modes modes, const char *undo);
/* Restores the modes; writes nothing. No effect if not entered. */
void term_mode_leave(void);
/* Writes undo and restores the modes now, for an end without exit(). Safe in a signal handler. */
void term_mode_rescue(void);
/* Sets the modes again, after another process had the terminal. */
void term_mode_again(void);
/* The modes that term_mode_enter() sets on a terminal whose modes are `was`. */
struct termios term_mode_of(enum term_modes modes, const struct termios *was);

/* Opens the terminal of fd once more: a file description of its own, non-blocking. flags: O_RDONLY,
 * O_WRONLY or O_RDWR. -1 with errno. */
int term_open(int fd, int flags);
/* fd is a terminal, and this process belongs to its foreground process group, so it may read and
 * change it. */
bool term_is_foreground(int fd);

#endif
