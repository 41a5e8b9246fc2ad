/* SPDX-License-Identifier: Apache-2.0 */
/* A device that is attached through a library, from open to close. */
#ifndef DRIVERS_SIMPLER_SESSION_H
#define DRIVERS_SIMPLER_SESSION_H

#include "drivers/simpler/library.h"
#include "drivers/simpler/slots.h"

/* Names of the functions, for messages. */
struct simpler_names {
#define MEMBER(member, result, symbol, parameters) const char *member;
	SIMPLER_CALLED(MEMBER)
#undef MEMBER
};
extern const struct simpler_names simpler_names;

/* The library's function that the driver's thread is in. Another thread reads it. */
struct simpler_where {
	const char *_Atomic call; /* NULL: none */
	_Atomic uint64_t since_ns;
	uint64_t inside_ns; /* sum of all finished calls; the driver's thread sets it to 0 */
};

struct simpler_session {
	struct simpler_library library;
	struct simpler_where *where;
	char runtime[32];
	int32_t device;
	void *context; /* NULL: none */
	void *run;     /* the library's storage for a run */
	bool is_initialised, is_sim, keeps_scratch;
	struct simpler_slots slots;
};

/* Calls a function of the library and returns its result. Meanwhile `where` names the function, for
 * diagnose(). */
#define SESSION_CALL(s, member, ...)                              \
	(simpler_session_enter((s)->where, simpler_names.member), \
	 simpler_session_left((s)->where, (s)->library.api.member(__VA_ARGS__)))

void simpler_session_enter(struct simpler_where *where, const char *call);
int simpler_session_left(struct simpler_where *where, int result);

int32_t simpler_session_open(const struct simpler_options *o, const char *runtime, int32_t device,
			     struct simpler_where *where, struct simpler_session *ret,
			     struct dvs_text *err);
/* Closes callables, device, context and library, in this order. No run may be active. The session
 * is closed in any case. If finalize_device fails, err has the error, and the library stays
 * loaded. */
int32_t simpler_session_close(struct simpler_session *s, struct dvs_text *err);
/* Returns the id of a callable. Registers the callable if necessary. */
int32_t simpler_session_load(struct simpler_session *s, struct simpler_blob *b, uint32_t *ret_id,
			     bool *ret_is_new, struct dvs_text *err);
int32_t simpler_session_unload(struct simpler_session *s, uint32_t id, struct dvs_text *err);
/* Fills memory of the device with zeros. 0, or the result of the library's copy. */
int simpler_session_zero(struct simpler_session *s, uint64_t at, uint64_t bytes);
/* Proves that the device works: copies 64 bytes to it and back. */
int32_t simpler_session_prove(struct simpler_session *s, struct dvs_text *err);

#endif
