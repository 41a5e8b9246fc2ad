/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of processes that wait for devices: with processes, and with files of ended
 * processes. */
#include "device/lock/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/unit.h"
#include "base/fs.h"
#include "base/mem.h"
#include "device/lock/lock.h"
#include "device/lock/waiter.h"

static char dir[32];

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/dvs-queue-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return fs_remove_tree(dir);
}

static struct device_waiter entered(const char *devices)
{
	struct device_waiter w;
	struct error err = {0};

	if (device_waiter_enter(&w, dir, devices, &err) < 0)
		fail_msg("%s", err.msg);
	return w;
}

/* The devices of all processes before that number, sorted. */
static const char *waits(uint64_t before)
{
	static const char *const names[] = {"sim-0", "sim-1", "sim-2"};
	static char found[64];
	_cleanup_(str_done) struct str all = {0};

	device_waiters_read(dir, before, &all);
	found[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (all.s && strstr(all.s, names[i]))
			strcat(strcat(found, *found ? " " : ""), names[i]);
	return found;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	char *path = xasprintf("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	free(path);
}

static bool has_file(const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	bool is_there = fs_exists(path);

	free(path);
	return is_there;
}

/* ---- files of waiting processes ---- */

static void who_comes_first_has_the_smaller_number(void **state)
{
	struct device_waiter a = entered("sim-0\nsim-1\n"), b = entered("sim-1\nsim-2\n");

	(void)state;
	assert_true(a.number > 0 && a.number < b.number);
	assert_string_equal(waits(a.number), "");
	assert_string_equal(waits(b.number), "sim-0 sim-1");
	assert_string_equal(waits(0), "sim-0 sim-1 sim-2");
	device_waiter_change(&a, "sim-1\n");
	assert_string_equal(waits(b.number), "sim-1");
	device_waiter_leave(&a);
	assert_string_equal(waits(b.number), "");
	a = entered("sim-0\n"); /* again: behind */
	assert_true(a.number > b.number);
	assert_string_equal(waits(a.number), "sim-1 sim-2");
	device_waiter_leave(&a);
	device_waiter_leave(&b);
	assert_int_equal(rmdir(dir), 0); /* nothing is left */
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void one_that_is_gone_counts_for_nothing_and_is_removed(void **state)
{
	(void)state;
	write_file("wait-5", "sim-0\n", 0644);
	write_file("wait-x", "sim-1\n", 0644);
	write_file("wait-99999999999999999999", "sim-1\n", 0644);
	write_file("sim-0.lock", "1\n", 0644);
	assert_string_equal(waits(0), "");
	assert_false(has_file("wait-5"));
	assert_true(has_file("wait-x") && has_file("sim-0.lock"));
}

/* Killed before it was in the queue. */
static void what_a_killed_maker_left_is_removed(void **state)
{
	char gone[64], mine[64], locked[64], *path;
	pid_t pid = fork();
	int fd;

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	snprintf(gone, sizeof(gone), ".wait-%d-1000000000", (int)pid);
	snprintf(locked, sizeof(locked), ".wait-%d-2000000000", (int)pid);
	snprintf(mine, sizeof(mine), ".wait-%d-1000000000", (int)getpid());
	write_file(gone, "sim-0\n", 0644);
	write_file(mine, "sim-0\n", 0644);
	write_file(locked, "sim-0\n", 0644);
	write_file(".wait-x", "sim-0\n", 0644);
	path = xasprintf("%s/%s", dir, locked);
	fd = open(path, O_RDONLY | O_CLOEXEC); /* a process that is of another PID namespace */
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_string_equal(waits(0), "");
	assert_false(has_file(gone));
	assert_true(has_file(mine) && has_file(locked) && has_file(".wait-x"));
	close(fd);
	free(path);
}

static void its_number_is_not_used_while_its_file_is_there(void **state)
{
	struct device_waiter w;

	(void)state;
	write_file("wait-5", "sim-0\n", 0644);
	w = entered("sim-1\n");
	assert_int_equal(w.number, 6);
	device_waiter_leave(&w);
}

static void what_is_no_file_is_left_alone(void **state)
{
	char *fifo = xasprintf("%s/wait-1", dir), *link = xasprintf("%s/wait-2", dir),
	     *target = xasprintf("%s/target", dir), *folder = xasprintf("%s/wait-3", dir);

	(void)state;
	assert_int_equal(mkfifo(fifo, 0666), 0);
	write_file("target", "sim-0\n", 0644);
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_string_equal(waits(0), "");
	assert_true(fs_exists(fifo) && fs_exists(link) && fs_exists(target) && fs_exists(folder));
	free(fifo);
	free(link);
	free(target);
	free(folder);
}

static void everybody_may_read_it_whatever_the_umask(void **state)
{
	mode_t old = umask(0077);
	struct device_waiter w = entered("sim-0\n");
	struct stat st;

	(void)state;
	umask(old);
	assert_int_equal(stat(w.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	device_waiter_leave(&w);
}

static void a_directory_that_is_not_there_is_reported(void **state)
{
	struct device_waiter w;
	struct error err = {0};

	(void)state;
	assert_int_equal(device_waiter_enter(&w, "/nowhere", "sim-0\n", &err), -1);
	assert_non_null(strstr(err.msg, "cannot make /nowhere/.wait-"));
	error_done(&err);
	assert_int_equal(w.number, 0);
}

/* A process that enters, says so, and waits to be killed. */
static pid_t waits_elsewhere(const char *devices, int *ret_said)
{
	int said[2];
	pid_t child;
	char c = 0;

	assert_int_equal(pipe(said), 0);
	child = fork();
	if (child == 0) {
		struct device_waiter w = {0};
		struct error err = {0};

		if (device_waiter_enter(&w, dir, devices, &err) < 0 || write(said[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(said[1]);
	assert_int_equal(read(said[0], &c, 1), 1);
	*ret_said = said[0];
	return child;
}

static void who_is_killed_waits_no_more(void **state)
{
	int said;
	pid_t child = waits_elsewhere("sim-1\n", &said);

	(void)state;
	assert_string_equal(waits(0), "sim-1");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(said);
	assert_string_equal(waits(0), "");
	assert_false(has_file("wait-1"));
}

static void who_is_stopped_keeps_nobody_waiting(void **state)
{
	int said, status;
	pid_t child = waits_elsewhere("sim-1\n", &said);

	(void)state;
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	assert_true(WIFSTOPPED(status));
	assert_string_equal(waits(0), "");
	assert_true(has_file("wait-1"));
	kill(child, SIGCONT);
	waitpid(child, &status, WCONTINUED);
	assert_string_equal(waits(0), "sim-1");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(said);
}

/* In a directory like /tmp, files of other users cannot be removed, and are ignored. */
static void of_another_user_it_counts_while_he_lives(void **state)
{
	int said, seen[2], killed[2];
	pid_t child;
	char c;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(dir, 01777), 0);
	child = waits_elsewhere("sim-1\n", &said);
	assert_int_equal(pipe(seen), 0);
	assert_int_equal(pipe(killed), 0);
	if (fork() == 0) {
		bool is_seen, is_gone;

		if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
			_exit(1);
		is_seen = strcmp(waits(0), "sim-1") == 0;
		if (write(seen[1], "", 1) != 1 || read(killed[0], &c, 1) != 1)
			_exit(1);
		is_gone = strcmp(waits(0), "") == 0 && has_file("wait-1");
		_exit(is_seen && is_gone ? 0 : 1);
	}
	assert_int_equal(read(seen[0], &c, 1), 1);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(said);
	assert_int_equal(write(killed[1], "", 1), 1);
	wait(&said);
	assert_int_equal(said, 0);
	assert_string_equal(waits(0), "");
	assert_false(has_file("wait-1")); /* root may */
}

/* Many processes enter and leave at once, and all numbers differ. */
static void numbers_are_given_once(void **state)
{
	enum { N = 6, ROUNDS = 200 };
	int status;

	(void)state;
	for (int i = 0; i < N; i++) {
		if (fork() != 0)
			continue;
		for (int k = 0; k < ROUNDS; k++) {
			struct device_waiter w;
			struct error err = {0};
			struct stat mine, named;

			if (device_waiter_enter(&w, dir, "sim-0\n", &err) < 0)
				_exit(1);
			waits(0); /* which also removes */
			if (fstat(w.fd, &mine) < 0 || stat(w.path, &named) < 0 ||
			    mine.st_ino != named.st_ino)
				_exit(2);
			if (k % 10 == 9)
				close(w.fd), free(w.path); /* as if it were killed */
			else
				device_waiter_leave(&w);
		}
		_exit(0);
	}
	for (int i = 0; i < N; i++) {
		wait(&status);
		assert_int_equal(status, 0);
	}
	assert_string_equal(waits(0), "");
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
}

/* ---- a place in the queue ---- */

static unsigned n_changed;

static void on_changed(void *ctx)
{
	n_changed++;
	if (ctx)
		ev_break(ctx, EVBREAK_ALL);
}

static struct ev_loop *loop;
static struct device_queue *ours;

static int begin_queue(void **state)
{
	if (set_up(state) < 0)
		return -1;
	loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	ours = device_queue_new(loop, dir, on_changed, loop);
	return 0;
}

static int end_queue(void **state)
{
	device_queue_free(ours);
	ev_loop_destroy(loop);
	return tear_down(state);
}

/* Until a change is reported, and is there. */
static void until(const char *device, bool is_others)
{
	for (int i = 0; i < 1000 && device_queue_is_others(ours, device) != is_others; i++)
		ev_run(loop, 0);
	assert_int_equal(device_queue_is_others(ours, device), is_others);
}

static void what_somebody_waits_for_is_his(void **state)
{
	struct device_waiter w;

	(void)state;
	assert_false(device_queue_is_others(ours, "sim-1"));
	w = entered("sim-1\nsim-11\n");
	until("sim-1", true);
	assert_false(device_queue_is_others(ours, "sim-0"));
	assert_false(device_queue_is_others(ours, "sim-111"));
	assert_true(device_queue_is_others(ours, "sim-11"));
	device_waiter_leave(&w);
	until("sim-1", false);
}

static void who_waits_too_has_his_turn(void **state)
{
	struct device_waiter first = entered("sim-1\n"), last;

	(void)state;
	device_queue_wait(ours, "sim-0\nsim-1\n");
	last = entered("sim-0\nsim-1\n");
	until("sim-1", true);
	assert_false(device_queue_is_others(ours, "sim-0")); /* later processes do not count */
	device_waiter_leave(&first);
	until("sim-1", false);
	device_queue_wait(ours, "sim-1\n"); /* the place stays */
	assert_false(device_queue_is_others(ours, "sim-1"));
	device_queue_leave(ours);
	assert_true(device_queue_is_others(ours, "sim-0"));
	device_waiter_leave(&last);
	until("sim-0", false);
}

static void a_death_is_heard_of(void **state)
{
	int said;
	pid_t child = waits_elsewhere("sim-1\n", &said);

	(void)state;
	until("sim-1", true);
	device_queue_wait(ours, "sim-1\n");
	assert_true(device_queue_is_others(ours, "sim-1"));
	kill(child, SIGKILL);
	until("sim-1", false);
	waitpid(child, NULL, 0);
	close(said);
}

static void a_lock_that_is_given_back_is_heard_of(void **state)
{
	char *path = device_lock_path(dir, "sim", 1);
	struct lock_file lock;
	pid_t holder;
	int fd = device_lock_take(path, &holder);

	(void)state;
	lock_file_init(&lock, path);
	device_queue_wait(ours, "sim-1\n");
	assert_int_equal(lock_file_try(&lock, &holder), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	assert_int_equal(holder, getpid());
	close(fd);
	for (int i = 0; i < 1000 && lock_file_try(&lock, &holder) < 0; i++)
		ev_run(loop, 0);
	assert_true(lock.is_held);
	lock_file_done(&lock);
}

/* As on a file system without inotify events. */
static void without_inotify_it_looks_by_itself(void **state)
{
	char *missing = xasprintf("%s/later", dir);
	struct device_queue *q = device_queue_new(loop, missing, on_changed, loop);
	struct device_waiter w;
	struct error err = {0};

	(void)state;
	assert_false(device_queue_is_others(q, "sim-1"));
	assert_int_equal(mkdir(missing, 0700), 0);
	assert_int_equal(device_waiter_enter(&w, missing, "sim-1\n", &err), 0);
	for (int i = 0; i < 100 && !device_queue_is_others(q, "sim-1"); i++)
		ev_run(loop, 0);
	assert_true(device_queue_is_others(q, "sim-1"));
	device_waiter_leave(&w);
	for (int i = 0; i < 100 && device_queue_is_others(q, "sim-1"); i++)
		ev_run(loop, 0);
	assert_false(device_queue_is_others(q, "sim-1"));
	device_queue_free(q);
	free(missing);
}

/* Without an event no file is read. */
static void nobody_is_called_for_nothing(void **state)
{
	(void)state;
	assert_false(device_queue_is_others(ours, "sim-1"));
	ev_run(loop, EVRUN_NOWAIT);
	n_changed = 0;
	write_file("sim-1.lock", "", 0644); /* a lock: we do not wait */
	for (int i = 0; i < 5; i++)
		ev_run(loop, EVRUN_NOWAIT);
	assert_int_equal(n_changed, 0);
}

/* A failed try closes no file, so it wakes no process. Otherwise two waiting processes would wake
 * each other for ever. */
static void a_try_that_fails_wakes_nobody(void **state)
{
	char *path = device_lock_path(dir, "sim", 1);
	struct lock_file lock;
	pid_t holder;
	int fd = device_lock_take(path, &holder), events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char room[4096];

	(void)state;
	lock_file_init(&lock, path);
	/* The events that wake a queue (queue.c), without its timers. */
	assert_true(inotify_add_watch(events, dir,
				      IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MODIFY |
					      IN_MOVED_TO) > 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(lock_file_try(&lock, &holder), -1);
	assert_true(read(events, room, sizeof(room)) < 0 && errno == EAGAIN);
	close(events);
	lock_file_done(&lock);
	close(fd);
}

static void a_lock_file_that_was_removed_is_made_anew(void **state)
{
	char *path = device_lock_path(dir, "sim", 1);
	struct lock_file lock;
	pid_t holder;
	int theirs = device_lock_take(path, &holder), fd;

	(void)state;
	lock_file_init(&lock, path);
	assert_int_equal(lock_file_try(&lock, &holder), -1);
	assert_int_equal(unlink(path), 0);
	close(theirs);
	assert_int_equal(lock_file_try(&lock, &holder), 0);
	fd = device_lock_take(path, &holder);
	assert_int_equal(fd, -1); /* all processes use this one */
	lock_file_done(&lock);
}

#define PLACE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define QUEUE(name) cmocka_unit_test_setup_teardown(name, begin_queue, end_queue)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE(who_comes_first_has_the_smaller_number),
		PLACE(one_that_is_gone_counts_for_nothing_and_is_removed),
		PLACE(what_a_killed_maker_left_is_removed),
		PLACE(its_number_is_not_used_while_its_file_is_there),
		PLACE(what_is_no_file_is_left_alone),
		PLACE(everybody_may_read_it_whatever_the_umask),
		PLACE(a_directory_that_is_not_there_is_reported),
		PLACE(who_is_killed_waits_no_more),
		PLACE(who_is_stopped_keeps_nobody_waiting),
		PLACE(of_another_user_it_counts_while_he_lives),
		PLACE(numbers_are_given_once),
		QUEUE(what_somebody_waits_for_is_his),
		QUEUE(who_waits_too_has_his_turn),
		QUEUE(a_death_is_heard_of),
		QUEUE(a_lock_that_is_given_back_is_heard_of),
		QUEUE(without_inotify_it_looks_by_itself),
		QUEUE(nobody_is_called_for_nothing),
		PLACE(a_try_that_fails_wakes_nobody),
		QUEUE(a_lock_file_that_was_removed_is_made_anew),
	};

	return RUN(tests);
}
