/* SPDX-License-Identifier: Apache-2.0 */
/* proc_start() runs this program again, in a mode of main() that prints its environment. */
#include "base/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "unit.h"

static unsigned count_open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	for (const struct dirent *e; (e = readdir(dir));)
		n += e->d_name[0] != '.' && atoi(e->d_name) != dirfd(dir);
	closedir(dir);
	return n;
}

static int report_as_mode(char **argv)
{
	char name[16] = "", cwd[64] = "", out[64] = "";
	static const int survived[] = {SIGHUP,	SIGINT,	 SIGQUIT, SIGTERM, SIGUSR1,
				       SIGUSR2, SIGPIPE, SIGALRM, SIGXCPU, SIGXFSZ,
				       SIGTSTP, SIGTTIN, SIGTTOU};
	bool usr1_was_ignored = proc_ignores(SIGUSR1);
	_cleanup_(str_done) struct str b = {0};
	sigset_t mask;

	raise(SIGTERM); /* still blocked */
	proc_become("dvs-mode");
	for (size_t i = 0; i < ARRAY_LEN(survived); i++)
		raise(survived[i]);
	prctl(PR_GET_NAME, name);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	if (!getcwd(cwd, sizeof(cwd)) || readlink("/proc/self/fd/1", out, sizeof(out) - 1) < 0)
		return 1;
	str_printf(&b, "argv0=%s comm=%s cwd=%s stdout=%s fds=%u", argv[0], name, cwd, out,
		   count_open_fds());
	str_printf(&b, " int=%d hup=%d pipe=%d xfsz=%d term=%d usr1=%d", proc_ignores(SIGINT),
		   proc_ignores(SIGHUP), proc_ignores(SIGPIPE), proc_ignores(SIGXFSZ),
		   proc_ignores(SIGTERM), usr1_was_ignored);
	str_printf(&b, " blocked=%d group=%d stdin=%zd", sigismember(&mask, SIGUSR2),
		   getpgrp() == getpid(), read(0, out, 1));
	if (write(PROC_SOCKET_FD, b.s, b.len) < 0)
		return 1;
	/* Then until the other end closes. */
	return read(PROC_SOCKET_FD, out, 1) == 0 ? 7 : 1;
}

static ssize_t read_when_there(int fd, char *text, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&p, 1, 30000), 1);
	return read(fd, text, size);
}

/* Signals from people and batch systems do not end it; signals that the user ignores stay ignored.
 */
static void a_mode_starts_clean_and_ends_with_its_socket(void **state)
{
	int leak = open("/dev/null", O_RDONLY); /* deliberately inheritable */
	char text[400] = "";
	struct error err = {0};
	struct proc p;
	sigset_t usr2;
	int status;

	(void)state;
	signal(SIGUSR1, SIG_IGN);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	sigprocmask(SIG_BLOCK, &usr2, NULL);
	assert_int_equal(proc_start("dvs-name", "__mode", &p, &err), 0);
	assert_true(fcntl(p.fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(p.fd, F_GETFD) & FD_CLOEXEC);
	assert_true(read_when_there(p.fd, text, sizeof(text) - 1) > 0);
	assert_string_equal(
		text,
		"argv0=dvs-name comm=dvs-mode cwd=/ stdout=/dev/null fds=5 " /* that of /proc */
		"int=0 hup=1 pipe=0 xfsz=0 term=0 usr1=0 blocked=0 group=1 stdin=0");
	close(p.fd);
	assert_int_equal(waitpid(p.pid, &status, 0), p.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	close(leak);
}

/* With 0..2 closed, the socket pair gets the numbers that the child needs. */
static void low_descriptors_may_be_the_socket_s(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct error err = {0};
		char text[400] = "";
		struct pollfd poll_fd = {.events = POLLIN};
		struct proc p;

		for (int fd = 0; fd < 16; fd++)
			close(fd);
		if (proc_start("dvs-name", "__mode", &p, &err) < 0)
			_exit(1);
		poll_fd.fd = p.fd;
		if (poll(&poll_fd, 1, 30000) != 1 || read(p.fd, text, sizeof(text) - 1) <= 0)
			_exit(2);
		_exit(strstr(text, "stdout=/dev/null") && strstr(text, "stdin=0") ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* exit status: a bit for each that is as it should be. */
static void closed_streams_lead_nowhere_and_closed_output_is_an_error(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		char c;
		int right = 0;

		for (int fd = 0; fd < 3; fd++)
			close(fd);
		proc_hold_streams();
		right |= (read(0, &c, 1) < 0 && errno == EBADF) << 0;
		right |= (write(1, "x", 1) < 0 && errno == EBADF) << 1;
		right |= (write(2, "x", 1) == 1) << 2;
		right |= (open("/dev/null", O_RDONLY) >= 3) << 3;
		_exit(right);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 15);
}

static void streams_that_are_there_are_left_alone(void **state)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	(void)state;
	proc_hold_streams();
	assert_int_equal(fcntl(STDOUT_FILENO, F_GETFL), flags);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mode_starts_clean_and_ends_with_its_socket),
		cmocka_unit_test(low_descriptors_may_be_the_socket_s),
		cmocka_unit_test(closed_streams_lead_nowhere_and_closed_output_is_an_error),
		cmocka_unit_test(streams_that_are_there_are_left_alone),
	};

	if (argc == 2 && strcmp(argv[1], "__mode") == 0)
		return report_as_mode(argv);
	return RUN(tests);
}
