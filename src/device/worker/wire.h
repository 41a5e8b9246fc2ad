/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames between a scheduler and a device worker. Rules that jobs share, and results, are
 * encoded by job/job_wire.h. Three frames bring a descriptor (SCM_RIGHTS, with their first byte):
 * LOCK the device's lock, HELLO the board, RUN the gang's memory if its flag is set.
 */
#ifndef DEVICE_WORKER_WIRE_H
#define DEVICE_WORKER_WIRE_H

#include "base/wire.h"
#include "device/worker/worker.h"
#include "job/job_start.h"
#include "job/job_wire.h"

enum { DEVICE_PROTOCOL = 6 };

enum device_frame {
	DEVICE_HELLO = 1, /* to the worker: first, once */
	DEVICE_RULES,	  /* to an idle worker; see job_wire_place_rules() */
	DEVICE_NEEDS,	  /* before its DEVICE_RUN; see needs_put() */
	DEVICE_RUN,	  /* to an idle worker */
	DEVICE_GO,
	DEVICE_CANCEL,
	DEVICE_DIAGNOSE,
	DEVICE_CLOSE,  /* to an idle worker */
	DEVICE_OPENED, /* to the scheduler */
	DEVICE_OPEN_FAILED,
	DEVICE_PHASE,
	DEVICE_CAUSE, /* the run has failed; calls that clean up may hang */
	DEVICE_ENDED, /* one per DEVICE_RUN */
	DEVICE_DIAGNOSED,
	DEVICE_LOCK, /* to the worker, before all others: a descriptor of the lock */
};

struct device_hello {
	uint32_t version, number;
	int32_t device;
	const char *driver, *options, *scratch_root, *lock_path, *log_path;
	const char *leftovers; /* path of the record; NULL: none */
	const char *cpus;
	int32_t numa;
};

/* Strings point into the frame; buffers is malloc()ed. */
struct device_run {
	struct job_start start; /* without a directory: a canary run */
	bool waits_for_go, has_shared;
	const char *job, *token;
	uint64_t epoch, window_bytes, shared_bytes, join_deadline_ns, deadline_ns;
	int32_t rank, n_ranks;
	struct dvs_buffer_want *buffers;
	uint32_t n_buffers;
};

/* leftovers: path of the worker's record; NULL: none. */
void device_put_hello(struct str *b, const struct device_worker_options *o, const char *leftovers);
bool device_take_hello(struct wire *w, struct device_hello *ret);

void device_put_run(struct str *b, uint32_t place, const struct device_request *r);
bool device_take_run(struct wire *w, struct device_run *ret);
void device_run_done(struct device_run *run);
/* Does the frame bring a descriptor? Reads only its first field. */
bool device_run_has_shared(struct wire w);

/* GO, CANCEL: an epoch. DIAGNOSE, CLOSE, OPENED: nothing. DIAGNOSED: a text. */
void device_put_empty(struct str *b, enum device_frame type);
void device_put_epoch(struct str *b, enum device_frame type, uint64_t epoch);
void device_put_text(struct str *b, enum device_frame type, const char *text);
void device_put_phase(struct str *b, uint64_t epoch, enum run_phase phase);
bool device_take_phase(struct wire *w, uint64_t *ret_epoch, enum run_phase *ret);
void device_put_failure(struct str *b, enum dvs_class class, const char *text);
bool device_take_failure(struct wire *w, enum dvs_class *ret_class, const char **ret_text);

/* CAUSE and ENDED. */
void device_put_result(struct str *b, enum device_frame type, const struct device_result *r);
/* ret->verdict is *verdict's result: see job_wire_take_result(). */
bool device_take_result(struct wire *w, struct device_result *ret, struct job_outcome *verdict);

#endif
