/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of a stream socket between two of our processes (AF_UNIX), on which frames travel
 * (base/wire.h). Every pair of ours has one at each end: a slot, a device worker, a probe and the
 * clerk, and whoever started them. Users encode and decode their own frames, and nothing else.
 *
 * Ownership. A link owns its socket, both buffers, descriptors that are not sent yet and received
 * ones that nobody has taken. link_close() closes the socket and all of these descriptors, which
 * link_done() does, too. The fields of a frame point into the link's buffer and are valid until the
 * next link_read(), link_close() or link_done(); frames put into `out` meanwhile do not move them.
 *
 * Sending. Put frames into `out` (wire_begin() … wire_end()); the next link_flush() sends as much
 * as the socket takes and keeps the rest in order. A link without a socket drops what it is to
 * send.
 *
 * Receiving. One link_read() makes one system call; then link_next() gives whole frames until it
 * returns 0. Half a frame stays until the rest has come. A length is no promise: memory grows with
 * the bytes that came, and a frame of no or more than WIRE_LARGEST bytes is an error, which stays.
 *
 * Descriptors (SCM_RIGHTS) travel with the first byte of their frame, so they are there, in order,
 * when the frame is: link_attach() before the frame is put, link_take_descriptor() when it was
 * received. They are close-on-exec. A receiver says how many it accepts at a time; with more all
 * that came are closed and the link is wrong. At an end that accepts none the kernel closes them.
 *
 * What may go wrong is judged here: shortage of the kernel (ENOBUFS, ENOMEM) is no end, everything
 * else that is not EAGAIN or EINTR is. Sending never raises SIGPIPE.
 *
 * Threads: none, but one may send while another one receives.
 */
#ifndef BASE_LINK_H
#define BASE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"
#include "base/wire.h"

/* Descriptors that go with one byte, or wait to be taken. Linux takes at most 253 (SCM_MAX_FD). */
enum { LINK_DESCRIPTORS = 64 };

enum link_result {
	LINK_OK,    /* all was sent; something was read */
	LINK_LATER, /* no room, or nothing there: when poll() or the loop says so */
	LINK_SHORT, /* the kernel is short of memory: the same call after some time, without a sign
		     */
	LINK_END,   /* the other end was closed; only link_read() tells */
	LINK_LOST,  /* errno says why: nothing will be sent, or read, any more */
	LINK_WRONG, /* more descriptors came than are accepted; only link_read() tells */
};

struct link_descriptor {
	size_t at; /* the byte of out that it goes with */
	int fd;
};

struct link {
	int fd; /* -1: closed */
	struct str out;

	/* ---- the link's own ---- */
	size_t out_sent;
	VEC(struct link_descriptor) attached;
	struct str in;
	size_t in_at; /* frames before it were given */
	size_t room;  /* how much one read may bring */
	unsigned accepts, n_received;
	int received[LINK_DESCRIPTORS];
	bool is_wrong;
};

/* Takes the socket. accepts: descriptors that may wait here at a time, LINK_DESCRIPTORS at most. */
void link_init(struct link *l, int fd, unsigned accepts);
/* Closes the socket; what was received can still be read. Accepts a closed link. */
void link_close(struct link *l);
/* Accepts a link of zeros that was never initialised, whose fd is then 0: it is not closed. */
void link_done(struct link *l);

/*
 * fd goes with the frame that is put into out next, and is the link's from here on, whatever
 * happens. The first LINK_DESCRIPTORS of a frame go with its first byte, the next with its second,
 * and so on. -1 is accepted: nothing is attached.
 */
void link_attach(struct link *l, int fd);
/* Never waits. OK, LATER, SHORT or LOST; after LOST out is empty. */
enum link_result link_flush(struct link *l);
/* Waits until all was sent, however long that takes. -1: nobody is there any more. */
int link_send(struct link *l);
/* Bytes in out that were not sent. */
static inline size_t link_unsent(const struct link *l)
{
	return l->out.len - l->out_sent;
}

enum link_wait { LINK_NOW, LINK_WAIT };

/* Reads what is there. WAIT: until something is there, on a socket that blocks. */
enum link_result link_read(struct link *l, enum link_wait wait);
/* 1: *ret_type and *ret are the next frame; 0: there is no whole one; -1: not a frame. */
int link_next(struct link *l, uint8_t *ret_type, struct wire *ret);
/* The first of the received descriptors, now the caller's to close; -1: there is none. */
int link_take_descriptor(struct link *l);

/* Did a read bring the end? LINK_WRONG is one: nothing that follows can be believed. */
static inline bool link_is_end(enum link_result state)
{
	return state >= LINK_END;
}

#endif
