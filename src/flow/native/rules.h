/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that the jobs of an entry share; only what a {word} changes is made again. */
#ifndef FLOW_NATIVE_RULES_H
#define FLOW_NATIVE_RULES_H

#include "base/map.h"
#include "flow/native/entry.h"

struct rules_maker {
	struct load *load;
	struct arena *mem; /* the plan's */
	const struct entry *entry;
	struct job_rules same; /* all that does not differ */
	struct map variants;   /* what differs, as text -> job_rules */
	struct str key;
	bool is_one; /* nothing differs */
};

void rules_init(struct rules_maker *m, struct load *l, struct arena *plan_mem,
		const struct entry *e);
void rules_done(struct rules_maker *m);
/* The rules for a job with these values; shared with all that have the same. */
const struct job_rules *rules_get(struct rules_maker *m, const char *const *values);

#endif
