/* SPDX-License-Identifier: Apache-2.0 */
/* How a slot starts a program: the file, the environment, and the message if that fails. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "disk.h"
#include "exec/launch.h"
#include "exec_bed.h"

/* As if a shell had started it: its exit status, and a message in the log. */
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
	char *plain = bed_make_file(b, "plain", "true\n", 0644);
	char *odd = bed_make_file(b, "odd", "#!/no/such/interpreter\n", 0755);
	char *text = bed_make_file(b, "text", "true\n", 0755);
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

/* Without its output in the log, fail patterns would find nothing and the job would pass. */
static void a_program_whose_output_has_no_log_is_not_started(void **state)
{
	static const char *const argv[] = {"true", NULL}, *const env[] = {NULL};
	struct launch l = {.path = "/bin/true", .argv = argv, .env = env, .log_fd = -1};
	_cleanup_(str_done) struct str text = {0};

	(void)state;
	assert_true(launch_start(&l) > 0);
	assert_int_equal(l.errnum, EBADF);
	assert_int_equal(launch_shell_status(&l), 0); /* no fault of the program */
	launch_explain(&l, &text);
	assert_string_equal(text.s,
			    "cannot connect the job's output to its log: Bad file descriptor");
}

static void an_executable_text_is_a_script_of_the_shell(void **state)
{
	struct slot_bed *b = *state;
	char *script = bed_make_file(b, "script", "echo $0 $# $2; exit 3\n", 0755);
	char *empty = bed_make_file(b, "empty", "", 0755);
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
	char *binary = bed_make_file(b, "binary", "ELF", 0755);

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

/* Linux takes 128 KiB of one argument, its NUL included. */
static void a_command_of_any_length_runs(void **state)
{
	enum { MOST = 128 * 1024 };
	struct slot_bed *b = *state;

	for (size_t len = MOST - 2; len <= MOST + 1; len++) {
		_cleanup_(str_done) struct str command = {0};
		_cleanup_(freep) char *log = NULL;

		str_add(&command, "echo end; : ");
		while (command.len < len)
			str_addc(&command, 'x');
		bed_shell(b, command.s);
		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
		log = bed_log(b);
		assert_string_equal(log, "end\n");
	}
}

/* Only a command can be passed through a file: the program defines its arguments. */
static void an_argument_that_is_too_long_for_linux_is_named(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(str_done) struct str text = {0};
	_cleanup_(freep) char *log = NULL;

	while (text.len < 200 * 1024)
		str_addc(&text, 'x');
	b->argv[0] = "echo";
	b->argv[1] = "-c";
	b->argv[2] = text.s;
	b->argv[3] = "more";
	b->argv[4] = NULL;
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	assert_int_equal(b->result.exit_status, 126);
	log = bed_log(b);
	assert_true(str_starts(log, "dvsched: arguments and environment are too long for '"));
	b->argv[0] = "./run";
	free(bed_make_file(b, "run", "#!/bin/sh\n", 0755));
	bed_run(b);
	assert_non_null(strstr(b->result.message, "are too long for './run'"));
}

static void a_long_command_needs_its_directory(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *path = xasprintf("%s/command.sh", b->odir);
	_cleanup_(str_done) struct str command = {0};

	while (command.len < 200 * 1024)
		str_add(&command, "true ");
	assert_int_equal(fs_mkdirs(path, 0777), 0);
	bed_shell(b, command.s);
	assert_launch_error(b, "cannot write ");
}

static void an_environment_that_cannot_be_written_is_an_error_at_once(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *path = xasprintf("%s/env_vars", b->odir);

	assert_int_equal(fs_mkdirs(path, 0777), 0);
	b->rules.dump_env = true;
	b->argv[0] = "true";
	assert_launch_error(b, "cannot write ");
}

static void the_environment_is_written_sorted_and_whole(void **state)
{
	static const char *const env[] = {"DVSCHED_TEST_Z=1", "DVSCHED_TEST_A=2", NULL};
	struct slot_bed *b = *state;
	_cleanup_(freep) char *command = xasprintf(
		"env | grep -v -e ^PWD= -e ^_= -e ^OLDPWD= -e ^SHLVL= | LC_ALL=C sort > here; "
		"grep -v -e ^PWD= -e ^_= -e ^OLDPWD= -e ^SHLVL= %s/env_vars > there; "
		"grep -c DVSCHED_TEST_Z there && cmp here there",
		b->odir);

	b->rules.env = env;
	b->rules.dump_env = true;
	bed_shell(b, command);
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
}

static void the_number_of_the_attempt_is_only_filled_in_where_it_was_asked_for(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *log = NULL;

	bed_shell(b, "echo 'try " JOB_ATTEMPT_WORD "' | tr '\\1' .");
	bed_start(b, 3);
	bed_wait(b);
	log = bed_log(b);
	assert_string_equal(log, "try .attempt.\n");
}

/* As on systems with a low limit for login shells. */
static void jobs_get_their_own_limit_of_open_files(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *log = NULL;

	b->options.job_nofile = 77;
	bed_renew_slot(b);
	for (int i = 0; i < 2; i++) {
		free(log);
		bed_shell(b, "ulimit -Sn");
		bed_run(b);
		log = bed_log(b);
		assert_string_equal(log, "77\n");
	}
}

static void without_one_they_get_the_limit_of_their_slot(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *log = NULL, *want = NULL;
	struct rlimit ours;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &ours), 0);
	want = xasprintf("%llu\n", (unsigned long long)ours.rlim_cur);
	bed_shell(b, "ulimit -Sn");
	bed_run(b);
	log = bed_log(b);
	assert_string_equal(log, want);
}

static void a_slot_keeps_its_jobs_on_its_processors(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *cpus = NULL, *want = NULL, *log = NULL;
	cpu_set_t all;
	int last = -1;

	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &all))
			last = i;
	cpus = xasprintf("%d", last);
	want = xasprintf("Cpus_allowed_list:\t%d\n", last);
	b->options.cpus = cpus;
	b->options.numa = -1;
	bed_renew_slot(b);
	bed_shell(b, "grep Cpus_allowed_list /proc/self/status");
	bed_run(b);
	log = bed_log(b);
	assert_string_equal(log, want);
}

/* A slot looks a program up once for jobs in a row. */
static void each_job_runs_the_program_that_its_own_path_names(void **state)
{
	static const char *const dirs[] = {"one", "two", "two", "one"};
	struct slot_bed *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		_cleanup_(freep) char *dir = xasprintf("%s/%s", b->base, dirs[i]);
		_cleanup_(freep) char *name = xasprintf("%s/prog", dirs[i]);
		_cleanup_(freep) char *text = xasprintf("#!/bin/sh\necho %s\n", dirs[i]);
		_cleanup_(freep) char *path = xasprintf("PATH=%s:/bin:/usr/bin", dir);
		_cleanup_(freep) char *want = xasprintf("%s\n", dirs[i]);
		_cleanup_(freep) char *log = NULL;
		const char *const env[] = {path, NULL};

		assert_int_equal(fs_mkdirs(dir, 0777), 0);
		free(bed_make_file(b, name, text, 0755));
		b->env = env;
		b->argv[0] = "prog";
		bed_run(b);
		b->env = NULL;
		assert_ended(b, JOB_PASSED, REASON_NONE);
		log = bed_log(b);
		assert_string_equal(log, want);
	}
}

static void a_program_that_went_elsewhere_is_found_there(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *path = xasprintf("PATH=%s/one:%s/two:/bin", b->base, b->base);
	_cleanup_(freep) char *one = xasprintf("%s/one", b->base),
			      *two = xasprintf("%s/two", b->base);
	const char *const env[] = {path, NULL};
	_cleanup_(freep) char *first = NULL;

	assert_int_equal(fs_mkdirs(one, 0777), 0);
	assert_int_equal(fs_mkdirs(two, 0777), 0);
	first = bed_make_file(b, "one/prog", "#!/bin/sh\n", 0755);
	b->env = env;
	b->argv[0] = "prog";
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	unlink(first);
	free(bed_make_file(b, "two/prog", "#!/bin/sh\n", 0755));
	assert_refused(b, "prog", 127, "command not found: '");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
}

/* Raising it is always allowed. */
static void jobs_go_first_when_memory_is_short(void **state)
{
	struct slot_bed *b = *state;

	bed_shell(b, "[ $(cat /proc/self/oom_score_adj) -ge 500 ]");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		EXEC_CASE(a_program_that_cannot_be_started_is_the_job_s_own_failure),
		EXEC_CASE(patterns_judge_what_could_not_be_started),
		EXEC_CASE(a_directory_that_is_not_there_is_no_fault_of_the_program),
		cmocka_unit_test(a_program_whose_output_has_no_log_is_not_started),
		EXEC_CASE(an_executable_text_is_a_script_of_the_shell),
		EXEC_CASE(a_binary_is_no_script),
		EXEC_CASE(a_command_may_be_longer_than_an_argument),
		EXEC_CASE(the_surroundings_are_clean),
		EXEC_CASE(the_environment_is_ours_with_the_rules_over_it),
		EXEC_CASE(what_comes_with_the_attempt_is_over_all),
		EXEC_CASE(a_command_of_any_length_runs),
		EXEC_CASE(an_argument_that_is_too_long_for_linux_is_named),
		EXEC_CASE(a_long_command_needs_its_directory),
		EXEC_CASE(an_environment_that_cannot_be_written_is_an_error_at_once),
		EXEC_CASE(the_environment_is_written_sorted_and_whole),
		EXEC_CASE(the_number_of_the_attempt_is_only_filled_in_where_it_was_asked_for),
		EXEC_CASE(jobs_get_their_own_limit_of_open_files),
		EXEC_CASE(without_one_they_get_the_limit_of_their_slot),
		EXEC_CASE(a_slot_keeps_its_jobs_on_its_processors),
		EXEC_CASE(each_job_runs_the_program_that_its_own_path_names),
		EXEC_CASE(a_program_that_went_elsewhere_is_found_there),
		EXEC_CASE(jobs_go_first_when_memory_is_short),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
