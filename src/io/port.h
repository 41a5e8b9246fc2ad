/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our end of a helper's socket, on the loop. What may go wrong with the socket or with the loop is
 * judged here, for all helpers (slots, the clerk, device workers): what memory or a table of the
 * kernel is too short for is tried again, and everything else means that the helper is lost.
 *
 * libev stops a watcher that the kernel does not take and calls it once with EV_ERROR: then the
 * descriptor is looked at by a timer until the kernel takes it again, so that nobody is left
 * unheard.
 */
#ifndef IO_PORT_H
#define IO_PORT_H

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/link.h"

struct port;

/* Also called when there is nothing to read, or no room: the descriptor must not block. */
typedef void port_event(struct port *p);

struct port {
	struct ev_loop *loop;
	int fd; /* borrowed */
	port_event *on_readable, *on_writable;
	ev_io in, out;
	ev_timer again;
	bool wants_in, wants_out;
	bool is_short;	 /* of memory: room would not help, only time */
	bool is_refused; /* the loop does not watch fd, until `again` */
};

/* on_writable may be NULL. Nothing is wanted yet. */
void port_init(struct port *p, struct ev_loop *loop, int fd, port_event *on_readable,
	       port_event *on_writable);
void port_want_in(struct port *p, bool wants);
void port_want_out(struct port *p, bool wants);
/* Wants nothing more; accepts a port of zeros. */
void port_stop(struct port *p);

/*
 * Sends what is in l->out; what the socket does not take now goes when it can, in on_writable(),
 * which should call this again. Returns what link_flush() does: after LOST nothing is wanted.
 */
enum link_result port_flush(struct port *p, struct link *l);

/* Of a descriptor that is no link's: did a read() that returned n with errnum reach the end? */
bool port_is_end(ssize_t n, int errnum);

#endif
