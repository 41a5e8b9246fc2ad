/* SPDX-License-Identifier: Apache-2.0 */
/* A job's `program`: a list of simple operations, read and checked before anything runs. */
#ifndef DRIVERS_SIM_PROGRAM_H
#define DRIVERS_SIM_PROGRAM_H

#include "drivers/sim/vector.h"
#include "drivers/sim/delay.h"

struct sim_op;
struct sim_run;

/* Type of the value of an operation's own key. */
enum sim_takes {
	TAKES_TIME, /* "20ms", or an object with a distribution */
	TAKES_SIZE,
	TAKES_TEXT,
	TAKES_NAME,  /* of a vector */
	TAKES_WORDS, /* a text, or a list of them */
	TAKES_CODE,
	TAKES_SIGNAL,
	TAKES_ANYTHING,
};

struct sim_op_kind {
	const char *name;
	enum sim_takes takes;
	const char *keys;   /* its other keys, with a blank after each */
	const char *needs;  /* the required one of keys, or NULL */
	bool may_take_long; /* must not run on the thread that calls poll */
	/* 0, or a native code with err. */
	int32_t (*run)(struct sim_run *run, const struct sim_op *op, struct dvs_text *err);
};

extern const struct sim_op_kind sim_op_kinds[]; /* ends with a NULL name; operations.c */

struct sim_op {
	const struct sim_op_kind *kind;
	json_t *value, *only;
	struct sim_delay delay;
	uint64_t bytes;
	int64_t code;
	const char *text, *to; /* text: also the name of a vector */
	const char *text2;     /* `text`, `name` */
	struct sim_values values;
	int32_t rank; /* SIM_NEXT, SIM_PREVIOUS or a rank */
	bool is_busy, is_leak;
};
enum { SIM_NEXT = -1, SIM_PREVIOUS = -2 };

struct sim_program {
	json_t *list; /* owned; operations written as texts are objects here */
	struct sim_op *ops;
	size_t n;
	bool may_take_long;
};

/* list: the job's value, or NULL for none. */
int32_t sim_program_read(json_t *list, struct sim_program *ret, struct dvs_text *err);
void sim_program_done(struct sim_program *p);

#endif
