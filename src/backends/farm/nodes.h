/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes on which jobs fail through no fault of their own. A node on which several jobs in a row
 * were lost or could not be started, while other nodes end theirs, gets no more jobs in this run:
 * it may be broken in a way that makes it look idle.
 */
#ifndef BACKENDS_FARM_NODES_H
#define BACKENDS_FARM_NODES_H

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "job/job_result.h"

struct node_state;

struct nodes {
	struct arena *mem;		/* borrowed */
	struct map by_name;		/* struct node_state */
	VEC(const char *) bad;		/* names; NULL-terminated if there are any */
	void (*warn)(const char *text); /* NULL: dropped */
	const char *system;
};

/* A job has ended there. */
void nodes_note(struct nodes *n, const char *node, const struct job_result *result);
bool nodes_is_bad(const struct nodes *n, const char *node);
/* NULL-terminated. */
const char *const *nodes_bad(const struct nodes *n);
void nodes_done(struct nodes *n);

#endif
