/* SPDX-License-Identifier: Apache-2.0 */
/* A device, attached through a library: what lives from open to close. */
#ifndef DRIVERS_SIMPLER_SESSION_H
#define DRIVERS_SIMPLER_SESSION_H

#include "drivers/simpler/library.h"
#include "drivers/simpler/slots.h"

/* The functions' names, for people. */
struct simpler_names {
#define MEMBER(member, result, symbol, parameters) const char *member;
	SIMPLER_CALLED(MEMBER)
#undef MEMBER
};
extern const struct simpler_names simpler_names;

/* Which of the library's functions the driver's thread is inside of; for another thread to read. */
struct simpler_where {
	const char *_Atomic call; /* NULL: none */
	_Atomic uint64_t since_ns;
	uint64_t inside_ns; /* of the calls that are over; the driver's thread sets it to 0 */
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

/* -> what `call` returns, with the board of diagnose() saying that we are in it. */
#define SESSION_CALL(s, member, ...)                              \
	(simpler_session_enter((s)->where, simpler_names.member), \
	 simpler_session_left((s)->where, (s)->library.api.member(__VA_ARGS__)))

void simpler_session_enter(struct simpler_where *where, const char *call);
int simpler_session_left(struct simpler_where *where, int result);

int32_t simpler_session_open(const struct simpler_options *o, const char *runtime, int32_t device,
			     struct simpler_where *where, struct simpler_session *ret,
			     struct dvs_text *err);
/* In order: callables, device, context, library. Nothing may run on it. What went wrong is in err;
 * the session is gone in any case, but a device that was not given back keeps the library in. */
int32_t simpler_session_close(struct simpler_session *s, struct dvs_text *err);
/* The id of a callable, registered now if it is not yet. */
int32_t simpler_session_load(struct simpler_session *s, struct simpler_blob *b, uint32_t *ret_id,
			     bool *ret_is_new, struct dvs_text *err);
int32_t simpler_session_unload(struct simpler_session *s, uint32_t id, struct dvs_text *err);
/* Memory of the device's that is zero afterwards: 0, or what the library's copy returned. */
int simpler_session_zero(struct simpler_session *s, uint64_t at, uint64_t bytes);
/* Memory on the device, there and back: the only proof that it works. */
int32_t simpler_session_prove(struct simpler_session *s, struct dvs_text *err);

#endif
