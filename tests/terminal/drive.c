/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of fake jobs with a real printer: the real scheduler, the fake backend in real time. For
 * looking at a printer, and for the terminal tests, which control the run.
 *
 *   drive --view tty --jobs 200 --targets 4 --parallel 16 --mean 0.5 --fail-every 9
 *
 * SIGINT and SIGTERM end the run as in dvsched, SIGTSTP stops it, SIGUSR1 crashes it. The end of
 * the run is reported in the file --report.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "backends/fake/fake.h"
#include "base/mem.h"
#include "base/proc.h"
#include "printers/printers.h"
#include "scheduler/loop_host.h"

struct drive {
	const char *view, *report;
	uint32_t n_jobs, n_targets, parallel, fail_every, n_chatter;
	double mean_s, interval_s, stop_after_s;
	bool color;
	bool hold; /* the last job goes on until the run is asked to end */

	struct ev_loop *loop;
	struct sched *sched;
	struct observer *printer;
	ev_signal interrupted, terminated, suspend, crash;
	ev_timer stop;
};

static double jitter(uint32_t n)
{
	return 0.5 + (double)(n * 2654435761u % 1000u) / 1000;
}

static struct fake_outcome script(const struct job *job, uint32_t attempt, void *ctx)
{
	const struct drive *d = ctx;
	bool fails = d->fail_every && job->n % d->fail_every == d->fail_every - 1;

	(void)attempt;
	if (d->hold && job->n == d->n_jobs - 1)
		return (struct fake_outcome){
			.submit = SUBMIT_ACCEPTED, .status = JOB_PASSED, .duration_s = 1e6};
	return (struct fake_outcome){
		.submit = SUBMIT_ACCEPTED,
		.status = fails ? JOB_FAILED : JOB_PASSED,
		.reason = fails ? REASON_EXIT : REASON_NONE,
		.duration_s = d->mean_s * jitter(job->n),
	};
}

/* Each target needs the first job of the one before. */
static struct plan *make_plan(const struct drive *d)
{
	static const char *const no_words[] = {NULL};
	struct plan *p = plan_new();
	struct job_rules *rules = arena_zalloc(p->mem, d->n_targets * sizeof(*rules));
	struct job_block *block = arena_zalloc(p->mem, sizeof(*block));
	uint32_t *deps = arena_zalloc(p->mem, d->n_targets * sizeof(*deps));

	block->name = "demo";
	block->scratch_path = "/nowhere";
	p->name = "demo";
	p->scratch_root = "/nowhere";
	p->flow = "jobs";
	p->n_jobs = d->n_jobs;
	p->jobs = arena_zalloc(p->mem, d->n_jobs * sizeof(*p->jobs));
	for (uint32_t i = 0; i < d->n_targets; i++) {
		rules[i].target = arena_printf(p->mem, i ? "target_%u" : "build", i);
		rules[i].cwd = "/";
		rules[i].env = rules[i].tags = rules[i].keep = no_words;
		rules[i].cpus = 1;
		rules[i].grace_s = -1;
		deps[i] = i;
	}
	for (uint32_t i = 0; i < d->n_jobs; i++) {
		struct job_spec *j = &p->jobs[i];
		uint32_t target = i % d->n_targets;

		j->id = j->name = arena_printf(p->mem, "%s.job_%u", rules[target].target, i);
		j->block = block;
		j->rules = &rules[target];
		j->argv = no_words;
		j->command = "true";
		j->dir = arena_printf(p->mem, "/nowhere/%s", j->name);
		j->log = arena_printf(p->mem, "/nowhere/%s/log", j->name);
		if (target) {
			j->deps = &deps[target - 1];
			j->n_needs = 1;
		}
	}
	return p;
}

static void on_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct drive *d = w->data;

	(void)loop, (void)revents;
	printer_pause(d->printer, true);
	sched_stop(d->sched, STOP_TERM, REASON_USER, w->signum);
}

static void on_suspend(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct drive *d = w->data;

	(void)loop, (void)revents;
	printer_suspend(d->printer, true);
	proc_stop(false);
	printer_suspend(d->printer, false);
}

static void on_crash(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop, (void)w, (void)revents;
	abort();
}

static void on_stop(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct drive *d = w->data;

	(void)loop, (void)revents;
	sched_stop(d->sched, STOP_TERM, REASON_USER, SIGTERM);
}

static void watch_signal(struct drive *d, ev_signal *w,
			 void (*fn)(struct ev_loop *, ev_signal *, int), int signum)
{
	ev_init(w, fn);
	ev_signal_set(w, signum);
	w->data = d;
	ev_signal_start(d->loop, w);
}

static void chatter(struct drive *d)
{
	char line[128];

	for (uint32_t i = 0; i < d->n_chatter; i++) {
		int n = snprintf(line, sizeof(line), "message %u of %u\n", i + 1, d->n_chatter);

		printer_log(d->printer, line, (size_t)n);
	}
}

static void report(const struct drive *d)
{
	const uint32_t *n = sched_tally(d->sched);
	FILE *to = d->report ? fopen(d->report, "w") : NULL;
	struct rusage ru;

	if (!to)
		return;
	getrusage(RUSAGE_SELF, &ru);
	fprintf(to, "passed %u failed %u killed %u rss_kib %ld broken %d\n", n[JOB_PASSED],
		n[JOB_FAILED], n[JOB_KILLED], ru.ru_maxrss, d->printer->is_broken);
	fclose(to);
}

static int run(struct drive *d, const struct printer_env *env, const struct printer_type *type)
{
	struct fake_options fake = {
		.script = script, .script_ctx = d, .max_parallel = d->parallel, .loop = d->loop};
	struct sched_options options = {0};
	struct error err = {0};
	struct diags diags;
	struct plan *plan = make_plan(d);
	struct loop_host *host = loop_host_new(d->loop, NULL);
	struct backend *backend = fake_new(&fake);
	int rc = 0;

	diags_init(&diags);
	watch_signal(d, &d->interrupted, on_signal, SIGINT);
	watch_signal(d, &d->terminated, on_signal, SIGTERM);
	watch_signal(d, &d->suspend, on_suspend, SIGTSTP);
	watch_signal(d, &d->crash, on_crash, SIGUSR1);
	d->sched = sched_new(&options, loop_host_get(host));
	sched_add_backend(d->sched, backend, 1);
	if (sched_load(d->sched, plan, &diags) < 0) {
		diags_print(&diags, stderr, false, false);
		return 2;
	}
	d->printer = type->create(env, &err);
	if (!d->printer) {
		fprintf(stderr, "drive: %s\n", err.msg);
		return 2;
	}
	sched_subscribe(d->sched, d->printer);
	ev_init(&d->stop, on_stop);
	d->stop.data = d;
	ev_timer_set(&d->stop, d->stop_after_s, 0.);
	if (d->stop_after_s > 0)
		ev_timer_start(d->loop, &d->stop);
	chatter(d);
	loop_host_run(host, d->sched);
	report(d);
	d->printer->ops->destroy(d->printer);
	ev_timer_stop(d->loop, &d->stop);
	ev_signal_stop(d->loop, &d->interrupted);
	ev_signal_stop(d->loop, &d->terminated);
	ev_signal_stop(d->loop, &d->suspend);
	ev_signal_stop(d->loop, &d->crash);
	sched_free(d->sched);
	backend->ops->destroy(backend);
	loop_host_free(host);
	diags_done(&diags);
	plan_free(plan);
	return rc;
}

static int run_where_it_can(struct drive *d)
{
	struct printer_env env = {
		.loop = d->loop, .fd = 2, .color = d->color, .interval_s = d->interval_s};
	const struct printer_type *type = printer_type_choose(d->view, &env);

	if (!type || !type->can(&env)) {
		fprintf(stderr, "drive: cannot show '%s' here\n", d->view);
		return 2;
	}
	return run(d, &env, type);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"view", 1, NULL, 'v'},		 {"jobs", 1, NULL, 'n'},
		{"targets", 1, NULL, 't'},	 {"parallel", 1, NULL, 'j'},
		{"mean", 1, NULL, 'm'},		 {"fail-every", 1, NULL, 'f'},
		{"interval", 1, NULL, 'i'},	 {"stop-after", 1, NULL, 's'},
		{"report", 1, NULL, 'r'},	 {"color", 0, NULL, 'c'},
		{"ignore-hangup", 0, NULL, 'h'}, {"hold", 0, NULL, 'H'},
		{"chatter", 1, NULL, 'x'},	 {0}};
	struct drive d = {.view = "auto",
			  .n_jobs = 100,
			  .n_targets = 3,
			  .parallel = 8,
			  .mean_s = 0.2,
			  .interval_s = -1};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'v':
			d.view = optarg;
			break;
		case 'n':
			d.n_jobs = (uint32_t)atoi(optarg);
			break;
		case 't':
			d.n_targets = (uint32_t)atoi(optarg);
			break;
		case 'j':
			d.parallel = (uint32_t)atoi(optarg);
			break;
		case 'm':
			d.mean_s = atof(optarg);
			break;
		case 'f':
			d.fail_every = (uint32_t)atoi(optarg);
			break;
		case 'i':
			d.interval_s = atof(optarg);
			break;
		case 's':
			d.stop_after_s = atof(optarg);
			break;
		case 'r':
			d.report = optarg;
			break;
		case 'x':
			d.n_chatter = (uint32_t)atoi(optarg);
			break;
		case 'H':
			d.hold = true;
			break;
		case 'h':
			signal(SIGHUP, SIG_IGN);
			break;
		case 'c':
			d.color = true;
			break;
		default:
			return 2;
		}
	signal(SIGPIPE, SIG_IGN);
	d.loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	c = run_where_it_can(&d);
	ev_loop_destroy(d.loop);
	return c;
}
