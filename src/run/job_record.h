/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads the journal's record of a change of one job. Format:
 * docs/reference/results.md. */
#ifndef RUN_JOB_RECORD_H
#define RUN_JOB_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json_out.h"
#include "job/job_result.h"

#define JOB_RECORD_EV	    "job"
#define JOB_RECORD_NO_CAUSE UINT32_MAX

struct job_record {
	uint32_t n;	/* index in the plan */
	const char *id; /* for readers of the file; n is decisive */
	enum job_status status;
	enum job_reason reason;
	uint32_t marks;
	const char *message;
	uint32_t cause; /* index of the root cause, or JOB_RECORD_NO_CAUSE */
	const char *backend;
	uint32_t attempt;		 /* the attempt that starts or has ended; 0: none */
	const char *where, *stage;	 /* stage: of the fallback */
	const char *resources;		 /* JSON; for writing only */
	const struct job_result *result; /* of the attempt that has ended, or NULL */
};

/* Adds the members of the record to an open object. */
void job_record_write(struct json_out *out, const struct job_record *r);
/*
 * json: the record, a json_t *, which owns the strings of ret. ret->result is ret_result or NULL.
 * false: it is not a record of a job.
 */
bool job_record_read(const void *json, struct job_record *ret, struct job_result *ret_result);
/* The measures of the attempt that has ended, in mem; NULL: none. (job_record_read() does not set
 * ret_result->measures.) */
struct job_measures *job_record_measures(const void *json, struct arena *mem);

/* Adds the usage of an attempt and the backend's details, for the journal and for results.json. */
void job_record_write_usage(struct json_out *out, const struct job_result *r);
/* Adds the member "measures", for both files. */
void job_measures_write(struct json_out *out, const struct job_measures *m);

#endif
