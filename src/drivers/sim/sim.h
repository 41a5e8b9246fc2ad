/* SPDX-License-Identifier: Apache-2.0 */
/* One open simulated device, for the files of this directory. */
#ifndef DRIVERS_SIM_SIM_H
#define DRIVERS_SIM_SIM_H

#include <pthread.h>
#include <stdbool.h>

#include "drivers/sim/image.h"
#include "drivers/sim/meet.h"
#include "drivers/sim/options.h"

struct sim_run; /* run.h */

struct sim_leak {
	struct sim_leak *next;
};

struct sim {
	struct dvs_host host;
	int32_t device;
	struct sim_options options;
	struct sim_images images;
	struct sim_meet *meet;	/* NULL: not in a gang */
	struct sim_run *run;	/* NULL: none is prepared */
	_Atomic int32_t poison; /* the code that poisoned this process; 0: none */
	uint64_t leaked_bytes;
	struct sim_leak *leaks;	      /* freed when the device is closed */
	json_t *open_faults, *faults; /* faults that occurred at open; since the last finish */

	/* The thread of the device. */
	pthread_t runner;
	pthread_mutex_t lock; /* of what follows, and of run and meet for diagnose() */
	pthread_cond_t has_work;
	struct sim_run *work;
	bool must_quit;
};

/* session.c, diagnosis.c: as dvs_driver's open(), close() and diagnose(). */
int32_t sim_session_open(const struct dvs_host *host, int32_t device, const char *options,
			 void **ret_ctx, struct dvs_text *err);
void sim_session_close(void *ctx);
void sim_diagnosis_write(void *ctx, struct dvs_text *text);

/* strike.c: injects the faults of a point. */
int32_t sim_strike(struct sim *s, enum sim_point on, const struct sim_occasion *o,
		   struct dvs_text *err);
/* The occasion of a call of the driver: that of the run, else of the attempt that the environment
 * names. */
struct sim_occasion sim_occasion_of(const struct sim *s);
int32_t sim_strike_call(struct sim *s, enum sim_point on, struct dvs_text *err);
int32_t sim_strike_run(struct sim_run *run, struct dvs_text *err);
int32_t sim_strike_malloc(struct sim_run *run, struct dvs_text *err);
/* Ends or stops this process, or hangs, as how says. */
void sim_die(enum sim_action how, int sig, int32_t code);
_noreturn_ void sim_hang(void);

#endif
