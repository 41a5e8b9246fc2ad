/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/farm/leftovers.h"

#include <poll.h>
#include <string.h>

#include "backends/farm/command.h"
#include "base/clock.h"
#include "base/mem.h"

/* How long a command may take, and how long the end of the submissions is waited for: longer than
 * the KillWait of most clusters. */
static const double command_limit_s = 60, end_limit_s = 180;
enum { LOOK_PAUSE_MS = 300 };

struct leftovers {
	const struct farm_ops *ops;
	void *ctx;	    /* of ops */
	const char *prefix; /* of their names */
	struct command_words ids;
};

static void leftovers_note(void *ctx, const struct farm_sight *sight)
{
	struct leftovers *l = ctx;

	if (sight->stage != FARM_OVER && str_starts(sight->name, l->prefix))
		command_add(&l->ids, "%s", sight->id);
}

/* Sets l->ids to those that wait, run, or are being ended. */
static int leftovers_look(struct leftovers *l, struct error *err)
{
	struct command_words words = {.mem = l->ids.mem};
	_cleanup_(str_done) struct str why = {0};
	struct command_end end;
	int rc = 0;

	l->ids.n = 0;
	l->ops->look(l->ctx, l->prefix, &words);
	command_run(words.at, NULL, 0, command_limit_s, &end);
	if (!l->ops->seen(l->ctx, &end, leftovers_note, l)) {
		command_explain(words.at[0], &end, &why);
		rc = error_plain(err, "%s", why.s);
	}
	command_end_done(&end);
	return rc;
}

static void leftovers_end_all(const struct leftovers *l)
{
	struct command_words words = {.mem = l->ids.mem};
	struct command_end end;

	l->ops->cancel(l->ctx, false, l->ids.at, &words);
	command_run(words.at, NULL, 0, command_limit_s, &end);
	command_end_done(&end); /* the next look shows whether it had an effect */
}

/* Cancels them and waits; err: they are still there. */
static int leftovers_end(struct leftovers *l, struct error *err)
{
	double until_s = clock_now(clock_real()) + end_limit_s;
	int n = 0;

	for (;;) {
		if (leftovers_look(l, err) < 0)
			return -1;
		if (l->ids.n == 0)
			return n;
		if (n == 0) {
			n = (int)l->ids.n;
			leftovers_end_all(l);
		}
		if (clock_now(clock_real()) > until_s)
			return error_plain(err,
					   "%zu jobs of the earlier run are still in %s (job "
					   "%s …): cancel them first",
					   l->ids.n, l->ops->system, l->ids.at[0]);
		poll(NULL, 0, LOOK_PAUSE_MS);
	}
}

int leftovers_cancel(const struct farm_ops *ops, void *ctx, const char *run_dir, struct error *err)
{
	_cleanup_(freep) char *prefix = farm_prefix(run_dir);
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct leftovers l = {.ops = ops, .ctx = ctx, .prefix = prefix, .ids = {.mem = mem}};

	return leftovers_end(&l, err);
}
