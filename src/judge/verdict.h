/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides the status of an attempt that has ended. The order of tests is DVSim's: dry run, timeout
 * (and limits that DVSim does not have), fail pattern, missing pass pattern, exit status, passed.
 * If something is unknown, the job does not pass. Has no side effects; reads only the log.
 */
#ifndef JUDGE_VERDICT_H
#define JUDGE_VERDICT_H

#include <sys/types.h>

#include "judge/pattern.h"
#include "job/job_result.h"

/* A limit of the job's processes that they exceeded, in bytes, processes or seconds. */
struct over_limit {
	enum job_reason reason; /* REASON_NONE: none was exceeded */
	double limit;
	double used; /* 0: the kernel killed them when they came to the limit */
};

/* How the process ended. */
struct ending {
	int exit_status; /* -1: ended by a signal, or unknown */
	int term_signal; /* 0: none */
	bool has_core;
	bool is_timeout;
	double timeout_s; /* the limit, for the message */
	bool was_killed;  /* by dvsched, for kill_reason */
	enum job_reason kill_reason;
	/* SIGKILL ended the job, or a process of which its shell reports the end (exit status 137),
	 * and the kernel killed some process for lack of memory meanwhile. */
	bool had_oom;
	const char *leaked;   /* names and pids of left processes, which were killed; NULL: none */
	uint64_t flood_bytes; /* the limit that the log exceeded; 0: it did not */
	struct over_limit over;
	const char *stuck;   /* processes that still exist after KILL; NULL: none */
	const char *refused; /* why its program could not be started; exit_status is then that of a
				shell in this case. NULL: it was started */
};

/* The reason is known before the process has ended. */
static inline bool ending_is_decided(const struct ending *e)
{
	return e->was_killed || e->is_timeout || e->flood_bytes || e->over.reason != REASON_NONE;
}

struct verdict_rules {
	struct pattern_code *const *pass, *const *fail;
	const char *const *pass_texts; /* as written, for "Some pass patterns missing: [...]" */
	size_t n_pass, n_fail;
	double timeout_s;	  /* this and the next three: see job_rules */
	const char *timeout_text; /* used for this timeout_s only */
	bool is_dry_run, leak_fails;
	bool was_log_full; /* part of the log may be missing */
};

/*
 * log_fd: the log, open for reading; -1: it could not be opened, with log_errnum. It is scanned
 * from log_start on. Sets status, reason, message, context, line, marks, exit_status and
 * term_signal of ret->result.
 */
void verdict_decide(const struct ending *end, const struct verdict_rules *rules, int log_fd,
		    int log_errnum, off_t log_start, struct job_outcome *ret);

#endif
