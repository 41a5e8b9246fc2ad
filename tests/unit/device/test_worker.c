/* SPDX-License-Identifier: Apache-2.0 */
/* A device worker with a real process and a driver that follows a script. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/unit.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "device/device_class.h"
#include "device/leftovers/leftovers.h"
#include "device/lock/lock.h"
#include "disk.h"
#include "worker_bed.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { IS_SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { IS_SANITIZED = 1 };
#else
enum { IS_SANITIZED = 0 };
#endif
#else
enum { IS_SANITIZED = 0 };
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static int setup(void **state)
{
	*state = worker_bed_new();
	return 0;
}

static int teardown(void **state)
{
	worker_bed_free(*state);
	return 0;
}

static void assert_ended(const struct device_result *r, enum dvs_class class, enum driver_call call)
{
	if (r->class != class || r->call != call)
		print_error("%s in %s: %s\n", device_class_name(r->class), board_call_name(r->call),
			    r->verdict.message ? r->verdict.message : "-");
	assert_int_equal(r->class, class);
	assert_int_equal(r->call, call);
	assert_int_equal(r->verdict.status, device_class_fate(class)->status);
	assert_int_equal(r->verdict.reason, device_class_fate(class)->reason);
	assert_int_equal(r->verdict.is_uncounted, !device_class_fate(class)->is_counted);
}

static void a_run_that_finishes_passes(void **state)
{
	struct worker_bed *b = *state;
	const struct device_result *r;
	char *log;

	worker_bed_open(b, 0, "{}");
	assert_true(device_worker_is_idle(b->ranks[0].worker));
	r = worker_bed_run(b, "{\"print\": \"hello\", \"polls\": 3}");
	assert_ended(r, DVS_OK, CALL_NONE);
	assert_int_equal(r->phase, PHASE_FINISHED);
	assert_null(r->text);
	for (unsigned i = PHASE_TAKEN; i <= PHASE_FINISHED; i++)
		assert_true(r->stamp_ns[i] >= r->stamp_ns[i - 1] && r->stamp_ns[i]);
	assert_true(r->verdict.start_wall_s > 1e9);
	assert_int_equal(r->verdict.pid, device_worker_pid(b->ranks[0].worker));
	log = disk_log(b->log);
	assert_string_equal(log, "hello\nfinished\n");
	free(log);
	log = disk_text(b->ranks[0].own_log);
	assert_string_equal(log, "device 0 is open\ninfo: opened\n");
	free(log);
	assert_true(device_worker_is_idle(b->ranks[0].worker));
}

/* ---- opening ---- */

static void assert_open_failed(struct worker_bed *b, enum dvs_class class, const char *words)
{
	struct bed_rank *r = &b->ranks[0];

	worker_bed_wait(b, 0, bed_has_died);
	assert_false(r->is_open);
	assert_true(r->has_failed);
	assert_int_equal(r->open_class, class);
	if (!strstr(r->open_text, words))
		print_error("%s\n", r->open_text);
	assert_non_null(strstr(r->open_text, words));
}

static void an_open_that_fails_has_its_own_words(void **state)
{
	struct worker_bed *b = *state;

	worker_bed_start(b, 0, "{\"open\": \"code 701\"}");
	assert_open_failed(b, DVS_WEDGE, "the test says 'code 701' to open (TEST_CODE 701)");
	assert_int_equal(WEXITSTATUS(b->ranks[0].status), 1);
}

static void an_open_that_crashes_is_a_death_with_its_signal(void **state)
{
	struct worker_bed *b = *state;
	struct bed_rank *r = &b->ranks[0];

	worker_bed_start(b, 0, "{\"open\": \"crash\"}");
	worker_bed_wait(b, 0, bed_has_died);
	assert_false(r->has_failed);
	assert_true(WIFSIGNALED(r->status));
	assert_int_equal(WTERMSIG(r->status), SIGSEGV);
	assert_non_null(strstr(r->why, "died of signal 11 (SIGSEGV) in open()"));
}

static void an_open_that_hangs_beats_answers_and_can_be_killed(void **state)
{
	struct worker_bed *b = *state;
	struct bed_rank *r = &b->ranks[0];

	worker_bed_start(b, 0, "{\"open\": \"hang\"}");
	worker_bed_wait_for_call(b, 0, CALL_OPEN);
	device_worker_diagnose(r->worker);
	worker_bed_wait(b, 0, bed_has_answered);
	assert_non_null(strstr(r->diagnosis, "driver: in open() for "));
	assert_true(atomic_load(&device_worker_board(r->worker)->beat_ns) > 0);
	device_worker_kill(r->worker);
	worker_bed_wait(b, 0, bed_has_died);
	assert_non_null(strstr(r->why, "was killed in open() for "));
	assert_int_equal(WTERMSIG(r->status), SIGKILL);
}

static void a_driver_that_is_not_there_is_named(void **state)
{
	struct worker_bed *b = *state;

	b->ranks[0].options.driver = "/nowhere/driver.so";
	worker_bed_start(b, 0, "{}");
	assert_open_failed(b, DVS_CONFIG, "driver /nowhere/driver.so: there is no such file");
}

static void a_lock_that_is_held_names_its_holder(void **state)
{
	struct worker_bed *b = *state;
	_cleanup_(freep) char *words = NULL;

	b->ranks[0].options.lock_path = b->ranks[1].options.lock_path = b->lock;
	worker_bed_open(b, 1, "{}");
	words = xasprintf("device 0 is in use by pid %d (lock %s)",
			  (int)device_worker_pid(b->ranks[1].worker), b->lock);
	worker_bed_start(b, 0, "{}");
	assert_open_failed(b, DVS_BUSY, words);
}

static void a_lock_is_free_when_its_worker_is_gone(void **state)
{
	struct worker_bed *b = *state;

	b->ranks[0].options.lock_path = b->ranks[1].options.lock_path = b->lock;
	worker_bed_open(b, 1, "{}");
	device_worker_kill(b->ranks[1].worker);
	worker_bed_wait(b, 1, bed_has_died);
	worker_bed_open(b, 0, "{}");
}

/* The caller took it, and may go: the worker has it as long as it lives. */
static void a_lock_that_it_is_given_is_its_own(void **state)
{
	struct worker_bed *b = *state;
	struct lock_file lock;
	pid_t holder;

	lock_file_init(&lock, xstrdup(b->lock));
	assert_int_equal(lock_file_try(&lock, &holder), 0);
	b->ranks[0].options.lock_fd = lock.fd;
	worker_bed_open(b, 0, "{}");
	lock_file_release(&lock);
	assert_int_equal(lock_file_try(&lock, &holder), -1);
	assert_int_equal(holder, device_worker_pid(b->ranks[0].worker));
	device_worker_kill(b->ranks[0].worker);
	worker_bed_wait(b, 0, bed_has_died);
	assert_int_equal(lock_file_try(&lock, &holder), 0);
	lock_file_done(&lock);
}

static void a_worker_that_is_closed_closes_its_device(void **state)
{
	struct worker_bed *b = *state;
	char *log;

	worker_bed_open(b, 0, "{}");
	worker_bed_run(b, "{}");
	device_worker_close(b->ranks[0].worker);
	worker_bed_wait(b, 0, bed_has_died);
	assert_true(WIFEXITED(b->ranks[0].status));
	assert_int_equal(WEXITSTATUS(b->ranks[0].status), 0);
	log = disk_text(b->ranks[0].own_log);
	assert_string_equal(log, "device 0 is open\ninfo: opened\nclosed after 1 loads\n");
	free(log);
}

/* ---- errors of a run ---- */

static void an_error_has_the_class_code_and_call_that_it_came_from(void **state)
{
	static const struct {
		const char *job;
		enum dvs_class class;
		enum driver_call call;
		enum run_phase phase;
		bool is_finished;
	} cases[] = {
		{"{\"load\": \"code 200\"}", DVS_CONFIG, CALL_LOAD, PHASE_TAKEN, false},
		{"{\"prepare\": \"code 900\"}", DVS_BUSY, CALL_PREPARE, PHASE_LOADED, false},
		{"{\"launch\": \"code 300\"}", DVS_STALL, CALL_LAUNCH, PHASE_ARMED, true},
		{"{\"poll\": \"code 400\"}", DVS_DEADLOCK, CALL_POLL, PHASE_LAUNCHED, true},
		{"{\"finish\": \"code 100\"}", DVS_JOB, CALL_FINISH, PHASE_RAN, true},
		/* classify() has no such class, or finds it good: nobody knows. */
		{"{\"finish\": \"code 7700\"}", DVS_POISON, CALL_FINISH, PHASE_RAN, true},
		{"{\"finish\": \"code 7\"}", DVS_POISON, CALL_FINISH, PHASE_RAN, true},
	};
	struct worker_bed *b = *state;

	worker_bed_open(b, 0, "{}");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct device_result *r = worker_bed_run(b, cases[i].job);
		char *log = disk_log(b->log);

		assert_ended(r, cases[i].class, cases[i].call);
		assert_int_equal(r->phase, cases[i].phase);
		assert_string_equal(r->code_name, "TEST_CODE");
		assert_non_null(strstr(r->text, "the test says 'code "));
		assert_int_equal(strstr(log, "finished") != NULL, cases[i].is_finished);
		free(log);
	}
	assert_int_equal(atomic_load(&device_worker_board(b->ranks[0].worker)->phase),
			 PHASE_FAILED);
	assert_ended(worker_bed_run(b, "{}"), DVS_OK, CALL_NONE);
}

static void a_message_has_words_name_code_hint_and_the_end_of_the_log(void **state)
{
	struct worker_bed *b = *state;
	const struct device_result *r;

	worker_bed_open(b, 0, "{}");
	r = worker_bed_run(b, "{\"print\": \"one is 3\", \"finish\": \"code 101\"}");
	assert_string_equal(r->verdict.message, "the test says 'code 101' to finish "
						"(TEST_CODE 101; look at the numbers)");
	assert_string_equal(r->verdict.context, "one is 3\nfinished\n");
	assert_int_equal(r->code, 101);
	assert_string_equal(r->hint, "look at the numbers");
}

static void the_first_error_is_the_cause(void **state)
{
	struct worker_bed *b = *state;
	const struct device_result *r;

	worker_bed_open(b, 0, "{}");
	r = worker_bed_run(b, "{\"poll\": \"code 100\", \"finish\": \"code 600\"}");
	assert_ended(r, DVS_JOB, CALL_POLL);
	assert_string_equal(
		r->verdict.message,
		"the test says 'code 100' to poll (TEST_CODE 100); then finish() failed: "
		"the test says 'code 600' to finish (TEST_CODE 600)");
}

static void a_process_that_is_spent_says_so(void **state)
{
	static const struct {
		const char *job;
		bool is_spent;
	} cases[] = {
		{"{\"finish\": \"code 100\", \"is_spent\": true}", true},
		{"{\"finish\": \"code 100\", \"is_spent\": true, \"reset\": true}", false},
		{"{\"finish\": \"code 100\"}", false},
		{"{\"is_spent\": true}", false}, /* nobody asks after a run that was good */
	};
	struct worker_bed *b = *state;

	worker_bed_open(b, 0, "{}");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(worker_bed_run(b, cases[i].job)->is_spent, cases[i].is_spent);
}

/* ---- ends of the process ---- */

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

/* Somebody above us reaps it. */
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
	/* Its child had it mapped, too: as long as that was dying the file was in use, and stayed.
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

/* The scheduler lives, and has let go of it. */
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

/* It opens a worker, tells its pid, and is killed. */
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
	assert_int_equal(waitpid(worker, &status, 0), worker); /* it has come to us */
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

/* ---- cancel, go ---- */

static void a_cancelled_run_ends_with_a_result(void **state)
{
	struct worker_bed *b = *state;
	struct bed_rank *r = &b->ranks[0];

	worker_bed_open(b, 0, "{}");
	for (int i = 0; i < 2; i++) { /* what was said to one run is not said to the next */
		worker_bed_send(b, "{\"poll\": \"until cancelled\"}");
		worker_bed_wait_for_phase(b, 0, PHASE_LAUNCHED);
		device_worker_cancel(r->worker, b->epoch);
		worker_bed_wait(b, 0, bed_has_ended);
		assert_ended(&r->result, DVS_PEER, CALL_NONE);
		assert_string_equal(r->result.text, "the run was cancelled");
		assert_int_equal(r->result.phase, PHASE_RAN);
		assert_ended(worker_bed_run(b, "{}"), DVS_OK, CALL_NONE);
	}
}

static void only_its_own_go_releases_a_run(void **state)
{
	struct worker_bed *b = *state;
	struct bed_rank *r = &b->ranks[0];

	worker_bed_open(b, 0, "{}");
	b->request.waits_for_go = true;
	worker_bed_send(b, "{}");
	worker_bed_wait(b, 0, bed_is_armed);
	device_worker_go(r->worker, b->epoch + 1);
	device_worker_go(r->worker, b->epoch - 1);
	device_worker_diagnose(r->worker);
	worker_bed_wait(b, 0, bed_has_answered); /* so all of that was read */
	assert_int_equal(r->phase, PHASE_ARMED);
	assert_non_null(strstr(r->diagnosis, "armed for "));
	device_worker_go(r->worker, b->epoch);
	worker_bed_wait(b, 0, bed_has_ended);
	assert_ended(&r->result, DVS_OK, CALL_NONE);
}

static void an_armed_run_that_is_cancelled_is_finished_and_never_launched(void **state)
{
	struct worker_bed *b = *state;
	struct bed_rank *r = &b->ranks[0];
	char *log;

	worker_bed_open(b, 0, "{}");
	b->request.waits_for_go = true;
	worker_bed_send(b, "{}");
	worker_bed_wait(b, 0, bed_is_armed);
	device_worker_cancel(r->worker, b->epoch);
	worker_bed_wait(b, 0, bed_has_ended);
	assert_ended(&r->result, DVS_PEER, CALL_NONE);
	assert_int_equal(r->result.stamp_ns[PHASE_LAUNCHED], 0);
	log = disk_log(b->log);
	assert_string_equal(log, "finished\n");
	free(log);
}

/* ---- gangs ---- */

enum { RANKS = 3, SHARED = 4096 };

static const struct dvs_buffer_want wants[] = {{.name = "left", .bytes = 1024, .align = 64},
					       {.name = "right", .bytes = 2048}};

static void open_gang(struct worker_bed *b)
{
	for (unsigned i = 0; i < RANKS; i++)
		worker_bed_start(b, i, "{}");
	for (unsigned i = 0; i < RANKS; i++)
		worker_bed_wait(b, i, bed_is_open);
	b->request.n_ranks = RANKS;
	b->request.waits_for_go = true;
	b->request.token = "token-1";
	b->request.window_bytes = 65536;
	b->request.buffers = wants;
	b->request.n_buffers = ARRAY_LEN(wants);
	b->request.join_deadline_ns = board_now_ns() + 60ull * 1000000000u;
	b->request.shared_bytes = SHARED;
	b->request.shared_fd = memfd_create("gang", MFD_CLOEXEC);
	assert_int_equal(ftruncate(b->request.shared_fd, SHARED), 0);
	b->epoch++;
}

static bool is_taken(const struct bed_rank *r)
{
	return r->phase >= PHASE_TAKEN;
}

static void send_gang(struct worker_bed *b, const char *job, const char *job_of_2)
{
	worker_bed_send_rank(b, 0, job);
	worker_bed_wait(b, 0, is_taken);
	worker_bed_send_rank(b, 1, job);
	worker_bed_send_rank(b, 2, job_of_2);
	close(b->request.shared_fd); /* it has gone with the requests */
}

static void a_gang_meets_arms_and_starts_at_the_word(void **state)
{
	struct worker_bed *b = *state;
	const char *job = "{\"print_env\": true, \"polls\": 2}";
	_cleanup_(freep) char *log_path = NULL, *log = NULL, *context_path = NULL, *context = NULL;

	open_gang(b);
	send_gang(b, job, job);
	for (unsigned i = 0; i < RANKS; i++)
		worker_bed_wait(b, i, bed_is_armed);
	for (unsigned i = 0; i < RANKS; i++)
		device_worker_go(b->ranks[i].worker, b->epoch);
	for (unsigned i = 0; i < RANKS; i++) {
		worker_bed_wait(b, i, bed_has_ended);
		assert_ended(&b->ranks[i].result, DVS_OK, CALL_NONE);
	}
	log_path = xasprintf("%s/rank2.log", b->odir);
	log = disk_log(log_path);
	context_path = xasprintf("%s/rank2.json", b->odir);
	context = disk_text(context_path);
	assert_non_null(strstr(log, "DVSCHED_JOB=cfg:job\nDVSCHED_ATTEMPT=1\nDVSCHED_ODIR="));
	assert_non_null(strstr(log, "DVSCHED_DEVICE=2\nDVSCHED_RANK=2\nDVSCHED_RANKS=3\n"));
	assert_non_null(strstr(log, context_path));
	assert_string_equal(context, "{\n"
				     "  \"device\": 2,\n"
				     "  \"rank\": 2,\n"
				     "  \"n_ranks\": 3,\n"
				     "  \"communicator\": \"0x1234\",\n"
				     "  \"window\": {\n"
				     "    \"base\": \"0xfffffffff0000000\",\n"
				     "    \"bytes\": 65536\n"
				     "  },\n"
				     "  \"buffers\": {\n"
				     "    \"left\": {\n"
				     "      \"address\": \"0xfffffffff0000000\",\n"
				     "      \"bytes\": 1024\n"
				     "    },\n"
				     "    \"right\": {\n"
				     "      \"address\": \"0xfffffffff0001000\",\n"
				     "      \"bytes\": 2048\n"
				     "    }\n"
				     "  }\n"
				     "}\n");
}

static void a_list_of_buffers_that_is_not_what_was_asked_for_is_an_error(void **state)
{
	static const struct {
		const char *job, *words;
	} cases[] = {
		{"{\"join\": \"few\"}", "join() gave 1 buffers, 2 were asked for"},
		{"{\"join\": \"other\"}",
		 "join() gave a buffer 'elsewhere' that was not asked for"},
		{"{\"join\": \"twice\"}", "join() gave the buffer 'left' twice"},
		{"{\"join\": \"small\"}",
		 "join() gave 1023 bytes for buffer 'left', 1024 were asked for"},
		{"{\"join\": \"crooked\"}", "which is not aligned to 64"},
		{"{\"join\": \"endless\"}",
		 "join() gave a name that is not terminated, for buffer 1"},
	};
	struct worker_bed *b = *state;

	open_gang(b);
	close(b->request.shared_fd);
	b->request.shared_fd = -1;
	b->request.n_ranks = 1;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct device_result *r = worker_bed_run(b, cases[i].job);

		assert_ended(r, DVS_CONFIG, CALL_JOIN);
		if (!strstr(r->text, cases[i].words))
			print_error("%s\n", r->text);
		assert_non_null(strstr(r->text, cases[i].words));
		assert_int_equal(r->stamp_ns[PHASE_ARMED], 0);
	}
}

static void a_rank_that_fails_to_join_says_so_and_the_others_can_be_cancelled(void **state)
{
	struct worker_bed *b = *state;

	open_gang(b);
	b->request.join_deadline_ns = board_now_ns(); /* nobody waits for long */
	send_gang(b, "{}", "{\"join\": \"code 600\"}");
	for (unsigned i = 0; i < RANKS; i++)
		worker_bed_wait(b, i, bed_has_ended);
	assert_ended(&b->ranks[2].result, DVS_POISON, CALL_JOIN);
	assert_ended(&b->ranks[0].result, DVS_PEER, CALL_JOIN);
	assert_ended(&b->ranks[1].result, DVS_PEER, CALL_JOIN);
}

/* ---- what a job sees and leaves ---- */

/* Those of the tests themselves. */
static void forget_own_variables(void)
{
	for (char **e = environ; *e;) {
		size_t n = strcspn(*e, "=");
		char *name = strncmp(*e, "DVSCHED_", 8) == 0 ? strndup(*e, n) : NULL;

		if (name)
			unsetenv(name);
		else
			e++;
		free(name);
	}
}

static void a_run_has_its_variables_and_nobody_elses(void **state)
{
	static const char *const env[] = {"OWN_WORD=\001attempt\001", NULL};
	struct worker_bed *b = *state;
	char *log, *want;

	forget_own_variables();
	setenv("DVSCHED_RANK", "of somebody else", 1);
	b->rules.env = env;
	b->spec.has_attempt = true;
	worker_bed_open(b, 0, "{}");
	unsetenv("DVSCHED_RANK");
	for (uint32_t i = 1; i <= 2; i++) {
		b->request.attempt = i;
		worker_bed_run(b,
			       "{\"print_env\": true, \"print\": \"try \\u0001attempt\\u0001\"}");
		log = disk_log(b->log);
		want = xasprintf("DVSCHED_JOB=cfg:job\nDVSCHED_ATTEMPT=%u\nDVSCHED_ODIR=%s\n"
				 "DVSCHED_NEEDS=/dev/"
				 "null\nDVSCHED_DEVICE=0\nDVSCHED_RANK=0\nDVSCHED_RANKS=1\n"
				 "OWN_WORD=%u\ntry %u\nfinished\n",
				 i, b->odir, i, i);
		assert_string_equal(log, want);
		free(log);
		free(want);
	}
	want = xasprintf("%s.attempt-1%s", b->odir, b->log + strlen(b->odir));
	log = disk_log(want);
	assert_non_null(strstr(log, "try 1\n"));
	free(log);
	free(want);
}

static void patterns_of_the_log_decide_as_for_any_job(void **state)
{
	static const struct pattern good = {.text = "^SUM IS 4"}, bad = {.text = "^ERROR"};
	struct worker_bed *b = *state;
	const struct device_result *r;

	b->rules.pass_patterns = (struct pattern_list){&good, 1};
	b->rules.fail_patterns = (struct pattern_list){&bad, 1};
	worker_bed_open(b, 0, "{}");
	assert_ended(worker_bed_run(b, "{\"print\": \"SUM IS 4\"}"), DVS_OK, CALL_NONE);
	r = worker_bed_run(b, "{\"print\": \"SUM IS 5\"}");
	assert_int_equal(r->class, DVS_OK);
	assert_int_equal(r->verdict.status, JOB_FAILED);
	assert_int_equal(r->verdict.reason, REASON_MISSING_PATTERN);
	r = worker_bed_run(b, "{\"print\": \"ERROR: too hot\"}");
	assert_int_equal(r->verdict.reason, REASON_FAIL_PATTERN);
	assert_int_equal(r->verdict.line, 4);
	b->rules.pass_patterns = b->rules.fail_patterns = (struct pattern_list){0};
}

static void a_canary_runs_without_a_directory(void **state)
{
	struct worker_bed *b = *state;
	const char *odir = b->spec.dir;
	const struct device_result *r;

	worker_bed_open(b, 0, "{}");
	b->spec.dir = NULL;
	r = worker_bed_run(b, "{\"print\": \"unheard\"}");
	assert_ended(r, DVS_OK, CALL_NONE);
	assert_int_equal(r->verdict.status, JOB_PASSED);
	assert_false(fs_exists(odir));
	b->spec.dir = odir;
	assert_ended(worker_bed_run(b, "{}"), DVS_OK, CALL_NONE);
	assert_true(fs_exists(odir));
}

static void a_log_over_its_limit_ends_the_run(void **state)
{
	struct worker_bed *b = *state;
	const struct device_result *r;
	struct stat st;

	b->rules.max_log_bytes = 4096;
	worker_bed_open(b, 0, "{}");
	r = worker_bed_run(b, "{\"flood\": 100, \"poll\": \"until cancelled\"}");
	assert_int_equal(r->class, DVS_JOB);
	assert_int_equal(r->verdict.status, JOB_KILLED);
	assert_int_equal(r->verdict.reason, REASON_LOG_FLOOD);
	assert_int_equal(stat(b->log, &st), 0);
	assert_int_equal(st.st_size, 4096);
	r = worker_bed_run(b, "{\"flood\": 100}");
	assert_int_equal(r->verdict.reason, REASON_LOG_FLOOD);
	assert_ended(worker_bed_run(b, "{}"), DVS_OK, CALL_NONE);
}

static void a_result_is_json_or_nothing(void **state)
{
	struct worker_bed *b = *state;
	char *log;

	worker_bed_open(b, 0, "{}");
	assert_string_equal(worker_bed_run(b, "{\"result\": \"{\\\"sum\\\": 4}\"}")->result,
			    "{\"sum\": 4}");
	assert_null(worker_bed_run(b, "{\"result\": \"sum is 4\"}")->result);
	assert_null(worker_bed_run(b, "{}")->result);
	log = disk_text(b->ranks[0].own_log);
	assert_non_null(
		strstr(log, "warning: the driver's result is not a JSON object: left out\n"));
	free(log);
}

static void a_directory_that_cannot_be_made_is_a_failure_to_launch(void **state)
{
	struct worker_bed *b = *state;
	const struct device_result *r;

	worker_bed_open(b, 0, "{}");
	b->spec.dir = "/outside";
	r = worker_bed_run(b, "{}");
	assert_int_equal(r->verdict.status, JOB_KILLED);
	assert_int_equal(r->verdict.reason, REASON_LAUNCH);
	assert_non_null(strstr(r->verdict.message, "/outside is not below the scratch root"));
	b->spec.dir = b->odir;
	assert_ended(worker_bed_run(b, "{}"), DVS_OK, CALL_NONE);
}

/* ---- re-use, idleness ---- */

static unsigned count_in(pid_t pid, const char *what)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/%s", (int)pid, what);

	return disk_count(path);
}

static unsigned count_mappings(pid_t pid)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/maps", (int)pid);
	FILE *f = fopen(path, "re");
	unsigned n = 0;
	int c;

	assert_non_null(f);
	while ((c = fgetc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

static void two_hundred_runs_leave_nothing(void **state)
{
	static const char *const jobs[] = {"{\"print_env\": true, \"print\": \"x\"}",
					   "{\"poll\": \"code 100\", \"polls\": 2}",
					   "{\"result\": \"{}\", \"finish\": \"code 101\"}"};
	struct worker_bed *b = *state;
	unsigned n_fds = 0, n_mappings = 0;
	pid_t pid;

	worker_bed_open(b, 0, "{}");
	pid = device_worker_pid(b->ranks[0].worker);
	for (unsigned i = 0; i < 220; i++) {
		worker_bed_run(b, jobs[i % ARRAY_LEN(jobs)]);
		if (i == 19) {
			n_fds = count_in(pid, "fd");
			n_mappings = count_mappings(pid);
		}
	}
	assert_int_equal(count_in(pid, "fd"), n_fds);
	if (!IS_SANITIZED) { /* they have threads and mappings of their own */
		assert_int_equal(count_in(pid, "task"), 2 + 2);
		assert_int_equal(count_mappings(pid), n_mappings);
	}
	assert_int_equal(atomic_load(&device_worker_board(b->ranks[0].worker)->n_runs), 220);
}

/* How often a thread of a worker has slept; 0: it is somebody else's, a sanitizer's. */
static unsigned long sleeps_of(const char *tasks, const char *tid)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s/status", tasks, tid);
	FILE *f = fopen(path, "re");
	unsigned long n = 0;
	bool is_ours = strstr(tasks, tid) != NULL; /* the main thread's is the process's */
	char line[128];

	while (f && fgets(line, sizeof(line), f)) {
		is_ours |= strcmp(line, "Name:\tdvs-driver\n") == 0;
		sscanf(line, "voluntary_ctxt_switches: %lu", &n);
	}
	if (f)
		fclose(f);
	return is_ours ? n : 0;
}

/* Who sleeps on has made no system call. */
static unsigned long count_sleeps(pid_t pid)
{
	_cleanup_(freep) char *tasks = xasprintf("/proc/%d/task", (int)pid);
	DIR *dir = opendir(tasks);
	unsigned long n = 0;
	struct dirent *e;

	assert_non_null(dir);
	while ((e = readdir(dir)))
		n += sleeps_of(tasks, e->d_name);
	closedir(dir);
	return n;
}

static void an_idle_worker_does_nothing_at_all(void **state)
{
	struct worker_bed *b = *state;
	unsigned long before = 0, after = 0;
	const struct board *board;
	pid_t pid;

	worker_bed_open(b, 0, "{}");
	worker_bed_run(b, "{}");
	pid = device_worker_pid(b->ranks[0].worker);
	board = device_worker_board(b->ranks[0].worker);
	/* The last beat comes within a tenth of a second; from then on there is silence. */
	for (unsigned i = 0; i < 100; i++) {
		before = after;
		poll(NULL, 0, 350);
		after = count_sleeps(pid);
		if (before == after)
			break;
	}
	assert_true(after > 0);
	assert_int_equal(before, after);
	assert_int_equal(atomic_load(&board->beat_ns), 0);
	assert_ended(worker_bed_run(b, "{}"), DVS_OK, CALL_NONE);
}

static void a_long_run_beats_and_a_later_one_still_works(void **state)
{
	struct worker_bed *b = *state;
	const struct board *board;
	uint64_t first;

	worker_bed_open(b, 0, "{}");
	board = device_worker_board(b->ranks[0].worker);
	worker_bed_send(b, "{\"poll\": \"until cancelled\"}");
	worker_bed_wait_for_phase(b, 0, PHASE_LAUNCHED);
	for (unsigned i = 0; i < 3; i++) { /* the main thread reads the socket, too, by now */
		first = atomic_load(&board->beat_ns);
		while (atomic_load(&board->beat_ns) == first)
			poll(NULL, 0, 1);
	}
	device_worker_cancel(b->ranks[0].worker, b->epoch);
	worker_bed_wait(b, 0, bed_has_ended);
	for (unsigned i = 0; i < 50; i++)
		assert_ended(worker_bed_run(b, "{}"), DVS_OK, CALL_NONE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_run_that_finishes_passes),
		TEST(an_open_that_fails_has_its_own_words),
		TEST(an_open_that_crashes_is_a_death_with_its_signal),
		TEST(an_open_that_hangs_beats_answers_and_can_be_killed),
		TEST(a_driver_that_is_not_there_is_named),
		TEST(a_lock_that_is_held_names_its_holder),
		TEST(a_lock_is_free_when_its_worker_is_gone),
		TEST(a_lock_that_it_is_given_is_its_own),
		TEST(a_worker_that_is_closed_closes_its_device),
		TEST(an_error_has_the_class_code_and_call_that_it_came_from),
		TEST(a_message_has_words_name_code_hint_and_the_end_of_the_log),
		TEST(the_first_error_is_the_cause),
		TEST(a_process_that_is_spent_says_so),
		TEST(a_crash_is_a_death_that_says_where),
		TEST(a_driver_that_hangs_is_reported_and_can_be_killed),
		TEST(an_error_outlives_a_finish_that_hangs),
		TEST(an_error_outlives_a_finish_that_crashes),
		TEST(what_a_driver_leaves_goes_with_its_worker),
		TEST(a_library_of_a_moment_goes_with_a_worker_that_crashes),
		TEST(a_worker_without_a_scheduler_ends),
		TEST(a_worker_dies_with_its_scheduler),
		TEST(a_cancelled_run_ends_with_a_result),
		TEST(only_its_own_go_releases_a_run),
		TEST(an_armed_run_that_is_cancelled_is_finished_and_never_launched),
		TEST(a_gang_meets_arms_and_starts_at_the_word),
		TEST(a_list_of_buffers_that_is_not_what_was_asked_for_is_an_error),
		TEST(a_rank_that_fails_to_join_says_so_and_the_others_can_be_cancelled),
		TEST(a_run_has_its_variables_and_nobody_elses),
		TEST(patterns_of_the_log_decide_as_for_any_job),
		TEST(a_canary_runs_without_a_directory),
		TEST(a_log_over_its_limit_ends_the_run),
		TEST(a_result_is_json_or_nothing),
		TEST(a_directory_that_cannot_be_made_is_a_failure_to_launch),
		TEST(two_hundred_runs_leave_nothing),
		TEST(an_idle_worker_does_nothing_at_all),
		TEST(a_long_run_beats_and_a_later_one_still_works),
	};

	worker_bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
