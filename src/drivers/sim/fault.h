/* SPDX-License-Identifier: Apache-2.0 */
/* Injected faults: read from `faults` and DVS_SIM_FAULTS. */
#ifndef DRIVERS_SIM_FAULT_H
#define DRIVERS_SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "drivers/sim/delay.h"

/* Where a fault occurs: a call of the driver, or a point of a run. Names: fault.c. */
enum sim_point {
	SIM_ON_ANY, /* every call from open to close */
	SIM_ON_PROBE,
	SIM_ON_HEALTH,
	SIM_ON_OPEN,
	SIM_ON_LOAD,
	SIM_ON_UNLOAD,
	SIM_ON_JOIN,
	SIM_ON_PREPARE,
	SIM_ON_LAUNCH,
	SIM_ON_POLL,
	SIM_ON_FINISH,
	SIM_ON_ABORT,
	SIM_ON_LEAVE,
	SIM_ON_RESET,
	SIM_ON_CLOSE,
	SIM_ON_RUN,    /* while the program runs */
	SIM_ON_MALLOC, /* memory for arguments, `alloc` and windows */
	SIM_ON_TERM,   /* SIGTERM */
	SIM_POINT_COUNT
};

enum sim_action {
	SIM_DELAY,
	SIM_HANG,
	SIM_SLOW,
	SIM_STALL_THEN_RECOVER,
	SIM_CRASH,
	SIM_EXIT,
	SIM_CODE,
	SIM_POISON,
	SIM_WEDGE,
	SIM_NO_SHOW,
	SIM_STOP_HEARTBEAT,
	SIM_IGNORE,
	SIM_CORRUPT,
	SIM_ACTION_COUNT
};

struct sim_fault {
	enum sim_point on;
	enum sim_action action;
	json_t *json; /* as written; borrowed */
	unsigned number;
	json_t *device, *rank, *attempt; /* a number or a list; NULL: all */
	const char *job;		 /* a glob; NULL: all */
	double p;
	struct sim_delay delay;
	double factor;
	int sig;
	int32_t code;
	bool clears_on_reset; /* wedge */
};

struct sim_faults {
	json_t *lists[2]; /* the JSON that items borrow from */
	struct sim_fault *items;
	size_t n;
	uint64_t seed;
};

/* list: `faults`, borrowed, or NULL. env: more faults as JSON text, or NULL. */
int32_t sim_faults_read(json_t *list, const char *env, struct sim_faults *ret,
			struct dvs_text *err);
void sim_faults_done(struct sim_faults *f);

/* The next fault, from *at on, that occurs here; NULL: no more. */
const struct sim_fault *sim_fault_next(const struct sim_faults *f, enum sim_point on,
				       const struct sim_occasion *o, size_t *at);
uint64_t sim_fault_ns(const struct sim_faults *f, const struct sim_fault *fault,
		      const struct sim_occasion *o);
const char *sim_action_name(enum sim_action a);
/* "SEGV", "SIGSEGV" or 11; 0: no such signal. */
int sim_signal_number(json_t *value);

#endif
