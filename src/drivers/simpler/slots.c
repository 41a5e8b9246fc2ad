/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/slots.h"

#include <string.h>

int simpler_slots_find(struct simpler_slots *s, const uint8_t digest[SHA256_SIZE])
{
	for (int i = 0; i < SIMPLER_MAX_CALLABLES; i++) {
		struct simpler_slot *slot = &s->slots[i];

		if (!slot->is_used || memcmp(slot->digest, digest, SHA256_SIZE) != 0)
			continue;
		slot->used_at = ++s->clock;
		return i;
	}
	return -1;
}

int simpler_slots_choose(const struct simpler_slots *s)
{
	int oldest = 0;

	for (int i = 0; i < SIMPLER_MAX_CALLABLES; i++) {
		if (!s->slots[i].is_used)
			return i;
		if (s->slots[i].used_at < s->slots[oldest].used_at)
			oldest = i;
	}
	return oldest;
}

void simpler_slots_set(struct simpler_slots *s, int id, const struct simpler_blob *b)
{
	struct simpler_slot *slot = &s->slots[id];

	slot->is_used = true;
	slot->used_at = ++s->clock;
	memcpy(slot->digest, b->digest, SHA256_SIZE);
	slot->signature = b->signature;
}

void simpler_slots_clear(struct simpler_slots *s, int id)
{
	s->slots[id].is_used = false;
}

const struct simpler_slot *simpler_slots_get(const struct simpler_slots *s, uint32_t id)
{
	return id < SIMPLER_MAX_CALLABLES && s->slots[id].is_used ? &s->slots[id] : NULL;
}
