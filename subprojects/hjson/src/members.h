/* SPDX-License-Identifier: Apache-2.0 */
/* Finding repeated keys when an object ends: side by side while they are few, by hash when they are
 * many. */
#ifndef HJSON_MEMBERS_H
#define HJSON_MEMBERS_H

#include "hjson.h"

struct scan;

struct key_slot {
	struct hjson_node **link; /* what points at the member that counts; NULL: free */
	struct hjson_node *first; /* the first member of this name */
	uint32_t hash;
};

struct key_table {
	struct key_slot *slots; /* used again by the next large object */
	size_t room;
	uint64_t seed[2]; /* the key of the hash, so that an attacker cannot choose keys that
			   * collide */
	bool seeded;
};

/* Marks the shadowed members of obj, moves the valid ones to their places, and warns. */
void members_settle(struct scan *s, struct hjson_node *obj);

#endif
