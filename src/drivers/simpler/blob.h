/* SPDX-License-Identifier: Apache-2.0 */
/* `callable` of a job: its files, put together as the library registers them. */
#ifndef DRIVERS_SIMPLER_BLOB_H
#define DRIVERS_SIMPLER_BLOB_H

#include <stddef.h>

#include "base/sha256.h"
#include "drivers/fields.h"
#include "drivers/simpler/codes.h"
#include "drivers/simpler/simpler_abi.h"

/* What a callable's arguments are. */
struct simpler_signature {
	uint8_t directions[SIMPLER_MAX_TENSORS]; /* enum simpler_direction */
	unsigned n;
};

struct simpler_blob {
	void *at; /* aligned; free() */
	size_t size;
	uint8_t digest[SHA256_SIZE];
	struct simpler_signature signature;
};

/* job: the job's object. Reads every file, so that what changed under the same path is another
 * blob; its digest is not there yet. simpler_blob_done() in any case. */
int32_t simpler_blob_build(json_t *job, struct simpler_blob *ret, struct dvs_text *err);
/* Its digest. last: one that has its own, or {0}; comparing with it takes a tenth of the time. */
void simpler_blob_name(struct simpler_blob *b, const struct simpler_blob *last);
/* For a library that wants to know how many of the arguments are scalars. */
void simpler_blob_say_scalars(struct simpler_blob *b);
void simpler_blob_done(struct simpler_blob *b);

#endif
