/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-local [N [J…]]: N jobs `true`, each with a directory and a log of its own, on the local
 * backend, J at a time; beside a bare loop of posix_spawn() with the same J. Rounds interleaved,
 * medians; a fresh directory each round, below $TMPDIR. CPU is this process's own: the scheduler's.
 * (ext4 makes directories at half the rate for half a minute after others were removed.)
 */
#include <ev.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/backends.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "exec/slot.h"
#include "scheduler/loop_host.h"
#include "temp_dir.h"

extern char **environ;

enum { ROUNDS = 5 };
static const char *const argv_true[] = {"/bin/true", NULL};
static const char *const no_strings[] = {NULL};

static double now_s(void)
{
	return clock_now(clock_real());
}

static double own_cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

/* Jobs per second. */
static double bare_loop(size_t n, size_t most)
{
	double from = now_s();
	size_t left = n, running = 0;

	while (left || running) {
		pid_t pid;

		if (left && running < most) {
			if (posix_spawn(&pid, argv_true[0], NULL, NULL, (char *const *)argv_true,
					environ) != 0)
				exit(1);
			left--;
			running++;
		} else if (wait(NULL) > 0) {
			running--;
		}
	}
	return (double)n / (now_s() - from);
}

static struct plan *make_plan(size_t n, const char *root, const struct job_rules *rules,
			      const struct job_block *block)
{
	struct plan *p = plan_new();

	p->jobs = arena_array(p->mem, n, sizeof(*p->jobs));
	p->n_jobs = n;
	p->scratch_root = root;
	for (size_t i = 0; i < n; i++) {
		struct job_spec *s = &p->jobs[i];

		s->id = s->name = arena_printf(p->mem, "job%zu", i);
		s->block = block;
		s->rules = rules;
		s->argv = argv_true;
		s->command = "true";
		s->dir = arena_printf(p->mem, "%s/cfg/job%zu", root, i);
		s->log = arena_printf(p->mem, "%s/log", s->dir);
	}
	return p;
}

static void on_closed(void *ctx, const char *trouble)
{
	(void)trouble;
	ev_break(ctx, EVBREAK_ALL);
}

struct measure {
	double jobs_per_s, cpu_us;
};

static struct measure run(size_t n, uint32_t most, const char *root)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	struct backend_env env = {.loop = loop,
				  .clock = clock_real(),
				  .scratch_root = root,
				  .max_parallel = most,
				  .grace_s = 10};
	struct job_rules rules = {.target = "t",
				  .env = no_strings,
				  .keep = no_strings,
				  .tags = no_strings,
				  .cwd = "/",
				  .grace_s = -1,
				  .cpus = 1};
	struct job_block block = {.name = "cfg", .scratch_path = root};
	struct plan *plan = make_plan(n, root, &rules, &block);
	struct loop_host *host = loop_host_new(loop, NULL);
	struct sched_options options = {0};
	struct sched *s = sched_new(&options, loop_host_get(host));
	struct measure m;
	struct diags diags;
	struct backend *b;
	double from, cpu;

	diags_init(&diags);
	b = backend_local_create(&env, &diags);
	sched_add_backend(s, b, 1);
	if (sched_load(s, plan, &diags) < 0)
		exit(1);
	from = now_s();
	cpu = own_cpu_s();
	loop_host_run(host, s);
	m.jobs_per_s = (double)n / (now_s() - from);
	m.cpu_us = (own_cpu_s() - cpu) / (double)n * 1e6;
	if (sched_tally(s)[JOB_PASSED] != n) {
		fprintf(stderr, "only %u of %zu passed\n", sched_tally(s)[JOB_PASSED], n);
		exit(1);
	}
	b->ops->close(b, on_closed, loop);
	ev_run(loop, 0);
	sched_free(s);
	b->ops->destroy(b);
	loop_host_free(host);
	ev_loop_destroy(loop);
	plan_free(plan);
	diags_done(&diags);
	return m;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v)
{
	qsort(v, ROUNDS, sizeof(*v), compare);
	return v[ROUNDS / 2];
}

static void compare_at(size_t n, uint32_t most, const char *base)
{
	double bare[ROUNDS], ours[ROUNDS], cpu[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		char *root = xasprintf("%s/%u-%d", base, most, i);
		struct measure m;

		bare[i] = bare_loop(n, most);
		m = run(n, most, root);
		ours[i] = m.jobs_per_s;
		cpu[i] = m.cpu_us;
		free(root);
	}
	printf("local: %zu x true, %u at a time: %.0f jobs/s, bare loop %.0f, ratio %.2f, "
	       "%.1f us of scheduler CPU per job\n",
	       n, most, median(ours), median(bare), median(ours) / median(bare), median(cpu));
}

int main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	_cleanup_(freep) char *base = xasprintf("%s/dvsched-bench-local-XXXXXX",
						tmp ? tmp : "/tmp");
	size_t n = argc > 1 ? (size_t)atol(argv[1]) : 2000;

	if (argc > 1 && strcmp(argv[1], "__slot") == 0)
		return slot_main(NULL);
	if (!temp_dir_make(base))
		return 1;
	if (argc < 3) {
		compare_at(n, 2, base);
		compare_at(n, 16, base);
	}
	for (int i = 2; i < argc; i++)
		compare_at(n, (uint32_t)atol(argv[i]), base);
	fs_remove_tree(base);
	return 0;
}
