/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/farm/pilot_wire.h"

#include <string.h>

#include "backends/farm/node_file.h"
#include "exec/slot_wire.h"

void pilot_put_order(struct str *b, const struct pilot_order *o)
{
	size_t start = wire_begin(b, NODE_FRAME_PILOT);

	wire_put_u32(b, PILOT_PROTOCOL);
	wire_put_u32(b, SLOT_PROTOCOL);
	wire_put_u32(b, o->n_slots);
	wire_put_u32(b, o->port);
	wire_put_list(b, o->hosts);
	wire_put_bytes(b, o->secret, SECRET_SIZE);
	wire_end(b, start);
}

bool pilot_take_order(struct wire *w, struct pilot_order *ret)
{
	uint32_t version = wire_u32(w), slot_version = wire_u32(w);
	size_t n;

	ret->n_slots = wire_u32(w);
	ret->port = wire_u32(w);
	ret->hosts = wire_strings(w, &n);
	ret->secret = (const uint8_t *)wire_bytes(w, &n);
	return w->ok && ret->hosts && n == SECRET_SIZE && version == PILOT_PROTOCOL &&
	       slot_version == SLOT_PROTOCOL;
}

void pilot_put_hello(struct str *b, const struct pilot_hello *h, const uint8_t secret[SECRET_SIZE],
		     const uint8_t theirs[SECRET_SIZE], const uint8_t own[SECRET_SIZE])
{
	uint8_t proof[SECRET_SIZE];
	size_t start = wire_begin(b, PILOT_PILOT);

	secret_prove(secret, PILOT_SIDE, theirs, own, proof);
	wire_put_bytes(b, own, SECRET_SIZE);
	wire_put_bytes(b, proof, SECRET_SIZE);
	wire_put_u32(b, PILOT_PROTOCOL);
	wire_put_u32(b, SLOT_PROTOCOL);
	wire_put_string(b, h->key);
	wire_put_u32(b, h->slot);
	wire_put_string(b, h->node);
	wire_put_string(b, h->batch_id);
	wire_put_list(b, h->env);
	wire_end(b, start);
}

static bool pilot_take_fields(struct wire *w, struct pilot_hello *ret)
{
	size_t n;

	ret->key = wire_string(w);
	ret->slot = wire_u32(w);
	ret->node = wire_string(w);
	ret->batch_id = wire_string(w);
	ret->env = wire_strings(w, &n);
	return w->ok && ret->key && ret->node && ret->batch_id;
}

enum pilot_check pilot_take_hello(struct wire *w, const uint8_t secret[SECRET_SIZE],
				  const uint8_t theirs[SECRET_SIZE], uint8_t ret_own[SECRET_SIZE],
				  struct pilot_hello *ret)
{
	size_t n_own, n_proof;
	const char *own = wire_bytes(w, &n_own), *proof = wire_bytes(w, &n_proof);
	uint8_t expected[SECRET_SIZE];
	uint32_t version, slot_version;

	*ret = (struct pilot_hello){0};
	if (!w->ok || n_own != SECRET_SIZE || n_proof != SECRET_SIZE)
		return PILOT_STRANGER;
	memcpy(ret_own, own, SECRET_SIZE);
	secret_prove(secret, PILOT_SIDE, theirs, ret_own, expected);
	if (!secret_is_equal(expected, (const uint8_t *)proof))
		return PILOT_STRANGER;
	version = wire_u32(w);
	slot_version = wire_u32(w);
	if (version != PILOT_PROTOCOL || slot_version != SLOT_PROTOCOL)
		return PILOT_OTHER;
	return pilot_take_fields(w, ret) ? PILOT_GOOD : PILOT_STRANGER;
}
