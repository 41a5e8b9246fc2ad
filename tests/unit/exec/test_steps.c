/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of a slot around a job's process: files before and after it, readers. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "exec_bed.h"

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

/* Files are read only after a pass, logs of all jobs. */
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

/* A dry run leaves nothing to read. */
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

/* ---- files before and after it ---- */

static void a_file_is_written_before_the_job(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *path = xasprintf("%s/deep/er/script", b->root);
	_cleanup_(freep) char *command = xasprintf("cat %s", path);
	static const char *const texts[] = {"a longer text\n", "short\n", ""};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct job_steps steps = {.write_path = path, .write_text = texts[i]};
		_cleanup_(freep) char *log = NULL;

		b->spec.steps = &steps;
		bed_shell(b, command);
		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
		log = bed_log(b);
		assert_string_equal(log, texts[i]);
	}
}

static void a_file_that_cannot_be_written_is_an_error_at_once(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *outside = xasprintf("%s/outside", b->base);
	_cleanup_(freep) char *below = xasprintf("%s/plain/below", b->root);
	_cleanup_(freep) char *plain = xasprintf("%s/plain", b->root);
	struct job_steps steps = {.write_path = outside, .write_text = "x"};

	b->spec.steps = &steps;
	bed_shell(b, "true");
	assert_launch_error(b, "not below the scratch root");
	assert_false(fs_exists(outside));
	steps.write_path = b->odir;
	assert_launch_error(b, "cannot write ");
	close(open(plain, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	steps.write_path = below;
	assert_launch_error(b, "plain");
}

static void what_must_not_be_there_is_gone_before_the_job(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *path = xasprintf("%s/database", b->root);
	_cleanup_(freep) char *command = xasprintf("[ ! -e %s ] && mkdir -p %s/x", path, path);
	struct job_steps steps = {.remove_before = path};

	b->spec.steps = &steps;
	for (int i = 0; i < 2; i++) {
		bed_shell(b, command);
		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
		assert_true(fs_exists(path));
	}
	steps.remove_before = b->base;
	assert_launch_error(b, "not below the scratch root");
}

/* Coverage of a job that did not pass would be counted. */
static void what_a_job_leaves_is_removed_unless_it_passed(void **state)
{
	static const struct {
		const char *command, *reader;
		bool stays;
	} cases[] = {
		{"true", NULL, true},
		{"exit 1", NULL, false},
		{"kill -9 $$", NULL, false},
		{"true", "tea leaves", false},
	};
	struct slot_bed *b = *state;
	_cleanup_(freep) char *path = xasprintf("%s/database", b->root);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(freep) char *command = xasprintf("mkdir -p %s/x; %s", path,
							   cases[i].command);
		struct job_steps steps = {.remove_unless_passed = path,
					  .reader = cases[i].reader,
					  .read_path = cases[i].reader ? "/" : NULL};

		b->spec.steps = &steps;
		bed_shell(b, command);
		bed_run(b);
		assert_int_equal(b->result.status, cases[i].stays ? JOB_PASSED : JOB_FAILED);
		assert_int_equal(fs_exists(path), cases[i].stays);
	}
}

static void what_an_earlier_run_left_does_not_outlive_a_job_that_cannot_start(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *path = xasprintf("%s/database", b->root);
	struct job_steps steps = {.remove_unless_passed = path};

	assert_int_equal(fs_mkdirs(path, 0777), 0);
	b->spec.steps = &steps;
	b->rules.cwd = "/no/such/directory";
	bed_shell(b, "true");
	assert_launch_error(b, "cannot enter");
	assert_false(fs_exists(path));
}

static void a_dry_run_writes_and_removes_nothing(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *path = xasprintf("%s/script", b->root);
	_cleanup_(freep) char *old = xasprintf("%s/database", b->root);
	struct job_steps steps = {.write_path = path,
				  .write_text = "x",
				  .remove_before = old,
				  .remove_unless_passed = old};

	assert_int_equal(fs_mkdirs(old, 0777), 0);
	b->rules.is_dry_run = true;
	b->spec.steps = &steps;
	b->argv[0] = "no-such-program";
	b->argv[1] = NULL;
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	bed_shell(b, "true");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_false(fs_exists(path));
	assert_true(fs_exists(old));
}

/* ---- the file about the jobs that it needs ---- */

static void one_need(const void *ctx, uint32_t i, struct str *room, struct job_need *ret)
{
	(void)i, (void)room;
	*ret = (struct job_need){.id = ctx, .status = JOB_PASSED, .odir = "/s/a"};
}

static void a_job_that_needs_others_finds_them_in_a_file_and_no_other_job_does(void **state)
{
	struct slot_bed *b = *state;
	const struct job_needs needs = {.n = 1, .get = one_need, .ctx = "cfg:a"};
	_cleanup_(freep) char *log = NULL;

	b->needs = &needs;
	bed_shell(b, "cat $DVSCHED_NEEDS");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	log = bed_log(b);
	assert_non_null(strstr(log, "\"id\":\"cfg:a\""));
	b->needs = NULL;
	bed_shell(b, "[ $DVSCHED_NEEDS = /dev/null ] && ! ls $DVSCHED_ODIR | grep needs");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
}

/* A job that names the file can read it, also if it needs nothing: in its arguments, or in its
 * environment. */
static void who_names_the_file_of_needs_has_one(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *path = xasprintf("%s/" JOB_NEEDS_NAME, b->odir);
	_cleanup_(freep) char *entry = xasprintf("FILE=%s", path);
	const char *const env[] = {"OTHER=1", entry, NULL};

	b->argv[0] = "/bin/cat";
	b->argv[1] = path;
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	b->rules.env = env;
	bed_renew_slot(b);
	bed_shell(b, "cat $FILE");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		EXEC_CASE(readers_read_what_a_job_left),
		EXEC_CASE(a_reader_that_fails_fails_the_job),
		EXEC_CASE(nothing_is_read_after_a_dry_run),
		EXEC_CASE(a_file_is_written_before_the_job),
		EXEC_CASE(a_file_that_cannot_be_written_is_an_error_at_once),
		EXEC_CASE(what_must_not_be_there_is_gone_before_the_job),
		EXEC_CASE(what_a_job_leaves_is_removed_unless_it_passed),
		EXEC_CASE(what_an_earlier_run_left_does_not_outlive_a_job_that_cannot_start),
		EXEC_CASE(a_dry_run_writes_and_removes_nothing),
		EXEC_CASE(a_job_that_needs_others_finds_them_in_a_file_and_no_other_job_does),
		EXEC_CASE(who_names_the_file_of_needs_has_one),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
