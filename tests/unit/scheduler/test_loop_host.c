/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler on a libev loop. */
#include <signal.h>
#include <stdlib.h>

#include "backends/fake/fake.h"
#include "bed.h"
#include "cmocka_all.h"
#include "scheduler/loop_host.h"

/* The bed's plan, but on a real loop and in real time. */
struct rig {
	struct bed b;
	struct ev_loop *loop;
	struct loop_host *host;
};

static void rig_init(struct rig *r, const struct fake_options *options, unsigned n_jobs)
{
	struct fake_options fake = *options;

	bed_init(&r->b, n_jobs);
	for (unsigned i = 0; i < n_jobs; i++)
		bed_job(&r->b, "j%u", i);
	r->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	fake.loop = r->loop;
	r->host = loop_host_new(r->loop, NULL);
	r->b.backends[r->b.n_backends++] = fake_new(&fake);
	r->b.s = sched_new(&r->b.options, loop_host_get(r->host));
	sched_add_backend(r->b.s, r->b.backends[0], 1);
}

static void rig_go(struct rig *r)
{
	assert_int_equal(sched_load(r->b.s, r->b.plan, &r->b.diags), 0);
	sched_subscribe(r->b.s, &r->b.observer);
	loop_host_run(r->host, r->b.s);
	assert_true(sched_is_done(r->b.s));
	assert_int_equal(r->b.n_run_ended, 1);
}

static void rig_done(struct rig *r)
{
	loop_host_free(r->host);
	r->host = NULL;
	bed_done(&r->b);
	ev_loop_destroy(r->loop);
}

static void jobs_run_on_a_loop(void **state)
{
	struct rig r = {0};

	(void)state;
	rig_init(&r, &(struct fake_options){.mean_s = 0.002, .max_parallel = 2}, 9);
	rig_go(&r);
	assert_string_equal(bed_letters(&r.b), "PPPPPPPPP");
	assert_int_equal(r.b.peak, 2);
	rig_done(&r);
}

static void an_empty_plan_leaves_the_loop(void **state)
{
	struct rig r = {0};

	(void)state;
	rig_init(&r, &(struct fake_options){.mean_s = 1}, 0);
	rig_go(&r);
	rig_done(&r);
}

static struct fake_outcome fails_once(const struct job *job, uint32_t attempt, void *ctx)
{
	(void)job, (void)ctx;
	return (struct fake_outcome){.status = attempt == 1 ? JOB_FAILED : JOB_PASSED,
				     .reason = REASON_EXIT};
}

static void an_alarm_wakes_the_loop_when_nothing_else_does(void **state)
{
	double start_s = clock_now(clock_real());
	struct rig r = {0};

	(void)state;
	rig_init(&r, &(struct fake_options){.script = fails_once}, 1);
	bed_rules(&r.b.plan->jobs[0])->retry = (struct retry_rules){.max = 1, .backoff_s = 0.05};
	rig_go(&r);
	assert_string_equal(bed_letters(&r.b), "P");
	assert_int_equal(bed_find(&r.b, "j0")->n_attempts, 2);
	assert_true(clock_now(clock_real()) - start_s >= 0.05);
	rig_done(&r);
}

static void on_signal(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop, (void)revents;
	sched_stop(w->data, STOP_TERM, REASON_USER, SIGINT);
}

static void a_stop_from_a_watcher_ends_the_run(void **state)
{
	struct rig r = {0};
	ev_timer timer;

	(void)state;
	rig_init(&r, &(struct fake_options){.mean_s = 1e6, .max_parallel = 1}, 2);
	ev_timer_init(&timer, on_signal, 0.01, 0);
	timer.data = r.b.s;
	ev_timer_start(r.loop, &timer);
	rig_go(&r);
	assert_string_equal(bed_letters(&r.b), "KK");
	assert_int_equal(r.b.signum, SIGINT);
	rig_done(&r);
}

static unsigned n_idle;

static void on_other_idle(struct ev_loop *loop, ev_idle *w, int revents)
{
	(void)revents;
	if (++n_idle == 5)
		ev_idle_stop(loop, w);
}

static void in_virtual_time_the_loops_other_work_comes_first(void **state)
{
	struct clock_virtual clock;
	struct rig r = {0};
	ev_idle other;

	(void)state;
	clock_virtual_init(&clock, 0);
	rig_init(&r, &(struct fake_options){.mean_s = 1000, .clock = &clock}, 3);
	ev_idle_init(&other, on_other_idle);
	ev_idle_start(r.loop, &other);
	n_idle = 0;
	rig_go(&r);
	assert_int_equal(n_idle, 5);
	assert_string_equal(bed_letters(&r.b), "PPP");
	assert_true(clock.now_s == 1000);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_run_on_a_loop),
		cmocka_unit_test(an_empty_plan_leaves_the_loop),
		cmocka_unit_test(an_alarm_wakes_the_loop_when_nothing_else_does),
		cmocka_unit_test(a_stop_from_a_watcher_ends_the_run),
		cmocka_unit_test(in_virtual_time_the_loops_other_work_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
