/* SPDX-License-Identifier: Apache-2.0 */
#include "device/health/places.h"

#include <pwd.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/unit.h"
#include "base/fs.h"

static char dir[] = "/tmp/dvs-places-XXXXXX";
static char first[64], second[64], impossible[64], open_to_all[64], link_to[64], machine[64];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(first, sizeof(first), "%s/first", dir);
	snprintf(second, sizeof(second), "%s/second", dir);
	snprintf(open_to_all, sizeof(open_to_all), "%s/open", dir);
	snprintf(link_to, sizeof(link_to), "%s/link", dir);
	snprintf(machine, sizeof(machine), "%s/machine", dir);
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

/* With two directories, two users could lock the same device. */
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

/* A directory of a test, with these rights; as another user if we are root. */
static void make(const char *path, mode_t mode)
{
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void one_that_anybody_could_change_is_an_error(void **state)
{
	const char *const dirs[] = {open_to_all};
	struct error err = {0};

	(void)state;
	make(open_to_all, 0777);
	assert_null(places_choose_shared(dirs, 1, &err));
	assert_non_null(strstr(err.msg, "is open to all users without the sticky bit"));
	assert_non_null(strstr(err.msg, "`chmod +t`"));
	error_done(&err);
	chmod(open_to_all, 02775);
	assert_string_equal(places_choose_shared(dirs, 1, &err), open_to_all);
	chmod(open_to_all, 0777);
	assert_string_equal(places_choose_state(open_to_all, first, false).dir, first);
}

static void a_link_is_not_followed(void **state)
{
	const char *const dirs[] = {link_to, second};
	struct error err = {0};

	(void)state;
	assert_int_equal(symlink(dir, link_to), 0);
	assert_null(places_choose_shared(dirs, 2, &err));
	assert_non_null(strstr(err.msg, "must not be a link"));
	error_done(&err);
	assert_string_equal(places_choose_state(link_to, first, false).dir, first);
}

static void health_is_the_machines_where_we_may_write(void **state)
{
	struct state_places p;

	(void)state;
	p = places_choose_state(impossible, first, true); /* root makes it */
	assert_string_equal(p.dir, impossible);
	assert_null(p.machine_dir);
	p = places_choose_state(impossible, first, false);
	assert_string_equal(p.dir, first);
	assert_null(p.machine_dir);
	make(machine, 0755);
	p = places_choose_state(machine, first, false);
	assert_string_equal(p.dir, machine);
	assert_null(p.machine_dir);
	assert_string_equal(p.old_dir, first); /* existing files are moved */
}

/* In a separate process, as a user who is in none of our groups. */
static int as_nobody(int (*ask)(void))
{
	pid_t child;
	int status;

	assert_int_equal(chmod(dir, 0755), 0);
	child = fork();
	if (child == 0)
		_exit(setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0 ? 77
										       : ask());
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int ask_without_rights(void)
{
	const char *const dirs[] = {machine};
	struct state_places p = places_choose_state(machine, second, false);
	struct error err = {0};

	if (strcmp(p.dir, second) != 0 || !p.machine_dir || strcmp(p.machine_dir, machine) != 0 ||
	    p.old_dir)
		return 1;
	if (places_choose_shared(dirs, 1, &err))
		return 2;
	if (!strstr(err.msg, "you may not write into ") || !strstr(err.msg, "$DVSCHED_LOCK_DIR"))
		return 3;
	return strstr(err.msg, "`chgrp GROUP` and `chmod 2775`") ? 0 : 4;
}

static int ask_beside_a_group(void)
{
	const char *const dirs[] = {machine};
	struct error err = {0};

	if (places_choose_shared(dirs, 1, &err))
		return 1;
	return strstr(err.msg, "its group may: `usermod -aG root nobody` by root") ? 0 : 2;
}

static void our_own_place_is_in_our_home(void **state)
{
	struct arena *mem = arena_new();
	const struct passwd *p = getpwuid(geteuid());
	const char *without;

	(void)state;
	unsetenv("XDG_STATE_HOME");
	assert_string_equal(places_own_state_dir(mem, "/h"), "/h/.local/state/dvsched");
	without = places_own_state_dir(mem, NULL);
	assert_string_equal(without, places_own_state_dir(mem, ""));
	assert_string_equal(without, path_join(mem, p ? p->pw_dir : "/", ".local/state/dvsched"));
	setenv("XDG_STATE_HOME", "/x", 1);
	assert_string_equal(places_own_state_dir(mem, "/h"), "/x/dvsched");
	unsetenv("XDG_STATE_HOME");
	arena_free(mem);
}

static void missing_rights_are_reported_with_a_remedy(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(as_nobody(ask_without_rights), 0);
	assert_int_equal(chmod(machine, 02775), 0);
	assert_int_equal(as_nobody(ask_beside_a_group), 0);
}

static void a_group_may_write_whatever_the_umask(void **state)
{
	mode_t old = umask(0077);
	char sub[96], deep[128], file[160];
	struct error err = {0};
	struct stat st;

	(void)state;
	snprintf(sub, sizeof(sub), "%s/shared", dir);
	snprintf(deep, sizeof(deep), "%s/sim", sub);
	snprintf(file, sizeof(file), "%s/dev0.json", deep);
	make(sub, 02775);
	assert_int_equal(fs_mkdirs_shared(deep), 0);
	assert_int_equal(fs_replace_shared(file, "x", 1, &err), 0);
	umask(old);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 07777, 02775);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0664);
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
	assert_string_equal(places_state(mem).dir, second);
	assert_null(places_state(mem).machine_dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_can_be_made_is_for_everybody),
		cmocka_unit_test(where_none_can_be_made_the_next_is_taken),
		cmocka_unit_test(one_that_is_there_and_closed_is_an_error),
		cmocka_unit_test(none_at_all_names_both_and_the_way_out),
		cmocka_unit_test(one_that_anybody_could_change_is_an_error),
		cmocka_unit_test(a_link_is_not_followed),
		cmocka_unit_test(health_is_the_machines_where_we_may_write),
		cmocka_unit_test(our_own_place_is_in_our_home),
		cmocka_unit_test(missing_rights_are_reported_with_a_remedy),
		cmocka_unit_test(a_group_may_write_whatever_the_umask),
		cmocka_unit_test(the_environment_goes_first),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
