/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says, and the files of the library that follow from it. */
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
	const char *runtime; /* when a job names none */
	bool is_sim;
	/* Relative ones lie below libdir; %r stands for the runtime. NULL: the usual place. */
	const char *host, *context, *aicpu, *aicore, *dispatcher;
	const char **preload; /* opened for everybody before all else */
	size_t n_preload;
	const char *rendezvous; /* directory for the communicators' root files; NULL: the job's */
	int32_t log_threshold;
	uint64_t scheduler_ms, op_ms, sync_ms; /* the library's own clocks */
	int32_t n_devices;
	bool keeps_scratch;	  /* the rings' heap is not cleared before each run */
	struct simpler_ring ring; /* for jobs that have none */
};

struct simpler_files {
	char *host, *context, *aicpu, *aicore, *dispatcher; /* NULL: not on this platform */
};

/* Looks at no file. ret->mem owns all; simpler_options_done() in any case. */
int32_t simpler_options_read(const char *json, struct simpler_options *ret, struct dvs_text *err);
void simpler_options_done(struct simpler_options *o);
/* How many heaps it makes; 0: there is no such runtime. */
unsigned simpler_runtime_rings(const char *name);
/* The files for that runtime, in mem; an error names the first one that is not there. */
int32_t simpler_files_find(const struct simpler_options *o, const char *runtime, struct arena *mem,
			   struct simpler_files *ret, struct dvs_text *err);
/* The library reads its clocks from the environment. */
void simpler_options_export(const struct simpler_options *o);

#endif
