/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test bed for a scheduler: plans made by tests, fake backends, a virtual clock that is moved to
 * the next event, and a record of all calls of observers.
 */
#ifndef TESTS_BED_H
#define TESTS_BED_H

#include "backends/fake/fake.h"
#include "base/map.h"
#include "scheduler/sched.h"

enum { BED_BACKENDS = 4 };

struct bed {
	struct plan *plan;
	size_t room; /* for jobs */
	struct job_block block;
	struct clock_virtual clock;
	struct sched_host host;
	struct sched_options options;
	struct backend *backends[BED_BACKENDS];
	unsigned n_backends;
	struct sched *s;
	struct diags diags;
	bool is_woken;
	double alarm_s;
	uint64_t n_turns;

	/* The recorded events. */
	struct observer observer;
	struct str trace;   /* "id QUEUED>RUNNING\n", with the reason if there is one */
	struct str started; /* ids in the order of their first start, a blank after each */
	struct str ended;
	uint32_t n_running, peak;
	struct map peaks; /* by resource name: uint32_t[2], now and most */
	unsigned n_run_started, n_run_ended, n_kill_signals;
	int signum;
	/* Called at each change, after it was recorded; or NULL. */
	void (*on_change)(struct bed *b, const struct job *job, enum job_status was);
	void *ctx;
};

/* room: jobs at most. */
void bed_init(struct bed *b, size_t room);
void bed_done(struct bed *b);

/* A job that needs nothing, of a target "t", with rules of its own that may be changed. */
struct job_spec *bed_job(struct bed *b, const char *fmt, ...) _printf_(2, 3);
struct job_rules *bed_rules(struct job_spec *spec);
/* All needs of a job must be given before its anys, those before what it is held for. */
void bed_needs(struct bed *b, struct job_spec *spec, const struct job_spec *dep);
void bed_needs_any(struct bed *b, struct job_spec *spec, const struct job_spec *dep);
/* Needs of the fallback only; after all anys. */
void bed_holds(struct bed *b, struct job_spec *spec, const struct job_spec *dep);
void bed_resource(struct bed *b, struct job_spec *spec, const char *name, uint32_t count);

/* script NULL: passes after one second. Its backend_no is 1 for the first one, and so on. */
struct backend *bed_backend(struct bed *b, const char *name, fake_script *script,
			    uint32_t max_parallel);

/* Makes the scheduler and loads the plan; a backend is made if there is none. */
int bed_load(struct bed *b);
/* One event: a turn if one is requested, else the next event in time. false: there is no further
 * event. */
bool bed_step(struct bed *b);
/* Starts if necessary, and steps until the run is done; fails the test if no event is left before
 * that. */
void bed_run(struct bed *b);
/* bed_load() and bed_run(). */
void bed_go(struct bed *b);

const struct job *bed_find(const struct bed *b, const char *id);
enum job_status bed_status(const struct bed *b, const char *id);
enum job_reason bed_reason(const struct bed *b, const char *id);
/* The statuses' letters in the order of the plan: "PPFK". */
const char *bed_letters(const struct bed *b);
/* The first error's or warning's message, or "". */
const char *bed_message(const struct bed *b);

#endif
