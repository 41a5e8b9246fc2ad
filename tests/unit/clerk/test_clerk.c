/* SPDX-License-Identifier: Apache-2.0 */
/* The clerk with its real process, which is this program in another mode. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "clerk/clerk.h"

enum { NOBODY = 65532 }; /* a user that has no files */

struct bed {
	char root[64];
	struct ev_loop *loop;
	struct clerk *clerk;
	unsigned n_problems;
	struct free_space_disk disk; /* the last answer, and its path */
	char of[64];
	char problem[512];
	pid_t died, next; /* of the last end */
};

static void on_problem(void *ctx, const char *text)
{
	struct bed *b = ctx;

	b->n_problems++;
	snprintf(b->problem, sizeof(b->problem), "%s", text);
}

static void start(struct bed *b)
{
	struct error err = {0};

	b->clerk = clerk_new(b->loop, b->root, on_problem, b, &err);
	assert_non_null(b->clerk);
}

static int set_up(void **state)
{
	struct bed *b = xcalloc(1, sizeof(*b));

	strcpy(b->root, "/tmp/dvsched-clerk-XXXXXX");
	assert_non_null(mkdtemp(b->root));
	b->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	start(b);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *b = *state;

	clerk_free(b->clerk);
	ev_loop_destroy(b->loop);
	fs_remove_tree(b->root);
	free(b);
	return 0;
}

/* Returns when all requests are done. */
static void finish(struct bed *b)
{
	clerk_free(b->clerk);
	b->clerk = NULL;
}

static char *at(const struct bed *b, const char *name)
{
	return xasprintf("%s/%s", b->root, name);
}

static bool is_link_to(const struct bed *b, const char *name, const char *target)
{
	_cleanup_(freep) char *path = at(b, name);
	char text[256] = {0};

	return readlink(path, text, sizeof(text) - 1) >= 0 && strcmp(text, target) == 0;
}

static bool exists(const struct bed *b, const char *name)
{
	_cleanup_(freep) char *path = at(b, name);

	return fs_exists(path);
}

static void reset(struct bed *b, const char *name)
{
	_cleanup_(freep) char *path = at(b, name);

	clerk_reset_dir(b->clerk, path);
}

static void a_link_stands_in_the_group_that_was_named_last(void **state)
{
	struct bed *b = *state;

	reset(b, "running");
	reset(b, "passed");
	clerk_set_link(b->clerk, b->root, "running", "a", "/odir/a");
	clerk_set_link(b->clerk, b->root, "running", "b", "/odir/b");
	clerk_set_link(b->clerk, b->root, "passed", "a", "/odir/a");
	finish(b);
	assert_true(is_link_to(b, "passed/a", "/odir/a"));
	assert_false(exists(b, "running/a"));
	assert_true(is_link_to(b, "running/b", "/odir/b"));
	assert_int_equal(b->n_problems, 0);
}

static void nothing_is_left_of_a_directory_that_is_trashed(void **state)
{
	struct bed *b = *state;
	_cleanup_(freep) char *path = at(b, "passed");

	reset(b, "passed");
	clerk_set_link(b->clerk, b->root, "passed", "a", "/odir/a");
	clerk_trash(b->clerk, path);
	clerk_set_link(b->clerk, b->root, "failed", "a", "/odir/a");
	finish(b);
	assert_false(exists(b, "passed"));
	assert_true(is_link_to(b, "failed/a", "/odir/a"));
	assert_int_equal(b->n_problems, 0);
}

/* The second clerk does not know the first one's links, as after a crash. */
static void a_link_that_is_there_already_is_replaced(void **state)
{
	struct bed *b = *state;

	clerk_set_link(b->clerk, b->root, "passed", "a", "/old");
	finish(b);
	start(b);
	clerk_set_link(b->clerk, b->root, "passed", "a", "/new");
	finish(b);
	assert_true(is_link_to(b, "passed/a", "/new"));
}

static void a_link_that_moves_after_it_was_made_leaves_its_old_place(void **state)
{
	struct bed *b = *state;

	clerk_set_link(b->clerk, b->root, "running", "a", "/a");
	/* A request in between makes the first link. */
	reset(b, "failed");
	clerk_set_link(b->clerk, b->root, "failed", "a", "/a");
	clerk_set_link(b->clerk, b->root, NULL, "b", "/b");
	finish(b);
	assert_true(is_link_to(b, "failed/a", "/a"));
	assert_false(exists(b, "running/a"));
}

static void a_reset_directory_is_empty_and_what_was_in_it_is_removed(void **state)
{
	struct bed *b = *state;
	_cleanup_(freep) char *dir = at(b, "passed"), *file = at(b, "passed/old");
	struct error err = {0};

	assert_int_equal(mkdir(dir, 0777), 0);
	assert_int_equal(fs_write_atomic(file, "x", 1, &err), 0);
	reset(b, "passed");
	finish(b);
	assert_true(exists(b, "passed"));
	assert_false(exists(b, "passed/old"));
}

/* 20 entries of the user who runs the clerk, each with a directory; every third one has a file of
 * root.
 */
static void make_mixed_trash(const struct bed *b)
{
	_cleanup_(freep) char *own = at(b, ".dvsched"), *trash = at(b, ".dvsched/trash");
	struct error err = {0};

	assert_int_equal(fs_mkdirs(trash, 0755), 0);
	assert_int_equal(chown(b->root, NOBODY, NOBODY) | chown(own, NOBODY, NOBODY) |
				 chown(trash, NOBODY, NOBODY),
			 0);
	for (unsigned i = 0; i < 20; i++) {
		_cleanup_(freep) char *entry = xasprintf("%s/%u", trash, i);
		_cleanup_(freep) char *sub = xasprintf("%s/sub", entry);
		_cleanup_(freep) char *file = xasprintf("%s/file", sub);

		assert_int_equal(fs_mkdirs(sub, 0755), 0);
		assert_int_equal(fs_write_atomic(file, "x", 1, &err), 0);
		assert_int_equal(chown(entry, NOBODY, NOBODY), 0);
		if (i % 3)
			assert_int_equal(chown(sub, NOBODY, NOBODY), 0);
	}
}

static void what_cannot_be_removed_from_the_trash_is_reported_and_keeps_nothing_else(void **state)
{
	struct bed *b = *state;

	if (geteuid() != 0)
		skip();
	clerk_free(b->clerk);
	make_mixed_trash(b);
	assert_int_equal(seteuid(NOBODY), 0);
	start(b);
	clerk_give_to_trash(b->clerk, 600);
	finish(b);
	assert_int_equal(seteuid(0), 0);
	for (unsigned i = 0; i < 20; i++) {
		char name[32];

		snprintf(name, sizeof(name), ".dvsched/trash/%u", i);
		assert_int_equal(exists(b, name), i % 3 == 0);
	}
	assert_int_equal(b->n_problems, 1);
	assert_non_null(strstr(b->problem, "/.dvsched/trash/"));
	assert_non_null(strstr(b->problem, "cannot be removed (Permission denied): "));
}

static void what_others_put_into_the_trash_is_removed_at_the_end(void **state)
{
	struct bed *b = *state;
	struct error err = {0};

	for (unsigned i = 0; i < 30; i++) {
		_cleanup_(freep) char *dir = xasprintf("%s/.dvsched/trash/1.%u/sub", b->root, i);
		_cleanup_(freep) char *file = xasprintf("%s/x", dir);

		assert_int_equal(fs_mkdirs(dir, 0777), 0);
		assert_int_equal(fs_write_atomic(file, "x", 1, &err), 0);
	}
	clerk_give_to_trash(b->clerk, 600);
	clerk_finish(b->clerk);
	assert_true(exists(b, ".dvsched/trash"));
	finish(b);
	assert_false(exists(b, ".dvsched/trash/1.0"));
	assert_false(exists(b, ".dvsched/trash/1.29"));
	assert_int_equal(b->n_problems, 0);
}

static void a_reset_of_a_link_does_not_follow_it(void **state)
{
	struct bed *b = *state;
	_cleanup_(freep) char *precious = at(b, "precious"), *file = at(b, "precious/x"),
			      *link = at(b, "passed");
	struct error err = {0};

	assert_int_equal(mkdir(precious, 0777), 0);
	assert_int_equal(fs_write_atomic(file, "x", 1, &err), 0);
	assert_int_equal(symlink(precious, link), 0);
	reset(b, "passed");
	finish(b);
	assert_true(exists(b, "precious/x"));
	assert_true(fs_is_dir(link));
	assert_false(exists(b, "passed/x"));
}

static void nothing_outside_the_root_is_touched(void **state)
{
	struct bed *b = *state;
	char outside[] = "/tmp/dvsched-outside-XXXXXX";
	_cleanup_(freep) char *link = at(b, "out"), *inner = NULL;

	assert_non_null(mkdtemp(outside));
	assert_int_equal(symlink(outside, link), 0);
	inner = xasprintf("%s/sub", link);
	clerk_reset_dir(b->clerk, outside);
	clerk_reset_dir(b->clerk, "/tmp/../tmp/x");
	clerk_reset_dir(b->clerk, inner);
	clerk_set_link(b->clerk, link, "passed", "a", "/a");
	clerk_set_link(b->clerk, b->root, "..", "a", "/a");
	clerk_set_link(b->clerk, b->root, "passed", "../a", "/a");
	finish(b);
	assert_false(exists(b, "a"));
	assert_int_equal(rmdir(outside), 0); /* still there, still empty */
	assert_true(b->n_problems >= 3);
}

/* Its place is looked at again each time: jobs may have changed it meanwhile. */
static void directories_that_became_links_are_not_followed(void **state)
{
	struct bed *b = *state;
	char outside[] = "/tmp/dvsched-outside-XXXXXX";
	_cleanup_(freep) char *link = at(b, "passed"), *was = at(b, "was"), *trash = NULL;
	_cleanup_(freep) char *precious = NULL, *real = at(b, ".dvsched/trash");

	assert_non_null(mkdtemp(outside));
	precious = xasprintf("%s/x", outside);
	trash = xasprintf("%s/1.1", outside);
	assert_int_equal(symlink("/a", precious), 0);
	assert_int_equal(mkdir(trash, 0777), 0);
	clerk_set_link(b->clerk, b->root, "passed", "x", "/a");
	finish(b);
	start(b);
	assert_true(exists(b, "passed/x"));
	clerk_set_link(b->clerk, b->root, "passed", "x", "/a");
	assert_int_equal(rename(link, was), 0);
	assert_int_equal(symlink(outside, link), 0);
	clerk_set_link(b->clerk, b->root, "failed", "x", "/a");
	assert_int_equal(fs_mkdirs(real, 0777), 0);
	assert_int_equal(rmdir(real), 0);
	assert_int_equal(symlink(outside, real), 0);
	clerk_give_to_trash(b->clerk, 600);
	clerk_finish(b->clerk);
	finish(b);
	assert_true(is_link_to(b, "failed/x", "/a"));
	assert_true(fs_exists(precious));
	assert_int_equal(rmdir(trash), 0);
	unlink(precious);
	assert_int_equal(rmdir(outside), 0);
}

static void a_problem_is_reported_once_for_its_place(void **state)
{
	struct bed *b = *state;
	_cleanup_(freep) char *file = at(b, "passed");
	struct error err = {0};

	assert_int_equal(fs_write_atomic(file, "x", 1, &err), 0);
	for (unsigned i = 0; i < 50; i++) {
		char name[16];

		snprintf(name, sizeof(name), "j%u", i);
		clerk_set_link(b->clerk, b->root, "passed", name, "/a");
	}
	finish(b);
	assert_int_equal(b->n_problems, 1);
	assert_non_null(strstr(b->problem, "passed"));
}

static void ten_thousand_links_are_all_there_at_the_end(void **state)
{
	struct bed *b = *state;
	char name[16];

	for (unsigned i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "j%u", i);
		clerk_set_link(b->clerk, b->root, "running", name, "/a");
		clerk_set_link(b->clerk, b->root, "passed", name, "/a");
	}
	finish(b);
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "passed/j%u", i);
		assert_true(is_link_to(b, name, "/a"));
	}
}

/* Of this process: the clerk is the only one. */
static pid_t only_child(void)
{
	char path[64];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	f = fopen(path, "re");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	fclose(f);
	return pid;
}

static void a_clerk_that_is_stopped_still_finishes(void **state)
{
	struct bed *b = *state;

	kill(only_child(), SIGSTOP);
	reset(b, "passed");
	clerk_set_link(b->clerk, b->root, "passed", "a", "/odir/a");
	finish(b);
	assert_true(is_link_to(b, "passed/a", "/odir/a"));
	assert_int_equal(b->n_problems, 0);
}

static void a_silent_clerk_is_killed_and_reported(void **state)
{
	struct bed *b = *state;
	struct error err = {0};

	finish(b);
	setenv("DVSCHED_TEST_DEAF", "1", 1);
	b->clerk = clerk_new(b->loop, b->root, on_problem, b, &err);
	unsetenv("DVSCHED_TEST_DEAF");
	assert_non_null(b->clerk);
	clerk_hurry(b->clerk);
	clerk_finish(b->clerk);
	finish(b); /* does not wait for it again */
	assert_int_equal(b->n_problems, 1);
	assert_non_null(strstr(b->problem, ") did not finish, and was killed: "));
}

static void on_space(void *ctx, const char *path, const struct free_space_disk *disk)
{
	struct bed *b = ctx;

	b->disk = *disk;
	snprintf(b->of, sizeof(b->of), "%s", path);
	ev_break(b->loop, EVBREAK_ONE);
}

static void a_clerk_that_dies_while_it_finishes_is_replaced(void **state)
{
	struct bed *b = *state;
	pid_t first = only_child();
	_cleanup_(freep) char *text = xasprintf("the clerk (pid %d) died: signal 9; ", (int)first);

	reset(b, "passed");
	clerk_set_link(b->clerk, b->root, "passed", "a", "/odir/a");
	kill(first, SIGKILL);
	finish(b);
	assert_int_equal(b->n_problems, 1);
	assert_non_null(strstr(b->problem, text));
	assert_true(is_link_to(b, "passed/a", "/odir/a"));
}

static void a_clerk_that_cannot_be_replaced_at_the_end_is_missed(void **state)
{
	struct bed *b = *state;
	_cleanup_(freep) char *path = at(b, "missing");
	struct rlimit was, few;

	reset(b, "passed");
	clerk_sync(b->clerk, path);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	few = was;
	few.rlim_cur = 3;
	kill(only_child(), SIGKILL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	finish(b);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(b->n_problems, 2);
	assert_non_null(strstr(b->problem, "missing cannot be synced: "));
	assert_false(exists(b, "passed"));
}

/* As at the start of a run while the machine is short of descriptors. */
static void a_clerk_that_never_could_start_closes_nothing(void **state)
{
	struct bed *b = *state;
	struct rlimit was, few;

	finish(b);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	few = was;
	few.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	start(b);
	assert_true(clerk_is_gone(b->clerk));
	clerk_set_link(b->clerk, b->root, "passed", "a", "/odir/a");
	finish(b);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	assert_int_equal(b->n_problems, 1);
	assert_non_null(strstr(b->problem, "the clerk cannot be started ("));
}

static void on_died(void *ctx, const struct clerk_end *end)
{
	struct bed *b = ctx;

	assert_string_equal(end->how, "died: signal 9");
	b->died = end->pid;
	b->next = end->next;
	ev_break(b->loop, EVBREAK_ONE);
}

/* Kills it and returns when its end was reported. */
static void kill_clerk(struct bed *b)
{
	pid_t pid = only_child();

	clerk_set_died(b->clerk, on_died, b);
	kill(pid, SIGKILL);
	ev_run(b->loop, 0);
	assert_int_equal(b->died, pid);
}

static void the_next_clerk_removes_links_that_an_earlier_one_has_made(void **state)
{
	struct bed *b = *state;

	clerk_set_link(b->clerk, b->root, "running", "a", "/odir/a");
	clerk_set_link(b->clerk, b->root, "running", "b", "/odir/b");
	clerk_set_link(b->clerk, b->root, "running", "c", "/odir/c");
	while (!exists(b, "running/c"))
		ev_run(b->loop, EVRUN_ONCE);
	kill_clerk(b);
	assert_int_equal(b->next, only_child());
	assert_false(clerk_is_gone(b->clerk));
	clerk_set_link(b->clerk, b->root, "passed", "a", "/odir/a");
	clerk_set_link(b->clerk, b->root, NULL, "b", "/odir/b");
	finish(b);
	assert_true(is_link_to(b, "passed/a", "/odir/a"));
	assert_false(exists(b, "running/a"));
	assert_false(exists(b, "running/b"));
	assert_true(is_link_to(b, "running/c", "/odir/c"));
}

static void a_clerk_that_cannot_be_replaced_at_once_is_later(void **state)
{
	struct bed *b = *state;
	struct rlimit was, few;

	clerk_set_link(b->clerk, b->root, "running", "a", "/odir/a");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	few = was;
	few.rlim_cur = 3;
	clerk_set_died(b->clerk, on_died, b);
	kill(only_child(), SIGKILL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	ev_run(b->loop, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(b->next, 0);
	assert_true(clerk_is_gone(b->clerk));
	assert_non_null(strstr(b->problem, "; another one cannot be started yet: "));
	while (!exists(b, "running/a"))
		ev_run(b->loop, EVRUN_ONCE);
	assert_false(clerk_is_gone(b->clerk));
	finish(b);
	assert_int_equal(b->n_problems, 1);
}

static void requests_of_a_clerk_that_died_are_carried_out_in_order(void **state)
{
	struct bed *b = *state;
	pid_t pid = only_child();

	kill(pid, SIGSTOP);
	clerk_set_link(b->clerk, b->root, "failed", "old", "/old");
	reset(b, "failed");
	clerk_set_link(b->clerk, b->root, "failed", "a", "/odir/a");
	clerk_set_space(b->clerk, on_space, b);
	clerk_ask_space(b->clerk, b->root);
	kill_clerk(b); /* some are sent, and none is confirmed */
	ev_run(b->loop, 0);
	assert_string_equal(b->of, b->root);
	finish(b);
	assert_true(is_link_to(b, "failed/a", "/odir/a"));
	assert_false(exists(b, "failed/old"));
}

static void a_clerk_that_is_stopped_is_continued(void **state)
{
	struct bed *b = *state;

	kill(only_child(), SIGSTOP);
	clerk_set_link(b->clerk, b->root, "running", "a", "/odir/a");
	while (!exists(b, "running/a"))
		ev_run(b->loop, EVRUN_ONCE);
	assert_int_equal(b->n_problems, 1);
	assert_non_null(strstr(b->problem, ", state T) was stopped, and is continued"));
	finish(b);
	assert_int_equal(b->n_problems, 1);
}

static void after_clerks_that_died_at_once_there_is_none(void **state)
{
	struct bed *b = *state;
	_cleanup_(freep) char *path = at(b, "missing");

	for (unsigned i = 0; i < 3; i++) {
		kill_clerk(b);
		assert_int_not_equal(b->next, 0);
	}
	clerk_sync(b->clerk, path);
	kill_clerk(b);
	assert_int_equal(b->next, 0);
	assert_true(clerk_is_gone(b->clerk));
	assert_int_equal(b->n_problems, 5); /* four ends, and a file that could not be synced */
	assert_non_null(strstr(b->problem, "missing cannot be synced: "));
	reset(b, "passed");
	finish(b);
	assert_false(exists(b, "passed"));
}

static void the_free_space_of_a_file_system_comes_later(void **state)
{
	struct bed *b = *state;

	clerk_set_space(b->clerk, on_space, b);
	clerk_ask_space(b->clerk, b->root);
	assert_string_equal(b->of, "");
	ev_run(b->loop, 0);
	assert_string_equal(b->of, b->root);
	assert_true(b->disk.size_bytes > 0 && b->disk.free_bytes <= b->disk.size_bytes);
	assert_true(b->disk.free_inodes <= b->disk.n_inodes);
	clerk_ask_space(b->clerk, "/nowhere");
	ev_run(b->loop, 0);
	assert_string_equal(b->of, "/nowhere");
	assert_true(b->disk.size_bytes == 0); /* not known */
	clerk_set_space(b->clerk, NULL, NULL);
	clerk_ask_space(b->clerk, b->root);
	assert_false(clerk_is_gone(b->clerk));
	finish(b);
	assert_string_equal(b->of, "/nowhere");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_link_stands_in_the_group_that_was_named_last,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_link_that_is_there_already_is_replaced, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_link_that_moves_after_it_was_made_leaves_its_old_place, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_reset_directory_is_empty_and_what_was_in_it_is_removed, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			what_cannot_be_removed_from_the_trash_is_reported_and_keeps_nothing_else,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_left_of_a_directory_that_is_trashed,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_others_put_into_the_trash_is_removed_at_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reset_of_a_link_does_not_follow_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(nothing_outside_the_root_is_touched, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(directories_that_became_links_are_not_followed,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_problem_is_reported_once_for_its_place, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(ten_thousand_links_are_all_there_at_the_end, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_free_space_of_a_file_system_comes_later, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_clerk_that_cannot_be_replaced_at_the_end_is_missed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_clerk_that_cannot_be_replaced_at_once_is_later,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_clerk_that_never_could_start_closes_nothing,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_clerk_that_is_stopped_is_continued, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_clerk_that_is_stopped_still_finishes, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_clerk_that_dies_while_it_finishes_is_replaced,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_next_clerk_removes_links_that_an_earlier_one_has_made, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			requests_of_a_clerk_that_died_are_carried_out_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(after_clerks_that_died_at_once_there_is_none,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_silent_clerk_is_killed_and_reported, set_up,
						tear_down),
	};

	if (getenv("DVSCHED_TEST_DEAF"))
		for (;;)
			pause();
	if (argc == 2 && strcmp(argv[1], "__clerk") == 0)
		return clerk_main();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
