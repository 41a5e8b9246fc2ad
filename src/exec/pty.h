/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a slot: the terminal of an interactive job, a pseudo-terminal with the modes and the size of
 * the user's own. The slot becomes the leader of a session on it and the job its foreground process
 * group, so that Ctrl-C, Ctrl-Z and the size do there what they do in any shell. What the job
 * writes goes to its log, and is kept for the user's screen.
 */
#ifndef EXEC_PTY_H
#define EXEC_PTY_H

#include "base/error.h"
#include "base/str.h"
#include "exec/slot.h"

struct pty {
	int master, slave; /* -1: there is none. The slave stays open here: no end of file before
			      the job's whole tree is gone */
	int users_fd;	   /* the user's terminal; -1: not ours to put right */
	struct termios users_modes;
	bool has_cr;	 /* the last byte read was a CR that the log does not have yet */
	int log_errnum;	 /* why the log is not whole; 0: it is */
	struct str said; /* what was written and not taken away yet */
	struct str typed;
	size_t typed_sent;
};

void pty_init(struct pty *p);
/* Returns 0 or -1 with err. */
int pty_open(struct pty *p, const struct slot_terminal *users, struct error *err);
void pty_close(struct pty *p); /* harmless if there is none */

void pty_type(struct pty *p, const char *bytes, size_t n);
void pty_resize(const struct pty *p, unsigned rows, unsigned columns);
/* For poll(); has_room: more of what it says can be taken. */
short pty_events(const struct pty *p, bool has_room);
/* Moves what can be moved without waiting: a block from the job, all that was typed to it. */
void pty_step(struct pty *p, int log_fd);
/* The job is gone: all that it wrote. */
void pty_drain(struct pty *p, int log_fd);
/* Whoever had the user's terminal for the job is gone, and left it as it was for the job. */
void pty_rescue_users(const struct pty *p);

#endif
