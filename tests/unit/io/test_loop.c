/* SPDX-License-Identifier: Apache-2.0 */
/* A loop receives signals even if the kernel accepts nothing into an epoll set. */
#include "io/loop.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

#include <cmocka.h>

#include "faulty.h"

static void on_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

/* It comes while the loop waits, and nothing else wakes it. */
static void assert_hears_signals(struct ev_loop *loop)
{
	struct itimerval soon = {.it_value.tv_usec = 20000};
	ev_signal alarm;

	ev_signal_init(&alarm, on_signal, SIGALRM);
	ev_signal_start(loop, &alarm);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	ev_run(loop, 0);
	ev_signal_stop(loop, &alarm);
}

static void a_loop_hears_signals(void **state)
{
	struct ev_loop *loop = loop_new();

	(void)state;
	assert_true(ev_backend(loop) != EVBACKEND_POLL);
	assert_hears_signals(loop);
	ev_loop_destroy(loop);
}

static void a_loop_that_epoll_refuses_hears_signals(void **state)
{
	(void)state;
	for (int n = 1; n >= -1; n -= 2) {
		struct ev_loop *loop;

		faulty_set(FAULTY_EPOLL, ENOSPC, 0, n);
		loop = loop_new();
		assert_int_equal(ev_backend(loop), EVBACKEND_POLL);
		assert_hears_signals(loop);
		ev_loop_destroy(loop);
		faulty_clear();
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loop_hears_signals),
		cmocka_unit_test(a_loop_that_epoll_refuses_hears_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
