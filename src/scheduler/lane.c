/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's state of a backend: how many CPUs are in use, and whether it is busy. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/vec.h"
#include "scheduler/state.h"

/* After SUBMIT_BUSY the next submit() follows after a pause, which doubles up to the longest. */
static const double PAUSE_SHORTEST_S = 0.05, PAUSE_LONGEST_S = 5;

void sched_add_backend(struct sched *s, struct backend *b, uint32_t no)
{
	struct lane *l = xcalloc(1, sizeof(*l));

	assert(!s->plan && !b->lane && no);
	b->sched = s;
	b->lane = l;
	l->backend = b;
	lane_set_free(l);
	ready_init_lane(s, l);
	vec_push(&s->lanes, l);
	while (s->lane_of.n <= no)
		vec_push(&s->lane_of, NULL);
	assert(!s->lane_of.at[no]);
	s->lane_of.at[no] = l;
}

struct lane *lane_get(const struct sched *s, const struct job_spec *spec)
{
	uint32_t no = spec->backend_no;

	assert(no == 0 || (no < s->lane_of.n && s->lane_of.at[no]));
	return no ? s->lane_of.at[no] : s->lanes.at[0];
}

/* A job that needs more CPUs than the backend has gets all of them. */
static uint32_t room_for(const struct lane *l, uint32_t cpus)
{
	uint32_t most = l->backend->max_parallel;

	return most && cpus > most ? most : cpus;
}

bool lane_has_room(const struct lane *l, uint32_t cpus)
{
	uint32_t most = l->backend->max_parallel;

	if (l->is_busy)
		return false;
	return most == 0 || (l->in_use < most && room_for(l, cpus) <= most - l->in_use);
}

void lane_take(struct lane *l, uint32_t cpus)
{
	l->in_use += cpus;
	l->n_jobs++;
}

void lane_give(struct lane *l, uint32_t cpus)
{
	assert(l->in_use >= cpus && l->n_jobs > 0);
	l->in_use -= cpus;
	l->n_jobs--;
}

void lane_set_busy(struct lane *l, double now_s)
{
	l->is_busy = true;
	l->busy_until_s = now_s + l->busy_pause_s;
	l->busy_pause_s = fmin(l->busy_pause_s * 2, PAUSE_LONGEST_S);
}

void lane_set_free(struct lane *l)
{
	l->is_busy = false;
	l->busy_until_s = INFINITY;
	l->busy_pause_s = PAUSE_SHORTEST_S;
}

/* The backend accepted a job: the next SUBMIT_BUSY starts with the shortest pause. */
void lane_set_accepting(struct lane *l)
{
	l->busy_pause_s = PAUSE_SHORTEST_S;
}

void lanes_wake(struct sched *s, double now_s)
{
	for (uint32_t i = 0; i < s->lanes.n; i++)
		if (s->lanes.at[i]->busy_until_s <= now_s) {
			s->lanes.at[i]->is_busy = false;
			s->lanes.at[i]->busy_until_s = INFINITY;
		}
}

double lanes_alarm(const struct sched *s)
{
	double at_s = INFINITY;

	for (uint32_t i = 0; i < s->lanes.n; i++)
		at_s = fmin(at_s, s->lanes.at[i]->busy_until_s);
	return at_s;
}

void lanes_done(struct sched *s)
{
	for (uint32_t i = 0; i < s->lanes.n; i++) {
		s->lanes.at[i]->backend->lane = NULL;
		heap_done(&s->lanes.at[i]->classes);
		free(s->lanes.at[i]);
	}
	vec_done(&s->lanes);
	vec_done(&s->lane_of);
}
