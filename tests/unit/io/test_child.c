/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes that end, and that do not end. */
#include "io/child.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

struct rig {
	struct ev_loop *loop;
	struct child child;
	bool has_ended;
	int status;
};

static void on_ended(struct child *c, int status)
{
	struct rig *r = container_of(c, struct rig, child);

	r->has_ended = true;
	r->status = status;
	ev_break(r->loop, EVBREAK_ALL);
}

/* exit_status -1: it never ends, and ignores TERM. */
static struct rig *rig_new(struct rig *r, int exit_status)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGTERM, SIG_IGN);
		while (exit_status < 0)
			pause();
		_exit(exit_status);
	}
	*r = (struct rig){.loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV)};
	child_init(&r->child, r->loop, pid, on_ended);
	return r;
}

static void rig_wait(struct rig *r)
{
	while (!r->has_ended)
		ev_run(r->loop, EVRUN_ONCE);
	assert_int_equal(r->child.pid, 0);
}

static void rig_done(struct rig *r)
{
	child_done(&r->child);
	ev_loop_destroy(r->loop);
}

static void a_child_that_ends_in_time_keeps_its_status(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r, 3);
	child_hung_up(&r.child);
	rig_wait(&r);
	assert_true(WIFEXITED(r.status));
	assert_int_equal(WEXITSTATUS(r.status), 3);
	rig_done(&r);
}

static void a_child_that_does_not_end_in_time_is_killed(void **state)
{
	static const bool is_stopped[] = {false, true};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(is_stopped); i++) {
		struct rig r;

		rig_new(&r, -1);
		if (is_stopped[i])
			kill(r.child.pid, SIGSTOP);
		child_expect_end(&r.child, 0.02);
		rig_wait(&r);
		assert_true(WIFSIGNALED(r.status));
		assert_int_equal(WTERMSIG(r.status), SIGKILL);
		rig_done(&r);
	}
}

static void what_was_done_in_time_is_not_killed(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r, -1);
	child_expect_end(&r.child, 0);
	child_expect_nothing(&r.child);
	ev_run(r.loop, EVRUN_NOWAIT);
	assert_false(r.has_ended);
	assert_false(child_wait(&r.child, 0));
	child_kill(&r.child);
	rig_wait(&r);
	rig_done(&r);
}

static void a_child_that_somebody_else_reaped_is_gone(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r, 0);
	waitpid(r.child.pid, NULL, 0);
	child_hung_up(&r.child);
	assert_true(r.has_ended);
	assert_int_equal(r.status, CHILD_UNKNOWN);
	rig_done(&r);
}

static void a_wait_has_an_end(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r, -1);
	kill(r.child.pid, SIGSTOP);
	assert_false(child_wait(&r.child, 0.01));
	kill(r.child.pid, SIGKILL);
	assert_true(child_wait(&r.child, 60));
	assert_false(r.has_ended);
	rig_done(&r);
}

/* No process of a test survives SIGKILL, so the pid of another process stands for such a process.
 */
static void a_child_that_survives_a_kill_is_given_up(void **state)
{
	_cleanup_(str_done) struct str text = {0};
	struct rig r;
	pid_t pid;

	(void)state;
	rig_new(&r, -1);
	pid = r.child.pid;
	r.child.is_killed = true; /* and it did not help */
	r.child.late.repeat = 0;
	ev_timer_set(&r.child.late, 0.01, 0);
	ev_timer_start(r.loop, &r.child.late);
	while (!r.has_ended)
		ev_run(r.loop, EVRUN_ONCE);
	assert_int_equal(r.status, CHILD_GIVEN_UP);
	child_describe_end(pid, r.status, &text);
	assert_non_null(text.s);
	assert_memory_equal(text.s, "is still there after SIGKILL (state ", 36);
	kill(pid, SIGKILL);
	assert_true(child_wait(&r.child, 60));
	rig_done(&r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_that_ends_in_time_keeps_its_status),
		cmocka_unit_test(a_child_that_does_not_end_in_time_is_killed),
		cmocka_unit_test(what_was_done_in_time_is_not_killed),
		cmocka_unit_test(a_child_that_somebody_else_reaped_is_gone),
		cmocka_unit_test(a_wait_has_an_end),
		cmocka_unit_test(a_child_that_survives_a_kill_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
