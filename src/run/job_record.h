/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's record of one job's change, both ways. The format: docs/reference/results.md. */
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
	const char *id; /* for people and streams; n is what counts */
	enum job_status status;
	enum job_reason reason;
	uint32_t marks;
	const char *message;
	uint32_t cause; /* index of the root cause, or JOB_RECORD_NO_CAUSE */
	const char *backend;
	uint32_t attempt;		 /* the one that starts or has ended; 0: none */
	const char *where, *stage;	 /* stage: of its fallback */
	const char *resources;		 /* JSON; only when it is written */
	const struct job_result *result; /* of the attempt that has ended, or NULL */
};

/* Adds the members to an open object. */
void job_record_write(struct json_out *out, const struct job_record *r);
/*
 * json: the record, a json_t *. Strings stay json's; ret->result is ret_result or NULL. false: not
 * one of ours.
 */
bool job_record_read(const void *json, struct job_record *ret, struct job_result *ret_result);
/* What the tool of the attempt that has ended told, in mem; NULL: nothing. ret_result->measures of
 * job_record_read() is not set. */
struct job_measures *job_record_measures(const void *json, struct arena *mem);

/* What an attempt took and what its backend says of it, here and in results.json. */
void job_record_write_usage(struct json_out *out, const struct job_result *r);
/* The member "measures", likewise. */
void job_measures_write(struct json_out *out, const struct job_measures *m);

#endif
