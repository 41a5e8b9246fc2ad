/* SPDX-License-Identifier: Apache-2.0 */
/* The driver `simpler`: callables, arguments, runs, with a stand-in for the library. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "simpler_bed.h"
#include "base/fs.h"
#include "base/mem.h"
#include "disk.h"
#include "simpler_tests.h"

static void a_run_goes_through_all_phases_once(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, ""), room[600];

	bed_forget_report(b);
	assert_int_equal(bed_run(b, job), 0);
	bed_expect_calls(b, "register prepare copy_to copy_to launch poll poll wait finalize");
	assert_int_equal(bed_count(b, "saw entry aicpu_orchestration_entry"), 1);
	assert_int_equal(bed_count(b, "saw tensor 2 dtype 0 dims 1 space 0"), 1);
	assert_non_null(strstr(bed_json(b, "library", room, sizeof(room)),
			       "a2a3/sim/host_build_graph/libhost_runtime.so"));
	assert_string_equal(bed_json(b, "registered", room, sizeof(room)), "true");
	assert_string_equal(bed_json(b, "accepted", room, sizeof(room)), "true");
	assert_string_equal(bed_json(b, "checked", room, sizeof(room)), "1");
	bed_forget_report(b);
	assert_int_equal(bed_run(b, job), 0);
	bed_expect_calls(b, "prepare copy_to copy_to launch poll poll wait finalize");
	assert_string_equal(bed_json(b, "registered", room, sizeof(room)), "false");
	bed_forget_report(b);
	bed_close(b);
	bed_expect_calls(b, "unregister finalize_device destroy");
	free(job);
}

static const struct {
	const char *would;
	int32_t code;
	enum dvs_class class;
	bool is_usable;
} run_errors[] = {
	{"wrong=1", SIMPLER_E_RESULT, DVS_JOB, true},
	{"register=-1", SIMPLER_E_REGISTER, DVS_CONFIG, true},
	{"prepare=-1", SIMPLER_E_PREPARE, DVS_JOB, true},
	{"prepare=-3", SIMPLER_E_OVERLAP, DVS_BUSY, true},
	{"prepare=507899", 507899, DVS_POISON, false},
	{"launch=-1", SIMPLER_E_LAUNCH, DVS_POISON, false},
	{"launch=507015", 507015, DVS_JOB, false},
	{"wait=-1", SIMPLER_E_SCOPE, DVS_JOB, true},
	{"wait=-2", -2, DVS_JOB, true},
	{"wait=-100", -100, DVS_STALL, true},
	{"wait=-100,finalize=-100", -100, DVS_STALL, true},
	{"wait=507018", 507018, DVS_POISON, false},
	{"wait=507046,finalize=507899", 507046, DVS_TIMEOUT, false},
	{"finalize=-5", -5, DVS_JOB, true},
	{"finalize=-1", SIMPLER_E_SCOPE, DVS_JOB, true},
};

static void check_after_error(struct bed *b, const char *job, bool is_usable, const char *would)
{
	const char *name, *hint;
	int32_t code;

	if (b->d->is_usable(b->ctx) != is_usable)
		fail_msg("%s: is_usable() is %d", would, !is_usable);
	bed_would("");
	code = bed_run(b, job);
	assert_int_equal(code, is_usable ? 0 : SIMPLER_E_LANE);
	if (is_usable)
		return;
	assert_int_equal(b->d->classify(code, 0, &name, &hint), DVS_POISON);
	assert_non_null(strstr(b->err_text, "since an earlier failure"));
	assert_int_equal(bed_prepare(b, job), SIMPLER_E_LANE);
	assert_int_equal(b->d->unload(b->ctx, 0), SIMPLER_E_LANE);
}

static void each_error_has_its_code_and_class_and_tells_what_the_process_is_worth(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, "");

	for (unsigned i = 0; i < ARRAY_LEN(run_errors); i++) {
		const char *name, *hint;
		int32_t code;

		bed_would(run_errors[i].would);
		code = bed_run(b, job);
		if (code != run_errors[i].code)
			fail_msg("%s: %d (%s)", run_errors[i].would, code, b->err_text);
		assert_true(*b->err_text);
		assert_int_equal(b->d->classify(code, 0, &name, &hint), run_errors[i].class);
		check_after_error(b, job, run_errors[i].is_usable, run_errors[i].would);
		bed_close(b);
		assert_int_equal(bed_open(b, ""), 0);
	}
	free(job);
}

/* On silicon a latched code means that the device is not known to be clean. */
static void on_silicon_a_latched_code_spoils_the_process(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, ""), *dir = xasprintf("%s/lib/a2a3/dispatcher", b->dir);

	bed_close(b);
	bed_install(b, "a2a3/onboard", "host_build_graph", FAKEHOST);
	assert_int_equal(fs_mkdirs(dir, 0700), 0);
	bed_write(b, "lib/a2a3/dispatcher/libsimpler_aicpu_dispatcher.so", "\177ELF");
	assert_int_equal(bed_open(b, ", \"platform\": \"a2a3\""), 0);
	bed_would("wait=-9");
	assert_int_equal(bed_run(b, job), -9);
	assert_int_equal(b->d->is_usable(b->ctx), 0);
	bed_forget_report(b);
	b->keeps_running = true;
	bed_close(b);
	bed_expect_calls(b, ""); /* a call that frees may never return */
	free(job);
	free(dir);
}

static void a_wrong_element_is_named(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 6, "");

	assert_int_equal(bed_run(b, job), SIMPLER_E_RESULT);
	assert_non_null(strstr(b->err_text, "args[2]: 1024 of 1024 elements wrong; element 0 is 5, "
					    "not 6"));
	free(job);
}

/* wait() would never return, and its output memory must stay. */
static void a_run_that_does_not_end_is_never_waited_for(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, "");
	int32_t is_over = 1;

	bed_would("polls=1000000");
	assert_int_equal(bed_load(b, job), 0);
	assert_int_equal(bed_prepare(b, job), 0);
	assert_int_equal(b->d->launch(b->ctx, b->epoch, &b->err), 0);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(b->d->poll(b->ctx, b->epoch, &is_over, &b->err), 0);
	assert_int_equal(is_over, 0);
	bed_forget_report(b);
	assert_int_equal(bed_finish(b), SIMPLER_E_UNFINISHED);
	assert_int_equal(b->d->is_usable(b->ctx), 0);
	assert_int_equal(bed_run(b, job), SIMPLER_E_LANE);
	b->keeps_running = true;
	bed_close(b);
	bed_expect_calls(b, "");
	free(job);
}

static void a_run_that_is_lost_is_not_touched_again(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, "");

	bed_would("poll=-1");
	assert_int_equal(bed_run(b, job), SIMPLER_E_POLL);
	assert_int_equal(bed_finish(b), SIMPLER_E_POLL);
	assert_int_equal(b->d->is_usable(b->ctx), 0);
	b->keeps_running = true;
	bed_close(b);
	assert_int_equal(bed_count(b, "call wait") + bed_count(b, "call finalize"), 0);
	free(job);
}

static void close_takes_a_run_that_is_over_with_it(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, "");

	bed_would("polls=1");
	assert_int_equal(bed_load(b, job), 0);
	assert_int_equal(bed_prepare(b, job), 0);
	assert_int_equal(b->d->launch(b->ctx, b->epoch, &b->err), 0);
	bed_forget_report(b);
	bed_close(b);
	bed_expect_calls(b, "poll wait finalize unregister finalize_device destroy");
	free(job);
}

static void a_run_that_is_never_launched_is_finished_and_is_no_success(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, "");

	assert_int_equal(bed_load(b, job), 0);
	assert_int_equal(bed_prepare(b, job), 0);
	bed_forget_report(b);
	assert_int_equal(bed_finish(b), SIMPLER_E_NOT_RUN);
	bed_expect_calls(b, "finalize");
	assert_int_equal(bed_run(b, job), 0);
	free(job);
}

static void calls_out_of_order_never_reach_the_library(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, "");
	int32_t is_over, is_verified;

	bed_forget_report(b);
	assert_int_equal(b->d->launch(b->ctx, 1, &b->err), SIMPLER_E_ORDER);
	assert_int_equal(b->d->poll(b->ctx, 1, &is_over, &b->err), SIMPLER_E_ORDER);
	assert_int_equal(bed_finish(b), SIMPLER_E_ORDER);
	b->slot = 5;
	assert_int_equal(bed_prepare(b, job), SIMPLER_E_ORDER);
	assert_int_equal(bed_finish(b), SIMPLER_E_ORDER);
	assert_int_equal(b->d->unload(b->ctx, 64), SIMPLER_E_ORDER);
	bed_expect_calls(b, "");
	assert_int_equal(bed_load(b, job), 0);
	assert_int_equal(bed_prepare(b, job), 0);
	assert_int_equal(b->d->poll(b->ctx, b->epoch, &is_over, &b->err), SIMPLER_E_ORDER);
	assert_int_equal(b->d->launch(b->ctx, b->epoch + 1, &b->err), SIMPLER_E_ORDER);
	assert_int_equal(b->d->reset(b->ctx, 0, &is_verified, &b->err), SIMPLER_E_UNFINISHED);
	assert_int_equal(b->d->launch(b->ctx, b->epoch, &b->err), 0);
	assert_int_equal(b->d->launch(b->ctx, b->epoch, &b->err), SIMPLER_E_ORDER);
	assert_int_equal(bed_poll_to_end(b), 0);
	assert_int_equal(b->d->poll(b->ctx, b->epoch, &is_over, &b->err), 0);
	assert_int_equal(is_over, 1);
	assert_int_equal(bed_finish(b), 0);
	assert_int_equal(bed_finish(b), SIMPLER_E_ORDER);
	free(job);
}

static unsigned count_mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned n = 0;

	for (int c; (c = fgetc(f)) != EOF;)
		n += c == '\n';
	fclose(f);
	return n;
}

static void a_hundred_runs_leave_nothing_behind(void **state)
{
	struct bed *b = *state;
	char *good = bed_job("add.so", 5, ""), *bad = bed_job("add.so", 6, "");
	unsigned descriptors = 0, mappings = 0, files = 0;

	for (unsigned i = 0; i < 110; i++) {
		assert_int_equal(bed_run(b, i % 3 ? good : bad), i % 3 ? 0 : SIMPLER_E_RESULT);
		if (i == 9) {
			descriptors = disk_count("/proc/self/fd");
			mappings = count_mappings();
			files = disk_count(b->dir);
		}
	}
	assert_int_equal(disk_count("/proc/self/fd"), descriptors);
	assert_int_equal(disk_count(b->dir), files);
	assert_in_range(count_mappings(), 1, mappings + 10); /* the allocator's own come and go */
	free(good);
	free(bad);
}

static void opening_and_closing_leaves_nothing_behind(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, "");
	unsigned descriptors = 0, mappings = 0;

	for (unsigned i = 0; i < 30; i++) {
		bed_close(b);
		assert_int_equal(bed_open(b, ""), 0);
		assert_int_equal(bed_run(b, job), 0);
		if (i == 4) {
			descriptors = disk_count("/proc/self/fd");
			mappings = count_mappings();
		}
	}
	assert_int_equal(disk_count("/proc/self/fd"), descriptors);
	assert_in_range(count_mappings(), 1, mappings + 10);
	free(job);
}

static void another_runtime_is_another_library_in_the_same_process(void **state)
{
	struct bed *b = *state;
	char *trb = bed_job("add.so", 5, ", \"runtime\": \"tensormap_and_ringbuffer\"");
	char *hbg = bed_job("add.so", 5, ""), room[600];

	assert_int_equal(bed_run(b, trb), SIMPLER_E_LIBRARY);
	assert_int_equal(bed_run(b, hbg), 0); /* working devices are still used */
	bed_install(b, "a2a3/sim", "tensormap_and_ringbuffer", FAKEHOST_ANONYMOUS);
	bed_forget_report(b);
	assert_int_equal(bed_run(b, trb), 0);
	assert_string_equal(bed_json(b, "runtime", room, sizeof(room)), "tensormap_and_ringbuffer");
	bed_expect_calls(b, "unregister finalize_device destroy bind contract run_size run_align "
			    "create init register prepare copy_to copy_to launch poll poll wait "
			    "finalize");
	assert_int_equal(bed_run(b, hbg), 0);
	assert_string_equal(bed_json(b, "runtime", room, sizeof(room)), "host_build_graph");
	free(trb);
	free(hbg);
}

static void a_crash_of_the_library_is_the_processs_end(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, "");
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		bed_would("crash_prepare=1");
		bed_run(b, job);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	free(job);
}

static void a_launch_that_is_not_accepted_is_remarked_upon(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, ""), room[20];

	bed_would("unaccepted=1");
	assert_int_equal(bed_run(b, job), 0);
	assert_non_null(strstr(b->log, "without confirming it"));
	assert_string_equal(bed_json(b, "accepted", room, sizeof(room)), "false");
	free(job);
}

static void diagnose_says_how_far_a_run_is(void **state)
{
	struct bed *b = *state;
	char *job = bed_job("add.so", 5, ""), room[400] = "";
	struct dvs_text text = {room, sizeof(room)};

	assert_int_equal(bed_load(b, job), 0);
	assert_int_equal(bed_prepare(b, job), 0);
	b->d->diagnose(b->ctx, &text);
	assert_non_null(strstr(room, "device 3, run 1 is prepared; outside the library"));
	assert_int_equal(b->d->launch(b->ctx, b->epoch, &b->err), 0);
	b->d->diagnose(b->ctx, &text);
	assert_non_null(strstr(room, "run 1 is launched"));
	assert_int_equal(bed_poll_to_end(b), 0);
	assert_int_equal(bed_finish(b), 0);
	free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_setup, bed_teardown)
		TEST(a_run_goes_through_all_phases_once),
		TEST(each_error_has_its_code_and_class_and_tells_what_the_process_is_worth),
		TEST(on_silicon_a_latched_code_spoils_the_process),
		TEST(a_wrong_element_is_named),
		TEST(a_run_that_does_not_end_is_never_waited_for),
		TEST(a_run_that_is_lost_is_not_touched_again),
		TEST(close_takes_a_run_that_is_over_with_it),
		TEST(a_run_that_is_never_launched_is_finished_and_is_no_success),
		TEST(calls_out_of_order_never_reach_the_library),
		TEST(a_hundred_runs_leave_nothing_behind),
		TEST(opening_and_closing_leaves_nothing_behind),
		TEST(another_runtime_is_another_library_in_the_same_process),
		TEST(a_crash_of_the_library_is_the_processs_end),
		TEST(a_launch_that_is_not_accepted_is_remarked_upon),
		TEST(diagnose_says_how_far_a_run_is),
	};

	return RUN(tests);
}
