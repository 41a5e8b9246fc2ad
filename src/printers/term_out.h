/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output that never waits. What is behind a descriptor (terminal, pipe, socket, file) is written to
 * through an open file description of our own, because O_NONBLOCK set on an inherited one would
 * change it for the shell, the jobs and everybody else who has it.
 *
 * Pulled, not pushed: when all of the last unit has left, the client is asked for the next one. So
 * a slow terminal gets few, new pictures instead of many old ones, and no unit is ever cut off.
 */
#ifndef PRINTERS_TERM_OUT_H
#define PRINTERS_TERM_OUT_H

#include <stdbool.h>

#include <ev.h>

#include "base/str.h"

enum term_out_kind {
	OUT_OWN,    /* a description of our own, O_NONBLOCK */
	OUT_SOCKET, /* inherited, asked not to wait call by call */
	OUT_POLLED, /* inherited terminal or pipe that cannot be opened again: small writes, each
		       after poll() */
	OUT_FILE,   /* inherited regular file or device that does not make one wait */
};

struct term_out_client {
	/* Appends what is to go out next; nothing: nothing to say until the next wake. */
	void (*fill)(void *ctx, struct str *unit);
	/* Nobody reads any more; there will be no more calls. */
	void (*broken)(void *ctx, int errnum);
	void *ctx;
};

struct term_out {
	struct ev_loop *loop;
	struct term_out_client client;
	int fd;
	enum term_out_kind kind;
	bool is_tty, is_dead, is_held;
	ev_io writable; /* active only while something is to be written */
	struct str unit;
	size_t sent;
	double patience_s; /* of term_out_flush(), without progress; INFINITY: as long as it takes
			    */
};

void term_out_init(struct term_out *o, struct ev_loop *loop, int fd,
		   const struct term_out_client *client);
/* Drops what was not written. */
void term_out_done(struct term_out *o);
/* There is something to write: soon, from the loop. */
void term_out_wake(struct term_out *o);
/* There is something to write: as much as goes without waiting at once, the rest from the loop. */
void term_out_try(struct term_out *o);
/* These bytes follow the unit that is on its way; not from within fill(). */
void term_out_add(struct term_out *o, const char *bytes, size_t n);
/* Writes what goes without waiting, and no more until it is let go. */
void term_out_hold(struct term_out *o, bool is_held);
/*
 * At the end of a run only: writes what is left. A terminal that takes nothing for patience_s is
 * given up; a pipe is waited for until SIGINT, SIGTERM or SIGHUP comes.
 */
void term_out_flush(struct term_out *o);

#endif
