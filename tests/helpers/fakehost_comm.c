/* SPDX-License-Identifier: Apache-2.0 */
/* Gangs of the stand-in: ranks do not communicate; a window keeps its content from run to run. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fakehost.h"

struct comm {
	int rank, n;
	char *window; /* NULL: none */
	size_t size;
	char shared[64]; /* the name of memory that only its maker removes; "": not made */
};

/* As the library does, and with FAKEHOST=files=1 only, so that tests which kill leave nothing. */
static void leave_shared(struct comm *c, const char *root)
{
	unsigned hash = 5381;
	char name[64];
	long value;
	int fd;

	if (!fake_would("files", &value))
		return;
	while (*root)
		hash = hash * 33 + (unsigned char)*root++;
	snprintf(name, sizeof(name), "/simpler_%08x_%08x", (unsigned)getppid(), hash);
	fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
	if (fd >= 0)
		strcpy(c->shared, name);
	else
		fd = shm_open(name, O_RDWR, 0600);
	EXPECT(fd >= 0, "windows: no shared memory");
	mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
}

#define DECLARE(type, name, ...)       \
	EXPORT type name(__VA_ARGS__); \
	EXPORT type name(__VA_ARGS__)

DECLARE(int, ensure_acl_ready_ctx, void *ctx, int device)
{
	fake_know(ctx, "ready");
	EXPECT(device >= 0, "ready: device %d", device);
	return fake_enter("ready", 0);
}

DECLARE(void *, create_comm_stream_ctx, void *ctx)
{
	fake_know(ctx, "stream");
	return fake_enter("stream", 0) ? malloc(1) : NULL;
}

DECLARE(int, destroy_comm_stream_ctx, void *ctx, void *stream)
{
	fake_know(ctx, "free_stream");
	EXPECT(fake_count_comm(0) == 0, "the stream goes before its communicator");
	free(stream);
	return fake_enter("free_stream", 0);
}

DECLARE(void *, comm_init, int rank, int n, void *stream, const char *root)
{
	struct comm *c;
	FILE *made = NULL;

	(void)stream;
	EXPECT(rank >= 0 && rank < n && n <= 64 && root && *root, "comm_init: rank %d of %d", rank,
	       n);
	fake_report("saw", "root %s", root);
	if (fake_enter("comm_init", 1) == 0)
		return NULL;
	if (rank == 0)
		made = fopen(root, "we");
	if (made)
		fclose(made);
	c = calloc(1, sizeof(*c));
	c->rank = rank;
	c->n = n;
	leave_shared(c, root);
	fake_count_comm(1);
	return c;
}

DECLARE(int, comm_alloc_windows, void *h, size_t bytes, uint64_t *context)
{
	struct comm *c = h;

	EXPECT(bytes > 0, "a window without a byte");
	fake_report("saw", "window %zu", bytes);
	c->size = (bytes + 4095) / 4096 * 4096;
	c->window = fake_device_alloc(c->size);
	*context = 0xc0ffee;
	return fake_enter("windows", 0);
}

DECLARE(int, comm_get_local_window_base, void *h, uint64_t *base)
{
	*base = (uint64_t)(uintptr_t)((struct comm *)h)->window;
	return fake_enter("base", 0);
}

DECLARE(int, comm_get_window_size, void *h, size_t *size)
{
	long small = 0;

	*size = fake_would("window", &small) ? (size_t)small : ((struct comm *)h)->size;
	return fake_enter("size", 0);
}

#ifndef FAKEHOST_LACKS
/* The ranks meet in their windows. */
DECLARE(int, comm_barrier, void *h)
{
	int result = fake_enter("barrier", 0);

	return ((struct comm *)h)->window ? result : -1;
}

DECLARE(uint64_t, get_retained_temp_addr_ctx, void *ctx, uint32_t slot)
{
	(void)ctx;
	(void)slot;
	return 0;
}
#endif

DECLARE(int, comm_destroy, void *h)
{
	struct comm *c = h;

	fake_count_comm(-1);
	if (c->shared[0])
		shm_unlink(c->shared);
	fake_device_free(c->window);
	free(c);
	return fake_enter("comm_destroy", 0);
}
