/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dvsim/dvsim_env.h"

#include <stdlib.h>

#include "base/number.h"

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
