/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the double of a host runtime (fakehost.c), and the offsets in its arguments.
 */
#ifndef TESTS_HELPERS_FAKEHOST_STATE_H
#define TESTS_HELPERS_FAKEHOST_STATE_H

#include <string.h>

#include "fakehost.h"

/* Of the ABI's description. */
enum {
	ARGS_SIZE = 33856,
	ARGS_SCALARS = 32768,
	ARGS_N_TENSORS = 33792,
	ARGS_N_SCALARS = 33796,
	TENSOR_SIZE = 128,
	CHIP_N = 1024,
	CHIP_BYTES = 1028,
	CHIP_NAME = 1032,
	CHIP_NAME_LENGTH = 1096,
	CHIP_IDS = 1100,
	CHIP_OFFSETS = 5196,
	CHIP_N_CHILDREN = 9292,
	CHIP_CONFIG_LENGTH = 9360,
	CHIP_N_SCALARS = 9364,
	CHIP_STORAGE = 9376,
	LEAF_N = 128,
	LEAF_BYTES = 132,
	LEAF_RESOLVED = 136,
	LEAF_BINARY = 192,
	N_IDS = 64,
	RUN_SIZE = 48576,
	RUN_MAGIC = 0x52554e31,
};

enum phase { EMPTY, PREPARED, LAUNCHED, OVER, WAITED };

struct kernel {
	bool is_there;
	int32_t directions[32], n;
	float k;
	uint64_t n_written; /* elements, at most */
};

struct callable {
	bool is_there;
	int32_t directions[256], n;
	struct kernel kernels[2];
};

struct argument {
	char *host, *device;
	uint64_t bytes, n;
	bool is_in, is_out, comes_back;
};

struct fake {
	bool is_initialised;
	int device, n_comms;
	enum phase phase;
	unsigned n_polls;
	struct callable callables[N_IDS];
	int32_t id;
	struct argument args[256];
	unsigned n_args;
	bool has_failed;
	float sum;
	char *heap;
	uint64_t last_run;
	size_t n_loads;
	char temporary[32]; /* lies there until the device is given back */
};
static inline uint32_t at32(const void *p, size_t off)
{
	uint32_t v;

	memcpy(&v, (const char *)p + off, sizeof(v));
	return v;
}

static inline uint64_t at64(const void *p, size_t off)
{
	uint64_t v;

	memcpy(&v, (const char *)p + off, sizeof(v));
	return v;
}
static inline bool fake_is_elf(const void *at, size_t n)
{
	return n >= 4 && memcmp(at, "\177ELF", 4) == 0;
}

/* The context that is live. */
struct fake *fake_get(void *ctx, const char *call);
/* The inputs of a run of c, checked and copied to the device as by the library. */
void fake_take_args(struct fake *f, const char *args, const struct callable *c);
void fake_check_config(const char *config);
/* Bytes of all heaps that a run of this runtime has. */
size_t fake_heap_bytes(const char *config);
void fake_check_descriptor(struct fake *f, const char *d);

#endif
