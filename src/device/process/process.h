/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a worker: what its two threads share, and which thread uses which member.
 *
 * In device/process/: the two threads (main.c, driver_thread.c), the socket, and one run
 * (run_parts.h). Entry: worker_main().
 */
#ifndef DEVICE_PROCESS_PROCESS_H
#define DEVICE_PROCESS_PROCESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "base/confine.h"
#include "device/process/channel.h"
#include "device/worker/board.h"
#include "dvsched/driver.h"
#include "judge/job_log.h"
#include "workspace/job_env.h"

enum { ERR_ROOM = 2048, RESULT_ROOM = 64 * 1024 };

struct worker_process {
	struct channel channel;
	struct device_hello hello; /* constant once the driver thread runs */
	struct board *board;
	int own_log_fd;				   /* for output between runs */
	_Atomic(const struct dvs_driver *) driver; /* set once open */
	_Atomic(void *) ctx;
	_Atomic pid_t driver_tid;

	/* ---- the beat: see worker_busy() ---- */
	int tick_fd;
	_Atomic bool is_busy, is_ticking;
	_Atomic uint32_t n_begun;

	/* ---- the driver thread's ---- */
	struct dvs_host host;
	struct confine confine;
	struct job_log log;
	struct str run_frame, out;
	const char **base_env;	/* as it was after open() */
	struct job_env run_env; /* of the last run; threads of the driver may still read it */
	struct rusage usage;	/* of this process, when the last run ended */
	pid_t pid;
	uint64_t n_loads;   /* libraries loaded and unloaded until the last look */
	uint32_t n_good;    /* runs without an error */
	char err[ERR_ROOM]; /* the driver's text about an error */
	char *result;	    /* RESULT_ROOM */
};

/* beat.c: the main thread writes heartbeats only while the driver thread is busy. */
void worker_busy(struct worker_process *p);
void worker_idle(struct worker_process *p);
/* By the main thread, when the driver thread is idle. last_beat_ns: its last heartbeat. */
void worker_stop_ticking(struct worker_process *p, uint64_t last_beat_ns);

/* The driver thread. */
void *driver_thread(void *process);

/* call.c: around each call into the driver, by the driver thread. */
void call_begin(struct worker_process *p, enum driver_call call);
void call_end(struct worker_process *p);
/* call_err(): an empty buffer for the error text of a call. call_words(): that text after the call,
 * as one line, valid until the next call. */
struct dvs_text call_err(struct worker_process *p);
const char *call_words(struct worker_process *p);
/* The class of a code; never DVS_OK. */
enum dvs_class call_class(struct worker_process *p, int32_t code, const char **ret_name,
			  const char **ret_hint);
/* " (NAME code; hint)" */
void call_add_code(struct str *to, int32_t code, const char *name, const char *hint);

/* Does the run whose request is in the channel, and sends its result. false: there is no
 * request. */
bool run_next(struct worker_process *p);

/* Describes the state for users. By the main thread, also while the driver thread hangs. */
void diagnosis_write(struct worker_process *p, struct str *to);

#endif
