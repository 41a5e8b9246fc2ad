/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a line of the journal with a record of a job, in the form that job_record_write() gives
 * it, without a tree: a journal of 100,000 jobs has 200,000 such lines. Any other line, such as one
 * with escapes, measures or resources, is left to a reader of JSON.
 */
#ifndef RUN_JOB_LINE_H
#define RUN_JOB_LINE_H

#include "base/str.h"
#include "run/job_record.h"

struct job_line {
	uint64_t seq;
	double wall_s;
	struct job_record record;
	struct job_result result;
	struct str text; /* owns the strings */
};

/* len: without the newline. false: the line is of another form; *ret is not set. */
bool job_line_read(struct job_line *ret, const char *line, size_t len);
void job_line_done(struct job_line *l);

#endif
