/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog of one rank as a function: from observations to a verdict and the time of the next
 * check. */
#include "chips_watch.h"

/* ---- time of the next check ---- */

static void a_rank_is_looked_at_four_times_within_its_limit(void **state)
{
	static const struct {
		enum run_phase phase;
		double stall_s, again_s;
	} rows[] = {
		{PHASE_LAUNCHED, 10, 1}, /* a beat is looked at every second */
		{PHASE_LAUNCHED, 2, 0.5},
		{PHASE_ARMED, 2, 0.5},
		{PHASE_LAUNCHED, 0.04, 0.02}, /* and not all the time */
		{PHASE_LAUNCHED, 0, 1},
		{PHASE_LOADED, 2, 1},
		{PHASE_RAN, 2, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig r;

		rig_init(&r, 1);
		r.ranks[0].phase = rows[i].phase;
		r.q.stall_s = rows[i].stall_s;
		looks_again_in(&r, rows[i].again_s);
		rig_done(&r);
	}
}

static void who_is_not_with_its_driver_is_not_looked_at(void **state)
{
	static const enum watch_stage stages[] = {STAGE_BEFORE, STAGE_ENDED, STAGE_RUNNING};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
		struct rig r;

		rig_init(&r, 1);
		r.ranks[0].stage = stages[i];
		r.ranks[0].is_given_up = stages[i] == STAGE_RUNNING;
		r.ranks[0].beat_ns = ago(100);
		r.v.started_s = now_s;
		is_well(&r);
		assert_true(isinf(r.verdict.next_s));
		rig_done(&r);
	}
}

/* Workers that were stopped with us have their limits from then on. */
static void limits_begin_anew_when_we_were_away(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 1);
	r.ranks[0].beat_ns = ago(100);
	r.v.back_s = now_s - 2.5;
	looks_again_in(&r, 0.5);
	r.v.back_s = now_s - 3;
	fails(&r, 0, DVS_LOST, "its worker does not answer: no heartbeat for 3s");
	rig_done(&r);
}

/* ---- one rank ---- */

/* Each limit: well just before it, and looked at when it is over; ended at it. */
static void each_limit_is_kept_to_the_moment(void **state)
{
	static const struct {
		const char *what;
		double limit_s;
		enum dvs_class class;
		const char *text;
	} rows[] = {
		{"beat", 3, DVS_LOST, "its worker does not answer: no heartbeat for 3s"},
		{"read", 5, DVS_LOST, "its worker does not answer: it has not read its request"},
		{"poll", 10, DVS_STALL, "stalled: driver sim does not come back from poll()"},
		{"progress", 10, DVS_STALL, "stalled: no progress for 10s at step 3 of 7"},
		{"launch", 10, DVS_STALL, "stalled: no progress for 10s at step 3 of 7"},
		{"load", 30, DVS_POISON,
		 "load was not done within 30.0s; driver sim is in load() for 29.0s"},
		{"join", 61, DVS_STALL, "join was not done within 1m00s"},
		{"finish", 50, DVS_POISON, "finish was not done within 50.0s"},
		{"returned", 50, DVS_POISON, "finish was not done within 50.0s"},
		{"in finish", 50, DVS_POISON,
		 "finish was not done within 50.0s; driver sim is in finish() for 50.0s"},
		{"in leave", 50, DVS_POISON,
		 "finish was not done within 50.0s; driver sim is in leave() for 50.0s"},
		{"in unload", 50, DVS_POISON,
		 "finish was not done within 50.0s; driver sim is in unload() for 50.0s"},
		{"in reset", 40, DVS_POISON,
		 "reset was not done within 40.0s; driver sim is in reset() for 40.0s"},
		{"run", 600, DVS_TIMEOUT, "timed out: the run took longer than 10m00s"},
		{"wall", 700, DVS_TIMEOUT, "the attempt as a whole took longer than 'wall'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int is_over = 0; is_over < 2; is_over++) {
			double s = rows[i].limit_s - (is_over ? 0 : 0.25);
			struct rig r;
			struct watch_rank *k = &r.ranks[0];

			rig_init(&r, 1);
			k->done = 3;
			k->total = 7;
			k->call_since_ns = ago(s);
			if (strcmp(rows[i].what, "beat") == 0) {
				k->beat_ns = ago(s);
			} else if (strcmp(rows[i].what, "read") == 0) {
				k->has_read = false;
				k->stage = STAGE_SENT;
				k->phase = PHASE_NONE;
				k->sent_s = now_s - s;
			} else if (strcmp(rows[i].what, "poll") == 0) {
				k->call = CALL_POLL;
			} else if (strcmp(rows[i].what, "progress") == 0) {
				k->evidence = 1;
				k->progress_ns = ago(s);
				k->launched_ns = ago(90);
			} else if (strcmp(rows[i].what, "launch") == 0) {
				k->evidence = 1; /* it has not reported any yet */
				k->launched_ns = ago(s);
			} else if (strcmp(rows[i].what, "load") == 0) {
				k->phase = PHASE_TAKEN;
				k->call = CALL_LOAD;
				k->call_since_ns = ago(29);
				k->sent_s = now_s - s;
			} else if (strcmp(rows[i].what, "join") == 0) {
				k->phase = PHASE_LOADED;
				k->loaded_ns = ago(s);
			} else if (strcmp(rows[i].what, "finish") == 0) {
				k->phase = PHASE_RAN;
				k->phase_ns = ago(s);
				k->call_returned_ns = ago(90);
			} else if (strcmp(rows[i].what, "returned") == 0) {
				k->phase = PHASE_RAN;
				k->phase_ns = ago(90);
				k->call_returned_ns = ago(s);
			} else if (strncmp(rows[i].what, "in ", 3) == 0) {
				k->call = strcmp(rows[i].what, "in finish") == 0   ? CALL_FINISH
					  : strcmp(rows[i].what, "in leave") == 0  ? CALL_LEAVE
					  : strcmp(rows[i].what, "in unload") == 0 ? CALL_UNLOAD
										   : CALL_RESET;
				k->phase = PHASE_RAN; /* whatever the phase's own clock says */
				k->phase_ns = ago(500);
			} else if (strcmp(rows[i].what, "run") == 0) {
				r.v.released_s = now_s - s;
			} else {
				r.q.run_s = 0;
				r.s.wall_s = 700;
				r.v.started_s = now_s - s;
			}
			if (is_over)
				fails(&r, 0, rows[i].class, rows[i].text);
			else
				looks_again_in(&r, 0.25);
			rig_done(&r);
		}
}

/* 0: not limited. */
static void what_has_no_limit_has_none(void **state)
{
	static const enum run_phase phases[] = {PHASE_TAKEN, PHASE_LOADED, PHASE_LAUNCHED,
						PHASE_RAN};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(phases); i++) {
		struct rig r;

		rig_init(&r, 1);
		memset(r.s.budget_s, 0, sizeof(r.s.budget_s));
		r.q.stall_s = r.q.run_s = 0;
		r.v.started_s = r.v.released_s = 1;
		r.ranks[0] = (struct watch_rank){.stage = STAGE_RUNNING,
						 .has_worker = true,
						 .has_read = true,
						 .sent_s = 1,
						 .phase = phases[i],
						 .evidence = 1,
						 .loaded_ns = 1,
						 .launched_ns = 1,
						 .phase_ns = 1,
						 .progress_ns = 1};
		looks_again_in(&r, 1);
		rig_done(&r);
	}
}

static void a_call_that_must_not_wait_has_ten_seconds_without_a_limit(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 1);
	r.q.stall_s = 0;
	r.ranks[0].call = CALL_POLL;
	r.ranks[0].call_since_ns = ago(9.75);
	looks_again_in(&r, 0.25);
	r.ranks[0].call_since_ns = ago(10);
	fails(&r, 0, DVS_STALL, "stalled: driver sim does not come back from poll()");
	rig_done(&r);
}

/* A rank that only waits, or is idle, has not stalled. By the naive rule it has. */
static void only_what_runs_stalls(void **state)
{
	static const uint32_t evidence[] = {0, 2};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(evidence); i++) {
		struct rig r;

		rig_init(&r, 1);
		r.ranks[0].evidence = evidence[i];
		r.ranks[0].launched_ns = ago(100);
		is_well(&r);
		r.s.watch = WATCH_IDLE;
		fails(&r, 0, DVS_STALL,
		      "stalled: no progress for 10s at step 0 of 0 (watchdog: idle)");
		rig_done(&r);
	}
}

/* ---- joining ---- */

static void the_clock_of_a_join_begins_when_the_last_rank_is_loaded(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 3);
	r.v.is_released = false;
	for (int i = 0; i < 3; i++) {
		r.ranks[i].stage = STAGE_SENT;
		r.ranks[i].phase = PHASE_LOADED;
		r.ranks[i].loaded_ns = ago(70 - i);
	}
	fails(&r, 0, DVS_STALL, "join was not done within 1m00s");
	r.ranks[1].loaded_ns = ago(60.75);
	looks_again_in(&r, 0.25);
	r.ranks[1].loaded_ns = ago(90);
	r.ranks[2].phase = PHASE_TAKEN; /* not loaded: that has a clock of its own */
	r.ranks[2].sent_s = now_s - 1;
	is_well(&r);
	r.ranks[2].phase = PHASE_LOADED;
	r.ranks[2].has_read = false; /* the board is of another run */
	r.ranks[2].sent_s = now_s - 1;
	is_well(&r);
	r.ranks[2].stage = STAGE_ENDED; /* no rank waits for it */
	fails(&r, 0, DVS_STALL, "join was not done within 1m00s");
	rig_done(&r);
}

static void without_a_join_each_rank_has_its_own_clock(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 2);
	r.v.is_released = false;
	r.q.has_join = false;
	r.ranks[0].phase = PHASE_ARMED;
	r.ranks[0].stage = STAGE_ARMED;
	r.ranks[1].phase = PHASE_LOADED;
	r.ranks[1].stage = STAGE_SENT;
	r.ranks[0].loaded_ns = ago(1);
	r.ranks[1].loaded_ns = ago(61);
	fails(&r, 1, DVS_STALL, "join was not done within 1m00s");
	rig_done(&r);
}

/* ---- a device that opens ---- */

static void an_open_is_late_or_silent(void **state)
{
	static const struct {
		bool is_open;
		double late_in_s, beat_ago_s, back_ago_s;
		enum open_verdict verdict;
		double again_in_s;
	} rows[] = {
		{true, 20, 0.1, 900, OPEN_GOES_ON, 1}, /* its beat is looked at */
		{true, 0.25, 0.1, 900, OPEN_GOES_ON, 0.25},
		{true, 0, 0.1, 900, OPEN_IS_LATE, 0},
		{true, 20, 3, 900, OPEN_IS_SILENT, 1},
		{true, 20, 2.9, 900, OPEN_GOES_ON, 1},
		{true, 20, 100, 2.9, OPEN_GOES_ON, 1}, /* it was stopped with us */
		{true, 20, 100, 3, OPEN_IS_SILENT, 1},
		{true, 20, -1, 900, OPEN_GOES_ON, 1},	 /* it has not beaten yet */
		{false, 20, 100, 900, OPEN_GOES_ON, 20}, /* there is no heartbeat during close */
		{false, 0, 100, 900, OPEN_IS_LATE, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct watch_open o = {
			.is_open = rows[i].is_open,
			.now_s = now_s,
			.late_at_s = now_s + rows[i].late_in_s,
			.back_s = now_s - rows[i].back_ago_s,
			.now_ns = ago(0),
			.beat_ns = rows[i].beat_ago_s < 0 ? 0 : ago(rows[i].beat_ago_s),
		};
		double next_s;

		assert_int_equal(watch_look_at_open(&o, &next_s), rows[i].verdict);
		assert_true(fabs(next_s - now_s - rows[i].again_in_s) < 1e-6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rank_is_looked_at_four_times_within_its_limit),
		cmocka_unit_test(who_is_not_with_its_driver_is_not_looked_at),
		cmocka_unit_test(limits_begin_anew_when_we_were_away),
		cmocka_unit_test(each_limit_is_kept_to_the_moment),
		cmocka_unit_test(what_has_no_limit_has_none),
		cmocka_unit_test(a_call_that_must_not_wait_has_ten_seconds_without_a_limit),
		cmocka_unit_test(only_what_runs_stalls),
		cmocka_unit_test(the_clock_of_a_join_begins_when_the_last_rank_is_loaded),
		cmocka_unit_test(without_a_join_each_rank_has_its_own_clock),
		cmocka_unit_test(an_open_is_late_or_silent),
	};

	return RUN(tests);
}
