/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an attempt of a job ended. Backends make it, the scheduler keeps it, other modules read it.
 *
 * Ownership: a job_result owns nothing. The data that it points to belongs to the struct
 * job_outcome in which it was made, or to the arena into which it was copied; members are never
 * freed or replaced one by one. A result that is passed to a callback is valid during the call; to
 * keep it, call job_result_copy().
 */
#ifndef JOB_RESULT_H
#define JOB_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "job/job_status.h"
#include "job/job_steps.h"

struct job_usage {
	double user_s, system_s; /* CPU time of all reaped processes of the job */
	uint64_t max_rss_kib;
};

/* Memory and number of all processes of a running job, at one moment. */
struct job_load {
	uint64_t rss_bytes;
	uint32_t n_processes;
};

struct job_result {
	enum job_status status; /* PASSED, FAILED or KILLED */
	enum job_reason reason; /* REASON_NONE for a pass */
	const char *message;	/* one line for users, UTF-8, no control characters; NULL for a pass
				   without a remark */
	const char *context; /* lines of the log around the failure, '\n' between, at most 4 KiB; or
				NULL */
	uint32_t line; /* number of the line of the log that decided the status, from 1; 0: none */
	int32_t exit_status; /* -1: it did not exit (signal), or was not started */
	int32_t term_signal; /* 0: none */
	int32_t pid;	     /* of the leader; 0: none */
	uint32_t marks;	     /* MARK_LEAKY */
	bool is_uncounted;   /* the attempt does not count against the job's retries; the scheduler
				allows a bounded number of such attempts */
	double start_wall_s; /* since 1970; 0: not started */
	double duration_s;
	struct job_usage usage;
	uint64_t
		peak_memory_kib; /* largest memory of all its processes together; 0: not measured */
	uint64_t cgroup_peak_kib; /* the same, as the kernel counts it: with the page cache of its
				     files; 0: it had no cgroup that counts memory */
	uint64_t log_stamp;  /* job_log_stamp() of the log at the end of the attempt; 0: unknown */
	const char *details; /* details from the backend, a JSON object; NULL: none */
	const struct job_measures *measures; /* values from the log of the job's tool; NULL: none */
};

struct stat;
/* A number that differs after any change of the file, for example by another run. Never 0. */
uint64_t job_log_stamp(const struct stat *st);

/* Copies *from to *to, and everything that it points to into mem. */
void job_result_copy(struct job_result *to, const struct job_result *from, struct arena *mem);

/* A result that is being made, with its memory. {0} is empty. Must not be copied. */
struct job_outcome {
	struct job_result result;
	struct job_measures measures; /* result.measures is NULL or points here */
	struct arena *mem;	      /* NULL: nothing was allocated */
};

/* The arena for data that the result points to. Owned by o. */
struct arena *job_outcome_mem(struct job_outcome *o);
/* Copies text into the memory of o; NULL if text is empty. */
const char *job_outcome_text(struct job_outcome *o, const struct str *text);
/* Frees everything that the result points to; o is empty again. */
void job_outcome_done(struct job_outcome *o);

#endif
