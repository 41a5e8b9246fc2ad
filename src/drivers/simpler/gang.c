/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/gang.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* Size of the windows of a gang without a window. The library's ranks communicate in their windows,
 * so they need one. */
enum { SMALLEST_WINDOW = 4096 };

const struct dvs_buffer *simpler_gang_buffer(const struct simpler_gang *g, const char *name)
{
	for (uint32_t i = 0; i < g->n_buffers; i++)
		if (strcmp(g->buffers[i].name, name) == 0)
			return &g->buffers[i];
	return NULL;
}

/* Sets the offsets of the buffers in a window (in `address`), and *ret_bytes to their total
 * size. */
static int32_t gang_carve(const struct dvs_join *join, struct simpler_gang *g, uint64_t *ret_bytes,
			  struct dvs_text *err)
{
	uint64_t at = 0;

	g->buffers = xcalloc(join->n_buffers + 1, sizeof(*g->buffers));
	for (uint32_t i = 0; i < join->n_buffers; i++) {
		const struct dvs_buffer_want *want = &join->buffers[i];
		uint64_t align = want->align ? want->align : SIMPLER_ALIGN;
		struct dvs_buffer *b = &g->buffers[i];

		if ((align & (align - 1)) || strlen(want->name) >= sizeof(b->name) ||
		    simpler_gang_buffer(g, want->name))
			return simpler_fail(err, SIMPLER_E_WINDOW,
					    "buffer '%.70s': its name is too long or used twice, "
					    "or its alignment is no power of two",
					    want->name);
		at = (at + align - 1) & ~(align - 1);
		if (want->bytes > UINT64_C(1) << 48)
			return simpler_fail(err, SIMPLER_E_WINDOW, "buffer '%s': too large",
					    want->name);
		snprintf(b->name, sizeof(b->name), "%s", want->name);
		b->address = at;
		b->bytes = want->bytes;
		at += want->bytes;
		g->n_buffers++;
	}
	*ret_bytes = at;
	if (join->window_bytes && at > join->window_bytes)
		return simpler_fail(err, SIMPLER_E_WINDOW,
				    "the buffers need %" PRIu64
				    " bytes and the window has %" PRIu64,
				    at, join->window_bytes);
	return 0;
}

static int32_t comm_failed(const struct simpler_gang *g, const char *call, int native,
			   enum simpler_code instead, struct dvs_text *err)
{
	return simpler_fail(err, simpler_code_of(native, instead), "rank %d of %d: %s returned %d",
			    g->rank, g->n_ranks, call, native);
}

/* Clears the window of the data of earlier jobs. A barrier follows, so no rank writes there
 * before. */
static int32_t clear_window(struct simpler_session *s, const struct simpler_gang *g,
			    struct dvs_text *err)
{
	int native = simpler_session_zero(s, g->base, g->bytes);

	return native ? comm_failed(g, "copy_to_device_ctx", native, SIMPLER_E_COPY, err) : 0;
}

static int32_t make_windows(struct simpler_session *s, struct simpler_gang *g, uint64_t bytes,
			    struct dvs_text *err)
{
	size_t size = 0;
	int native;

	if ((native = SESSION_CALL(s, comm_windows, g->comm, bytes, &g->handle)))
		return comm_failed(g, "comm_alloc_windows", native, SIMPLER_E_COMM, err);
	if ((native = SESSION_CALL(s, comm_base, g->comm, &g->base)))
		return comm_failed(g, "comm_get_local_window_base", native, SIMPLER_E_COMM, err);
	if ((native = SESSION_CALL(s, comm_size, g->comm, &size)))
		return comm_failed(g, "comm_get_window_size", native, SIMPLER_E_COMM, err);
	g->bytes = size;
	if (size < bytes || !g->base)
		return simpler_fail(err, SIMPLER_E_COMM,
				    "rank %d: the window has %zu bytes at %#" PRIx64
				    ", and %" PRIu64 " were asked for",
				    g->rank, size, g->base, bytes);
	for (uint32_t i = 0; i < g->n_buffers; i++)
		g->buffers[i].address += g->base;
	return clear_window(s, g, err);
}

/* The path is the same for all ranks. In the job's directory, users find the file of a killed
 * gang. */
static char *name_root(const char *rendezvous, const char *token)
{
	const char *odir = getenv("DVSCHED_ODIR");

	if (!rendezvous)
		rendezvous = odir && *odir ? odir : "/tmp";
	return xasprintf("%s/dvsched-%s.root", rendezvous, token);
}

static int32_t connect_ranks(struct simpler_session *s, struct simpler_gang *g,
			     struct dvs_text *err)
{
	int native = SESSION_CALL(s, ready, s->context, s->device);

	if (native)
		return comm_failed(g, "ensure_acl_ready_ctx", native, SIMPLER_E_COMM, err);
	simpler_session_enter(s->where, "comm_init");
	g->stream = s->library.api.new_stream(s->context);
	g->comm = s->library.api.comm_init(g->rank, g->n_ranks, g->stream, g->root);
	simpler_session_left(s->where, 0);
	if (!g->comm)
		return simpler_fail(err, SIMPLER_E_COMM,
				    "rank %d of %d: comm_init made no communicator", g->rank,
				    g->n_ranks);
	return 0;
}

static int32_t gang_meet(struct simpler_session *s, struct simpler_gang *g,
			 const struct dvs_join *join, const struct dvs_host *host,
			 struct dvs_text *err)
{
	int native;

	if (join->deadline_ns && host->now_ns(host->user) >= join->deadline_ns)
		return simpler_fail(err, SIMPLER_E_PEERS,
				    "rank %d: no time is left to wait for the others", g->rank);
	if ((native = SESSION_CALL(s, comm_barrier, g->comm)))
		return comm_failed(g, "comm_barrier", native, SIMPLER_E_PEERS, err);
	return 0;
}

static void gang_give(const struct simpler_gang *g, struct dvs_context *ret)
{
	ret->communicator = g->handle;
	ret->window_base = g->base;
	ret->window_bytes = g->bytes;
	ret->n_buffers = g->n_buffers;
	if (g->n_buffers)
		memcpy(ret->buffers, g->buffers, g->n_buffers * sizeof(*g->buffers));
}

static uint64_t choose_window(const struct dvs_join *join, uint64_t needed)
{
	if (join->window_bytes)
		return join->window_bytes;
	return needed ? needed : SMALLEST_WINDOW;
}

int32_t simpler_gang_join(struct simpler_session *s, const char *rendezvous,
			  const struct dvs_join *join, const struct dvs_host *host,
			  struct simpler_gang *ret, struct dvs_context *context,
			  struct dvs_text *err)
{
	uint64_t needed = 0;
	int32_t c;

	*ret = (struct simpler_gang){.rank = join->rank, .n_ranks = join->n_ranks};
	if (join->n_ranks < 1 || join->n_ranks > SIMPLER_MAX_RANKS || join->rank < 0 ||
	    join->rank >= join->n_ranks)
		return simpler_fail(err, SIMPLER_E_WINDOW, "rank %d of %d: at most %d ranks",
				    join->rank, join->n_ranks, SIMPLER_MAX_RANKS);
	ret->root = name_root(rendezvous, join->token);
	c = gang_carve(join, ret, &needed, err);
	if (!c)
		c = connect_ranks(s, ret, err);
	if (!c)
		c = make_windows(s, ret, choose_window(join, needed), err);
	if (!c)
		c = gang_meet(s, ret, join, host, err);
	if (c) {
		simpler_gang_leave(s, ret);
		return c;
	}
	if (!join->window_bytes && !needed)
		ret->base = ret->bytes = 0; /* the window is hidden from the job */
	gang_give(ret, context);
	return 0;
}

int32_t simpler_gang_leave(struct simpler_session *s, struct simpler_gang *g)
{
	int native = 0, stream = 0;

	if (g->comm)
		native = SESSION_CALL(s, comm_destroy, g->comm);
	if (g->stream)
		stream = SESSION_CALL(s, free_stream, s->context, g->stream);
	if (g->root && g->rank == 0)
		unlink(g->root);
	free(g->root);
	free(g->buffers);
	*g = (struct simpler_gang){0};
	return simpler_code_of(native ? native : stream, SIMPLER_E_COMM);
}
