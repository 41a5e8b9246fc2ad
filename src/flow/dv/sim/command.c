/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a job worth a rehearsal? Texts are looked at as they are after the configuration's expansion,
 * which has put the values of all its keys in: an {eval_cmd} that is left is there to be seen.
 */
#include <string.h>

#include "flow/dv/sim/jobs.h"

/* What jobs use besides the keys of their kind. */
static const char *const other_keys[] = {
	"build_opts_file", "cov_db_dir", "cov_db_test_dir", "flow_makefile", "run_dir_name", NULL,
};

static bool text_has_command(const struct sim *s, struct hjson_node *n)
{
	return n->type == HJSON_STRING &&
	       strstr(hjson_cstr(cfg_doc(s->reader.cfg), n), "{eval_cmd}");
}

/* A text, or a list or an object of them. */
static bool has_command(const struct sim *s, struct hjson_node *n)
{
	struct hjson_node *e;

	if (n && (n->type == HJSON_ARRAY || n->type == HJSON_OBJECT))
		hjson_for_each (e, n)
			if (text_has_command(s, e))
				return true;
	return n && text_has_command(s, n);
}

static bool exports_have_command(const struct sim *s)
{
	struct hjson_node *list = sim_value(s, "exports"), *e;

	if (list && list->type == HJSON_ARRAY)
		hjson_for_each (e, list)
			if (has_command(s, e))
				return true;
	return false;
}

static bool keys_have_command(const struct sim *s, const char *const *keys)
{
	for (; *keys; keys++)
		if (has_command(s, sim_value(s, *keys)))
			return true;
	return false;
}

bool sim_kind_has_command(const struct sim *s, const struct job_kind *kind)
{
	const char *const own[] = {kind->odir_key, kind->pass_key, kind->fail_key, NULL};

	return keys_have_command(s, kind->keys) || keys_have_command(s, own) ||
	       keys_have_command(s, other_keys) || exports_have_command(s);
}

bool sim_mode_has_command(const struct sim *s, const struct mode *mode)
{
	for (int i = 0; i <= LIST_SW_BUILD_OPTS; i++)
		for (uint32_t k = 0; k < mode->lists[i].n; k++)
			if (has_command(s, mode->lists[i].at[k]))
				return true;
	for (int i = 0; i < N_MODE_VALUES; i++)
		if (has_command(s, mode->values[i]))
			return true;
	return false;
}
