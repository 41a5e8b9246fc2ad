/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches a helper's socket (slot, clerk, device worker) in the loop, and handles errors of both.
 * If the kernel is out of memory or table entries, the operation is tried again. Any other error
 * means that the helper is lost.
 *
 * If the kernel refuses a watcher, libev stops it and calls it once with EV_ERROR. Then a timer
 * calls the callbacks until the kernel accepts the watcher again, so that no message is missed.
 */
#ifndef IO_PORT_H
#define IO_PORT_H

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/link.h"

struct port;

/* May be called when there is nothing to read, or no room to write: the descriptor must be
 * non-blocking. */
typedef void port_event(struct port *p);

struct port {
	struct ev_loop *loop;
	int fd; /* borrowed */
	port_event *on_readable, *on_writable;
	ev_io in, out;
	ev_timer again;
	bool wants_in, wants_out;
	bool is_short;	 /* the kernel was out of memory: retry after some time, not when there is
			    room */
	bool is_refused; /* the kernel refused to watch fd; retried by `again` */
};

/* on_writable may be NULL. No event is wanted yet. */
void port_init(struct port *p, struct ev_loop *loop, int fd, port_event *on_readable,
	       port_event *on_writable);
void port_want_in(struct port *p, bool wants);
void port_want_out(struct port *p, bool wants);
/* Stops all watchers; accepts a port of zeros. */
void port_stop(struct port *p);

/*
 * Sends l->out as far as the socket takes it, and wants on_writable() for the rest; on_writable()
 * should call this again. Returns the result of link_flush(); after LOST on_writable() is not
 * wanted.
 */
enum link_result port_flush(struct port *p, struct link *l);

/* For a descriptor without a link: did a read() that returned n, with errno errnum,
 * reach the end? */
bool port_is_end(ssize_t n, int errnum);

#endif
