/* SPDX-License-Identifier: Apache-2.0 */
/* The local backend under a scheduler, with real processes. */
#include <dirent.h>
#include <errno.h>
#include <ev.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/backends.h"
#include "backends/local/cpus.h"
#include "base/fs.h"
#include "base/mem.h"
#include "faulty.h"
#include "scheduler/loop_host.h"
#include "slot_bed.h"

enum { MOST = 64 };

struct rig {
	char *base, *root;
	struct ev_loop *loop;
	struct loop_host *host;
	struct sched *s;
	struct backend *local;
	struct plan *plan;
	struct job_block block;
	struct job_rules rules;
	struct diags diags;
	struct observer observer;
	bool is_closed;
	int kill_slot_at; /* when this job runs, its slot is killed */
	bool stop_when_running;
	unsigned n_running, most_running;
	char wheres[MOST][24];
	size_t n_wheres;
};

static const char *const no_strings[] = {NULL};

/* The pid of one of our children: the only slot there is. */
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

static void note_where(struct rig *r, const char *where)
{
	for (size_t i = 0; i < r->n_wheres; i++)
		if (strcmp(r->wheres[i], where) == 0)
			return;
	snprintf(r->wheres[r->n_wheres++], sizeof(r->wheres[0]), "%s", where);
}

static void on_change(struct observer *o, const struct job *job, enum job_status was)
{
	struct rig *r = container_of(o, struct rig, observer);

	if (was == JOB_RUNNING && job_status(job) != JOB_RUNNING)
		r->n_running--;
	if (job_status(job) != JOB_RUNNING || was == JOB_RUNNING)
		return;
	if (++r->n_running > r->most_running)
		r->most_running = r->n_running;
	note_where(r, job->attempts->where);
	faulty_clear(); /* for slots that are started from now on */
	if ((int)job->n == r->kill_slot_at)
		kill(only_child(), SIGKILL);
	if (r->stop_when_running && r->n_running == r->local->max_parallel)
		sched_stop(r->s, STOP_KILL, REASON_USER, SIGINT);
}

static const struct observer_ops watch = {.name = "test", .job_changed = on_change};

static struct rig *rig_new(size_t n_jobs, uint32_t most)
{
	struct rig *r = xcalloc(1, sizeof(*r));
	const char *tmp = getenv("TMPDIR");

	r->base = xasprintf("%s/dvsched-test-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(r->base));
	r->root = xasprintf("%s/scratch", r->base);
	r->kill_slot_at = -1;
	r->rules = (struct job_rules){.target = "t",
				      .env = no_strings,
				      .keep = no_strings,
				      .tags = no_strings,
				      .cwd = "/",
				      .grace_s = -1,
				      .cpus = 1};
	r->plan = plan_new();
	r->plan->scratch_root = r->root;
	r->plan->n_jobs = n_jobs;
	r->plan->jobs = arena_array(r->plan->mem, n_jobs, sizeof(struct job_spec));
	for (size_t i = 0; i < n_jobs; i++) {
		static const char *const argv[] = {"true", NULL};
		struct job_spec *s = &r->plan->jobs[i];

		s->id = s->name = arena_printf(r->plan->mem, "job%zu", i);
		s->block = &r->block;
		s->rules = &r->rules;
		s->argv = argv;
		s->command = "true";
		s->dir = arena_printf(r->plan->mem, "%s/cfg/%s", r->root, s->name);
		s->log = arena_printf(r->plan->mem, "%s/log", s->dir);
	}
	r->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	r->host = loop_host_new(r->loop, NULL);
	diags_init(&r->diags);
	r->local = backend_local_create(&(struct backend_env){.loop = r->loop,
							      .clock = clock_real(),
							      .scratch_root = r->root,
							      .max_parallel = most,
							      .grace_s = 0.1},
					&r->diags);
	return r;
}

static void set_argv(struct rig *r, size_t n, const char *const *argv)
{
	r->plan->jobs[n].argv = argv;
}

static int rig_load(struct rig *r)
{
	static const struct sched_options options;

	r->s = sched_new(&options, loop_host_get(r->host));
	sched_add_backend(r->s, r->local, 1);
	return sched_load(r->s, r->plan, &r->diags);
}

static void rig_run(struct rig *r)
{
	assert_int_equal(rig_load(r), 0);
	r->observer = (struct observer){.ops = &watch};
	sched_subscribe(r->s, &r->observer);
	loop_host_run(r->host, r->s);
}

static void on_closed(void *ctx, const char *trouble)
{
	struct rig *r = ctx;

	assert_null(trouble);
	r->is_closed = true;
	ev_break(r->loop, EVBREAK_ALL);
}

static void rig_free(struct rig *r)
{
	r->local->ops->close(r->local, on_closed, r);
	if (!r->is_closed)
		ev_run(r->loop, 0);
	assert_true(r->is_closed);
	sched_free(r->s);
	r->local->ops->destroy(r->local);
	loop_host_free(r->host);
	ev_loop_destroy(r->loop);
	plan_free(r->plan);
	diags_done(&r->diags);
	fs_remove_tree(r->base);
	free(r->base);
	free(r->root);
	free(r);
}

static void slots_are_reused_and_no_more_than_needed(void **state)
{
	struct rig *r = rig_new(40, 3);

	(void)state;
	rig_run(r);
	assert_int_equal(sched_tally(r->s)[JOB_PASSED], 40);
	assert_true(r->most_running <= 3);
	assert_true(r->n_wheres <= 3);
	assert_string_equal(r->wheres[0], "local/0");
	rig_free(r);
}

static void results_reach_the_scheduler(void **state)
{
	static const char *const no_command[] = {"no-such-command", NULL}, *const no[] = {"false",
											  NULL};
	struct rig *r = rig_new(3, 2);

	(void)state;
	set_argv(r, 0, no_command);
	set_argv(r, 1, no);
	rig_run(r);
	assert_int_equal(sched_job(r->s, 0)->reason, REASON_EXIT);
	assert_int_equal(sched_job(r->s, 0)->attempts->exit_status, 127);
	assert_int_equal(sched_job(r->s, 1)->reason, REASON_EXIT);
	assert_int_equal(sched_job(r->s, 1)->attempts->exit_status, 1);
	assert_int_equal(job_status(sched_job(r->s, 2)), JOB_PASSED);
	rig_free(r);
}

static void a_slot_that_dies_costs_one_job(void **state)
{
	static const char *const waits[] = {"sleep", "1000", NULL};
	struct rig *r = rig_new(3, 1);

	(void)state;
	set_argv(r, 1, waits);
	r->kill_slot_at = 1;
	rig_run(r);
	assert_int_equal(sched_job(r->s, 1)->reason, REASON_LOST);
	assert_non_null(strstr(sched_job(r->s, 1)->message, "signal 9"));
	assert_int_equal(sched_tally(r->s)[JOB_PASSED], 2);
	rig_free(r);
}

/* It cannot wait for its job, reports that, and ends. */
static void a_slot_that_is_about_to_end_gets_no_job(void **state)
{
	struct rig *r = rig_new(2, 1);

	(void)state;
	faulty_set_children(FAULTY_WAIT, EPERM, 0, -1);
	rig_run(r);
	assert_int_equal(sched_job(r->s, 0)->reason, REASON_UNKILLABLE);
	assert_int_equal(job_status(sched_job(r->s, 1)), JOB_PASSED);
	assert_int_equal(r->n_wheres, 2);
	rig_free(r);
}

/* More often than a slot is tried that cannot be started for another reason. */
static void a_slot_that_no_descriptors_are_left_for_is_started_later(void **state)
{
	struct rig *r = rig_new(2, 1);

	(void)state;
	faulty_set(FAULTY_SOCKETPAIR, EMFILE, 0, 5);
	rig_run(r);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(job_status(sched_job(r->s, i)), JOB_PASSED);
	rig_free(r);
}

/* The slot cannot write the head of the log, three times. */
static void a_shortage_in_a_slot_costs_no_job(void **state)
{
	static const int shortages[] = {ENOMEM, ENOBUFS};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shortages); i++) {
		struct rig *r = rig_new(1, 1);
		const struct job *job;

		faulty_set_children(FAULTY_WRITE, shortages[i], 0, 3);
		rig_run(r);
		job = sched_job(r->s, 0);
		assert_int_equal(job_status(job), JOB_PASSED);
		assert_int_equal(job->n_attempts, 1);
		rig_free(r);
	}
}

static void a_kill_reaches_all_that_run(void **state)
{
	static const char *const waits[] = {"sleep", "1000", NULL};
	struct rig *r = rig_new(20, 4);

	(void)state;
	for (size_t i = 0; i < 20; i++)
		set_argv(r, i, waits);
	r->stop_when_running = true;
	rig_run(r);
	assert_int_equal(sched_tally(r->s)[JOB_KILLED], 20);
	assert_int_equal(r->most_running, 4);
	rig_free(r);
}

static void what_it_will_not_take_is_reported_once_per_rules(void **state)
{
	struct backend_key key = {"local", "colour", "red", "\"red\"", {"cfg.hjson", 3, 4}};
	struct backend_key other = {"fake", "outcome", "fail", "\"fail\"", {"cfg.hjson", 4, 4}};
	struct backend_key keys[] = {key, other};
	struct rig *r = rig_new(10, 1);

	(void)state;
	r->rules.backend_keys = keys;
	r->rules.n_backend_keys = 2;
	assert_int_equal(rig_load(r), -1);
	assert_int_equal(r->diags.n_errors, 1);
	rig_free(r);
}

static void write_file(const char *base, const char *path, const char *text)
{
	char *at = xasprintf("%s/%s", base, path), *dir = xstrdup(at);
	FILE *f;

	*strrchr(dir, '/') = '\0';
	assert_int_equal(fs_mkdirs(dir, 0777), 0);
	f = fopen(at, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	free(at);
	free(dir);
}

static void a_quota_bounds_the_cpus(void **state)
{
	static const struct {
		const char *cgroup, *path, *text, *path2, *text2;
		uint32_t cpus;
	} cases[] = {
		{"0::/\n", "fs/cgroup/none", "", "fs/cgroup/none", "", 8},
		{"0::/\n", "fs/cgroup/cpu.max", "max 100000\n", "fs/cgroup/none", "", 8},
		{"0::/\n", "fs/cgroup/cpu.max", "250000 100000\n", "fs/cgroup/none", "", 3},
		{"0::/a/b\n", "fs/cgroup/a/cpu.max", "100000 100000\n", "fs/cgroup/a/b/cpu.max",
		 "400000 100000\n", 1},
		{"0::/a\n", "fs/cgroup/a/cpu.max", "1000 100000\n", "fs/cgroup/none", "", 1},
		{"3:cpu,cpuacct:/x\n", "fs/cgroup/cpu/x/cpu.cfs_quota_us", "200000\n",
		 "fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n", 2},
		{"3:cpu,cpuacct:/x\n", "fs/cgroup/cpu/x/cpu.cfs_quota_us", "-1\n",
		 "fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n", 8},
		{"3:cpuset:/x\n", "fs/cgroup/cpu/x/cpu.cfs_quota_us", "100000\n",
		 "fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n", 8},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char base[] = "/tmp/dvsched-test-XXXXXX";
		char *proc, *sys;

		assert_non_null(mkdtemp(base));
		proc = xasprintf("%s/proc", base);
		sys = xasprintf("%s/sys", base);
		write_file(proc, "self/cgroup", cases[i].cgroup);
		write_file(sys, cases[i].path, cases[i].text);
		write_file(sys, cases[i].path2, cases[i].text2);
		assert_int_equal(cpus_under(proc, sys, 8), cases[i].cpus);
		fs_remove_tree(base);
		free(proc);
		free(sys);
	}
	assert_true(cpus_usable() >= 1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_reused_and_no_more_than_needed),
		cmocka_unit_test(results_reach_the_scheduler),
		cmocka_unit_test(a_slot_that_dies_costs_one_job),
		cmocka_unit_test(a_slot_that_is_about_to_end_gets_no_job),
		cmocka_unit_test(a_slot_that_no_descriptors_are_left_for_is_started_later),
		cmocka_unit_test(a_shortage_in_a_slot_costs_no_job),
		cmocka_unit_test(a_kill_reaches_all_that_run),
		cmocka_unit_test(what_it_will_not_take_is_reported_once_per_rules),
		cmocka_unit_test(a_quota_bounds_the_cpus),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
