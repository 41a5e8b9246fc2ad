/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/log_tail.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

void log_tail_init(struct log_tail *t, int fd, off_t start, off_t most)
{
	struct stat st;

	*t = (struct log_tail){.fd = fd, .least = start};
	if (fstat(fd, &st) < 0 || st.st_size <= start) {
		t->is_over = true;
		return;
	}
	t->at = st.st_size;
	if (t->at - start > most) {
		t->least = t->at - most;
		t->is_cut = true;
	}
	t->buf = xmalloc(LOG_TAIL_BLOCK + LOG_TAIL_LINE);
}

void log_tail_done(struct log_tail *t)
{
	freep(&t->buf);
}

static bool log_tail_read_at(struct log_tail *t, char *to, size_t n, off_t at)
{
	while (n) {
		ssize_t k = pread(t->fd, to, n, at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		to += k;
		at += k;
		n -= (size_t)k;
	}
	return true;
}

/* Loads the block before, in front of the rest of the line that begins in it. */
static bool log_tail_load(struct log_tail *t)
{
	size_t n = t->at - t->least < LOG_TAIL_BLOCK ? (size_t)(t->at - t->least) : LOG_TAIL_BLOCK;

	if (t->n > LOG_TAIL_LINE) {
		t->n = 0;
		t->is_skipping = true;
	}
	memmove(t->buf + n, t->buf, t->n);
	t->at -= (off_t)n;
	t->n += n;
	return log_tail_read_at(t, t->buf, n, t->at);
}

/* The first line. false: it may be incomplete, or is too long. */
static bool log_tail_take_first(struct log_tail *t, struct span *ret)
{
	*ret = (struct span){t->buf, t->n};
	t->is_over = true;
	return !t->is_cut && !t->is_skipping;
}

static bool find_line(struct log_tail *t, struct span *ret)
{
	size_t i = t->n;

	while (i && t->buf[i - 1] != '\n' && t->buf[i - 1] != '\r')
		i--;
	if (i == 0)
		return false;
	*ret = (struct span){t->buf + i, t->n - i};
	t->n = i - 1;
	return true;
}

bool log_tail_line(struct log_tail *t, struct span *ret)
{
	while (!t->is_over) {
		if (find_line(t, ret)) {
			if (!t->is_skipping && ret->n <= LOG_TAIL_LINE)
				return true;
			t->is_skipping = false;
		} else if (t->at == t->least) {
			return log_tail_take_first(t, ret);
		} else if (!log_tail_load(t)) {
			t->is_over = true;
		}
	}
	return false;
}
