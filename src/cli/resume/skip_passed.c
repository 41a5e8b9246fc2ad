/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/resume/skip_passed.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"

static const struct src_pos nowhere;

/* The jobs' directories are in the scratch root, so passes of another one are of no use. */
static int check_scratch(const struct loaded *l, struct diags *diags)
{
	_cleanup_(freep) char *real = realpath(l->plan->scratch_root, NULL);
	_cleanup_(freep) char *runs = xasprintf("%s/.dvsched/runs", real ? real : "");
	size_t n = (size_t)(path_base(l->reused.path) - l->reused.path) - 1;
	struct diag *e;

	if (strlen(runs) == n && strncmp(runs, l->reused.path, n) == 0)
		return 0;
	e = diag_error(diags, nowhere,
		       "--skip-passed: the run %s is in another scratch root than this one, %s",
		       l->reused.id, l->plan->scratch_root);
	diag_hint(e, "-sr %.*s",
		  (int)(strlen(l->reused.path) - strlen("/.dvsched/runs/") - strlen(l->reused.id)),
		  l->reused.path);
	return -1;
}

static int check_run(const struct loaded *l, struct diags *diags)
{
	if (!l->reused.is_rehearsal)
		return check_scratch(l, diags);
	diag_error(diags, nowhere,
		   "--skip-passed: the run %s was a rehearsal: no job has really run",
		   l->reused.id);
	return -1;
}

int skip_passed_open(const struct args *args, struct loaded *l, struct resumed *ret)
{
	struct error err = {0};

	*ret = (struct resumed){
		.id = l->reused.id,
		.is_other = true,
		.wants_explanation = opt_has(args, OPT_EXPLAIN),
		.is_dry_run = opt_has(args, OPT_DRY_RUN),
		.options = {.wants_plain_passes = true},
	};
	resumed_read_accepted(args, ret, &l->diags);
	if (check_run(l, &l->diags) == 0 && resume_open(&ret->resume, l->reused.path, &err) < 0) {
		diag_hint(diag_error(&l->diags, nowhere, "--skip-passed: %s", err.msg),
			  "--skip-passed RUN uses another run; without the option all jobs run");
		error_done(&err);
	}
	if (l->diags.n_errors == 0)
		resumed_warn_of_damage(ret, &l->diags);
	return load_report(args, l);
}
