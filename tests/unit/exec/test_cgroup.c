/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups of a run and of a job, in an ordinary directory with all possible errors:
 * files are missing, cannot be written, or are in the way of a removal. tests/e2e/cgroup.py uses
 * real ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cgroup.h"
#include "base/fs.h"
#include "base/mem.h"
#include "exec/cgroup_job.h"
#include "exec/cgroup_run.h"
#include "exec/launch.h"
#include "exec_bed.h"
#include "temp_dir.h"

/* A copy of /proc, and what it says to be the cgroup of this process. */
struct view {
	char root[32];
	char *proc, *home;
};

static void put(const char *dir, const char *name, const char *text)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static void make_dir(const char *dir, const char *name)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", dir, name);

	assert_int_equal(fs_mkdirs(path, 0755), 0);
}

static bool has_path(const char *dir, const char *name)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", dir, name);

	return fs_exists(path);
}

static void make_home(const struct view *v, const char *controllers)
{
	_cleanup_(freep) char *pid = xasprintf("%d\n", (int)getpid());

	put(v->home, "cgroup.controllers", controllers);
	put(v->home, "cgroup.subtree_control", "\n");
	put(v->home, "cgroup.events", "populated 1\n");
	put(v->home, "cgroup.type", "domain\n");
	put(v->home, "cgroup.procs", pid);
}

static int setup(void **state)
{
	struct view *v = xcalloc(1, sizeof(*v));
	_cleanup_(freep) char *mounts = NULL;

	strcpy(v->root, "/tmp/cgroup.XXXXXX");
	assert_non_null(temp_dir_make(v->root));
	v->proc = xasprintf("%s/proc", v->root);
	v->home = xasprintf("%s/home", v->root);
	make_dir(v->proc, "self");
	make_dir(v->home, ".");
	mounts = xasprintf("20 1 0:1 / /proc rw - proc proc rw\n29 23 0:26 / %s rw,nosuid shared:4 "
			   "- cgroup2 cgroup2 rw\n",
			   v->home);
	put(v->proc, "self/cgroup", "4:memory:/elsewhere\n0::/\n");
	put(v->proc, "self/mountinfo", mounts);
	make_home(v, "cpu memory pids\n");
	*state = v;
	return 0;
}

static int teardown(void **state)
{
	struct view *v = *state;

	fs_remove_tree(v->root);
	free(v->proc);
	free(v->home);
	free(v);
	return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void assert_refused(const struct view *v, const char *why)
{
	struct cgroup_run r;

	cgroup_run_open(&r, v->proc);
	assert_null(r.dir);
	if (!strstr(r.note.s, why))
		print_error("%s\n", r.note.s);
	assert_non_null(strstr(r.note.s, "no cgroups are used: "));
	assert_non_null(strstr(r.note.s, why));
	cgroup_run_close(&r);
}

static void the_cgroup_is_found_below_any_mount(void **state)
{
	static const struct {
		const char *own, *mounts, *found;
		bool is_root;
	} cases[] = {
		{"0::/a/b\n", "1 2 0:1 / /m rw - cgroup2 c rw\n", "/m/a/b", false},
		{"0::/a/b\n", "1 2 0:1 /a /m rw opt:1 - cgroup2 c rw\n", "/m/b", false},
		{"0::/a/b\n", "1 2 0:1 /a/b /m rw - cgroup2 c rw\n", "/m", true},
		{"0::/a/b\n", "1 2 0:1 /a/bc /m rw - cgroup2 c rw\n", NULL, false},
		{"0::/ab\n", "1 2 0:1 /a /m rw - cgroup2 c rw\n1 2 0:1 / /n rw - cgroup2 c rw\n",
		 "/n/ab", false},
		{"0::/\n", "1 2 0:1 / /m rw - cgroup2 c rw\n", "/m", true},
		{"0::/\n", "1 2 0:1 / /m rw - cgroup c rw\n", NULL, false},
		{"0::/\n", "- cgroup2 \n\n - cgroup2 c\n", NULL, false},
		{"3:cpu:/\n", "1 2 0:1 / /m rw - cgroup2 c rw\n", NULL, false},
		{"", "", NULL, false},
	};
	const struct view *v = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(freep) char *found = NULL;
		bool is_root = false;

		put(v->proc, "self/cgroup", cases[i].own);
		put(v->proc, "self/mountinfo", cases[i].mounts);
		found = cgroup_find_v2(v->proc, &is_root);
		if (!str_eq(found, cases[i].found))
			print_error("case %zu: %s\n", i, found ? found : "none");
		assert_true(str_eq(found, cases[i].found));
		assert_int_equal(is_root, cases[i].is_root);
	}
}

static void without_a_delegated_cgroup_the_note_says_why(void **state)
{
	const struct view *v = *state;
	_cleanup_(freep) char *path = xasprintf("%s/cgroup.events", v->home);

	put(v->home, "cgroup.type", "threaded\n");
	assert_refused(v, "is a cgroup of threads");
	unlink(path);
	assert_refused(v, "is the root cgroup of the machine, which is delegated to nobody");
	put(v->proc, "self/cgroup", "4:memory:/\n");
	assert_refused(v, "no cgroup2 is mounted for this process");
}

/* Root may write everywhere, and others nowhere. */
static void a_cgroup_of_somebody_else_is_not_used(void **state)
{
	const struct view *v = *state;
	pid_t pid;
	int status;

	put(v->proc, "self/cgroup", "0::/inner\n");
	make_dir(v->home, "inner");
	put(v->home, "inner/cgroup.events", "");
	put(v->home, "inner/cgroup.procs", "");
	put(v->home, "inner/cgroup.subtree_control", "");
	if (geteuid() != 0)
		skip();
	assert_refused(v, "it has no attribute user.delegate");
	chmod(v->root, 0755);
	pid = fork();
	if (pid == 0) {
		struct cgroup_run r;

		if (setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		cgroup_run_open(&r, v->proc);
		_exit(!strstr(r.note.s, "is not delegated to this user"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_false(has_path(v->home, "inner/own"));
}

static void assert_without_limits(const struct view *v, const char *why)
{
	struct cgroup_run r;

	cgroup_run_open(&r, v->proc);
	assert_non_null(r.dir);
	if (!strstr(r.note.s, why))
		print_error("%s\n", r.note.s);
	assert_non_null(strstr(r.note.s, ", without limits: of "));
	assert_non_null(strstr(r.note.s, why));
	assert_true(fs_is_dir(r.dir));
	cgroup_run_close(&r);
	assert_null(r.dir);
}

static unsigned count_runs(const struct view *v)
{
	_cleanup_(freep) char *dir = xasprintf("%s/dvsched-%d-0", v->home, (int)getpid());

	return fs_exists(dir);
}

static void without_controllers_there_are_cgroups_without_limits(void **state)
{
	const struct view *v = *state;
	_cleanup_(freep) char *others = xasprintf("%d\n1\n", (int)getpid());

	/* Its processes cannot be moved: cgroup.procs of the new directory is missing. */
	assert_without_limits(v, "its controllers cannot be switched on");
	assert_int_equal(count_runs(v), 0);
	put(v->home, "cgroup.procs", others);
	assert_without_limits(v, "other processes are in it");
	put(v->home, "cgroup.procs", "0\n"); /* of another pid namespace */
	assert_without_limits(v, "other processes are in it");
	put(v->home, "cgroup.controllers", "cpu memory_x xpids pids\n");
	assert_without_limits(v, "that has not the controllers memory and pids");
	assert_int_equal(count_runs(v), 0);
}

static void what_killed_runs_left_is_removed_and_nothing_else(void **state)
{
	const struct view *v = *state;
	_cleanup_(freep) char *held = xasprintf("%s/dvsched-2-0", v->home);
	struct cgroup_run r;
	int fd;

	make_dir(v->home, "dvsched-1-0/own");
	make_dir(v->home, "dvsched-1-0/job-5-1/inner/inner");
	make_dir(v->home, "dvsched-1-0/job-5-2");
	make_dir(v->home, "dvsched-2-0/job-5-1");
	make_dir(v->home, "dvsched-3-0/job-5-1");
	put(v->home, "dvsched-3-0/job-5-1/cgroup.kill", "0\n");
	make_dir(v->home, "others/job-5-1");
	fd = open(held, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	cgroup_run_open(&r, v->proc);
	assert_non_null(r.dir);
	assert_false(has_path(v->home, "dvsched-1-0"));
	assert_true(has_path(v->home, "dvsched-2-0/job-5-1"));
	assert_true(has_path(v->home, "others/job-5-1"));
	/* It cannot be removed, but its jobs were killed. */
	assert_true(has_path(v->home, "dvsched-3-0/job-5-1/cgroup.kill"));
	close(fd);
	fd = open(r.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	close(fd);
	cgroup_run_close(&r);
}

static void jobs_are_killed_and_the_run_s_own_processes_are_not(void **state)
{
	const struct view *v = *state;
	_cleanup_(freep) char *job = xasprintf("%s/job-1-1", v->home);
	_cleanup_(freep) char *own = xasprintf("%s/own", v->home);
	char line[8];

	make_dir(v->home, "job-1-1");
	make_dir(v->home, "job-1-2"); /* has no cgroup.kill */
	make_dir(v->home, "own");
	put(v->home, "job-1-1/cgroup.kill", "0\n");
	put(v->home, "own/cgroup.kill", "0\n");
	cgroup_run_kill(v->home);
	assert_true(cgroup_read_line(job, "cgroup.kill", line, sizeof(line)));
	assert_string_equal(line, "1");
	assert_true(cgroup_read_line(own, "cgroup.kill", line, sizeof(line)));
	assert_string_equal(line, "0");
	cgroup_run_kill(NULL);
	cgroup_run_kill("/no/such/directory");
}

static void a_child_of_the_owner_removes_nothing(void **state)
{
	const struct view *v = *state;
	struct cgroup_run r;
	pid_t pid;
	int status;

	cgroup_run_open(&r, v->proc);
	pid = fork();
	if (pid == 0) {
		cgroup_run_close(&r);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(fs_is_dir(r.dir));
	cgroup_run_close(&r);
	assert_int_equal(count_runs(v), 0);
}

static void each_process_may_have_threads(void **state)
{
	(void)state;
	assert_int_equal(cgroup_job_threads_most(1), 308);
	assert_int_equal(cgroup_job_threads_most(500), 4300);
	assert_true(cgroup_job_threads_most(UINT32_MAX) == 8 * (uint64_t)UINT32_MAX + 300);
}

static void a_job_without_a_cgroup_is_no_trouble(void **state)
{
	static const struct tree_limits limits = {.memory_bytes = 1 << 20, .n_processes = 5};
	const struct view *v = *state;
	struct cgroup_use use;
	struct cgroup_job c;
	unsigned number = 0;

	cgroup_job_begin(&c, NULL, &number, &limits);
	assert_null(c.dir);
	cgroup_job_begin(&c, "/no/such/directory", &number, &limits);
	assert_null(c.dir);
	cgroup_job_begin(&c, v->home, &number, &limits); /* has no cgroup.procs */
	assert_null(c.dir);
	assert_int_equal(c.procs_fd, -1);
	assert_false(has_path(v->home, "job-1-1"));
	cgroup_job_kill(&c);
	cgroup_job_spare(&c);
	cgroup_job_read(&c, &use);
	assert_false(use.counts_oom || use.hit_limit || use.peak_bytes);
	cgroup_job_end(&c);
}

static void assert_line(const struct cgroup_job *c, const char *name, const char *text)
{
	char line[32];

	assert_true(cgroup_read_line(c->dir, name, line, sizeof(line)));
	assert_string_equal(line, text);
}

static void the_use_of_a_job_is_read(void **state)
{
	static const struct {
		const char *events, *local;
		bool counts_oom, hit_limit;
	} cases[] = {
		{"low 0\noom 2\noom_kill 0\noom_group_kill 0\n", NULL, true, false},
		{"oom 1\noom_kill 3\n", NULL, true, true},
		{"oom 1\noom_kill 3\n", "oom 1\noom_kill 0\n", true, true},
		{"oom 1\noom_kill 3\n", "oom 0\noom_kill 3\n", true, false},
		{"oom 0\noom_kill 1\n", NULL, true, false},
		{"oom 1\n", NULL, false, false},
	};
	const struct view *v = *state;
	struct cgroup_job c = {.dir = v->home, .procs_fd = -1};
	struct cgroup_use use;

	put(v->home, "cpu.stat", "usage_usec 3500000\nuser_usec 2500000\nsystem_usec 1000000\n");
	put(v->home, "memory.peak", "123456\n");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put(v->home, "memory.events", cases[i].events);
		if (cases[i].local)
			put(v->home, "memory.events.local", cases[i].local);
		cgroup_job_read(&c, &use);
		if (use.hit_limit != cases[i].hit_limit)
			print_error("case %zu\n", i);
		assert_int_equal(use.counts_oom, cases[i].counts_oom);
		assert_int_equal(use.hit_limit, cases[i].hit_limit);
		assert_int_equal(use.peak_bytes, 123456);
		assert_true(use.user_s == 2.5 && use.system_s == 1);
		if (cases[i].local) {
			_cleanup_(freep) char *path = xasprintf("%s/memory.events.local", v->home);

			unlink(path);
		}
	}
	put(v->home, "cpu.stat", "system_usec 4\nuser_usec_more 5\n"); /* half of it is no use */
	cgroup_job_read(&c, &use);
	assert_true(use.user_s == 0 && use.system_s == 0);
}

/* What is kept of a job must be neither killed nor limited. */
static void a_spared_cgroup_has_no_limits_and_is_not_killed(void **state)
{
	static const char *const files[] = {"memory.max", "memory.swap.max", "memory.oom.group",
					    "pids.max", "cgroup.kill"};
	const struct view *v = *state;
	struct cgroup_job c = {.dir = v->home, .procs_fd = -1};

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		put(v->home, files[i], "");
	cgroup_job_kill(&c);
	assert_line(&c, "cgroup.kill", "1");
	put(v->home, "cgroup.kill", "0\n");
	cgroup_job_spare(&c);
	cgroup_job_kill(&c);
	assert_line(&c, "cgroup.kill", "0");
	assert_line(&c, "memory.max", "max");
	assert_line(&c, "memory.swap.max", "max");
	assert_line(&c, "pids.max", "max");
	assert_line(&c, "memory.oom.group", "0");
}

static void a_program_that_cannot_enter_its_cgroup_runs(void **state)
{
	static const char *const argv[] = {"true", NULL}, *const env[] = {NULL};
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), log = open("/dev/null", O_WRONLY);
	struct launch l = {
		.path = "/bin/true", .argv = argv, .env = env, .log_fd = log, .cgroup_fd = full};
	int status;
	pid_t pid;

	(void)state;
	pid = launch_start(&l);
	assert_true(pid > 0);
	assert_true(l.is_outside_cgroup);
	assert_int_equal(l.errnum, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(full);
	close(log);
}

static void a_slot_whose_cgroups_are_gone_runs_its_jobs(void **state)
{
	static const struct tree_limits limits = {.memory_bytes = 1 << 30};
	const struct view *v = *state;
	struct slot_bed *b = bed_new();

	b->rules.limits = &limits;
	for (int i = 0; i < 2; i++) {
		b->options.cgroup_dir = i ? "/no/such/directory" : v->home;
		bed_renew_slot(b);
		b->argv[0] = "true";
		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
		assert_int_equal(b->result.cgroup_peak_kib, 0);
	}
	bed_free(b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(the_cgroup_is_found_below_any_mount),
		CASE(without_a_delegated_cgroup_the_note_says_why),
		CASE(a_cgroup_of_somebody_else_is_not_used),
		CASE(without_controllers_there_are_cgroups_without_limits),
		CASE(what_killed_runs_left_is_removed_and_nothing_else),
		CASE(jobs_are_killed_and_the_run_s_own_processes_are_not),
		CASE(a_child_of_the_owner_removes_nothing),
		cmocka_unit_test(each_process_may_have_threads),
		CASE(a_job_without_a_cgroup_is_no_trouble),
		CASE(the_use_of_a_job_is_read),
		CASE(a_spared_cgroup_has_no_limits_and_is_not_killed),
		CASE(a_program_that_cannot_enter_its_cgroup_runs),
		CASE(a_slot_whose_cgroups_are_gone_runs_its_jobs),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
