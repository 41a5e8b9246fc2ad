/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines that wait for a terminal. Bounded: when more come than it takes, the oldest are dropped and
 * counted, and the reader is told where they are missing.
 */
#ifndef PRINTERS_LINE_QUEUE_H
#define PRINTERS_LINE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct line_queue {
	struct str bytes; /* whole lines, from `from` on */
	size_t from;
	size_t limit; /* bytes kept */
	uint64_t n_dropped;
};

void line_queue_init(struct line_queue *q, size_t limit);
void line_queue_done(struct line_queue *q);
/* One line or more; a last one without '\n' gets one. */
void line_queue_add(struct line_queue *q, const char *text, size_t len);
bool line_queue_is_empty(const struct line_queue *q);
/*
 * Moves the oldest lines to out, at least one if there is any and no more than about most bytes,
 * after a note about lines that were dropped before them.
 */
void line_queue_take(struct line_queue *q, struct str *out, size_t most);

#endif
