/* SPDX-License-Identifier: Apache-2.0 */
/* A device worker with a real process and a driver that does what it is told. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/unit.h"
#include "base/fs.h"
#include "base/mem.h"
#include "device/device_class.h"
#include "worker_bed.h"

static int setup(void **state)
{
	*state = worker_bed_new();
	return 0;
}

static int teardown(void **state)
{
	worker_bed_free(*state);
	return 0;
}

static void assert_ended(const struct device_result *r, enum dvs_class class, enum driver_call call)
{
	if (r->class != class || r->call != call)
		print_error("%s in %s: %s\n", device_class_name(r->class), board_call_name(r->call),
			    r->verdict.message ? r->verdict.message : "-");
	assert_int_equal(r->class, class);
	assert_int_equal(r->call, call);
	assert_int_equal(r->verdict.status, device_class_fate(class)->status);
	assert_int_equal(r->verdict.reason, device_class_fate(class)->reason);
	assert_int_equal(r->verdict.is_uncharged, !device_class_fate(class)->is_charged);
}

static void a_run_that_finishes_passes(void **state)
{
	struct worker_bed *b = *state;
	const struct device_result *r;
	char *log;

	worker_bed_open(b, 0, "{}");
	assert_true(device_worker_is_idle(b->ranks[0].worker));
	r = worker_bed_run(b, "{\"print\": \"hello\", \"polls\": 3}");
	assert_ended(r, DVS_OK, CALL_NONE);
	assert_int_equal(r->phase, PHASE_FINISHED);
	assert_null(r->text);
	for (unsigned i = PHASE_TAKEN; i <= PHASE_FINISHED; i++)
		assert_true(r->stamp_ns[i] >= r->stamp_ns[i - 1] && r->stamp_ns[i]);
	assert_true(r->verdict.start_wall_s > 1e9);
	assert_int_equal(r->verdict.pid, device_worker_pid(b->ranks[0].worker));
	log = worker_bed_log(b->log);
	assert_string_equal(log, "hello\nfinished\n");
	free(log);
	log = worker_bed_read(b->ranks[0].own_log);
	assert_string_equal(log, "device 0 is open\ninfo: opened\n");
	free(log);
	assert_true(device_worker_is_idle(b->ranks[0].worker));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_that_finishes_passes, setup, teardown),
	};

	worker_bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
