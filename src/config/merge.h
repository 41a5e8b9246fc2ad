/* SPDX-License-Identifier: Apache-2.0 */
/* Merging keys into the root, by DVSim's table: docs/reference/config-merge.md. */
#ifndef CONFIG_MERGE_H
#define CONFIG_MERGE_H

#include "config/cfg.h"

struct merge {
	struct cfg *cfg;
	struct diags *diags;
	struct map members;	 /* of the root, by key */
	struct hjson_node *last; /* member of the root; NULL: it is empty */
};

void merge_init(struct merge *m, struct cfg *c, struct diags *diags);
void merge_done(struct merge *m);
/* The member of the root that has this key, or NULL. */
struct hjson_node *merge_find(const struct merge *m, const char *key, size_t len);
/* member was taken out of its own object. A conflict is an error, and the old value stays. */
void merge_member(struct merge *m, struct hjson_node *member);

#endif
