/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a connection of a pilot begins. Each slot of a pilot has a connection of its own:
 *
 *   scheduler -> pilot   CHALLENGE  versions, a random number
 *   pilot -> scheduler   PILOT      versions, a random number, its proof, who it is
 *   scheduler -> pilot   WELCOME    its proof; then the frames of slots (exec/slot_wire.h)
 *                        or REFUSED: why
 *
 * After WELCOME the pilot gives the connection to its slot.
 */
#ifndef BACKENDS_FARM_PILOT_WIRE_H
#define BACKENDS_FARM_PILOT_WIRE_H

#include <stdint.h>

#include "backends/farm/secret.h"
#include "base/wire.h"

enum { PILOT_PROTOCOL = 1 };
/* The largest frame of a beginning: the environment is the largest part. */
enum { PILOT_FRAME_MOST = 1 << 20 };

enum pilot_frame { PILOT_CHALLENGE = 220, PILOT_PILOT, PILOT_WELCOME, PILOT_REFUSED };

#define PILOT_SIDE     "pilot"
#define SCHEDULER_SIDE "scheduler"

/* Strings point into the frame; env is malloc()ed. */
struct pilot_hello {
	const char *key; /* number of its submission */
	uint32_t slot;	 /* number of the slot in the pilot */
	const char *node, *batch_id;
	const char **env; /* what the node sets; NULL-terminated */
};

/* What a pilot gets in its file. hosts is malloc()ed. */
struct pilot_order {
	uint32_t n_slots, port;
	const char **hosts; /* addresses of the scheduler, NULL-terminated */
	const uint8_t *secret;
};

void pilot_put_order(struct str *b, const struct pilot_order *o);
bool pilot_take_order(struct wire *w, struct pilot_order *ret);
void pilot_put_hello(struct str *b, const struct pilot_hello *h, const uint8_t secret[SECRET_SIZE],
		     const uint8_t theirs[SECRET_SIZE], const uint8_t own[SECRET_SIZE]);
enum pilot_check {
	PILOT_GOOD,
	PILOT_STRANGER, /* it does not have the secret */
	PILOT_OTHER	/* it has another version */
};
/* Sets *ret_own to its random number. */
enum pilot_check pilot_take_hello(struct wire *w, const uint8_t secret[SECRET_SIZE],
				  const uint8_t theirs[SECRET_SIZE], uint8_t ret_own[SECRET_SIZE],
				  struct pilot_hello *ret);

#endif
