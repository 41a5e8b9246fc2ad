/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/local/shortage.h"

#include <errno.h>
#include <math.h>

/* After so long without a shortage, one more slot is allowed. */
static const double quiet_s = 10;
/* How long no job may be able to start while none runs. */
static const double patience_s = 20;

void shortage_init(struct shortage *s)
{
	*s = (struct shortage){.n_allowed = UINT32_MAX, .stuck_since_s = INFINITY};
}

void shortage_allow(struct shortage *s, uint32_t n, double now_s)
{
	s->n_allowed = n;
	s->changed_s = now_s;
}

void shortage_seen(struct shortage *s, uint32_t n, double now_s)
{
	s->changed_s = now_s;
	/* While there are more slots than allowed, one is leaving already; that may be enough. */
	if (n > 1 && n <= s->n_allowed)
		s->n_allowed = n - 1;
}

bool shortage_may_grow(struct shortage *s, uint32_t n, double now_s,
		       bool (*has_room)(const void *ctx), const void *ctx)
{
	if (n < s->n_allowed)
		return true;
	if (now_s - s->changed_s < quiet_s)
		return false;
	s->changed_s = now_s;
	if (!has_room(ctx))
		return false;
	s->n_allowed = n + 1;
	return true;
}

bool shortage_must_shrink(const struct shortage *s, uint32_t n)
{
	return n > s->n_allowed;
}

bool shortage_gives_up(struct shortage *s, uint32_t n_running, double now_s)
{
	if (n_running) {
		s->stuck_since_s = INFINITY;
		return false;
	}
	if (isinf(s->stuck_since_s))
		s->stuck_since_s = now_s;
	s->is_lasting |= now_s - s->stuck_since_s >= patience_s;
	return s->is_lasting;
}

void shortage_is_over(struct shortage *s)
{
	s->stuck_since_s = INFINITY;
	s->is_lasting = false;
}

const char *shortage_text(int errnum)
{
	switch (errnum) {
	case EMFILE:
		return "cannot open a file for a job (limited by ulimit -n)";
	case ENFILE:
		return "cannot open a file for a job (limited by fs.file-max of the machine)";
	case ENOMEM:
		return "cannot get memory of the kernel for a job (limited by the machine, by "
		       "memory.max of a cgroup, or by ulimit -v)";
	case ENOBUFS:
		return "cannot get memory of the kernel for a socket (limited by the machine)";
	default:
		return "cannot create a process for a job (limited by ulimit -u, or by pids.max of "
		       "a cgroup)";
	}
}

void shortage_add_verdict(struct str *to, int errnum)
{
	str_printf(to,
		   "%s for %.0f s in which no other job ran. Raise the limit, or end what uses it "
		   "up",
		   shortage_text(errnum), patience_s);
}
