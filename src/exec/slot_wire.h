/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames between a scheduler and its slots. Versioned. Descriptors that the slot keeps come
 * with HELLO, and so does the base environment, once per slot. Rules, which jobs of one kind share,
 * are sent once into a place of the slot's small table. Each job is sent with the rest only.
 */
#ifndef EXEC_SLOT_WIRE_H
#define EXEC_SLOT_WIRE_H

#include "base/wire.h"
#include "exec/slot.h"
#include "job/job_start.h"
#include "job/job_wire.h"

enum { SLOT_PROTOCOL = 10 };

enum slot_frame {
	FRAME_HELLO = 1, /* to the slot: first, once */
	FRAME_RULES,
	FRAME_NEEDS, /* before the FRAME_RUN that it is for; any number of them: workspace/needs.h
		      */
	FRAME_RUN,
	FRAME_KILL,
	FRAME_RESULT,	/* to the scheduler: one per FRAME_RUN */
	FRAME_TERMINAL, /* to the slot: before the FRAME_RUN of an interactive job */
	FRAME_TYPED,
	FRAME_SIZE,
	FRAME_CONTINUE,
	FRAME_SAID, /* to the scheduler */
	FRAME_STOPPED,
	FRAME_SHORT,	/* the job cannot be started now for lack of something; it is tried again */
	FRAME_LAUNCHED, /* after FRAME_SHORT: it was started */
	FRAME_PAUSE,	/* to the slot */
	FRAME_PING,	/* to the slot, every few seconds while it has a job */
	FRAME_ALIVE,	/* the answer, sent at once unless the slot is busy with a file */
};

struct slot_hello {
	uint32_t version, number;
	double grace_s;
	uint64_t nofile;
	const char *scratch_root, *cpus, *cgroup_dir;
	int32_t numa;
	const char **env; /* malloc()ed, NULL-terminated */
};

/* Strings point into the frame; the arrays are malloc()ed. */
struct slot_run {
	struct job_start start; /* has a directory */
	const char **argv;
	size_t n_argv;
	struct job_steps steps; /* all NULL: none */
};

void slot_put_hello(struct str *b, const struct slot_options *o, const char *const *env);
bool slot_take_hello(struct wire *w, struct slot_hello *ret);

/* env: NULL-terminated; NULL: none. */
void slot_put_run(struct str *b, uint32_t place, const struct job_spec *spec, uint32_t attempt,
		  const char *const *env);
bool slot_take_run(struct wire *w, struct slot_run *ret);
/* The frames before FRAME_RUN with the results of its dependencies. */
void slot_put_needs(struct str *b, const struct job_needs *needs);
/* All frames of a job: needs (NULL: none), rules if the slot does not have them, and the job. */
void slot_put_job(struct str *b, struct job_wire_places *places, const struct job_spec *spec,
		  uint32_t attempt, const char *const *env, const struct job_needs *needs);
void slot_run_done(struct slot_run *run);

void slot_put_kill(struct str *b, bool now, enum job_reason reason);
bool slot_take_kill(struct wire *w, bool *ret_now, enum job_reason *ret_reason);

void slot_put_pause(struct str *b, bool is_paused);
bool slot_take_pause(struct wire *w, bool *ret_is_paused);

void slot_put_short(struct str *b, int errnum);
bool slot_take_short(struct wire *w, int *ret_errnum);

void slot_put_terminal(struct str *b, const struct slot_terminal *t);
bool slot_take_terminal(struct wire *w, struct slot_terminal *ret);
void slot_put_size(struct str *b, uint16_t rows, uint16_t columns);
bool slot_take_size(struct wire *w, unsigned *ret_rows, unsigned *ret_columns);
void slot_put_text(struct str *b, enum slot_frame type, const char *bytes, size_t n);
void slot_put_word(struct str *b, enum slot_frame type); /* a frame without fields */

/* FRAME_RESULT: job_wire_take_result() reads it. */
void slot_put_result(struct str *b, const struct job_result *r);
#endif
