/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a job that driver acl reads:
 *
 *   image: { binary: "/path/add.o", entry: "add_custom", blocks: 8 }   {}: just a card
 *   args: [ … ]                                                       drivers/tensor.h
 */
#ifndef DRIVERS_ACL_JOB_H
#define DRIVERS_ACL_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "drivers/tensor.h"

struct acl_image {
	const char *binary, *entry; /* NULL: none */
	uint32_t blocks;
};

struct acl_job {
	struct arena *mem; /* of all below */
	struct acl_image image;
	struct tensor *args;
	size_t n_args;
};

/* json: an object, or NULL or empty for none. acl_job_done() also after an error. */
int acl_job_read(const char *json, struct acl_job *ret, struct error *err);
void acl_job_done(struct acl_job *j);
/* The arguments as a kernel gets them: addresses of tensors and values of scalars, laid out as in a
 * C struct. *ret_bytes bytes, in j->mem. */
void *acl_job_pack(const struct acl_job *j, void *const *buffers, size_t *ret_bytes,
		   struct error *err);

#endif
