/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One simulated run: a random world (plan, backends, faults, requests from outside) from one seed,
 * the record of events for the rules, and the rules. README.md lists them.
 */
#ifndef TESTS_SIM_H
#define TESTS_SIM_H

#include "bed.h"

enum { SIM_JOBS = 24, SIM_ACTIONS = 14, SIM_RESOURCES = 3, SIM_STAGES = 2 };

/* A request from outside of the run. */
struct sim_action {
	enum { ACT_STOP, ACT_PARALLEL, ACT_RESOURCE, ACT_LANE, ACT_PAUSE, ACT_HOLD } what;
	double at_s;
	uint32_t which, value;
};

/* The state of a job for the rules: from observers and calls of the backends only. */
struct sim_job {
	enum job_status status;
	bool is_in_flight;
	uint64_t submit_turn;
	uint32_t n_attempts; /* accepted ones */
	uint32_t n_asked;    /* submits, whatever the answer */
	double ready_at_s;   /* after a retry's pause */
	int kill_level;	     /* of this attempt; -1: none */
	bool was_killed;     /* in any attempt */
	bool is_epilogue;
	uint32_t n_dependents;
	uint32_t stage;	   /* of its fallback, from 1; 0: itself */
	uint32_t n_before; /* attempts before that */
};

struct sim_lane {
	bool is_busy;
	double busy_until_s, busy_pause_s;
	struct backend_ops ops; /* the fake's, with ours around them */
	const struct backend_ops *fake;
};

struct sim {
	struct bed b;
	uint64_t seed, random;
	bool many_resources;			     /* that jobs ask for */
	struct resource_limit limits[SIM_RESOURCES]; /* as they are now */
	uint32_t max_parallel;			     /* likewise */
	enum sched_hold hold, next_hold;	     /* in force; from the next turn on */
	struct sim_action actions[SIM_ACTIONS];
	unsigned n_actions, next_action;
	struct sim_job jobs[SIM_JOBS];
	struct sim_lane lanes[BED_BACKENDS];
	bool is_asked[STOP_KILL + 1];
	enum job_reason reasons[STOP_KILL + 1];
	int stop; /* what is in force; -1: none */
	uint64_t stop_turn;
	uint32_t n_root_failures;
};

/* Prints the seed, the trace and the text; ends the program. */
_noreturn_ void sim_fail(struct sim *m, const char *fmt, ...) _printf_(2, 3);
#define SIM_CHECK(m, what, ...)                     \
	do {                                        \
		if (!(what))                        \
			sim_fail((m), __VA_ARGS__); \
	} while (0)

/* world.c */
uint64_t sim_random(struct sim *m);
uint32_t sim_below(struct sim *m, uint32_t n);
bool sim_chance(struct sim *m, unsigned percent);
void sim_make_world(struct sim *m);
/* The stage that runs: the job itself, or a stage of its fallback. */
static inline const struct job_spec *sim_spec(const struct sim *m, uint32_t job, uint32_t stage)
{
	const struct job_spec *spec = &m->b.plan->jobs[job];

	return stage ? &spec->fallback[stage - 1] : spec;
}
/* The outcome of an attempt, ignoring busy answers. Pure. */
struct fake_outcome sim_outcome(const struct sim *m, uint32_t job, uint32_t attempt);

/* rules.c */
void rules_watch(struct sim *m);
void rules_before_turn(struct sim *m);
void rules_after_turn(struct sim *m);
void rules_at_end(struct sim *m);
void rules_set_free(struct sim *m, unsigned lane);
/* Whether the job itself is the cause. */
bool reference_is_own_fault(enum job_reason reason);

/* order.c: which job must start next. */
const char *order_id(const struct sim *m, uint32_t job);
const struct job_rules *order_rules(const struct sim *m, uint32_t job);
unsigned order_lane(const struct sim *m, const struct backend *b);
unsigned order_job_lane(const struct sim *m, uint32_t job);
bool order_may_launch(const struct sim *m, uint32_t job);
/* Its number; -1: none may start. */
int order_next_job(const struct sim *m);
/* Checks that no job takes resources from the best one. */
void order_check_best(struct sim *m, uint32_t job);

/* reference.c */
void reference_compare(struct sim *m);
/* Whether an end for this reason is retried, if attempts are left. */
bool reference_retries(const struct job_rules *rules, enum job_reason reason);

#endif
