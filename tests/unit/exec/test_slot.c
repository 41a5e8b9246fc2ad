/* SPDX-License-Identifier: Apache-2.0 */
/* A slot with real processes: what it promises about one job, whatever that job does. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "disk.h"
#include "base/link.h"
#include "exec/slot_wire.h"
#include "base/proc_tree.h"
#include "slot_bed.h"

static int setup(void **state)
{
	*state = bed_new();
	return 0;
}

static int teardown(void **state)
{
	bed_free(*state);
	return 0;
}

static void assert_ended(const struct slot_bed *b, enum job_status status, enum job_reason reason)
{
	if (b->result.status != status || b->result.reason != reason)
		print_error("%s, %s: %s\n", job_status_name(b->result.status),
			    job_reason_name(b->result.reason),
			    b->result.message ? b->result.message : "-");
	assert_int_equal(b->result.status, status);
	assert_int_equal(b->result.reason, reason);
}

static void a_job_that_exits_with_0_passes(void **state)
{
	struct slot_bed *b = *state;

	b->argv[0] = "true";
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_null(b->result.message);
	assert_true(b->result.pid > 0);
	assert_true(b->result.start_wall_s > 1e9);
	assert_true(b->result.usage.max_rss_kib > 0);
	assert_true(slot_is_idle(b->slot));
}

static void a_running_job_can_be_measured(void **state)
{
	struct slot_bed *b = *state;
	struct job_load load;

	assert_false(slot_measure(b->slot, &load));
	bed_shell(b, "echo started; sleep 100 & sleep 100; true");
	bed_start(b, 1);
	bed_wait_for_log(b, "started");
	assert_true(slot_measure(b->slot, &load));
	assert_true(load.n_processes >= 1);
	assert_true(load.rss_bytes > 0);
	slot_kill(b->slot, true, REASON_USER);
	bed_wait(b);
	assert_false(slot_measure(b->slot, &load));
}

static void readers_read_what_a_job_left(void **state)
{
	struct slot_bed *b = *state;
	struct job_steps steps = {.reader = "text"};
	_cleanup_(freep) char *path = xasprintf("%s/summary", b->odir);
	const struct job_measures *m;

	steps.read_path = path;
	b->rules.tool = "a tool";
	b->rules.log_reader = "length";
	b->spec.steps = &steps;
	bed_shell(b, "echo twelve more; printf 91 > $DVSCHED_ODIR/summary");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	m = b->result.measures;
	assert_non_null(m);
	assert_true(m->has_run_time && m->run_time_s == 12);
	assert_int_equal(m->n_coverage, 1);
	assert_string_equal(m->coverage[0].name, "a tool");
	assert_string_equal(m->coverage[0].value, "91");
}

/* Files are read of jobs that passed only, logs of all. */
static void a_reader_that_fails_fails_the_job(void **state)
{
	static const struct job_steps missing = {.reader = "text", .read_path = "/nothing/here"},
				      unknown = {.reader = "tea leaves", .read_path = "/"};
	struct slot_bed *b = *state;

	b->rules.tool = "a tool";
	b->rules.log_reader = "length";
	b->spec.steps = &missing;
	bed_shell(b, "echo four");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_POST_STEP);
	assert_non_null(strstr(b->result.message, "No such file"));
	assert_true(b->result.measures->run_time_s == 5);
	bed_shell(b, "echo four; exit 3");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	assert_true(b->result.measures->run_time_s == 5);
	b->spec.steps = &unknown;
	bed_shell(b, "true");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_POST_STEP);
	assert_string_equal(b->result.message, "this program has no reader 'tea leaves'");
}

/* A rehearsal of the command leaves nothing to read. */
static void nothing_is_read_after_a_dry_run(void **state)
{
	static const struct job_steps missing = {.reader = "text", .read_path = "/nothing/here"};
	struct slot_bed *b = *state;

	b->rules.is_dry_run = true;
	b->rules.log_reader = "length";
	b->spec.steps = &missing;
	bed_shell(b, "echo four");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_null(b->result.measures);
}

static void one_slot_runs_many_jobs(void **state)
{
	struct slot_bed *b = *state;

	b->argv[0] = "true";
	for (int i = 0; i < 50; i++) {
		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
	}
	b->argv[0] = "false";
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
}

/* On one processor a short job may be over before its slot runs again. */
static void a_job_begins_before_it_runs(void **state)
{
	struct slot_bed *b = *state;
	cpu_set_t all, one;
	int first = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(first, &all))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	bed_renew_slot(b);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	bed_helper(b, "clock", NULL);
	for (int i = 0; i < 50; i++) {
		const struct job_usage *u;
		char *log;

		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
		log = bed_log(b);
		assert_true(b->result.start_wall_s <= strtod(log, NULL));
		u = &b->result.usage;
		assert_true(b->result.duration_s > 0 &&
			    u->user_s + u->system_s <= b->result.duration_s + 0.001);
		free(log);
	}
}

static void output_goes_to_the_log_after_its_header(void **state)
{
	struct slot_bed *b = *state;
	char *log;

	bed_shell(b, "printf 'out\\303'; printf '\\244 \\377\\n' >&2; echo end");
	bed_run(b);
	log = bed_log(b);
	assert_string_equal(log, "out\303\244 \377\nend\n");
	free(log);
}

static void an_exit_status_fails_with_the_last_lines(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "seq 100 120; exit 7");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	assert_int_equal(b->result.exit_status, 7);
	assert_string_equal(b->result.message, "Job returned a non-zero exit code: 7");
	assert_string_equal(b->result.context,
			    "111\n112\n113\n114\n115\n116\n117\n118\n119\n120\n");
}

static void a_signal_is_named(void **state)
{
	struct slot_bed *b = *state;

	bed_helper(b, "segv", NULL);
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_SIGNAL);
	assert_int_equal(b->result.exit_status, -1);
	assert_int_equal(b->result.term_signal, SIGSEGV);
	assert_non_null(strstr(b->result.message, "killed by signal 11 (SIGSEGV)"));
}

static void a_kill_that_is_not_ours_is_a_signal(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "kill -9 $$");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_SIGNAL);
	assert_int_equal(b->result.term_signal, SIGKILL);
}

static void a_limit_that_is_hit_is_a_named_signal(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "ulimit -c 0; ulimit -t 1; while :; do :; done");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_SIGNAL);
	assert_non_null(strstr(b->result.message, "SIG"));
}

static void a_child_that_stays_is_killed_and_named(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "sleep 1000 & exit 0");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_int_equal(b->result.marks, MARK_LEAKY);
	assert_non_null(strstr(b->result.message, "sleep (pid "));
	assert_int_equal(bed_count_processes(b), 0);
}

static void a_leak_fails_where_the_rules_say_so(void **state)
{
	struct slot_bed *b = *state;

	b->rules.leak = LEAK_FAIL;
	bed_shell(b, "sleep 1000 & exit 0");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_LEAK);
	assert_int_equal(b->result.marks, MARK_LEAKY);
}

static void a_child_that_ends_soon_is_no_leak(void **state)
{
	struct slot_bed *b = *state;

	bed_fail(b, "^UVM_ERROR");
	bed_helper(b, "late", NULL);
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_FAIL_PATTERN);
	assert_string_equal(b->result.message, "UVM_ERROR late");
	assert_int_equal(b->result.line, 4);
	assert_int_equal(b->result.marks, 0);
}

static void a_thousand_daemons_are_gone_before_the_verdict(void **state)
{
	struct slot_bed *b = *state;

	bed_helper(b, "tree", "1000");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_int_equal(b->result.marks, MARK_LEAKY);
	assert_non_null(strstr(b->result.message, " and 995 more"));
	assert_int_equal(bed_count_processes(b), 0);
}

static void chains_of_forks_are_caught(void **state)
{
	struct slot_bed *b = *state;

	b->rules.timeout_s = 0.2;
	b->rules.grace_s = 0.05;
	bed_helper(b, "chains", "5");
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_TIMEOUT);
	assert_int_equal(bed_count_processes(b), 0);
}

static void hiding_does_not_help(void **state)
{
	struct slot_bed *b = *state;
	struct str who = {0};

	b->rules.timeout_s = 0.3;
	b->rules.grace_s = 0.05;
	bed_helper(b, "hide", NULL);
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_TIMEOUT);
	/* The hidden one has no cookie; the slot has no child left, though. */
	str_printf(&who, "/proc/%d/task/%d/children", (int)slot_pid(b->slot),
		   (int)slot_pid(b->slot));
	if (fs_exists(who.s)) {
		FILE *f = fopen(who.s, "r");

		assert_int_equal(fgetc(f), EOF);
		fclose(f);
	}
	str_done(&who);
}

static void a_deadline_ends_the_job_and_says_which(void **state)
{
	struct slot_bed *b = *state;

	b->rules.timeout_s = 0.06;
	bed_helper(b, "for-ever", NULL);
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_TIMEOUT);
	assert_string_equal(b->result.message, "Job timed out after 0.06s");
	assert_int_equal(b->result.term_signal, SIGTERM);
	assert_true(b->result.duration_s >= 0.06);
}

static void what_ignores_term_gets_kill_after_the_grace(void **state)
{
	struct slot_bed *b = *state;

	b->rules.grace_s = 0.2;
	bed_helper(b, "ignore-term", NULL);
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	slot_kill(b->slot, false, REASON_USER);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_USER);
	assert_int_equal(b->result.term_signal, SIGKILL);
	assert_true(b->result.duration_s >= 0.2);
}

static void wait_for_state(pid_t pid, const char *states)
{
	struct proc_stat st = {0};

	for (unsigned i = 0; i < 60000 && !(proc_stat_read(pid, &st) && strchr(states, st.state));
	     i++)
		poll(NULL, 0, 1);
	assert_non_null(strchr(states, st.state));
}

/* The pid that the job has written into its log after word. */
static pid_t pid_in_log(struct slot_bed *b, const char *word)
{
	char *log;
	pid_t pid;

	bed_wait_for_log(b, word);
	log = bed_log(b);
	pid = (pid_t)atoi(strstr(log, word) + strlen(word));
	free(log);
	return pid;
}

static double now_s(void)
{
	return clock_now(clock_real());
}

static void a_pause_stops_all_of_the_job_and_its_clocks(void **state)
{
	struct slot_bed *b = *state;
	double began_s = now_s(), stopped_s, paused_s;
	pid_t leader, orphan;

	b->rules.timeout_s = 2;
	bed_shell(b, "(setsid sh -c 'echo orphan $$; exec sleep 1000' &); echo leader $$; "
		     "while :; do :; done");
	bed_start(b, 1);
	orphan = pid_in_log(b, "orphan ");
	leader = pid_in_log(b, "leader ");
	slot_pause(b->slot, true);
	wait_for_state(leader, "T");
	wait_for_state(orphan, "T");
	stopped_s = now_s();
	poll(NULL, 0, 2100); /* longer than the time limit */
	assert_false(b->has_ended);
	paused_s = now_s() - stopped_s;
	slot_pause(b->slot, false);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_TIMEOUT);
	assert_true(now_s() - began_s >= 2 + paused_s);
	assert_true(b->result.duration_s <= now_s() - began_s - paused_s);
}

static void a_paused_job_can_be_killed(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "trap 'exit 0' TERM; echo up $$; while :; do :; done");
	for (int now = 0; now <= 1; now++) {
		unlink(b->log); /* the last round's, which says up, too */
		bed_start(b, 1);
		pid_t pid = pid_in_log(b, "up ");

		slot_pause(b->slot, true);
		wait_for_state(pid, "T");
		slot_kill(b->slot, now, REASON_USER);
		bed_wait(b);
		assert_ended(b, JOB_KILLED, REASON_USER);
		assert_int_equal(b->result.term_signal, now ? SIGKILL : 0);
		slot_pause(b->slot, false);
	}
}

/* Such as another dvsched. */
static void who_handles_tstp_is_told_first(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "trap told=1 TSTP; trap on=1 CONT; echo up $$; "
		     "while [ \"$told$on\" != 11 ]; do :; done");
	bed_start(b, 1);
	pid_t pid = pid_in_log(b, "up ");

	slot_pause(b->slot, true);
	wait_for_state(pid, "T");
	slot_pause(b->slot, false);
	bed_wait(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
}

static void what_is_forked_while_it_stops_stops(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "echo up $$; while :; do (:) & (:) & wait; done");
	bed_start(b, 1);
	pid_t pid = pid_in_log(b, "up ");

	slot_pause(b->slot, true);
	wait_for_state(pid, "TD");
	slot_pause(b->slot, false);
	wait_for_state(pid, "RS");
	slot_kill(b->slot, true, REASON_USER);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_USER);
}

/* As a service manager does: the job is not told first, and neither is the slot. */
static void a_signal_to_everybody_is_a_user_s(void **state)
{
	static const int signals[] = {SIGTERM, SIGHUP, SIGINT};
	struct slot_bed *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		_cleanup_(freep) char *command = xasprintf("kill -%d $PPID $$", signals[i]);

		bed_shell(b, command);
		bed_run(b);
		assert_ended(b, JOB_KILLED, REASON_USER);
		assert_int_equal(b->result.term_signal, signals[i]);
	}
	bed_shell(b, "kill $PPID; exit 143");
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_USER);
	bed_shell(b, "kill $PPID; exit 1");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	bed_shell(b, "kill $PPID; true");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	bed_shell(b, "kill $$"); /* the job's own affair */
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_SIGNAL);
}

static void a_second_kill_may_be_harder(void **state)
{
	struct slot_bed *b = *state;

	bed_helper(b, "ignore-term", NULL);
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	slot_kill(b->slot, false, REASON_USER);
	slot_kill(b->slot, true, REASON_RUN_DEADLINE);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_USER);
	assert_int_equal(b->result.term_signal, SIGKILL);
}

static void the_stopped_hear_term(void **state)
{
	struct slot_bed *b = *state;
	char *log;

	b->rules.timeout_s = 0.2;
	bed_helper(b, "stop", NULL);
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_TIMEOUT);
	assert_int_equal(b->result.exit_status, 0);
	log = bed_log(b);
	assert_string_equal(log, "got TERM\n");
	free(log);
}

static void kept_daemons_stay_until_the_slot_ends(void **state)
{
	static const char *const keep[] = {"job-help*", NULL};
	struct slot_bed *b = *state;

	b->rules.keep = keep;
	bed_helper(b, "daemon", NULL);
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_int_equal(b->result.marks, 0);
	assert_int_equal(bed_count_processes(b), 1);
	b->argv[0] = "true";
	b->argv[1] = NULL;
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_int_equal(bed_count_processes(b), 1);
}

static void a_kept_daemon_that_ends_is_forgotten_and_no_other(void **state)
{
	static const char *const keep[] = {"job-help*", "sleep", NULL};
	struct slot_bed *b = *state;
	_cleanup_(freep) char *command = NULL;

	b->rules.keep = keep;
	bed_helper(b, "daemon", NULL);
	command = xasprintf("setsid sleep 0.01 & setsid sleep 0.02 & %s daemon", b->argv[0]);
	bed_shell(b, command);
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	bed_wait_for_processes(b, 1);
	b->argv[0] = "true";
	b->argv[1] = NULL;
	for (int i = 0; i < 2; i++) {
		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
		assert_int_equal(b->result.marks, 0);
		assert_int_equal(bed_count_processes(b), 1);
	}
}

/* The server's process is called "exe", its argv[0] is "server(dir)", its file job-helper. */
static void a_daemon_is_kept_by_any_of_its_names(void **state)
{
	static const struct {
		const char *glob;
		bool is_kept;
	} cases[] = {
		{"server*", true},    {"server(dir)", true}, {"ex?", true},    {"job-help*", true},
		{"*/job-hel*", true}, {"dir*", false},	     {"serve", false},
	};
	struct slot_bed *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const keep[] = {cases[i].glob, NULL};

		b->rules.keep = keep;
		bed_helper(b, "server", "server(dir)");
		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
		if ((b->result.marks == 0) != cases[i].is_kept)
			fail_msg("%s: marks %u", cases[i].glob, b->result.marks);
		/* With the server its worker, whose own name matches nothing; who made the worker
		 * may be on its way out. */
		if (cases[i].is_kept)
			bed_wait_for_processes(b, 2);
		assert_int_equal(bed_count_processes(b), cases[i].is_kept ? 2 : 0);
		bed_renew_slot(b);
	}
}

static void a_killed_job_leaves_daemons_only(void **state)
{
	static const char *const keep[] = {"job-help*", NULL};
	struct slot_bed *b = *state;

	b->rules.keep = keep;
	b->rules.grace_s = 0.05;
	bed_helper(b, "orphan", NULL);
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	slot_kill(b->slot, false, REASON_USER);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_USER);
	assert_int_equal(bed_count_processes(b), 0);
}

/* Killed without a grace: nothing was looked at before. */
static void a_kill_at_once_leaves_daemons_too(void **state)
{
	static const char *const keep[] = {"job-help*", NULL};
	struct slot_bed *b = *state;
	_cleanup_(freep) char *command = NULL;

	b->rules.keep = keep;
	bed_helper(b, "daemon", NULL);
	command = xasprintf("%s daemon && echo ready && exec %s for-ever", b->argv[0], b->argv[0]);
	bed_shell(b, command);
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	slot_kill(b->slot, true, REASON_USER);
	bed_wait(b);
	assert_ended(b, JOB_KILLED, REASON_USER);
	assert_int_equal(bed_count_processes(b), 1);
}

static void assert_launch_error(struct slot_bed *b, const char *text)
{
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_LAUNCH);
	if (!strstr(b->result.message, text))
		print_error("'%s' is not in: %s\n", text, b->result.message);
	assert_non_null(strstr(b->result.message, text));
	assert_int_equal(b->result.exit_status, -1);
}

static char *make_file(struct slot_bed *b, const char *name, const char *text, mode_t mode)
{
	char *path = xasprintf("%s/%s", b->base, name);
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
	chmod(path, mode);
	return path;
}

/* As if a shell had been asked to start it: its exit status, and words in the log. */
static void assert_refused(struct slot_bed *b, const char *program, int exit_status,
			   const char *text)
{
	_cleanup_(freep) char *message = xasprintf("Job returned a non-zero exit code: %d: %s",
						   exit_status, text);
	_cleanup_(freep) char *line = xasprintf("dvsched: %s", text);
	_cleanup_(freep) char *log = NULL;

	b->argv[0] = program;
	b->argv[1] = NULL;
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	assert_int_equal(b->result.exit_status, exit_status);
	assert_non_null(strstr(b->result.message, message));
	log = bed_log(b);
	assert_true(str_starts(log, line));
	assert_int_equal(b->result.pid, 0);
	assert_true(b->result.start_wall_s > 0);
}

static void a_program_that_cannot_be_started_is_the_job_s_own_failure(void **state)
{
	struct slot_bed *b = *state;
	char *plain = make_file(b, "plain", "true\n", 0644);
	char *odd = make_file(b, "odd", "#!/no/such/interpreter\n", 0755);
	char *text = make_file(b, "text", "true\n", 0755);
	char *path = xasprintf("PATH=%s:/bin", b->base);
	_cleanup_(freep) char *loop = xasprintf("%s/loop", b->base);
	const char *const env[] = {path, NULL};

	assert_refused(b, "no-such-command-here", 127, "command not found: 'no-such-command-here'");
	assert_refused(b, "./no/such/file", 127, "command not found: './no/such/file'");
	assert_refused(b, plain, 126, "not executable: ");
	assert_refused(b, "/", 126, "not executable: '/'");
	assert_int_equal(symlink("loop", loop), 0);
	assert_refused(b, loop, 126, "cannot execute ");
	assert_non_null(strstr(b->result.message, ": Too many levels of symbolic links"));
	assert_refused(b, odd, 127, "bad interpreter in the first line of ");
	assert_refused(b, text, 126, "neither a program nor a script with '#!': ");
	assert_refused(b, "", 127, "command not found: ''");
	b->rules.env = env;
	bed_renew_slot(b);
	assert_refused(b, "plain", 126, "not executable: ");
	free(plain);
	free(odd);
	free(text);
	free(path);
}

/* The verdict is that of a shell's 127 in the log: patterns first. A dry run does not pass it. */
static void patterns_judge_what_could_not_be_started(void **state)
{
	static const struct pattern fail = {.text = "not found: 'nowhere'"};
	struct slot_bed *b = *state;

	b->rules.fail_patterns = (struct pattern_list){&fail, 1};
	b->argv[0] = "nowhere";
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_FAIL_PATTERN);
	b->rules.fail_patterns = (struct pattern_list){0}; /* the bed would free them */
	b->rules.is_dry_run = true;
	bed_renew_slot(b);
	assert_refused(b, "nowhere", 127, "command not found: 'nowhere'");
}

static void a_directory_that_is_not_there_is_no_fault_of_the_program(void **state)
{
	struct slot_bed *b = *state;

	b->rules.cwd = "/no/such/directory";
	b->argv[0] = "true";
	assert_launch_error(b, "cannot enter the working directory '/no/such/directory'");
}

static void an_executable_text_is_a_script_of_the_shell(void **state)
{
	struct slot_bed *b = *state;
	char *script = make_file(b, "script", "echo $0 $# $2; exit 3\n", 0755);
	char *empty = make_file(b, "empty", "", 0755);
	char *path = xasprintf("PATH=%s:/bin:/usr/bin", b->base), *log, *want;
	const char *const env[] = {path, NULL};

	b->rules.is_command = true;
	b->rules.env = env;
	b->argv[0] = "script";
	b->argv[1] = "a  b";
	b->argv[2] = "c";
	b->argv[3] = NULL;
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	assert_int_equal(b->result.exit_status, 3);
	log = bed_log(b);
	want = xasprintf("%s 2 c\n", script);
	assert_string_equal(log, want);
	free(log);
	free(want);
	b->argv[0] = empty;
	b->argv[1] = NULL;
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	free(script);
	free(empty);
	free(path);
}

/* One of another machine, say: a NUL in the first line. */
static void a_binary_is_no_script(void **state)
{
	struct slot_bed *b = *state;
	char *binary = make_file(b, "binary", "ELF", 0755);

	assert_int_equal(truncate(binary, 100), 0);
	b->rules.is_command = true;
	assert_refused(b, binary, 126, "neither a program nor a script with '#!': ");
	free(binary);
}

static void a_command_may_be_longer_than_an_argument(void **state)
{
	struct slot_bed *b = *state;
	struct str command = {0};
	char *log;

	str_add(&command, "echo begin; : ");
	while (command.len < 200 * 1024)
		str_add(&command, "xxxxxxxxxxxxxxx ");
	str_add(&command, "; echo end");
	bed_shell(b, command.s);
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	log = bed_log(b);
	assert_string_equal(log, "begin\nend\n");
	free(log);
	str_done(&command);
}

static void the_surroundings_are_clean(void **state)
{
	struct slot_bed *b = *state;
	char *log;

	bed_helper(b, "show", NULL);
	bed_run(b);
	log = bed_log(b);
	assert_memory_equal(log, "fd 0\nfd 1\nfd 2\nSigQ", 18);
	assert_non_null(strstr(log, "SigBlk:\t0000000000000000\n"));
	assert_non_null(strstr(log, "SigIgn:\t0000000000000000\n"));
	assert_non_null(strstr(log, "stdin empty\n"));
	assert_non_null(strstr(log, "session own\n"));
	free(log);
}

static void the_environment_is_ours_with_the_rules_over_it(void **state)
{
	static const char *const env[] = {"DVSCHED_TEST_A=1", "DVSCHED_TEST_B=" JOB_ATTEMPT_WORD,
					  "DVSCHED_TEST_A=2", NULL};
	struct slot_bed *b = *state;
	char *path, *text;

	b->rules.env = env;
	b->rules.dump_env = true;
	b->spec.has_attempt = true;
	bed_shell(b, "env; echo try " JOB_ATTEMPT_WORD);
	bed_start(b, 3);
	bed_wait(b);
	text = bed_log(b);
	assert_non_null(strstr(text, "\ntry 3\n"));
	assert_non_null(strstr(text, "DVSCHED_TEST_A=2\n"));
	assert_non_null(strstr(text, "DVSCHED_TEST_B=3\n"));
	assert_null(strstr(text, "DVSCHED_TEST_A=1\n"));
	assert_null(strstr(text, "MAKEFLAGS="));
	assert_non_null(strstr(text, "DVSCHED_JOB=cfg:job\n"));
	assert_non_null(strstr(text, "DVSCHED_ATTEMPT=3\n"));
	assert_non_null(strstr(text, b->odir));
	free(text);
	path = xasprintf("%s/env_vars", b->odir);
	text = disk_text(path);
	assert_non_null(strstr(text, "DVSCHED_ATTEMPT=3\n"));
	assert_true(strstr(text, "DVSCHED_ATTEMPT=3\n") < strstr(text, "DVSCHED_TEST_A=2\n"));
	free(text);
	free(path);
}

static void what_comes_with_the_attempt_is_over_all(void **state)
{
	static const char *const env[] = {"OURS=attempt", "MORE=2", NULL};
	static const char *const rules[] = {"OURS=rules", NULL};
	struct slot_bed *b = *state;
	char *log;

	b->rules.env = rules;
	b->env = env;
	bed_shell(b, "env | grep -c '^OURS='; echo $OURS $MORE");
	bed_run(b);
	log = bed_log(b);
	assert_string_equal(log, "1\nattempt 2\n");
	free(log);
}

static void patterns_decide_before_the_exit_status(void **state)
{
	struct slot_bed *b = *state;

	bed_pass(b, "^TEST PASSED$");
	bed_fail(b, "^UVM_ERROR\\s[^:].*$");
	bed_shell(b, "printf 'a\\nUVM_ERROR x.sv\\nb\\nc\\nd\\ne\\nf\\n'; exit 3");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_FAIL_PATTERN);
	assert_string_equal(b->result.message, "UVM_ERROR x.sv");
	assert_string_equal(b->result.context, "b\nc\nd\ne\n");
	assert_int_equal(b->result.line, 5);
	bed_shell(b, "echo no; exit 3");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_MISSING_PATTERN);
	assert_string_equal(b->result.message, "Some pass patterns missing: ['^TEST PASSED$']");
	bed_shell(b, "echo TEST PASSED");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
}

static void a_pass_pattern_in_the_command_is_no_pass(void **state)
{
	struct slot_bed *b = *state;

	bed_pass(b, "command");
	b->argv[0] = "true";
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_MISSING_PATTERN);
}

static void a_flood_is_stopped_and_cut(void **state)
{
	struct slot_bed *b = *state;
	struct stat st;

	b->rules.max_log_bytes = 1 << 20;
	bed_helper(b, "flood", NULL);
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_LOG_FLOOD);
	assert_int_equal(stat(b->log, &st), 0);
	assert_int_equal(st.st_size, 1 << 20);
}

static void a_flood_is_seen_however_fast_it_ends(void **state)
{
	struct slot_bed *b = *state;
	struct stat st;

	b->rules.max_log_bytes = 64 * 1024; /* with the header, one block is too much */
	bed_helper(b, "flood", "1");
	bed_run(b);
	assert_ended(b, JOB_KILLED, REASON_LOG_FLOOD);
	assert_int_equal(stat(b->log, &st), 0);
	assert_int_equal(st.st_size, 64 * 1024);
}

static void a_log_that_was_tampered_with_is_no_pass(void **state)
{
	static const char *const ways[] = {"remove", "truncate", "fifo", "link"};
	struct slot_bed *b = *state;

	bed_fail(b, "^UVM_ERROR");
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		bed_helper(b, "log", ways[i]);
		bed_run(b);
		assert_ended(b, JOB_FAILED, REASON_LOG_UNREADABLE);
		unlink(b->log);
	}
}

static void a_log_that_is_no_file_is_an_error_at_once(void **state)
{
	struct slot_bed *b = *state;
	char *outside = make_file(b, "outside", "precious", 0644), *text;

	b->argv[0] = "true";
	assert_int_equal(fs_mkdirs(b->odir, 0777), 0);
	assert_int_equal(mkfifo(b->log, 0666), 0);
	assert_launch_error(b, "is not a regular file");
	unlink(b->log);
	assert_int_equal(symlink(outside, b->log), 0);
	assert_launch_error(b, "is a symbolic link");
	unlink(b->log);
	assert_int_equal(link(outside, b->log), 0);
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	text = disk_text(outside);
	assert_string_equal(text, "precious");
	free(text);
	free(outside);
}

static void a_dry_run_tells_and_passes(void **state)
{
	struct slot_bed *b = *state;
	char *log;

	b->rules.is_dry_run = true;
	bed_shell(b, "echo would; false");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	log = bed_log(b);
	assert_string_equal(log, "would\n");
	free(log);
}

static void nothing_outside_the_root_is_touched(void **state)
{
	struct slot_bed *b = *state;
	char *outside = xasprintf("%s/elsewhere", b->base);
	char *link = xasprintf("%s/link", b->root);
	char *through = xasprintf("%s/link/job", b->root);
	char *dots = xasprintf("%s/../elsewhere", b->root);

	b->argv[0] = "true";
	assert_int_equal(fs_mkdirs(b->root, 0777), 0);
	assert_int_equal(mkdir(outside, 0777), 0);
	assert_int_equal(symlink(outside, link), 0);
	b->rules.renew_odir = true;
	b->spec.odir = through;
	assert_launch_error(b, "outside the scratch root");
	b->spec.odir = dots;
	assert_launch_error(b, "not below the scratch root");
	b->spec.odir = outside;
	assert_launch_error(b, "not below the scratch root");
	b->spec.odir = b->odir;
	b->spec.log_path = outside;
	assert_launch_error(b, "not below the scratch root");
	assert_int_equal(rmdir(outside), 0); /* still there, and empty */
	free(outside);
	free(link);
	free(through);
	free(dots);
}

static void a_slot_that_dies_takes_its_job_with_it(void **state)
{
	struct slot_bed *b = *state;

	bed_helper(b, "tree", "20");
	b->argv[0] = "/bin/sh";
	b->argv[1] = "-c";
	b->argv[2] = JOB_HELPER " tree 20; echo ready; exec sleep 1000";
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	kill(slot_pid(b->slot), SIGKILL);
	bed_wait(b);
	assert_true(b->has_died);
	assert_non_null(strstr(b->why, "signal 9"));
	assert_int_equal(bed_count_processes(b), 0);
}

static void a_job_may_kill_its_slot(void **state)
{
	struct slot_bed *b = *state;

	bed_helper(b, "kill-parent", NULL);
	bed_start(b, 1);
	bed_wait(b);
	assert_true(b->has_died);
	assert_int_equal(bed_count_processes(b), 0);
}

/* Also after the scheduler has closed its own; more than go with one message. */
static void what_it_was_given_is_open_until_it_ends(void **state)
{
	static const struct slot_handler nobody = {0};
	struct slot_bed *b = *state;
	struct slot_options options = b->options;
	int fds[2], kept[LINK_DESCRIPTORS + 1];
	struct error err = {0};
	struct slot *slot;
	char byte;

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		kept[i] = fds[1];
	options.kept = kept;
	options.n_kept = ARRAY_LEN(kept);
	slot = slot_new(b->loop, &options, &nobody, NULL, &err);
	assert_non_null(slot);
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	slot_free(slot);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
}

static void when_the_scheduler_is_gone_the_job_goes(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, JOB_HELPER " tree 20; echo ready; exec " JOB_HELPER " ignore-term");
	bed_start(b, 1);
	bed_wait_for_log(b, "ready");
	slot_free(b->slot);
	b->slot = NULL;
	assert_int_equal(bed_count_processes(b), 0);
}

/* ---- interactive jobs ---- */

static struct slot_terminal a_terminal(void)
{
	struct slot_terminal t = {.rows = 7, .columns = 70};
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	assert_int_equal(tcgetattr(fd, &t.modes), 0);
	close(fd);
	return t;
}

static void an_interactive_job_has_a_terminal_of_its_own(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();
	char *log;

	b->rules.is_interactive = true;
	slot_give_terminal(b->slot, &t);
	bed_shell(b, "stty size; tty -s && printf 'a\\rb\\r\\nc\\r'; read x; echo $x > /dev/tty; "
		     "exit 3");
	bed_start(b, 1);
	slot_type(b->slot, "typed\n", 6);
	bed_wait(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	log = bed_log(b);
	assert_non_null(strstr(log, "7 70\n"));
	assert_non_null(strstr(log, "a\rb\r\nc\r"));
	assert_non_null(strstr(log, "typed\n"));
	assert_string_equal(log + strlen(log) - 6, "typed\n");
	free(log);
}

static void an_interactive_program_that_is_not_there_is_named_on_the_terminal(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();
	char *log;

	b->rules.is_interactive = true;
	slot_give_terminal(b->slot, &t);
	b->argv[0] = "nowhere";
	b->argv[1] = NULL;
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	assert_int_equal(b->result.exit_status, 127);
	log = bed_log(b);
	assert_string_equal(log, "dvsched: command not found: 'nowhere'\n");
	free(log);
}

static void its_slot_is_good_for_others_afterwards(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();
	struct job_rules ordinary = b->rules;

	b->rules.is_interactive = true;
	slot_give_terminal(b->slot, &t);
	for (int i = 0; i < 2; i++) {
		bed_shell(b, "tty -s");
		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
		b->spec.rules = &ordinary;
		bed_shell(b, "! tty -s && ! true < /dev/tty");
		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
		b->spec.rules = &b->rules;
	}
}

static void without_a_terminal_no_job_is_interactive(void **state)
{
	struct slot_bed *b = *state;

	b->rules.is_interactive = true;
	bed_shell(b, "true");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_LAUNCH);
	assert_string_equal(b->result.message, "there is no terminal for it");
}

int main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_job_that_exits_with_0_passes),
		CASE(a_running_job_can_be_measured),
		CASE(readers_read_what_a_job_left),
		CASE(a_reader_that_fails_fails_the_job),
		CASE(nothing_is_read_after_a_dry_run),
		CASE(one_slot_runs_many_jobs),
		CASE(a_job_begins_before_it_runs),
		CASE(output_goes_to_the_log_after_its_header),
		CASE(an_exit_status_fails_with_the_last_lines),
		CASE(a_signal_is_named),
		CASE(a_kill_that_is_not_ours_is_a_signal),
		CASE(a_limit_that_is_hit_is_a_named_signal),
		CASE(a_child_that_stays_is_killed_and_named),
		CASE(a_leak_fails_where_the_rules_say_so),
		CASE(a_child_that_ends_soon_is_no_leak),
		CASE(a_thousand_daemons_are_gone_before_the_verdict),
		CASE(chains_of_forks_are_caught),
		CASE(hiding_does_not_help),
		CASE(a_deadline_ends_the_job_and_says_which),
		CASE(what_ignores_term_gets_kill_after_the_grace),
		CASE(a_pause_stops_all_of_the_job_and_its_clocks),
		CASE(a_paused_job_can_be_killed),
		CASE(who_handles_tstp_is_told_first),
		CASE(what_is_forked_while_it_stops_stops),
		CASE(a_signal_to_everybody_is_a_user_s),
		CASE(a_second_kill_may_be_harder),
		CASE(the_stopped_hear_term),
		CASE(kept_daemons_stay_until_the_slot_ends),
		CASE(a_kept_daemon_that_ends_is_forgotten_and_no_other),
		CASE(a_daemon_is_kept_by_any_of_its_names),
		CASE(a_killed_job_leaves_daemons_only),
		CASE(a_kill_at_once_leaves_daemons_too),
		CASE(a_program_that_cannot_be_started_is_the_job_s_own_failure),
		CASE(patterns_judge_what_could_not_be_started),
		CASE(a_directory_that_is_not_there_is_no_fault_of_the_program),
		CASE(an_executable_text_is_a_script_of_the_shell),
		CASE(a_binary_is_no_script),
		CASE(a_command_may_be_longer_than_an_argument),
		CASE(the_surroundings_are_clean),
		CASE(the_environment_is_ours_with_the_rules_over_it),
		CASE(what_comes_with_the_attempt_is_over_all),
		CASE(patterns_decide_before_the_exit_status),
		CASE(a_pass_pattern_in_the_command_is_no_pass),
		CASE(a_flood_is_stopped_and_cut),
		CASE(a_flood_is_seen_however_fast_it_ends),
		CASE(a_log_that_was_tampered_with_is_no_pass),
		CASE(a_log_that_is_no_file_is_an_error_at_once),
		CASE(a_dry_run_tells_and_passes),
		CASE(nothing_outside_the_root_is_touched),
		CASE(a_slot_that_dies_takes_its_job_with_it),
		CASE(a_job_may_kill_its_slot),
		CASE(what_it_was_given_is_open_until_it_ends),
		CASE(when_the_scheduler_is_gone_the_job_goes),
		CASE(an_interactive_job_has_a_terminal_of_its_own),
		CASE(an_interactive_program_that_is_not_there_is_named_on_the_terminal),
		CASE(its_slot_is_good_for_others_afterwards),
		CASE(without_a_terminal_no_job_is_interactive),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
