/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

enum { LARGEST_BINARY = 1 << 30, ZEROS = 8 << 20 };

struct binaries {
	struct str aicpu, aicore, dispatcher;
};

const struct simpler_names simpler_names = {
#define NAME(member, result, symbol, parameters) .member = #symbol,
	SIMPLER_CALLED(NAME)
#undef NAME
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void simpler_session_enter(struct simpler_where *where, const char *call)
{
	where->since_ns = now_ns();
	where->call = call;
}

int simpler_session_left(struct simpler_where *where, int result)
{
	where->inside_ns += now_ns() - where->since_ns;
	where->call = NULL;
	return result;
}

static int32_t read_binary(const char *path, struct str *ret, struct dvs_text *err)
{
	struct error e = {0};
	int32_t c = 0;

	if (path && fs_read_file(path, LARGEST_BINARY, ret, &e) < 0)
		c = simpler_fail_error(err, SIMPLER_E_LIBRARY, "the runtime", &e);
	return c;
}

static int call_init(struct simpler_session *s, const uint8_t *aicpu, size_t n_aicpu,
		     const uint8_t *aicore, size_t n_aicore, const uint8_t *dispatcher,
		     size_t n_dispatcher)
{
	if (s->library.version == SIMPLER_FIRST)
		return s->library.api.init(s->context, s->device, aicpu, n_aicpu, aicore, n_aicore,
					   dispatcher, n_dispatcher, NULL);
	return s->library.second_init(s->context, s->device, aicpu, n_aicpu, aicore, n_aicore,
				      dispatcher, n_dispatcher, NULL, 0, NULL, 0);
}

static int32_t session_initialise(struct simpler_session *s, const struct binaries *b,
				  struct dvs_text *err)
{
	int native;

	simpler_session_enter(s->where, simpler_names.init);
	native = simpler_session_left(
		s->where, call_init(s, (const uint8_t *)b->aicpu.s, b->aicpu.len,
				    (const uint8_t *)b->aicore.s, b->aicore.len,
				    (const uint8_t *)b->dispatcher.s, b->dispatcher.len));
	s->is_initialised = native == 0;
	if (native == 0)
		return 0;
	return simpler_fail(err, simpler_code_of(native, SIMPLER_E_INIT),
			    "device %d: simpler_init of %s returned %d", s->device, s->library.path,
			    native);
}

static int32_t session_attach(struct simpler_session *s, const struct simpler_files *f,
			      struct dvs_text *err)
{
	struct binaries b = {0};
	int32_t c;

	s->context = s->library.api.create();
	if (!s->context)
		return simpler_fail(err, SIMPLER_E_INIT, "%s makes no context", s->library.path);
	s->run = aligned_alloc(s->library.run_align, s->library.run_size);
	if (!s->run)
		abort();
	memset(s->run, 0, s->library.run_size);
	c = read_binary(f->aicpu, &b.aicpu, err);
	if (!c)
		c = read_binary(f->aicore, &b.aicore, err);
	if (!c)
		c = read_binary(f->dispatcher, &b.dispatcher, err);
	if (!c)
		c = session_initialise(s, &b, err);
	str_done(&b.aicpu);
	str_done(&b.aicore);
	str_done(&b.dispatcher);
	return c;
}

int32_t simpler_session_open(const struct simpler_options *o, const char *runtime, int32_t device,
			     struct simpler_where *where, struct simpler_session *ret,
			     struct dvs_text *err)
{
	struct arena *mem = arena_new();
	struct simpler_files files;
	int32_t c;

	*ret = (struct simpler_session){.device = device,
					.where = where,
					.is_sim = o->is_sim,
					.keeps_scratch = o->keeps_scratch};
	snprintf(ret->runtime, sizeof(ret->runtime), "%s", runtime);
	c = simpler_files_find(o, runtime, mem, &files, err);
	if (!c)
		c = simpler_library_open(o, &files, &ret->library, err);
	if (!c)
		c = session_attach(ret, &files, err);
	if (c)
		simpler_session_close(ret, err);
	arena_free(mem);
	return c;
}

static void drop_all(struct simpler_session *s)
{
	for (int i = 0; i < SIMPLER_MAX_CALLABLES; i++)
		if (s->slots.slots[i].is_used) {
			SESSION_CALL(s, drop, s->context, i);
			simpler_slots_clear(&s->slots, i);
		}
}

int32_t simpler_session_close(struct simpler_session *s, struct dvs_text *err)
{
	int native = 0;
	int32_t c = 0;

	if (s->is_initialised) {
		drop_all(s);
		native = SESSION_CALL(s, finalize_device, s->context);
	}
	/* If finalize_device failed, the device may still write into our memory, so nothing is
	 * freed. */
	if (native)
		c = simpler_fail(err, simpler_code_of(native, SIMPLER_E_DEVICE),
				 "device %d: finalize_device returned %d", s->device, native);
	if (!native) {
		if (s->context)
			s->library.api.destroy(s->context);
		simpler_library_close(&s->library);
		free(s->run);
		s->run = NULL;
	}
	s->context = NULL;
	s->is_initialised = false;
	return c;
}

int32_t simpler_session_unload(struct simpler_session *s, uint32_t id, struct dvs_text *err)
{
	int native;

	if (!simpler_slots_get(&s->slots, id))
		return simpler_fail(err, SIMPLER_E_ORDER, "no callable has the id %u", id);
	native = SESSION_CALL(s, drop, s->context, (int32_t)id);
	if (native)
		return simpler_fail(err, simpler_code_of(native, SIMPLER_E_REGISTER),
				    "simpler_unregister_callable(%u) returned %d", id, native);
	simpler_slots_clear(&s->slots, (int)id);
	return 0;
}

int32_t simpler_session_load(struct simpler_session *s, struct simpler_blob *b, uint32_t *ret_id,
			     bool *ret_is_new, struct dvs_text *err)
{
	int id = simpler_slots_find(&s->slots, b->digest), native;
	int32_t c;

	*ret_is_new = id < 0;
	if (id < 0) {
		id = simpler_slots_choose(&s->slots);
		if (s->slots.slots[id].is_used &&
		    (c = simpler_session_unload(s, (uint32_t)id, err)))
			return c;
		if (s->library.version == SIMPLER_SECOND)
			simpler_blob_say_scalars(b);
		native = SESSION_CALL(s, add, s->context, id, b->at);
		if (native)
			return simpler_fail(err, simpler_code_of(native, SIMPLER_E_REGISTER),
					    "simpler_register_callable returned %d: the reason is "
					    "on standard error",
					    native);
		simpler_slots_set(&s->slots, id, b);
	}
	*ret_id = (uint32_t)id;
	return 0;
}

int32_t simpler_session_prove(struct simpler_session *s, struct dvs_text *err)
{
	static const char there[64] = "there and back";
	char back[sizeof(there)] = "";
	void *at = s->library.api.alloc(s->context, sizeof(there));
	int native = -1;

	if (at) {
		native = SESSION_CALL(s, copy_to, s->context, at, there, sizeof(there));
		if (!native)
			native = SESSION_CALL(s, copy_from, s->context, back, at, sizeof(there));
		s->library.api.free(s->context, at);
	}
	if (!native && memcmp(there, back, sizeof(there)) == 0)
		return 0;
	return simpler_fail(err, simpler_code_of(native, SIMPLER_E_COPY),
			    "device %d: 64 bytes were not copied back (%d)", s->device, native);
}

int simpler_session_zero(struct simpler_session *s, uint64_t at, uint64_t bytes)
{
	uint64_t n = bytes < ZEROS ? bytes : ZEROS;
	char *zeros = xcalloc(1, n + 1);
	int native = 0;

	for (uint64_t done = 0; done < bytes && !native; done += n) {
		if (n > bytes - done)
			n = bytes - done;
		native = SESSION_CALL(s, copy_to, s->context, (void *)(uintptr_t)(at + done), zeros,
				      n);
	}
	free(zeros);
	return native;
}
