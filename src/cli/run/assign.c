/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/assign.h"

#include "base/str.h"
#include "cli/load/pools.h"

struct assigner {
	const struct roster *roster;
	struct run_options *options;
	struct diags *diags;
	uint32_t local_type;	       /* type whose jobs run on this machine */
	const struct job_rules *wrong; /* an error of a sweep is reported once */
};

/* name was checked by run_options_read(), so it is in the roster. */
static uint32_t assign_number_of(const struct roster *r, const char *name)
{
	return roster_no(r, roster_find(r, name));
}

static uint32_t assign_by_glob(const struct assigner *a, const struct job_spec *spec)
{
	for (size_t i = 0; i < a->options->n_backend_for; i++) {
		struct backend_for *f = &a->options->backend_for[i];

		if (!str_glob(f->glob, spec->id) && !str_glob(f->glob, spec->rules->target))
			continue;
		f->has_matched = true;
		return f->backend_no;
	}
	return a->options->backend_no;
}

/* Returns 0 after an error. */
static uint32_t assign_one(struct assigner *a, struct job_spec *spec)
{
	uint32_t no = spec->rules->backend_no ? spec->rules->backend_no : assign_by_glob(a, spec);

	if (a->roster->at[no - 1].type == a->local_type && pools_is_borrower(spec))
		no = roster_no(a->roster, pools_find(a->roster, spec, a->diags));
	for (uint32_t i = 0; i < spec->n_fallback && no; i++)
		no = assign_one(a, &spec->fallback[i]) ? no : 0;
	return spec->backend_no = no;
}

void assign_backends(struct plan *plan, struct run_options *options, struct diags *diags)
{
	const struct roster *r = plan->roster;
	struct assigner a = {
		.roster = r,
		.options = options,
		.diags = diags,
		.local_type = roster_type(r, "local"),
	};

	options->backend_no = assign_number_of(r, options->backend);
	for (size_t i = 0; i < options->n_backend_for; i++)
		options->backend_for[i].backend_no = assign_number_of(
			r, options->backend_for[i].backend);
	for (size_t i = 0; i < plan->n_jobs; i++)
		if (plan->jobs[i].rules != a.wrong && !assign_one(&a, &plan->jobs[i]))
			a.wrong = plan->jobs[i].rules;
}
