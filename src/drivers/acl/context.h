/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of driver acl for its device, and calls of the runtime. Only one thread uses it, except
 * for struct acl_trace, which diagnose() reads from another thread while a call does not return.
 */
#ifndef DRIVERS_ACL_CONTEXT_H
#define DRIVERS_ACL_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/vec.h"
#include "drivers/acl/acl_api.h"
#include "drivers/acl/codes.h"
#include "drivers/acl/images.h"
#include "drivers/acl/options.h"
#include "drivers/acl/run.h"

struct acl_trace {
	_Atomic(const char *) call; /* the runtime's function that is being called; NULL: none */
	_Atomic uint64_t since_ns;
	_Atomic int32_t cause;
	_Atomic uint32_t stage; /* enum acl_stage */
	_Atomic uint64_t epoch;
};

struct acl_context {
	const struct dvs_host *host;
	struct acl_options options;
	struct acl_api api;
	struct acl_trace trace;
	int32_t device, logical, physical; /* for users, in this process, on the machine */
	char soc[32];
	bool is_ours;	  /* we started the runtime, so we end it */
	unsigned n_binds; /* how often this thread was bound to the device */
	void *stream;
	struct acl_images images;
	struct acl_run run;
	VEC(void *) left;      /* buffers of a run that ended by a fault; a reset frees them */
	const char *last_call; /* for texts */
	int32_t cause; /* the first error since the start of the run (or the load); 0: none */
	bool is_spent; /* this process can no longer use the device */
	bool is_dead;  /* nothing may be freed: calls that free something may never return */
};

/*
 * Calls a function of the runtime and returns its result. Records the function, the start of the
 * call, and an error. The first error is the cause; later ones are its consequences.
 */
#define ACL_CALL(c, entry, ...) (acl_enter((c), #entry), acl_left((c), (c)->api.entry(__VA_ARGS__)))
/* The same for calls whose error is expected or does not matter, such as freeing. Records no
 * error. */
#define ACL_TRY(c, entry, ...) \
	(acl_enter((c), #entry), acl_left_anyhow((c), (c)->api.entry(__VA_ARGS__)))

void acl_enter(struct acl_context *c, const char *entry);
int acl_left(struct acl_context *c, int rc);
int acl_left_anyhow(struct acl_context *c, int rc);

/* Reports the error rc of a call: the given text (a noun and its place), the function, and the
 * runtime's message. Returns the cause. */
int32_t acl_failed(struct acl_context *c, struct dvs_text *err, int rc, const char *fmt, ...)
	_printf_(4, 5);
/* Reports an error of our own, which is the cause unless there is one. Returns the cause. */
int32_t acl_context_fail(struct acl_context *c, struct dvs_text *err, int32_t code, const char *fmt,
			 ...) _printf_(4, 5);
/* Begins a load or a run: clears the cause and returns 0. ACL_SPENT with a text if the process can
 * no longer use the device. */
int32_t acl_begin(struct acl_context *c, struct dvs_text *err);
void acl_set_stage(struct acl_context *c, enum acl_stage stage);

#endif
