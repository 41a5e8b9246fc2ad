/* SPDX-License-Identifier: Apache-2.0 */
/* How an attempt of a job ended. Made by backends, kept by the scheduler, read by everybody. */
#ifndef JOB_RESULT_H
#define JOB_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "job/job_status.h"
#include "job/job_steps.h"

struct job_usage {
	double user_s, system_s; /* CPU time of the whole tree that was waited for */
	uint64_t max_rss_kib;
};

/* What a running job's processes take at one moment, all together. */
struct job_load {
	uint64_t rss_bytes;
	uint32_t n_processes;
};

struct job_result {
	enum job_status status; /* PASSED, FAILED or KILLED */
	enum job_reason reason; /* REASON_NONE for a pass */
	const char *message; /* one line for people, UTF-8, no control characters; NULL for a pass
				without remark */
	const char *context; /* lines of the log around the failure, '\n' between, at most 4 KiB; or
				NULL */
	uint32_t line;	     /* of the log that decided it, from 1; 0: none */
	int32_t exit_status; /* -1: it did not exit by itself, or was not started */
	int32_t term_signal; /* 0: none */
	int32_t pid;	     /* of the leader; 0: none */
	uint32_t marks;	     /* MARK_LEAKY */
	bool is_uncharged; /* not the job's doing: tried again at nobody's expense, within bounds */
	double start_wall_s; /* since 1970; 0: not started */
	double duration_s;
	struct job_usage usage;
	const char *details; /* what the backend has to tell, a JSON object; NULL: nothing */
	const struct job_measures *measures; /* what the job's tool told; NULL: nothing */
};

#endif
