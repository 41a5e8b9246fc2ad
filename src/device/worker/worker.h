/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device worker: one process for one device of one driver, and the scheduler's end of it. Runs of
 * jobs call drivers only there.
 *
 * The process (worker_main()) has two threads. The main thread reads frames, writes heartbeats, and
 * answers while the driver hangs. The driver thread makes every call into the driver, and does a
 * run from its request to its result: directory and log (rank 0 makes the directory), standard
 * output and error into the log, load, join, prepare, launch at the gang's release, poll, finish,
 * and the verdict on the log's patterns. When the socket closes, the process ends at once.
 *
 * Used from the loop's thread. No function blocks, except device_worker_free(). Every end is a call
 * of the handler, never from inside one of these functions. Time limits are the caller's: it reads
 * the board and kills.
 *
 * In device/worker/: the messages (wire.h), the board that is shared (board.h), and the end of a
 * worker.
 */
#ifndef DEVICE_WORKER_WORKER_H
#define DEVICE_WORKER_WORKER_H

#include <ev.h>

#include "base/error.h"
#include "device/worker/board.h"
#include "dvsched/driver.h"
#include "job/job_needs.h"
#include "job/job_result.h"
#include "job/job_spec.h"

struct device_worker;

struct device_worker_options {
	const char *driver; /* as driver_locate() returns it */
	int32_t device;
	const char *options;	  /* JSON object for open() */
	const char *scratch_root; /* absolute; nothing outside it is made, moved or removed */
	/* Directory for records of files that a killed worker leaves; this run or a later one
	 * removes them. NULL: no records. */
	const char *state_dir;
	const char *lock_path; /* the worker holds flock() on it until it ends; NULL: none */
	/* Instead of lock_path: a lock that the caller holds. The worker gets a copy, so the lock
	 * is free when both are closed. <= 0: none. */
	int lock_fd;
	const char *log_path; /* for output between runs; NULL: /dev/null */
	const char *cpus;     /* CPUs to run on, "0-3,8"; NULL: any */
	int32_t numa;	      /* with cpus: preferred NUMA node for memory; -1: any */
	uint32_t number;      /* for people */
};

/* One rank of one attempt. Everything is borrowed for the call. */
struct device_request {
	const struct job_spec *spec; /* odir NULL: a canary run, without a directory and a log */
	uint32_t attempt;
	uint64_t epoch; /* not 0; the same for all ranks, unique in this dvsched */
	int32_t rank, n_ranks;
	const struct job_needs *needs; /* for rank 0, to write into the directory; NULL: none */
	const char *const *env; /* "NAME=VALUE" for this attempt; NULL-terminated; NULL: none */
	const char *job;	/* JSON object for the driver */
	const char *token;	/* of the gang; NULL: no join() */
	uint64_t window_bytes;
	const struct dvs_buffer_want *buffers;
	uint32_t n_buffers;
	bool waits_for_go; /* armed, it waits for device_worker_go(); false: launches at once */
	int shared_fd;	   /* the gang's memory, for join(); -1: none. Stays the caller's */
	uint64_t shared_bytes;
	uint64_t join_deadline_ns;
	uint64_t deadline_ns; /* of the run, for the driver; 0: none */
};

/* How a run ended on one rank. Texts are valid during the call. */
struct device_result {
	uint64_t epoch;
	enum dvs_class class; /* DVS_OK: no call failed */
	int32_t code;	      /* native; 0: none */
	const char *code_name, *hint;
	const char *text;      /* the error as text; NULL: none */
	enum run_phase phase;  /* the last one reached */
	enum driver_call call; /* the call that failed; CALL_NONE */
	const char *result;    /* JSON object of the driver's; NULL */
	/* is_usable() returned "no" and reset() did not help, or the process is gone. Whatever the
	 * class, the worker must not get another run: kill it. */
	bool is_spent;
	uint64_t reset_ns; /* duration of reset(); 0: it was not called */
	uint64_t stamp_ns[PHASE_COUNT];
	/* The verdict from the class and the log, as of a slot: status, reason, message, context,
	 * line, usage, is_uncounted. In a gang without an error that of rank 0 counts; the logs of
	 * other ranks are searched for fail patterns only. */
	struct job_result verdict;
};

/* Copies all texts into mem. */
void device_result_copy(struct device_result *to, const struct device_result *from,
			struct arena *mem);

struct device_worker_handler {
	void (*opened)(struct device_worker *w, void *ctx);
	/* open() failed; the process ends, and died() follows. */
	void (*open_failed)(struct device_worker *w, void *ctx, enum dvs_class class,
			    const char *text);
	/* TAKEN, ARMED and LAUNCHED of a rank of a gang (n_ranks > 1 or waits_for_go); not of
	 * single runs. */
	void (*phase)(struct device_worker *w, void *ctx, uint64_t epoch, enum run_phase phase);
	/* Once per run. Also for a run that failed before its process died: then is_spent is set,
	 * and died() follows. */
	void (*ended)(struct device_worker *w, void *ctx, const struct device_result *result);
	/* An answer to device_worker_diagnose(). */
	void (*diagnosed)(struct device_worker *w, void *ctx, const char *text);
	/* The process is reaped, and its temporary files are removed; a run without ended() has no
	 * result. status: as from waitpid(). A process that still exists some seconds after SIGKILL
	 * is given up: status is -1, and why has its last driver call. Only device_worker_free()
	 * may be called on w then, also from this handler, but from no other one. */
	void (*died)(struct device_worker *w, void *ctx, int status, const char *why);
};

/* Starts the process, which opens the device. NULL with err. options, its strings and handler are
 * borrowed until device_worker_free(). */
struct device_worker *device_worker_new(struct ev_loop *loop,
					const struct device_worker_options *options,
					const struct device_worker_handler *handler, void *ctx,
					struct error *err);
/* To an idle, open worker. */
void device_worker_run(struct device_worker *w, const struct device_request *r);
/* Releases an armed rank: launch() is called now. */
void device_worker_go(struct device_worker *w, uint64_t epoch);
/* Cancels the run: is_cancelled() returns 1, and abort() is called if the driver has it. The result
 * still comes, unless the driver hangs: DVS_PEER with CALL_NONE if there was no error before. */
void device_worker_cancel(struct device_worker *w, uint64_t epoch);
/* Requests a diagnosis. The worker's main thread sends it, also while the driver hangs. */
void device_worker_diagnose(struct device_worker *w);
/* Ends an idle worker: close(), exit, then died(). */
void device_worker_close(struct device_worker *w);
/* SIGKILL to its process group; died() follows when it is reaped. */
void device_worker_kill(struct device_worker *w);
/* Kills a running process and waits for it, at most 2 s. Accepts NULL. Calls no handler. */
void device_worker_free(struct device_worker *w);

const struct board *device_worker_board(const struct device_worker *w);
pid_t device_worker_pid(const struct device_worker *w);
/* The current run has reported its first error, and now only cleans up. */
bool device_worker_has_failed(const struct device_worker *w);
bool device_worker_is_idle(const struct device_worker *w); /* open, no run */

/* The process itself: `dvsched __device`. Never returns. */
int worker_main(void);

#endif
