/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job whose output is shown while it runs: its slot reads the log as it grows. The job writes to
 * its log as any other and never waits for a screen.
 */
#include <errno.h>
#include <math.h>
#include <unistd.h>

#include "exec/attempt_parts.h"

enum { PART = 64 * 1024 };
static const double pause_s = 0.1;

void attempt_show_begin(struct attempt *a)
{
	str_clear(&a->shown.text);
	a->shown.at = (off_t)a->log.header.len;
	a->shown.is_blocked = false;
	a->shown.due_s = a->ask.rules->job.is_shown && a->log.fd >= 0 ? 0 : INFINITY;
}

/* false: there is no more now. */
static bool attempt_show_part(struct attempt *a)
{
	char *to = str_reserve(&a->shown.text, PART);
	ssize_t n = pread(a->log.fd, to, PART, a->shown.at);

	if (n <= 0)
		return n < 0 && errno == EINTR;
	a->shown.at += n;
	a->shown.text.len += (size_t)n;
	return true;
}

void attempt_show(struct attempt *a, double now)
{
	if (now < a->shown.due_s)
		return;
	if (!a->shown.is_blocked)
		attempt_show_part(a);
	a->shown.due_s = now + pause_s;
}

bool attempt_show_rest(struct attempt *a)
{
	if (isinf(a->shown.due_s))
		return true;
	if (a->shown.is_blocked || attempt_show_part(a))
		return false;
	a->shown.due_s = INFINITY;
	return true;
}
