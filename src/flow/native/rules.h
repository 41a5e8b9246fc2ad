/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of an entry's jobs. Jobs share their rules unless a {word} in them differs. */
#ifndef FLOW_NATIVE_RULES_H
#define FLOW_NATIVE_RULES_H

#include "base/map.h"
#include "flow/native/entry.h"

struct rules_maker {
	struct load *load;
	struct arena *mem; /* the plan's */
	const struct entry *entry;
	struct job_rules same; /* members that are the same for all jobs */
	struct map variants;   /* the other members, as text -> job_rules */
	struct str key;
	bool is_one; /* all jobs have the same rules */
};

void rules_init(struct rules_maker *m, struct load *l, struct arena *plan_mem,
		const struct entry *e);
void rules_done(struct rules_maker *m);
/* The rules for a job with these values. Jobs with equal rules share them. */
const struct job_rules *rules_get(struct rules_maker *m, const char *const *values);

#endif
