/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of a stream socket (AF_UNIX) between two of dvsched's processes, for frames
 * (base/wire.h). Slots, device workers, probes and the clerk have one, and so has the process that
 * started them. Its users only encode and decode their frames.
 *
 * Ownership. A link owns its socket, both buffers, descriptors that are not sent yet, and received
 * descriptors that were not taken. link_close() closes the socket and all of these descriptors; so
 * does link_done(). The fields of a frame point into the link's buffer and are valid until the next
 * link_read(), link_close() or link_done(); frames put into `out` meanwhile do not move them.
 *
 * Sending. Put frames into `out` (wire_begin() … wire_end()); the next link_flush() sends as much
 * as the socket takes and keeps the rest in order. A link without a socket drops `out`.
 *
 * Receiving. One link_read() makes one system call; then link_next() returns complete frames until
 * it returns 0. An incomplete frame stays until the rest was read. Memory grows with the bytes
 * received, not with the length that a frame announces. A frame of 0 or more than WIRE_LARGEST
 * bytes is an error, and so is every later call.
 *
 * Descriptors (SCM_RIGHTS) are sent with the first byte of their frame, so they have arrived, in
 * order, when their frame has: call link_attach() before the frame is put into `out`, and
 * link_take_descriptor() when it was received. They are close-on-exec. A receiver sets how many it
 * accepts at a time; if more arrive, all are closed and link_read() returns LINK_WRONG. If it
 * accepts none, the kernel closes them.
 *
 * Errors. ENOBUFS and ENOMEM are temporary (LINK_SHORT), EAGAIN and EINTR mean LINK_LATER, and any
 * other error ends the link. Sending never raises SIGPIPE.
 *
 * Threads. Not thread-safe, except that one thread may send while another one receives.
 */
#ifndef BASE_LINK_H
#define BASE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"
#include "base/wire.h"

/* The most descriptors per byte sent, and of received ones not yet taken. Linux allows 253
 * (SCM_MAX_FD). */
enum { LINK_DESCRIPTORS = 64 };

enum link_result {
	LINK_OK,    /* everything was sent; something was read */
	LINK_LATER, /* no room, or nothing to read: call again when poll() or the loop reports the
		       socket */
	LINK_SHORT, /* the kernel is out of memory: call again after some time; poll() will not
		       report it */
	LINK_END,   /* the other end was closed; from link_read() only */
	LINK_LOST,  /* the socket failed, with errno; nothing more can be sent or read */
	LINK_WRONG, /* more descriptors arrived than are accepted; from link_read() only */
};

struct link_descriptor {
	size_t at; /* the offset in `out` of the byte that it is sent with */
	int fd;
};

struct link {
	int fd; /* -1: closed */
	struct str out;

	/* ---- the link's own ---- */
	size_t out_sent;
	VEC(struct link_descriptor) attached;
	struct str in;
	size_t in_at; /* frames before it were returned */
	size_t room;  /* the most bytes of the next read */
	unsigned accepts, n_received;
	int received[LINK_DESCRIPTORS];
	bool is_wrong;
};

/* Takes ownership of the socket. accepts: the most received descriptors that are not yet taken, up
 * to LINK_DESCRIPTORS. */
void link_init(struct link *l, int fd, unsigned accepts);
/* Closes the socket; link_next() still returns the frames received before. Accepts a
 * closed link. */
void link_close(struct link *l);
/* Closes and frees. Accepts a link of zeros that was never initialised (its fd 0 is not closed). */
void link_done(struct link *l);

/*
 * Sends fd with the next frame that is put into `out`, and takes ownership of fd in any case. The
 * first LINK_DESCRIPTORS of a frame are sent with its first byte, the next with its second, and so
 * on. fd -1: nothing is attached.
 */
void link_attach(struct link *l, int fd);
/* Never blocks. Returns OK, LATER, SHORT or LOST; after LOST `out` is empty. */
enum link_result link_flush(struct link *l);
/* Blocks until everything was sent. Returns 0, or -1 if the other end is gone, or if the kernel has
 * had no memory for some seconds: this process is of no use then, and another one may have more
 * luck. */
int link_send(struct link *l);
/* Bytes in `out` that are not sent yet. */
static inline size_t link_unsent(const struct link *l)
{
	return l->out.len - l->out_sent;
}

enum link_wait { LINK_NOW, LINK_WAIT };

/* Reads what has arrived. WAIT: blocks until something arrives, if the socket is a blocking one. */
enum link_result link_read(struct link *l, enum link_wait wait);
/* 1: *ret_type and *ret are the next frame; 0: no complete frame; -1: the bytes are no frame. */
int link_next(struct link *l, uint8_t *ret_type, struct wire *ret);
/* Returns the first received descriptor, which the caller must close; -1: there is none. */
int link_take_descriptor(struct link *l);

/* Did this result of link_read() end the link? LINK_WRONG does: later frames could get wrong
 * descriptors. */
static inline bool link_is_end(enum link_result state)
{
	return state >= LINK_END;
}

#endif
