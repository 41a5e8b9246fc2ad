/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/proc_dir.h"

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 29)
#define SPAWNS_IN_DIRECTORY
#endif

extern char **environ;

void proc_hold_streams(void)
{
	static const int wrong_ways[] = {
		[STDIN_FILENO] = O_WRONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_RDWR};

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0) /* lower numbers are in use, so open() returns fd */
			(void)!fs_open("/dev/null", wrong_ways[fd], 0);
}

void proc_close_to_others(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}

void proc_expect_children(void)
{
	signal(SIGCHLD, SIG_DFL);
}

bool proc_ignores(int signum)
{
	struct sigaction action;

	return sigaction(signum, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void proc_defaults_of_child(sigset_t *defaults)
{
	static const int users[] = {SIGHUP, SIGINT, SIGQUIT};

	sigfillset(defaults);
	for (size_t i = 0; i < ARRAY_LEN(users); i++)
		if (proc_ignores(users[i]))
			sigdelset(defaults, users[i]);
}

/* Signals stay blocked until proc_become() has set their handlers. */
static void set_attributes(posix_spawnattr_t *attr)
{
	sigset_t defaults, all;

	sigfillset(&all);
	proc_defaults_of_child(&defaults);
	posix_spawnattr_setsigdefault(attr, &defaults);
	posix_spawnattr_setsigmask(attr, &all);
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
					       POSIX_SPAWN_SETPGROUP);
}

/*
 * /proc may be covered by a mount, and then the program is found below the held one: its first
 * directory is that, until proc_become().
 */
static int spawn_self(posix_spawn_file_actions_t *files, const posix_spawnattr_t *attr, char **argv,
		      pid_t *ret_pid)
{
	int rc = posix_spawn(ret_pid, "/proc/self/exe", files, attr, argv, environ);

#ifdef SPAWNS_IN_DIRECTORY
	if ((rc == ENOENT || rc == ENOTDIR || rc == EACCES) && proc_dir_held() >= 0 &&
	    posix_spawn_file_actions_addfchdir_np(files, proc_dir_held()) == 0)
		rc = posix_spawn(ret_pid, "self/exe", files, attr, argv, environ);
#endif
	return rc;
}

static int spawn_with(int fd, const char *name, const char *mode, pid_t *ret_pid)
{
	char *argv[] = {(char *)name, (char *)mode, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int rc;

	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	set_attributes(&attr);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&files, fd, PROC_SOCKET_FD);
	if (proc_dir_held() >= 0)
		posix_spawn_file_actions_adddup2(&files, proc_dir_held(), PROC_DIR_FD);
	rc = spawn_self(&files, &attr, argv, ret_pid);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

static int access_or_wait(const char *path, int how)
{
	unsigned n = 0;
	int rc;

	do
		rc = access(path, how);
	while (rc < 0 && errno_wait_out(&n));
	return rc;
}

int proc_check(struct error *err)
{
	static const struct src_pos nowhere;

	if (access_or_wait("/proc/self/exe", X_OK) < 0)
		return error_set(err, nowhere,
				 "/proc/self/exe: %s. Mount /proc: dvsched needs it to start its "
				 "own processes and to find those of jobs",
				 strerror(errno));
	if (access_or_wait("/dev/null", R_OK | W_OK) < 0)
		return error_sys(err, errno, "/dev/null cannot be used");
	if (proc_dir_hold() < 0)
		return error_sys(err, errno, "/proc cannot be opened");
	return 0;
}

int proc_start(const char *name, const char *mode, struct proc *ret, struct error *err)
{
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_sys(err, errno, "cannot make a socket for %s", name);
	/* dup2() from PROC_SOCKET_FD to itself would keep close-on-exec: use a higher number. */
	if (pair[1] <= PROC_SOCKET_FD) {
		int moved = fcntl(pair[1], F_DUPFD_CLOEXEC, PROC_SOCKET_FD + 1);

		close(pair[1]);
		pair[1] = moved;
	}
	rc = pair[1] < 0 ? errno : spawn_with(pair[1], name, mode, &ret->pid);
	closep(&pair[1]);
	if (rc != 0 || fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0) {
		closep(&pair[0]);
		if (rc == ENOENT && proc_check(err) < 0)
			return -1;
		return error_sys(err, rc ? rc : errno, "cannot start %s", name);
	}
	ret->fd = pair[0];
	return 0;
}

pid_t proc_start_on(int fd, const char *name, const char *mode, struct error *err)
{
	/* As in proc_start(): a higher number than PROC_SOCKET_FD. */
	_cleanup_(closep) int copy = fcntl(fd, F_DUPFD_CLOEXEC, PROC_SOCKET_FD + 1);
	pid_t pid;
	int rc = copy < 0 ? errno : spawn_with(copy, name, mode, &pid);

	return rc ? error_sys(err, rc, "cannot start %s", name) : pid;
}

/* For kernels without close_range() (before Linux 5.9). */
static void close_listed_from(int first)
{
	DIR *dir = proc_dir_list("self/fd");
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		int fd = atoi(e->d_name);

		if (fd >= first && fd != dirfd(dir))
			close(fd);
	}
	if (dir)
		closedir(dir);
}

static void close_from(int first)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, ~0u, 0) == 0)
		return;
#endif
	close_listed_from(first);
}

static void proc_on_nothing(int signum)
{
	(void)signum;
}

/*
 * Batch systems and service managers send their signals to every process. Helpers must not end
 * before the scheduler, so that their jobs get their grace. The handler does nothing; SIG_IGN would
 * be inherited by the programs that helpers start, a handler is reset by exec.
 */
static void outlive_signals(void)
{
	static const int survived[] = {SIGHUP,	SIGINT,	 SIGQUIT, SIGTERM, SIGUSR1,
				       SIGUSR2, SIGPIPE, SIGALRM, SIGXCPU, SIGXFSZ,
				       SIGTSTP, SIGTTIN, SIGTTOU};
	struct sigaction action = {.sa_handler = proc_on_nothing, .sa_flags = SA_RESTART};
	sigset_t none;

	for (size_t i = 0; i < ARRAY_LEN(survived); i++)
		if (!proc_ignores(survived[i]))
			sigaction(survived[i], &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void proc_become(const char *name)
{
	unsigned n = 0;

	prctl(PR_SET_NAME, name);
	close_from(PROC_DIR_FD + 1);
	proc_dir_adopt(PROC_DIR_FD);
	fcntl(PROC_SOCKET_FD, F_SETFD, FD_CLOEXEC);
	outlive_signals();
	while (chdir("/") < 0)
		if (!errno_wait_out(&n))
			_exit(70);
}

static void on_parent_gone(int signum)
{
	(void)signum;
	kill(0, SIGKILL);
}

/* SIGKILL as the parent-death signal would kill this process only, and not the programs that it
 * runs. */
void proc_end_with_parent(void)
{
	struct sigaction action = {.sa_handler = on_parent_gone};

	sigaction(SIGRTMAX - 1, &action, NULL);
	prctl(PR_SET_PDEATHSIG, SIGRTMAX - 1);
}

static bool has_terminal(void)
{
	_cleanup_(closep) int fd = fs_open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
					   0);

	return fd >= 0;
}

void proc_stop(bool whole_group)
{
	struct sigaction standard = {.sa_handler = SIG_DFL}, was;
	sigset_t stop, blocked;

	if (!has_terminal()) {
		raise(SIGSTOP);
		return;
	}
	/* With the default action the kernel does not stop an orphaned process group, which no
	 * shell could continue. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigaction(SIGTSTP, &standard, &was);
	kill(whole_group ? 0 : getpid(), SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, &blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	sigaction(SIGTSTP, &was, NULL);
}

bool proc_is_shortage(int errnum)
{
	return errnum == ENOBUFS || errnum == ENOMEM;
}

int proc_open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	errno = ENOSYS;
	return -1;
#endif
}
