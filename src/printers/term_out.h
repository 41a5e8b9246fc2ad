/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output that never waits. A terminal or pipe is opened again, because O_NONBLOCK on the inherited
 * open file description would also apply to the shell, the jobs and all other processes that have
 * it.
 *
 * Output is pulled: when a unit was written completely, the client is asked for the next one. So a
 * slow terminal gets few, new pictures instead of many old ones, and no unit is ever cut off.
 */
#ifndef PRINTERS_TERM_OUT_H
#define PRINTERS_TERM_OUT_H

#include <stdbool.h>

#include <ev.h>

#include "base/str.h"

enum term_out_kind {
	OUT_OWN,    /* opened again, with O_NONBLOCK */
	OUT_SOCKET, /* inherited; each send() has MSG_DONTWAIT */
	OUT_POLLED, /* inherited terminal or pipe that cannot be opened again: small writes, each
		       after poll() */
	OUT_FILE,   /* inherited regular file, or a device that does not block */
};

struct term_out_client {
	/* Appends the next output to unit. Nothing appended: there is none until the next wake. */
	void (*fill)(void *ctx, struct str *unit);
	/* The output cannot be written any more; no calls follow. */
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
	double patience_s; /* term_out_flush() ends after this time without progress; or INFINITY */
};

void term_out_init(struct term_out *o, struct ev_loop *loop, int fd,
		   const struct term_out_client *client);
/* Drops what was not written. */
void term_out_done(struct term_out *o);
/* The client has output: it is written from the loop. */
void term_out_wake(struct term_out *o);
/* The client has output: writes what can be written without waiting; the loop writes the rest. */
void term_out_try(struct term_out *o);
/* Appends bytes to the unit that is being written. Not to be called from fill(). */
void term_out_add(struct term_out *o, const char *bytes, size_t n);
/* is_held: writes what can be written without waiting, then nothing until the hold ends. */
void term_out_hold(struct term_out *o, bool is_held);
/*
 * Writes everything that is left, at the end of a run or before the process is stopped. Gives up a
 * terminal that takes nothing for patience_s. Waits for a pipe until SIGINT, SIGTERM or SIGHUP
 * comes.
 */
void term_out_flush(struct term_out *o);

#endif
