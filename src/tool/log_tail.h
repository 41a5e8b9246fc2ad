/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log read backwards, line by line, in bounded memory however large it is: what tools say at
 * their end stands there. CR and LF end a line; one over LOG_TAIL_LINE is left out.
 */
#ifndef TOOL_LOG_TAIL_H
#define TOOL_LOG_TAIL_H

#include <sys/types.h>

#include "tool/lines.h"

enum { LOG_TAIL_BLOCK = 64 * 1024, LOG_TAIL_LINE = 64 * 1024 };

struct log_tail {
	int fd;
	off_t least, at; /* where to stop; where buf begins */
	bool is_cut;	 /* something stands before least, which may cut a line */
	bool is_skipping, is_over;
	size_t n; /* of buf: what is not handed out yet */
	char *buf;
};

/* From start on, but no more than the last most bytes. */
void log_tail_init(struct log_tail *t, int fd, off_t start, off_t most);
void log_tail_done(struct log_tail *t);
/* The line before the one that came last; valid until the next call. false: no more. */
bool log_tail_line(struct log_tail *t, struct span *ret);

#endif
