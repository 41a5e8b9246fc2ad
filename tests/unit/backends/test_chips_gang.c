/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a gang: requests to its ranks, their ends, and their time limits.
 */
#include "chips_story.h"

#include <math.h>

static struct fake_job *running(uint32_t n_devices)
{
	struct fake_job *j;

	begin(n_devices);
	j = submitted(n_devices);
	open_all(n_devices);
	launch(n_devices);
	return j;
}

static void killed(const struct fake_job *j, enum kill_level level, enum job_reason reason)
{
	world.backend->ops->kill(world.backend, &j->job, level, reason);
}

/* ---- requests ---- */

static void each_rank_is_sent_all_that_it_needs(void **state)
{
	static const char *const env[] = {"PORT=1", NULL};
	struct dvs_buffer_want buffers[2] = {{.name = "x"}, {.name = "y"}};
	struct fake_job *j;

	(void)state;
	begin(2);
	j = job_new(2);
	j->spec.request = "{\"program\":[]}";
	j->env = env;
	j->needs.n = 0;
	j->request.window_bytes = 4096;
	j->request.buffers = buffers;
	j->request.n_buffers = 2;
	job_submit(j);
	open_all(2);
	worker_reaches(worker_on(0), PHASE_TAKEN);
	for (int32_t i = 0; i < 2; i++) {
		const struct device_request *r = &worker_on(i)->request;

		assert_ptr_equal(r->spec, &j->spec);
		assert_int_equal(r->attempt, 1);
		assert_int_equal(r->rank, i);
		assert_int_equal(r->n_ranks, 2);
		assert_string_equal(r->job, "{\"program\":[]}");
		assert_ptr_equal(r->env, env);
		assert_int_equal(r->needs != NULL, i == 0); /* the rank that makes the directory */
		assert_int_equal(r->window_bytes, 4096);
		assert_ptr_equal(r->buffers, buffers);
		assert_int_equal(r->n_buffers, 2);
		assert_true(r->waits_for_go && r->shared_fd >= 0 && r->shared_bytes == 1 << 20);
		assert_int_equal(r->epoch, worker_on(0)->request.epoch);
		assert_string_equal(r->token, worker_on(0)->request.token);
		/* Its load, 30 s, may be as slow as that of a peer; then 60 s. */
		assert_int_equal(r->join_deadline_ns, (1000 + 90) * UINT64_C(1000000000));
	}
	run_through(j);
}

static void a_job_alone_meets_nobody(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(1);
	j = submitted(1);
	open_all(1);
	assert_null(worker_on(0)->request.token);
	assert_int_equal(worker_on(0)->request.shared_fd, -1);
	assert_int_equal(worker_on(0)->request.shared_bytes, 0);
	assert_false(worker_on(0)->request.waits_for_go);
	run_through(j);
}

/* Attempts of all jobs and processes have different ids. */
static void each_attempt_has_a_number_and_a_token_of_its_own(void **state)
{
	uint64_t epochs[3];
	char tokens[3][64];

	(void)state;
	begin(2);
	for (int i = 0; i < 3; i++) {
		submitted(2);
		if (i == 0)
			open_all(2);
		epochs[i] = worker_on(0)->request.epoch;
		snprintf(tokens[i], sizeof(tokens[i]), "%s", worker_on(0)->request.token);
		run_through(&world.jobs[i]);
		for (int k = 0; k < i; k++)
			assert_true(epochs[k] != epochs[i] && strcmp(tokens[k], tokens[i]) != 0);
	}
}

static void without_a_limit_nobody_gives_up_joining(void **state)
{
	static const enum chips_clock clocks[] = {CLOCK_LOAD, CLOCK_JOIN};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		world_init(2);
		world.settings.budget_s[clocks[i]] = 0;
		world_begin();
		submitted(2);
		open_all(2);
		assert_int_equal(worker_on(0)->request.join_deadline_ns, 0);
		world_done();
	}
	begin(1);
}

/* A worker has the settings of its pool and its device. */
static void a_worker_is_started_as_the_pool_says(void **state)
{
	const struct device_worker_options *o;

	(void)state;
	world_init(2);
	world.settings.driver = "/lib/x.so";
	world.settings.state_dir = "/state";
	world.devices[1].cpus = "0-3";
	world.devices[1].numa = 1;
	world_begin();
	submitted(2);
	o = worker_on(1)->options;
	assert_string_equal(o->driver, "/lib/x.so");
	assert_string_equal(o->options, "{}");
	assert_string_equal(o->scratch_root, "/nowhere");
	assert_string_equal(o->state_dir, "/state");
	assert_string_equal(o->cpus, "0-3");
	assert_int_equal(o->numa, 1);
	assert_int_equal(o->number, 1);
	assert_int_equal(o->device, 1);
}

/* ---- the release ---- */

/* Messages that come twice or late. */
static void a_rank_is_armed_once(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = submitted(2);
	j->request.run_s = 20;
	open_all(2);
	arm(2);
	assert_true(worker_on(0)->is_released && worker_on(1)->is_released);
	for (int32_t i = 0; i < 2; i++) {
		struct device_worker *w = worker_on(i);

		w->handler->phase(w, w->ctx, w->epoch, PHASE_ARMED);
		w->handler->phase(w, w->ctx, w->epoch, PHASE_TAKEN);
		world_turn();
		worker_reaches(w, PHASE_LAUNCHED);
	}
	world_pass(21); /* it runs, and its time is over */
	assert_true(worker_on(0)->is_asked || worker_on(1)->is_asked);
	run_through(j);
	assert_int_equal(j->result.reason, REASON_TIMEOUT);
}

static void what_an_earlier_attempt_says_is_not_heard(void **state)
{
	struct device_worker *w;

	(void)state;
	begin(2);
	run_through(submitted(2));
	submitted(2);
	w = worker_on(0);
	w->handler->phase(w, w->ctx, w->epoch - 1, PHASE_TAKEN);
	world_turn();
	assert_int_equal(worker_on(1)->state, FAKE_IDLE); /* rank 0 has not taken this one */
	worker_reaches(w, PHASE_TAKEN);
	assert_int_equal(worker_on(1)->state, FAKE_RUNS);
}

static void nobody_is_released_while_all_are_asked_to_end(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = submitted(2);
	open_all(2);
	for (int p = PHASE_TAKEN; p <= PHASE_ARMED; p++)
		worker_reaches(worker_on(0), (enum run_phase)p);
	killed(j, KILL_TERM, REASON_USER);
	for (int p = PHASE_TAKEN; p <= PHASE_ARMED; p++)
		if (worker_on(1)->state == FAKE_RUNS)
			worker_reaches(worker_on(1), (enum run_phase)p);
	assert_false(worker_on(0)->is_released);
	run_through(j);
	assert_int_equal(j->result.reason, REASON_USER);
}

/* ---- kills ---- */

static void a_kill_gives_the_grace_of_the_job_or_of_the_pool(void **state)
{
	static const struct {
		double grace_s, after_s;
	} rows[] = {{-1, 5}, {3, 3}, {0, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fake_job *j = running(1);

		j->rules.grace_s = rows[i].grace_s;
		killed(j, KILL_TERM, REASON_USER);
		assert_true(worker_on(0)->is_cancelled);
		if (rows[i].after_s > 0) {
			world_pass(rows[i].after_s - 0.1);
			assert_false(worker_on(0)->is_killed);
		}
		world_pass(0.2);
		assert_true(worker_on(0)->is_killed);
		worker_dies(worker_on(0));
		assert_int_equal(j->result.reason, REASON_USER);
		world_done();
	}
	begin(1);
}

static void a_second_kill_may_be_faster_and_is_not_slower(void **state)
{
	struct fake_job *j = running(1);

	(void)state;
	killed(j, KILL_TERM, REASON_USER);
	world_pass(4);
	killed(j, KILL_TERM, REASON_TIMEOUT);
	world_pass(1.1);
	assert_true(worker_on(0)->is_killed);
	worker_dies(worker_on(0));
	assert_int_equal(j->result.reason, REASON_USER); /* the first reason */
	world_done();
	j = running(1);
	killed(j, KILL_TERM, REASON_USER);
	killed(j, KILL_NOW, REASON_USER);
	assert_true(worker_on(0)->is_killed);
}

static void a_job_that_has_failed_is_not_killed_any_more(void **state)
{
	struct fake_job *j = running(2);

	(void)state;
	worker_ends(worker_on(0), DVS_POISON, false);
	killed(j, KILL_NOW, REASON_USER);
	assert_true(worker_on(1)->is_killed); /* it ends at once, though */
	worker_dies(worker_on(1));
	assert_int_equal(j->result.reason, REASON_POISON);
}

/* ---- failures ---- */

/* A rank that hangs after the wrong result of a peer is not diagnosed: the cause is known. */
static void who_hangs_after_the_cause_is_killed_at_once(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = job_new(2);
	j->request.fail_fast = false;
	j->request.run_s = 20;
	job_submit(j);
	open_all(2);
	launch(2);
	worker_ends(worker_on(0), DVS_JOB, false);
	assert_false(worker_on(1)->is_cancelled);
	world_pass(21);
	assert_true(worker_on(1)->is_killed);
	assert_false(worker_on(1)->is_asked);
	worker_dies(worker_on(1));
	assert_int_equal(j->result.reason, REASON_WRONG_RESULT);
	assert_non_null(strstr(
		j->details, "{\"rank\":1,\"device\":1,\"class\":\"timeout\",\"text\":\"timed out"));
}

/* The first answer counts, of the rank that was asked. */
static void only_the_rank_that_was_asked_is_heard(void **state)
{
	struct fake_job *j = running(2);
	int32_t asked, other;

	(void)state;
	j->request.run_s = 20;
	world_pass(20.5);
	asked = worker_on(0)->is_asked ? 0 : 1;
	other = 1 - asked;
	worker_on(other)->handler->diagnosed(worker_on(other), worker_on(other)->ctx, "who, me?\n");
	world_turn();
	assert_false(worker_on(asked)->is_killed);
	worker_answers(worker_on(asked));
	assert_true(worker_on(asked)->is_killed);
	worker_on(asked)->is_asked = true;
	worker_answers(worker_on(asked)); /* again, and too late */
	run_through(j);
	assert_string_equal(j->context, "it hangs\n");
}

/* It was timed out, and then reports success: the time limit has decided. */
static void who_was_given_up_cannot_pass(void **state)
{
	struct fake_job *j = running(1);

	(void)state;
	j->request.run_s = 20;
	world_pass(20.5);
	assert_true(worker_on(0)->is_asked);
	ends_well(0);
	assert_int_equal(j->state, FAKE_STARTED);
	world_pass(2);
	run_through(j);
	assert_int_equal(j->result.reason, REASON_TIMEOUT);
}

static void a_peer_that_is_missing_has_its_time_to_say_why(void **state)
{
	struct fake_job *j = running(2);

	(void)state;
	worker_ends(worker_on(0), DVS_PEER, false);
	world_pass(1.9);
	assert_false(worker_on(1)->is_asked || worker_on(1)->is_cancelled);
	worker_ends(worker_on(1), DVS_STALL, false);
	assert_int_equal(j->result.reason, REASON_STALL);
	assert_memory_equal(j->message, "rank 1 on device 1: ", 20);
	world_done();
	j = running(2);
	worker_ends(worker_on(0), DVS_PEER, false);
	world_pass(2.1);
	assert_true(worker_on(1)->is_asked);
	worker_answers(worker_on(1));
	run_through(j);
	assert_int_equal(j->result.reason, REASON_STALL);
	assert_non_null(strstr(j->message, "the other ranks waited for it"));
}

/* It has not read its request; or it has, and makes no progress. */
static void a_peer_that_is_missing_before_the_release_is_found(void **state)
{
	(void)state;
	for (int has_taken = 0; has_taken < 2; has_taken++) {
		struct fake_job *j;

		begin(3);
		j = submitted(3);
		open_all(3);
		for (int32_t i = 0; i < 3; i += 2)
			for (int p = PHASE_TAKEN; p <= (i ? PHASE_LOADED : PHASE_ARMED); p++)
				worker_reaches(worker_on(i), (enum run_phase)p);
		if (has_taken)
			worker_reaches(worker_on(1), PHASE_TAKEN);
		worker_ends(worker_on(2), DVS_PEER, false);
		world_pass(2.1);
		assert_true(worker_on(1)->is_asked);
		worker_answers(worker_on(1));
		run_through(j);
		assert_int_equal(j->result.reason, REASON_STALL);
		assert_memory_equal(j->message, "rank 1 on device 1: the other ranks waited for it",
				    49);
		world_done();
	}
	begin(1);
}

/* The remaining ranks wait for each other. A rank that has ended does not affect them. */
static void those_that_are_left_may_be_in_a_deadlock(void **state)
{
	struct fake_job *j = running(3);

	(void)state;
	j->request.run_s = 0;
	ends_well(0);
	for (int32_t i = 1; i < 3; i++) {
		atomic_store(&worker_on(i)->board.has_reported, 1);
		atomic_store(&worker_on(i)->board.evidence, 2);
	}
	world_pass(11);
	assert_true(worker_on(1)->is_asked);
	worker_answers(worker_on(1));
	run_through(j);
	assert_int_equal(j->result.reason, REASON_DEADLOCK);
}

/* The last call of the driver has just returned: the next call gets its full time. */
static void what_comes_after_a_run_is_counted_from_the_last_call(void **state)
{
	struct fake_job *j = running(1);

	(void)state;
	worker_reaches(worker_on(0), PHASE_RAN);
	world_pass(59);
	atomic_store(&worker_on(0)->board.call_returned_ns, board_now_ns());
	world_pass(59);
	assert_false(worker_on(0)->is_asked);
	world_pass(2);
	assert_true(worker_on(0)->is_asked);
	worker_answers(worker_on(0));
	run_through(j);
	assert_int_equal(j->result.reason, REASON_POISON);
}

/* The last one that loads may have ended by then. */
static void a_join_is_counted_from_the_last_load_of_all_ranks(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	j = job_new(2);
	j->request.has_barrier = false;
	j->request.run_s = 0;
	job_submit(j);
	open_all(2);
	for (int32_t i = 0; i < 2; i++)
		worker_reaches(worker_on(i), PHASE_TAKEN);
	worker_reaches(worker_on(1), PHASE_LOADED);
	world_pass(10);
	worker_reaches(worker_on(0), PHASE_LOADED);
	world_pass(10);
	worker_reaches(worker_on(0), PHASE_ARMED);
	ends_well(0);
	world_pass(50.9);
	assert_false(worker_on(1)->is_asked);
	world_pass(0.2); /* 61 s after rank 0 was loaded */
	assert_true(worker_on(1)->is_asked);
	worker_answers(worker_on(1));
	run_through(j);
	assert_int_equal(j->result.reason, REASON_STALL);
}

/* No rank is the cause: the message names the ranks that reported the error. */
static void a_gang_in_which_each_misses_another_is_a_deadlock(void **state)
{
	struct fake_job *j = running(3);

	(void)state;
	for (int32_t i = 0; i < 3; i++) {
		struct device_worker *w = worker_on(i);
		const struct device_result r = {.epoch = w->epoch,
						.class = DVS_PEER,
						.text = i == 1 ? "who is there?" : NULL,
						.verdict = {.status = JOB_KILLED}};

		w->state = FAKE_IDLE;
		w->handler->ended(w, w->ctx, &r);
		world_turn();
	}
	assert_int_equal(j->result.reason, REASON_DEADLOCK);
	assert_string_equal(j->message, "rank 1 on device 1: who is there?");
	for (int i = 0; i < 3; i++)
		assert_int_equal(world.stored[i].n_marks, 0);
}

/* ---- jobs that wait for its devices ---- */

/* The end of a gang with a barrier is estimated from its release, which may be far away. */
static void a_limit_of_a_run_is_counted_from_the_release(void **state)
{
	struct fake_job *first, *gang, *brief, *long_one;

	(void)state;
	begin_apart(3);
	first = submitted(2);
	first->request.run_s = 100;
	first->request.stall_s = 0;
	open_all(2);
	for (int p = PHASE_TAKEN; p <= PHASE_LOADED; p++)
		for (int32_t i = 0; i < 2; i++)
			worker_reaches(worker_on(i), (enum run_phase)p);
	gang = submitted(3);
	world_pass(50);
	for (int32_t i = 0; i < 2; i++)
		worker_reaches(worker_on(i), PHASE_ARMED);
	world_pass(30);
	long_one = job_new(1);
	long_one->request.run_s = 71;
	job_submit(long_one);
	brief = job_new(1);
	brief->request.run_s = 69;
	job_submit(brief);
	worker_opens(worker_on(2));
	assert_int_equal(long_one->state, FAKE_SUBMITTED);
	assert_int_equal(brief->state, FAKE_STARTED);
	assert_int_equal(gang->state, FAKE_SUBMITTED);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(each_rank_is_sent_all_that_it_needs),
		STORY(a_job_alone_meets_nobody),
		STORY(each_attempt_has_a_number_and_a_token_of_its_own),
		STORY(without_a_limit_nobody_gives_up_joining),
		STORY(a_worker_is_started_as_the_pool_says),
		STORY(a_rank_is_armed_once),
		STORY(what_an_earlier_attempt_says_is_not_heard),
		STORY(nobody_is_released_while_all_are_asked_to_end),
		STORY(a_kill_gives_the_grace_of_the_job_or_of_the_pool),
		STORY(a_second_kill_may_be_faster_and_is_not_slower),
		STORY(a_job_that_has_failed_is_not_killed_any_more),
		STORY(who_hangs_after_the_cause_is_killed_at_once),
		STORY(only_the_rank_that_was_asked_is_heard),
		STORY(who_was_given_up_cannot_pass),
		STORY(a_peer_that_is_missing_has_its_time_to_say_why),
		STORY(a_peer_that_is_missing_before_the_release_is_found),
		STORY(those_that_are_left_may_be_in_a_deadlock),
		STORY(what_comes_after_a_run_is_counted_from_the_last_call),
		STORY(a_join_is_counted_from_the_last_load_of_all_ranks),
		STORY(a_gang_in_which_each_misses_another_is_a_deadlock),
		STORY(a_limit_of_a_run_is_counted_from_the_release),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
