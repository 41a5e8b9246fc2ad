/* SPDX-License-Identifier: Apache-2.0 */
#include "printers/line_queue.h"

#include <inttypes.h>
#include <string.h>

void line_queue_init(struct line_queue *q, size_t limit)
{
	*q = (struct line_queue){.limit = limit};
}

void line_queue_done(struct line_queue *q)
{
	str_done(&q->bytes);
}

static size_t line_queue_kept(const struct line_queue *q)
{
	return q->bytes.len - q->from;
}

/* Length of the oldest line, its '\n' included. There is one. */
static size_t line_first_line(const struct line_queue *q)
{
	const char *at = q->bytes.s + q->from;
	const char *end = memchr(at, '\n', line_queue_kept(q));

	return (size_t)(end - at) + 1;
}

static void line_queue_forget(struct line_queue *q, size_t n)
{
	q->from += n;
	if (q->from < q->bytes.len && q->from <= q->limit)
		return;
	memmove(q->bytes.s, q->bytes.s + q->from, line_queue_kept(q));
	q->bytes.len -= q->from;
	q->from = 0;
}

void line_queue_add(struct line_queue *q, const char *text, size_t len)
{
	if (len == 0)
		return;
	str_addn(&q->bytes, text, len);
	if (text[len - 1] != '\n')
		str_addc(&q->bytes, '\n');
	while (line_queue_kept(q) > q->limit) {
		line_queue_forget(q, line_first_line(q));
		q->n_dropped++;
	}
}

bool line_queue_is_empty(const struct line_queue *q)
{
	return line_queue_kept(q) == 0 && q->n_dropped == 0;
}

void line_queue_take(struct line_queue *q, struct str *out, size_t most)
{
	size_t n = 0;

	if (q->n_dropped)
		str_printf(out, "... %" PRIu64 " lines dropped, terminal too slow\n", q->n_dropped);
	q->n_dropped = 0;
	if (line_queue_kept(q) == 0)
		return;
	n = line_first_line(q);
	if (n < most) {
		const char *at = q->bytes.s + q->from;
		const char *end = memrchr(at, '\n',
					  line_queue_kept(q) < most ? line_queue_kept(q) : most);

		n = (size_t)(end - at) + 1;
	}
	str_addn(out, q->bytes.s + q->from, n);
	line_queue_forget(q, n);
}
