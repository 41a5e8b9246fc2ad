/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a log backwards, line by line, because tools report their times at the end. Memory is
 * bounded. CR and LF end a line; a line of more than LOG_TAIL_LINE bytes is left out.
 */
#ifndef TOOL_LOG_TAIL_H
#define TOOL_LOG_TAIL_H

#include <sys/types.h>

#include "tool/lines.h"

enum { LOG_TAIL_BLOCK = 64 * 1024, LOG_TAIL_LINE = 64 * 1024 };

struct log_tail {
	int fd;
	off_t least, at; /* where to stop; where buf begins */
	bool is_cut;	 /* least is not the start: the line there may be incomplete */
	bool is_skipping, is_over;
	size_t n; /* bytes in buf that were not returned yet */
	char *buf;
};

/* Reads the log from start on, but at most its last `most` bytes. fd is borrowed. */
void log_tail_init(struct log_tail *t, int fd, off_t start, off_t most);
void log_tail_done(struct log_tail *t);
/* The line before the last one returned; valid until the next call. false: no more. */
bool log_tail_line(struct log_tail *t, struct span *ret);

#endif
