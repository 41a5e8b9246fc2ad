/* SPDX-License-Identifier: Apache-2.0 */
/* Options of driver simpler, and the files of the library. */
#ifndef DRIVERS_SIMPLER_OPTIONS_H
#define DRIVERS_SIMPLER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "drivers/simpler/ring.h"

struct simpler_options {
	struct arena *mem;
	const char *libdir, *platform;
	const char *arch;    /* "a2a3" */
	const char *runtime; /* for jobs that name none */
	bool is_sim;
	/* Relative paths are below libdir; %r is the runtime. NULL: the usual place. */
	const char *host, *context, *aicpu, *aicore, *dispatcher;
	const char **preload; /* opened first, with global symbols */
	size_t n_preload;
	const char *rendezvous; /* directory for the communicators' root files; NULL: the job's */
	int32_t log_threshold;
	uint64_t scheduler_ms, op_ms, sync_ms; /* the library's own time limits */
	int32_t n_devices;
	bool keeps_scratch;	  /* the rings' heap is not cleared before each run */
	struct simpler_ring ring; /* for jobs that have none */
};

struct simpler_files {
	char *host, *context, *aicpu, *aicore, *dispatcher; /* NULL: not on this platform */
};

/* Reads no file. Everything is in ret->mem. Call simpler_options_done() in any case. */
int32_t simpler_options_read(const char *json, struct simpler_options *ret, struct dvs_text *err);
void simpler_options_done(struct simpler_options *o);
/* Number of heaps of a runtime; 0: unknown runtime. */
unsigned simpler_runtime_rings(const char *name);
/* Finds the files of a runtime, in mem. An error names the first missing one. */
int32_t simpler_files_find(const struct simpler_options *o, const char *runtime, struct arena *mem,
			   struct simpler_files *ret, struct dvs_text *err);
/* Sets the environment variables from which the library reads its time limits. */
void simpler_options_export(const struct simpler_options *o);

#endif
