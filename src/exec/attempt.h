/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a slot: one attempt of one job, from its FRAME_RUN to its result. It is a state machine that
 * the slot's loop drives: attempt_start(), then attempt_step() at every SIGCHLD and at the time of
 * attempt_wake_at(), until attempt_is_over().
 *
 * Its parts are valid from attempt_start() to attempt_clear(). Each is set as a whole when it
 * begins. State that outlives an attempt is in struct slot_host. Only memory of texts is reused by
 * the next attempt.
 */
#ifndef EXEC_ATTEMPT_H
#define EXEC_ATTEMPT_H

#include "base/vec.h"
#include "exec/cgroup_job.h"
#include "exec/pty.h"
#include "exec/slot_host.h"
#include "exec/slot_wire.h"
#include "exec/tree_watch.h"
#include "judge/shared_rules.h"
#include "judge/job_log.h"

enum attempt_phase {
	ATTEMPT_NONE,
	ATTEMPT_RETRY_LAUNCH, /* it could not be started for a shortage; tried again later */
	ATTEMPT_RUNS,
	ATTEMPT_LEAKS, /* the leader has ended, processes that it started have not */
	ATTEMPT_TERM,  /* TERM was sent */
	ATTEMPT_KILL,  /* KILL is sent until no process is left */
	ATTEMPT_OVER,  /* outcome is set */
};

/* The request for the job, and what is started for it. */
struct attempt_ask {
	struct shared_rules *rules;
	struct slot_run run;
	struct str frame; /* what run's strings point into */
	struct str needs; /* results of dependencies, received before run: workspace/needs.h */
	bool has_needs_file;
	bool is_prepared, has_odir; /* also: only its directory is, by an earlier try */
	VEC(char *) own_strings;    /* strings of argv and env that were made here, to be freed */
};

/* The processes of the job, from the launch until none is left. */
struct attempt_procs {
	pid_t leader;
	bool leader_is_gone;
	double started_s;
	double reap_at, reap_since_s; /* while wait4() fails: the next try, the first failure */
};

/* When something is due, on the monotonic clock; INFINITY: never. */
struct attempt_clocks {
	double deadline_at, phase_at, give_up_at, look_at, watch_at;
	double pause_s; /* between two repetitions of the action of the phase */
};

/* Events to send to the scheduler. */
struct attempt_news {
	bool has_stopped; /* an interactive job was stopped, as by Ctrl-Z */
	int shortage;	  /* an errno: it could not be started for lack of something; 0: no news */
	bool is_short;	  /* FRAME_SHORT was sent */
};

/* Output for the user's screen: attempt_show.c. */
struct attempt_shown {
	off_t at;	 /* the log before this offset was sent */
	double due_s;	 /* the next look; INFINITY: none */
	struct str text; /* to be sent */
	bool is_blocked; /* too much is unsent already */
};

/* Facts for the verdict. */
struct attempt_end {
	struct ending ending; /* points to the texts below */
	struct cgroup_use use;
	struct str leaked, stuck, refused;
};

struct attempt {
	struct slot_host *host; /* borrowed */
	enum attempt_phase phase;
	struct attempt_ask ask;
	int odir; /* the job's directory, for openat(); -1 */
	struct job_log log;
	struct pty pty; /* of an interactive job */
	struct attempt_procs procs;
	struct cgroup_job cgroup;
	struct attempt_clocks clocks;
	struct tree_watch watch; /* of a job with limits of its processes */
	struct attempt_shown shown;
	struct attempt_news news;
	struct attempt_end end;
	struct job_outcome outcome;
};

/* host may be initialised later, before attempt_start(). */
void attempt_init(struct attempt *a, struct slot_host *host);

void attempt_start(struct attempt *a, struct shared_rules *rules, struct wire *w);
void attempt_kill(struct attempt *a, bool now, enum job_reason reason);
/* Continues an interactive job that was stopped. */
void attempt_continue(struct attempt *a);
/* Reaps processes, and does what is due. */
void attempt_step(struct attempt *a);
/* When attempt_step() is due, on the monotonic clock; INFINITY: at SIGCHLD only. */
double attempt_wake_at(const struct attempt *a);
/* When the attempt is over: reads more of its log into shown.text. true: all of it was read. */
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
