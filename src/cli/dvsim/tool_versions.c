/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dvsim/tool_versions.h"

#include "base/log.h"
#include "config/eval.h"
#include "tool/tool.h"

/* The exit status of the command does not matter, only its output. */
static const char *tool_versions_parse(const struct tool *t, const struct eval *answer,
				       struct arena *mem)
{
	_cleanup_(str_done) struct str version = {0};

	if (!answer || !answer->out.s || !tool_parse_version(t, answer->out.s, &version))
		return NULL;
	return arena_strndup(mem, version.s, version.len);
}

const char *tool_version_ask(const char *tool, struct arena *mem)
{
	const struct tool *t = tool_find(tool);
	const char *command = tool_version_command(t), *version;
	struct evals *evals;

	if (!command)
		return NULL;
	evals = evals_new();
	evals_want(evals, command);
	evals_run(evals);
	version = tool_versions_parse(t, evals_find(evals, command), mem);
	if (!version)
		log_debug("'%s' printed no version of %s", command, tool);
	evals_free(evals);
	return version;
}
