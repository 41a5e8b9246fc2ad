/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines that wait for a terminal. The queue is bounded: if the terminal is too slow, the oldest
 * lines are dropped, and a note in their place says how many.
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
 * Moves the oldest lines to out, about most bytes of them, but at least one line if there is any. A
 * note about lines that were dropped before them comes first.
 */
void line_queue_take(struct line_queue *q, struct str *out, size_t most);

#endif
