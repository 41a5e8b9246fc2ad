/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loaded binaries, identified by content, and kernels in them, identified by name. A slot is a
 * kernel; slot 0 is for jobs without a kernel. The runtime loads files by path, so it gets a copy
 * with a name that is never used twice.
 */
#ifndef DRIVERS_ACL_IMAGES_H
#define DRIVERS_ACL_IMAGES_H

#include <stdint.h>

#include "base/sha256.h"
#include "dvsched/driver.h"

struct acl_context;

enum { ACL_BINARIES = 32, ACL_KERNELS = 64, ACL_ENTRY_NAME = 256 };

struct acl_binary {
	void *handle; /* NULL: free */
	uint8_t hash[SHA256_SIZE];
	unsigned n_kernels;
};

struct acl_kernel {
	void *function; /* NULL: free */
	unsigned binary;
	uint64_t used; /* the number of the last use */
	char entry[ACL_ENTRY_NAME];
};

struct acl_images {
	struct acl_binary binaries[ACL_BINARIES];
	struct acl_kernel kernels[ACL_KERNELS];
	uint64_t n_uses;
};

/* Loads `image: { binary, entry }` of job. If a table is full, the least recently used kernel is
 * dropped. */
int32_t acl_images_load(struct acl_context *c, const char *job, uint32_t *ret_slot,
			struct dvs_text *err);
int32_t acl_images_unload(struct acl_context *c, uint32_t slot);
/* NULL: the slot is empty. */
void *acl_images_find(struct acl_context *c, uint32_t slot);
/* Unloads everything. */
void acl_images_clear(struct acl_context *c);
/* Empties the tables without a call, after a reset has destroyed the device's context. */
void acl_images_forget(struct acl_context *c);

#endif
