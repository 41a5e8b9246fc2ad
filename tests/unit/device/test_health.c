/* SPDX-License-Identifier: Apache-2.0 */
#include "device/health/health.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/unit.h"
#include "base/fs.h"

static const struct health_rules rules = {.marks = 2, .window_s = 600, .quarantine_s = 100};

static bool mark(struct device_health *h, enum dvs_class class, const char *job, double at)
{
	struct health_mark m = {.wall_s = at, .class = class, .code = 507018};

	snprintf(m.job, sizeof(m.job), "%.*s", (int)sizeof(m.job) - 1, job);
	return health_mark(h, &rules, device_class_fate(class)->mark, &m, "it broke");
}

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
	assert_false(health_opened_again(&h, &rules, "b", "it opened", 1001)); /* not its doing */
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
	assert_false(health_wants_probe(&h, 1003)); /* a person has said so */
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

/* Twenty jobs that hang, among others that pass, cost no device. */
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

static void it_comes_back_from_disk_as_it_was(void **state)
{
	char dir[] = "/tmp/dvsched-health-XXXXXX";
	struct device_health h = {0}, back;
	struct error err = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	mark(&h, DVS_STALL, "a \"b\"", 1000.5);
	mark(&h, DVS_POISON, "c", 1001);
	assert_int_equal(health_store(dir, "/x/libnpu.so", 3, &h, &err), 0);
	assert_int_equal(health_load(dir, "/x/libnpu.so", 3, &back, &err), 0);
	assert_memory_equal(&h, &back, sizeof(h));
	assert_int_equal(health_load(dir, "sim", 3, &back, &err),
			 0); /* another driver's device 3 */
	assert_int_equal(back.state, HEALTH_UNKNOWN);
	assert_int_equal(health_clear(dir, "/x/libnpu.so", 3, &err), 0);
	assert_int_equal(health_load(dir, "/x/libnpu.so", 3, &back, &err), 0);
	assert_int_equal(back.state, HEALTH_UNKNOWN);
	assert_int_equal(fs_remove_tree(dir), 0);
}

enum { MARKS_EACH = 100 };

static void mark_often(const char *dir)
{
	struct device_health h;
	struct error err = {0};

	for (int i = 0; i < MARKS_EACH; i++) {
		int lock = health_lock(dir, "sim", 3, 1000);

		if (lock < 0 || health_load(dir, "sim", 3, &h, &err) < 0)
			_exit(1);
		mark(&h, DVS_STALL, "a", 1000);
		if (health_store(dir, "sim", 3, &h, &err) < 0)
			_exit(1);
		close(lock);
	}
}

static void two_processes_lose_no_mark_of_each_other(void **state)
{
	char dir[] = "/tmp/dvsched-health-XXXXXX";
	struct device_health h;
	struct error err = {0};
	int status;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	pid = fork();
	if (pid == 0) {
		mark_often(dir);
		_exit(0);
	}
	mark_often(dir);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(health_load(dir, "sim", 3, &h, &err), 0);
	assert_int_equal(h.n_jobs, 2 * MARKS_EACH);
	assert_int_equal(health_lock("/proc/nowhere", "sim", 3, 1000), -1);
	fs_remove_tree(dir);
}

/* Any member of the directory's group can make what stands there. */
static void what_is_no_file_of_a_lock_holds_up_nobody(void **state)
{
	char dir[] = "/tmp/dvsched-health-XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sim-3.json.lock", dir);
	assert_int_equal(mkfifo(path, 0666), 0);
	assert_int_equal(health_lock(dir, "sim", 3, 1000), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0777), 0);
	assert_int_equal(health_lock(dir, "sim", 3, 1000), -1);
	fs_remove_tree(dir);
}

static void who_keeps_a_lock_is_not_waited_for_for_ever(void **state)
{
	char dir[] = "/tmp/dvsched-health-XXXXXX";
	int lock;

	(void)state;
	assert_non_null(mkdtemp(dir));
	lock = health_lock(dir, "sim", 3, 1000);
	assert_true(lock >= 0);
	assert_int_equal(health_lock(dir, "sim", 3, 0), -1);
	assert_int_equal(health_lock(dir, "sim", 3, 2), -1);
	close(lock);
	fs_remove_tree(dir);
}

static void what_the_machine_sets_aside_counts_until_its_time_is_over(void **state)
{
	char own[] = "/tmp/dvsched-health-XXXXXX", machine[] = "/tmp/dvsched-health-XXXXXX";
	struct device_health h = {0}, ret;
	struct error err = {0};

	(void)state;
	assert_non_null(mkdtemp(own));
	assert_non_null(mkdtemp(machine));
	assert_int_equal(health_load_both(own, machine, "sim", 1, 1000, &ret, &err), 0);
	assert_int_equal(ret.state, HEALTH_UNKNOWN);
	health_set_aside(&h, "fan broken", 60, 1000);
	assert_int_equal(health_store(machine, "sim", 1, &h, &err), 0);
	assert_int_equal(health_load_both(own, machine, "sim", 1, 1059, &ret, &err), 0);
	assert_int_equal(ret.state, HEALTH_QUARANTINED);
	assert_string_equal(ret.reason, "fan broken");
	assert_int_equal(health_load_both(own, NULL, "sim", 1, 1059, &ret, &err), 0);
	assert_int_equal(ret.state, HEALTH_UNKNOWN);
	assert_int_equal(health_load_both(own, machine, "sim", 1, 1061, &ret, &err), 0);
	assert_int_equal(ret.state, HEALTH_UNKNOWN); /* its time is over */
	h = (struct device_health){.state = HEALTH_SUSPECT};
	assert_int_equal(health_store(machine, "sim", 1, &h, &err), 0);
	assert_int_equal(health_load_both(own, machine, "sim", 1, 1000, &ret, &err), 0);
	assert_int_equal(ret.state, HEALTH_UNKNOWN); /* not set aside */
	health_dead(&h, "it hangs", 1000);
	assert_int_equal(health_store(machine, "sim", 1, &h, &err), 0);
	assert_int_equal(health_load_both(own, machine, "sim", 1, 1e9, &ret, &err), 0);
	assert_int_equal(ret.state, HEALTH_DEAD);
	fs_remove_tree(own);
	fs_remove_tree(machine);
}

static void what_was_our_own_moves_to_the_machines(void **state)
{
	char own[] = "/tmp/dvsched-health-XXXXXX", machine[] = "/tmp/dvsched-health-XXXXXX";
	struct device_health old = {0}, newer = {0}, ret;
	struct error err = {0};

	(void)state;
	assert_non_null(mkdtemp(own));
	assert_non_null(mkdtemp(machine));
	health_set_aside(&old, "old", INFINITY, 1000);
	health_set_aside(&newer, "newer", INFINITY, 2000);
	assert_int_equal(health_store(own, "sim", 1, &old, &err), 0);
	assert_int_equal(health_store(own, "sim", 2, &old, &err), 0);
	assert_int_equal(health_store(machine, "sim", 2, &newer, &err), 0);
	health_move(own, machine);
	assert_int_equal(health_load(machine, "sim", 1, &ret, &err), 0);
	assert_string_equal(ret.reason, "old");
	assert_int_equal(health_load(machine, "sim", 2, &ret, &err), 0);
	assert_string_equal(ret.reason, "newer"); /* what is there stays */
	assert_int_equal(health_load(own, "sim", 1, &ret, &err), 0);
	assert_int_equal(ret.state, HEALTH_UNKNOWN);
	health_move("/nowhere", machine);
	fs_remove_tree(own);
	fs_remove_tree(machine);
}

static void a_link_is_no_health(void **state)
{
	char dir[] = "/tmp/dvsched-health-XXXXXX", path[128];
	struct device_health h = {.state = HEALTH_SUSPECT};
	struct error err = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(health_store(dir, "sim", 1, &h, &err), 0);
	snprintf(path, sizeof(path), "%s/sim-2.json", dir);
	assert_int_equal(symlink("sim-1.json", path), 0);
	assert_int_equal(health_load(dir, "sim", 2, &h, &err), -1);
	assert_non_null(strstr(err.msg, "is not a file of dvsched"));
	error_done(&err);
	assert_int_equal(health_store(dir, "sim", 2, &h, &err), 0); /* in the place of the link */
	assert_int_equal(health_load(dir, "sim", 1, &h, &err), 0);
	assert_int_equal(h.state, HEALTH_SUSPECT);
	fs_remove_tree(dir);
}

static void a_file_that_is_not_ours_is_reported_and_counts_as_unknown(void **state)
{
	char dir[] = "/tmp/dvsched-health-XXXXXX", path[128];
	static const char *const texts[] = {"", "{", "[]", "{\"state\":\"sleepy\"}", "null"};
	struct device_health h;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sim-0.json", dir);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct error err = {0};

		assert_int_equal(fs_write_atomic(path, texts[i], strlen(texts[i]), &err), 0);
		assert_int_equal(health_load(dir, "sim", 0, &h, &err), -1);
		assert_non_null(strstr(err.msg, "chips clear"));
		assert_int_equal(h.state, HEALTH_UNKNOWN);
		error_done(&err);
	}
	assert_int_equal(fs_remove_tree(dir), 0);
}

/* A job that was there before may still pass. */
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
		cmocka_unit_test(it_comes_back_from_disk_as_it_was),
		cmocka_unit_test(two_processes_lose_no_mark_of_each_other),
		cmocka_unit_test(what_is_no_file_of_a_lock_holds_up_nobody),
		cmocka_unit_test(who_keeps_a_lock_is_not_waited_for_for_ever),
		cmocka_unit_test(what_the_machine_sets_aside_counts_until_its_time_is_over),
		cmocka_unit_test(what_was_our_own_moves_to_the_machines),
		cmocka_unit_test(a_link_is_no_health),
		cmocka_unit_test(a_file_that_is_not_ours_is_reported_and_counts_as_unknown),
		cmocka_unit_test(a_long_reason_ends_where_a_character_does),
		cmocka_unit_test(a_quarantine_keeps_what_led_to_it),
		cmocka_unit_test(a_person_sets_it_aside_until_it_is_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
