/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/stop_requests.h"

#include <assert.h>
#include <math.h>
#include <signal.h>

/* Shorter than the time between two deliberate requests of a user. HUP is not typed, so its limit
 * is longer. */
static const double moment_s = 0.25, hangup_moment_s = 1;

static double last_s(const struct stop_requests *r, int signum)
{
	const struct stop_way *way = r->by_signal[signum];
	double latest_s = -INFINITY;

	for (unsigned i = 0; i < STOP_WAYS; i++)
		if (way[i].n && way[i].last_s > latest_s)
			latest_s = way[i].last_s;
	return latest_s;
}

static bool stop_is_repeated(const struct stop_requests *r, int signum, enum stop_from from,
			     double now_s)
{
	const struct stop_way *way = &r->by_signal[signum][from];

	if (signum == SIGHUP)
		return r->n > 0 && now_s - r->any_s < hangup_moment_s;
	if (way->n && now_s - way->last_s < moment_s)
		return true;
	/* When bash ends, it sends both to stopped jobs. */
	return signum == SIGTERM && now_s - last_s(r, SIGHUP) < moment_s;
}

bool stop_requests_add(struct stop_requests *r, int signum, enum stop_from from, double now_s)
{
	struct stop_way *way = r->by_signal[signum];

	assert(signum > 0 && signum < STOP_REQUESTS_SIGNALS);
	if (stop_is_repeated(r, signum, from, now_s))
		return false;
	way[from].last_s = r->any_s = now_s;
	if (++way[from].n <= way[from == STOP_DIRECT ? STOP_PASSED_ON : STOP_DIRECT].n)
		return false;
	if (r->n++ == 0)
		r->first = signum;
	return true;
}
