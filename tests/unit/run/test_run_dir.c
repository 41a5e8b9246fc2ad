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

/* As where the file system has refused the rename, and the run has gone on. */
static void an_unpublished_run_with_results_stays(void **state)
{
	struct plan *p = make_plan(2);
	struct run_dir *r = make_run(p);
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_dir_path(r), RESULTS_NAME);
	struct error err = {0};

	(void)state;
	assert_int_equal(fs_write_atomic(path, "{}", 2, &err), 0);
	run_dir_free(r);
	assert_true(fs_exists(path));
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
	publish(r); /* a second time is nothing */
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

static void a_second_run_on_the_same_scratch_path_is_told_whose_it_is(void **state)
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

/* ---- the lock without flock ---- */

static void put_owner(const char *text)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", scratch, LOCK_OWNER_NAME);
	struct error err = {0};

	assert_int_equal(fs_write_atomic(path, text, strlen(text), &err), 0);
}

static int take_by_file(struct lock *l, const char *expect)
{
	struct error err = {0};
	int rc = lock_take_by_file(scratch, "run-1", l, &err);

	assert_int_equal(rc < 0, expect != NULL);
	if (expect && !strstr(err.msg, expect))
		fail_msg("'%s' lacks '%s'", err.msg, expect);
	error_done(&err);
	return rc;
}

static void refuse_lock(const char *expect)
{
	struct lock l = {0};
	struct error err = {0};

	assert_int_equal(lock_take(scratch, "run-9", &l, &err), -1);
	if (!strstr(err.msg, expect))
		fail_msg("'%s' lacks '%s'", err.msg, expect);
	error_done(&err);
}

/* Files get their name with their text: only a crash of the machine leaves an empty one. */
static void an_empty_file_locks_nothing(void **state)
{
	struct lock l = {0};

	(void)state;
	put_owner("");
	take_by_file(&l, NULL);
	lock_give(&l);
	put_owner("what is this\n");
	take_by_file(&l, "remove ");
	lock_give(&l);
	put_owner("");
}

/* Two hosts, one of which has no flock() for a file system that both use. */
static void locks_of_both_kinds_keep_each_other_out(void **state)
{
	struct lock l = {0}, other = {0};
	struct error err = {0};

	(void)state;
	take_by_file(&l, NULL);
	refuse_lock("run-1");
	lock_give(&l);
	assert_int_equal(lock_take(scratch, "run-9", &l, &err), 0);
	take_by_file(&other, "run run-9, pid ");
	lock_give(&l);
	take_by_file(&l, NULL);
	lock_give(&l);
}

/* A pid that certainly is no process: of a child that has been waited for. */
static int dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return (int)pid;
}

static void the_file_lock_holds_until_it_is_given_back(void **state)
{
	_cleanup_(freep) char *mine = xasprintf("pid %d on", (int)getpid());
	struct lock first = {0}, second = {0};

	(void)state;
	take_by_file(&first, NULL);
	assert_true(first.is_by_file);
	take_by_file(&second, mine);
	lock_give(&first);
	take_by_file(&second, NULL);
	lock_give(&second);
	lock_give(&second); /* nothing any more */
}

static void a_file_lock_left_behind_is_taken_over(void **state)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", scratch, LOCK_OWNER_NAME);
	_cleanup_(str_done) struct str text = {0};
	_cleanup_(freep) char *dead = NULL, *rebooted = NULL, *foreign = NULL;
	struct error err = {0};
	char host[256], boot[256];
	struct lock l = {0};
	int pid;

	(void)state;
	take_by_file(&l, NULL);
	assert_int_equal(fs_read_file(path, 4096, &text, &err), 0);
	assert_int_equal(sscanf(text.s, "%d %255s %255s", &pid, host, boot), 3);
	lock_give(&l);

	dead = xasprintf("%d %s %s old-run\n", dead_pid(), host, boot);
	put_owner(dead);
	take_by_file(&l, NULL);
	lock_give(&l);

	rebooted = xasprintf("%d %s another-boot old-run\n", (int)getpid(), host);
	put_owner(rebooted);
	take_by_file(&l, NULL);
	lock_give(&l);

	/* Another host's may be alive: only a person can know. */
	foreign = xasprintf("%d elsewhere %s old-run\n", dead_pid(), boot);
	put_owner(foreign);
	take_by_file(&l, "remove ");
	take_by_file(&l, "run old-run, pid ");
	unlink(path);
}

/* ---- a lock beside another ---- */

static void take_and_give_lock(void)
{
	struct lock l = {0};
	struct error err = {0};

	if (lock_take(scratch, "run-9", &l, &err) < 0)
		fail_msg("%s", err.msg);
	lock_give(&l);
}

static void runs_beside_others_hold_the_lock_too(void **state)
{
	_cleanup_(freep) char *left = xasprintf("%s/%srun-3", scratch, LOCK_BESIDE);
	_cleanup_(freep) char *mine = xasprintf("run run-1, pid %d on", (int)getpid());
	struct lock first = {0}, second = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(lock_take_beside(scratch, "run-1", &first, &err), 0);
	assert_int_equal(lock_take_beside(scratch, "run-2", &second, &err), 0);
	assert_true(lock_is_held_by(scratch, "run-1", &err));
	assert_non_null(strstr(err.msg, mine));
	error_done(&err);
	assert_false(lock_is_held_by(scratch, "run-4", &err));
	lock_give(&second);
	assert_false(lock_is_held_by(scratch, "run-2", &err));
	refuse_lock(mine);
	lock_give(&first);
	take_and_give_lock();

	/* Nobody has it any more: its run is gone. */
	assert_int_equal(fs_write_atomic(left, "x", 1, &err), 0);
	assert_false(lock_is_held_by(scratch, "run-3", &err));
	take_and_give_lock();
	assert_int_equal(access(left, F_OK), -1);
}

static unsigned open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void locks_leave_no_descriptor_open(void **state)
{
	unsigned before = open_descriptors();
	struct lock l = {0};
	struct error err = {0};

	(void)state;
	take_and_give_lock();
	assert_int_equal(lock_take_beside(scratch, "run-1", &l, &err), 0);
	refuse_lock("run-1");
	assert_true(lock_is_held_by(scratch, "run-1", &err));
	error_done(&err);
	lock_give(&l);
	take_by_file(&l, NULL);
	lock_give(&l);
	assert_int_equal(open_descriptors(), before);
}

/* ---- what others do between two of our steps ---- */

static void (*before_rename)(void), (*before_link)(void);

static void call_once(void (**hook)(void))
{
	void (*call)(void) = *hook;

	*hook = NULL;
	if (call)
		call();
}

/* In the place of the C library's. */
int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	call_once(&before_rename);
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	call_once(&before_link);
	return (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

static char host_and_boot[512];

static void put_living(const char *run)
{
	_cleanup_(freep) char *text = xasprintf("%d %s %s\n", (int)getpid(), host_and_boot, run);

	put_owner(text);
}

static void another_takes_it(void)
{
	put_living("another");
}

static void a_third_takes_it(void)
{
	put_living("third");
}

static void put_dead(void)
{
	_cleanup_(freep) char *text = xasprintf("%d %s old-run\n", dead_pid(), host_and_boot);

	put_owner(text);
}

static void read_host_and_boot(const char *path)
{
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};
	struct lock l = {0};
	char host[200], boot[200];
	int pid;

	take_by_file(&l, NULL);
	assert_int_equal(fs_read_file(path, 4096, &text, &err), 0);
	assert_int_equal(sscanf(text.s, "%d %199s %199s", &pid, host, boot), 3);
	snprintf(host_and_boot, sizeof(host_and_boot), "%s %s", host, boot);
	lock_give(&l);
}

/* The lock was stale when it was read; before it is moved away, somebody has taken it over. */
static void a_lock_that_another_took_over_meanwhile_is_his(void **state)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", scratch, LOCK_OWNER_NAME);
	struct lock l = {0};

	(void)state;
	read_host_and_boot(path);
	put_dead();
	before_rename = another_takes_it;
	take_by_file(&l, "run another, pid ");
	take_by_file(&l, "run another, pid "); /* it is back in its place */
	unlink(path);

	/* Before it can be put back, a third one has it. */
	put_dead();
	before_rename = another_takes_it;
	before_link = a_third_takes_it;
	take_by_file(&l, "run third, pid ");
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unpublished_run_has_a_dot_and_vanishes),
		cmocka_unit_test(an_unpublished_run_with_results_stays),
		cmocka_unit_test(a_published_run_stays_and_is_latest),
		cmocka_unit_test(latest_follows_the_newest_run),
		cmocka_unit_test(an_id_is_utc_and_six_hex_digits),
		cmocka_unit_test(what_is_ours_is_private_and_what_is_the_users_is_not),
		cmocka_unit_test(a_second_run_on_the_same_scratch_path_is_told_whose_it_is),
		cmocka_unit_test(runs_on_two_scratch_paths_do_not_meet),
		cmocka_unit_test(a_lock_of_any_block_stops_the_run_and_leaves_nothing),
		cmocka_unit_test(a_scratch_root_that_cannot_be_made_is_an_error),
		cmocka_unit_test(a_run_is_found_by_id_prefix_and_path),
		cmocka_unit_test(an_ambiguous_prefix_is_shown_with_what_it_may_be),
		cmocka_unit_test(the_file_lock_holds_until_it_is_given_back),
		cmocka_unit_test(a_file_lock_left_behind_is_taken_over),
		cmocka_unit_test(an_empty_file_locks_nothing),
		cmocka_unit_test(locks_of_both_kinds_keep_each_other_out),
		cmocka_unit_test(a_lock_that_another_took_over_meanwhile_is_his),
		cmocka_unit_test(runs_beside_others_hold_the_lock_too),
		cmocka_unit_test(locks_leave_no_descriptor_open),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
