/* SPDX-License-Identifier: Apache-2.0 */
/* The log of a job, in the process that runs the job. It begins with a header of dvsched, which is
 * not part of the job's output. */
#ifndef JUDGE_JOB_LOG_H
#define JUDGE_JOB_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

/* {.fd = -1} is no log. fd is from odir_prepare(). */
struct job_log {
	int fd;
	struct str header; /* the job's own output begins after it */
	off_t size;	   /* at the last job_log_look() */
	bool was_full;	   /* at a job_log_look() nothing could be appended */
};

/* Writes the header. command: the text shown to users. Returns 0, or -1 with err. */
int job_log_begin(struct job_log *l, const char *command, struct error *err);
/* Records its size, and whether the file system is full or the limit on the size of files is
 * reached: then a job that ignores errors of write() loses output. */
void job_log_look(struct job_log *l);
/* false: it was removed, lost its header, or became shorter, so its contents are unknown. */
bool job_log_is_whole(const struct job_log *l);
/* true: it has more than `most` bytes. most 0: no limit. */
bool job_log_is_over(const struct job_log *l, uint64_t most);
/* Appends the last n lines of the job's output to `to`. */
void job_log_tail(const struct job_log *l, unsigned n, struct str *to);
/* Closes the log; keeps the header's memory for the next log. */
void job_log_close(struct job_log *l);

#endif
