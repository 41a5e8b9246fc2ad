/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of processes that the test starts. */
#include "exec/tree_sample.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 60000 };
static const size_t BIG = (size_t)64 << 20;

/* Ends of a pipe: children say when they are ready, and wait until it closes. */
struct nest {
	int ready[2];
	pid_t child;
};

static void say_ready_and_wait(const struct nest *n)
{
	if (write(n->ready[1], "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static int nest_new(void **state)
{
	struct nest *n = calloc(1, sizeof(*n));

	*state = n;
	return n ? pipe(n->ready) : -1;
}

/* The child runs body, in which n_ready processes become ready; all of them sleep then. */
static void nest_make(struct nest *n, void (*body)(const struct nest *), unsigned n_ready)
{
	struct proc_tree tree = {0};
	struct proc_stat st;
	bool all_sleep = false;
	char c;

	n->child = fork();
	if (n->child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		body(n);
	}
	assert_true(n->child > 0);
	for (unsigned i = 0; i < n_ready; i++)
		assert_int_equal(read(n->ready[0], &c, 1), 1);
	for (unsigned i = 0; i < PATIENCE_MS && !all_sleep; i++) {
		proc_tree_read(&tree, NULL, NULL);
		all_sleep = true;
		for (size_t k = 0; k < tree.n; k++)
			all_sleep &= proc_stat_read(tree.at[k].pid, &st) && st.state != 'R';
		if (!all_sleep)
			poll(NULL, 0, 1);
	}
	assert_true(all_sleep);
	proc_tree_done(&tree);
}

static int nest_end(void **state)
{
	struct nest *n = *state;
	struct proc_tree tree = {0};

	proc_tree_read(&tree, NULL, NULL);
	proc_tree_signal(&tree, SIGKILL);
	proc_tree_done(&tree);
	while (wait(NULL) > 0)
		;
	close(n->ready[0]);
	close(n->ready[1]);
	free(n);
	return 0;
}

static struct tree_sample sample(uint64_t memory_limit)
{
	struct proc_tree tree = {0};
	struct tree_sample s;

	proc_tree_read(&tree, NULL, NULL);
	tree_sample_read(&tree, memory_limit, &s);
	proc_tree_done(&tree);
	return s;
}

static void make_three_that_share(const struct nest *n)
{
	volatile char *big = malloc(BIG);

	for (size_t i = 0; i < BIG; i += 1024)
		big[i] = 1;
	if (fork() != 0)
		fork();
	say_ready_and_wait(n);
}

static void shared_memory_counts_once_where_it_matters(void **state)
{
	struct tree_sample s;
	struct nest *n = *state;
	uint64_t pss;

	nest_make(n, make_three_that_share, 3);
	if (!proc_pss_read(n->child, &pss))
		skip();
	s = sample(0);
	assert_int_equal(s.n_processes, 3);
	assert_false(s.is_runnable);
	assert_true(s.memory_bytes > 2 * (uint64_t)BIG);
	assert_true(sample(4 * (uint64_t)BIG).memory_bytes > 2 * (uint64_t)BIG);
	s = sample(2 * (uint64_t)BIG);
	assert_true(s.memory_bytes >= BIG && s.memory_bytes < 2 * (uint64_t)BIG);
}

static void use_cpu(double wanted_s)
{
	struct rusage u;

	do
		getrusage(RUSAGE_SELF, &u);
	while ((double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6 <
	       wanted_s);
}

/* One that has ended and was waited for, one that nobody has waited for, and their parent. */
static void make_three_that_use_cpu(const struct nest *n)
{
	pid_t first = fork();

	if (first == 0) {
		use_cpu(0.1);
		_exit(0);
	}
	waitpid(first, NULL, 0);
	if (fork() == 0) {
		use_cpu(0.1);
		if (write(n->ready[1], "x", 1) != 1)
			_exit(1);
		_exit(0);
	}
	use_cpu(0.1);
	say_ready_and_wait(n);
}

static void cpu_time_is_that_of_all_of_them(void **state)
{
	struct tree_sample s;
	struct nest *n = *state;

	nest_make(n, make_three_that_use_cpu, 2);
	s = sample(0);
	assert_int_equal(s.n_processes, 2); /* a zombie is one, too */
	assert_true(s.cpu_s >= 0.3 - 0.05);
}

static void *wait_in_a_thread(void *n)
{
	say_ready_and_wait(n);
	return NULL;
}

static void make_one_with_threads(const struct nest *n)
{
	pthread_t thread;

	for (int i = 0; i < 5; i++)
		if (pthread_create(&thread, NULL, wait_in_a_thread, (void *)(uintptr_t)n) != 0)
			_exit(1);
	say_ready_and_wait(n);
}

static void threads_are_no_processes(void **state)
{
	nest_make(*state, make_one_with_threads, 6);
	assert_int_equal(sample(0).n_processes, 1);
}

static void make_one_that_spins(const struct nest *n)
{
	if (fork() == 0)
		for (;;)
			;
	say_ready_and_wait(n);
}

static void one_that_spins_is_runnable(void **state)
{
	struct nest *n = *state;

	n->child = fork();
	if (n->child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		make_one_that_spins(n);
	}
	for (unsigned i = 0; i < PATIENCE_MS && sample(0).n_processes < 2; i++)
		poll(NULL, 0, 1);
	assert_true(sample(0).is_runnable);
}

static void without_processes_there_is_nothing(void **state)
{
	struct tree_sample s = sample(1);

	(void)state;
	assert_int_equal(s.n_processes, 0);
	assert_int_equal(s.memory_bytes, 0);
	assert_false(s.is_runnable);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, nest_new, nest_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shared_memory_counts_once_where_it_matters),
		TEST(cpu_time_is_that_of_all_of_them),
		TEST(threads_are_no_processes),
		TEST(one_that_spins_is_runnable),
		TEST(without_processes_there_is_nothing),
	};

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
