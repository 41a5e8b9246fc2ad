/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a slot: one attempt of one job, from the frame that asks for it to its result. A state machine
 * that the slot's loop moves: attempt_start(), then attempt_step() at every SIGCHLD and whenever
 * attempt_wake_at() has come, until attempt_is_over().
 */
#ifndef EXEC_ATTEMPT_H
#define EXEC_ATTEMPT_H

#include <signal.h>
#include <sys/resource.h>

#include "base/confine.h"
#include "judge/job_log.h"
#include "exec/kept.h"
#include "exec/launch.h"
#include "exec/pty.h"
#include "exec/slot_wire.h"
#include "judge/job_kind.h"
#include "base/proc_tree.h"

enum attempt_phase {
	ATTEMPT_NONE,
	ATTEMPT_RETRY_LAUNCH, /* no process could be made; tried again later */
	ATTEMPT_RUNS,
	ATTEMPT_LEAKS, /* the leader is gone, something it started is not, yet */
	ATTEMPT_TERM,  /* was asked to end */
	ATTEMPT_KILL,  /* is being killed until nothing is left */
	ATTEMPT_OVER,  /* result is set */
};

struct attempt {
	/* ---- the slot's, for all its attempts ---- */
	struct confine confine;
	struct kept kept;
	double grace_s;
	struct rlimit nofile;			      /* what jobs get */
	bool has_nofile;			      /* and it is not what we have */
	struct str program, program_of, program_path; /* the last look-up in PATH */
	uint64_t oom_kills; /* by the kernel, on this machine, when we looked last */
	double oom_read_s;
	struct slot_terminal terminal; /* of the user's, for the next interactive one; its path is
					  malloc()ed */
	bool has_terminal;

	/* What the slot was sent, while this attempt went on, of the signals that end a run: a bit
	 * for each number. */
	volatile sig_atomic_t *ending_signals;

	struct pause {
		bool is_on;
		double since_s, next_round_s; /* INFINITY: all have stopped */
		unsigned n_rounds;
	} pause; /* attempt_pause.c */

	/* ---- of this one ---- */
	enum attempt_phase phase;
	struct job_kind *rules;
	struct slot_run run;
	struct str frame; /* what run's strings point into */
	struct str needs; /* came before run; see workspace/needs.h */
	bool has_needs_file;
	struct job_log log;
	struct pty pty; /* of an interactive one */
	struct shown {
		off_t at;	 /* what the log has before was sent */
		double due_s;	 /* the next look; INFINITY: none */
		struct str text; /* to be sent */
		bool is_blocked; /* there is no room for more now */
	} shown;		 /* attempt_show.c */
	pid_t leader;
	bool leader_is_gone, has_stopped;
	bool has_failed_launch; /* for want of a process; to be told */
	bool is_short;		/* that was told */
	double started_s, deadline_at, phase_at, give_up_at, look_at, pause_s;
	double reap_at, reap_since_s; /* wait4() fails: asked again then, and since when */
	struct ending ending;
	struct str leaked, stuck, refused;
	struct proc_tree tree;
	char **own_strings; /* of argv and env, where {attempt} stood in them */
	size_t n_own_strings;
	struct job_outcome outcome;
};

void attempt_init(struct attempt *a, const struct slot_hello *hello,
		  volatile sig_atomic_t *ending_signals);

void attempt_start(struct attempt *a, struct job_kind *rules, struct wire *w);
void attempt_kill(struct attempt *a, bool now, enum job_reason reason);
/* Stops everything below this process and its clocks, or lets it go on; with or without a job. */
void attempt_pause(struct attempt *a, bool is_paused);
/* The user wants an interactive one that has stopped to go on. */
void attempt_continue(struct attempt *a);
/* Reaps, and does what is due. */
void attempt_step(struct attempt *a);
/* On the monotonic clock; INFINITY: only SIGCHLD matters. */
double attempt_wake_at(const struct attempt *a);
/* Of one that is over: more of its log into shown.text. true: all of it was sent. */
bool attempt_show_rest(struct attempt *a);
/* Frees what belonged to the attempt, after its result was sent. */
void attempt_clear(struct attempt *a);
/* Kills everything below this process, kept daemons too, until it is gone or cannot be killed. */
void attempt_kill_all(struct attempt *a);

static inline bool attempt_is_over(const struct attempt *a)
{
	return a->phase == ATTEMPT_OVER;
}

static inline bool attempt_is_stuck(const struct attempt *a)
{
	return a->ending.stuck != NULL;
}

#endif
