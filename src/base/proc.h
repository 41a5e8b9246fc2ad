/* SPDX-License-Identifier: Apache-2.0 */
/* Our own helper processes (slots, the clerk): this same program in another mode, at the end of a
 * socket. */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* The mode's own argument: `dvsched __slot`; the socket is descriptor 3. */
#define PROC_SOCKET_FD 3

struct proc {
	pid_t pid;
	int fd; /* our end of the socket pair: non-blocking, close-on-exec */
};

/*
 * The first thing main() does: a standard stream that somebody closed leads to /dev/null, so that
 * no file of ours (or of a job's) ever takes its number. It is open the wrong way round, so that
 * whoever reads closed input or writes to closed output gets EBADF; standard error takes anything,
 * as there would be no place to report it.
 */
void proc_hold_streams(void);

/* Returns 0 if there is what proc_start() and the containment of jobs need: /proc and /dev/null.
 * -1: err says what is missing. */
int proc_check(struct error *err);

/*
 * The second: whoever started us may ignore SIGCHLD, which exec() keeps, and with which nobody ever
 * learns how a child ended.
 */
void proc_expect_children(void);

/*
 * From here on no process of the same user (a job is one) may take descriptors out of this one,
 * trace it, or read and write its memory; root still may. There is no core file either. Afterwards
 * only root can write to /proc/self.
 */
void proc_close_to_others(void);

/*
 * Starts /proc/self/exe with argv = {name, mode, NULL}: stdin and stdout on /dev/null, stderr ours,
 * in a process group of its own so that the terminal's signals do not reach it. Signals have their
 * defaults and are blocked until proc_become(); HUP, INT and QUIT stay ignored where they are
 * ignored here. Its end: EOF on the socket, then waitpid() by whoever started it.
 */
int proc_start(const char *name, const char *mode, struct proc *ret, struct error *err);

/*
 * The first thing a mode does: its name in ps, working directory /, every descriptor above the
 * socket closed (also those that somebody let us inherit). It outlives every signal that people and
 * supervisors send, but for KILL; what it starts does not inherit that.
 */
void proc_become(const char *name);

/*
 * For a mode that runs other programs: when whoever started us is gone, however it went, all of our
 * process group is killed, we included. A signal that only the kernel sends is used up for that.
 */
void proc_end_with_parent(void);

/* Whoever started us wants that signal to have no effect (nohup; `&` in a script). */
bool proc_ignores(int signum);
/* Signals that a child of ours begins with the default action for: all but HUP, INT and QUIT where
 * we ignore them. */
void proc_defaults_of_child(sigset_t *ret);

/*
 * Stops this process, or all of its process group, as Ctrl-Z would, and returns when it goes on:
 * at once if no shell could continue it. Without a terminal it waits for whoever has sent TSTP.
 */
void proc_stop(bool whole_group);

/* Is the kernel short of something for now, so that the same call may succeed later? */
bool proc_is_shortage(int errnum);

/* A descriptor that is readable when pid has ended, close-on-exec; -1 where the kernel has none. */
int proc_open_pidfd(pid_t pid);

#endif
