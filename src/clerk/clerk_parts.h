/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's end of the clerk, shared by its two files: clerk.c exchanges frames with the
 * process, clerk_process.c starts it, replaces one that dies, and waits for its end. */
#ifndef CLERK_CLERK_PARTS_H
#define CLERK_CLERK_PARTS_H

#include "base/link.h"
#include "base/vec.h"
#include "clerk/clerk.h"
#include "clerk/requests.h"
#include "io/child.h"
#include "io/port.h"
#include "io/vigil.h"

struct clerk {
	struct ev_loop *loop;
	char *root;
	struct link link; /* to the process */
	struct child child;
	struct port port;
	struct vigil vigil; /* while requests are not confirmed */
	bool is_watched;
	pid_t pid;
	double started_s;
	unsigned n_short;		  /* processes in a row that died soon */
	void (*hung_up)(struct clerk *c); /* the socket has ended */
	ev_timer gather, again;
	struct requests requests;
	VEC(char *) groups; /* that links were asked for in */
	clerk_problem *problem;
	void *ctx;
	clerk_space *space; /* or NULL */
	void *space_ctx;
	void (*tick)(void *ctx); /* or NULL */
	void *tick_ctx;
	clerk_died *died; /* or NULL */
	void *died_ctx;
	double trash_s; /* how long clerk_free() waits for the trash */
	bool is_up;	/* there is a process */
	bool is_over;	/* there is none, and none is started any more */
	bool is_finishing, is_done, is_hurried;
	bool is_lost; /* it did not finish in time; clerk_finish() does not wait again */
};

/* ---- clerk.c ---- */

void clerk_init_exchange(struct clerk *c);
/* With a new process, on its socket, which gets the requests that wait. */
void clerk_begin_exchange(struct clerk *c, int fd);
/* Closes the socket. */
void clerk_end_exchange(struct clerk *c);
void clerk_stop_watching(struct clerk *c);
/* Sends as much as the socket takes. Returns false when nothing is left. */
bool clerk_send_some(struct clerk *c);
/* Returns false at the end of the stream. */
bool clerk_receive_frames(struct clerk *c);
void clerk_add_path(struct clerk *c, enum clerk_request type, const char *path);

#endif
