/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict on a finished attempt, in DVSim's order: dry run, deadline, fail pattern, missing
 * pass pattern, exit status, passed. What is not known is never a pass. Pure but for reading the
 * log.
 */
#ifndef JUDGE_VERDICT_H
#define JUDGE_VERDICT_H

#include <sys/types.h>

#include "judge/pattern.h"
#include "job/job_result.h"

/* How the process ended. */
struct ending {
	int exit_status; /* -1: by a signal, or it is not known */
	int term_signal; /* 0: none */
	bool has_core;
	bool is_timeout;
	double timeout_s; /* what it was, for the text */
	bool was_killed;  /* by us, for kill_reason */
	enum job_reason kill_reason;
	bool had_oom;	    /* the kernel killed something for memory meanwhile */
	const char *leaked; /* names and pids of what was left behind, and killed; NULL: nothing */
	uint64_t flood_bytes; /* the limit that the log went over; 0: it did not */
	const char *stuck;    /* what is still there after KILL; NULL: nothing */
	const char *refused;  /* why its program could not be started; exit_status is then what a
				 shell would have ended with. NULL: it was started */
};

struct verdict_rules {
	struct pattern_code *const *pass, *const *fail;
	const char *const *pass_texts; /* as written, for "Some pass patterns missing: [...]" */
	size_t n_pass, n_fail;
	bool is_dry_run, leak_fails, in_minutes; /* of job_rules */
	bool was_log_full;			 /* some of the log may be missing */
};

/*
 * log_fd: the log, open for reading (-1: it cannot be opened; log_errnum says why); scan from
 * log_start on. Fills status, reason, message, context, line, marks of ret->result.
 */
void verdict_decide(const struct ending *end, const struct verdict_rules *rules, int log_fd,
		    int log_errnum, off_t log_start, struct job_outcome *ret);

#endif
