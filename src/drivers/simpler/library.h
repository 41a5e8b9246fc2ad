/* SPDX-License-Identifier: Apache-2.0 */
/* A loaded and checked host runtime. */
#ifndef DRIVERS_SIMPLER_LIBRARY_H
#define DRIVERS_SIMPLER_LIBRARY_H

#include "drivers/simpler/options.h"
#include "drivers/simpler/simpler_abi.h"

struct simpler_library {
	void *handle; /* NULL: none */
	enum simpler_version version;
	simpler_second_init *second_init; /* for SECOND, where api.init is NULL */
	struct simpler_api api;
	size_t run_size, run_align; /* size and alignment of the storage of a run */
	uint32_t depth;
	char path[512];
	char build_id[65]; /* hex; without a build id, "sha256:" and 16 bytes of the file's hash */
};

/* Loads the library and checks everything that needs no device. After a failure it is closed again;
 * only the simulator's context and the log's threshold stay, as they do until the process ends. */
int32_t simpler_library_open(const struct simpler_options *o, const struct simpler_files *files,
			     struct simpler_library *ret, struct dvs_text *err);
void simpler_library_close(struct simpler_library *l);

#endif
