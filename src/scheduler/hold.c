/* SPDX-License-Identifier: Apache-2.0 */
/* Launches that are held, because the machine is short of something. */
#include "base/str.h"
#include "scheduler/state.h"

void sched_set_hold(struct sched *s, enum sched_hold hold, const char *why)
{
	if (hold == s->hold.next_level && str_eq(why, s->hold.next_why))
		return;
	s->hold.next_level = hold;
	s->hold.next_why = arena_strdup_or_null(s->mem, why);
	s->host->wake(s->host);
}

bool hold_apply(struct sched *s)
{
	if (s->hold.level == s->hold.next_level && s->hold.why == s->hold.next_why)
		return false;
	s->hold.level = s->hold.next_level;
	s->hold.why = s->hold.next_why;
	emit_launches_held(s, s->hold.why);
	return true;
}

bool hold_lets_launch(const struct sched *s)
{
	if (s->hold.level == HOLD_NOTHING || s->stop_level >= 0)
		return true;
	return s->hold.level == HOLD_ALL_BUT_ONE && s->n_in_flight == 0;
}
