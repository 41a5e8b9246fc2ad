/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/ring.h"

#include <string.h>

/* One value for all four rings, or a list of four. */
static int32_t read_four(const struct fields *r, const char *key, uint64_t ret[SIMPLER_RINGS])
{
	json_t *list = json_object_get(r->from, key), *one;
	uint64_t value = 0;
	size_t i;
	int32_t code;

	if (!list)
		return 0;
	if (!json_is_array(list)) {
		code = fields_size(r, key, &value);
		for (i = 0; i < SIMPLER_RINGS && !code; i++)
			ret[i] = value;
		return code;
	}
	if (json_array_size(list) != SIMPLER_RINGS)
		return simpler_fail(r->err, r->code,
				    "%s: '%s' has %zu values and there are %d rings", r->where, key,
				    json_array_size(list), SIMPLER_RINGS);
	json_array_foreach(list, i, one)
	{
		json_t *wrapped = json_pack("{sO}", key, one);
		struct fields each = {wrapped, r->where, r->code, r->err};

		code = fields_size(&each, key, &ret[i]);
		json_decref(wrapped);
		if (code)
			return code;
	}
	return 0;
}

int32_t simpler_ring_read(json_t *from, int32_t code, struct simpler_ring *ret,
			  struct dvs_text *err)
{
	static const char *const keys[] = {"heap", "window", "dep_pool", "aicpu_threads", NULL};
	struct fields r = {from, "ring", code, err};
	int64_t threads = ret->aicpu_threads;
	int32_t c;

	if (!from)
		return 0;
	if (!json_is_object(from))
		return simpler_fail(err, code, "'ring' must be an object");
	if ((c = fields_only(&r, keys)) || (c = read_four(&r, "heap", ret->heap)) ||
	    (c = read_four(&r, "window", ret->window)) ||
	    (c = read_four(&r, "dep_pool", ret->dep_pool)) ||
	    (c = fields_int(&r, "aicpu_threads", 0, 64, &threads)))
		return c;
	if (threads == 1)
		return simpler_fail(err, code,
				    "ring: 'aicpu_threads' is 0 (automatic) or at least 2");
	ret->aicpu_threads = (int32_t)threads;
	return 0;
}

void simpler_ring_put(const struct simpler_ring *ring, struct simpler_call_config *ret)
{
	ret->aicpu_threads = ring->aicpu_threads;
	for (unsigned i = 0; i < SIMPLER_RINGS; i++)
		ret->ring_heap[i] = ring->heap[i] ? ring->heap[i] : SIMPLER_RING_HEAP;
	memcpy(ret->ring_window, ring->window, sizeof(ring->window));
	memcpy(ret->ring_dep_pool, ring->dep_pool, sizeof(ring->dep_pool));
}
