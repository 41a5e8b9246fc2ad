/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backend runs jobs: as local processes, on devices, in a cluster, or not at all (fake). This
 * header is the whole interface between the scheduler and backends.
 *
 * A backend embeds struct backend and fills ops. Operations that are NULL are not supported. No
 * call is re-entrant: upcalls only append to a queue, which the scheduler processes in its next
 * turn, so submit() and kill() have returned before an upcall about their job takes effect. An
 * example backend of about 100 lines: docs/examples/backend_echo.c.
 */
#ifndef SCHEDULER_BACKEND_H
#define SCHEDULER_BACKEND_H

#include "base/clock.h"
#include "base/diag.h"
#include "base/json_out.h"
#include "job/job_needs.h"
#include "scheduler/job.h"

enum submit {
	SUBMIT_ACCEPTED, /* the backend will call sched_job_started() and then sched_job_ended(),
			    once each; for a job that could not be started only the latter, with
			    REASON_LAUNCH */
	SUBMIT_BUSY,	 /* not now: the job stays queued and is submitted again after
			    sched_backend_capacity(), after the next end of a job of this backend, or
			    after a pause of at least 50 ms */
	SUBMIT_REFUSED,	 /* never: the job ends KILLED with REASON_REFUSED and the text of why */
};

enum kill_level {
	KILL_TERM, /* SIGTERM or its equivalent; the backend itself kills after the grace */
	KILL_NOW,
};

struct backend_caps {
	bool is_interactive; /* can run a job on the user's terminal */
	bool is_local;	     /* jobs run on this machine and can use its paths and devices */
	bool is_virtual;     /* jobs take no real time, only time of a virtual clock */
	bool is_rehearsal;   /* no job is really run */
};

struct backend_ops {
	const char *name; /* "local" */
	/* Called at load, before any job runs: adds errors with positions for keys and values that
	 * this backend does not accept. */
	void (*check)(struct backend *b, const struct job_spec *spec, struct diags *diags);
	/* Called before the first submit(). run_dir: the directory of the run, for files of the
	 * backend; copied. */
	void (*begin)(struct backend *b, const char *run_dir);
	/* Called before begin() in a run that resumes another one: ends what that run, whose
	 * dvsched was killed, has left in a batch system. run_dir: its directory. May block.
	 * Returns 0, or -1 with err. */
	int (*end_leftovers)(struct backend *b, const char *run_dir, struct error *err);
	/* Starts an attempt (from 1) of job. why is set for SUBMIT_REFUSED. job and its spec are
	 * valid until the end of the run. */
	enum submit (*submit)(struct backend *b, const struct job *job, uint32_t attempt,
			      struct error *why);
	/*
	 * Ends a submitted job. The backend still calls sched_job_ended(), with KILLED and reason,
	 * unless the job had ended before. A second call for a job only raises the level.
	 */
	void (*kill)(struct backend *b, const struct job *job, enum kill_level level,
		     enum job_reason reason);
	/* Measures a running job without blocking. false: its load is unknown. */
	bool (*measure)(const struct backend *b, const struct job *job, struct job_load *ret);
	/* Takes over a job that an earlier run has left running. */
	bool (*adopt)(struct backend *b, const struct job *job, const char *record,
		      struct error *why);
	/* Starts no more jobs until pause(false); running jobs go on. */
	void (*pause)(struct backend *b, bool is_paused);
	/* The whole run is being stopped, as by Ctrl-Z, or was continued: stops or
	 * continues the running jobs and their time limits, as far as possible. The
	 * loop does not run in between. */
	void (*suspend)(struct backend *b, bool is_suspended);
	/* Running jobs are not killed if n is lower than before. */
	void (*set_parallel)(struct backend *b, uint32_t n);
	/* Called after the last job. Appends messages about the machines for users to notes (lines
	 * that end in '\n'), and members about them to the open object of results.json. Either may
	 * stay empty. */
	void (*tell)(struct backend *b, struct str *notes, struct json_out *json);
	/* Called when no job runs and none will be submitted: ends the backend's processes. Calls
	 * closed() when done, now or later; trouble: a problem to report to the user, or NULL. */
	void (*close)(struct backend *b, void (*closed)(void *ctx, const char *trouble), void *ctx);
	/* Frees b (accepts NULL). If closed() was not called before, processes are
	 * not waited for. */
	void (*destroy)(struct backend *b);
};

struct backend {
	const struct backend_ops *ops;
	struct backend_caps caps;
	struct sched *sched;	   /* set by sched_add_backend() */
	const struct clock *clock; /* the clock of its jobs; NULL: the real one */
	uint32_t max_parallel;	   /* the most CPUs (job_rules.cpus) of running jobs; 0: no limit */

	/* ---- the scheduler's own ---- */
	struct lane *lane; /* the scheduler's state of this backend */
};

/*
 * Upcalls. May be called at any time from the loop's thread, also from within submit(). where and
 * everything in result are copied. A call for a job that is not submitted to a backend is a bug
 * (assertion).
 */
void sched_job_started(const struct job *job, const char *where);
void sched_job_ended(const struct job *job, const struct job_result *result);
/* The results of the dependencies of a job that is being started. Valid until the loop goes on. */
struct job_needs sched_job_needs(const struct job *job);
/* Variables for the environment of the attempt that is being started:
 * "DVSCHED_RESOURCE_PORT=60003", … NULL-terminated, valid until the end of the run; NULL: none. */
const char *const *sched_job_env(const struct job *job);
/* Reports to observers that the job waits in the backend's own queue. what: "devices: it needs 2,
 * and none of 4 is free". */
void sched_job_waits(const struct job *job, const char *what);
/* After how many seconds of waiting sched_job_waits() is to be called, once for all jobs that wait
 * for the same; INFINITY: no observer needs it. */
double sched_waits_after_s(const struct sched *s);
/* The backend has room again after SUBMIT_BUSY, or its max_parallel changed. */
void sched_backend_capacity(struct backend *b);

#endif
