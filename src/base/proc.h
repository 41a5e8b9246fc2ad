/* SPDX-License-Identifier: Apache-2.0 */
/* Helper processes of dvsched (slots, the clerk): the same program in another mode, connected by a
 * socket. */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* The socket's descriptor in a helper, which is started as `name mode`, e.g. `dvs-slot __slot`. */
#define PROC_SOCKET_FD 3
/* The descriptor of /proc in a helper, if its parent holds one (proc_dir.h). */
#define PROC_DIR_FD 4

struct proc {
	pid_t pid;
	int fd; /* the parent's end of the socket pair: non-blocking, close-on-exec */
};

/*
 * Called first in main(): opens a closed standard stream on /dev/null, so that no other file of
 * dvsched or of a job gets its number. A closed stdin is opened for writing and a closed stdout for
 * reading, so that their use still gives EBADF. A closed stderr is opened for both, because an
 * error there could not be reported.
 */
void proc_hold_streams(void);

/* Checks that /proc and /dev/null exist, which proc_start() and the containment of jobs need, and
 * holds /proc from now on (proc_dir.h). Returns 0, or -1 with err. */
int proc_check(struct error *err);

/*
 * Called second in main(): sets SIGCHLD to its default. A parent may have passed it on as ignored
 * (exec() keeps that), and then no exit status of a child could be read.
 */
void proc_expect_children(void);

/*
 * Makes this process not dumpable: from now on other processes of the same user, such as jobs,
 * cannot take its descriptors, trace it, or read or write its memory; root still can. It writes no
 * core file, and only root can write to its /proc/self.
 */
void proc_close_to_others(void);

/*
 * Starts /proc/self/exe with argv = {name, mode, NULL}: stdin and stdout on /dev/null, stderr
 * inherited, in a process group of its own so that it gets no signals of the terminal. Signals have
 * their default action (HUP, INT and QUIT stay ignored if they are ignored here) and are blocked
 * until proc_become(). When the helper ends, the caller gets EOF on the socket and must waitpid()
 * for it.
 */
int proc_start(const char *name, const char *mode, struct proc *ret, struct error *err);

/* The same with fd, which stays open here, as the helper's socket. Returns its pid, or -1 with err.
 */
pid_t proc_start_on(int fd, const char *name, const char *mode, struct error *err);

/*
 * Called first by a helper: sets its name in ps, changes to /, and closes every descriptor above
 * the socket, also inherited ones, except that of /proc, which it holds. The helper then survives
 * the signals that users and service managers send, except KILL; programs that it starts do not
 * inherit this.
 */
void proc_become(const char *name);

/*
 * For a helper that runs other programs: when its parent ends for any reason, the whole process
 * group of the helper is killed, itself included. Uses the signal SIGRTMAX - 1.
 */
void proc_end_with_parent(void);

/* The signal is ignored in this process, as after nohup or `&` in a script. */
bool proc_ignores(int signum);
/* The signals that have the default action in a new child: all, except HUP, INT and QUIT if this
 * process ignores them. */
void proc_defaults_of_child(sigset_t *ret);

/*
 * Stops this process, or its whole process group, as Ctrl-Z does, and returns when it is continued.
 * With a terminal, but no shell that could continue it, it is not stopped. Without a terminal it is
 * always stopped: the sender of TSTP must continue it.
 */
void proc_stop(bool whole_group);

/* ENOBUFS or ENOMEM: the kernel is out of memory now, and the same call may succeed later. */
bool proc_is_shortage(int errnum);

/* A pidfd: readable when pid has ended, close-on-exec. -1 with errno (ENOSYS: the kernel has no
 * pidfds). */
int proc_open_pidfd(pid_t pid);

#endif
