/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's end of a slot, shared by its two files: slot.c exchanges frames with the process,
 * slot_end.c watches it and handles its end. */
#ifndef EXEC_SLOT_PARTS_H
#define EXEC_SLOT_PARTS_H

#include "exec/slot.h"
#include "exec/slot_wire.h"
#include "io/child.h"
#include "io/port.h"
#include "io/vigil.h"

/* Longer than a slot needs, from KILL on, to report a process that cannot be killed. */
static const double slot_patience_s = 8;

struct slot {
	struct list sibling; /* in its family */
	struct list *family;
	struct ev_loop *loop;
	const struct slot_handler *handler;
	void *ctx;
	struct link link; /* to the process; closed when that has ended or is given up */
	struct child child;
	struct port port;
	struct vigil vigil;		   /* while it has a job */
	struct vigil_limits usual, limits; /* of any job, of this one */
	double default_grace_s, grace_s;
	double end_within_s; /* time for the slot to end, or to end its job; 0: no limit */
	double hung_up_s;    /* when the socket was closed; 0: not yet */
	struct job_wire_places places; /* rules that the process has */
	uint32_t number;
	const char *job_id;	     /* of its job, or the last one */
	enum job_reason kill_reason; /* why its job must end; REASON_NONE: it was not killed */
	const char *fault;	     /* why the process is killed, if it is */
	char fault_text[96];	     /* what fault may point to */
	bool is_idle, is_closing, is_eof;
};

/* slot.c. Sends what is put into link.out. */
void slot_flush(struct slot *s);
/* Reads and handles frames. 1: there were some; 0: nothing to read; -1: the end. */
int slot_read(struct slot *s);

/* slot_end.c */
extern const struct vigil_ops slot_vigil;
child_ended slot_on_end;
/* fault completes "the slot … (pid 12) "; borrowed. */
void slot_kill_for(struct slot *s, const char *fault);

#endif
