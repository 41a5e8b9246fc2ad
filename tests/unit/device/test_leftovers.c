/* SPDX-License-Identifier: Apache-2.0 */
#include "device/leftovers/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/unit.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "device/driver/made_files.h"
#include "device/leftovers/file.h"

/* A state directory, a place for files, and a process with a record. */
struct bed {
	char *dir, *state, *pattern;
	int to_parent[2];
	pid_t pid;
};

static int set_up(void **state)
{
	struct bed *b = xcalloc(1, sizeof(*b));
	char dir[] = "/tmp/dvs-left-XXXXXX";

	assert_non_null(mkdtemp(dir));
	b->dir = xstrdup(dir);
	b->state = xasprintf("%s/state", dir);
	b->pattern = xasprintf("%s/made_*", dir);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *b = *state;

	fs_remove_tree(b->dir);
	free(b->dir);
	free(b->state);
	free(b->pattern);
	free(b);
	return 0;
}

static char *path_of(const struct bed *b, const char *name)
{
	return xasprintf("%s/%s", b->dir, name);
}

static void write_file(const struct bed *b, const char *name)
{
	_cleanup_(freep) char *path = path_of(b, name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fclose(f);
}

static bool is_there(const struct bed *b, const char *name)
{
	_cleanup_(freep) char *path = path_of(b, name);

	return fs_exists(path);
}

static unsigned count_records(const struct bed *b)
{
	_cleanup_(freep) char *path = xasprintf("%s/left-%u", b->state, (unsigned)geteuid());
	DIR *d = opendir(path);
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

/* Starts a process that has a record, runs the function, and waits to be killed. */
static void start(struct bed *b, void (*act)(struct bed *b, struct leftovers *l))
{
	char byte;

	assert_int_equal(pipe(b->to_parent), 0);
	b->pid = fork();
	if (b->pid == 0) {
		_cleanup_(freep) char *path = leftovers_new_path(b->state);
		struct error err = {0};
		struct leftovers *l = leftovers_begin(path, &err);

		if (!l || !leftovers_add_pattern(l, b->pattern))
			_exit(1);
		made_files_record(l);
		act(b, l);
		if (write(b->to_parent[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(b->to_parent[1]);
	assert_int_equal(read(b->to_parent[0], &byte, 1), 1);
	close(b->to_parent[0]);
}

static void kill_it(struct bed *b)
{
	kill(b->pid, SIGKILL);
	assert_int_equal(waitpid(b->pid, NULL, 0), b->pid);
}

/* ---- by mkstemp() and shm_open() ---- */

static char shared_name[64];

static void make_files(struct bed *b, struct leftovers *l)
{
	_cleanup_(freep) char *one = path_of(b, "made_XXXXXX"), *two = path_of(b, "made_XXXXXX.so"),
			      *other = path_of(b, "kept_XXXXXX"), *pattern = NULL;

	pattern = xasprintf("/dev/shm%s", shared_name);
	leftovers_add_pattern(l, pattern);
	close(mkstemp(one));
	close(mkostemps(two, 3, O_CLOEXEC));
	close(mkstemp(other));
	close(shm_open(shared_name, O_CREAT | O_EXCL | O_RDWR, 0600));
}

static unsigned count_named(const struct bed *b, const char *prefix)
{
	DIR *d = opendir(b->dir);
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d)))
		n += str_starts(e->d_name, prefix);
	if (d)
		closedir(d);
	return n;
}

static void what_a_killed_process_had_made_is_removed_and_nothing_else(void **state)
{
	struct bed *b = *state;
	_cleanup_(freep) char *shared = NULL;

	snprintf(shared_name, sizeof(shared_name), "/dvs-left-%d", (int)getpid());
	shared = xasprintf("/dev/shm%s", shared_name);
	start(b, make_files);
	write_file(b, "made_by_somebody_else");
	assert_int_equal(count_named(b, "made_"), 3);
	assert_int_equal(leftovers_sweep(b->state).n_removed, 0); /* it lives */
	assert_int_equal(count_records(b), 1);
	kill_it(b);
	assert_true(fs_exists(shared));
	assert_int_equal(leftovers_sweep(b->state).n_removed, 3);
	assert_false(fs_exists(shared));
	assert_int_equal(count_named(b, "made_"), 1);
	assert_true(is_there(b, "made_by_somebody_else"));
	assert_int_equal(count_named(b, "kept_"), 1);
	assert_int_equal(count_records(b), 0);
}

static void make_many(struct bed *b, struct leftovers *l)
{
	(void)l;
	for (int i = 0; i < 3000; i++) {
		_cleanup_(freep) char *path = path_of(b, "made_XXXXXX");
		int fd = mkstemp(path);

		close(fd);
		if (i < 2990)
			unlink(path);
	}
}

static void a_record_does_not_grow_with_what_is_gone_again(void **state)
{
	struct bed *b = *state;

	start(b, make_many);
	kill_it(b);
	assert_int_equal(leftovers_sweep(b->state).n_removed, 10);
	assert_int_equal(count_named(b, "made_"), 0);
}

/* ---- files that differ from the record ---- */

static void note_all(struct bed *b, struct leftovers *l)
{
	static const char *const names[] = {"made_link",  "made_dir",	"made_replaced",
					    "made_never", "made_later", "made_mapped"};
	struct stat st;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		_cleanup_(freep) char *path = path_of(b, names[i]);

		leftovers_note(l, path);
		if (!str_eq(names[i], "made_replaced"))
			continue;
		write_file(b, names[i]);
		if (lstat(path, &st) < 0)
			_exit(1);
		leftovers_settle(l, path, &st);
	}
}

static void another_file_of_that_name_stays(void **state)
{
	struct bed *b = *state;
	_cleanup_(freep) char *link = path_of(b, "made_link"), *dir = path_of(b, "made_dir"),
			      *replaced = path_of(b, "made_replaced"),
			      *mapped = path_of(b, "made_mapped"), *target = path_of(b, "target");
	struct leftovers_swept swept;
	int fd;

	start(b, note_all);
	kill_it(b);
	write_file(b, "target");
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	write_file(b, "aside"); /* so that the inode's number is not the same */
	write_file(b, "another");
	assert_int_equal(rename(target, replaced), 0);
	write_file(b, "target");
	write_file(b, "made_later"); /* its maker died before it recorded that the file exists */
	write_file(b, "made_mapped");
	fd = open(mapped, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	swept = leftovers_sweep(b->state);
	assert_int_equal(swept.n_removed, 1);
	assert_int_equal(swept.n_in_use, 1);
	assert_false(is_there(b, "made_later"));
	assert_true(is_there(b, "made_link") && is_there(b, "target") && is_there(b, "made_dir"));
	assert_true(is_there(b, "made_replaced") && is_there(b, "made_mapped"));
	assert_int_equal(count_records(b), 1); /* while a process has it open */
	close(fd);
	assert_int_equal(leftovers_sweep(b->state).n_removed, 1);
	assert_false(is_there(b, "made_mapped"));
	assert_int_equal(count_records(b), 0);
}

/* ---- whose records ---- */

struct owner_case {
	const char *what;
	void (*change)(struct proc_id *id);
	bool is_swept;
};

static void change_nothing(struct proc_id *id)
{
	(void)id;
}

static void change_start(struct proc_id *id)
{
	id->start_ticks--;
}

static void change_boot(struct proc_id *id)
{
	strcpy(id->boot, "another");
}

static void change_host(struct proc_id *id)
{
	strcpy(id->host, "another");
}

static void change_space(struct proc_id *id)
{
	id->pid_space++;
}

/* A record of this process with one changed member. */
static void write_record(const struct bed *b, void (*change)(struct proc_id *id), const char *name)
{
	_cleanup_(freep) char *path = leftovers_new_path(b->state), *file = path_of(b, name),
			      *dir = xasprintf("%s/left-%u", b->state, (unsigned)geteuid());
	char lines[2 * LEFTOVERS_LINE];
	struct left_file left = {0};
	struct error err = {0};
	struct proc_id id;
	struct stat st;

	assert_int_equal(fs_mkdirs(dir, 0700), 0);
	proc_id_self(&id);
	change(&id);
	assert_int_equal(lstat(file, &st), 0);
	left.device = st.st_dev;
	left.inode = st.st_ino;
	snprintf(left.path, sizeof(left.path), "%s", file);
	left_owner_put(lines, &id);
	left_file_put(lines + LEFTOVERS_LINE, &left);
	assert_int_equal(fs_write_atomic(path, lines, sizeof(lines), &err), 0);
}

static void only_what_certainly_nobody_has_any_more_is_swept(void **state)
{
	static const struct owner_case cases[] = {
		{"it lives", change_nothing, false},
		{"another process has its number", change_start, true},
		{"the machine was started again", change_boot, true},
		{"another machine's", change_host, false},
		{"another pid namespace's, and nobody holds its lock", change_space, true},
	};
	struct bed *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		write_file(b, "made_file");
		write_record(b, cases[i].change, "made_file");
		print_message("# %s\n", cases[i].what);
		assert_int_equal(leftovers_sweep(b->state).n_removed, cases[i].is_swept);
		assert_int_equal(is_there(b, "made_file"), !cases[i].is_swept);
		assert_int_equal(count_records(b), !cases[i].is_swept);
		fs_remove_tree(b->state);
	}
}

static void records_that_others_may_write_are_not_read(void **state)
{
	struct bed *b = *state;
	_cleanup_(freep) char *dir = xasprintf("%s/left-%u", b->state, (unsigned)geteuid());

	write_file(b, "made_file");
	write_record(b, change_start, "made_file");
	assert_int_equal(chmod(dir, 0770), 0);
	assert_int_equal(leftovers_sweep(b->state).n_removed, 0);
	assert_true(is_there(b, "made_file"));
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(leftovers_sweep(b->state).n_removed, 1);
}

/* ---- as libc has it ---- */

static void mkstemp_is_libcs_without_a_record(void **state)
{
	struct bed *b = *state;
	_cleanup_(freep) char *good = path_of(b, "x-XXXXXX"), *bad = path_of(b, "x-XXXXX");
	struct stat st;
	int fd;

	errno = 7;
	fd = mkstemp(good);
	assert_true(fd >= 0 && errno == 7);
	assert_null(strstr(good, "XXXXXX"));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	close(fd);
	assert_int_equal(mkstemp(bad), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(shm_open("/a/b", O_RDWR, 0), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(shm_open("/dvs-not-there", O_RDWR, 0), -1);
	assert_int_equal(errno, ENOENT);
}

#define BED_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED_TEST(what_a_killed_process_had_made_is_removed_and_nothing_else),
		BED_TEST(a_record_does_not_grow_with_what_is_gone_again),
		BED_TEST(another_file_of_that_name_stays),
		BED_TEST(only_what_certainly_nobody_has_any_more_is_swept),
		BED_TEST(records_that_others_may_write_are_not_read),
		BED_TEST(mkstemp_is_libcs_without_a_record),
	};

	return RUN(tests);
}
