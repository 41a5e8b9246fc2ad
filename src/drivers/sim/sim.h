/* SPDX-License-Identifier: Apache-2.0 */
/* One open simulated device: what the files of this folder share. */
#ifndef DRIVERS_SIM_SIM_H
#define DRIVERS_SIM_SIM_H

#include <pthread.h>
#include <stdbool.h>

#include "base/arena.h"
#include "drivers/sim/image.h"
#include "drivers/sim/meet.h"
#include "drivers/sim/options.h"
#include "drivers/sim/program.h"

struct sim_leak {
	struct sim_leak *next;
};

struct sim {
	struct dvs_host host;
	int32_t device;
	struct sim_options options;
	struct sim_images images;
	struct sim_meet *meet;	/* NULL: alone */
	struct sim_run *run;	/* NULL: none is prepared */
	_Atomic int32_t poison; /* what broke this process; 0: nothing did */
	uint64_t leaked_bytes;
	struct sim_leak *leaks;	      /* until the device is closed */
	json_t *open_faults, *faults; /* what struck at open; since the last finish */

	/* The thread that stands for the device. */
	pthread_t runner;
	pthread_mutex_t lock; /* of what follows, and of run and meet for diagnose() */
	pthread_cond_t has_work;
	struct sim_run *work;
	bool must_quit;
};

enum sim_run_state { SIM_PREPARED, SIM_RUNNING, SIM_OVER };

/* dvs_host.progress()'s evidence. */
enum sim_doing { SIM_IDLES, SIM_WORKS, SIM_WAITS };

struct sim_run {
	struct sim *sim;
	struct sim_occasion occasion; /* job: owned */
	uint64_t epoch;
	int32_t n_ranks;
	char *odir, *params;
	json_t *job;
	struct arena *mem; /* of the arguments' descriptions */
	struct sim_program program;
	struct sim_vectors vectors;
	const struct sim_image *image; /* NULL: program only */
	uint64_t window_bytes;

	sim_bell own_bell, *bell; /* rings for cancel, and for peers */
	_Atomic uint32_t state;	  /* enum sim_run_state */
	_Atomic uint32_t is_cancelled;
	_Atomic int32_t latched;    /* the inner watchdog's verdict */
	_Atomic uint32_t doing;	    /* enum sim_doing */
	_Atomic uint32_t is_opaque; /* user's code, or a hang: only poll() can watch it */
	_Atomic uint32_t at;	    /* the operation */
	_Atomic uint64_t at_since_ns, progress_ns, launched_ns;

	double slow; /* factor */
	bool is_corrupt;
	uint64_t alloc_bytes;
	uint32_t n_mallocs;
	int32_t code; /* how it ended; text */
	char text[512];
	json_t *result, *faults;
};

/* run.c: on the runner's thread, or inside launch() where nothing can take long. */
int32_t sim_job_check(json_t *job, struct dvs_text *err);
struct sim_run *sim_run_new(struct sim *s, const struct dvs_run *r, uint32_t slot,
			    struct dvs_text *err, int32_t *ret_code);
void sim_run_free(struct sim_run *run);
bool sim_run_is_short(const struct sim_run *run);
void sim_run_execute(struct sim_run *run);
void sim_run_cancel(struct sim_run *run);

/* wait.c: how a run spends time. Each returns 0, or the code with which the run must end. */
int32_t sim_spend(struct sim_run *run, uint64_t ns, bool is_busy, struct dvs_text *err);
int32_t sim_pause(struct sim_run *run, enum sim_doing doing, uint64_t ns, struct dvs_text *err);
int32_t sim_barrier(struct sim_run *run, struct dvs_text *err);
void sim_tell(struct sim_run *run, enum sim_doing doing, uint64_t done, uint64_t total);
/* Has its inner watchdog had enough? For runs that cannot look themselves. */
void sim_watch_opaque(struct sim_run *run);

/* strike.c: faults happen. */
int32_t sim_strike(struct sim *s, enum sim_point on, const struct sim_occasion *o,
		   struct dvs_text *err);
int32_t sim_strike_run(struct sim_run *run, struct dvs_text *err);
int32_t sim_strike_malloc(struct sim_run *run, struct dvs_text *err);
/* What happens in a process that gives up on itself. */
void sim_die(enum sim_action how, int sig, int32_t code);
_noreturn_ void sim_hang(void);

/* args.c: the job's `args`: makes and fills the vectors; compares those with `expect`. */
int32_t sim_args_read(struct sim_run *run, json_t *list, struct dvs_text *err);
int32_t sim_args_verify(const struct sim_vectors *v, struct dvs_text *err);
/* operations.c: bytes more are the device's, if it has them. */
int32_t sim_alloc(struct sim_run *run, uint64_t bytes, struct dvs_text *err);
/* kernel.c */
int32_t sim_kernel_run(struct sim_run *run, struct dvs_text *err);

#endif
