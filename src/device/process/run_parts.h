/* SPDX-License-Identifier: Apache-2.0 */
/* One run in a worker. Shared by run.c (request, place, result), run_calls.c (calls into the
 * driver), run_report.c (messages and errors) and run_verdict.c, all in the driver thread. */
#ifndef DEVICE_PROCESS_RUN_PARTS_H
#define DEVICE_PROCESS_RUN_PARTS_H

#include <sys/resource.h>

#include "device/process/process.h"

struct run {
	struct worker_process *p;
	struct device_run ask;
	const struct dvs_driver *driver;
	void *ctx;
	struct shared_rules *rules;
	char *job;	/* the driver's keys, with {attempt} replaced */
	char *log_path; /* of this rank */
	char *context;	/* path of the JSON file; NULL: no join */
	int shared_fd;
	uint32_t slot;
	bool is_gang, is_joined, is_prepared, is_cancelled;
	bool is_cause_told;
	bool has_wedged;  /* one of its errors has the class DVS_WEDGE */
	bool is_unplaced; /* there is no directory or log */
	uint64_t looked_ns;
	struct device_result result;
	struct job_outcome verdict; /* whose result is result.verdict */
	struct str needs;	    /* came with ask; see workspace/needs.h */
	struct str text, notes;	    /* the cause; later errors */
	struct ending ending;
	struct rusage usage; /* at its end */
	double start_s;
};

/* run_report.c */
void run_send(struct run *r, enum device_frame type); /* CAUSE or ENDED */
void run_reach(struct run *r, enum run_phase phase);
bool run_has_failed(const struct run *r);
/* The first error is the cause; later errors only add to the message. All return -1. */
int run_fail(struct run *r, enum dvs_class class, enum driver_call call, const char *text);
int run_fail_code(struct run *r, enum driver_call call, int32_t code);
int run_fail_error(struct run *r, enum dvs_class class, enum driver_call call, struct error *err);
/* Is the log over its limit, now or before? */
bool run_has_flooded(struct run *r);

/* run_calls.c: from load() to leave(). */
void run_drive(struct run *r);
/* Can this process do another run, whatever the class? Resets the device if not. */
void run_look_after(struct run *r);

/* run_verdict.c: fills verdict and result.verdict anew. */
void run_decide(struct run *r);

#endif
