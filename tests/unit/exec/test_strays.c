/* SPDX-License-Identifier: Apache-2.0 */
/* How the scheduler ends processes that a dead slot left, and at its end all processes. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/proc_dir.h"
#include "base/proc_tree.h"
#include "exec/slot.h"

static _Noreturn void wait_for_ever(void)
{
	for (;;)
		pause();
}

/* A child, which has a child if has_child, in a new session or in that of the test. Both exist on
 * return. */
static pid_t start_child(bool own_session, bool has_child)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (own_session)
			setsid();
		if (has_child && fork() == 0)
			wait_for_ever();
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		wait_for_ever();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static bool is_there(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == 0;
}

static void end_child(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Jobs have a session of their own; other processes have that of the scheduler. */
static void strays_are_killed_and_reaped_and_nobody_else(void **state)
{
	pid_t known[] = {start_child(true, true), start_child(true, false)};
	pid_t ours = start_child(false, false);
	pid_t strays[] = {start_child(true, false), start_child(true, true)};

	(void)state;
	assert_int_equal(exec_reap_strays(known, ARRAY_LEN(known)), 3);
	for (size_t i = 0; i < ARRAY_LEN(strays); i++)
		assert_int_equal(waitpid(strays[i], NULL, WNOHANG), -1);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		assert_true(is_there(known[i]));
	assert_true(is_there(ours));
	assert_int_equal(exec_reap_strays(known, ARRAY_LEN(known)), 0);
	end_child(ours);
	end_child(known[1]);
	end_child(known[0]); /* its child is a stray now */
	assert_int_equal(exec_reap_strays(NULL, 0), 1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_stray_that_has_ended_already_is_reaped(void **state)
{
	pid_t stray = start_child(true, false);
	siginfo_t info;

	(void)state;
	kill(stray, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)stray, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(exec_reap_strays(NULL, 0), 1);
}

static void many_strays_are_all_killed(void **state)
{
	enum { N = 100 };

	(void)state;
	for (int i = 0; i < N; i++)
		start_child(true, false);
	assert_int_equal(exec_reap_strays(NULL, 0), N);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* A slot must end after its processes. */
static void what_is_below_children_can_be_killed_alone(void **state)
{
	pid_t child = start_child(true, true);
	struct proc_tree t = {0};
	struct proc_stat st;
	pid_t below;

	(void)state;
	proc_tree_read(&t, NULL, NULL);
	assert_int_equal(t.n_own, 1);
	assert_int_equal(t.n, 2);
	below = t.at[1].pid;
	proc_tree_signal_below(&t, SIGKILL);
	do
		assert_true(proc_stat_read(below, &st));
	while (st.state != 'Z'); /* its parent never reaps it */
	assert_true(is_there(child));
	proc_tree_done(&t);
	end_child(child);
	exec_reap_strays(NULL, 0);
}

static void all_below_are_killed_but_for_one_and_its_own(void **state)
{
	pid_t except = start_child(true, true);

	(void)state;
	start_child(true, true);
	start_child(false, true);
	assert_int_equal(exec_kill_descendants(except), 4);
	assert_true(is_there(except));
	assert_int_equal(exec_kill_descendants(0), 2);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(exec_kill_descendants(0), 0);
}

/* Each process of a chain forks its successor and ends. It comes to an end, so that a failed test
 * leaves the machine some pids. */
static void start_chain(void)
{
	if (fork() != 0)
		return;
	setsid();
	for (int n = 0; n < 5000; n++)
		if (fork() != 0)
			_exit(0);
	_exit(0);
}

static unsigned count_children(void)
{
	struct proc_tree t = {0};
	unsigned n;

	proc_tree_read_own(&t, NULL, NULL);
	n = (unsigned)t.n;
	proc_tree_done(&t);
	return n;
}

/* They leave zombies faster than a walk of the tree can be repeated. */
static void chains_of_forks_are_caught(void **state)
{
	(void)state;
	start_child(true, true); /* as a slot, with a process of a job */
	for (int i = 0; i < 4; i++)
		start_chain();
	while (count_children() < 200)
		;
	exec_kill_descendants(0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* As if a mount covered /proc: it cannot be opened. The kernel is asked about each pid then. */
static void processes_are_found_and_killed_without_proc(void **state)
{
	pid_t leader = start_child(true, true), known = start_child(true, true);
	struct proc_tree t = {0};
	struct rlimit files, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	none = (struct rlimit){0, files.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	proc_tree_read(&t, NULL, NULL);
	assert_true(t.is_blind);
	assert_int_equal(t.n, 2);
	assert_int_equal(exec_reap_strays(&known, 1), 2);
	assert_int_equal(waitpid(leader, NULL, WNOHANG), -1);
	assert_true(is_there(known));
	assert_int_equal(exec_kill_descendants(0), 2);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	proc_tree_done(&t);
}

/* Processes below a child are not found then, but TERM reaches those of its process group. */
static void without_proc_a_signal_is_for_a_whole_process_group(void **state)
{
	pid_t leader = start_child(true, true), below;
	struct proc_tree t = {0};
	siginfo_t end;

	(void)state;
	proc_tree_read(&t, NULL, NULL);
	below = t.at[1].pid;
	proc_tree_signal(&(struct proc_tree){t.at, 1, 1, 1, .is_blind = true}, SIGTERM);
	assert_int_equal(waitid(P_PID, (id_t)leader, &end, WEXITED), 0);
	assert_int_equal(waitid(P_PID, (id_t)below, &end, WEXITED),
			 0); /* adopted, and ended, too */
	proc_tree_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strays_are_killed_and_reaped_and_nobody_else),
		cmocka_unit_test(a_stray_that_has_ended_already_is_reaped),
		cmocka_unit_test(many_strays_are_all_killed),
		cmocka_unit_test(chains_of_forks_are_caught),
		cmocka_unit_test(what_is_below_children_can_be_killed_alone),
		cmocka_unit_test(all_below_are_killed_but_for_one_and_its_own),
		cmocka_unit_test(processes_are_found_and_killed_without_proc),
		cmocka_unit_test(without_proc_a_signal_is_for_a_whole_process_group),
	};

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	proc_dir_hold(); /* the highest pid is known */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
