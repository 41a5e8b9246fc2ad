/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched list`: prints the names of the jobs that `run` would run, as lines or as JSON. */
#include "base/json_out.h"
#include "cli/commands.h"
#include "cli/load/load.h"
#include "cli/output/final_out.h"

static void list_names(const struct plan *plan, char end)
{
	struct str out = {0};

	for (size_t i = 0; i < plan->n_jobs; i++) {
		str_add(&out, plan->jobs[i].id);
		str_addc(&out, end);
	}
	final_write(out.s ? out.s : "", out.len);
	str_done(&out);
}

static void print_jobs_as_json(const struct plan *plan)
{
	struct json_out j;

	jout_init(&j, -1, 2);
	jout_array(&j);
	for (size_t i = 0; i < plan->n_jobs; i++) {
		const struct job_spec *spec = &plan->jobs[i];

		jout_object(&j);
		jout_key_string(&j, "id", spec->id);
		jout_key_string(&j, "target", spec->rules->target);
		jout_key_strings(&j, "tags", spec->rules->tags);
		jout_object_end(&j);
	}
	jout_array_end(&j);
	final_json(&j);
}

int cmd_list(const struct args *args)
{
	struct loaded l;
	int rc = load_plan(args, &l);

	if (rc == EXIT_PASSED && opt_has(args, OPT_JSON))
		print_jobs_as_json(l.plan);
	else if (rc == EXIT_PASSED)
		list_names(l.plan, opt_has(args, OPT_NUL) ? '\0' : '\n');
	load_done(&l);
	return rc;
}
