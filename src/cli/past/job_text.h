/* SPDX-License-Identifier: Apache-2.0 */
/* A job and its attempts as text for people. */
#ifndef CLI_PAST_JOB_TEXT_H
#define CLI_PAST_JOB_TEXT_H

#include "run/results.h"

/* "PASSED", "PASSED FLAKY" */
void job_text_add_status(struct str *out, const struct result_row *row);
/* How long the last attempt took, or has taken so far if the run is live. Nothing if the job never
 * started. */
void job_text_add_time(struct str *out, const struct result_row *row, bool is_live);
/* "exit 1", "SIGSEGV", "timeout": how an attempt ended. */
void job_text_add_end(struct str *out, const struct job_result *r);
/* "3.1 GiB" */
void job_text_add_memory(struct str *out, uint64_t kib);

/*
 * The command, to be pasted into a shell in any directory: it changes to the job's directory, sets
 * what the job's environment has in addition to dvsched's own, and runs the job's words. NULL: the
 * job is not a command of this machine. To be freed.
 */
char *job_text_command(const struct job_spec *spec, uint32_t attempt);

#endif
