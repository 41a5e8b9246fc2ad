/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `args` of a job as the library takes them: the tensors of drivers/tensor.h in memory of ours, or
 * in a buffer of the gang's window:
 *
 *   { f32: [1024], buffer: "acc", fill: 0, out: true }
 *   { u64: "communicator" }         also: window, rank, ranks
 *
 * The driver checks everything against the callable's signature, because the library does not, and
 * crashes on errors.
 */
#ifndef DRIVERS_SIMPLER_CALL_H
#define DRIVERS_SIMPLER_CALL_H

#include "base/arena.h"
#include "drivers/simpler/blob.h"
#include "drivers/simpler/gang.h"
#include "drivers/tensor.h"

struct simpler_arg {
	struct tensor *t;
	uint8_t direction;
	const char *buffer; /* its name; NULL: at is in our memory */
	void *at;	    /* a tensor's elements; of a buffer: our copy of them */
	uint64_t address;   /* as the device sees it */
};

struct simpler_call {
	struct arena *mem;
	struct simpler_args *args; /* for the library; may go after prepare */
	struct simpler_arg *list;
	size_t n;
};

/* Everything in ret is valid until simpler_call_done(). Call that in any case. */
int32_t simpler_call_read(json_t *job, const struct simpler_signature *sig,
			  const struct simpler_gang *gang, struct simpler_call *ret,
			  struct dvs_text *err);
/* Copies inputs to their buffers in the window. */
int32_t simpler_call_send(struct simpler_session *s, const struct simpler_call *call,
			  struct dvs_text *err);
/* Copies outputs from the window and compares all outputs. SIMPLER_E_RESULT with the first wrong
 * one. */
int32_t simpler_call_check(struct simpler_session *s, const struct simpler_call *call,
			   unsigned *ret_n_checked, struct dvs_text *err);
void simpler_call_done(struct simpler_call *call);

#endif
