/* SPDX-License-Identifier: Apache-2.0 */
#include "device/worker/board.h"

#include <fcntl.h>
#include <unistd.h>

#include "../base/unit.h"

static void what_one_side_writes_the_other_reads(void **state)
{
	struct error err = {0};
	int fd = -1;
	struct board *ours = board_new(&fd, &err), *theirs;

	(void)state;
	assert_non_null(ours);
	theirs = board_map(fd, &err);
	assert_non_null(theirs);
	atomic_store(&theirs->call, CALL_POLL);
	assert_int_equal(atomic_load(&ours->call), CALL_POLL);
	board_free(theirs);
	board_free(ours);
	close(fd);
}

static void a_worker_cannot_shrink_it(void **state)
{
	struct error err = {0};
	int fd = -1;
	struct board *b = board_new(&fd, &err);

	(void)state;
	assert_non_null(b);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	board_free(b);
	close(fd);
}

static void anything_else_is_refused(void **state)
{
	struct error err = {0};
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_null(board_map(fd, &err));
	assert_string_not_equal(err.msg, "");
	error_done(&err);
	close(fd);
	assert_null(board_map(-1, &err));
	error_done(&err);
}

static void every_phase_and_call_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < PHASE_COUNT; i++)
		assert_string_not_equal(board_phase_name((enum run_phase)i), "?");
	for (int i = 0; i < CALL_COUNT; i++)
		assert_string_not_equal(board_call_name((enum driver_call)i), "?");
	assert_string_equal(board_phase_name(PHASE_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_side_writes_the_other_reads),
		cmocka_unit_test(a_worker_cannot_shrink_it),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(every_phase_and_call_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
