/* SPDX-License-Identifier: Apache-2.0 */
/* A host runtime, loaded and looked at. */
#ifndef DRIVERS_SIMPLER_LIBRARY_H
#define DRIVERS_SIMPLER_LIBRARY_H

#include "drivers/simpler/options.h"
#include "drivers/simpler/simpler_abi.h"

struct simpler_library {
	void *handle; /* NULL: none */
	enum simpler_version version;
	simpler_second_init *second_init; /* of SECOND, whose api.init is NULL */
	struct simpler_api api;
	size_t run_size, run_align; /* of a run's storage */
	uint32_t depth;
	char path[512];
	char build_id[65]; /* hex; "sha256:…" of the file cut short if it has none */
};

/* Checks all that can be checked without a device. On failure nothing stays but what is kept for
 * the process's life anyway: the simulator's context and the log's threshold. */
int32_t simpler_library_open(const struct simpler_options *o, const struct simpler_files *files,
			     struct simpler_library *ret, struct dvs_text *err);
void simpler_library_close(struct simpler_library *l);

#endif
