/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/* Each test runs in a new directory of its own and may use relative names. */
static int enter_new_dir(void **state)
{
	char *path = strdup("/tmp/dvsched-fs-XXXXXX");

	if (!mkdtemp(path) || chdir(path) < 0)
		return -1;
	*state = path;
	return 0;
}

static int leave_dir(void **state)
{
	int rc = chdir("/") < 0 || fs_remove_tree(*state) < 0 ? -1 : 0;

	free(*state);
	return rc;
}

static void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void assert_content(const char *path, const char *want)
{
	struct str got = {0};
	struct error err = {0};

	assert_int_equal(fs_read_file(path, 1 << 20, &got, &err), 0);
	assert_string_equal(got.s, want);
	str_done(&got);
}

static void a_file_is_read_whole(void **state)
{
	struct str got = {0};
	struct error err = {0};

	(void)state;
	put_file("f", "0123456789");
	assert_int_equal(fs_read_file("f", 10, &got, &err), 0);
	assert_int_equal(got.len, 10);
	assert_string_equal(got.s, "0123456789");
	put_file("f", "");
	assert_int_equal(fs_read_file("f", 10, &got, &err), 0); /* what was in ret is replaced */
	assert_int_equal(got.len, 0);
	assert_string_equal(got.s, "");
	str_done(&got);
}

static void what_is_no_file_is_refused_at_once(void **state)
{
	static const struct {
		const char *path, *msg;
	} cases[] = {
		{"fifo", "cannot be read: it is a FIFO, not a file"},
		{"dir", "cannot be read: it is a directory, not a file"},
		{"/dev/zero", "cannot be read: it is a device, not a file"},
		{"missing", "cannot be read: No such file or directory"},
		{"large", "cannot be read: it is larger than 9 bytes"},
	};
	struct str got = {0};

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(mkdir("dir", 0700), 0);
	put_file("large", "0123456789");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = {0};

		assert_int_equal(fs_read_file(cases[i].path, 9, &got, &err), -1);
		assert_string_equal(err.msg, cases[i].msg);
		assert_string_equal(err.pos.file, cases[i].path);
		error_done(&err);
	}
	str_done(&got);
}

/* Files in /proc have size 0 and more content: the limit must hold for the bytes that are read,
 * too. */
static void a_file_that_says_it_is_empty_is_still_limited(void **state)
{
	struct str got = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(fs_read_file("/proc/self/status", 1 << 20, &got, &err), 0);
	assert_true(got.len > 100);
	assert_int_equal(fs_read_file("/proc/self/status", 100, &got, &err), -1);
	assert_string_equal(err.msg, "cannot be read: it is larger than 100 bytes");
	error_done(&err);
	str_done(&got);
}

static void writing_replaces_the_file_and_leaves_nothing_else(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(fs_write_atomic("d/f", "old", 3, &err), 0);
	assert_int_equal(fs_write_atomic("d/f", "newer", 5, &err), 0);
	assert_content("d/f", "newer");
	assert_int_equal(fs_replace_shared("d/f", "newest", 6, &err), 0);
	assert_content("d/f", "newest");
	assert_int_equal(unlink("d/f"), 0);
	assert_int_equal(rmdir("d"), 0); /* so there was no other file */
}

static void a_write_that_fails_keeps_the_old_file(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(fs_mkdirs("d/f/sub", 0700), 0);
	assert_int_equal(fs_write_atomic("d/f", "x", 1, &err), -1); /* a directory is in the way */
	assert_non_null(strstr(err.msg, "cannot be written: "));
	error_done(&err);
	assert_int_equal(fs_replace_shared("d/f", "x", 1, &err), -1);
	error_done(&err);
	assert_true(fs_is_dir("d/f/sub"));
	assert_int_equal(rmdir("d/f/sub") | rmdir("d/f") | rmdir("d"), 0);
	assert_int_equal(fs_write_atomic("none/f", "x", 1, &err), -1);
	assert_string_equal(err.msg, "cannot be written: No such file or directory");
	error_done(&err);
}

static void directories_are_made_with_all_above(void **state)
{
	(void)state;
	assert_int_equal(fs_mkdirs("a/b//c/d/", 0755), 0);
	assert_true(fs_is_dir("a/b/c/d"));
	assert_int_equal(fs_mkdirs("a/b/c/d", 0755), 0);
	assert_int_equal(fs_mkdirs(".", 0755), 0);
	assert_int_equal(fs_mkdirs("/", 0755), 0);
	put_file("f", "");
	errno = 0;
	assert_int_equal(fs_mkdirs("f", 0755), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(fs_mkdirs("f/x/y", 0755), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(fs_mkdirs("", 0755), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(symlink("a/b", "link"), 0);
	assert_int_equal(fs_mkdirs("link/new", 0755), 0);
	assert_true(fs_is_dir("a/b/new"));
}

static int flags_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), flags = 0;

	assert_true(fd >= 0);
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		flags = 0;
	close(fd);
	return flags;
}

/* ext2 to ext4 only. */
static bool can_spread_trees(void)
{
	int fd = open(".", O_RDONLY | O_CLOEXEC), flags = flags_of(".") | FS_TOPDIR_FL;
	bool can = ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;

	close(fd);
	return can && flags_of(".") & FS_TOPDIR_FL;
}

static void trees_in_a_new_directory_are_spread(void **state)
{
	(void)state;
	assert_int_equal(mkdir("old", 0755), 0);
	assert_int_equal(fs_mkdirs_of_trees("old", 0755), 0);
	assert_false(flags_of("old") & FS_TOPDIR_FL);
	assert_int_equal(fs_mkdirs_of_trees("a/new", 0755), 0);
	assert_true(fs_is_dir("a/new"));
	put_file("f", "");
	assert_int_equal(fs_mkdirs_of_trees("f/x", 0755), -1);
	assert_int_equal(errno, ENOTDIR);
	if (!can_spread_trees())
		skip(); /* not a file system of the ext family */
	assert_true(flags_of("a/new") & FS_TOPDIR_FL);
	assert_false(flags_of("a") & FS_TOPDIR_FL);
}

static void links_replace_links_only(void **state)
{
	char target[16] = "";

	(void)state;
	assert_int_equal(fs_set_link("one", "link"), 0);
	assert_int_equal(fs_set_link("two", "link"), 0);
	assert_int_equal(readlink("link", target, sizeof(target)), 3);
	assert_memory_equal(target, "two", 3);
	assert_false(fs_exists("two"));
	assert_true(fs_exists("link")); /* though it points nowhere */
	put_file("file", "mine");
	assert_int_equal(fs_set_link("two", "file"), -1);
	assert_int_equal(errno, EEXIST);
	assert_content("file", "mine");
	assert_int_equal(mkdir("dir", 0700), 0);
	assert_int_equal(fs_set_link("two", "dir"), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(fs_set_link("two", "none/link"), -1);
	assert_int_equal(errno, ENOENT);
}

static void a_name_may_fill_its_room(void **state)
{
	char name[256], target[16] = "";
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < 255; i += 3)
		memcpy(name + i, "€", 4);
	assert_int_equal(fs_set_link("one", name), 0);
	assert_int_equal(fs_set_link("two", name), 0);
	assert_int_equal(readlink(name, target, sizeof(target)), 3);
	assert_memory_equal(target, "two", 3);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(fs_write_atomic(name, "x", 1, &err), 0);
	assert_content(name, "x");
	assert_int_equal(unlink(name), 0);
}

static void removing_a_tree_follows_no_link(void **state)
{
	(void)state;
	assert_int_equal(fs_mkdirs("keep/sub", 0700), 0);
	put_file("keep/sub/f", "kept");
	assert_int_equal(fs_mkdirs("tree/a/b", 0700), 0);
	put_file("tree/a/f", "x");
	assert_int_equal(symlink("../../keep", "tree/a/dir-link"), 0);
	assert_int_equal(symlink("../keep/sub/f", "tree/file-link"), 0);
	assert_int_equal(symlink("nowhere", "tree/dangling"), 0);
	assert_int_equal(symlink("keep", "root-link"), 0);
	assert_int_equal(fs_remove_tree("tree"), 0);
	assert_false(fs_exists("tree"));
	assert_int_equal(fs_remove_tree("root-link"), 0);
	assert_false(fs_exists("root-link"));
	assert_content("keep/sub/f", "kept");
	assert_int_equal(fs_remove_tree("never-was"), 0);
	put_file("plain", "x");
	assert_int_equal(fs_remove_tree("plain"), 0);
	assert_false(fs_exists("plain"));
}

/* In a child of another user, because root may do everything. */
static int remove_read_only_tree(const char *dir)
{
	if (getuid() == 0 &&
	    (chown(dir, 65534, 65534) < 0 || setgid(65534) < 0 || setuid(65534) < 0))
		return 1;
	if (fs_mkdirs("tree/ro/sub", 0700) < 0 || symlink("/etc", "tree/ro/sub/link") < 0)
		return 2;
	if (chmod("tree/ro/sub", 0500) < 0 || chmod("tree/ro", 0500) < 0)
		return 3;
	return fs_remove_tree("tree") < 0 || fs_exists("tree") ? 4 : 0;
}

static void read_only_directories_of_ours_are_removed_too(void **state)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(remove_read_only_tree(*state));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void make_deep(const char *name, unsigned depth)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (unsigned i = 0; i < depth; i++) {
		const char *step = i ? "d" : name;
		int next;

		assert_int_equal(mkdirat(fd, step, 0700), 0);
		if (i % 100 == 0)
			assert_int_equal(symlinkat("d", fd, i ? "s" : "beside"), 0);
		next = openat(fd, step, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	close(fd);
}

/* Deeper than there are descriptors, and than a path may be long. */
static void a_tree_may_be_deeper_than_there_are_descriptors(void **state)
{
	struct rlimit was, few;

	(void)state;
	make_deep("deep", 5000);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	few = was;
	few.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(fs_remove_tree("deep"), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_false(fs_exists("deep"));
}

static void all_bytes_go_through_a_full_pipe(void **state)
{
	enum { N = 300000 };
	static char sent[N], got[N];
	int pipe_fds[2];
	size_t n = 0;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < N; i++)
		sent[i] = (char)(i * 7 + i / 256);
	assert_int_equal(pipe(pipe_fds), 0);
	pid = fork();
	if (pid == 0)
		_exit(fs_write_all(pipe_fds[1], sent, N) == 0 ? 0 : 1);
	close(pipe_fds[1]);
	for (ssize_t k; n < N && (k = read(pipe_fds[0], got + n, N - n)) > 0;)
		n += (size_t)k;
	close(pipe_fds[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(n, N);
	assert_memory_equal(got, sent, N);
	assert_int_equal(fs_write_all(-1, "x", 1), -1);
	assert_int_equal(errno, EBADF);
}

/* ---- a file that another host replaces ---- */

static unsigned n_stale; /* so many further reads fail with ESTALE */

/* Replaces the function of the C library. */
ssize_t read(int fd, void *to, size_t n)
{
	if (n_stale) {
		n_stale--;
		put_file("new", "two");
		rename("new", "f");
		errno = ESTALE;
		return -1;
	}
	return syscall(SYS_read, fd, to, n);
}

static unsigned n_stale_opens;

/* Replaces the function of the C library. */
int openat(int dir, const char *path, int flags, ...)
{
	if (n_stale_opens) {
		n_stale_opens--;
		errno = ESTALE;
		return -1;
	}
	return (int)syscall(SYS_openat, dir, path, flags, 0666);
}

static void a_stale_path_is_looked_up_a_second_time(void **state)
{
	int fd;

	(void)state;
	put_file("f", "one");
	n_stale_opens = 1;
	fd = fs_open("f", O_RDONLY | O_CLOEXEC, 0);
	assert_true(fd >= 0);
	close(fd);
	n_stale_opens = 2;
	assert_int_equal(fs_open("f", O_RDONLY | O_CLOEXEC, 0), -1);
	assert_int_equal(errno, ESTALE);
	assert_int_equal(n_stale_opens, 0);
}

static void the_begin_of_a_stale_file_is_read_a_second_time(void **state)
{
	struct str begin = {0};
	char rest[8];
	int fd;

	(void)state;
	put_file("f", "one");
	n_stale = 1;
	fd = fs_open_begin(AT_FDCWD, "f", O_RDONLY | O_CLOEXEC, &begin, 2);
	assert_true(fd >= 0);
	assert_string_equal(begin.s, "tw");
	assert_int_equal(read(fd, rest, sizeof(rest)), 1);
	close(fd);
	str_clear(&begin);
	n_stale = 2;
	assert_int_equal(fs_open_begin(AT_FDCWD, "f", O_RDONLY | O_CLOEXEC, &begin, 2), -1);
	assert_int_equal(errno, ESTALE);
	fd = fs_open_begin(AT_FDCWD, ".", O_RDONLY | O_CLOEXEC, &begin, 2);
	assert_true(fd >= 0);
	assert_int_equal(begin.len, 0);
	close(fd);
	str_done(&begin);
}

static void a_stale_file_is_read_a_second_time(void **state)
{
	struct error err = {0};
	struct str text = {0};

	(void)state;
	put_file("f", "one");
	n_stale = 1;
	assert_int_equal(fs_read_file("f", 100, &text, &err), 0);
	assert_string_equal(text.s, "two");
	n_stale = 2;
	assert_int_equal(fs_read_file("f", 100, &text, &err), -1);
	assert_string_equal(err.msg, "cannot be read: Stale file handle");
	assert_int_equal(n_stale, 0);
	error_done(&err);
	str_done(&text);
}

/* ---- a shortage of descriptors ---- */

static unsigned n_waits;

/* Replaces the function of the C library, in which errno_wait_out() sleeps. */
int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	(void)fds, (void)n, (void)timeout_ms;
	n_waits++;
	return 0;
}

static void a_shortage_is_waited_out_unless_the_answer_is_wanted_now(void **state)
{
	static const struct {
		int (*read_file)(const char *, size_t, struct str *, struct error *);
		unsigned n_waits;
	} cases[] = {{fs_read_file, 100}, {fs_read_file_now, 0}};
	struct rlimit was, none;

	(void)state;
	put_file("f", "one");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = {0};
		struct str text = {0};
		int rc;

		n_waits = 0;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		rc = cases[i].read_file("f", 100, &text, &err);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
		assert_int_equal(rc, -1);
		assert_int_equal(err.errnum, EMFILE);
		assert_string_equal(err.msg, "cannot be read: Too many open files");
		assert_int_equal(n_waits, cases[i].n_waits);
		error_done(&err);
		str_done(&text);
	}
}

static void an_open_waits_if_it_may(void **state)
{
	static const struct {
		int (*open_file)(int, const char *, int, mode_t);
		unsigned n_waits;
	} cases[] = {{fs_openat_or_wait, 100}, {fs_openat, 0}};
	struct rlimit was, none;

	(void)state;
	put_file("f", "one");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd;

		n_waits = 0;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		fd = cases[i].open_file(AT_FDCWD, "f", O_RDONLY | O_CLOEXEC, 0);
		assert_int_equal(errno, EMFILE);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
		assert_int_equal(fd, -1);
		assert_int_equal(n_waits, cases[i].n_waits);
	}
}

static void a_file_is_no_directory_and_no_pipe(void **state)
{
	(void)state;
	put_file("file", "");
	assert_int_equal(mkdir("dir", 0700), 0);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(symlink("file", "link"), 0);
	assert_true(fs_is_file("file") && fs_is_file("link"));
	assert_false(fs_is_file("dir") || fs_is_file("pipe") || fs_is_file("none"));
	assert_true(fs_is_dir("dir"));
	assert_false(fs_is_dir("file") || fs_is_dir("none"));
}

int main(void)
{
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, enter_new_dir, leave_dir)
	const struct CMUnitTest tests[] = {
		IN_DIR(a_file_is_no_directory_and_no_pipe),
		IN_DIR(a_file_is_read_whole),
		IN_DIR(a_stale_path_is_looked_up_a_second_time),
		IN_DIR(the_begin_of_a_stale_file_is_read_a_second_time),
		IN_DIR(a_stale_file_is_read_a_second_time),
		IN_DIR(an_open_waits_if_it_may),
		IN_DIR(a_shortage_is_waited_out_unless_the_answer_is_wanted_now),
		IN_DIR(what_is_no_file_is_refused_at_once),
		IN_DIR(a_file_that_says_it_is_empty_is_still_limited),
		IN_DIR(writing_replaces_the_file_and_leaves_nothing_else),
		IN_DIR(a_write_that_fails_keeps_the_old_file),
		IN_DIR(directories_are_made_with_all_above),
		IN_DIR(trees_in_a_new_directory_are_spread),
		IN_DIR(links_replace_links_only),
		IN_DIR(a_name_may_fill_its_room),
		IN_DIR(removing_a_tree_follows_no_link),
		IN_DIR(read_only_directories_of_ours_are_removed_too),
		IN_DIR(a_tree_may_be_deeper_than_there_are_descriptors),
		IN_DIR(all_bytes_go_through_a_full_pipe),
	};

	return RUN(tests);
}
