/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dvsim/dvsim_env.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/vec.h"

static const struct src_pos nowhere;

/* The second one is for older makefiles. */
const char *const dvsim_env_interactive[] = {"DVSIM_RUN_INTERACTIVE=1", "RUN_INTERACTIVE=1", NULL};

const char *dvsim_env_backend(const char **ret_variable)
{
	const char *name;

	*ret_variable = getenv("DVSIM_BACKEND") ? "DVSIM_BACKEND" : "DVSIM_LAUNCHER";
	name = getenv(*ret_variable);
	return name && *name ? name : NULL;
}

unsigned dvsim_env_max_parallel(unsigned most, struct arena *mem, struct diags *diags)
{
	const char *word = getenv("DVSIM_MAX_PARALLEL"), *number;
	unsigned long n;

	if (!word)
		return 0;
	number = number_int(mem, word);
	n = number && *number != '-' ? strtoul(number, NULL, 10) : 0;
	if (n > 0 && n <= most)
		return (unsigned)n;
	diag_warning(diags, nowhere,
		     "$DVSIM_MAX_PARALLEL is '%s', which is not a whole number above 0: not used",
		     word);
	return 0;
}

bool dvsim_env_wants_dump(void)
{
	const char *word = getenv("DVSIM_DEPLOY_DUMP");

	return !word || *word;
}

const char *const *dvsim_env_batch_options(const char *backend, struct arena *mem)
{
	static const struct {
		const char *variable, *option;
	} rows[] = {
		{"SLURM_QUEUE", "--partition="},
		{"SLURM_MEM", "--mem="},
		{"SLURM_MINCPUS", "--mincpus="},
		{"SLURM_TIMEOUT", "--time="},
		{"SLURM_CPUS_PER_TASK", "--cpus-per-task="},
	};
	VEC(const char *) words = {0};

	for (size_t i = 0; strcmp(backend, "slurm") == 0 && i < ARRAY_LEN(rows); i++) {
		const char *value = getenv(rows[i].variable);

		if (value && *value)
			vec_push_in(mem, &words, arena_printf(mem, "%s%s", rows[i].option, value));
	}
	vec_push_in(mem, &words, NULL);
	return words.at;
}

const char *dvsim_env_unused(const char *backend)
{
	static const char setup[] = "SLURM_SLURM_SETUP_CMD";
	const char *value = getenv(setup);

	return strcmp(backend, "slurm") == 0 && value && *value ? setup : NULL;
}
