/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "device/health/health.h"
#include "../base/unit.h"
#include "health_tests.h"

static void two_marks_in_the_window_quarantine(void **state)
{
	struct device_health h = {0};

	(void)state;
	assert_true(mark(&h, DVS_STALL, "a", 1000));
	assert_int_equal(h.state, HEALTH_SUSPECT);
	assert_true(health_is_usable(&h));
	assert_true(mark(&h, DVS_POISON, "b", 1500));
	assert_int_equal(h.state, HEALTH_QUARANTINED);
	assert_false(health_is_usable(&h));
	assert_true(h.until_wall_s == 1600);
	assert_int_equal(h.first_code, 507018);
	assert_int_equal(h.n_jobs, 2);
	assert_string_equal(h.reason, "it broke");
}

static void marks_outside_the_window_are_forgotten(void **state)
{
	struct device_health h = {0};

	(void)state;
	mark(&h, DVS_STALL, "a", 1000);
	mark(&h, DVS_STALL, "b", 1601);
	assert_int_equal(h.state, HEALTH_SUSPECT);
	assert_int_equal(h.n_marks, 1);
}

static void one_at_its_very_edge_counts(void **state)
{
	struct device_health h = {0};

	(void)state;
	mark(&h, DVS_STALL, "a", 1000);
	mark(&h, DVS_STALL, "b", 1600);
	assert_int_equal(h.state, HEALTH_QUARANTINED);
}

static void the_first_code_is_the_one_that_led_here(void **state)
{
	struct health_mark second = {.wall_s = 1001, .class = DVS_STALL, .code = 2, .job = "b"};
	struct device_health h = {0};

	(void)state;
	mark(&h, DVS_STALL, "a", 1000);
	health_mark(&h, &rules, MARK_ONE, &second, "again");
	assert_int_equal(h.first_code, 507018);
	health_set_aside(&h, "fan broken", INFINITY, 1002);
	assert_int_equal(h.first_code, 0); /* a person has another reason */
	h = (struct device_health){0};
	mark(&h, DVS_STALL, "a", 1000);
	health_unmark(&h, &rules, "a", 1001);
	assert_int_equal(h.first_code, 0);
}

static void a_day_is_the_longest_quarantine(void **state)
{
	struct device_health h = {.n_quarantines = 40};

	(void)state;
	mark(&h, DVS_WEDGE, "a", 1000);
	assert_true(h.until_wall_s == 1000 + 86400);
}

static void a_neighbour_makes_suspect_who_was_well(void **state)
{
	(void)state;
	for (int s = 0; s < HEALTH_STATE_COUNT; s++) {
		struct device_health h = {.state = (enum health_state)s};
		bool was_well = s == HEALTH_UNKNOWN || s == HEALTH_HEALTHY;

		assert_int_equal(health_suspect(&h, "device 2 broke", 1000), was_well);
		assert_int_equal(h.state, was_well ? HEALTH_SUSPECT : s);
	}
}

static void a_wedge_quarantines_at_once(void **state)
{
	struct device_health h = {.state = HEALTH_HEALTHY};

	(void)state;
	mark(&h, DVS_WEDGE, "a", 1000);
	assert_int_equal(h.state, HEALTH_QUARANTINED);
}

/* One job may well kill its own process again and again. */
static void lost_processes_count_from_the_second_job_on(void **state)
{
	struct device_health h = {.state = HEALTH_HEALTHY};

	(void)state;
	mark(&h, DVS_LOST, "a", 1000);
	mark(&h, DVS_LOST, "a", 1001);
	mark(&h, DVS_LOST, "a", 1002);
	assert_int_equal(h.state, HEALTH_HEALTHY);
	mark(&h, DVS_LOST, "b", 1003);
	assert_int_equal(h.state, HEALTH_QUARANTINED);
}

static void wrong_results_mark_nothing(void **state)
{
	struct device_health h = {.state = HEALTH_HEALTHY};

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_false(mark(&h, DVS_JOB, "a", 1000 + i));
	assert_int_equal(h.state, HEALTH_HEALTHY);
	assert_int_equal(h.n_marks, 0);
}

static void a_job_that_fails_elsewhere_too_takes_its_marks_back(void **state)
{
	struct device_health h = {.state = HEALTH_HEALTHY};

	(void)state;
	mark(&h, DVS_STALL, "a", 1000);
	assert_true(health_unmark(&h, &rules, "a", 1001));
	assert_int_equal(h.state, HEALTH_HEALTHY);
	assert_string_equal(h.reason, "");
	assert_false(health_unmark(&h, &rules, "a", 1002));
	mark(&h, DVS_STALL, "a", 1003);
	mark(&h, DVS_STALL, "b", 1004);
	assert_int_equal(h.state, HEALTH_QUARANTINED);
	assert_true(health_unmark(&h, &rules, "a", 1005)); /* one mark is left */
	assert_int_equal(h.state, HEALTH_SUSPECT);
	assert_int_equal(h.n_quarantines, 0);
}

static void a_long_name_is_cut_off_and_known(void **state)
{
	struct device_health h = {.state = HEALTH_HEALTHY};
	char job[2 * HEALTH_JOB];

	(void)state;
	memset(job, 'x', sizeof(job));
	job[sizeof(job) - 1] = '\0';
	mark(&h, DVS_STALL, job, 1000);
	assert_true(health_unmark(&h, &rules, job, 1001));
	assert_int_equal(h.state, HEALTH_HEALTHY);
}

static void what_opens_right_after_its_wedge_keeps_a_mark_and_is_used(void **state)
{
	struct device_health h = {.state = HEALTH_HEALTHY};

	(void)state;
	assert_false(health_opened_again(&h, &rules, "a", "it opened", 1000));
	mark(&h, DVS_WEDGE, "a", 1000);
	assert_false(
		health_opened_again(&h, &rules, "b", "it opened", 1001)); /* b did not break it */
	assert_true(health_opened_again(&h, &rules, "a", "it opened", 1001));
	assert_int_equal(h.state, HEALTH_SUSPECT);
	assert_int_equal(h.n_marks, 1);
	assert_int_equal(h.n_jobs, 1);
	assert_int_equal(h.n_quarantines, 0);
	assert_int_equal(h.first_code, 507018);
	assert_string_equal(h.reason, "it opened");
	mark(&h, DVS_WEDGE, "b", 1002);
	assert_true(health_opened_again(&h, &rules, "b", "it opened", 1003)); /* the second mark */
	assert_int_equal(h.state, HEALTH_QUARANTINED);
	h = (struct device_health){.state = HEALTH_PROBATION, .n_quarantines = 1};
	mark(&h, DVS_WEDGE, "a", 1000);
	assert_false(health_opened_again(&h, &rules, "a", "it opened", 1001));
	assert_int_equal(h.state, HEALTH_QUARANTINED);
}

static void a_wedge_by_another_job_stays(void **state)
{
	struct device_health h = {.state = HEALTH_HEALTHY};

	(void)state;
	mark(&h, DVS_WEDGE, "a", 1000);
	mark(&h, DVS_WEDGE, "b", 1001);
	assert_true(health_unmark(&h, &rules, "a", 1002));
	assert_int_equal(h.state, HEALTH_QUARANTINED);
	assert_true(health_unmark(&h, &rules, "b", 1003));
	assert_int_equal(h.state, HEALTH_HEALTHY);
}

static void a_probe_can_be_due_at_once(void **state)
{
	struct device_health h = {.state = HEALTH_HEALTHY};

	(void)state;
	h.until_wall_s = 5000; /* of an earlier one */
	health_probe_now(&h, 1000);
	assert_true(h.until_wall_s == 5000);
	mark(&h, DVS_WEDGE, "a", 1000);
	assert_false(health_wants_probe(&h, 1001));
	health_probe_now(&h, 1001);
	assert_true(health_wants_probe(&h, 1001));
	health_set_aside(&h, "fan broken", INFINITY, 1002);
	health_probe_now(&h, 1003);
	assert_false(health_wants_probe(&h, 1003)); /* set by a person */
}

static void out_of_quarantine_by_two_good_probes_and_one_good_job(void **state)
{
	struct device_health h = {0};

	(void)state;
	mark(&h, DVS_WEDGE, "a", 1000);
	assert_false(health_wants_probe(&h, 1099));
	assert_true(health_wants_probe(&h, 1100));
	assert_false(health_probed(&h, &rules, true, NULL, 1100));
	assert_int_equal(h.state, HEALTH_QUARANTINED);
	assert_true(health_probed(&h, &rules, true, NULL, 1101));
	assert_int_equal(h.state, HEALTH_PROBATION);
	assert_true(health_is_usable(&h));
	assert_true(health_passed(&h, &rules, 1200));
	assert_int_equal(h.state, HEALTH_HEALTHY);
	assert_int_equal(h.n_quarantines, 0);
}

static void a_bad_probe_or_a_bad_canary_doubles_the_quarantine(void **state)
{
	struct device_health h = {0};

	(void)state;
	mark(&h, DVS_WEDGE, "a", 1000);
	health_probed(&h, &rules, true, NULL, 1100);
	health_probed(&h, &rules, false, "did not open", 1101);
	assert_true(h.until_wall_s == 1301);
	assert_int_equal(h.n_good_probes, 0);
	assert_string_equal(h.reason, "did not open");
	health_probed(&h, &rules, true, NULL, 1301);
	health_probed(&h, &rules, true, NULL, 1302);
	assert_int_equal(h.state, HEALTH_PROBATION);
	mark(&h, DVS_STALL, "b", 1400);
	assert_int_equal(h.state, HEALTH_QUARANTINED);
	assert_true(h.until_wall_s == 1800);
}

/* Twenty hanging jobs among jobs that pass do not quarantine a device. */
static void a_pass_takes_back_what_may_have_been_the_jobs_doing(void **state)
{
	struct device_health h = {.state = HEALTH_HEALTHY};

	(void)state;
	for (int i = 0; i < 20; i++) {
		mark(&h, DVS_TIMEOUT, "a", 1000 + i);
		assert_int_equal(h.state, HEALTH_SUSPECT);
		assert_true(health_passed(&h, &rules, 1000 + i));
		assert_int_equal(h.state, HEALTH_HEALTHY);
	}
	assert_int_equal(h.n_jobs, 0);
	mark(&h, DVS_LOST, "a", 1050);
	assert_true(health_passed(&h, &rules, 1051));
	assert_int_equal(h.n_marks, 0);
	mark(&h, DVS_POISON, "a", 1100);
	health_passed(&h, &rules, 1101);
	assert_int_equal(h.state, HEALTH_SUSPECT);
	mark(&h, DVS_POISON, "b", 1102);
	assert_int_equal(h.state, HEALTH_QUARANTINED);
}

static void dead_stays_dead(void **state)
{
	struct device_health h = {0};

	(void)state;
	assert_true(health_dead(&h, "pid 12 cannot be killed", 1000));
	assert_false(mark(&h, DVS_WEDGE, "a", 1001));
	assert_false(health_passed(&h, &rules, 1002));
	assert_false(health_probed(&h, &rules, true, NULL, 1003));
	assert_false(health_is_usable(&h));
	assert_false(health_wants_probe(&h, 1e9));
	assert_int_equal(h.state, HEALTH_DEAD);
}

static void what_a_person_set_aside_only_a_person_brings_back(void **state)
{
	struct device_health h = {0};
	double until_s;

	(void)state;
	mark(&h, DVS_POISON, "a", 999);
	health_set_aside(&h, "fan broken", INFINITY, 1000);
	until_s = h.until_wall_s;
	mark(&h, DVS_WEDGE, "b", 1001);
	health_probed(&h, &rules, false, "it does not open", 1002);
	assert_true(h.until_wall_s == until_s);
	health_unmark(&h, &rules, "a", 1003);
	health_unmark(&h, &rules, "b", 1003);
	assert_int_equal(h.n_marks, 0);
	assert_int_equal(h.state, HEALTH_QUARANTINED);
	assert_true(h.until_wall_s == until_s);
}

static void many_marks_push_out_the_oldest(void **state)
{
	static const struct health_rules many = {.marks = 8, .window_s = 1e9, .quarantine_s = 1};
	struct device_health h = {0};

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct health_mark m = {.wall_s = 1000 + i, .class = DVS_LOST};

		snprintf(m.job, sizeof(m.job), "a");
		health_mark(&h, &many, MARK_IF_TWO_JOBS, &m, "");
	}
	assert_int_equal(h.n_marks, HEALTH_MARKS);
	assert_true(h.marks[0].wall_s == 1012);
}

/* A job that runs on it since before may still pass. */
static void a_quarantine_keeps_what_led_to_it(void **state)
{
	struct device_health h = {.state = HEALTH_HEALTHY};

	(void)state;
	mark(&h, DVS_STALL, "a", 1000);
	mark(&h, DVS_STALL, "b", 1001);
	assert_int_equal(h.state, HEALTH_QUARANTINED);
	assert_false(health_passed(&h, &rules, 1002));
	assert_int_equal(h.n_marks, 2);
}

static void a_person_sets_it_aside_until_it_is_cleared(void **state)
{
	_cleanup_(str_done) struct str text = {0};
	struct device_health h = {.state = HEALTH_HEALTHY};

	(void)state;
	assert_true(health_set_aside(&h, "fan broken", INFINITY, 1000));
	assert_false(health_is_usable(&h));
	assert_false(health_has_end(&h));
	assert_false(health_wants_probe(&h, 4e9));
	health_add_state(&text, &h, 4e9);
	assert_string_equal(text.s, "quarantined until it is cleared");
	assert_string_equal(h.reason, "fan broken");
	assert_false(health_set_aside(&h, "lent", 7200, 1000));
	assert_true(health_has_end(&h));
	assert_true(health_wants_probe(&h, 8200));
	str_clear(&text);
	health_add_state(&text, &h, 8199);
	assert_string_equal(text.s, "quarantined until 1970-01-01T02:16:40.000Z");
	str_clear(&text);
	health_add_state(&text, &h, 8200);
	assert_string_equal(text.s, "quarantined until a probe, which is due now, succeeds");
}

static void a_long_reason_ends_where_a_character_does(void **state)
{
	_cleanup_(str_done) struct str text = {0}, out = {0};
	struct device_health h = {0};

	(void)state;
	while (text.len < 2 * sizeof(h.reason))
		str_add(&text, "é");
	health_dead(&h, text.s, 1000);
	assert_true(strlen(h.reason) < sizeof(h.reason));
	assert_string_equal(h.reason + strlen(h.reason) - 5, "é…");
	h = (struct device_health){0};
	mark(&h, DVS_STALL, "a", 1000);
	mark(&h, DVS_POISON, "b", 1001);
	health_add_reason(&out, &h);
	assert_string_equal(out.s, ": it broke (first code 507018; 2 jobs: a, b)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_marks_in_the_window_quarantine),
		cmocka_unit_test(marks_outside_the_window_are_forgotten),
		cmocka_unit_test(one_at_its_very_edge_counts),
		cmocka_unit_test(the_first_code_is_the_one_that_led_here),
		cmocka_unit_test(a_day_is_the_longest_quarantine),
		cmocka_unit_test(a_neighbour_makes_suspect_who_was_well),
		cmocka_unit_test(a_wedge_quarantines_at_once),
		cmocka_unit_test(lost_processes_count_from_the_second_job_on),
		cmocka_unit_test(wrong_results_mark_nothing),
		cmocka_unit_test(a_job_that_fails_elsewhere_too_takes_its_marks_back),
		cmocka_unit_test(a_long_name_is_cut_off_and_known),
		cmocka_unit_test(what_opens_right_after_its_wedge_keeps_a_mark_and_is_used),
		cmocka_unit_test(a_wedge_by_another_job_stays),
		cmocka_unit_test(a_probe_can_be_due_at_once),
		cmocka_unit_test(out_of_quarantine_by_two_good_probes_and_one_good_job),
		cmocka_unit_test(a_bad_probe_or_a_bad_canary_doubles_the_quarantine),
		cmocka_unit_test(a_pass_takes_back_what_may_have_been_the_jobs_doing),
		cmocka_unit_test(dead_stays_dead),
		cmocka_unit_test(what_a_person_set_aside_only_a_person_brings_back),
		cmocka_unit_test(many_marks_push_out_the_oldest),
		cmocka_unit_test(a_long_reason_ends_where_a_character_does),
		cmocka_unit_test(a_quarantine_keeps_what_led_to_it),
		cmocka_unit_test(a_person_sets_it_aside_until_it_is_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
