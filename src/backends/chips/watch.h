/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watchdog of a gang is a pure function: a view of the ranks and their boards goes in, a
 * verdict comes out. Each clock has its own start; only that of the run fails a job for its time. A
 * rank's state is read from its board, so the watchdog works while the driver hangs. Idleness alone
 * fails no rank: a rank stalls if work that it owns runs without progress. If no rank owns running
 * work and not all are over, it is a deadlock.
 */
#ifndef BACKENDS_CHIPS_WATCH_H
#define BACKENDS_CHIPS_WATCH_H

#include "backends/chips/request.h"
#include "backends/chips/settings.h"
#include "base/str.h"
#include "device/worker/board.h"

enum watch_stage {
	STAGE_BEFORE,  /* no request was sent */
	STAGE_SENT,    /* request sent, not armed yet */
	STAGE_ARMED,   /* waits only for the release */
	STAGE_RUNNING, /* released */
	STAGE_ENDED
};

/* A rank and its board, copied. */
struct watch_rank {
	enum watch_stage stage;
	bool is_given_up, has_worker;
	bool has_read; /* the board is of this run */
	double sent_s;
	enum run_phase phase;
	enum driver_call call;
	uint64_t call_since_ns, call_returned_ns, beat_ns, progress_ns, done, total;
	uint64_t loaded_ns, launched_ns, phase_ns; /* when it reached the phase; 0: not yet */
	uint32_t evidence;
	bool has_reported; /* the driver has reported progress, so idleness is evidence */
};

struct watch_view {
	const struct chips_settings *s;
	const struct chips_request *q;
	double now_s;
	double back_s; /* clocks that began before begin then: the loop was stopped */
	uint64_t now_ns;
	bool is_ending, is_released;
	double started_s, released_s, missing_at_s, kill_at_s, diagnose_by_s;
	double moved_s; /* the last time that a rank ended; 0: none has */
	uint32_t n;
	const struct watch_rank *ranks;
};

enum verdict_kind {
	VERDICT_NONE,
	VERDICT_FAIL,	   /* this rank failed: class, text */
	VERDICT_GIVE_UP,   /* the gang cannot succeed, and no rank is the cause */
	VERDICT_NO_ANSWER, /* the diagnosis of the failed rank did not arrive in time */
	VERDICT_KILL,	   /* the grace is over: kill all ranks that are left */
};

struct verdict {
	enum verdict_kind kind;
	uint32_t rank;
	enum dvs_class class;
	struct str text;
	double next_s; /* when to look again if nothing else happens; INFINITY: never */
};

/* Pure. The caller frees ret->text. */
void watch_look(const struct watch_view *v, struct verdict *ret);

/* A unit that opens or closes: when it is late (INFINITY: never), its worker's last sign of life.
 */
struct watch_open {
	bool is_open;
	double now_s, late_at_s, back_s;
	uint64_t now_ns, beat_ns;
};
enum open_verdict { OPEN_GOES_ON, OPEN_IS_LATE, OPEN_IS_SILENT };
enum open_verdict watch_look_at_open(const struct watch_open *o, double *ret_next_s);
/* "gave no heartbeat for 3s" */
void watch_add_silence(struct str *out);

#endif
