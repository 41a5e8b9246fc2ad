/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an attempt of a job ended. Made by backends, kept by the scheduler, read by everybody.
 *
 * Who owns the texts: a job_result owns nothing. What it points to belongs to the struct
 * job_outcome that it was made in, or to the arena that it was copied into, and nobody frees or
 * replaces a member by itself. A result that a callback brings is valid during the call; who keeps
 * it calls job_result_copy().
 */
#ifndef JOB_RESULT_H
#define JOB_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
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
	bool is_uncounted;   /* the attempt does not count against the job's retries; the scheduler
				allows a bounded number of such attempts */
	double start_wall_s; /* since 1970; 0: not started */
	double duration_s;
	struct job_usage usage;
	uint64_t log_stamp;  /* job_log_stamp() of the log at its end; 0: not known */
	const char *details; /* what the backend has to tell, a JSON object; NULL: nothing */
	const struct job_measures *measures; /* what the job's tool told; NULL: nothing */
};

struct stat;
/* Another one after any change of a file, such as by another run. Never 0. */
uint64_t job_log_stamp(const struct stat *st);

/* All that it points to is copied into mem, and lives as long as that. */
void job_result_copy(struct job_result *to, const struct job_result *from, struct arena *mem);

/* A result in the making, and the memory for it. {0} is none; it is not to be copied. */
struct job_outcome {
	struct job_result result;
	struct job_measures measures; /* what result.measures points to, unless that is NULL */
	struct arena *mem;	      /* NULL: nothing was put there */
};

/* For what the result is to point to. */
struct arena *job_outcome_mem(struct job_outcome *o);
/* A copy in its memory; NULL if text is empty. */
const char *job_outcome_text(struct job_outcome *o, const struct str *text);
/* Frees all that the result points to; it is none again. */
void job_outcome_done(struct job_outcome *o);

#endif
