/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of the stand-in's device, which is separate from the host's: data must be copied. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fakehost.h"

enum { ALIGN = 1024 };

static struct block {
	struct block *next;
	char *at;
	size_t n;
	bool is_free;
} * blocks;

static struct {
	char *map, *base;
	size_t n, mapped;
} heap;

static struct block *find_free(size_t n)
{
	struct block *b = blocks;

	while (b && !(b->is_free && b->n == n))
		b = b->next;
	return b;
}

void *fake_device_alloc(size_t n)
{
	struct block *b = find_free(n);

	if (!b) {
		b = calloc(1, sizeof(*b));
		b->at = aligned_alloc(ALIGN, (n + ALIGN - 1) / ALIGN * ALIGN + ALIGN);
		b->n = n;
		memset(b->at, 0x5a, n);
		b->next = blocks;
		blocks = b;
	}
	b->is_free = false;
	return b->at;
}

void fake_device_free(void *p)
{
	struct block *b = blocks;

	while (b && b->at != p)
		b = b->next;
	if (!p)
		return;
	EXPECT(b && !b->is_free, "free of memory that is not the device's");
	if (b)
		b->is_free = true;
}

static bool is_within(const void *p, size_t n, const char *from, size_t size)
{
	return (const char *)p >= from && n <= size && (const char *)p + n <= from + size;
}

bool fake_is_device(const void *p, size_t n)
{
	for (const struct block *b = blocks; b; b = b->next)
		if (!b->is_free && is_within(p, n, b->at, b->n))
			return true;
	return heap.base && is_within(p, n, heap.base, heap.n);
}

size_t fake_device_committed(void)
{
	size_t n = heap.n;

	for (const struct block *b = blocks; b; b = b->next)
		n += b->is_free ? 0 : b->n;
	return n;
}

/* Guard pages: a write beyond the heap crashes at once. */
char *fake_heap(size_t n)
{
	size_t page = 4096, room = (n + ALIGN + page - 1) / page * page;

	if (n <= heap.n)
		return heap.base;
	if (heap.map)
		munmap(heap.map, heap.mapped);
	heap.mapped = room + 2 * page;
	heap.map = mmap(NULL, heap.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);
	if (heap.map == MAP_FAILED || mprotect(heap.map + page, room, PROT_READ | PROT_WRITE) < 0)
		abort();
	heap.base = heap.map + page + ALIGN;
	heap.n = n;
	return heap.base;
}

void fake_device_done(void)
{
	while (blocks) {
		struct block *b = blocks;

		blocks = b->next;
		free(b->at);
		free(b);
	}
	if (heap.map)
		munmap(heap.map, heap.mapped);
	heap.map = heap.base = NULL;
	heap.n = 0;
}

EXPORT void *device_malloc_ctx(void *ctx, size_t n);
EXPORT void *device_malloc_ctx(void *ctx, size_t n)
{
	fake_know(ctx, "malloc");
	return fake_enter("malloc", 1) ? fake_device_alloc(n) : NULL;
}

EXPORT void device_free_ctx(void *ctx, void *p);
EXPORT void device_free_ctx(void *ctx, void *p)
{
	fake_know(ctx, "free");
	fake_enter("free", 0);
	fake_device_free(p);
}

EXPORT int copy_to_device_ctx(void *ctx, void *to, const void *from, size_t n);
EXPORT int copy_to_device_ctx(void *ctx, void *to, const void *from, size_t n)
{
	int result = fake_enter("copy_to", 0);

	fake_know(ctx, "copy_to");
	EXPECT(fake_is_device(to, n), "copy_to: %zu bytes that are not the device's", n);
	EXPECT(!fake_is_device(from, 1), "copy_to: from the device");
	if (result == 0)
		memcpy(to, from, n);
	return result;
}

EXPORT int copy_from_device_ctx(void *ctx, void *to, const void *from, size_t n);
EXPORT int copy_from_device_ctx(void *ctx, void *to, const void *from, size_t n)
{
	int result = fake_enter("copy_from", 0);

	fake_know(ctx, "copy_from");
	EXPECT(fake_is_device(from, n), "copy_from: %zu bytes that are not the device's", n);
	EXPECT(!fake_is_device(to, 1), "copy_from: to the device");
	if (result == 0)
		memcpy(to, from, n);
	return result;
}

EXPORT size_t committed_device_memory_ctx(void *ctx);
EXPORT size_t committed_device_memory_ctx(void *ctx)
{
	long less = 0;

	fake_know(ctx, "committed");
	return fake_would("committed", &less) ? (size_t)less : fake_device_committed();
}

EXPORT uint64_t get_arena_bank_gm_heap_base_ctx(void *ctx, uint32_t bank);
EXPORT uint64_t get_arena_bank_gm_heap_base_ctx(void *ctx, uint32_t bank)
{
	fake_know(ctx, "heap_base");
	EXPECT(bank < 2, "heap_base of bank %u", bank);
	return bank == 0 ? (uint64_t)(uintptr_t)heap.base : 0;
}
