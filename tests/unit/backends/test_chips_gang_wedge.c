/* SPDX-License-Identifier: Apache-2.0 */
/* A gang that breaks devices: each of its devices is opened again before its end is reported, and
 * the second attempt that breaks one is the last. */
#include "chips_story.h"

#include <math.h>
#include <string.h>

/* Does the work of workers until j, which waits, runs. */
static void begins_on_its_own(const struct fake_job *j)
{
	for (int k = 0; k < 20 && j->state == FAKE_SUBMITTED; k++)
		for (uint32_t i = 0; i < world.settings.n_devices; i++) {
			struct device_worker *w = worker_on((int32_t)i);

			if (w && (w->is_killed || w->is_closed))
				worker_dies(w);
			else if (w && w->state == FAKE_OPENING && !unit(i)->is_probe)
				worker_opens(w);
		}
	assert_int_equal(j->state, FAKE_STARTED);
}

static void begins(struct fake_job *j)
{
	job_submit(j);
	begins_on_its_own(j);
}

static bool runs_on(const struct fake_job *j, int32_t device)
{
	const struct device_worker *w = worker_on(device);

	return w && w->state == FAKE_RUNS && w->spec == &j->spec;
}

/* How many of its devices are among the first n. */
static uint32_t n_below(const struct fake_job *j, int32_t n)
{
	uint32_t found = 0;

	for (int32_t i = 0; i < n; i++)
		found += runs_on(j, i);
	return found;
}

/* The rank on this device reports that it is broken, and the others are stopped. */
static void wedges(struct fake_job *j, int32_t device)
{
	begins(j);
	assert_true(runs_on(j, device));
	worker_reaches(worker_on(device), PHASE_TAKEN);
	worker_ends(worker_on(device), DVS_WEDGE, false);
	worker_dies(worker_on(device));
	for (uint32_t i = 0; i < world.settings.n_devices; i++)
		if (runs_on(j, (int32_t)i))
			worker_ends(worker_on((int32_t)i), DVS_PEER, false);
}

/* The worker that has the device open leaves first. */
static void probe_begins(int32_t device)
{
	struct device_worker *w = worker_on(device);

	if (w && (w->is_closed || w->is_killed))
		worker_dies(w);
	assert_true(unit((uint32_t)device)->is_probe);
}

static void probe_is_good(int32_t device)
{
	probe_begins(device);
	worker_opens(worker_on(device));
}

static void probe_is_bad(int32_t device)
{
	probe_begins(device);
	worker_opens_not(worker_on(device), DVS_WEDGE, "it does not open");
	worker_dies(worker_on(device));
}

static struct fake_job *gang_new_of(uint32_t n)
{
	struct fake_job *j = job_new(n);

	j->request.has_barrier = false;
	return j;
}

/* ---- the first attempt ---- */

static void nobody_gets_its_devices_before_they_were_opened_again(void **state)
{
	struct fake_job *gang, *next;

	(void)state;
	begin_apart(2);
	gang = gang_new_of(2);
	begins(gang);
	next = submitted(1);
	worker_ends(worker_on(0), DVS_WEDGE, false);
	worker_dies(worker_on(0));
	assert_null(worker_on(0)); /* before its peer has ended */
	worker_ends(worker_on(1), DVS_PEER, false);
	assert_int_equal(unit(0)->health.state, HEALTH_QUARANTINED);
	assert_true(worker_on(1)->is_closed); /* only a fresh process shows the state */
	probe_is_good(0);
	assert_int_equal(gang->state, FAKE_STARTED);
	probe_is_good(1);
	assert_int_equal(gang->state, FAKE_ENDED);
	assert_int_equal(next->state, FAKE_STARTED); /* at once */
}

static void what_opens_again_is_usable_at_once_and_says_who_wedged_it(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin_apart(3);
	gang = gang_new_of(2);
	wedges(gang, 1);
	probe_is_good(0);
	probe_is_good(1);
	assert_int_equal(gang->result.reason, REASON_WEDGE);
	assert_true(gang->result.is_uncounted);
	assert_int_equal(world.stored[0].n_marks, 0);
	assert_int_equal(world.stored[1].state, HEALTH_SUSPECT);
	assert_int_equal(world.stored[1].n_quarantines, 0);
	assert_string_equal(world.stored[1].marks[0].job, gang->id);
	assert_string_equal(world.stored[1].reason, "wedged by job 'j0', and opened well after it");
	assert_true(device_worker_is_idle(worker_on(1))); /* the next job may use the process */
	assert_non_null(strstr(gang->details, "\"probe\":\"ok\""));
}

static void what_does_not_is_quarantined_with_its_name(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin_apart(3);
	gang = gang_new_of(2);
	wedges(gang, 0);
	probe_is_bad(0);
	probe_is_good(1);
	assert_int_equal(gang->result.reason, REASON_WEDGE);
	assert_true(gang->result.is_uncounted);
	assert_string_equal(gang->message, "rank 0 on device 0: it went wrong; then device 0 does "
					   "not open any more: it does not open");
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
	assert_int_equal(world.stored[0].n_marks, 1);
	assert_string_equal(world.stored[0].marks[0].job, gang->id);
}

static void two_that_do_not_open_are_the_jobs(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin_apart(3);
	gang = gang_new_of(2);
	wedges(gang, 0);
	probe_is_bad(1);
	assert_int_equal(world.stored[1].state, HEALTH_QUARANTINED);
	assert_string_equal(world.stored[1].marks[0].job, gang->id);
	probe_is_good(0); /* it said itself that it was broken */
	assert_int_equal(gang->result.status, JOB_FAILED);
	assert_int_equal(gang->result.reason, REASON_BREAKS_DEVICES);
	assert_false(gang->result.is_uncounted);
	assert_memory_equal(gang->message,
			    "the job breaks devices (0-1): rank 0 on device 0: ", 50);
	assert_int_equal(world.stored[0].state, HEALTH_HEALTHY); /* its mark is taken back */
}

static void unless_they_fail_together_by_themselves(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin(4); /* two to a domain */
	gang = gang_new_of(2);
	wedges(gang, 0);
	probe_is_bad(0);
	probe_is_bad(1);
	assert_int_equal(gang->result.reason, REASON_WEDGE);
	assert_true(gang->result.is_uncounted);
}

/* An error of a peer after the first failure may be a consequence. */
static void of_a_gang_only_the_cause_has_a_class_of_its_own(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin_apart(2);
	gang = gang_new_of(2);
	begins(gang);
	for (int32_t i = 0; i < 2; i++) {
		worker_ends(worker_on(i), DVS_WEDGE, false);
		worker_dies(worker_on(i));
	}
	probe_is_good(0);
	probe_is_good(1);
	assert_int_equal(gang->result.reason, REASON_WEDGE);
	assert_non_null(strstr(gang->details, "\"class\":\"peer\""));
	assert_int_equal(world.stored[1].n_marks, 0);
}

static void a_peer_that_says_so_is_enough(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin_apart(3);
	gang = gang_new_of(2);
	begins(gang);
	worker_reaches(worker_on(0), PHASE_TAKEN);
	worker_ends(worker_on(0), DVS_POISON, false);
	worker_dies(worker_on(0));
	worker_ends(worker_on(1), DVS_WEDGE, false);
	worker_dies(worker_on(1));
	probe_is_good(0); /* its rank had ended before */
	assert_int_equal(gang->state, FAKE_STARTED);
	probe_is_bad(1);
	assert_int_equal(gang->result.reason, REASON_WEDGE);
	assert_true(gang->result.is_uncounted);
	assert_int_equal(world.stored[0].n_marks, 1);
	assert_int_equal(world.stored[0].marks[0].class, DVS_POISON);
	assert_int_equal(world.stored[1].state, HEALTH_QUARANTINED);
}

static void a_device_that_another_job_opens_is_left_to_it(void **state)
{
	struct fake_job *gang, *next;

	(void)state;
	begin_apart(2);
	gang = gang_new_of(2);
	begins(gang);
	next = submitted(1);
	worker_ends(worker_on(0), DVS_OK, false); /* it is through, and the next one's */
	assert_int_equal(next->state, FAKE_STARTED);
	worker_ends(worker_on(1), DVS_WEDGE, false);
	worker_dies(worker_on(1));
	probe_is_good(1);
	assert_int_equal(gang->result.reason, REASON_WEDGE);
	assert_true(runs_on(next, 0));
}

static void one_that_never_ran_there_is_not_asked_for(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin_apart(2);
	gang = job_new(2);
	begins(gang);
	assert_false(runs_on(gang, 1)); /* rank 0 makes the directory first */
	worker_ends(worker_on(0), DVS_WEDGE, false);
	worker_dies(worker_on(0));
	assert_false(unit(1)->is_probe || worker_on(1)->is_closed);
	probe_is_good(0);
	assert_int_equal(gang->state, FAKE_ENDED);
}

static void on_probation_it_stays_out(void **state)
{
	struct fake_job *gang;

	(void)state;
	world_init(3);
	world.stored[2] = (struct device_health){
		.state = HEALTH_PROBATION, .n_quarantines = 1, .n_good_probes = 2};
	world_begin();
	gang = gang_new_of(3);
	wedges(gang, 2);
	for (int32_t i = 0; i < 3; i++)
		probe_is_good(i);
	assert_int_equal(world.stored[2].state, HEALTH_QUARANTINED);
}

/* ---- known causes ---- */

static void who_is_killed_is_not_asked_about(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin_apart(2);
	gang = gang_new_of(2);
	begins(gang);
	world.backend->ops->kill(world.backend, &gang->job, KILL_TERM, REASON_USER);
	worker_ends(worker_on(0), DVS_WEDGE, false);
	worker_dies(worker_on(0));
	worker_ends(worker_on(1), DVS_PEER, false);
	assert_int_equal(gang->state, FAKE_ENDED);
	assert_int_equal(gang->result.status, JOB_KILLED);
	assert_null(worker_on(0));
}

static void a_kill_ends_the_probes(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin_apart(2);
	gang = gang_new_of(2);
	wedges(gang, 0);
	probe_begins(0);
	world.backend->ops->kill(world.backend, &gang->job, KILL_TERM, REASON_USER);
	assert_true(worker_on(0)->is_killed);
	assert_int_equal(gang->state, FAKE_STARTED);
	worker_dies(worker_on(0));
	assert_int_equal(gang->state, FAKE_ENDED);
	assert_int_equal(gang->result.reason, REASON_WEDGE);
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED);
	assert_int_equal(world.stored[0].n_quarantines, 1);
}

static void a_probe_has_its_clock(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin_apart(3);
	gang = gang_new_of(2);
	wedges(gang, 0);
	probe_is_good(1);
	probe_begins(0);
	world_pass(301);
	worker_dies(worker_on(0));
	assert_int_equal(gang->result.reason, REASON_WEDGE);
	assert_non_null(strstr(gang->message, "then device 0 does not open any more: "));
}

static void a_probe_that_cannot_begin_says_nothing(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin_apart(3);
	gang = gang_new_of(2);
	wedges(gang, 0);
	worker_opens_not(worker_on(0), DVS_BUSY, "somebody has it");
	worker_dies(worker_on(0));
	world.cannot_start = true;
	worker_dies(worker_on(1));
	assert_int_equal(gang->result.reason, REASON_WEDGE);
	assert_int_equal(world.stored[0].state, HEALTH_QUARANTINED); /* as it said itself */
	assert_int_equal(world.stored[1].n_marks, 0);
	world.cannot_start = false;
}

static void a_worker_that_cannot_be_killed_holds_up_nobody(void **state)
{
	struct fake_job *gang;

	(void)state;
	begin_apart(3);
	gang = gang_new_of(2);
	begins(gang);
	worker_reaches(worker_on(0), PHASE_TAKEN);
	worker_ends(worker_on(0), DVS_WEDGE, false);
	worker_ends(worker_on(1), DVS_PEER, false);
	probe_is_good(1);
	assert_true(worker_on(0)->is_killed);
	worker_stays(worker_on(0));
	assert_int_equal(gang->state, FAKE_ENDED);
	assert_int_equal(world.stored[0].state, HEALTH_DEAD);
}

/* ---- the second attempt ---- */

/* Of eight, it wedges device 0, and all of them open again. */
static struct fake_job *tried_once(uint32_t n_devices, uint32_t n_ranks)
{
	struct fake_job *gang;

	begin_apart(n_devices);
	gang = gang_new_of(n_ranks);
	wedges(gang, 0);
	for (uint32_t i = 0; i < n_ranks; i++)
		probe_is_good((int32_t)i);
	assert_int_equal(gang->result.reason, REASON_WEDGE);
	assert_true(gang->result.is_uncounted);
	return gang;
}

static void it_gets_one_other_device_and_not_more(void **state)
{
	struct fake_job *gang = tried_once(8, 4);

	(void)state;
	for (uint32_t i = 1; i < 4; i++)
		unit(i)->health.state = HEALTH_SUSPECT;
	begins(gang);
	assert_false(runs_on(gang, 0));
	assert_int_equal(n_below(gang, 4), 3);
	assert_true(runs_on(gang, 4));
}

/* Of three devices 0 is broken, and a long job has one of the others. */
static void it_never_comes_back_to_what_it_broke_while_there_are_others(void **state)
{
	struct fake_job *gang = tried_once(3, 2), *busy, *next;

	(void)state;
	unit(1)->health.state = HEALTH_UNKNOWN;
	unit(2)->health.state = HEALTH_SUSPECT;
	busy = job_new(1);
	busy->request.run_s = 0;
	begins(busy);
	assert_true(runs_on(busy, 1));
	job_submit(gang);
	world_pass(20); /* for longer than 'reserve_after' */
	assert_int_equal(gang->state, FAKE_SUBMITTED);
	next = job_new(1);
	next->request.run_s = 0;
	begins(next); /* devices that the gang will not use are not reserved for it */
	assert_true(runs_on(next, 0));
	run_through(busy);
	begins_on_its_own(gang);
	assert_true(runs_on(gang, 1) && runs_on(gang, 2));
}

static void the_second_wedge_is_the_gangs(void **state)
{
	struct fake_job *gang = tried_once(3, 2);

	(void)state;
	wedges(gang, 1);
	probe_is_good(1);
	probe_is_bad(2);
	assert_int_equal(gang->result.status, JOB_FAILED);
	assert_int_equal(gang->result.reason, REASON_BREAKS_DEVICES);
	assert_false(gang->result.is_uncounted);
	assert_memory_equal(gang->message,
			    "the job breaks devices (0-2): rank 0 on device 1: ", 50);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(world.stored[i].state, HEALTH_HEALTHY);
		assert_int_equal(world.stored[i].n_marks, 0);
	}
	assert_int_equal(world.stored[2].state, HEALTH_QUARANTINED);
	assert_int_equal(world.stored[2].n_marks, 1);
}

/* There are no other devices, and all of them opened in between: the job is the cause. */
static void a_gang_of_the_whole_pool_has_two_attempts_too(void **state)
{
	struct fake_job *gang = tried_once(2, 2);

	(void)state;
	wedges(gang, 0);
	probe_is_good(0);
	probe_is_good(1);
	assert_int_equal(gang->result.reason, REASON_BREAKS_DEVICES);
	assert_false(gang->result.is_uncounted);
	run_through(submitted(2));
}

static void a_bad_device_is_not_the_gangs_fault(void **state)
{
	struct fake_job *gang = tried_once(3, 2);

	(void)state;
	begins(gang); /* without the first one */
	run_through(gang);
	assert_int_equal(gang->result.status, JOB_PASSED);
	assert_int_equal(world.stored[0].state, HEALTH_SUSPECT);
	assert_int_equal(world.stored[0].n_marks, 1);
}

/* ---- no device opens any more ---- */

static void who_waits_for_what_it_broke_ends_soon_and_names_it(void **state)
{
	struct fake_job *gang, *other, *small;

	(void)state;
	begin_apart(2);
	gang = gang_new_of(2);
	wedges(gang, 0);
	probe_is_bad(0);
	probe_is_bad(1);
	assert_int_equal(gang->result.reason, REASON_BREAKS_DEVICES);
	other = submitted(2);
	small = submitted(1);
	world_pass(1);
	for (int32_t i = 0; i < 2; i++) { /* they have another chance at once */
		assert_true(unit((uint32_t)i)->is_probe);
		worker_opens_not(worker_on(i), DVS_WEDGE, "it does not open");
		worker_dies(worker_on(i));
	}
	world_pass(31); /* 'deadlock' */
	assert_int_equal(other->result.reason, REASON_NO_DEVICE);
	assert_int_equal(small->result.reason, REASON_NO_DEVICE);
	assert_non_null(strstr(small->context, gang->id));
}

static void a_gang_does_not_wait_for_what_it_broke_itself(void **state)
{
	struct fake_job *gang, *other;

	(void)state;
	begin_apart(2);
	gang = gang_new_of(2);
	wedges(gang, 0);
	probe_is_bad(0);
	probe_is_good(1);
	assert_int_equal(gang->result.reason, REASON_WEDGE);
	job_submit(gang);
	other = submitted(2);
	world_pass(31);
	assert_int_equal(gang->result.reason, REASON_NO_DEVICE);
	assert_non_null(strstr(gang->context, gang->id));
	assert_int_equal(other->state, FAKE_SUBMITTED); /* it may still be had */
}

static void who_waits_runs_when_they_open_again(void **state)
{
	struct fake_job *gang, *small;

	(void)state;
	begin_apart(2);
	gang = gang_new_of(2);
	begins(gang);
	small = submitted(1);
	worker_ends(worker_on(0), DVS_WEDGE, false);
	worker_dies(worker_on(0));
	worker_ends(worker_on(1), DVS_PEER, false);
	probe_is_bad(0);
	probe_is_bad(1);
	assert_int_equal(gang->result.reason, REASON_BREAKS_DEVICES);
	world_pass(1);
	worker_opens(worker_on(0)); /* a moment later they are well */
	assert_int_equal(world.stored[0].state, HEALTH_HEALTHY);
	run_through(small);
}

/* It cannot go on. The others can, but a fresh process must open their devices, too. */
static void who_broke_its_device_is_killed_and_the_others_leave(void **state)
{
	struct fake_job *j;

	(void)state;
	begin_apart(2);
	j = job_new(2);
	begins(j);
	worker_reaches(worker_on(0), PHASE_TAKEN);
	worker_ends(worker_on(0), DVS_WEDGE, false);
	worker_ends(worker_on(1), DVS_PEER, false);
	assert_true(worker_on(0)->is_killed && !worker_on(0)->is_closed);
	assert_true(worker_on(1)->is_closed && !worker_on(1)->is_killed);
	probe_is_good(0);
	probe_is_good(1);
	assert_int_equal(j->result.reason, REASON_WEDGE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(nobody_gets_its_devices_before_they_were_opened_again),
		STORY(what_opens_again_is_usable_at_once_and_says_who_wedged_it),
		STORY(what_does_not_is_quarantined_with_its_name),
		STORY(two_that_do_not_open_are_the_jobs),
		STORY(unless_they_fail_together_by_themselves),
		STORY(of_a_gang_only_the_cause_has_a_class_of_its_own),
		STORY(a_peer_that_says_so_is_enough),
		STORY(a_device_that_another_job_opens_is_left_to_it),
		STORY(one_that_never_ran_there_is_not_asked_for),
		STORY(on_probation_it_stays_out),
		STORY(who_is_killed_is_not_asked_about),
		STORY(a_kill_ends_the_probes),
		STORY(a_probe_has_its_clock),
		STORY(a_probe_that_cannot_begin_says_nothing),
		STORY(a_worker_that_cannot_be_killed_holds_up_nobody),
		STORY(it_gets_one_other_device_and_not_more),
		STORY(it_never_comes_back_to_what_it_broke_while_there_are_others),
		STORY(the_second_wedge_is_the_gangs),
		STORY(a_gang_of_the_whole_pool_has_two_attempts_too),
		STORY(a_bad_device_is_not_the_gangs_fault),
		STORY(who_waits_for_what_it_broke_ends_soon_and_names_it),
		STORY(a_gang_does_not_wait_for_what_it_broke_itself),
		STORY(who_waits_runs_when_they_open_again),
		STORY(who_broke_its_device_is_killed_and_the_others_leave),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return RUN(tests);
}
