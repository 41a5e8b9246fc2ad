/* SPDX-License-Identifier: Apache-2.0 */
/*
 * If a rank reports that its device is broken, the others may be, too: their ranks were stopped in
 * the middle of the work that broke the first. From then on, units are kept when their ranks end.
 * When all ranks have ended, a fresh worker opens each device, before the job's end is reported. A
 * device that opens is free at once.
 */
#include <math.h>

#include "backends/chips/gang.h"

static bool all_have_ended(const struct gang *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (g->ranks[i].state != RANK_ENDED)
			return false;
	return true;
}

static void rank_give_back(struct gang *g, struct rank *r)
{
	if (!r->is_kept)
		return;
	r->is_kept = false;
	if (r->unit->holder == &g->holder)
		unit_let_go(r->unit, r->unit->leave != LEAVE_KILLED);
}

void gang_keep_unit(struct gang *g, uint32_t rank)
{
	g->ranks[rank].is_kept = true;
	unit_hold(g->ranks[rank].unit, &g->holder, rank);
}

/* For a rank that ended before the broken device was reported. If the unit has a new holder, or
 * opens already, that shows whether it still opens. */
static bool may_be_kept_again(const struct rank *r)
{
	return r->sent_s > 0 && !r->is_kept && !unit_is_held(r->unit) && !r->unit->is_probe &&
	       r->unit->state != UNIT_OPENING;
}

static void begin_probes(struct gang *g)
{
	const struct rank *cause = &g->ranks[g->cause];

	g->is_probing = true;
	g->kill_at_s = INFINITY;
	g->look_at_s = INFINITY;
	if (rank_says_broken(cause))
		unit_mark(cause->unit, g->job->job, cause->end.class, cause->end.code,
			  cause->end.text);
	for (uint32_t i = 0; i < g->n; i++)
		if (may_be_kept_again(&g->ranks[i]))
			gang_keep_unit(g, i);
}

/* Only a fresh process shows whether the device opens, so the old worker is closed first. */
static void probe_rank(struct gang *g, struct rank *r)
{
	struct unit *u = r->unit;

	if (u->state == UNIT_IDLE && u->leave == LEAVE_KILLED)
		unit_kill(u);
	else if (u->state == UNIT_IDLE)
		unit_close(u);
	else if (u->state == UNIT_CLOSED && !unit_probe(u))
		rank_give_back(g, r);
}

/* The results so far are enough. */
static void stop_probe(struct gang *g, struct rank *r)
{
	if (r->unit->is_probe)
		unit_kill(r->unit);
	else
		rank_give_back(g, r);
}

static bool wants_probes(const struct gang *g)
{
	return g->is_probing || (g->cause >= 0 && !g->was_killed && !g->chips->is_closing);
}

void gang_probe_units(struct gang *g)
{
	if (!g->has_broken || !all_have_ended(g))
		return;
	if (!g->is_probing && wants_probes(g))
		begin_probes(g);
	for (uint32_t i = 0; i < g->n; i++) {
		struct rank *r = &g->ranks[i];

		if (!r->is_kept)
			continue;
		if (!g->is_probing || g->must_stop_probes)
			stop_probe(g, r);
		else
			probe_rank(g, r);
	}
}

void gang_note_probe(struct gang *g, uint32_t rank, enum dvs_class class, const char *text)
{
	struct rank *r = &g->ranks[rank];
	const struct job *job = g->job->job;

	r->probe = (struct device_probe){true, class, arena_strdup_or_null(g->job->mem, text)};
	if (class == DVS_OK)
		unit_note_opened_again(r->unit, job);
	else if (probe_found_broken(&r->probe) && !(g->cause == (int)rank && rank_says_broken(r)))
		unit_mark(r->unit, job, DVS_WEDGE, 0, text);
	rank_give_back(g, r);
}

void gang_lose_probe(struct gang *g, uint32_t rank)
{
	rank_give_back(g, &g->ranks[rank]);
}

bool rank_says_broken(const struct rank *r)
{
	return device_class_fate(r->end.class)->mark == MARK_QUARANTINE;
}

uint32_t gang_list_broken(const struct gang *g, struct unit **ret)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->n; i++)
		if (probe_found_broken(&g->ranks[i].probe) ||
		    (g->cause == (int)i && rank_says_broken(&g->ranks[i])))
			ret[n++] = g->ranks[i].unit;
	return n;
}
