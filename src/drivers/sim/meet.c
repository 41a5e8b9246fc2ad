/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/sim/meet.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "drivers/sim/codes.h"

enum {
	PAGE = 4096,
	SLOT_BYTES = 64,
	HEADER_BYTES = 64 << 10,
	MOST_RANKS = HEADER_BYTES / SLOT_BYTES
};

/* Interval of the checks of is_cancelled(): a cancellation does not wake this thread. */
static const uint64_t look_up_ns = 50000000;

/* The state of a rank. Other ranks write only to its bell. */
struct rank_slot {
	sim_bell bell;
	_Atomic uint32_t is_taken;
	_Atomic uint32_t n_begun, n_ended; /* runs */
	_Atomic uint32_t n_arrived;	   /* at barriers, since the join */
	uint32_t n_ranks;		   /* as passed to join(); set before is_taken */
	uint64_t window_bytes, wants;	   /* as n_ranks */
	uint64_t epoch;
	_Atomic uint32_t has_failed; /* the run that n_ended counts last */
};
static_assert(sizeof(struct rank_slot) <= SLOT_BYTES, "a slot must fit into SLOT_BYTES");

/* The start of the shared memory, before the windows. */
struct sim_shared {
	union {
		struct rank_slot slot;
		char bytes[SLOT_BYTES];
	} slots[MOST_RANKS];
};
static_assert(sizeof(struct sim_shared) == HEADER_BYTES, "the windows begin at HEADER_BYTES");

static struct rank_slot *slot_of(const struct sim_meet *m, int32_t rank)
{
	return &m->shared->slots[rank].slot;
}

sim_bell *sim_meet_bell(struct sim_meet *m)
{
	return &slot_of(m, m->rank)->bell;
}

void *sim_meet_window(const struct sim_meet *m, int32_t rank)
{
	return (char *)m->shared + HEADER_BYTES + (uint64_t)rank * m->stride;
}

static void ring_all(struct sim_meet *m)
{
	for (int32_t r = 0; r < m->n_ranks; r++)
		if (r != m->rank)
			sim_bell_ring(&slot_of(m, r)->bell);
}

/* Ranks compare this hash: with different buffers they would compute wrong addresses of each
 * other's buffers. */
static uint64_t hash_of_wants(const struct dvs_join *j)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (uint32_t i = 0; i < j->n_buffers; i++) {
		const struct dvs_buffer_want *w = &j->buffers[i];

		for (const char *c = w->name; *c; c++)
			h = (h ^ (unsigned char)*c) * 0x100000001b3u;
		h = (h ^ w->bytes ^ w->align) * 0x100000001b3u;
	}
	return h;
}

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* Sets names, sizes and offsets of the buffers. map_gang_memory() turns the offsets into addresses.
 */
static int32_t meet_carve(const struct dvs_join *j, struct sim_meet *m, struct dvs_text *err)
{
	uint64_t at = 0;

	m->buffers = xcalloc(j->n_buffers, sizeof(*m->buffers));
	m->n_buffers = j->n_buffers;
	for (uint32_t i = 0; i < j->n_buffers; i++) {
		const struct dvs_buffer_want *w = &j->buffers[i];
		uint64_t align = w->align ? w->align : SLOT_BYTES;

		if (!w->name || strlen(w->name) >= sizeof(m->buffers[i].name))
			return sim_fail(err, SIM_BAD_JOB, "buffer %u: a name of 1 to 63 bytes", i);
		if (align > PAGE || (align & (align - 1)) != 0)
			return sim_fail(err, SIM_BAD_JOB,
					"buffer '%s': 'align' must be a power of two, up to %d",
					w->name, PAGE);
		at = round_up(at, align);
		if (w->bytes > j->window_bytes || at > j->window_bytes - w->bytes)
			return sim_fail(err, SIM_BAD_JOB,
					"buffer '%s' of %llu bytes does not fit into what is left "
					"of the window of %llu",
					w->name, (unsigned long long)w->bytes,
					(unsigned long long)j->window_bytes);
		strcpy(m->buffers[i].name, w->name);
		m->buffers[i].address = at;
		m->buffers[i].bytes = w->bytes;
		at += w->bytes;
	}
	return 0;
}

static int32_t map_gang_memory(const struct dvs_join *j, struct sim_meet *m, struct dvs_text *err)
{
	bool is_alone = j->n_ranks == 1 && j->shared_fd < 0;
	int how = is_alone ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	void *at;

	m->stride = round_up(j->window_bytes, PAGE);
	if (m->stride > ((uint64_t)1 << 40))
		return sim_fail(err, SIM_BAD_JOB, "a window of %llu bytes is too large",
				(unsigned long long)j->window_bytes);
	m->bytes = HEADER_BYTES + (uint64_t)m->n_ranks * m->stride;
	if (!is_alone && (j->shared_fd < 0 || j->shared_bytes < m->bytes))
		return sim_fail(err, SIM_BAD_JOB,
				"%d ranks need %zu bytes of shared memory, and have %llu",
				m->n_ranks, m->bytes,
				j->shared_fd < 0 ? 0ull : (unsigned long long)j->shared_bytes);
	at = mmap(NULL, m->bytes, PROT_READ | PROT_WRITE, how, is_alone ? -1 : j->shared_fd, 0);
	if (at == MAP_FAILED)
		return sim_fail(err, SIM_MEMORY, "cannot map %zu bytes of shared memory: %s",
				m->bytes, strerror(errno));
	m->shared = at;
	for (uint32_t i = 0; i < m->n_buffers; i++)
		m->buffers[i].address += (uintptr_t)sim_meet_window(m, m->rank);
	return 0;
}

static int32_t take_slot(const struct dvs_join *j, struct sim_meet *m, struct dvs_text *err)
{
	struct rank_slot *s = slot_of(m, m->rank);

	if (atomic_load(&s->is_taken))
		return sim_fail(err, SIM_MISUSE, "rank %d has joined already", m->rank);
	s->n_ranks = (uint32_t)m->n_ranks;
	s->window_bytes = j->window_bytes;
	s->wants = hash_of_wants(j);
	s->epoch = j->epoch;
	atomic_store(&s->is_taken, 1);
	ring_all(m);
	return 0;
}

/* The first rank that has not joined; -1: all have joined. */
static int32_t first_missing(const struct sim_meet *m)
{
	for (int32_t r = 0; r < m->n_ranks; r++)
		if (!atomic_load(&slot_of(m, r)->is_taken))
			return r;
	return -1;
}

static int32_t wait_for_all(const struct dvs_join *j, const struct dvs_host *host,
			    struct sim_meet *m, struct dvs_text *err)
{
	for (;;) {
		uint32_t seen = atomic_load(sim_meet_bell(m));
		int32_t missing = first_missing(m);
		uint64_t now = sim_now_ns(), until = now + look_up_ns;

		if (missing < 0)
			return 0;
		if (host->is_cancelled(host->user))
			return sim_fail(err, SIM_CANCELLED, "cancelled while rank %d was missing",
					missing);
		if (j->deadline_ns && now >= j->deadline_ns)
			return sim_fail(err, SIM_PEER, "rank %d of %d did not join in time",
					missing, m->n_ranks);
		if (j->deadline_ns && until > j->deadline_ns)
			until = j->deadline_ns;
		sim_bell_wait(sim_meet_bell(m), seen, until);
	}
}

static int32_t compare_slots(const struct sim_meet *m, struct dvs_text *err)
{
	const struct rank_slot *mine = slot_of(m, m->rank);

	for (int32_t r = 0; r < m->n_ranks; r++) {
		const struct rank_slot *s = slot_of(m, r);

		if (s->n_ranks != mine->n_ranks || s->window_bytes != mine->window_bytes ||
		    s->wants != mine->wants || s->epoch != mine->epoch)
			return sim_fail(err, SIM_BAD_JOB, "ranks %d and %d ask for different gangs",
					m->rank, r);
	}
	return 0;
}

static void meet_give(const struct sim_meet *m, const struct dvs_join *j, struct dvs_context *ret)
{
	ret->communicator = (uintptr_t)m->shared;
	ret->window_base = j->window_bytes ? (uintptr_t)sim_meet_window(m, m->rank) : 0;
	ret->window_bytes = m->stride;
	ret->n_buffers = m->n_buffers;
	if (m->n_buffers)
		memcpy(ret->buffers, m->buffers, m->n_buffers * sizeof(*m->buffers));
}

int32_t sim_meet_join(const struct dvs_join *j, const struct dvs_host *host, struct sim_meet **ret,
		      struct dvs_context *context, struct dvs_text *err)
{
	struct sim_meet *m;
	int32_t code;

	if (j->n_ranks < 1 || j->n_ranks > MOST_RANKS || j->rank < 0 || j->rank >= j->n_ranks)
		return sim_fail(err, SIM_BAD_JOB, "there is no rank %d of %d (at most %d ranks)",
				j->rank, j->n_ranks, MOST_RANKS);
	m = xcalloc(1, sizeof(*m));
	m->rank = j->rank;
	m->n_ranks = j->n_ranks;
	if ((code = meet_carve(j, m, err)) != 0 || (code = map_gang_memory(j, m, err)) != 0 ||
	    (code = take_slot(j, m, err)) != 0 ||
	    (!(j->flags & DVS_JOIN_NO_WAIT) && ((code = wait_for_all(j, host, m, err)) != 0 ||
						(code = compare_slots(m, err)) != 0))) {
		sim_meet_leave(m);
		return code;
	}
	meet_give(m, j, context);
	*ret = m;
	return 0;
}

void sim_meet_leave(struct sim_meet *m)
{
	if (!m)
		return;
	if (m->shared)
		munmap(m->shared, m->bytes);
	free(m->buffers);
	free(m);
}

void sim_meet_begin(struct sim_meet *m)
{
	m->n_runs++;
	atomic_store(&slot_of(m, m->rank)->n_begun, m->n_runs);
}

void sim_meet_end(struct sim_meet *m, bool has_failed)
{
	atomic_store(&slot_of(m, m->rank)->has_failed, has_failed);
	atomic_store(&slot_of(m, m->rank)->n_ended, m->n_runs);
	ring_all(m);
}

uint32_t sim_meet_arrive(struct sim_meet *m)
{
	uint32_t barrier = atomic_fetch_add(&slot_of(m, m->rank)->n_arrived, 1) + 1;

	ring_all(m);
	return barrier;
}

/* A rank that has ended its run arrives at no further barrier. n_ended is read before n_arrived,
 * because the rank may arrive and end in between. */
enum sim_meeting sim_meet_look(const struct sim_meet *m, uint32_t barrier, int32_t *ret_rank)
{
	enum sim_meeting is = SIM_MET;

	for (int32_t r = 0; r < m->n_ranks; r++) {
		const struct rank_slot *s = slot_of(m, r);
		bool has_ended = atomic_load(&s->n_ended) >= m->n_runs;

		if (atomic_load(&s->n_arrived) >= barrier)
			continue;
		*ret_rank = r;
		if (has_ended)
			return atomic_load(&s->has_failed) ? SIM_BROKEN : SIM_NEVER;
		is = SIM_NOT_YET;
	}
	return is;
}

void sim_meet_describe(const struct sim_meet *m, char *to, size_t size)
{
	uint32_t mine = atomic_load(&slot_of(m, m->rank)->n_arrived);
	size_t at = 0;

	*to = '\0';
	for (int32_t r = 0; r < m->n_ranks && at + 16 < size; r++)
		if (atomic_load(&slot_of(m, r)->n_arrived) < mine)
			at += (size_t)snprintf(to + at, size - at, "%s%d", at ? ", " : "", r);
}
