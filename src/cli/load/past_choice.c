/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load/past_choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "run/run_dir.h"

static const struct src_pos nowhere;

static bool past_choice_is_nested(void)
{
	return getenv("DVSCHED_JOB") != NULL;
}

static const char *name_of(const struct past_choice *c)
{
	return option_table[c->option].name;
}

static int past_choice_fail(const struct past_choice *c, struct error *err, struct diags *diags)
{
	error_wrap(err, "--%s", name_of(c));
	diag_from_error(diags, err);
	return -1;
}

static int past_choice_newest(const struct past_choice *c, struct arena *mem, struct past_run *ret,
			      struct diags *diags)
{
	bool is_nested = past_choice_is_nested();
	struct error err = {0};

	if (past_run_find(c->scratch_root, c->cfg_path, is_nested, mem, ret, &err) < 0)
		return past_choice_fail(c, &err, diags);
	if (ret->is_rehearsal)
		diag_warning(diags, nowhere,
			     "--%s: no run of %s has really run; %s was a rehearsal", name_of(c),
			     c->cfg_path, ret->id);
	else if (ret->is_nested != is_nested)
		diag_warning(diags, nowhere, "--%s: the only runs of %s, such as %s, %s",
			     name_of(c), c->cfg_path, ret->id,
			     ret->is_nested ? "were started by jobs of other runs"
					    : "were not started by a job");
	return 0;
}

static int past_choice_check(const struct past_choice *c, const struct past_run *run,
			     struct diags *diags)
{
	if (c->takes_any || str_eq(run->cfg_path, c->cfg_path))
		return 0;
	if (run->cfg_path)
		diag_error(diags, nowhere, "--%s: the run %s is one of %s, not of %s", name_of(c),
			   run->id, run->cfg_path, c->cfg_path);
	else
		diag_error(diags, nowhere, "--%s: the run %s ran a command, not %s", name_of(c),
			   run->id, c->cfg_path);
	return -1;
}

int past_choice_find(const struct past_choice *c, const struct args *args, struct past_run *ret,
		     struct diags *diags)
{
	const char *which = opt_word(args, c->option, "latest");
	_cleanup_(freep) char *path = NULL;
	struct error err = {0};

	if (strcmp(which, "latest") == 0)
		return past_choice_newest(c, args->mem, ret, diags);
	path = run_dir_find(c->scratch_root, which, &err);
	if (!path || past_run_peek(path, args->mem, ret, &err) < 0)
		return past_choice_fail(c, &err, diags);
	return past_choice_check(c, ret, diags);
}
