/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the pilots of a run connect: a TCP port that is open as long as the post exists. A peer
 * that does not prove within a few seconds that it has the secret of the run is dropped and
 * counted.
 */
#ifndef BACKENDS_FARM_POST_H
#define BACKENDS_FARM_POST_H

#include <ev.h>

#include "backends/farm/pilot_wire.h"
#include "base/error.h"

struct post;

struct post_handler {
	/* A slot of a pilot is connected. The handler owns fd, which is non-blocking; hello is
	 * valid during the call. */
	void (*arrived)(void *ctx, int fd, const struct pilot_hello *hello);
	/* A pilot has the secret, but another version. */
	void (*refused)(void *ctx);
};

/* NULL with err. handler and ctx are borrowed. */
struct post *post_new(struct ev_loop *loop, const struct post_handler *handler, void *ctx,
		      struct error *err);
void post_free(struct post *p); /* accepts NULL */

uint16_t post_port(const struct post *p);
const uint8_t *post_secret(const struct post *p);
uint64_t post_n_strangers(const struct post *p);

#endif
