/* SPDX-License-Identifier: Apache-2.0 */
/* Callables of the stand-in: checks a registered callable, and finds the numbers of its kernels. */
#include <stdlib.h>

#include "fakehost_state.h"

static bool find_number(const char *binary, size_t n, const char *key, float *ret)
{
	const char *at = memmem(binary, n, key, 2);

	if (at)
		*ret = strtof(at + 2, NULL);
	return at != NULL;
}

static void take_kernel(const char *leaf, int32_t n, struct kernel *ret)
{
	const char *binary = leaf + LEAF_BINARY;
	size_t size = at32(leaf, LEAF_BYTES);
	float written = 0;

	*ret = (struct kernel){.is_there = true};
	find_number(binary, size, "K=", &ret->k);
	ret->n_written = find_number(binary, size, "W=", &written) ? (uint64_t)written : UINT64_MAX;
	for (int32_t i = 0; i < n && n <= 32; i++)
		if (at32(leaf, (size_t)i * 4) != 0)
			ret->directions[ret->n++] = (int32_t)at32(leaf, (size_t)i * 4);
}

static void check_leaf(const char *leaf, int32_t i, struct callable *c)
{
	int32_t n = (int32_t)at32(leaf, LEAF_N);

	EXPECT(n >= 0 && n <= 32, "kernel %d: %d arguments", i, n);
	for (int32_t k = 0; k < 32; k++)
		EXPECT(k < n ? at32(leaf, (size_t)k * 4) <= 3 : at32(leaf, (size_t)k * 4) == 0,
		       "kernel %d: direction %d is %u", i, k, at32(leaf, (size_t)k * 4));
	EXPECT(at64(leaf, LEAF_RESOLVED) == 0, "kernel %d: resolved already", i);
	EXPECT(fake_is_elf(leaf + LEAF_BINARY, at32(leaf, LEAF_BYTES)), "kernel %d: no image", i);
	if (i < 2)
		take_kernel(leaf, n, &c->kernels[i]);
}

static void check_children(const char *blob, struct callable *c)
{
	int32_t n = (int32_t)at32(blob, CHIP_N_CHILDREN);
	uint32_t end = at32(blob, CHIP_BYTES);

	EXPECT(n >= 0 && n <= 1024, "%d kernels", n);
	for (int32_t i = 0; i < n && n <= 1024; i++) {
		uint32_t off = at32(blob, CHIP_OFFSETS + (size_t)i * 4);
		const char *leaf = blob + CHIP_STORAGE + off;

		EXPECT(at32(blob, CHIP_IDS + (size_t)i * 4) < 1024, "kernel %d: its id", i);
		EXPECT(off % 64 == 0 && off >= end && off < end + 64, "kernel %d: offset %u", i,
		       off);
		check_leaf(leaf, i, c);
		end = off + LEAF_BINARY + at32(leaf, LEAF_BYTES);
	}
	fake_report("saw", "kernels %d bytes %u", n, end);
}

static void check_blob(const char *blob, struct callable *c)
{
	const char *name = blob + CHIP_NAME;
	int32_t n_scalars = 0;

	*c = (struct callable){.n = (int32_t)at32(blob, CHIP_N)};
	EXPECT(c->n >= 0 && c->n <= 256, "a callable of %d arguments", c->n);
	for (int32_t i = 0; i < c->n; i++)
		c->directions[i] = (int32_t)at32(blob, (size_t)i * 4);
	EXPECT(memchr(name, '\0', 64) && strlen(name) == at32(blob, CHIP_NAME_LENGTH),
	       "a name of %u bytes", at32(blob, CHIP_NAME_LENGTH));
	EXPECT(at32(blob, CHIP_CONFIG_LENGTH) == 0, "a config function");
	for (int32_t i = 0; i < c->n; i++)
		n_scalars += c->directions[i] == 0;
	EXPECT((int32_t)at32(blob, CHIP_N_SCALARS) == (FAKEHOST_VERSION == 2 ? n_scalars : 0),
	       "%u scalars", at32(blob, CHIP_N_SCALARS));
	EXPECT(fake_is_elf(blob + CHIP_STORAGE, at32(blob, CHIP_BYTES)), "no orchestration");
	EXPECT((uintptr_t)blob % 64 == 0, "a callable that is not aligned");
	fake_report("saw", "entry %.64s", name);
	check_children(blob, c);
}

EXPORT int simpler_register_callable(void *ctx, int32_t id, const void *blob)
{
	struct fake *f = fake_get(ctx, "register");
	int result = fake_enter("register", 0);

	EXPECT(id >= 0 && id < N_IDS && f->is_initialised, "register of id %d", id);
	EXPECT(f->phase == EMPTY, "register while a run is prepared");
	if (id < 0 || id >= N_IDS || f->callables[id].is_there) {
		VIOLATION("register: id %d is taken, or there is no such id", id);
		return -1;
	}
	if (strcmp((const char *)blob + CHIP_NAME, "no_such_entry") == 0)
		return -1;
	check_blob(blob, &f->callables[id]);
	f->callables[id].is_there = result == 0;
	f->n_loads += result == 0;
	return result;
}

EXPORT int simpler_unregister_callable(void *ctx, int32_t id)
{
	struct fake *f = fake_get(ctx, "unregister");
	int result = fake_enter("unregister", 0);

	EXPECT(id >= 0 && id < N_IDS && f->callables[id].is_there, "unregister of id %d", id);
	EXPECT(f->phase == EMPTY, "unregister while a run is prepared");
	f->callables[id].is_there = false;
	return result;
}
