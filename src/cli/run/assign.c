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

/* 0: there is no such backend. */
static uint32_t assign_number_of(const struct assigner *a, const char *name)
{
	uint32_t no = roster_no(a->roster, roster_find(a->roster, name));
	static const struct src_pos nowhere;

	if (!no)
		roster_hint(a->roster, name,
			    diag_error(a->diags, nowhere, "there is no backend '%s'", name));
	return no;
}

/* An unknown name in the environment is an error: jobs must not run here instead. */
static uint32_t assign_default(const struct assigner *a)
{
	const struct run_options *o = a->options;
	uint32_t no = roster_no(a->roster, roster_find(a->roster, o->backend));
	_cleanup_(str_done) struct str names = {0};
	static const struct src_pos nowhere;

	if (no || !o->backend_variable)
		return no ? no : assign_number_of(a, o->backend);
	roster_add_names(a->roster, &names);
	diag_hint(diag_error(a->diags, nowhere, "$%s is '%s': there is no such backend",
			     o->backend_variable, o->backend),
		  "there are: %s; --local runs the jobs here", names.s);
	return 0;
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

int assign_backends(struct plan *plan, struct run_options *options, struct diags *diags)
{
	const struct roster *r = plan->roster;
	struct assigner a = {
		.roster = r,
		.options = options,
		.diags = diags,
		.local_type = roster_type(r, "local"),
	};

	unsigned n_before = diags->n_errors;

	options->backend_no = assign_default(&a);
	for (size_t i = 0; i < options->n_backend_for; i++)
		options->backend_for[i].backend_no = assign_number_of(
			&a, options->backend_for[i].backend);
	if (diags->n_errors > n_before)
		return -1;
	for (size_t i = 0; i < plan->n_jobs; i++)
		if (plan->jobs[i].rules != a.wrong && !assign_one(&a, &plan->jobs[i]))
			a.wrong = plan->jobs[i].rules;
	return 0;
}
