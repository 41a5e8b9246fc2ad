/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a slot: one attempt of one job, from the frame that asks for it to its result. A state machine
 * that the slot's loop moves: attempt_start(), then attempt_step() at every SIGCHLD and whenever
 * attempt_wake_at() has come, until attempt_is_over().
 *
 * Its parts live from attempt_start() to attempt_clear(), each set as a whole when it begins; what
 * lives as long as the slot is the slot's (slot_host.h). Only the memory of texts is kept from one
 * attempt to the next.
 */
#ifndef EXEC_ATTEMPT_H
#define EXEC_ATTEMPT_H

#include "base/vec.h"
#include "exec/pty.h"
#include "exec/slot_host.h"
#include "exec/slot_wire.h"
#include "judge/job_kind.h"
#include "judge/job_log.h"

enum attempt_phase {
	ATTEMPT_NONE,
	ATTEMPT_RETRY_LAUNCH, /* no process could be made; tried again later */
	ATTEMPT_RUNS,
	ATTEMPT_LEAKS, /* the leader is gone, something it started is not, yet */
	ATTEMPT_TERM,  /* was asked to end */
	ATTEMPT_KILL,  /* is being killed until nothing is left */
	ATTEMPT_OVER,  /* outcome is set */
};

/* The job as it was asked for, and as it is started. */
struct attempt_ask {
	struct job_kind *rules;
	struct slot_run run;
	struct str frame; /* what run's strings point into */
	struct str needs; /* came before run; see workspace/needs.h */
	bool has_needs_file;
	VEC(char *) own_strings; /* of argv and env, where {attempt} stood in them */
};

/* Its processes, from the launch until nothing is left. */
struct attempt_procs {
	pid_t leader;
	bool leader_is_gone;
	double started_s;
	double reap_at, reap_since_s; /* wait4() fails: asked again then, and since when */
};

/* When something is due, on the monotonic clock; INFINITY: never. */
struct attempt_clocks {
	double deadline_at, phase_at, give_up_at, look_at;
	double pause_s; /* between two rounds of what the phase does again and again */
};

/* For the scheduler, at the next opportunity. */
struct attempt_news {
	bool has_stopped;	/* an interactive one, as by Ctrl-Z */
	bool has_failed_launch; /* no process could be made */
	bool is_short;		/* that was told */
};

/* Its output for the user's screen: attempt_show.c. */
struct attempt_shown {
	off_t at;	 /* what the log has before was sent */
	double due_s;	 /* the next look; INFINITY: none */
	struct str text; /* to be sent */
	bool is_blocked; /* there is no room for more now */
};

/* What the verdict will be about. */
struct attempt_end {
	struct ending ending; /* points to: */
	struct str leaked, stuck, refused;
};

struct attempt {
	struct slot_host *host; /* borrowed */
	enum attempt_phase phase;
	struct attempt_ask ask;
	struct job_log log;
	struct pty pty; /* of an interactive one */
	struct attempt_procs procs;
	struct attempt_clocks clocks;
	struct attempt_shown shown;
	struct attempt_news news;
	struct attempt_end end;
	struct job_outcome outcome;
};

/* Before host is initialised. */
void attempt_init(struct attempt *a, struct slot_host *host);

void attempt_start(struct attempt *a, struct job_kind *rules, struct wire *w);
void attempt_kill(struct attempt *a, bool now, enum job_reason reason);
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

static inline bool attempt_is_over(const struct attempt *a)
{
	return a->phase == ATTEMPT_OVER;
}

static inline bool attempt_is_stuck(const struct attempt *a)
{
	return a->end.ending.stuck != NULL;
}

#endif
