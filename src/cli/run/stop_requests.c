/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/stop_requests.h"

#include <assert.h>
#include <signal.h>

/* Shorter than a person takes who means "once more". Nobody types HUP: it may take longer. */
static const double moment_s = 0.25, hangup_moment_s = 1, relayed_moment_s = 2;

static bool stop_is_repeated(const struct stop_requests *r, int signum, double now_s)
{
	bool may_be_late = r->is_relayed && signum == SIGTERM;

	if (signum == SIGHUP)
		return r->n > 0 && now_s - r->any_s < hangup_moment_s;
	if (r->has[signum] &&
	    now_s - r->last_s[signum] < (may_be_late ? relayed_moment_s : moment_s))
		return true;
	/* bash that ends sends both to what Ctrl-Z has stopped. */
	return signum == SIGTERM && r->has[SIGHUP] && now_s - r->last_s[SIGHUP] < moment_s;
}

bool stop_requests_add(struct stop_requests *r, int signum, double now_s)
{
	assert(signum > 0 && signum < STOP_REQUESTS_SIGNALS);
	if (stop_is_repeated(r, signum, now_s))
		return false;
	if (r->n++ == 0)
		r->first = signum;
	r->has[signum] = true;
	r->last_s[signum] = r->any_s = now_s;
	return true;
}
