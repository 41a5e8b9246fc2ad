/* SPDX-License-Identifier: Apache-2.0 */
#include "config/eval.h"

#include <sched.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "config/shell.h"

struct evals {
	struct map by_cmd; /* text -> struct eval, the waiting ones too */
	struct eval **wanted;
	size_t n_wanted, cap_wanted;
};

struct evals *evals_new(void)
{
	return xcalloc(1, sizeof(struct evals));
}

static void eval_free(struct eval *v)
{
	free(v->cmd);
	free(v->why);
	str_done(&v->out);
	free(v);
}

void evals_free(struct evals *e)
{
	const struct map_entry *entry;
	size_t at = 0;

	if (!e)
		return;
	while ((entry = map_next(&e->by_cmd, &at)))
		eval_free(entry->value);
	map_done(&e->by_cmd);
	free(e->wanted);
	free(e);
}

const struct eval *evals_find(const struct evals *e, const char *cmd)
{
	const struct eval *v = map_get(&e->by_cmd, cmd);

	return v && v->is_done ? v : NULL;
}

void evals_want(struct evals *e, const char *cmd)
{
	struct eval *v;

	if (map_has(&e->by_cmd, cmd))
		return;
	v = xcalloc(1, sizeof(*v));
	v->cmd = xstrdup(cmd);
	map_set(&e->by_cmd, v->cmd, v);
	if (e->n_wanted == e->cap_wanted) {
		e->cap_wanted = e->cap_wanted ? 2 * e->cap_wanted : 16;
		e->wanted = xreallocarray(e->wanted, e->cap_wanted, sizeof(struct eval *));
	}
	e->wanted[e->n_wanted++] = v;
}

bool evals_are_wanted(const struct evals *e)
{
	return e->n_wanted > 0;
}

/* Four also on one processor: they wait for files more than they compute. */
static unsigned at_once(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : CPU_COUNT(&set);

	return n < 4 ? 4 : (unsigned)n;
}

void evals_run(struct evals *e)
{
	struct shell_limits limits = {
		.at_once = at_once(),
		.timeout_s = 60,
		.output_most = 1024 * 1024,
	};

	shells_run(e->wanted, e->n_wanted, &limits);
	e->n_wanted = 0;
}
