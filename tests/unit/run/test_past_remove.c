/* SPDX-License-Identifier: Apache-2.0 */
/* Which records of earlier runs make room for newer ones. */
#include "past_fixture.h"

#include <sys/wait.h>

#include "base/str.h"
#include "run/results_file.h"

static void remove_beyond(const struct plan *p, const char *own_id, uint32_t keep)
{
	struct error err = {0};

	if (past_runs_remove(p, own_id, keep, &err) < 0)
		fail_msg("%s", err.msg);
}

static void assert_there(const char *id, bool is_there)
{
	_cleanup_(freep) char *path = path_of(id);

	if (fs_exists(path) != is_there)
		fail_msg("%s is %s", id, is_there ? "gone" : "there");
}

static void the_newest_records_of_a_configuration_stay(void **state)
{
	struct plan *p = plan_of("/a.hjson");
	const char *ids[5];
	_cleanup_(freep) char *latest = path_of("latest");

	(void)state;
	for (int i = 0; i < 5; i++)
		ids[i] = make_run(p, 100 + i, NULL);
	remove_beyond(p, ids[4], 0); /* all are kept */
	remove_beyond(p, ids[4], 5);
	for (int i = 0; i < 5; i++)
		assert_there(ids[i], true);
	remove_beyond(p, ids[4], 3);
	for (int i = 0; i < 5; i++)
		assert_there(ids[i], i >= 2);
	remove_beyond(p, ids[4], 1);
	for (int i = 0; i < 5; i++)
		assert_there(ids[i], i == 4);
	assert_true(fs_exists(latest));
	plan_free(p);
}

/* The run that asks is one of those that are kept, however old its name is. */
static void the_run_that_asks_is_never_removed(void **state)
{
	struct plan *p = plan_of("/a.hjson");
	const char *own = make_run(p, 100, NULL), *older = make_run(p, 200, NULL),
		   *newest = make_run(p, 300, NULL);

	(void)state;
	remove_beyond(p, own, 2);
	assert_there(own, true);
	assert_there(older, false);
	assert_there(newest, true);
	plan_free(p);
}

static void records_of_another_sort_stay_and_do_not_count(void **state)
{
	struct plan *p = plan_of("/a.hjson"), *other = plan_of("/b.hjson"),
		    *command = plan_of(NULL), *nested = plan_of("/a.hjson"),
		    *rehearsal = plan_of("/a.hjson");
	const char *first = make_run(p, 100, NULL), *stays[4], *own;

	(void)state;
	nested->is_nested = true;
	rehearsal->is_rehearsal = true;
	stays[0] = make_run(other, 101, NULL);
	stays[1] = make_run(command, 102, NULL);
	stays[2] = make_run(nested, 103, NULL);
	stays[3] = make_run(rehearsal, 104, NULL);
	own = make_run(p, 105, NULL);
	remove_beyond(p, own, 2);
	assert_there(first, true);
	remove_beyond(p, own, 1);
	assert_there(first, false);
	for (size_t i = 0; i < ARRAY_LEN(stays); i++)
		assert_there(stays[i], true);
	plan_free(rehearsal);
	plan_free(nested);
	plan_free(command);
	plan_free(other);
	plan_free(p);
}

/* A resumed run needs the run that it continues. */
static void what_a_record_that_stays_was_made_from_stays(void **state)
{
	struct plan *p = plan_of("/a.hjson");
	const char *first, *second, *third, *own;

	(void)state;
	first = make_run(p, 100, NULL);
	second = make_run(p, 101, NULL);
	p->parent = first;
	third = make_run(p, 102, NULL);
	p->parent = third;
	own = make_run(p, 103, NULL);
	p->parent = NULL;
	remove_beyond(p, own, 1);
	assert_there(first, true);
	assert_there(second, false);
	assert_there(third, true);
	assert_there(own, true);
	plan_free(p);
}

static void a_run_that_is_still_going_stays(void **state)
{
	struct plan *p = plan_of("/a.hjson"), *q = plan_of("/a.hjson");
	struct job_block elsewhere = {"c", arena_printf(q->mem, "%s/c", scratch), NULL};
	struct run_dir *live;
	const char *going, *own;

	(void)state;
	for (size_t i = 0; i < q->n_jobs; i++)
		q->jobs[i].block = &elsewhere;
	going = make_run(q, 100, &live);
	own = make_run(p, 101, NULL);
	remove_beyond(p, own, 1);
	assert_there(going, true);
	run_dir_free(live);
	remove_beyond(p, own, 1);
	assert_there(going, false);
	plan_free(q);
	plan_free(p);
}

/* The id of a run whose process was killed before it was published. */
static const char *make_killed(struct plan *p, double wall_s)
{
	int ids[2];
	char id[64] = "";
	pid_t pid;

	assert_int_equal(pipe(ids), 0);
	pid = fork();
	if (pid == 0) {
		struct clock_virtual clock;
		struct error err = {0};
		struct run_dir *r;

		clock_virtual_init(&clock, wall_s);
		r = run_dir_new(p, &clock.clock, &err);
		_exit(!r || write(ids[1], run_dir_id(r), strlen(run_dir_id(r))) < 0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(read(ids[0], id, sizeof(id) - 1) > 0);
	close(ids[0]);
	close(ids[1]);
	return arena_printf(p->mem, ".%s", id);
}

static void what_was_killed_before_it_was_published_goes(void **state)
{
	struct plan *p = plan_of("/a.hjson");
	const char *killed = make_killed(p, 100), *first = make_run(p, 101, NULL),
		   *own = make_run(p, 102, NULL);

	(void)state;
	assert_there(killed, true);
	remove_beyond(p, own, 20);
	assert_there(killed, false);
	assert_there(first, true);
	killed = make_killed(p, 103); /* newer than all: it does not count */
	remove_beyond(p, own, 2);
	assert_there(killed, false);
	assert_there(first, true);
	plan_free(p);
}

/* As of an ended run whose file system refused to rename it. */
static const char *hide(struct plan *p, const char *id)
{
	const char *hidden = arena_printf(p->mem, ".%s", id);
	_cleanup_(freep) char *from = path_of(id), *to = path_of(hidden),
			      *results = xasprintf("%s/%s", to, RESULTS_NAME);
	struct error err = {0};

	assert_int_equal(rename(from, to), 0);
	assert_int_equal(fs_write_atomic(results, "{}", 2, &err), 0);
	return hidden;
}

static void a_hidden_run_with_results_is_one_like_others(void **state)
{
	struct plan *p = plan_of("/a.hjson");
	const char *own = make_run(p, 100, NULL), *older, *hidden;

	(void)state;
	hidden = hide(p, own);
	older = hide(p, make_run(p, 99, NULL));
	remove_beyond(p, own, 2);
	assert_there(hidden, true);
	assert_there(older, true);
	remove_beyond(p, own, 1);
	assert_there(hidden, true);
	assert_there(older, false);
	plan_free(p);
}

static void what_is_no_run_stays(void **state)
{
	struct plan *p = plan_of("/a.hjson");
	_cleanup_(freep) char *notes = path_of("0-notes");
	const char *first = make_run(p, 101, NULL), *own = make_run(p, 102, NULL);

	(void)state;
	assert_int_equal(fs_mkdirs(notes, 0700), 0);
	remove_beyond(p, own, 1);
	assert_there("0-notes", true);
	assert_there(first, false);
	plan_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_scratch, remove_scratch)
		CASE(the_newest_records_of_a_configuration_stay),
		CASE(the_run_that_asks_is_never_removed),
		CASE(records_of_another_sort_stay_and_do_not_count),
		CASE(what_a_record_that_stays_was_made_from_stays),
		CASE(a_run_that_is_still_going_stays),
		CASE(what_was_killed_before_it_was_published_goes),
		CASE(a_hidden_run_with_results_is_one_like_others),
		CASE(what_is_no_run_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
