/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What driver acl knows of its device, and how it calls the runtime. One thread uses it, except for
 * struct acl_trace, which diagnose() reads from another while a call does not return.
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
	_Atomic(const char *) call; /* the runtime's entry that is being called; NULL: none */
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
	int32_t device, logical, physical; /* as users write it, this process counts, the machine */
	char soc[32];
	bool is_ours;	  /* we started the runtime, and end it */
	unsigned n_binds; /* how often this thread took the device; it counts */
	void *stream;
	struct acl_images images;
	struct acl_run run;
	VEC(void *) left;      /* buffers of a run that a fault ended: for a reset to give back */
	const char *last_call; /* for texts */
	int32_t cause;	       /* the first error since the run (or the load) began; 0: none */
	bool is_spent;	       /* nothing more can be done on the device by this process */
	bool is_dead; /* not even giving back: calls that free something may never return */
};

/*
 * Calls an entry and returns what it returned; notes which and since when, and its error. What was
 * wrong with the first one is the cause; later ones are its consequences.
 */
#define ACL_CALL(c, entry, ...) (acl_enter((c), #entry), acl_left((c), (c)->api.entry(__VA_ARGS__)))
/* For what is expected to fail, or no news if it does: giving back, trying out. */
#define ACL_TRY(c, entry, ...) \
	(acl_enter((c), #entry), acl_left_anyhow((c), (c)->api.entry(__VA_ARGS__)))

void acl_enter(struct acl_context *c, const char *entry);
int acl_left(struct acl_context *c, int rc);
int acl_left_anyhow(struct acl_context *c, int rc);

/* For an error of a call: a text of what was done (a noun and its place), the entry, what the
 * runtime says of it. Returns the cause. */
int32_t acl_failed(struct acl_context *c, struct dvs_text *err, int rc, const char *fmt, ...)
	_printf_(4, 5);
/* An error of our own: the cause, unless there is one. Returns the cause. */
int32_t acl_blame(struct acl_context *c, struct dvs_text *err, int32_t code, const char *fmt, ...)
	_printf_(4, 5);
/* ACL_SPENT with a text if the process can do no more, else 0 and a clean slate: no cause. */
int32_t acl_begin(struct acl_context *c, struct dvs_text *err);
void acl_set_stage(struct acl_context *c, enum acl_stage stage);

#endif
