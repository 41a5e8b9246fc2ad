/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doubles of all that the chips backend uses, without a process, a file or a second of real time:
 * workers that a test controls, timers on a clock that a test moves, a scheduler that records its
 * calls. Linked instead of device/worker/worker.h, device/worker/board.h, exec/slot.h,
 * backends/console.h, libev's timers, settings, requests, health files and upcalls; the rest is the
 * backend itself.
 *
 * Every rule of those interfaces is asserted: nothing is sent to a worker that cannot take it, a
 * job is started once at most and ends once, and no timer fires again and again without anything
 * being done.
 */
#ifndef TESTS_UNIT_BACKENDS_CHIPS_DOUBLE_H
#define TESTS_UNIT_BACKENDS_CHIPS_DOUBLE_H

#include "../base/unit.h"
#include "backends/chips/chips.h"
#include "backends/chips/gang.h"
#include "backends/chips/lend.h"

enum { MOST_DEVICES = 8, MOST_JOBS = 80, MOST_WORKERS = 4096, MOST_SLOTS = 16 };

enum fake_state { FAKE_OPENING, FAKE_IDLE, FAKE_RUNS, FAKE_ENDING };

struct device_worker {
	const struct device_worker_options *options;
	const struct device_worker_handler *handler;
	void *ctx;
	struct board board;
	enum fake_state state;
	uint64_t epoch;
	int32_t rank, n_ranks;
	const struct job_spec *spec;
	struct device_request request; /* the last one; texts of a gang live as long as it */
	bool waits_for_go, is_released, is_cancelled, is_asked, is_killed, is_closed, is_gone;
	bool has_failed; /* its run has reported its first error */
	bool has_word;	 /* its message that it is open, or that the run is over, is unread */
	bool is_stuck, is_stopped,
		is_immortal; /* set by tests; a stopped worker has no heartbeat */
	uint32_t number;
	double killed_s;
};

struct slot {
	const struct slot_handler *handler;
	void *ctx;
	struct slot_options options;
	int kept[MOST_DEVICES];
	const struct job_spec *spec;
	uint32_t attempt;
	char env[256]; /* "A=1|B=2" */
	bool has_job, is_killed, is_closed, is_paused, is_gone;
	bool is_killed_now;	/* the last kill had no grace */
	enum job_reason reason; /* of the kill */
};

enum fake_job_state { FAKE_NONE, FAKE_SUBMITTED, FAKE_STARTED, FAKE_ENDED };

struct fake_job {
	struct job job;
	struct job_spec spec;
	struct job_rules rules;
	struct chips_request request;
	const char *const *env; /* of its resources; NULL: none */
	struct job_needs needs;
	enum fake_job_state state;
	uint32_t attempt, n_started, n_ended;
	double submitted_s, started_s, ended_s;
	struct job_result result; /* the last; texts below */
	char id[16], where[64], message[512], context[512], details[2048];
	bool is_killed;
};

struct world {
	struct clock_virtual clock;
	struct chips_settings settings;
	struct chips_device devices[MOST_DEVICES];
	struct device_health stored[MOST_DEVICES];
	bool is_unreadable[MOST_DEVICES]; /* stored[i] */
	bool is_unwritable[MOST_DEVICES];
	uint32_t lock_ms;     /* of waiting for locks that no process gets */
	bool has_health_lock; /* everybody gets them */
	struct backend *backend;
	const struct backend_ops *real;
	struct backend_ops verbs; /* of it, each followed by a turn */
	struct chips *c;
	struct ev_watcher *woken; /* the pool has unread messages */
	bool gathers; /* it reads no message before time passes or world_turn() is called */
	struct fake_job jobs[MOST_JOBS];
	uint32_t n_jobs;
	struct device_worker *workers[MOST_WORKERS]; /* all that ever were, until freed */
	uint32_t n_workers, n_made, n_capacity, n_acts, n_fired, n_waits;
	char waits[256]; /* the last message about a waiting job */
	/* Of other processes; with a lock_dir and families only. */
	bool is_others[MOST_DEVICES]; /* an earlier process waits for it */
	char wants[256];	      /* what we wait for; "" */
	uint32_t n_places;	      /* that we took */
	void (*others_changed)(void *ctx);
	struct slot *slots[MOST_SLOTS];
	uint32_t n_slots;
	char console[256]; /* the calls for the user's terminal: "take hurry release " */
	char warned[256];
	bool has_no_terminal;
	bool is_unreadable_request; /* of whatever job */
	uint32_t n_requests_read, n_health_reads;
	bool cannot_start; /* no process can be made */
	bool has_beats;	   /* workers beat while time passes, unless they are stopped */
	void (*ended)(struct fake_job *j); /* when j has just ended; or NULL */
	bool is_closed;			   /* closed() was called */
	char trouble[256];		   /* with that */
	size_t n_bytes;			   /* memory in use before it began */
	int first_fd;			   /* that was free then */
};
extern struct world world;

/* Of n devices, two to a fault domain; settings may be changed until world_begin(). */
void world_init(uint32_t n_devices);
void world_begin(void);
void world_done(void);

struct fake_job *job_new(uint32_t n_devices); /* a gang with a barrier, if more than one */
enum submit job_submit(struct fake_job *j);

/* The queue of other processes has changed, or a device was released. */
void others_change(void);

/* Moves the clock, and fires the timers that are due. */
void world_pass(double s);
/* The pool reads all messages. */
void world_turn(void);
/* The pool reads the last message at once, unless the test gathers events. */
void world_settle(void);

/* Of a device; NULL: none. */
struct device_worker *worker_on(int32_t device);
void worker_opens(struct device_worker *w);
void worker_opens_not(struct device_worker *w, enum dvs_class class, const char *text);
void worker_reaches(struct device_worker *w, enum run_phase phase);
void worker_ends(struct device_worker *w, enum dvs_class class, bool is_spent);
/* The run succeeded, but a fail pattern matched. */
void worker_fails_by_log(struct device_worker *w);
void worker_fails_and_dies(struct device_worker *w, enum dvs_class class);
void worker_answers(struct device_worker *w);
void worker_dies(struct device_worker *w);  /* as it was asked to, or of a signal */
void worker_stays(struct device_worker *w); /* it was killed long ago, and still exists */
/* Its process ends by itself or as it was asked to; or the slot itself ends. */
void slot_ends(struct slot *s, bool is_good);
void slot_dies(struct slot *s);
void slot_goes_through(struct slot *s);
/* A job on so many devices, submitted. */
struct fake_job *job_submitted(uint32_t n_devices);
/* Does the work of its workers until the job has ended. */
void job_goes_through(struct fake_job *j);
/* Does all work until the job has passed. */
void worker_goes_through(struct device_worker *w);

#endif
