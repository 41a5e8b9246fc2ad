/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes chosen calls of dvsched's own processes fail. Preloaded by scripts/faults; programs of jobs
 * load it, too, and are left alone.
 *
 *   DVSCHED_FAULT_COUNTS=FILE          counts the calls of each kind of process (struct counts)
 *   DVSCHED_FAULT=ROLE:CALL:ERRNO:N    the N-th CALL of processes of that ROLE fails so; "N+": all
 * from the N-th on; "N%M": every M-th from there; "N~MS": all for so many milliseconds from there
 *   DVSCHED_FAULT=ROLE:CALL:ERRNO:N:PARTS   the same of calls that change a file whose path
 * contains one of PARTS ("a|b"). CALL may be disk: any such call. A negative ERRNO: a write() is
 * short, and with "N+" the later ones fail; -1009: the process dies of SIGKILL after half of it.
 * DVSCHED_FAULT_TRACE=FILE           appends "ROLE CALL PATH" of each call that changes a file
 *
 * ROLE is guardian, scheduler, slot, clerk or any. The calls of all slots are counted together.
 *
 * Not here are calls that no shortage and no disk makes fail: tests/e2e/fault_oracle.py has a list.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum role {
	ROLE_NONE = -1,
	ROLE_GUARDIAN,
	ROLE_SCHEDULER,
	ROLE_SLOT,
	ROLE_CLERK,
	ROLES,
	ROLE_ANY = ROLES
};

/* The name of a call here is the name by which it is asked for: open is open64() as well. */
#define CALLS(X)        \
	X(open)         \
	X(read)         \
	X(pread)        \
	X(write)        \
	X(pwrite)       \
	X(send)         \
	X(sendmsg)      \
	X(recv)         \
	X(recvmsg)      \
	X(fsync)        \
	X(fdatasync)    \
	X(ftruncate)    \
	X(fallocate)    \
	X(rename)       \
	X(link)         \
	X(symlink)      \
	X(unlink)       \
	X(mkdir)        \
	X(stat)         \
	X(opendir)      \
	X(readdir)      \
	X(readlink)     \
	X(realpath)     \
	X(access)       \
	X(statvfs)      \
	X(chdir)        \
	X(fopen)        \
	X(pidfd)        \
	X(exec)         \
	X(mmap)         \
	X(inotify)      \
	X(sleep)        \
	X(chmod)        \
	X(utimens)      \
	X(fork)         \
	X(clone)        \
	X(spawn)        \
	X(pipe)         \
	X(socketpair)   \
	X(socket)       \
	X(eventfd)      \
	X(signalfd)     \
	X(timer)        \
	X(memfd)        \
	X(dup)          \
	X(flock)        \
	X(poll)         \
	X(epoll_create) \
	X(epoll_ctl)    \
	X(epoll_wait)   \
	X(wait)         \
	X(getrandom)    \
	X(malloc)       \
	X(close)        \
	X(disk)

enum call {
#define X(name) CALL_##name,
	CALLS(X)
#undef X
		CALL_COUNT
};

static const char *const call_names[] = {
#define X(name) #name,
	CALLS(X)
#undef X
};
static const char *const role_names[] = {"guardian", "scheduler", "slot", "clerk", "any"};

/* Shared by all processes of one run. */
struct counts {
	unsigned long n[ROLES][CALL_COUNT];
	unsigned long n_chosen; /* by path */
	unsigned long until_ms; /* of "N~MS", once the N-th was called */
};

static struct {
	struct counts *counts; /* NULL: nothing is counted, nothing fails */
	enum role role;
	pid_t first; /* the process that was started */
	int target_role, target_call, errnum;
	unsigned long n;
	unsigned long every;   /* 0: the n-th alone */
	unsigned long last_ms; /* 0: without end */
	const char *parts;     /* of paths; NULL: calls are not chosen by path */
	const char *trace;
} fault = {.role = ROLE_NONE, .target_role = -1};

static int index_of(const char *word, size_t len, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strlen(names[i]) == len && memcmp(names[i], word, len) == 0)
			return i;
	fprintf(stderr, "inject: what is '%.*s'?\n", (int)len, word);
	_exit(99);
}

static void read_fault(const char *text)
{
	const char *call = strchr(text, ':'), *errnum = call ? strchr(call + 1, ':') : NULL;
	char *end;

	if (!errnum)
		return;
	fault.target_role = index_of(text, (size_t)(call - text), role_names, ROLES + 1);
	fault.target_call = index_of(call + 1, (size_t)(errnum - call - 1), call_names, CALL_COUNT);
	fault.errnum = (int)strtol(errnum + 1, &end, 10);
	fault.n = *end == ':' ? strtoul(end + 1, &end, 10) : 0;
	fault.every = *end == '+' || *end == '~' ? 1 : *end == '%' ? strtoul(end + 1, NULL, 10) : 0;
	fault.last_ms = *end == '~' ? strtoul(end + 1, NULL, 10) : 0;
	end += strcspn(end, ":");
	fault.parts = *end == ':' ? end + 1 : NULL;
}

/* The role of this process; processes of jobs have none. */
static enum role find_role(void)
{
	char exe[4096], words[64] = "";
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	size_t first;

	exe[n > 0 ? n : 0] = 0;
	n = n < 8 || strcmp(exe + n - 8, "/dvsched") != 0 ? -1 : read(fd, words, sizeof(words) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return ROLE_NONE;
	first = strlen(words) + 1;
	if (strcmp(words + first, "__slot") == 0)
		return ROLE_SLOT;
	if (strcmp(words + first, "__clerk") == 0)
		return ROLE_CLERK;
	return words[first] == '_' ? ROLE_NONE : ROLE_GUARDIAN;
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("DVSCHED_FAULT_COUNTS"), *text = getenv("DVSCHED_FAULT");
	enum role role = path ? find_role() : ROLE_NONE;
	int fd = role == ROLE_NONE ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *map = fd < 0 ? MAP_FAILED
			   : mmap(NULL, sizeof(*fault.counts), PROT_READ | PROT_WRITE, MAP_SHARED,
				  fd, 0);

	if (fd >= 0)
		close(fd);
	if (map == MAP_FAILED)
		return;
	if (text)
		read_fault(text);
	fault.trace = getenv("DVSCHED_FAULT_TRACE");
	fault.counts = map;
	fault.first = getpid();
	fault.role = role;
}

/* The scheduler is the guardian's child. */
static enum role role_now(void)
{
	return fault.role == ROLE_GUARDIAN && getpid() != fault.first ? ROLE_SCHEDULER : fault.role;
}

/* The first one to ask starts the time. */
static bool is_over(void)
{
	struct timespec t;
	unsigned long now_ms, none = 0;

	clock_gettime(CLOCK_MONOTONIC, &t);
	now_ms = (unsigned long)t.tv_sec * 1000 + (unsigned long)t.tv_nsec / 1000000;
	__atomic_compare_exchange_n(&fault.counts->until_ms, &none, now_ms + fault.last_ms, false,
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	return now_ms >= __atomic_load_n(&fault.counts->until_ms, __ATOMIC_RELAXED);
}

static bool is_nth(unsigned long n)
{
	if (!fault.n || n < fault.n)
		return false;
	if (fault.last_ms)
		return !is_over();
	return n == fault.n || (fault.every && (n - fault.n) % fault.every == 0);
}

/* Counts the call; true, with errno: it fails. */
static bool is_due(enum call call)
{
	enum role role = role_now();
	unsigned long n;

	if (role == ROLE_NONE)
		return false;
	n = __atomic_add_fetch(&fault.counts->n[role][call], 1, __ATOMIC_RELAXED);
	if (fault.parts || (fault.target_role != ROLE_ANY && (int)role != fault.target_role) ||
	    (int)call != fault.target_call || !is_nth(n))
		return false;
	errno = fault.errnum;
	return true;
}

/* ---- calls that change a file, chosen by its path ---- */

enum { PATH_ROOM = 8192, TORN = 1000 + SIGKILL };

/* The path of name in the directory dir, or of the file dir if name is NULL. */
static void find_path(int dir, const char *name, char *to)
{
	char link[64] = "/proc/self/cwd";
	ssize_t n;

	if (name && *name == '/') {
		snprintf(to, PATH_ROOM, "%s", name);
		return;
	}
	if (dir != AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	n = readlink(link, to, PATH_ROOM / 2);
	n = n < 0 ? 0 : n;
	snprintf(to + n, (size_t)(PATH_ROOM - n), "%s%s", name ? "/" : "", name ? name : "");
}

static bool has_part(const char *path)
{
	for (const char *p = fault.parts; p && *p; p += *p == '|') {
		size_t n = strcspn(p, "|");

		if (memmem(path, strlen(path), p, n))
			return true;
		p += n;
	}
	return false;
}

static void trace_call(enum role role, enum call call, const char *path)
{
	char line[PATH_ROOM + 64];
	int fd = (int)syscall(SYS_openat, AT_FDCWD, fault.trace, O_WRONLY | O_APPEND | O_CREAT,
			      0600);
	int n = snprintf(line, sizeof(line), "%s %s %s\n", role_names[role], call_names[call],
			 path);

	if (fd >= 0 && syscall(SYS_write, fd, line, n) >= 0)
		syscall(SYS_close, fd);
}

static bool is_chosen(enum role role, enum call call, const char *path)
{
	return fault.parts && (fault.target_role == ROLE_ANY || (int)role == fault.target_role) &&
	       (fault.target_call == CALL_disk || (int)call == fault.target_call) && has_part(path);
}

/* The number of the call among those that were chosen; 0: it was not. */
static unsigned long count_chosen(enum call call, int dir, const char *name)
{
	enum role role = role_now();
	int errnum = errno;
	char path[PATH_ROOM];

	if (role == ROLE_NONE || (!fault.parts && !fault.trace))
		return 0;
	find_path(dir, name, path);
	if (fault.trace)
		trace_call(role, call, path);
	errno = errnum;
	if (!is_chosen(role, call, path))
		return 0;
	return __atomic_add_fetch(&fault.counts->n_chosen, 1, __ATOMIC_RELAXED);
}

/* Likewise of a call that changes this file. */
static bool is_due_of(enum call call, int dir, const char *name)
{
	unsigned long n;

	if (is_due(call))
		return true;
	n = count_chosen(call, dir, name);
	if (!n || !is_nth(n))
		return false;
	errno = fault.errnum < 0 ? -fault.errnum : fault.errnum;
	return true;
}

/* Of a file that was compiled with 64-bit offsets, name is the 64-bit variant. */
#define WRAP(call, failure, type, name, params, args)              \
	type name params;                                          \
	type name params                                           \
	{                                                          \
		static type(*next) params;                         \
                                                                   \
		if (!next)                                         \
			*(void **)&next = dlsym(RTLD_NEXT, #name); \
		return is_due(CALL_##call) ? failure : next args;  \
	}

/* A call that changes a file: by descriptor, or by directory and name. */
#define WRAP_FILE(call, type, name, params, args, dir, file)               \
	type name params;                                                  \
	type name params                                                   \
	{                                                                  \
		static type(*next) params;                                 \
                                                                           \
		if (!next)                                                 \
			*(void **)&next = dlsym(RTLD_NEXT, #name);         \
		return is_due_of(CALL_##call, dir, file) ? -1 : next args; \
	}

WRAP(read, -1, ssize_t, read, (int fd, void *to, size_t n), (fd, to, n))
WRAP(pread, -1, ssize_t, pread, (int fd, void *to, size_t n, off_t at), (fd, to, n, at))
WRAP_FILE(pwrite, ssize_t, pwrite, (int fd, const void *from, size_t n, off_t at),
	  (fd, from, n, at), fd, NULL)
WRAP(send, -1, ssize_t, send, (int fd, const void *from, size_t n, int flags), (fd, from, n, flags))
WRAP(sendmsg, -1, ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
WRAP(recv, -1, ssize_t, recv, (int fd, void *to, size_t n, int flags), (fd, to, n, flags))
WRAP(recvmsg, -1, ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags))
WRAP_FILE(fsync, int, fsync, (int fd), (fd), fd, NULL)
WRAP_FILE(fdatasync, int, fdatasync, (int fd), (fd), fd, NULL)
WRAP_FILE(ftruncate, int, ftruncate, (int fd, off_t size), (fd, size), fd, NULL)
WRAP_FILE(fallocate, int, fallocate, (int fd, int mode, off_t at, off_t n), (fd, mode, at, n), fd,
	  NULL)
WRAP_FILE(rename, int, rename, (const char *from, const char *to), (from, to), AT_FDCWD, to)
WRAP_FILE(rename, int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to),
	  b, to)
WRAP_FILE(rename, int, renameat2,
	  (int a, const char *from, int b, const char *to, unsigned int flags),
	  (a, from, b, to, flags), b, to)
WRAP_FILE(link, int, link, (const char *from, const char *to), (from, to), AT_FDCWD, to)
WRAP_FILE(link, int, linkat, (int a, const char *from, int b, const char *to, int flags),
	  (a, from, b, to, flags), b, to)
WRAP_FILE(symlink, int, symlink, (const char *target, const char *path), (target, path), AT_FDCWD,
	  path)
WRAP_FILE(symlink, int, symlinkat, (const char *target, int dir, const char *path),
	  (target, dir, path), dir, path)
WRAP_FILE(unlink, int, unlink, (const char *path), (path), AT_FDCWD, path)
WRAP_FILE(unlink, int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags), dir,
	  path)
WRAP_FILE(mkdir, int, mkdir, (const char *path, mode_t mode), (path, mode), AT_FDCWD, path)
WRAP_FILE(mkdir, int, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode), dir,
	  path)
WRAP(stat, -1, int, fstat, (int fd, struct stat *st), (fd, st))
WRAP(stat, -1, int, stat, (const char *path, struct stat *st), (path, st))
WRAP(stat, -1, int, lstat, (const char *path, struct stat *st), (path, st))
WRAP(stat, -1, int, fstatat, (int dir, const char *path, struct stat *st, int flags),
     (dir, path, st, flags))
WRAP(opendir, NULL, DIR *, opendir, (const char *path), (path))
WRAP(opendir, NULL, DIR *, fdopendir, (int fd), (fd))
WRAP(readdir, NULL, struct dirent *, readdir, (DIR * d), (d))
WRAP(readlink, -1, ssize_t, readlink, (const char *path, char *to, size_t n), (path, to, n))
WRAP(readlink, -1, ssize_t, readlinkat, (int dir, const char *path, char *to, size_t n),
     (dir, path, to, n))
WRAP(realpath, NULL, char *, realpath, (const char *path, char *to), (path, to))
WRAP(realpath, NULL, char *, getcwd, (char *to, size_t n), (to, n))
WRAP(access, -1, int, access, (const char *path, int how), (path, how))
WRAP(access, -1, int, faccessat, (int dir, const char *path, int how, int flags),
     (dir, path, how, flags))
WRAP(statvfs, -1, int, statvfs, (const char *path, struct statvfs *st), (path, st))
WRAP(statvfs, -1, int, fstatvfs, (int fd, struct statvfs *st), (fd, st))
WRAP(statvfs, -1, int, fstatfs, (int fd, struct statfs *st), (fd, st))
WRAP(stat, -1, int, statx,
     (int dir, const char *path, int flags, unsigned int mask, struct statx *st),
     (dir, path, flags, mask, st))
WRAP(opendir, -1, int, scandir,
     (const char *path, struct dirent ***list, int (*choose)(const struct dirent *),
      int (*compare)(const struct dirent **, const struct dirent **)),
     (path, list, choose, compare))
WRAP(socket, -1, int, socket, (int family, int type, int protocol), (family, type, protocol))
WRAP(socket, -1, int, accept4, (int fd, __SOCKADDR_ARG of, socklen_t *n, int flags),
     (fd, of, n, flags))
WRAP(chdir, -1, int, chdir, (const char *path), (path))
WRAP(fopen, NULL, FILE *, fopen, (const char *path, const char *how), (path, how))
WRAP(fopen, NULL, FILE *, popen, (const char *command, const char *how), (command, how))
WRAP(exec, -1, int, execve, (const char *path, char *const *argv, char *const *env),
     (path, argv, env))
WRAP(mmap, MAP_FAILED, void *, mmap, (void *to, size_t n, int how, int flags, int fd, off_t at),
     (to, n, how, flags, fd, at))
WRAP(inotify, -1, int, inotify_init1, (int flags), (flags))
WRAP(inotify, -1, int, inotify_add_watch, (int fd, const char *path, uint32_t mask),
     (fd, path, mask))
WRAP(sleep, -1, int, nanosleep, (const struct timespec *t, struct timespec *rest), (t, rest))
/* It returns the error. */
WRAP(sleep, errno, int, clock_nanosleep,
     (clockid_t clock, int flags, const struct timespec *t, struct timespec *rest),
     (clock, flags, t, rest))
WRAP_FILE(chmod, int, chown, (const char *path, uid_t user, gid_t group), (path, user, group),
	  AT_FDCWD, path)
WRAP_FILE(chmod, int, chmod, (const char *path, mode_t mode), (path, mode), AT_FDCWD, path)
WRAP_FILE(chmod, int, fchmod, (int fd, mode_t mode), (fd, mode), fd, NULL)
WRAP_FILE(utimens, int, utimensat,
	  (int dir, const char *path, const struct timespec t[2], int flags), (dir, path, t, flags),
	  dir, path)
WRAP_FILE(unlink, int, rmdir, (const char *path), (path), AT_FDCWD, path)
WRAP(fork, -1, pid_t, fork, (void), ())
WRAP(pipe, -1, int, pipe2, (int ends[2], int flags), (ends, flags))
WRAP(socketpair, -1, int, socketpair, (int family, int type, int protocol, int ends[2]),
     (family, type, protocol, ends))
WRAP(eventfd, -1, int, eventfd, (unsigned int n, int flags), (n, flags))
WRAP(signalfd, -1, int, signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags))
WRAP(timer, -1, int, timer_create, (clockid_t clock, struct sigevent *event, timer_t *timer),
     (clock, event, timer))
WRAP(timer, -1, int, timerfd_create, (int clock, int flags), (clock, flags))
WRAP(memfd, -1, int, memfd_create, (const char *name, unsigned int flags), (name, flags))
WRAP(dup, -1, int, dup, (int fd), (fd))
WRAP(dup, -1, int, dup2, (int fd, int to), (fd, to))
WRAP(flock, -1, int, flock, (int fd, int op), (fd, op))
WRAP(poll, -1, int, ppoll,
     (struct pollfd * p, nfds_t n, const struct timespec *t, const sigset_t *set), (p, n, t, set))
WRAP(poll, -1, int, poll, (struct pollfd * p, nfds_t n, int ms), (p, n, ms))
WRAP(epoll_create, -1, int, epoll_create1, (int flags), (flags))
WRAP(epoll_ctl, -1, int, epoll_ctl, (int fd, int op, int of, struct epoll_event *e),
     (fd, op, of, e))
WRAP(epoll_wait, -1, int, epoll_wait, (int fd, struct epoll_event *e, int n, int ms),
     (fd, e, n, ms))
WRAP(wait, -1, pid_t, waitpid, (pid_t pid, int *status, int flags), (pid, status, flags))
WRAP(wait, -1, pid_t, wait4, (pid_t pid, int *status, int flags, struct rusage *usage),
     (pid, status, flags, usage))
WRAP(wait, -1, int, waitid, (idtype_t type, id_t id, siginfo_t *info, int flags),
     (type, id, info, flags))
WRAP(getrandom, -1, ssize_t, getrandom, (void *to, size_t n, unsigned int flags), (to, n, flags))
/* It returns the error. */
WRAP(spawn, errno, int, posix_spawn,
     (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
      const posix_spawnattr_t *attr, char *const *argv, char *const *envp),
     (pid, path, actions, attr, argv, envp))

WRAP(spawn, errno, int, posix_spawnp,
     (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
      const posix_spawnattr_t *attr, char *const *argv, char *const *envp),
     (pid, path, actions, attr, argv, envp))

static mode_t mode_of(int flags, va_list list)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, mode_t) : 0;
}

/* Opening a file to write to it, or to make it, changes the file system. */
static bool is_open_due(int dir, const char *path, int flags)
{
	if ((flags & O_ACCMODE) == O_RDONLY && !(flags & O_CREAT))
		return is_due(CALL_open);
	return is_due_of(CALL_open, dir, path);
}

int open(const char *path, int flags, ...)
{
	static int (*next)(const char *, int, ...);
	mode_t mode;
	va_list list;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "open");
	va_start(list, flags);
	mode = mode_of(flags, list);
	va_end(list);
	return is_open_due(AT_FDCWD, path, flags) ? -1 : next(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	static int (*next)(int, const char *, int, ...);
	mode_t mode;
	va_list list;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "openat");
	va_start(list, flags);
	mode = mode_of(flags, list);
	va_end(list);
	return is_open_due(dir, path, flags) ? -1 : next(dir, path, flags, mode);
}

/* Copies of descriptors and locks; others fail for no shortage. */
int fcntl(int fd, int what, ...)
{
	static int (*next)(int, int, ...);
	bool is_copy = what == F_DUPFD || what == F_DUPFD_CLOEXEC;
	va_list list;
	void *arg;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "fcntl");
	va_start(list, what);
	arg = va_arg(list, void *);
	va_end(list);
	return is_copy && is_due(CALL_dup) ? -1 : next(fd, what, arg);
}

/* openat2() and pidfd_open() have no functions in the C library. */
long syscall(long number, ...)
{
	static long (*next)(long, ...);
	va_list list;
	long a[6];

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "syscall");
	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_openat2) {
		const struct open_how *how = (const void *)a[2];

		if (is_open_due((int)a[0], (const char *)a[1], (int)how->flags))
			return -1;
	} else if (number == SYS_pidfd_open && is_due(CALL_pidfd)) {
		return -1;
	}
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

ssize_t write(int fd, const void *from, size_t n)
{
	static ssize_t (*next)(int, const void *, size_t);
	unsigned long at;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "write");
	if (is_due(CALL_write))
		return -1;
	at = count_chosen(CALL_write, fd, NULL);
	if (!at || !is_nth(at))
		return next(fd, from, n);
	if (fault.errnum == -TORN && next(fd, from, n / 2) >= 0)
		kill(getpid(), SIGKILL);
	if (fault.errnum < 0 && at == fault.n && n > 1)
		return next(fd, from, n / 2);
	errno = fault.errnum < 0 ? -fault.errnum : fault.errnum;
	return -1;
}

/* The descriptor is closed all the same. */
int close(int fd)
{
	static int (*next)(int);
	int flags = fault.parts || fault.trace ? fcntl(fd, F_GETFL) : -1;
	bool is_failing = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && !(flags & O_PATH) &&
			  is_due_of(CALL_close, fd, NULL);
	int errnum = errno, rc;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "close");
	rc = next(fd);
	if (is_failing)
		errno = errnum;
	return is_failing ? -1 : rc;
}

/* As src/exec/launch.c calls it. */
int clone(int (*run)(void *), void *stack, int flags, void *arg, ...)
{
	static int (*next)(int (*)(void *), void *, int, void *, ...);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "clone");
	return is_due(CALL_clone) ? -1 : next(run, stack, flags, arg);
}

/* dlsym() itself may need memory. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
	return is_due(CALL_malloc) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return is_due(CALL_malloc) ? NULL : __libc_calloc(n, size);
}

void *aligned_alloc(size_t to, size_t n)
{
	static void *(*next)(size_t, size_t);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "aligned_alloc");
	return is_due(CALL_malloc) ? NULL : next(to, n);
}

void *realloc(void *p, size_t n)
{
	return is_due(CALL_malloc) ? NULL : __libc_realloc(p, n);
}
