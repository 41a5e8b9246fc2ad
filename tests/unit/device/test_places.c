/* SPDX-License-Identifier: Apache-2.0 */
#include "device/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/unit.h"
#include "base/fs.h"

static char dir[] = "/tmp/dvs-places-XXXXXX";
static char first[64], second[64], impossible[64];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(first, sizeof(first), "%s/first", dir);
	snprintf(second, sizeof(second), "%s/second", dir);
	snprintf(impossible, sizeof(impossible), "%s/none/dir", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return fs_remove_tree(dir);
}

static void the_first_that_can_be_made_is_for_everybody(void **state)
{
	const char *const dirs[] = {first, second};
	struct error err = {0};
	struct stat st;

	(void)state;
	assert_string_equal(places_choose_shared(dirs, 2, &err), first);
	assert_int_equal(stat(first, &st), 0);
	assert_int_equal(st.st_mode & 07777, 01777);
	assert_string_equal(places_choose_shared(dirs, 2, &err), first);
	assert_false(fs_exists(second));
}

static void where_none_can_be_made_the_next_is_taken(void **state)
{
	const char *const dirs[] = {impossible, second};
	struct error err = {0};

	(void)state;
	assert_string_equal(places_choose_shared(dirs, 2, &err), second);
}

/* Two users in two places would both have the device. */
static void one_that_is_there_and_closed_is_an_error(void **state)
{
	const char *const dirs[] = {"/proc/version", second};
	struct error err = {0};

	(void)state;
	assert_null(places_choose_shared(dirs, 2, &err));
	assert_non_null(
		strstr(err.msg, "/proc/version, for locks of devices, must be a directory"));
	error_done(&err);
}

static void none_at_all_names_both_and_the_way_out(void **state)
{
	const char *const dirs[] = {impossible, impossible};
	struct error err = {0};

	(void)state;
	assert_null(places_choose_shared(dirs, 2, &err));
	assert_non_null(strstr(err.msg, impossible));
	assert_non_null(strstr(err.msg, "$DVSCHED_LOCK_DIR names another: No such file"));
	error_done(&err);
}

static void the_environment_goes_first(void **state)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct error err = {0};

	(void)state;
	setenv("DVSCHED_LOCK_DIR", second, 1);
	assert_string_equal(places_lock_dir(mem, &err), second);
	setenv("DVSCHED_LOCK_DIR", "/proc/version/x", 1);
	assert_null(places_lock_dir(mem, &err));
	assert_non_null(strstr(err.msg, "cannot make $DVSCHED_LOCK_DIR, /proc/version/x"));
	error_done(&err);
	setenv("DVSCHED_STATE_DIR", second, 1);
	assert_string_equal(places_state_dir(mem), second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_can_be_made_is_for_everybody),
		cmocka_unit_test(where_none_can_be_made_the_next_is_taken),
		cmocka_unit_test(one_that_is_there_and_closed_is_an_error),
		cmocka_unit_test(none_at_all_names_both_and_the_way_out),
		cmocka_unit_test(the_environment_goes_first),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
