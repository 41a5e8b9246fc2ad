/* SPDX-License-Identifier: Apache-2.0 */
/* A pool as its scheduler and its user see it: accepted jobs, and messages about devices and
 * waiting jobs. */
#include "chips_story.h"

#include <math.h>

#include "base/json_out.h"

/* ---- accepted jobs ---- */

static void jobs_of_a_kind_are_checked_once(void **state)
{
	struct fake_job *a, *b;

	(void)state;
	begin(1);
	a = job_new(1);
	b = job_new(1);
	b->spec.rules = &a->rules;
	world.backend->ops->check(world.backend, &a->spec, NULL);
	world.backend->ops->check(world.backend, &b->spec, NULL);
	assert_int_equal(world.n_requests_read, 1);
	world.backend->ops->check(world.backend, &job_new(1)->spec, NULL);
	assert_int_equal(world.n_requests_read, 2);
}

static void what_cannot_be_read_is_refused(void **state)
{
	struct error why = {0};
	struct fake_job *j;

	(void)state;
	begin(1);
	world.is_unreadable_request = true;
	j = job_new(1);
	assert_int_equal(world.backend->ops->submit(world.backend, &j->job, 1, &why),
			 SUBMIT_REFUSED);
	assert_string_equal(why.msg, "the request of 'j0' for devices cannot be read");
	error_done(&why);
}

/* 64 jobs and 8 for each device wait at most, so that one is found that fits. */
static void it_takes_so_many_jobs_that_wait_and_no_more(void **state)
{
	struct fake_job *first, *one_more;

	(void)state;
	begin(1);
	first = submitted(1);
	for (int i = 1; i < 72; i++)
		submitted(1);
	one_more = job_new(1);
	assert_int_equal(job_submit(one_more), SUBMIT_BUSY);
	worker_opens(worker_on(0)); /* the first one does not wait any more */
	assert_int_equal(job_submit(one_more), SUBMIT_ACCEPTED);
	assert_int_equal(job_submit(job_new(1)), SUBMIT_BUSY);
	run_through(first); /* and so on */
	assert_int_equal(job_submit(job_new(1)), SUBMIT_ACCEPTED);
	world.backend->ops->kill(world.backend, &one_more->job, KILL_TERM, REASON_USER);
	assert_string_equal(one_more->message, "killed while it waited for devices");
	assert_int_equal(job_submit(job_new(1)), SUBMIT_ACCEPTED);
}

static void it_is_paused_once_and_goes_on_once(void **state)
{
	struct fake_job *first, *waiting;

	(void)state;
	begin(1);
	first = submitted(1);
	first->request.run_s = first->request.stall_s = 0;
	open_all(1);
	launch(1);
	waiting = job_new(1);
	waiting->request.queue_s = 10;
	job_submit(waiting);
	world.backend->ops->pause(world.backend, true);
	world_pass(8);
	world.backend->ops->pause(world.backend, true); /* it is already */
	world_pass(8);
	world.backend->ops->pause(world.backend, false);
	world.backend->ops->pause(world.backend, false);
	assert_int_equal(world.n_capacity, 1);
	world_pass(9.9);
	assert_int_equal(waiting->state, FAKE_SUBMITTED);
	world_pass(0.2); /* 10 s without the pause */
	assert_int_equal(waiting->result.reason, REASON_QUEUE_TIMEOUT);
	assert_string_equal(
		waiting->message,
		"waited 10s for devices: it needs 1 of the 1 devices of 'chips', 1 of them usable");
}

/* Of several jobs each has its own end. */
static void all_that_wait_end_at_their_own_time(void **state)
{
	struct fake_job *jobs[3];

	(void)state;
	begin(1);
	submitted(1)->request.run_s = 0;
	open_all(1);
	launch(1);
	for (int i = 0; i < 3; i++) {
		jobs[i] = job_new(1);
		jobs[i]->request.queue_s = 30 - 10 * i;
		job_submit(jobs[i]);
	}
	for (int i = 2; i >= 0; i--) {
		world_pass(9.9);
		assert_int_equal(jobs[i]->state, FAKE_SUBMITTED);
		world_pass(0.1);
		assert_int_equal(jobs[i]->result.reason, REASON_QUEUE_TIMEOUT);
	}
}

/* ---- messages about devices ---- */

struct told {
	struct str notes;
	struct json_out json;
};

static struct told tell(void)
{
	struct told t = {0};

	str_add(&t.notes, "");
	jout_init(&t.json, -1, 0);
	jout_object(&t.json);
	world.backend->ops->tell(world.backend, &t.notes, &t.json);
	jout_object_end(&t.json);
	return t;
}

static void told_done(struct told *t)
{
	str_done(&t->notes);
	jout_done(&t->json);
}

static void it_tells_of_each_device_and_names_those_that_are_not_well(void **state)
{
	static const enum health_state states[] = {HEALTH_UNKNOWN,     HEALTH_HEALTHY,
						   HEALTH_SUSPECT,     HEALTH_QUARANTINED,
						   HEALTH_QUARANTINED, HEALTH_DEAD};
	struct told t;

	(void)state;
	world_init(6);
	world.has_health_lock = true;
	world.settings.driver_version = "7";
	for (int i = 0; i < 6; i++)
		world.stored[i].state = states[i];
	world.stored[2] = (struct device_health){
		.state = HEALTH_SUSPECT,
		.n_marks = 2,
		.n_jobs = 2,
		.first_code = 507018,
		.marks = {{.job = "a", .class = DVS_STALL}, {.job = "b", .class = DVS_STALL}},
		.reason = "it hangs"};
	world.stored[3].until_wall_s = 2e9;
	world.stored[4].until_wall_s = 253402300799.0; /* by a person */
	strcpy(world.stored[4].reason, "fan");
	world_begin();
	run_through(submitted(1));
	t = tell();
	assert_string_equal(
		t.notes.s,
		"device   chips/2 is suspect: it hangs (first code 507018; 2 jobs: a, b)\n"
		"device   chips/3 is quarantined until 2033-05-18T03:33:20.000Z\n"
		"device   chips/4 is quarantined until it is cleared: fan\n"
		"device   chips/5 is dead\n");
	assert_string_equal(
		t.json.buf.s,
		"{\"driver\":\"none\",\"driver_version\":\"7\",\"devices\":["
		"{\"id\":0,\"health\":\"healthy\",\"since\":1000001000.0,\"until\":null,\"reason\":"
		"null,\"first_code\":0,\"n_jobs\":0,\"jobs\":[],\"opened\":1},"
		"{\"id\":1,\"health\":\"healthy\",\"since\":null,\"until\":null,\"reason\":null,"
		"\"first_code\":0,\"n_jobs\":0,\"jobs\":[],\"opened\":0},"
		"{\"id\":2,\"health\":\"suspect\",\"since\":null,\"until\":null,\"reason\":\"it "
		"hangs\",\"first_code\":507018,\"n_jobs\":2,\"jobs\":[\"a\",\"b\"],\"opened\":0},"
		"{\"id\":3,\"health\":\"quarantined\",\"since\":null,\"until\":2000000000.0,"
		"\"reason\":null,\"first_code\":0,\"n_jobs\":0,\"jobs\":[],\"opened\":0},"
		"{\"id\":4,\"health\":\"quarantined\",\"since\":null,\"until\":null,\"reason\":"
		"\"fan\",\"first_code\":0,\"n_jobs\":0,\"jobs\":[],\"opened\":0},"
		"{\"id\":5,\"health\":\"dead\",\"since\":null,\"until\":null,\"reason\":null,"
		"\"first_code\":0,\"n_jobs\":0,\"jobs\":[],\"opened\":0}]}");
	told_done(&t);
}

static void it_tells_of_health_that_it_could_not_keep(void **state)
{
	static const char *const notes[] = {
		"health   not what dvsched writes\n", "health   cannot be written\n",
		"health   cannot lock the health of chips/0 (another process holds the lock, or "
		"its name in /state is not a regular file): changes by other processes may be "
		"lost\n",
		""};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct told t;

		world_init(1);
		world.settings.state_dir = "/state";
		world.is_unreadable[0] = i == 0;
		world.is_unwritable[0] = i == 1;
		world.has_health_lock = i != 2;
		world_begin();
		run_through(submitted(1));
		t = tell();
		assert_string_equal(t.notes.s, notes[i]);
		told_done(&t);
		world_done();
	}
	begin(1);
}

/* If the lock was free in between, the pool waits again for the process that has it. */
static void a_lock_that_was_free_again_is_waited_for(void **state)
{
	(void)state;
	world_init(1);
	world.settings.health.marks = 8;
	world_begin();
	submitted(1);
	open_all(1);
	worker_ends(worker_on(0), DVS_POISON, false);
	assert_int_equal(world.lock_ms, HEALTH_LOCK_MS);
	world.has_health_lock = true;
	worker_dies(worker_on(0));
	submitted(1);
	open_all(1);
	worker_ends(worker_on(0), DVS_POISON, false);
	worker_dies(worker_on(0));
	world.has_health_lock = false;
	submitted(1);
	open_all(1);
	worker_ends(worker_on(0), DVS_POISON, false);
	assert_int_equal(world.lock_ms, 2 * HEALTH_LOCK_MS);
}

static void a_device_is_called_bad_without_words_too(void **state)
{
	static const struct dvs_device bad = {.health = DVS_HEALTH_BAD};

	(void)state;
	world_init(1);
	world.devices[0].facts = &bad;
	world_begin();
	assert_string_equal(world.stored[0].reason, "its driver reports it as bad");
}

/* ---- when it closes ---- */

static void each_device_that_does_not_close_is_named(void **state)
{
	(void)state;
	world_init(2);
	world.settings.budget_s[CLOCK_RESET] = 40;
	world_begin();
	run_through(submitted(2));
	close_backend();
	for (int32_t i = 0; i < 2; i++)
		assert_true(worker_on(i)->is_closed);
	atomic_store(&worker_on(1)->board.call, CALL_CLOSE);
	atomic_store(&worker_on(1)->board.call_since_ns, board_now_ns());
	world_pass(39.9);
	assert_false(worker_on(0)->is_killed);
	world_pass(0.2);
	for (int32_t i = 0; i < 2; i++)
		worker_dies(worker_on(i));
	assert_true(world.is_closed);
	assert_string_equal(world.trouble, "chips/0: device 0 did not close within 40s; chips/1: "
					   "device 1 did not close within "
					   "40s; driver none is in close() for 40.0s");
}

static void what_opens_while_it_closes_is_killed(void **state)
{
	(void)state;
	begin(2);
	submitted(1);
	world.backend->ops->kill(world.backend, &world.jobs[0].job, KILL_TERM, REASON_USER);
	close_backend();
	assert_true(worker_on(0)->is_killed);
	worker_dies(worker_on(0));
	assert_true(world.is_closed);
	assert_int_equal(unit(0)->health.state, HEALTH_UNKNOWN); /* the pool killed it */
}

static void it_closes_once(void **state)
{
	(void)state;
	begin(1);
	close_backend();
	assert_true(world.is_closed);
	world.is_closed = false;
	world.backend->ops->pause(world.backend, true);
	world_pass(10);
	assert_false(world.is_closed);
}

/* Messages to it that are still in the socket are lost. */
static void it_may_go_before_it_has_heard_all(void **state)
{
	struct fake_job *j;

	(void)state;
	begin(2);
	submitted(1);
	submitted(1);
	world.gathers = true;
	world.backend->ops->kill(world.backend, &world.jobs[0].job, KILL_NOW, REASON_USER);
	worker_opens(worker_on(0));
	j = submitted(1);
	worker_opens_not(worker_on(1), DVS_WEDGE, "no");
	assert_int_equal(j->state, FAKE_SUBMITTED);
}

/* ---- slow devices ---- */

static void an_open_without_a_limit_is_slow_after_half_a_minute(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_apart(2);
	j = job_new(1);
	j->request.open_s = 0;
	job_submit(j);
	world_pass(29.9);
	assert_null(worker_on(1));
	world_pass(0.2);
	assert_int_equal(worker_on(1)->state, FAKE_OPENING);
	world_pass(1e5); /* and it is never late */
	assert_false(worker_on(0)->is_killed);
	worker_opens(worker_on(1));
	assert_string_equal(j->where, "chips/1");
}

static void a_slow_close_is_not_waited_for_alone(void **state)
{
	struct fake_job *j;

	(void)state;
	world_init(2);
	world.settings.budget_s[CLOCK_RESET] = 0;
	world_begin();
	run_through(submitted(2));
	j = job_new(1);
	j->request.open_options = "{\"runtime\":\"b\"}";
	job_submit(j);
	assert_true(worker_on(0)->is_closed);
	world_pass(29.9); /* a tenth of what it may take to open */
	assert_false(worker_on(1)->is_closed);
	world_pass(0.2);
	assert_true(worker_on(1)->is_closed);
	worker_dies(worker_on(1));
	worker_opens(worker_on(1));
	assert_string_equal(j->where, "chips/1");
}

static void a_probe_has_a_limit_without_a_budget(void **state)
{
	(void)state;
	world_init(2);
	world.settings.budget_s[CLOCK_OPEN] = 0;
	world.settings.options = "{\"soc\":1}";
	world.settings.deadlock_s = 1e5;
	world.stored[0] = (struct device_health){.state = HEALTH_QUARANTINED, .until_wall_s = 1};
	world_begin();
	submitted(2);
	assert_string_equal(worker_on(0)->options->options, "{\"soc\":1}"); /* the pool's */
	world_pass(899);
	assert_false(worker_on(0)->is_killed);
	world_pass(2);
	assert_true(worker_on(0)->is_killed);
	worker_dies(worker_on(0));
	assert_string_equal(world.stored[0].reason, "device 0 did not open within 900s");
}

static void a_device_that_is_silent_while_it_opens_says_so(void **state)
{
	(void)state;
	begin(1);
	submitted(1);
	atomic_store(&worker_on(0)->board.beat_ns, board_now_ns());
	world_pass(3.5);
	worker_dies(worker_on(0));
	assert_string_equal(world.stored[0].reason,
			    "while it opened device 0 its worker gave no heartbeat for 3s");
}

static void a_process_that_dies_while_it_opens_says_so(void **state)
{
	(void)state;
	begin(1);
	submitted(1);
	worker_dies(worker_on(0));
	assert_string_equal(world.stored[0].reason, "while it opened device 0 died of a signal");
}

/* ---- cost ---- */

/* Health is read when somebody waits for a device, once a second. */
static void nobody_waits_and_no_file_is_read(void **state)
{
	uint32_t n;

	(void)state;
	world_init(2);
	world.settings.idle_s = 5;
	world_begin();
	submitted(1);
	worker_opens(worker_on(0));
	launch(1);
	n = world.n_health_reads;
	world_pass(50);
	assert_int_equal(world.n_health_reads, n);
	ends_well(0);
	n = world.n_health_reads;
	world_pass(50); /* it is closed meanwhile */
	worker_dies(worker_on(0));
	assert_int_equal(world.n_health_reads, n);
}

static void what_waits_or_runs_costs_few_wake_ups(void **state)
{
	uint32_t n;

	(void)state;
	begin(2);
	n = world.n_fired;
	world_pass(1000);
	assert_int_equal(world.n_fired, n); /* nothing to do */
	submitted(1);
	submitted(1)->request.run_s = 0;
	open_all(2);
	launch(2);
	world.jobs[0].request.run_s = 0;
	submitted(1);
	world_pass(12); /* waiting jobs have been reported by then */
	n = world.n_fired;
	world_pass(50);
	assert_true(world.n_fired - n <= 52); /* once a second */
	run_through(&world.jobs[0]);
	run_through(&world.jobs[1]);
	run_through(&world.jobs[2]);
	n = world.n_fired;
	world_pass(1000);
	assert_int_equal(world.n_fired, n);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(jobs_of_a_kind_are_checked_once),
		STORY(what_cannot_be_read_is_refused),
		STORY(it_takes_so_many_jobs_that_wait_and_no_more),
		STORY(it_is_paused_once_and_goes_on_once),
		STORY(all_that_wait_end_at_their_own_time),
		STORY(it_tells_of_each_device_and_names_those_that_are_not_well),
		STORY(it_tells_of_health_that_it_could_not_keep),
		STORY(a_lock_that_was_free_again_is_waited_for),
		STORY(a_device_is_called_bad_without_words_too),
		STORY(each_device_that_does_not_close_is_named),
		STORY(what_opens_while_it_closes_is_killed),
		STORY(it_closes_once),
		STORY(it_may_go_before_it_has_heard_all),
		STORY(an_open_without_a_limit_is_slow_after_half_a_minute),
		STORY(a_slow_close_is_not_waited_for_alone),
		STORY(a_probe_has_a_limit_without_a_budget),
		STORY(a_device_that_is_silent_while_it_opens_says_so),
		STORY(a_process_that_dies_while_it_opens_says_so),
		STORY(nobody_waits_and_no_file_is_read),
		STORY(what_waits_or_runs_costs_few_wake_ups),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]); /* one story, by its name */
	return RUN(tests);
}
