/* SPDX-License-Identifier: Apache-2.0 */
/* `callable` of a job: its files, joined as the library registers them. */
#ifndef DRIVERS_SIMPLER_BLOB_H
#define DRIVERS_SIMPLER_BLOB_H

#include <stddef.h>

#include "base/sha256.h"
#include "drivers/fields.h"
#include "drivers/simpler/codes.h"
#include "drivers/simpler/simpler_abi.h"

/* Directions of a callable's arguments. */
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

/* job: the job's object. Reads every file, so a changed file gives another blob. Does not set the
 * digest. Call simpler_blob_done() in any case. */
int32_t simpler_blob_build(json_t *job, struct simpler_blob *ret, struct dvs_text *err);
/* Sets the digest. last: a blob with a digest, or {0}. If both are equal, its digest is copied,
 * which takes a tenth of the time. */
void simpler_blob_name(struct simpler_blob *b, const struct simpler_blob *last);
/* Sets the number of scalars, for a library that reads it. */
void simpler_blob_say_scalars(struct simpler_blob *b);
void simpler_blob_done(struct simpler_blob *b);

#endif
