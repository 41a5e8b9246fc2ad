/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a slot: the terminal of an interactive job, a pseudo-terminal with the modes and the size of
 * the user's terminal. The slot becomes the leader of a session on it and the job its foreground
 * process group, so that Ctrl-C, Ctrl-Z and changes of size work as in any shell. The output of the
 * job is written to its log, and kept for the user's screen.
 */
#ifndef EXEC_PTY_H
#define EXEC_PTY_H

#include "base/error.h"
#include "base/str.h"
#include "exec/slot.h"

struct pty {
	int master, slave; /* -1: none. The slave stays open here, so that there is no end of file
			      before all processes of the job have ended */
	int users_fd;	   /* the user's terminal, to restore its modes; -1: not known */
	struct termios users_modes;
	bool has_cr;	 /* the last byte read was a CR that the log does not have yet */
	int log_errnum;	 /* why the log is incomplete; 0: it is complete */
	struct str said; /* output for the user's screen; its reader clears it */
	struct str typed;
	size_t typed_sent;
};

void pty_init(struct pty *p);
/* Returns 0 or -1 with err. */
int pty_open(struct pty *p, const struct slot_terminal *users, struct error *err);
void pty_close(struct pty *p); /* harmless if there is none */

void pty_type(struct pty *p, const char *bytes, size_t n);
void pty_resize(const struct pty *p, unsigned rows, unsigned columns);
/* For poll(); has_room: more output can be taken. */
short pty_events(const struct pty *p, bool has_room);
/* Reads a block of output and writes what was typed, as far as possible without waiting. */
void pty_step(struct pty *p, int log_fd);
/* After the end of the job: reads all that it wrote. */
void pty_drain(struct pty *p, int log_fd);
/* The scheduler is gone: restores the modes of the user's terminal, if it left them raw. */
void pty_rescue_users(const struct pty *p);

#endif
