/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load/past_choice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "run/run_dir.h"

static const struct src_pos nowhere;

bool past_is_nested(void)
{
	return getenv("DVSCHED_JOB") != NULL; /* set in the environment of jobs */
}

static int past_query_newest(const struct past_query *q, struct arena *mem, struct past_run *ret,
			     struct error *err)
{
	bool is_nested = past_is_nested();

	if (!q->cfg_path)
		return past_run_find_newest(q->scratch_root, is_nested, mem, ret, err);
	return past_run_find(q->scratch_root, q->cfg_path, is_nested, mem, ret, err);
}

enum past_found past_query_run(const struct past_query *q, struct arena *mem, struct past_run *ret,
			       struct error *err)
{
	_cleanup_(freep) char *path = NULL;

	if (strcmp(q->which, "latest") == 0)
		return past_query_newest(q, mem, ret, err) == 0 ? PAST_FOUND : PAST_MISSING;
	path = run_dir_find(q->scratch_root, q->which, err);
	if (!path || past_run_peek(path, mem, ret, err) < 0)
		return PAST_MISSING;
	if (!q->cfg_path || str_eq(ret->cfg_path, q->cfg_path))
		return PAST_FOUND;
	if (ret->cfg_path)
		error_plain(err, "the run %s is one of %s, not of %s", ret->id, ret->cfg_path,
			    q->cfg_path);
	else
		error_plain(err, "the run %s ran a command, not %s", ret->id, q->cfg_path);
	return PAST_OF_ANOTHER;
}

static const char *name_of(const struct past_choice *c)
{
	return option_table[c->option].name;
}

/* The newest run may be of another kind than the best choice. */
static void past_choice_warn(const struct past_choice *c, const struct past_run *run,
			     struct diags *diags)
{
	if (run->is_rehearsal)
		diag_warning(diags, nowhere,
			     "--%s: no run of %s has really run; %s was a rehearsal", name_of(c),
			     c->cfg_path, run->id);
	else if (run->is_nested != past_is_nested())
		diag_warning(diags, nowhere, "--%s: the only runs of %s, such as %s, %s",
			     name_of(c), c->cfg_path, run->id,
			     run->is_nested ? "were started by jobs of other runs"
					    : "were not started by a job");
}

static void past_choice_hint(const struct past_choice *c, struct diag *e, bool is_of_another,
			     bool is_newest)
{
	if (is_of_another)
		diag_hint(e, "without RUN it is the newest run of %s", c->cfg_path);
	else if (is_newest)
		diag_hint(e, "-sr DIR says where to look; without --%s all jobs run", name_of(c));
	else
		diag_hint(e, "-sr DIR says where to look; RUN is an id, a prefix of one, or a "
			     "directory");
}

int past_choice_find(const struct past_choice *c, const struct args *args, struct past_run *ret,
		     struct diags *diags)
{
	const char *which = opt_word(args, c->option, "latest");
	bool is_newest = strcmp(which, "latest") == 0;
	const struct past_query q = {
		.scratch_root = c->scratch_root,
		.which = which,
		.cfg_path = c->takes_any && !is_newest ? NULL : c->cfg_path,
	};
	struct error err = {0};
	enum past_found found = past_query_run(&q, args->mem, ret, &err);

	if (found != PAST_FOUND) {
		struct diag *e = diag_error(diags, nowhere, "--%s: %s", name_of(c), err.msg);

		past_choice_hint(c, e, found == PAST_OF_ANOTHER, is_newest);
		error_done(&err);
		return -1;
	}
	if (is_newest)
		past_choice_warn(c, ret, diags);
	return 0;
}

int past_choice_read(enum opt option, struct arena *mem, struct past_run *run, struct diags *diags)
{
	const char *path = run->path, *name = option_table[option].name;
	struct error err = {0};
	struct diag *e;

	if (past_run_read(path, mem, run, &err) == 0)
		return 0;
	e = diag_error(diags, nowhere, "--%s: %s", name, err.msg);
	if (err.errnum == EBUSY)
		diag_hint(e, "wait until it has ended: `dvsched ls` shows its jobs");
	else
		diag_hint(e, "--%s RUN uses another run; without the option all jobs run", name);
	error_done(&err);
	return -1;
}
