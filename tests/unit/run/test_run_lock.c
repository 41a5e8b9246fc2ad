/* SPDX-License-Identifier: Apache-2.0 */
/* Locks of a scratch path: by flock(), by a file, and of runs beside others. */
#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/str.h"
#include "run/lock.h"

static void put_owner(const char *text)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", scratch, LOCK_OWNER_NAME);
	struct error err = {0};

	assert_int_equal(fs_write_atomic(path, text, strlen(text), &err), 0);
}

/* A pid that certainly is no process: of a child that has been waited for. */
static int dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return (int)pid;
}

static int take_by_file(struct lock *l, const char *expect)
{
	struct error err = {0};
	int rc = lock_take_by_file(scratch, "run-1", l, &err);

	assert_int_equal(rc < 0, expect != NULL);
	if (expect && !strstr(err.msg, expect))
		fail_msg("'%s' lacks '%s'", err.msg, expect);
	error_done(&err);
	return rc;
}

static void refuse_lock(const char *expect)
{
	struct lock l = {0};
	struct error err = {0};

	assert_int_equal(lock_take(scratch, "run-9", &l, &err), -1);
	if (!strstr(err.msg, expect))
		fail_msg("'%s' lacks '%s'", err.msg, expect);
	error_done(&err);
}

/* Files get their name with their text: only a crash of the machine leaves an empty one. */
static void an_empty_file_locks_nothing(void **state)
{
	struct lock l = {0};

	(void)state;
	put_owner("");
	take_by_file(&l, NULL);
	lock_give(&l);
	put_owner("what is this\n");
	take_by_file(&l, "remove ");
	lock_give(&l);
	put_owner("");
}

static void a_lock_whose_owner_cannot_be_read_is_held_all_the_same(void **state)
{
	static const char *const texts[] = {"", "4711 host", "what is this"};
	_cleanup_(freep) char *path = xasprintf("%s/%s", scratch, LOCK_NAME);
	struct lock l = {0}, other = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(lock_take(scratch, "run-1", &l, &err), 0);
	refuse_lock("run run-1, pid ");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(truncate(path, 0), 0);
		assert_int_equal(pwrite(l.fd, texts[i], strlen(texts[i]), 0), strlen(texts[i]));
		assert_int_equal(lock_take(scratch, "run-2", &other, &err), -1);
		assert_non_null(strstr(err.msg, scratch));
		assert_null(strstr(err.msg, "pid"));
		error_done(&err);
	}
	lock_give(&l);
}

/* Two hosts, one of which has no flock() for a file system that both use. */
static void a_lock_by_file_keeps_runs_with_flock_out(void **state)
{
	struct lock l = {0};
	struct error err = {0};

	(void)state;
	take_by_file(&l, NULL);
	errno = ESRCH; /* of an earlier call: the owner lives */
	refuse_lock("run-1");
	lock_give(&l);
	assert_int_equal(lock_take(scratch, "run-9", &l, &err), 0);
	lock_give(&l);
}

static void a_lock_by_flock_keeps_runs_without_flock_out(void **state)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", scratch, LOCK_OWNER_NAME);
	struct lock l = {0}, other = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(lock_take(scratch, "run-9", &l, &err), 0);
	take_by_file(&other, "run run-9, pid ");
	lock_give(&l);
	assert_int_equal(access(path, F_OK), -1);
	take_by_file(&other, NULL);
	lock_give(&other);
}

/* It was killed, on another host that shares the disk: the flock tells. */
static void the_file_of_a_killed_run_with_flock_locks_only_hosts_without(void **state)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", scratch, LOCK_OWNER_NAME);
	struct lock l = {0};
	struct error err = {0};

	(void)state;
	put_owner("4711 elsewhere another-boot old-run flock\n");
	assert_false(lock_is_held_by(scratch, "old-run", &err));
	take_by_file(&l, "run old-run, pid 4711 on elsewhere");
	assert_int_equal(lock_take(scratch, "run-9", &l, &err), 0);
	take_by_file(&(struct lock){0}, "run run-9, pid ");
	assert_true(lock_is_held_by(scratch, "run-9", &err));
	error_done(&err);
	put_owner("4711 elsewhere another-boot old-run\n");
	assert_true(lock_is_held_by(scratch, "old-run", &err));
	error_done(&err);
	lock_give(&l);
	assert_int_equal(access(path, F_OK), -1);
	put_owner("4711 elsewhere another-boot old-run\n");
	refuse_lock("run old-run, pid 4711 on elsewhere");
	unlink(path);
}

static void the_file_lock_holds_until_it_is_given_back(void **state)
{
	_cleanup_(freep) char *mine = xasprintf("pid %d on", (int)getpid());
	struct lock first = {0}, second = {0};

	(void)state;
	take_by_file(&first, NULL);
	assert_true(first.is_by_file);
	take_by_file(&second, mine);
	lock_give(&first);
	take_by_file(&second, NULL);
	lock_give(&second);
	lock_give(&second); /* nothing any more */
}

static void a_file_lock_left_behind_is_taken_over(void **state)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", scratch, LOCK_OWNER_NAME);
	_cleanup_(str_done) struct str text = {0};
	_cleanup_(freep) char *dead = NULL, *rebooted = NULL, *foreign = NULL;
	struct error err = {0};
	char host[256], boot[256];
	struct lock l = {0};
	int pid;

	(void)state;
	take_by_file(&l, NULL);
	assert_int_equal(fs_read_file(path, 4096, &text, &err), 0);
	assert_int_equal(sscanf(text.s, "%d %255s %255s", &pid, host, boot), 3);
	lock_give(&l);

	dead = xasprintf("%d %s %s old-run\n", dead_pid(), host, boot);
	put_owner(dead);
	take_by_file(&l, NULL);
	lock_give(&l);

	rebooted = xasprintf("%d %s another-boot old-run\n", (int)getpid(), host);
	put_owner(rebooted);
	take_by_file(&l, NULL);
	lock_give(&l);

	/* Another host's may be alive: only a person can know. */
	foreign = xasprintf("%d elsewhere %s old-run\n", dead_pid(), boot);
	put_owner(foreign);
	take_by_file(&l, "remove ");
	take_by_file(&l, "run old-run, pid ");
	unlink(path);
}

/* ---- a lock beside another ---- */

static void take_and_give_lock(void)
{
	struct lock l = {0};
	struct error err = {0};

	if (lock_take(scratch, "run-9", &l, &err) < 0)
		fail_msg("%s", err.msg);
	lock_give(&l);
}

static void assert_text_of(const char *path, const char *text)
{
	struct str is = {0};
	struct error err = {0};

	assert_int_equal(fs_read_file(path, 100, &is, &err), 0);
	assert_string_equal(is.s, text);
	str_done(&is);
}

static void a_lock_file_of_an_archive_is_left_to_it(void **state)
{
	static const char *const names[] = {LOCK_NAME, LOCK_BESIDE "run-9"};
	_cleanup_(freep) char *archived = xasprintf("%s/archived", scratch);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		_cleanup_(freep) char *path = xasprintf("%s/%s", scratch, names[i]);
		struct error err = {0};
		struct lock l = {0};
		struct stat st;

		unlink(path);
		assert_int_equal(fs_write_atomic(archived, "old", 3, &err), 0);
		assert_int_equal(link(archived, path), 0);
		assert_int_equal((i ? lock_take_beside : lock_take)(scratch, "run-9", &l, &err), 0);
		assert_text_of(archived, "old");
		assert_int_equal(stat(path, &st), 0);
		assert_true(st.st_size > 3 && st.st_nlink == 1);
		refuse_lock("run run-9, pid ");
		lock_give(&l);
		take_and_give_lock();
		unlink(archived);
	}
}

static void runs_beside_others_hold_the_lock_too(void **state)
{
	_cleanup_(freep) char *left = xasprintf("%s/%srun-3", scratch, LOCK_BESIDE);
	_cleanup_(freep) char *mine = xasprintf("run run-1, pid %d on", (int)getpid());
	struct lock first = {0}, second = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(lock_take_beside(scratch, "run-1", &first, &err), 0);
	assert_int_equal(lock_take_beside(scratch, "run-2", &second, &err), 0);
	assert_true(lock_is_held_by(scratch, "run-1", &err));
	assert_non_null(strstr(err.msg, mine));
	error_done(&err);
	assert_false(lock_is_held_by(scratch, "run-4", &err));
	lock_give(&second);
	assert_false(lock_is_held_by(scratch, "run-2", &err));
	refuse_lock(mine);
	lock_give(&first);
	take_and_give_lock();

	/* No process has it any more: its run has ended. */
	assert_int_equal(fs_write_atomic(left, "x", 1, &err), 0);
	assert_false(lock_is_held_by(scratch, "run-3", &err));
	take_and_give_lock();
	assert_int_equal(access(left, F_OK), -1);
}

static unsigned open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void locks_leave_no_descriptor_open(void **state)
{
	unsigned before = open_descriptors();
	struct lock l = {0};
	struct error err = {0};

	(void)state;
	take_and_give_lock();
	assert_int_equal(lock_take_beside(scratch, "run-1", &l, &err), 0);
	refuse_lock("run-1");
	assert_true(lock_is_held_by(scratch, "run-1", &err));
	error_done(&err);
	lock_give(&l);
	take_by_file(&l, NULL);
	lock_give(&l);
	assert_int_equal(open_descriptors(), before);
}

/* ---- other processes between two steps ---- */

static void (*before_rename)(void), (*before_link)(void);

static void call_once(void (**hook)(void))
{
	void (*call)(void) = *hook;

	*hook = NULL;
	if (call)
		call();
}

/* Replaces the function of the C library. */
int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	call_once(&before_rename);
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	call_once(&before_link);
	return (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

static char host_and_boot[512];

static void put_living(const char *run)
{
	_cleanup_(freep) char *text = xasprintf("%d %s %s\n", (int)getpid(), host_and_boot, run);

	put_owner(text);
}

static void another_takes_it(void)
{
	put_living("another");
}

static void a_third_takes_it(void)
{
	put_living("third");
}

static void put_dead(void)
{
	_cleanup_(freep) char *text = xasprintf("%d %s old-run\n", dead_pid(), host_and_boot);

	put_owner(text);
}

static void read_host_and_boot(const char *path)
{
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};
	struct lock l = {0};
	char host[200], boot[200];
	int pid;

	take_by_file(&l, NULL);
	assert_int_equal(fs_read_file(path, 4096, &text, &err), 0);
	assert_int_equal(sscanf(text.s, "%d %199s %199s", &pid, host, boot), 3);
	snprintf(host_and_boot, sizeof(host_and_boot), "%s %s", host, boot);
	lock_give(&l);
}

/* The lock was stale when it was read. Another process takes it over before it is moved away. */
static void a_lock_that_another_took_over_meanwhile_is_his(void **state)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", scratch, LOCK_OWNER_NAME);
	struct lock l = {0};

	(void)state;
	read_host_and_boot(path);
	put_dead();
	before_rename = another_takes_it;
	take_by_file(&l, "run another, pid ");
	take_by_file(&l, "run another, pid "); /* it is back in its place */
	unlink(path);

	/* A third process takes the lock before it is moved back. */
	put_dead();
	before_rename = another_takes_it;
	before_link = a_third_takes_it;
	take_by_file(&l, "run third, pid ");
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_lock_holds_until_it_is_given_back),
		cmocka_unit_test(a_file_lock_left_behind_is_taken_over),
		cmocka_unit_test(an_empty_file_locks_nothing),
		cmocka_unit_test(a_lock_whose_owner_cannot_be_read_is_held_all_the_same),
		cmocka_unit_test(a_lock_by_file_keeps_runs_with_flock_out),
		cmocka_unit_test(a_lock_by_flock_keeps_runs_without_flock_out),
		cmocka_unit_test(the_file_of_a_killed_run_with_flock_locks_only_hosts_without),
		cmocka_unit_test(a_lock_file_of_an_archive_is_left_to_it),
		cmocka_unit_test(runs_beside_others_hold_the_lock_too),
		cmocka_unit_test(locks_leave_no_descriptor_open),
		cmocka_unit_test(a_lock_that_another_took_over_meanwhile_is_his),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
