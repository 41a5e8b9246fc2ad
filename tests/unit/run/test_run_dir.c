/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "job/job_paths.h"
#include "run/journal.h"
#include "run/lock.h"
#include "run/plan_file.h"
#include "run/results.h"
#include "run/run_dir.h"

static struct run_dir *make_run(struct plan *p)
{
	struct error err = {0};
	struct run_dir *r = run_dir_new(p, clock_real(), &err);

	if (!r)
		fail_msg("%s", err.msg);
	assert_null(run_dir_warning(r));
	return r;
}

static void publish(struct run_dir *r)
{
	struct error err = {0};

	if (run_dir_publish(r, &err) < 0)
		fail_msg("%s", err.msg);
}

static char *find(const char *which)
{
	struct error err = {0};
	char *path = run_dir_find(scratch, which, &err);

	assert_int_equal(path == NULL, error_is_set(&err));
	error_done(&err);
	return path;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void an_unpublished_run_has_a_dot_and_vanishes(void **state)
{
	struct plan *p = make_plan(2);
	struct run_dir *r = make_run(p);
	_cleanup_(freep) char *path = xstrdup(run_dir_path(r));
	_cleanup_(freep) char *latest = xasprintf("%s/.dvsched/runs/latest", scratch);

	(void)state;
	assert_true(fs_is_dir(path));
	assert_int_equal(*path_base(path), '.');
	assert_string_equal(path_base(path) + 1, run_dir_id(r));
	assert_false(fs_exists(latest));
	run_dir_free(r);
	assert_false(fs_exists(path));
	plan_free(p);
}

/* As if the file system had refused the rename, and the run had gone on. */
static void an_unpublished_run_with_results_or_records_stays(void **state)
{
	static const char *const names[] = {RESULTS_NAME, JOURNAL_NAME};
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct plan *p = make_plan(2);
		struct run_dir *r = make_run(p);
		_cleanup_(freep) char *path = xasprintf("%s/%s", run_dir_path(r), names[i]);

		assert_int_equal(fs_write_atomic(path, "{}", 2, &err), 0);
		run_dir_free(r);
		assert_true(fs_exists(path));
		plan_free(p);
	}
}

static void an_unpublished_run_without_a_record_vanishes(void **state)
{
	struct plan *p = make_plan(2);
	struct run_dir *r = make_run(p);
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_dir_path(r), JOURNAL_NAME);
	struct error err = {0};

	(void)state;
	assert_int_equal(fs_write_atomic(path, "", 0, &err), 0);
	run_dir_free(r);
	assert_false(fs_exists(path));
	plan_free(p);
}

static void a_published_run_stays_and_is_latest(void **state)
{
	struct plan *p = make_plan(2), *back;
	struct run_dir *r = make_run(p);
	_cleanup_(freep) char *path = xasprintf("%s/.dvsched/runs/%s", scratch, run_dir_id(r));
	_cleanup_(freep) char *plan_path = xasprintf("%s/%s", path, PLAN_NAME);
	_cleanup_(freep) char *latest = NULL;
	struct error err = {0};

	(void)state;
	publish(r);
	publish(r); /* a second call has no effect */
	assert_string_equal(run_dir_path(r), path);
	assert_true(fs_is_dir(path));
	run_dir_free(r);
	latest = find("latest");
	assert_non_null(latest);
	assert_string_equal(path_base(latest), path_base(path));
	back = plan_read(plan_path, &err);
	assert_non_null(back);
	assert_int_equal(back->n_jobs, 2);
	plan_free(back);
	plan_free(p);
}

static void what_of_a_publication_failed_is_tried_again(void **state)
{
	struct plan *p = make_plan(1);
	struct run_dir *r = make_run(p);
	_cleanup_(freep) char *path = xasprintf("%s/.dvsched/runs/latest", scratch);
	_cleanup_(freep) char *latest = NULL;
	struct error err = {0};

	(void)state;
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(run_dir_publish(r, &err), -1);
	assert_non_null(strstr(err.msg, "latest cannot be set"));
	error_done(&err);
	assert_string_equal(path_base(run_dir_path(r)), run_dir_id(r));
	assert_int_equal(rmdir(path), 0);
	publish(r);
	latest = find("latest");
	assert_string_equal(path_base(latest), run_dir_id(r));
	run_dir_free(r);
	plan_free(p);
}

static void latest_follows_the_newest_run(void **state)
{
	struct plan *p = make_plan(1);
	struct run_dir *first = make_run(p), *second;
	_cleanup_(freep) char *latest = NULL;
	char id[64];

	(void)state;
	publish(first);
	run_dir_free(first);
	second = make_run(p);
	publish(second);
	snprintf(id, sizeof(id), "%s", run_dir_id(second));
	run_dir_free(second);
	latest = find("latest");
	assert_string_equal(path_base(latest), id);
	plan_free(p);
}

static void an_id_is_utc_and_six_hex_digits(void **state)
{
	struct plan *p = make_plan(1);
	struct clock_virtual clock;
	struct error err = {0};
	struct run_dir *r;

	(void)state;
	clock_virtual_init(&clock, 1763704197.9);
	r = run_dir_new(p, &clock.clock, &err);
	assert_non_null(r);
	assert_true(str_starts(run_dir_id(r), "20251121T054957Z-"));
	assert_int_equal(strlen(run_dir_id(r)), strlen("20251121T054957Z-") + 6);
	assert_int_equal(strspn(run_dir_id(r) + 17, "0123456789abcdef"), 6);
	run_dir_free(r);
	plan_free(p);
}

static void a_run_after_the_clock_was_set_back_has_a_later_name(void **state)
{
	struct plan *p = make_plan(1);
	struct run_dir *newest = make_run(p), *r;
	_cleanup_(freep) char *name = NULL;
	struct clock_virtual clock;
	struct error err = {0};

	(void)state;
	publish(newest);
	name = xstrdup(run_dir_id(newest));
	run_dir_free(newest);
	clock_virtual_init(&clock, 1e9);
	r = run_dir_new(p, &clock.clock, &err);
	assert_non_null(r);
	assert_true(strcmp(run_dir_id(r), name) > 0);
	run_dir_free(r);
	plan_free(p);
}

static void what_is_ours_is_private_and_what_is_the_users_is_not(void **state)
{
	mode_t was = umask(022);
	struct plan *p = make_plan(1);
	struct run_dir *r = make_run(p);
	_cleanup_(freep) char *own = xasprintf("%s/.dvsched", scratch);
	_cleanup_(freep) char *block = xasprintf("%s/b", scratch);

	(void)state;
	umask(was);
	assert_int_equal(mode_of(own), 0700);
	assert_int_equal(mode_of(block), 0755);
	run_dir_free(r);
	plan_free(p);
}

static void a_second_run_on_the_same_scratch_path_learns_whose_it_is(void **state)
{
	struct plan *p = make_plan(1);
	struct run_dir *first = make_run(p);
	_cleanup_(freep) char *pid = xasprintf("pid %d on ", (int)getpid());
	struct error err = {0};

	(void)state;
	assert_null(run_dir_new(p, clock_real(), &err));
	assert_non_null(strstr(err.msg, pid));
	assert_non_null(strstr(err.msg, run_dir_id(first)));
	error_done(&err);
	run_dir_free(first);
	first = make_run(p); /* given back */
	run_dir_free(first);
	plan_free(p);
}

static void runs_on_two_scratch_paths_do_not_meet(void **state)
{
	struct plan *p = make_plan(1), *q = make_plan(1);
	struct job_block other = {"c", arena_printf(q->mem, "%s/c", scratch), NULL};
	struct run_dir *first, *second;

	(void)state;
	q->jobs[0].block = &other;
	first = make_run(p);
	second = make_run(q);
	run_dir_free(first);
	run_dir_free(second);
	plan_free(p);
	plan_free(q);
}

static void a_lock_of_any_block_stops_the_run_and_leaves_nothing(void **state)
{
	struct plan *p = make_plan(1), *q = make_plan(2);
	struct job_block other = {"a", arena_printf(q->mem, "%s/a", scratch), NULL};
	struct run_dir *first = make_run(p), *second;
	struct job_block *only = (struct job_block *)p->jobs[0].block;
	struct error err = {0};

	(void)state;
	q->jobs[0].block = &other; /* free; the second job's is taken */
	assert_null(run_dir_new(q, clock_real(), &err));
	error_done(&err);
	*only = other;
	second = make_run(p); /* the lock on the free one was given back */
	run_dir_free(second);
	run_dir_free(first);
	plan_free(p);
	plan_free(q);
}

static void assert_moved(const struct plan *p, const char *name)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", scratch, name);

	for (size_t i = 0; i < p->n_jobs; i++) {
		const struct job_spec *job = &p->jobs[i];
		_cleanup_(freep) char *odir = xasprintf("%s/%s", path, job->name);
		_cleanup_(freep) char *log = xasprintf("%s/log", odir);
		_cleanup_(str_done) struct str room = {0};

		assert_string_equal(job->block->scratch_path, path);
		assert_string_equal(job_odir(job, &room), odir);
		assert_string_equal(job_log_path(job, &room), log);
	}
}

/* Several commands that were started at once. */
static void a_run_that_may_move_takes_the_first_path_that_is_free(void **state)
{
	static const char *const names[] = {"b", "b.2", "b.3"};
	struct run_dir *r[ARRAY_LEN(names)];
	struct plan *p[ARRAY_LEN(names)], *q;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		p[i] = make_plan(2);
		p[i]->may_move = true;
		r[i] = make_run(p[i]);
		assert_false(run_dir_is_shared(r[i]));
		assert_moved(p[i], names[i]);
	}
	run_dir_free(r[1]);
	q = make_plan(1);
	q->may_move = true;
	r[1] = make_run(q);
	assert_moved(q, "b.2");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		run_dir_free(r[i]);
		plan_free(p[i]);
	}
	plan_free(q);
}

/* Takes the lock of NAME.<number> as another run does. */
static void take_path(struct lock *ret, unsigned number)
{
	_cleanup_(freep) char *path = number > 1 ? xasprintf("%s/many.%u", scratch, number)
						 : xasprintf("%s/many", scratch);
	struct error err = {0};

	assert_int_equal(fs_mkdirs(path, 0700), 0);
	if (lock_take(path, "another", ret, &err) < 0)
		fail_msg("%s", err.msg);
}

static void a_run_that_may_move_passes_hundreds_of_others(void **state)
{
	enum { MANY = 600 };
	struct plan *p = make_plan(1);
	struct job_block block = {"many", arena_printf(p->mem, "%s/many", scratch), NULL};
	struct lock locks[MANY];
	struct run_dir *r;

	(void)state;
	p->name = "many";
	p->may_move = true;
	p->jobs[0].block = &block;
	for (unsigned i = 0; i < MANY; i++)
		take_path(&locks[i], i + 1);
	r = make_run(p);
	assert_moved(p, "many.601");
	run_dir_free(r);
	for (unsigned i = 0; i < MANY; i++)
		lock_give(&locks[i]);
	plan_free(p);
}

/* Only a run in the place is a reason to move. */
static void a_path_that_cannot_be_used_is_no_reason_to_move(void **state)
{
	_cleanup_(freep) char *path = xasprintf("%s/plain", scratch);
	struct plan *p = make_plan(1);
	struct job_block block = {"b", path, NULL};
	struct error err = {0};

	(void)state;
	assert_int_equal(fs_write_atomic(path, "", 0, &err), 0);
	p->jobs[0].block = &block;
	p->may_move = true;
	assert_null(run_dir_new(p, clock_real(), &err));
	assert_non_null(strstr(err.msg, path));
	error_done(&err);
	plan_free(p);
}

static void a_run_with_builds_of_its_own_goes_on_beside_another(void **state)
{
	struct plan *p = make_plan(1), *q = make_plan(1);
	struct run_dir *first = make_run(p), *second;
	struct error err = {0};

	(void)state;
	q->may_share = true;
	second = run_dir_new(q, clock_real(), &err);
	assert_non_null(second);
	assert_true(run_dir_is_shared(second));
	assert_false(run_dir_is_shared(first));
	assert_non_null(strstr(run_dir_warning(second), run_dir_id(first)));
	assert_non_null(strstr(run_dir_warning(second), "shares the directory"));
	run_dir_free(first);
	assert_null(run_dir_new(p, clock_real(), &err)); /* it still exists */
	assert_non_null(strstr(err.msg, run_dir_id(second)));
	error_done(&err);
	run_dir_free(second);
	second = run_dir_new(q, clock_real(), &err); /* no other run: it is not shared */
	assert_false(run_dir_is_shared(second));
	assert_null(run_dir_warning(second));
	run_dir_free(second);
	plan_free(q);
	plan_free(p);
}

static void a_scratch_root_that_cannot_be_made_is_an_error(void **state)
{
	struct plan *p = make_plan(1);
	struct error err = {0};

	(void)state;
	p->scratch_root = "/dev/null/scratch";
	assert_null(run_dir_new(p, clock_real(), &err));
	assert_non_null(strstr(err.msg, "/dev/null/scratch"));
	error_done(&err);
	plan_free(p);
}

/* ---- finding ---- */

static void make_found(const char *id)
{
	_cleanup_(freep) char *dir = xasprintf("%s/.dvsched/runs/%s", scratch, id);
	_cleanup_(freep) char *plan = xasprintf("%s/%s", dir, PLAN_NAME);
	int fd;

	assert_int_equal(fs_mkdirs(dir, 0700), 0);
	fd = open(plan, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void a_run_is_found_by_id_prefix_and_path(void **state)
{
	_cleanup_(freep) char *by_path = NULL, *path = NULL;
	static const struct {
		const char *which, *expect;
	} cases[] = {
		{"20200101T000000Z-aaaaaa", "20200101T000000Z-aaaaaa"},
		{"20200101T000000Z-a", "20200101T000000Z-aaaaaa"},
		{"2021", "20210101T000000Z-cccccc"},
		{"2020", NULL}, /* two */
		{"2022", NULL}, /* none */
		{"", NULL},
		{".", NULL},
		{".20230101T000000Z-dddddd", NULL}, /* never published */
		{"../runs/20210101T000000Z-cccccc", NULL},
		{"/nowhere/at/all", NULL},
	};

	(void)state;
	make_found("20200101T000000Z-aaaaaa");
	make_found("20200101T000000Z-bbbbbb");
	make_found("20210101T000000Z-cccccc");
	make_found(".20230101T000000Z-dddddd");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(freep) char *found = find(cases[i].which);

		if (cases[i].expect ? !found || !str_eq(path_base(found), cases[i].expect)
				    : !!found)
			fail_msg("'%s' found %s", cases[i].which, found ? found : "nothing");
	}
	path = xasprintf("%s/.dvsched/runs/20210101T000000Z-cccccc", scratch);
	by_path = find(path);
	assert_true(str_eq(by_path, path));
}

static void an_ambiguous_prefix_is_shown_with_what_it_may_be(void **state)
{
	struct error err = {0};

	(void)state;
	make_found("20200101T000000Z-aaaaaa");
	make_found("20200101T000000Z-bbbbbb");
	assert_null(run_dir_find(scratch, "2020", &err));
	assert_non_null(strstr(err.msg, "20200101T000000Z-bbbbbb, 20200101T000000Z-aaaaaa"));
	error_done(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_utc_and_six_hex_digits), /* before there are others */
		cmocka_unit_test(an_unpublished_run_has_a_dot_and_vanishes),
		cmocka_unit_test(an_unpublished_run_with_results_or_records_stays),
		cmocka_unit_test(an_unpublished_run_without_a_record_vanishes),
		cmocka_unit_test(a_published_run_stays_and_is_latest),
		cmocka_unit_test(what_of_a_publication_failed_is_tried_again),
		cmocka_unit_test(latest_follows_the_newest_run),
		cmocka_unit_test(a_run_after_the_clock_was_set_back_has_a_later_name),
		cmocka_unit_test(what_is_ours_is_private_and_what_is_the_users_is_not),
		cmocka_unit_test(a_second_run_on_the_same_scratch_path_learns_whose_it_is),
		cmocka_unit_test(runs_on_two_scratch_paths_do_not_meet),
		cmocka_unit_test(a_lock_of_any_block_stops_the_run_and_leaves_nothing),
		cmocka_unit_test(a_run_that_may_move_takes_the_first_path_that_is_free),
		cmocka_unit_test(a_run_that_may_move_passes_hundreds_of_others),
		cmocka_unit_test(a_path_that_cannot_be_used_is_no_reason_to_move),
		cmocka_unit_test(a_run_with_builds_of_its_own_goes_on_beside_another),
		cmocka_unit_test(a_scratch_root_that_cannot_be_made_is_an_error),
		cmocka_unit_test(a_run_is_found_by_id_prefix_and_path),
		cmocka_unit_test(an_ambiguous_prefix_is_shown_with_what_it_may_be),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
