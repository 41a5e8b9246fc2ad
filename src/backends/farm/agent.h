/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent: a helper process that waits for a batch system and for shared file systems, so that the
 * loop never does. It runs commands, and reads, writes and removes files, one request after the
 * other. Requests that must not wait for each other go to different agents.
 */
#ifndef BACKENDS_FARM_AGENT_H
#define BACKENDS_FARM_AGENT_H

#include <ev.h>
#include <stdint.h>

#include "backends/farm/command.h"
#include "base/error.h"

struct agent;

/* Members for answers that the owner never asks for may be NULL. Arguments are valid during the
 * call. */
struct agent_handler {
	void (*ran)(void *ctx, uint32_t number, const struct command_end *end);
	/* A new file in the directory of agent_take(); each is reported once. */
	void (*file)(void *ctx, const char *name, const char *bytes, size_t n);
	void (*taken)(void *ctx);
	void (*text)(void *ctx, uint32_t number, const char *bytes, size_t n);
	/* It ended by itself: requests without an answer get none. It may be freed in the call. */
	void (*died)(void *ctx);
};

struct agent_command {
	uint32_t number; /* of the answer */
	double limit_s;
	const char *const *argv;
	const char *input;
	/* A file to write first, for its owner only, with its directory; NULL: none. */
	const char *path;
	const char *content;
	size_t n_content;
};

/* NULL with err. handler and ctx are borrowed. */
struct agent *agent_new(struct ev_loop *loop, const struct agent_handler *handler, void *ctx,
			struct error *err);
/* Kills it if it has not ended. Accepts NULL. */
void agent_free(struct agent *a);

void agent_run(struct agent *a, const struct agent_command *c);
/* Reports the files of dir that were not reported before, except those whose name begins with a
 * dot; then taken(). */
void agent_take(struct agent *a, const char *dir);
void agent_read(struct agent *a, uint32_t number, const char *path);
/* Removes a file, or a tree. No answer. */
void agent_remove(struct agent *a, const char *path);
/* No request will follow: it ends when all are done, within limit_s; died() is called then. */
void agent_close(struct agent *a, double limit_s);

int agent_main(void); /* `dvsched __agent`, socket on PROC_SOCKET_FD. Never returns. */

#endif
