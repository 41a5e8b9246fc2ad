/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports to observers what jobs wait for: once for each class that is next in line for a resource,
 * when none of its jobs has started for a while. Classes behind it are not reported.
 */
#include <inttypes.h>
#include <math.h>

#include "base/str.h"
#include "scheduler/state.h"

double sched_waits_after_s(const struct sched *s)
{
	list_for_each (it, &s->observers) {
		const struct observer *o = list_entry(it, struct observer, link);

		if (o->ops->job_waits)
			return s->options.waits_after_s;
	}
	return INFINITY;
}

void waits_set(struct sched *s, struct ready_class *c, bool is_next)
{
	if (is_next == list_is_linked(&c->waits) || (is_next && c->was_reported))
		return;
	if (!is_next) {
		list_remove(&c->waits);
		return;
	}
	c->waits_since_s = s->turn_s;
	list_append(&s->waits, &c->waits);
}

static void waits_add_memory(struct str *text, const struct resource *r, uint32_t mib)
{
	str_printf(text,
		   "%smemory: it is expected to need %" PRIu32 " MiB, and running jobs %" PRIu64
		   " MiB of %" PRIu32 " MiB",
		   text->len ? "; " : "", mib, r->in_use, r->limit);
}

/* "LIC: it asks for 2, and 3 of 4 are in use", for each resource that is lacking. */
static const char *what_is_lacking(struct sched *s, const struct ready_class *c)
{
	_cleanup_(str_done) struct str text = {0};

	for (uint32_t i = 0; i < c->n_needs; i++) {
		const struct resource *r = c->needs[i].resource;
		uint64_t free_now = r->limit > r->in_use ? r->limit - r->in_use : 0;

		if (r->limit == RESOURCE_UNLIMITED || c->needs[i].count <= free_now)
			continue;
		if (r->is_soft)
			waits_add_memory(&text, r, c->needs[i].count);
		else
			str_printf(&text,
				   "%s%s: it asks for %" PRIu32 ", and %" PRIu64 " of %" PRIu32
				   " %s in use",
				   text.len ? "; " : "", r->name, c->needs[i].count, r->in_use,
				   r->limit, r->in_use == 1 ? "is" : "are");
	}
	if (!text.len)
		str_printf(&text, "%s: the free units are reserved for a job ahead of it",
			   c->needs[0].resource->name);
	if (c->jobs.n > 1)
		str_printf(&text, " (and %" PRIu32 " more)", c->jobs.n - 1);
	return arena_strdup(s->mem, text.s);
}

void waits_fire(struct sched *s, double now_s)
{
	double after_s = sched_waits_after_s(s);

	list_for_each (it, &s->waits) {
		struct ready_class *c = list_entry(it, struct ready_class, waits);

		if (c->waits_since_s + after_s > now_s)
			return;
		list_remove(&c->waits);
		c->was_reported = true;
		emit_job_waits(s, ready_head(c), what_is_lacking(s, c));
	}
}

double waits_alarm(const struct sched *s)
{
	if (list_is_empty(&s->waits))
		return INFINITY;
	return list_entry(s->waits.next, struct ready_class, waits)->waits_since_s +
	       sched_waits_after_s(s);
}
