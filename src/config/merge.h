/* SPDX-License-Identifier: Apache-2.0 */
/* Merges keys into the root by DVSim's rules: docs/reference/config-merge.md. */
#ifndef CONFIG_MERGE_H
#define CONFIG_MERGE_H

#include "config/cfg.h"

struct merge {
	struct cfg *cfg;
	struct diags *diags;
	struct map members;	 /* members of the root, by key */
	struct hjson_node *last; /* last member of the root; NULL: the root is empty */
};

void merge_init(struct merge *m, struct cfg *c, struct diags *diags);
void merge_done(struct merge *m);
/* The member of the root with this key, or NULL. */
struct hjson_node *merge_find(const struct merge *m, const char *key, size_t len);
/* Merges member, which was taken out of its object, into the root. A conflict adds an error and
 * keeps the old value. */
void merge_member(struct merge *m, struct hjson_node *member);

#endif
