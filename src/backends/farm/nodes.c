/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/farm/nodes.h"

#include <string.h>

#include "base/str.h"

/* Failures in a row. One is an accident; a job of its own fault that fails everywhere spreads over
 * the nodes. */
enum { FAILURES_MOST = 3 };

struct node_state {
	const char *name;
	unsigned n_failures; /* in a row, the last ends */
	bool has_good, is_bad;
	enum job_reason reason; /* of the last failure */
};

static bool nodes_is_failure(const struct job_result *r)
{
	return r->status == JOB_KILLED && (r->reason == REASON_LOST || r->reason == REASON_LAUNCH ||
					   r->reason == REASON_NODE_FAILURE);
}

static struct node_state *nodes_find(struct nodes *n, const char *name)
{
	struct node_state *s = map_get(&n->by_name, name);

	if (!s) {
		s = arena_zalloc(n->mem, sizeof(*s));
		s->name = arena_strdup(n->mem, name);
		map_set(&n->by_name, s->name, s);
	}
	return s;
}

static void nodes_exclude(struct nodes *n, struct node_state *s)
{
	_cleanup_(str_done) struct str text = {0};

	s->is_bad = true;
	if (n->bad.n)
		n->bad.n--; /* its NULL */
	vec_push_in(n->mem, &n->bad, s->name);
	vec_push_in(n->mem, &n->bad, NULL);
	str_printf(&text,
		   "%s: the node %s gets no more jobs of this run: the last %u failed there (%s)",
		   n->system, s->name, s->n_failures, job_reason_name(s->reason));
	if (n->warn)
		n->warn(text.s);
}

/* Another node has just ended a job well, so the failures of these are not the cluster's. */
static void nodes_judge(struct nodes *n, const struct node_state *good)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&n->by_name, &at))) {
		struct node_state *s = e->value;

		if (s != good && !s->is_bad && s->n_failures >= FAILURES_MOST)
			nodes_exclude(n, s);
	}
}

static const struct node_state *nodes_find_good(const struct nodes *n, const struct node_state *but)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&n->by_name, &at))) {
		const struct node_state *s = e->value;

		if (s != but && s->has_good && s->n_failures == 0)
			return s;
	}
	return NULL;
}

void nodes_note(struct nodes *n, const char *node, const struct job_result *result)
{
	struct node_state *s = nodes_find(n, node);

	if (!nodes_is_failure(result)) {
		if (result->status == JOB_KILLED)
			return; /* somebody's will, or a limit: it says nothing about the node */
		s->n_failures = 0;
		s->has_good = true;
		nodes_judge(n, s);
		return;
	}
	s->n_failures++;
	s->reason = result->reason;
	if (!s->is_bad && s->n_failures >= FAILURES_MOST && nodes_find_good(n, s))
		nodes_exclude(n, s);
}

bool nodes_is_bad(const struct nodes *n, const char *node)
{
	const struct node_state *s = map_get(&n->by_name, node);

	return s && s->is_bad;
}

const char *const *nodes_bad(const struct nodes *n)
{
	static const char *const none[] = {NULL};

	return n->bad.n ? n->bad.at : none;
}

void nodes_done(struct nodes *n)
{
	map_done(&n->by_name);
}
