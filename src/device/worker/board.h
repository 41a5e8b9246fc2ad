/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board of a worker: memory without a name that the worker writes and the scheduler reads.
 * Commands and results go through the socket, in order and with an identity. The board is for what
 * must be readable while the worker hangs: how far the run is, the current driver call and since
 * when, and what runs on the device.
 *
 * One writer per word (the worker). Values are written first, the word that announces them last,
 * with release; readers use acquire. The values belong to the run of `epoch`.
 */
#ifndef DEVICE_WORKER_BOARD_H
#define DEVICE_WORKER_BOARD_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/error.h"

enum { BOARD_MAGIC = 0x64767362, BOARD_VERSION = 4 };

/* How far a run is; only ever grows within an epoch. */
enum run_phase {
	PHASE_NONE,
	PHASE_TAKEN, /* the request was read; rank 0: the job's directory is there */
	PHASE_LOADED,
	PHASE_ARMED,	/* joined and prepared; waits for the gang's release */
	PHASE_LAUNCHED, /* launch() returned */
	PHASE_RAN,	/* poll() reported the end */
	PHASE_FINISHED, /* finish() returned */
	PHASE_FAILED,
	PHASE_COUNT
};

/* The call that the driver thread is in. Names: board_call_name(). */
enum driver_call {
	CALL_NONE,
	CALL_OPEN,
	CALL_LOAD,
	CALL_JOIN,
	CALL_PREPARE,
	CALL_LAUNCH,
	CALL_POLL,
	CALL_FINISH,
	CALL_ABORT,
	CALL_LEAVE,
	CALL_UNLOAD,
	CALL_RESET,
	CALL_CLOSE,
	CALL_CLASSIFY,
	CALL_IS_USABLE,
	CALL_COUNT
};

struct board {
	uint32_t magic, version; /* by the scheduler, before the worker starts */
	_Atomic uint64_t
		beat_ns; /* main thread, every 100 ms while a run or an open is going; 0: idle */
	_Atomic uint32_t call; /* enum driver_call */
	_Atomic uint64_t call_since_ns,
		call_returned_ns;		/* begin of the current call; end of the last */
	_Atomic uint64_t epoch;			/* of the current run; 0: none yet */
	_Atomic uint32_t phase;			/* enum run_phase */
	_Atomic uint64_t stamp_ns[PHASE_COUNT]; /* when each phase was reached; 0: not yet */
	_Atomic uint64_t progress_ns;		/* the last report of progress, or the launch */
	_Atomic uint64_t done, total;
	_Atomic uint32_t has_reported; /* progress() was called since launch() began */
	/* As in dvs_host.progress. Written after progress_ns and read before it: work that has just
	 * begun is never seen together with the time of an old report. */
	_Atomic uint32_t evidence;
	_Atomic uint32_t n_runs;  /* finished by this process */
	_Atomic uint32_t is_worn; /* DVS_WORN: to be closed before another run */
	_Atomic uint64_t committed_bytes;
};

/* For the scheduler: creates the memory, sealed against resizing. *ret_fd is for the worker. NULL
 * with err. */
struct board *board_new(int *ret_fd, struct error *err);
/* For the worker. NULL with err. */
struct board *board_map(int fd, struct error *err);
void board_free(struct board *b); /* accepts NULL; unmaps */

uint64_t board_now_ns(void);			 /* CLOCK_MONOTONIC */
const char *board_phase_name(enum run_phase p);	 /* "launched" */
const char *board_call_name(enum driver_call c); /* "poll" */

#endif
