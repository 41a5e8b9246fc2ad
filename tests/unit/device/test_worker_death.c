/* SPDX-License-Identifier: Apache-2.0 */
/* Ends of a device worker: crashes, hangs, and the end of its scheduler. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/unit.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "device/leftovers/leftovers.h"
#include "disk.h"
#include "worker_bed.h"
#include "worker_tests.h"

static void a_crash_is_a_death_that_says_where(void **state)
{
	static const struct {
		const char *job, *words;
	} cases[] = {
		{"{\"launch\": \"crash\"}", "died of signal 11 (SIGSEGV) in launch()"},
		{"{\"poll\": \"crash\"}", "died of signal 11 (SIGSEGV) in poll()"},
		{"{\"finish\": \"exit 7\"}", "ended with exit status 7 in finish()"},
	};
	struct worker_bed *b = *state;
	struct bed_rank *r = &b->ranks[0];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		r->has_died = r->is_open = false;
		worker_bed_open(b, 0, "{}");
		worker_bed_send(b, cases[i].job);
		worker_bed_wait(b, 0, bed_has_died);
		assert_false(r->has_ended);
		if (!strstr(r->why, cases[i].words))
			print_error("%s\n", r->why);
		assert_non_null(strstr(r->why, cases[i].words));
	}
}

/* The board names a call a moment before the driver is in it. */
static void diagnose_until(struct worker_bed *b, const char *words)
{
	struct bed_rank *r = &b->ranks[0];
	bool is_there = false;

	for (unsigned i = 0; i < 10000 && !is_there; i++) {
		r->has_answered = false;
		device_worker_diagnose(r->worker);
		worker_bed_wait(b, 0, bed_has_answered);
		is_there = strstr(r->diagnosis, words) != NULL;
	}
	assert_true(is_there);
}

static void a_driver_that_hangs_is_reported_and_can_be_killed(void **state)
{
	static const enum driver_call calls[] = {CALL_LOAD, CALL_LAUNCH, CALL_POLL, CALL_FINISH};
	struct worker_bed *b = *state;
	struct bed_rank *r = &b->ranks[0];

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		const char *call = board_call_name(calls[i]);
		_cleanup_(freep) char *job = xasprintf("{\"%s\": \"hang\"}", call);
		_cleanup_(freep) char *words = xasprintf("the test driver is in %s\n  and waits",
							 call);
		_cleanup_(freep) char *age = xasprintf("driver: in %s() for ", call);

		r->has_died = r->is_open = r->has_answered = false;
		worker_bed_open(b, 0, "{}");
		worker_bed_send(b, job);
		worker_bed_wait_for_call(b, 0, calls[i]);
		diagnose_until(b, words);
		assert_non_null(strstr(r->diagnosis, age));
		assert_non_null(strstr(r->diagnosis, "driver thread "));
		device_worker_kill(r->worker);
		worker_bed_wait(b, 0, bed_has_died);
		assert_false(r->has_ended);
	}
}

static void assert_cause_outlived(struct worker_bed *b)
{
	struct bed_rank *r = &b->ranks[0];

	worker_bed_wait(b, 0, bed_has_died);
	assert_true(r->has_ended);
	assert_ended(&r->result, DVS_JOB, CALL_POLL);
	assert_true(r->result.is_spent);
	assert_non_null(strstr(r->result.verdict.message,
			       "to poll (TEST_CODE 101; look at the "
			       "numbers); then the worker for device 0"));
}

static void an_error_outlives_a_finish_that_hangs(void **state)
{
	struct worker_bed *b = *state;

	worker_bed_open(b, 0, "{}");
	worker_bed_send(b, "{\"poll\": \"code 101\", \"finish\": \"hang\"}");
	worker_bed_wait_for_call(b, 0, CALL_FINISH);
	device_worker_kill(b->ranks[0].worker);
	assert_cause_outlived(b);
}

static void an_error_outlives_a_finish_that_crashes(void **state)
{
	struct worker_bed *b = *state;

	worker_bed_open(b, 0, "{}");
	worker_bed_send(b, "{\"poll\": \"code 101\", \"finish\": \"crash\"}");
	assert_cause_outlived(b);
}

/* A parent process reaps it. */
static void wait_for_end_of(pid_t pid)
{
	_cleanup_(closep) int fd = proc_open_pidfd(pid);
	struct pollfd end = {.fd = fd, .events = POLLIN};

	if (fd >= 0)
		assert_int_equal(poll(&end, 1, -1), 1);
}

static void what_a_driver_leaves_goes_with_its_worker(void **state)
{
	struct worker_bed *b = *state;
	char *log, *path, *child;
	pid_t pid;

	worker_bed_open(b, 0, "{}");
	worker_bed_send(b, "{\"image\": true, \"child\": true, \"launch\": \"hang\"}");
	worker_bed_wait_for_call(b, 0, CALL_LAUNCH);
	log = disk_log(b->log);
	path = strtok(log, "\n");
	child = strtok(NULL, "\n");
	assert_non_null(strstr(path, "/dvs-test-"));
	assert_true(fs_exists(path));
	pid = (pid_t)atoi(child + strlen("child "));
	assert_true(pid > 1);
	device_worker_kill(b->ranks[0].worker);
	worker_bed_wait(b, 0, bed_has_died);
	/* Its child had mapped the file, too. While the child was ending, the file was in use and
	 * stayed.
	 */
	wait_for_end_of(pid);
	leftovers_sweep(b->state);
	assert_false(fs_exists(path));
	free(log);
}

static void a_library_of_a_moment_goes_with_a_worker_that_crashes(void **state)
{
	struct worker_bed *b = *state;
	char *log, *path;

	worker_bed_open(b, 0, "{}");
	worker_bed_send(b, "{\"library\": true, \"poll\": \"crash\"}");
	worker_bed_wait(b, 0, bed_has_died);
	log = disk_log(b->log);
	path = strtok(log, "\n");
	assert_non_null(strstr(path, "/kernel_7_"));
	assert_false(fs_exists(path));
	free(log);
}

/* The scheduler lives, and has released the worker. */
static void shut_all_sockets(void)
{
	for (int fd = 3; fd < 64; fd++) {
		struct stat st;

		if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
			shutdown(fd, SHUT_RDWR);
	}
}

static void a_worker_without_a_scheduler_ends(void **state)
{
	static const char *const jobs[] = {NULL, "{\"launch\": \"hang\"}",
					   "{\"poll\": \"until cancelled\"}"};
	struct worker_bed *b = *state;
	struct bed_rank *r = &b->ranks[0];

	for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
		r->has_died = r->is_open = false;
		worker_bed_open(b, 0, "{}");
		if (jobs[i]) {
			worker_bed_send(b, jobs[i]);
			worker_bed_wait_for_phase(b, 0, i == 1 ? PHASE_ARMED : PHASE_LAUNCHED);
		}
		shut_all_sockets();
		worker_bed_wait(b, 0, bed_has_died);
		assert_int_equal(WTERMSIG(r->status), SIGKILL);
	}
}

/* It opens a worker, sends its pid, and is killed. */
static _noreturn_ void be_killed_with_a_worker(int to)
{
	struct worker_bed *b = worker_bed_new();
	pid_t pid;

	worker_bed_open(b, 0, "{}");
	worker_bed_send(b, "{\"launch\": \"hang\"}");
	worker_bed_wait_for_call(b, 0, CALL_LAUNCH);
	pid = device_worker_pid(b->ranks[0].worker);
	if (write(to, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	fs_remove_tree(b->base);
	kill(getpid(), SIGKILL);
	_exit(1);
}

static void a_worker_dies_with_its_scheduler(void **state)
{
	int fds[2], status;
	pid_t scheduler, worker = 0;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	scheduler = fork();
	if (scheduler == 0)
		be_killed_with_a_worker(fds[1]);
	close(fds[1]);
	assert_int_equal(read(fds[0], &worker, sizeof(worker)), sizeof(worker));
	close(fds[0]);
	assert_int_equal(waitpid(scheduler, &status, 0), scheduler);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(waitpid(worker, &status, 0), worker); /* reparented to the test */
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_crash_is_a_death_that_says_where),
		TEST(a_driver_that_hangs_is_reported_and_can_be_killed),
		TEST(an_error_outlives_a_finish_that_hangs),
		TEST(an_error_outlives_a_finish_that_crashes),
		TEST(what_a_driver_leaves_goes_with_its_worker),
		TEST(a_library_of_a_moment_goes_with_a_worker_that_crashes),
		TEST(a_worker_without_a_scheduler_ends),
		TEST(a_worker_dies_with_its_scheduler),
	};

	worker_bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
