/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of {eval_cmd}: limits, and no processes left behind. */
#include "config/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include "unit.h"

static const struct shell_limits usual = {
	.at_once = 2, .timeout_s = 60, .output_most = 1024 * 1024};

static void run(struct eval *evals, size_t n, const struct shell_limits *limits)
{
	struct shells *s = shells_new(limits);

	for (size_t i = 0; i < n; i++)
		shells_add(s, &evals[i]);
	shells_wait(s, n);
	for (size_t i = 0; i < n; i++)
		assert_true(evals[i].is_done);
	shells_free(s);
}

static void done(struct eval *v)
{
	str_done(&v->out);
	free(v->why);
	*v = (struct eval){0};
}

static void run_one(struct eval *v, const char *cmd, const struct shell_limits *limits)
{
	*v = (struct eval){.cmd = (char *)cmd};
	run(v, 1, limits);
}

static void output_is_both_streams_in_order(void **state)
{
	struct eval v;

	(void)state;
	run_one(&v, "echo a; echo b >&2; printf 'c\\n\\n'", &usual);
	assert_null(v.why);
	assert_string_equal(v.out.s, "a\nb\nc\n");
	assert_int_equal(v.out.len, 6);
	done(&v);
	run_one(&v, "true", &usual);
	assert_string_equal(v.out.s, "");
	done(&v);
}

static void standard_input_is_empty(void **state)
{
	struct eval v;

	(void)state;
	run_one(&v, "wc -c", &usual);
	assert_string_equal(v.out.s, "0");
	done(&v);
}

static void the_output_of_whom_it_leaves_behind_counts(void **state)
{
	struct eval v;

	(void)state;
	run_one(&v, "mkfifo f; (cat f; echo late) & echo x >f", &usual);
	assert_null(v.why);
	assert_string_equal(v.out.s, "x\nlate");
	done(&v);
}

static void a_shell_without_output_is_waited_for(void **state)
{
	struct eval v;

	(void)state;
	run_one(&v, "exec >/dev/null 2>&1; head -c 3000000 /dev/zero | wc -c >f; exit 4", &usual);
	assert_int_equal(v.status, 4);
	assert_true(fs_exists("f"));
	done(&v);
}

static void status_and_signal_are_distinguished(void **state)
{
	struct eval v;

	(void)state;
	run_one(&v, "exit 12", &usual);
	assert_int_equal(v.status, 12);
	assert_string_equal(v.why, "exited with status 12");
	done(&v);
	run_one(&v, "kill -TERM $$", &usual);
	assert_int_equal(v.status, 128 + SIGTERM);
	assert_string_equal(v.why, "was ended by signal 15");
	done(&v);
}

/* The write end that all processes of a command hold: the read end sees when all have ended. */
static int open_lifeline(void)
{
	assert_int_equal(mkfifo("life", 0666), 0);
	return open("life", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static void assert_all_gone(int lifeline)
{
	struct pollfd p = {.fd = lifeline, .events = POLLIN};
	char byte;

	do
		assert_int_equal(poll(&p, 1, 10000), 1);
	while (read(lifeline, &byte, 1) > 0);
	close(lifeline);
}

static void what_takes_too_long_is_killed_with_all_its_children(void **state)
{
	struct shell_limits limits = usual;
	int lifeline = open_lifeline();
	struct eval v;

	(void)state;
	limits.timeout_s = 0.3;
	run_one(&v, "exec 3>life; echo said; trap '' TERM; sleep 1000 & sleep 1000", &limits);
	assert_string_equal(v.why, "took longer than 0.3 s");
	assert_int_equal(v.status, 1);
	assert_string_equal(v.out.s, "said");
	assert_all_gone(lifeline);
	done(&v);
}

static void what_prints_too_much_is_killed(void **state)
{
	struct shell_limits limits = usual;
	int lifeline = open_lifeline();
	struct eval v;

	(void)state;
	limits.output_most = 100000;
	run_one(&v, "exec 3>life; yes", &limits);
	assert_string_equal(v.why, "printed more than 100000 bytes");
	assert_all_gone(lifeline);
	done(&v);
	run_one(&v, "head -c 100000 /dev/zero | tr '\\0' x", &limits);
	assert_null(v.why);
	assert_int_equal(v.out.len, 100000);
	done(&v);
}

static void no_more_than_the_limit_run_at_once(void **state)
{
	struct eval evals[8] = {{0}};
	struct shell_limits limits = usual;

	(void)state;
	/* mkdir fails while another command holds the directory. */
	for (size_t i = 0; i < ARRAY_LEN(evals); i++)
		evals[i].cmd =
			(char *)"mkdir alone && head -c 10000000 /dev/zero | cksum && rmdir alone";
	limits.at_once = 1;
	run(evals, ARRAY_LEN(evals), &limits);
	for (size_t i = 0; i < ARRAY_LEN(evals); i++) {
		assert_null(evals[i].why);
		done(&evals[i]);
	}
}

/* Each waits for output of the other one. */
static void as_many_as_the_limit_run_at_once(void **state)
{
	struct eval evals[2] = {{0}};

	(void)state;
	assert_int_equal(mkfifo("ab", 0666), 0);
	assert_int_equal(mkfifo("ba", 0666), 0);
	evals[0].cmd = (char *)"echo from a >ab; cat ba";
	evals[1].cmd = (char *)"x=$(cat ab); echo from b >ba; echo $x";
	run(evals, ARRAY_LEN(evals), &usual);
	assert_string_equal(evals[0].out.s, "from b");
	assert_string_equal(evals[1].out.s, "from a");
	done(&evals[0]);
	done(&evals[1]);
}

static void many_commands_get_their_own_output(void **state)
{
	struct eval evals[50] = {{0}};
	char cmds[50][32], expected[32];
	struct shell_limits limits = usual;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(evals); i++) {
		snprintf(cmds[i], sizeof(cmds[i]), "echo number %zu", i);
		evals[i].cmd = cmds[i];
	}
	limits.at_once = 1000;
	run(evals, ARRAY_LEN(evals), &limits);
	for (size_t i = 0; i < ARRAY_LEN(evals); i++) {
		snprintf(expected, sizeof(expected), "number %zu", i);
		assert_string_equal(evals[i].out.s, expected);
		done(&evals[i]);
	}
}

static void a_command_too_long_for_the_system_is_an_error(void **state)
{
	_cleanup_(str_done) struct str cmd = {0};
	struct eval v;

	(void)state;
	str_add(&cmd, "true ");
	for (int i = 0; i < 300 * 1024; i++)
		str_addc(&cmd, 'x');
	run_one(&v, cmd.s, &usual);
	assert_string_equal(v.why, "could not be started: Argument list too long");
	done(&v);
}

/* The second one starts in the turn in which the first one ends. */
static void commands_run_while_nobody_waits(void **state)
{
	struct eval evals[2] = {{.cmd = (char *)"echo a"}, {.cmd = (char *)"echo b >life; echo c"}};
	struct shell_limits limits = usual;
	struct shells *s;
	int lifeline = open_lifeline();

	(void)state;
	limits.at_once = 1;
	s = shells_new(&limits);
	shells_add(s, &evals[0]);
	shells_add(s, &evals[1]);
	while (!evals[1].is_done)
		shells_turn(s);
	assert_string_equal(evals[0].out.s, "a");
	assert_string_equal(evals[1].out.s, "c");
	shells_wait(s, 2);
	shells_free(s);
	assert_all_gone(lifeline);
	done(&evals[0]);
	done(&evals[1]);
}

static void who_waits_for_the_first_does_not_wait_for_the_last(void **state)
{
	/* The first ends when the last has begun. */
	struct eval evals[2] = {{.cmd = (char *)"read up <begun; echo a"},
				{.cmd = (char *)"exec 3>life; echo up >begun; sleep 1000"}};
	struct shells *s = shells_new(&usual);
	int lifeline = open_lifeline();

	(void)state;
	assert_int_equal(mkfifo("begun", 0666), 0);
	shells_add(s, &evals[0]);
	shells_add(s, &evals[1]);
	shells_wait(s, 1);
	assert_string_equal(evals[0].out.s, "a");
	assert_false(evals[1].is_done);
	shells_free(s);
	assert_string_equal(evals[1].why, "was interrupted");
	assert_all_gone(lifeline);
	done(&evals[0]);
	done(&evals[1]);
}

static void on_usr1(int signal)
{
	(void)signal;
	cfg_interrupt();
}

/* The last test: an interrupt cannot be undone. */
static void an_interrupt_ends_all_and_starts_no_more(void **state)
{
	struct eval evals[3] = {{0}};
	int lifeline = open_lifeline();

	(void)state;
	signal(SIGUSR1, on_usr1);
	evals[0].cmd = (char *)"exec 3>life; sleep 1000 & sleep 1000";
	evals[1].cmd = (char *)"exec 3>life; kill -USR1 $PPID; sleep 1000";
	evals[2].cmd = (char *)"touch ran";
	run(evals, ARRAY_LEN(evals), &usual);
	assert_string_equal(evals[0].why, "was interrupted");
	assert_string_equal(evals[1].why, "was interrupted");
	assert_string_equal(evals[2].why, "was not run: interrupted");
	assert_int_equal(evals[2].status, 130);
	assert_false(fs_exists("ran"));
	assert_all_gone(lifeline);
	for (size_t i = 0; i < ARRAY_LEN(evals); i++)
		done(&evals[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROJECT_TEST(output_is_both_streams_in_order),
		PROJECT_TEST(standard_input_is_empty),
		PROJECT_TEST(the_output_of_whom_it_leaves_behind_counts),
		PROJECT_TEST(a_shell_without_output_is_waited_for),
		PROJECT_TEST(status_and_signal_are_distinguished),
		PROJECT_TEST(what_takes_too_long_is_killed_with_all_its_children),
		PROJECT_TEST(what_prints_too_much_is_killed),
		PROJECT_TEST(no_more_than_the_limit_run_at_once),
		PROJECT_TEST(as_many_as_the_limit_run_at_once),
		PROJECT_TEST(many_commands_get_their_own_output),
		PROJECT_TEST(a_command_too_long_for_the_system_is_an_error),
		PROJECT_TEST(commands_run_while_nobody_waits),
		PROJECT_TEST(who_waits_for_the_first_does_not_wait_for_the_last),
		PROJECT_TEST(an_interrupt_ends_all_and_starts_no_more),
	};

	return RUN_PROJECTS(tests);
}
