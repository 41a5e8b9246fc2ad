/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/local/shortage.h"

/* After so long without a shortage, one more slot is allowed. */
static const double quiet_s = 10;

void shortage_init(struct shortage *s)
{
	*s = (struct shortage){.n_allowed = UINT32_MAX};
}

void shortage_allow(struct shortage *s, uint32_t n, double now_s)
{
	s->n_allowed = n;
	s->changed_s = now_s;
}

bool shortage_seen(struct shortage *s, uint32_t n, double now_s)
{
	bool is_first = !s->was_seen;

	s->was_seen = true;
	s->changed_s = now_s;
	/* While there are more slots than allowed, one is leaving already; that may be enough. */
	if (n > 1 && n <= s->n_allowed)
		s->n_allowed = n - 1;
	return is_first;
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
