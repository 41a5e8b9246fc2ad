/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a helper's process: an event, never waited for. Whoever asked it to end says until
 * when; then it is killed, and one that is still there some seconds after SIGKILL (it hangs in the
 * kernel) is given up, so that nothing waits for it any longer.
 */
#ifndef IO_CHILD_H
#define IO_CHILD_H

#include <sys/types.h>

#include "base/str.h"
#include "io/port.h"
#include "io/vigil.h"

struct child;

/* It is gone and reaped; status: waitpid()'s, or one of these. child may be freed. */
typedef void child_ended(struct child *child, int status);

enum {
	CHILD_GIVEN_UP = -1, /* still there after SIGKILL; not reaped */
	CHILD_UNKNOWN = -2,  /* gone, but somebody else has its status */
};

struct child {
	struct ev_loop *loop;
	pid_t pid; /* 0: reaped, or given up */
	child_ended *ended;
	int pid_fd;	  /* -1: nobody waits for its end yet, or the kernel has none */
	struct port port; /* pid_fd's */
	ev_timer late;
	bool is_killed;
};

void child_init(struct child *c, struct ev_loop *loop, pid_t pid, child_ended *ended);
/* Its socket has closed: ended() is called now, or soon. c may be freed. */
void child_hung_up(struct child *c);
/* It should end by itself; if it has not after within_s, it is killed. */
void child_expect_end(struct child *c, double within_s);
/* What it was to do within that time is done. */
void child_expect_nothing(struct child *c);
/* SIGKILL; ended() follows. */
void child_kill(struct child *c);
/* Waits for its end, most_s at most; ended() is not called. false: it is still there. */
bool child_wait(struct child *c, double most_s);
/* Waits for its end as long as it shows signs of life, and continues it if it is stopped; ended()
 * is not called. false: it shows none. */
bool child_wait_while_alive(struct child *c, const struct vigil_limits *limits);
/* Watches it no longer. */
void child_done(struct child *c);
/* "died: signal 9", "ended: exit status 0", "is still there after SIGKILL (state D)"; before
 * pid is forgotten by anybody else. */
void child_describe_end(pid_t pid, int status, struct str *to);

#endif
