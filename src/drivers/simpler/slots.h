/* SPDX-License-Identifier: Apache-2.0 */
/* The library's 64 ids for callables, by content. The least recently used one is replaced. */
#ifndef DRIVERS_SIMPLER_SLOTS_H
#define DRIVERS_SIMPLER_SLOTS_H

#include <stdbool.h>

#include "drivers/simpler/blob.h"

struct simpler_slot {
	bool is_used;
	uint64_t used_at;
	uint8_t digest[SHA256_SIZE];
	struct simpler_signature signature;
};

/* {0}: all are free. */
struct simpler_slots {
	struct simpler_slot slots[SIMPLER_MAX_CALLABLES];
	uint64_t clock;
};

/* The id of this content; -1: none. Counts as a use. */
int simpler_slots_find(struct simpler_slots *s, const uint8_t digest[SHA256_SIZE]);
/* A free id, or the one to replace (its is_used is true). */
int simpler_slots_choose(const struct simpler_slots *s);
void simpler_slots_set(struct simpler_slots *s, int id, const struct simpler_blob *b);
void simpler_slots_clear(struct simpler_slots *s, int id);
/* NULL: no callable has that id. */
const struct simpler_slot *simpler_slots_get(const struct simpler_slots *s, uint32_t id);

#endif
