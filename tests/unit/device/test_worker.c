/* SPDX-License-Identifier: Apache-2.0 */
/* A device worker with a real process and a driver that follows a script. */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../base/unit.h"
#include "base/mem.h"
#include "device/lock/lock.h"
#include "disk.h"
#include "worker_bed.h"
#include "worker_tests.h"

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

/* The caller has the lock and may close it: the worker holds it while it lives. */
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

/* How often a thread of a worker has slept; 0: a thread of a sanitizer. */
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

/* A thread that did not wake up has made no system call. */
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
		TEST(two_hundred_runs_leave_nothing),
		TEST(an_idle_worker_does_nothing_at_all),
		TEST(a_long_run_beats_and_a_later_one_still_works),
	};

	worker_bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
