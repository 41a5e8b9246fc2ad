/* SPDX-License-Identifier: Apache-2.0 */
#include "config/eval.h"

#include <sched.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/shell.h"

struct evals {
	struct map by_cmd; /* text -> struct eval, also of commands that have not ended */
	struct shells *shells;
	size_t n_wanted, n_waited; /* n_waited: the first n_waited commands were waited for */
	double waited_s;
};

/* At least four, because commands mostly wait for files. */
static unsigned at_once(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : CPU_COUNT(&set);

	return n < 4 ? 4 : (unsigned)n;
}

static struct shells *new_shells(void)
{
	const struct shell_limits limits = {
		.at_once = at_once(),
		.timeout_s = 60,
		.output_most = 1024 * 1024,
	};

	return shells_new(&limits);
}

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
	shells_free(e->shells);
	while ((entry = map_next(&e->by_cmd, &at)))
		eval_free(entry->value);
	map_done(&e->by_cmd);
	free(e);
}

const struct eval *evals_find(const struct evals *e, const char *cmd)
{
	const struct eval *v = map_get(&e->by_cmd, cmd);

	return v && v->number < e->n_waited ? v : NULL;
}

void evals_want(struct evals *e, const char *cmd)
{
	struct eval *v;

	if (map_has(&e->by_cmd, cmd))
		return;
	v = xcalloc(1, sizeof(*v));
	v->cmd = xstrdup(cmd);
	map_set(&e->by_cmd, v->cmd, v);
	if (!e->shells)
		e->shells = new_shells();
	v->number = e->n_wanted++;
	shells_add(e->shells, v);
}

size_t evals_wanted(const struct evals *e)
{
	return e->n_wanted;
}

bool evals_are_open(const struct evals *e)
{
	return e->n_waited < e->n_wanted;
}

void evals_wait(struct evals *e, size_t n)
{
	double began;

	if (n <= e->n_waited)
		return;
	began = clock_now(clock_real());
	shells_wait(e->shells, n);
	e->waited_s += clock_now(clock_real()) - began;
	e->n_waited = n;
}

double evals_waited_s(const struct evals *e)
{
	return e->waited_s;
}

void evals_run(struct evals *e)
{
	evals_wait(e, e->n_wanted);
}
