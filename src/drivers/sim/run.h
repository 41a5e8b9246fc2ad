/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a job on an open device, and its progress. */
#ifndef DRIVERS_SIM_RUN_H
#define DRIVERS_SIM_RUN_H

#include "base/arena.h"
#include "drivers/sim/program.h"
#include "drivers/sim/sim.h"

enum sim_run_state { SIM_PREPARED, SIM_RUNNING, SIM_OVER };

/* The state that dvs_host.progress() gets. */
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

	sim_bell own_bell, *bell; /* rung by a cancel, and by peers */
	_Atomic uint32_t state;	  /* enum sim_run_state */
	_Atomic uint32_t is_cancelled;
	_Atomic int32_t latched;    /* code of the inner watchdog; 0: none */
	_Atomic uint32_t doing;	    /* enum sim_doing */
	_Atomic uint32_t is_opaque; /* user's code, or a hang: poll() checks the watchdog */
	_Atomic uint32_t at;	    /* index of the current operation */
	_Atomic uint64_t at_since_ns, progress_ns, launched_ns;

	double slow; /* factor */
	bool is_corrupt;
	uint64_t alloc_bytes;
	uint32_t n_mallocs;
	int32_t code; /* how the run ended, with text */
	char text[512];
	json_t *result, *faults;
};

/* run.c: called on the runner's thread, or in launch() if no operation can take long. */
int32_t sim_job_check(json_t *job, struct dvs_text *err);
struct sim_run *sim_run_new(struct sim *s, const struct dvs_run *r, uint32_t slot,
			    struct dvs_text *err, int32_t *ret_code);
void sim_run_free(struct sim_run *run);
bool sim_run_is_short(const struct sim_run *run);
void sim_run_execute(struct sim_run *run);
void sim_run_cancel(struct sim_run *run);

/* wait.c: a run spends time. Each returns 0, or the code with which the run must end. */
int32_t sim_spend(struct sim_run *run, uint64_t ns, bool is_busy, struct dvs_text *err);
int32_t sim_pause(struct sim_run *run, enum sim_doing doing, uint64_t ns, struct dvs_text *err);
int32_t sim_barrier(struct sim_run *run, struct dvs_text *err);
void sim_tell(struct sim_run *run, enum sim_doing doing, uint64_t done, uint64_t total);
/* Checks the inner watchdog for a run that cannot check it itself, and cancels the run. */
void sim_watch_opaque(struct sim_run *run);

/* args.c: makes and fills the vectors of the job's `args`; compares those with `expect`. */
int32_t sim_args_read(struct sim_run *run, json_t *list, struct dvs_text *err);
int32_t sim_args_verify(const struct sim_vectors *v, struct dvs_text *err);
/* memory.c: takes bytes of the device's memory until the run ends, or until the device is closed
 * (leak). */
int32_t sim_memory_take(struct sim_run *run, uint64_t bytes, struct dvs_text *err);
int32_t sim_memory_leak(struct sim_run *run, uint64_t bytes, struct dvs_text *err);
/* kernel.c */
int32_t sim_kernel_run(struct sim_run *run, struct dvs_text *err);

#endif
