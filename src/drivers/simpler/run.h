/* SPDX-License-Identifier: Apache-2.0 */
/* One run: prepare, launch, poll, wait, finalize, in this order and each at most once. */
#ifndef DRIVERS_SIMPLER_RUN_H
#define DRIVERS_SIMPLER_RUN_H

#include "drivers/simpler/call.h"
#include "drivers/simpler/ring.h"

enum simpler_run_state {
	RUN_NONE,
	RUN_UNPREPARED, /* prepare failed: nothing to finalize, but finish must be called */
	RUN_PREPARED,
	RUN_UNLAUNCHED, /* prepared, and launch failed or was not tried */
	RUN_LAUNCHED,
	RUN_OVER,
	RUN_LOST, /* its end is unknown: its memory must not be touched any more */
};

struct simpler_run {
	enum simpler_run_state state;
	uint64_t epoch, number; /* number: counts the process's runs, from 1 */
	uint32_t callable;
	int32_t code; /* of the first error; 0: none */
	int32_t accepted;
	int wait, finalize; /* what they returned */
	unsigned n_checked;
	struct simpler_call call;
	struct simpler_call_config config;
	struct simpler_descriptor descriptor;
};

int32_t simpler_run_prepare(struct simpler_session *s, struct simpler_run *run, uint32_t callable,
			    json_t *job, const struct simpler_ring *usual,
			    const struct simpler_gang *gang, struct dvs_text *err);
int32_t simpler_run_launch(struct simpler_session *s, struct simpler_run *run,
			   struct dvs_text *err);
int32_t simpler_run_poll(struct simpler_session *s, struct simpler_run *run, int32_t *ret_is_over,
			 struct dvs_text *err);
/* Never waits. */
int32_t simpler_run_finish(struct simpler_session *s, struct simpler_run *run,
			   struct dvs_text *err);
/* The library has nothing of this run any more: another run may begin. */
bool simpler_run_is_gone(const struct simpler_run *run);
const char *simpler_run_state_name(enum simpler_run_state state);

#endif
