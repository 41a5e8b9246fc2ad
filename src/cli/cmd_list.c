/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched list`: the names of the jobs that `run` would run, for people, xargs and jq. */
#include <stdio.h>
#include <unistd.h>

#include "base/json_out.h"
#include "cli/cmd.h"
#include "cli/final_out.h"
#include "cli/load.h"

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

static void list_words(struct json_out *j, const char *key, const char *const *words)
{
	json_key(j, key);
	json_array(j);
	for (; words && *words; words++)
		json_string(j, *words);
	json_array_end(j);
}

static void list_json(const struct plan *plan)
{
	struct json_out j;

	json_init(&j, STDOUT_FILENO, 2);
	json_array(&j);
	for (size_t i = 0; i < plan->n_jobs; i++) {
		const struct job_spec *spec = &plan->jobs[i];

		json_object(&j);
		json_key_string(&j, "id", spec->id);
		json_key_string(&j, "target", spec->rules->target);
		list_words(&j, "tags", spec->rules->tags);
		json_object_end(&j);
	}
	json_array_end(&j);
	str_addc(&j.buf, '\n');
	json_done(&j);
}

int cmd_list(const struct args *args)
{
	struct loaded l;
	int rc = load_plan(args, &l);

	if (rc == EXIT_PASSED && opt_has(args, OPT_JSON))
		list_json(l.plan);
	else if (rc == EXIT_PASSED)
		list_names(l.plan, opt_has(args, OPT_NUL) ? '\0' : '\n');
	load_done(&l);
	return rc;
}
