/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot: one small process that runs one job at a time, and this end of it.
 *
 * The process (slot_main()) is a subreaper: every orphan it inherits belongs to its job. It makes
 * and rotates the job's directory, opens the log, starts the job in a session of its own, enforces
 * the deadline and the kill ladder, waits until the whole tree is gone, decides the verdict
 * (reading the log only if a pattern or a failure needs it) and reports one message. When the
 * socket closes it kills its tree at once and exits. It does no more than its frames say (frames:
 * slot_wire.h).
 *
 * This end is used from the loop's thread: a slot is started when first needed and re-used.
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
	/* The process is gone. If a job was there it is lost: its tree has been killed by the time
	   of this call. The slot is only good for slot_free(). */
	void (*died)(struct slot *slot, void *ctx, const char *why);
	/* Something about the slot that people should know: it was stopped, hangs, had to be killed
	   without a job. NULL: nobody wants to. */
	void (*noted)(struct slot *slot, void *ctx, const char *text);
	/* Of an interactive job, and NULL where there are none: what it wrote to its terminal; it
	   was stopped, as by Ctrl-Z. */
	void (*said)(struct slot *slot, void *ctx, const char *bytes, size_t n);
	void (*stopped)(struct slot *slot, void *ctx);
	/* No process can be made for its job, which the slot tries again (said at each try); one
	   was made after all. NULL: nobody can help. */
	void (*is_short)(struct slot *slot, void *ctx, bool is_short);
};

/* The user's terminal, for the terminal of an interactive job to be like it. */
struct slot_terminal {
	struct termios modes;
	uint16_t rows, columns;
	/* Of a slot whose scheduler is gone, to put the modes back; NULL: not known. */
	const char *path;
};

struct slot_options {
	const char *scratch_root; /* absolute; the slot refuses to make, move or remove anything
				     outside it */
	double default_grace_s;
	uint64_t job_nofile; /* soft limit of open files that jobs get back; 0: the slot's own */
	uint32_t number;     /* for people: "local/3" */
	struct list *family; /* where the slots of one owner know each other, so that none is taken
				for what another left behind; borrowed; NULL: there is one only */
	/* Descriptors that the process keeps open until it is gone, whatever becomes of ours. */
	const int *kept;
	size_t n_kept;
	const char *cpus; /* what its jobs run on, "0-3,8"; NULL: on any. For good */
	int32_t numa;	  /* with cpus: the node that memory comes from first; -1: any */
	const struct vigil_limits *limits; /* of its clock on our side; NULL: the default */
};

/* Starts the process. NULL on failure, with err. handler and ctx are borrowed. */
struct slot *slot_new(struct ev_loop *loop, const struct slot_options *options,
		      const struct slot_handler *handler, void *ctx, struct error *err);
/* Asks an idle slot to end; died() follows, some seconds later at most. */
void slot_close(struct slot *slot);
/* Closes the socket: a job still there is killed by its slot. Only good for slot_free() then. */
void slot_hang_up(struct slot *slot);
/* Hangs up and waits for the process; one that does not end in time is killed, with all below it.
 */
void slot_free(struct slot *slot); /* accepts NULL */
/* Sends a job to an idle slot. The result comes through handler->ended(), never before this
 * returns. env: "NAME=VALUE" for this attempt, over all other; NULL-terminated; NULL: none. needs:
 * the results of its dependencies, for the job to read; NULL: none. */
void slot_run(struct slot *slot, const struct job_spec *spec, uint32_t attempt,
	      const char *const *env, const struct job_needs *needs);
/* TERM then, after the grace, KILL; or KILL at once. reason is what the result will carry. A slot
 * that has not answered some seconds after that is killed itself. */
void slot_kill(struct slot *slot, bool now, enum job_reason reason);
/* Stops what it runs and the clocks of that (its time limit, the grace), or lets it go on. Also of
 * a slot without a job: it may keep daemons. */
void slot_pause(struct slot *slot, bool is_paused);

/* For an interactive job (job_rules.is_interactive): before slot_run(); then while it runs. */
void slot_give_terminal(struct slot *slot, const struct slot_terminal *terminal);
void slot_type(struct slot *slot, const char *bytes, size_t n);
void slot_resize(struct slot *slot, uint16_t rows, uint16_t columns);
void slot_continue(struct slot *slot); /* after stopped() */
/* false: said() is not wanted now; a job that writes on has to wait. */
void slot_listen(struct slot *slot, bool listens);

bool slot_is_idle(const struct slot *slot);
/* In died(), if a job was running: the reason it was being stopped for, or LOST. */
enum job_reason slot_lost_reason(const struct slot *slot);
pid_t slot_pid(const struct slot *slot);
/* What the processes of its job take now; false: it has none. */
bool slot_measure(const struct slot *slot, struct job_load *ret);

/* The process itself: `dvsched __slot`, socket on PROC_SOCKET_FD. Never returns. find: the readers
 * that its jobs may name. */
int slot_main(job_reader_find *find);

/*
 * The scheduler's part of containment: it is a subreaper too. Kills and reaps every child of ours
 * that is not in known[] (what a dead slot left behind). Returns how many.
 */
unsigned exec_reap_strays(const pid_t *known, size_t n_known);
/*
 * SIGKILL to all below this process, slots and their jobs too, again and again until nothing is
 * left that can be killed. except: a child that is left alone, with all below it; 0: none.
 */
unsigned exec_kill_descendants(pid_t except);

#endif
