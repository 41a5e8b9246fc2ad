/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/stop_requests.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"

struct request {
	int signum;
	double at_s;
	bool counts;
};

static const struct {
	const char *what;
	struct request at[6];
} cases[] = {
	{"one", {{SIGINT, 5, true}}},
	{"Ctrl-C and Ctrl-C again", {{SIGINT, 5, true}, {SIGINT, 5.4, true}, {SIGINT, 6, true}}},
	{"a wrapper repeats it", {{SIGINT, 5, true}, {SIGINT, 5.01, false}, {SIGINT, 5.02, false}}},
	{"a key that is held down",
	 {{SIGINT, 5, true}, {SIGINT, 5.1, false}, {SIGINT, 5.2, false}, {SIGINT, 5.3, true}}},
	{"kernel and shell hang up", {{SIGHUP, 0, true}, {SIGHUP, 0.001, false}}},
	{"on a busy machine", {{SIGHUP, 0, true}, {SIGHUP, 0.9, false}, {SIGHUP, 2, true}}},
	{"another kind", {{SIGINT, 5, true}, {SIGTERM, 5.001, true}, {SIGQUIT, 5.002, true}}},
	{"two kinds, repeated",
	 {{SIGINT, 5, true}, {SIGTERM, 5.01, true}, {SIGINT, 5.02, false}, {SIGTERM, 5.03, false}}},
	{"a service manager", {{SIGTERM, 5, true}, {SIGHUP, 5.001, false}, {SIGTERM, 9, true}}},
	{"a shell with stopped jobs",
	 {{SIGHUP, 5, true}, {SIGTERM, 5.001, false}, {SIGHUP, 5.002, false}, {SIGTERM, 6, true}}},
	{"hung up, then told", {{SIGHUP, 5, true}, {SIGTERM, 5.5, true}}},
};

static void what_comes_twice_in_a_moment_is_one_request(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stop_requests r = {0};
		unsigned n = 0;

		for (const struct request *q = cases[i].at; q->signum; q++) {
			n += q->counts;
			if (stop_requests_add(&r, q->signum, STOP_DIRECT, q->at_s) != q->counts)
				fail_msg("%s: request %d", cases[i].what, (int)(q - cases[i].at));
		}
		assert_int_equal(r.n, n);
		assert_int_equal(r.first, cases[i].at[0].signum);
	}
}

/* In either order, and with any time between them: one request. */
static void what_both_processes_were_sent_counts_once(void **state)
{
	(void)state;
	for (unsigned first = 0; first < STOP_WAYS; first++) {
		enum stop_from one = first,
			       other = one == STOP_DIRECT ? STOP_PASSED_ON : STOP_DIRECT;
		struct stop_requests r = {0};

		assert_true(stop_requests_add(&r, SIGTERM, one, 5));
		assert_false(stop_requests_add(&r, SIGTERM, other, 30));
		assert_true(stop_requests_add(&r, SIGTERM, other, 31));
		assert_false(stop_requests_add(&r, SIGTERM, one, 32));
		assert_int_equal(r.n, 2);
	}
}

static void what_only_one_process_was_sent_counts_each_time(void **state)
{
	struct stop_requests r = {0};

	(void)state;
	assert_true(stop_requests_add(&r, SIGTERM, STOP_PASSED_ON, 5));
	assert_true(stop_requests_add(&r, SIGTERM, STOP_PASSED_ON, 5.5));
	assert_false(stop_requests_add(&r, SIGTERM, STOP_PASSED_ON, 5.6));
	assert_true(stop_requests_add(&r, SIGINT, STOP_DIRECT, 6));
	assert_int_equal(r.n, 3);
}

static void a_hangup_of_both_processes_counts_once(void **state)
{
	struct stop_requests r = {0};

	(void)state;
	assert_true(stop_requests_add(&r, SIGHUP, STOP_DIRECT, 5));
	assert_false(stop_requests_add(&r, SIGHUP, STOP_PASSED_ON, 5.9));
	assert_false(stop_requests_add(&r, SIGTERM, STOP_PASSED_ON, 5.1));
	assert_int_equal(r.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_twice_in_a_moment_is_one_request),
		cmocka_unit_test(what_both_processes_were_sent_counts_once),
		cmocka_unit_test(what_only_one_process_was_sent_counts_each_time),
		cmocka_unit_test(a_hangup_of_both_processes_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
