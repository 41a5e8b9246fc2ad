/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device worker: one process for one device of one driver, and this end of it. The only place
 * where drivers run.
 *
 * The process (worker_main()) has two threads. The main thread reads frames, beats, and answers
 * when the driver hangs; the driver thread makes every call into the driver, and does a run from
 * its request to its result: directory and log (rank 0 makes the directory), standard output and
 * error into the log, load, join, prepare, launch at the gang's release, poll, finish, and the
 * verdict on the log's patterns. When the socket closes the process ends at once.
 *
 * Used from the loop's thread. Nothing here waits; every end is a call of the handler, never from
 * inside a call of ours. Limits of time are the caller's: it reads the board and kills.
 *
 * In device/worker/: the messages (wire.h), the board that is shared (board.h), and the end of
 * a worker.
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
	/* What it may leave when it is killed is recorded there, and removed when it is gone, by us
	 * or by who comes next; NULL: neither. */
	const char *state_dir;
	const char *lock_path; /* the worker holds flock() on it while it lives; NULL: none */
	/* Instead of lock_path: a lock that the caller has taken. The worker gets a copy, so it is
	 * free when both are gone. <= 0: none. */
	int lock_fd;
	const char *log_path; /* what the driver prints between runs; NULL: /dev/null */
	const char *cpus;     /* what it runs on, "0-3,8"; NULL: on any */
	int32_t numa;	      /* with cpus: the node that memory comes from first; -1: any */
	uint32_t number;      /* for people */
};

/* One rank of one attempt. Everything is borrowed for the call. */
struct device_request {
	const struct job_spec *spec; /* odir NULL: a canary, without a directory and a log */
	uint32_t attempt;
	uint64_t epoch; /* never 0; the same for all ranks, never used twice in this dvsched */
	int32_t rank, n_ranks;
	const struct job_needs *needs; /* what rank 0 writes into the directory; NULL: nothing */
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
	uint64_t deadline_ns; /* of the run, for the driver to know; 0: none */
};

/* How a run ended on one rank. Texts are valid during the call. */
struct device_result {
	uint64_t epoch;
	enum dvs_class class; /* DVS_OK: the driver's finish() said so */
	int32_t code;	      /* native; 0: none */
	const char *code_name, *hint;
	const char *text;      /* what failed, in words; NULL */
	enum run_phase phase;  /* the last one reached */
	enum driver_call call; /* the call that failed; CALL_NONE */
	const char *result;    /* JSON object of the driver's; NULL */
	/* The driver's is_usable() said no and reset() did not help, or the process is gone:
	 * whatever the class says, it must not get another run; kill it. */
	bool is_spent;
	uint64_t reset_ns; /* how long that took; 0: there was none */
	uint64_t stamp_ns[PHASE_COUNT];
	/* The verdict on the log and the class together, as a slot would give it: status, reason,
	 * message, context, line, usage, is_uncounted. In a gang that had no error rank 0's counts;
	 * another rank's log is searched for fail patterns only. */
	struct job_result verdict;
};

/* All that it points to is copied into mem, and lives as long as that. */
void device_result_copy(struct device_result *to, const struct device_result *from,
			struct arena *mem);

struct device_worker_handler {
	void (*opened)(struct device_worker *w, void *ctx);
	/* open() failed; the process is ending: died() follows. */
	void (*open_failed)(struct device_worker *w, void *ctx, enum dvs_class class,
			    const char *text);
	/* TAKEN, ARMED and LAUNCHED of a rank of a gang (n_ranks > 1 or waits_for_go); not of
	 * single runs. */
	void (*phase)(struct device_worker *w, void *ctx, uint64_t epoch, enum run_phase phase);
	/* One per run, also of a run that had failed before its process died: is_spent, and died()
	 * follows. */
	void (*ended)(struct device_worker *w, void *ctx, const struct device_result *result);
	/* An answer to device_worker_diagnose(). */
	void (*diagnosed)(struct device_worker *w, void *ctx, const char *text);
	/* The process is gone and reaped, its temporary files are removed; a run that was there has
	 * no result. status: waitpid()'s. A process that is still there some seconds after SIGKILL
	 * is given up: status is -1, and why says what it hangs in. The worker is only good for
	 * device_worker_free(), which may be called from here, and from no other handler. */
	void (*died)(struct device_worker *w, void *ctx, int status, const char *why);
};

/* Starts the process, which opens the device. NULL with err. options' strings and handler are
 * borrowed for ever. */
struct device_worker *device_worker_new(struct ev_loop *loop,
					const struct device_worker_options *options,
					const struct device_worker_handler *handler, void *ctx,
					struct error *err);
/* To an idle, open worker. */
void device_worker_run(struct device_worker *w, const struct device_request *r);
/* Releases an armed rank: launch() is called now. */
void device_worker_go(struct device_worker *w, uint64_t epoch);
/* Asks the run to end: is_cancelled() says so, abort() is called where there is one. The result
 * still comes, unless the driver hangs: DVS_PEER with CALL_NONE if nothing else came first. */
void device_worker_cancel(struct device_worker *w, uint64_t epoch);
/* Asks for the driver's own words; answered by the main thread, also while the driver hangs. */
void device_worker_diagnose(struct device_worker *w);
/* An idle worker leaves nicely: close(), exit, died(). */
void device_worker_close(struct device_worker *w);
/* SIGKILL to its process group; died() follows when it is reaped. */
void device_worker_kill(struct device_worker *w);
/* Kills what is there and waits for it, 2 s at most. Accepts NULL. No handler is called. */
void device_worker_free(struct device_worker *w);

const struct board *device_worker_board(const struct device_worker *w);
pid_t device_worker_pid(const struct device_worker *w);
/* The run that it is in has told its first error: what it does now is to clean up. */
bool device_worker_has_failed(const struct device_worker *w);
bool device_worker_is_idle(const struct device_worker *w); /* open, no run */

/* The process itself: `dvsched __device`. Never returns. */
int worker_main(void);

#endif
