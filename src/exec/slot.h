/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot: one small process that runs one job at a time, and the scheduler's end of it.
 *
 * The process (slot_main()) is a subreaper: every orphan it inherits belongs to its job. It makes
 * and rotates the job's directory, opens the log, starts the job in a session of its own, enforces
 * the deadline and the kill ladder, waits until the whole tree is gone, decides the verdict
 * (reading the log only if a pattern or a failure needs it) and reports one message. When the
 * socket closes it kills its tree at once and exits. It does only what frames ask for
 * (slot_wire.h).
 *
 * The scheduler's end is used from the thread of the loop. A slot is re-used for job after job.
 */
#ifndef EXEC_SLOT_H
#define EXEC_SLOT_H

#include <ev.h>
#include <termios.h>

#include "base/error.h"
#include "base/list.h"
#include "io/vigil.h"
#include "job/job_needs.h"
#include "job/job_reader.h"
#include "job/job_result.h"
#include "job/job_spec.h"

struct slot;

struct slot_handler {
	/* The job that was sent has ended; result is valid during the call. The slot is idle again.
	 */
	void (*ended)(struct slot *slot, void *ctx, const struct job_result *result);
	/* The process has ended. A running job is lost; its process tree was killed before this
	   call. Only slot_free() may be called for the slot after that. */
	void (*died)(struct slot *slot, void *ctx, const char *why);
	/* A message for people about the slot: it was stopped, hangs, or was killed without a job.
	   May be NULL. */
	void (*noted)(struct slot *slot, void *ctx, const char *text);
	/* Output of a job that is interactive or shown; an interactive job was stopped, as by
	   Ctrl-Z. NULL if there are no such jobs. */
	void (*said)(struct slot *slot, void *ctx, const char *bytes, size_t n);
	void (*stopped)(struct slot *slot, void *ctx);
	/* The job cannot be started for lack of what errnum says (errno_is_shortage()); the slot
	   tries again, and calls this at each try. 0: it was started after that. May be NULL. */
	void (*is_short)(struct slot *slot, void *ctx, int errnum);
};

/* Modes and size of the user's terminal, for the terminal of an interactive job. */
struct slot_terminal {
	struct termios modes;
	uint16_t rows, columns;
	/* For the slot to restore the modes when its scheduler is gone; NULL: not known. */
	const char *path;
};

struct slot_options {
	const char *scratch_root; /* absolute; the slot refuses to make, move or remove anything
				     outside it */
	double default_grace_s;
	uint64_t job_nofile; /* soft limit of open files that jobs get back; 0: the slot's own */
	uint32_t number;     /* for people: "local/3" */
	/* All slots of the owner, borrowed: when one of them dies, its remains are killed, but not
	 * the other slots. NULL: the owner has one slot only. */
	struct list *family;
	/* Descriptors of which the process keeps a copy open until it ends. */
	const int *kept;
	size_t n_kept;
	const char *cpus;	/* CPUs that its jobs run on, "0-3,8"; NULL: any. Does not change */
	int32_t numa;		/* with cpus: the node that memory comes from first; -1: any */
	const char *cgroup_dir; /* where each job gets a cgroup (cgroup_run.h); NULL: nowhere */
	const struct vigil_limits *limits; /* for watching the process; NULL: the default */
};

/* Starts the process. NULL on failure, with err. handler and ctx are borrowed. */
struct slot *slot_new(struct ev_loop *loop, const struct slot_options *options,
		      const struct slot_handler *handler, void *ctx, struct error *err);
/* Asks an idle slot to end; died() follows within a few seconds. */
void slot_close(struct slot *slot);
/* Closes the socket, so that the slot kills its job. Only slot_free() may be called after that. */
void slot_hang_up(struct slot *slot);
/* Hangs up and waits for the process. If it does not end in time, it is killed with all below it.
 */
void slot_free(struct slot *slot); /* accepts NULL */
/* Sends a job to an idle slot. The result comes through handler->ended(), never before this
 * returns. env: "NAME=VALUE" for this attempt, over all other; NULL-terminated; NULL: none. needs:
 * the results of its dependencies, for the job to read; NULL: none. */
void slot_run(struct slot *slot, const struct job_spec *spec, uint32_t attempt,
	      const char *const *env, const struct job_needs *needs);
/* TERM then, after the grace, KILL; or KILL at once. reason: for the result. A slot that has not
 * ended its job a few seconds after that is killed itself. */
void slot_kill(struct slot *slot, bool now, enum job_reason reason);
/* Stops or continues the job and its clocks (time limit, grace). Also for a slot without a job,
 * which may keep daemons. */
void slot_pause(struct slot *slot, bool is_paused);

/* For an interactive job (job_rules.is_interactive): before slot_run(); then while it runs. */
void slot_give_terminal(struct slot *slot, const struct slot_terminal *terminal);
void slot_type(struct slot *slot, const char *bytes, size_t n);
void slot_resize(struct slot *slot, uint16_t rows, uint16_t columns);
void slot_continue(struct slot *slot); /* after stopped() */
/* listens false: said() is not called, and an interactive job that goes on writing has to wait. */
void slot_listen(struct slot *slot, bool listens);

/* In died(), if a job was running: the reason of slot_kill(), or REASON_LOST. */
enum job_reason slot_lost_reason(const struct slot *slot);
pid_t slot_pid(const struct slot *slot); /* for tests */
/* Number and memory of the processes of its job; false: there are none. */
bool slot_measure(const struct slot *slot, struct job_load *ret);

/* The process itself: `dvsched __slot`, socket on PROC_SOCKET_FD. Never returns. find: the readers
 * that its jobs may name. */
int slot_main(job_reader_find *find);

/*
 * Kills and reaps the processes that a dead slot has left: this process, a subreaper too, has
 * inherited them. These are all children that are neither in known[] nor in the session of this
 * process. Returns their number.
 */
unsigned exec_reap_strays(const pid_t *known, size_t n_known);
/*
 * Sends SIGKILL to all processes below this one, slots and their jobs included, until none is left
 * that can be killed. except: a child to spare, with all below it; 0: none. Returns how many
 * children were reaped.
 */
unsigned exec_kill_descendants(pid_t except);

#endif
