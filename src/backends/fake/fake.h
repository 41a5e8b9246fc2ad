/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake backend: outcomes and durations are scripted or drawn from a seed. In virtual time it
 * moves its own clock from event to event, so a night of jobs takes milliseconds. Tests and the
 * benchmark create one with fake_new() and step it themselves.
 */
#ifndef BACKENDS_FAKE_FAKE_H
#define BACKENDS_FAKE_FAKE_H

#include "base/clock.h"
#include "scheduler/backend.h"

struct fake_outcome {
	enum submit submit;	/* what submit() answers this time */
	enum job_status status; /* PASSED, FAILED or KILLED */
	enum job_reason reason; /* for the last two */
	double duration_s;
	double start_delay_s; /* between submit() and started() */
	double kill_delay_s;  /* how long after KILL_TERM it ends; KILL_NOW: at once */
	bool is_uncounted;    /* as in struct job_result */
};

/* Decides an attempt. Pure for given arguments if runs are to be reproducible. */
typedef struct fake_outcome fake_script(const struct job *job, uint32_t attempt, void *ctx);

struct fake_options {
	const char *name;    /* NULL: "fake" */
	fake_script *script; /* NULL: passes after mean_s */
	void *script_ctx;
	void (*script_free)(void *script_ctx); /* by destroy(); or NULL */
	/* The verb `check`; NULL: every job is accepted. */
	void (*check)(struct backend *b, const struct job_spec *spec, struct diags *diags);
	double mean_s;
	uint32_t max_parallel;
	struct clock_virtual
		*clock;	      /* virtual time, stepped by fake_step(); NULL: real time on loop */
	struct ev_loop *loop; /* may be NULL with a virtual clock */
};

struct backend *fake_new(const struct fake_options *options);
void *fake_script_ctx(struct backend *b);
/* Virtual time: moves the clock to the next start or end and makes the upcalls that are due then,
 * 1024 at most: the next step makes the others. false: nothing pending. */
bool fake_step(struct backend *b);
/* When the next event is due; INFINITY: there is none. */
double fake_next_s(struct backend *b);

#endif
