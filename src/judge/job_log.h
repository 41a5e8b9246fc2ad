/* SPDX-License-Identifier: Apache-2.0 */
/* A job's log, by whoever runs the job: it begins with a header of ours, which is no part of the
 * job's output. */
#ifndef JUDGE_JOB_LOG_H
#define JUDGE_JOB_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

/* {.fd = -1} is none. The descriptor: odir_prepare(). */
struct job_log {
	int fd;
	struct str header; /* what the job itself wrote begins after it */
	off_t size;	   /* at the last look */
	bool was_full;	   /* at some look nothing could be added to it */
};

/* Writes the header. command: as people are shown it. */
int job_log_begin(struct job_log *l, const char *command, struct error *err);
/* Remembers its size, and whether its file system or a limit on the size of files has no room for
 * more: a job that does not look at what write() says loses output then. */
void job_log_look(struct job_log *l);
/* false: it lost its beginning, or itself, or is shorter than at a look; then nobody knows
 * what was in it. */
bool job_log_is_whole(const struct job_log *l);
/* Is there more than so many bytes? 0: there is no limit. */
bool job_log_is_over(const struct job_log *l, uint64_t most);
/* Appends the last n lines of what the job wrote. */
void job_log_tail(const struct job_log *l, unsigned n, struct str *to);
/* Closes it; the header's memory is kept for the next one. */
void job_log_close(struct job_log *l);

#endif
