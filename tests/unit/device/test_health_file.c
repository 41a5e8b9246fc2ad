/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a device's health: shared by processes, moved, damaged. */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/health/health.h"
#include "../base/unit.h"
#include "base/fs.h"
#include "health_tests.h"

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

/* Any member of the directory's group can make a file there. */
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
	assert_string_equal(ret.reason, "newer"); /* the existing file stays */
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

static unsigned n_waits;

/* Replaces the function of the C library, in which errno_wait_out() sleeps. */
int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	(void)fds, (void)n, (void)timeout_ms;
	n_waits++;
	return 0;
}

static void a_load_does_not_wait_for_descriptors(void **state)
{
	char dir[] = "/tmp/dvsched-health-XXXXXX";
	struct device_health h = {0};
	struct error err = {0};
	struct rlimit was, none;
	int rc;

	(void)state;
	assert_non_null(mkdtemp(dir));
	mark(&h, DVS_STALL, "a", 1000);
	assert_int_equal(health_store(dir, "sim", 3, &h, &err), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	n_waits = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	rc = health_load(dir, "sim", 3, &h, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(rc, -1);
	assert_int_equal(n_waits, 0);
	error_done(&err);
	fs_remove_tree(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_comes_back_from_disk_as_it_was),
		cmocka_unit_test(a_load_does_not_wait_for_descriptors),
		cmocka_unit_test(two_processes_lose_no_mark_of_each_other),
		cmocka_unit_test(what_is_no_file_of_a_lock_holds_up_nobody),
		cmocka_unit_test(who_keeps_a_lock_is_not_waited_for_for_ever),
		cmocka_unit_test(what_the_machine_sets_aside_counts_until_its_time_is_over),
		cmocka_unit_test(what_was_our_own_moves_to_the_machines),
		cmocka_unit_test(a_link_is_no_health),
		cmocka_unit_test(a_file_that_is_not_ours_is_reported_and_counts_as_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
