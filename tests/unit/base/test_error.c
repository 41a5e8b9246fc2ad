/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "unit.h"

static void errors_say_where_and_what(void **state)
{
	struct src_pos pos = {"f", 3, 4};
	struct error err = {0};

	(void)state;
	assert_false(error_is_set(&err));
	assert_int_equal(error_set(&err, pos, "bad %s", "thing"), -1);
	assert_true(error_is_set(&err));
	assert_string_equal(err.msg, "bad thing");
	assert_int_equal(err.pos.line, 3);
	assert_int_equal(err.pos.col, 4);
	error_wrap(&err, "in %d", 7);
	assert_string_equal(err.msg, "in 7: bad thing");
	assert_string_equal(err.pos.file, "f");
	error_done(&err);
	assert_false(error_is_set(&err));
	assert_null(err.pos.file);
	assert_int_equal(error_sys(&err, ENOENT, "%s", "x"), -1);
	assert_string_equal(err.msg, "x: No such file or directory");
	error_done(&err);
	assert_int_equal(error_plain(&err, "p"), -1);
	assert_string_equal(err.msg, "p");
	assert_null(err.pos.file);
	error_done(&err);
}

/* Runs what() in a child with stderr in text; returns the wait status. */
static int in_child(void (*what)(void), char *text, size_t size)
{
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		dup2(fds[1], STDERR_FILENO);
		what();
		_exit(0);
	}
	close(fds[1]);
	n = read(fds[0], text, size - 1);
	text[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void set_twice(void)
{
	struct error err = {0};

	error_plain(&err, "one");
	error_plain(&err, "two");
}

static void setting_two_is_our_bug(void **state)
{
	char text[400];
	int status = in_child(set_twice, text, sizeof(text));

	(void)state;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void ask_for_too_much(void)
{
	free(xreallocarray(NULL, SIZE_MAX / 2, 4));
}

static void out_of_memory_is_one_line_and_exit_70(void **state)
{
	char text[400];
	int status = in_child(ask_for_too_much, text, sizeof(text));

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 70);
	assert_non_null(strstr(text, "dvsched: out of memory ("));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void owned_locals_are_given_back(void **state)
{
	int fd = dup(0), gone = fd;
	char *p = xstrdup("x");

	(void)state;
	closep(&fd);
	assert_int_equal(fd, -1);
	closep(&fd);
	errno = 0;
	assert_int_equal(close(gone), -1);
	assert_int_equal(errno, EBADF);
	freep(&p);
	assert_null(p);
	p = xasprintf("%s-%d", "a", 1);
	assert_string_equal(p, "a-1");
	freep(&p);
	p = xstrndup("abcdef", 2);
	assert_string_equal(p, "ab");
	freep(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_say_where_and_what),
		cmocka_unit_test(setting_two_is_our_bug),
		cmocka_unit_test(out_of_memory_is_one_line_and_exit_70),
		cmocka_unit_test(owned_locals_are_given_back),
	};

	return RUN(tests);
}
