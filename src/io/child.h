/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a helper process, reported as an event of the loop. The owner that told a helper to
 * end sets a time limit for it, after which it is killed. A helper that still exists 5 s after
 * SIGKILL (it hangs in the kernel) is given up, so that nothing waits for it any longer.
 */
#ifndef IO_CHILD_H
#define IO_CHILD_H

#include <sys/types.h>

#include "base/str.h"
#include "io/port.h"
#include "io/vigil.h"

struct child;

/* Called once, when the child was reaped or given up. status: waitpid()'s, or one of the values
 * below. It may free child. */
typedef void child_ended(struct child *child, int status);

enum {
	CHILD_GIVEN_UP = -1, /* still exists after SIGKILL; not reaped */
	CHILD_UNKNOWN = -2,  /* ended, but its status is unknown: it was reaped elsewhere */
};

struct child {
	struct ev_loop *loop;
	pid_t pid;  /* 0: reaped */
	int status; /* of a child that was reaped */
	child_ended *ended;
	int pid_fd;	  /* -1: not opened yet, or the kernel has no pidfds */
	struct port port; /* watches pid_fd */
	ev_timer late;
	bool is_killed;
};

void child_init(struct child *c, struct ev_loop *loop, pid_t pid, child_ended *ended);
/* To be called when its socket has closed: ended() is called now or later. c may be freed. */
void child_hung_up(struct child *c);
/* Kills it if it has not ended by itself within within_s. */
void child_expect_end(struct child *c, double within_s);
/* Cancels the time limit of child_expect_end(). */
void child_expect_nothing(struct child *c);
/* Sends SIGKILL; ended() is called later. */
void child_kill(struct child *c);
/* Blocks until it has ended, for most_s at most; ended() is not called. false: it still exists. */
bool child_wait(struct child *c, double most_s);
/* Blocks until it has ended, as long as it shows signs of life, and sends SIGCONT if it is stopped;
 * ended() is not called. false: it shows no sign of life and still exists. */
bool child_wait_while_alive(struct child *c, const struct vigil_limits *limits);
/* Stops all watchers; ended() is not called any more. Does not kill the child. */
void child_done(struct child *c);
/* "died: signal 9", "ended: exit status 0", "is still there after SIGKILL (state D)". Reads the
 * state of pid, so pid must not be reused yet. */
void child_describe_end(pid_t pid, int status, struct str *to);

#endif
