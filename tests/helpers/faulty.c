/* SPDX-License-Identifier: Apache-2.0 */
#include "faulty.h"

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fault {
	int errnum, skip, n, n_failed;
} faults[FAULTY_COUNT];

static const char *const variables[FAULTY_COUNT] = {
	[FAULTY_SEND] = "DVSCHED_TEST_SEND",   [FAULTY_WAIT] = "DVSCHED_TEST_WAIT",
	[FAULTY_EPOLL] = "DVSCHED_TEST_EPOLL", [FAULTY_CLONE] = "DVSCHED_TEST_CLONE",
	[FAULTY_WRITE] = "DVSCHED_TEST_WRITE", [FAULTY_SOCKETPAIR] = "DVSCHED_TEST_SOCKETPAIR",
};

__attribute__((constructor)) static void read_environment(void)
{
	for (int i = 0; i < FAULTY_COUNT; i++) {
		const char *text = getenv(variables[i]);
		struct fault *f = &faults[i];

		if (text && sscanf(text, "%d %d %d", &f->errnum, &f->skip, &f->n) != 3)
			f->errnum = 0;
	}
}

void faulty_set(enum faulty call, int errnum, int skip, int n)
{
	faults[call] = (struct fault){errnum, skip, n, 0};
}

void faulty_clear(void)
{
	for (int i = 0; i < FAULTY_COUNT; i++) {
		faults[i] = (struct fault){0};
		unsetenv(variables[i]);
	}
}

void faulty_set_children(enum faulty call, int errnum, int skip, int n)
{
	char text[64];

	snprintf(text, sizeof(text), "%d %d %d", errnum, skip, n);
	setenv(variables[call], text, 1);
}

void faulty_set_vmstat(const char *path)
{
	if (path)
		setenv("DVSCHED_TEST_VMSTAT", path, 1);
	else
		unsetenv("DVSCHED_TEST_VMSTAT");
}

int faulty_count(enum faulty call)
{
	return faults[call].n_failed;
}

static bool fails(enum faulty call)
{
	struct fault *f = &faults[call];

	if (f->errnum == 0 || f->n == 0 || (f->skip > 0 && f->skip--))
		return false;
	if (f->n > 0)
		f->n--;
	f->n_failed++;
	errno = f->errnum;
	return true;
}

ssize_t send(int fd, const void *bytes, size_t n, int flags)
{
	return fails(FAULTY_SEND) ? -1 : sendto(fd, bytes, n, flags, NULL, 0);
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	return fails(FAULTY_WAIT) ? -1 : (pid_t)syscall(SYS_wait4, pid, status, options, usage);
}

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	return fails(FAULTY_EPOLL) ? -1 : (int)syscall(SYS_epoll_ctl, epfd, op, fd, event);
}

/* As launch_start() calls it: without the arguments that may follow. */
int clone(int (*start)(void *), void *stack, int flags, void *arg, ...)
{
	int (*real)(int (*)(void *), void *, int, void *, ...);

	*(void **)&real = dlsym(RTLD_NEXT, "clone");
	return fails(FAULTY_CLONE) ? -1 : real(start, stack, flags, arg);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	return fails(FAULTY_WRITE) ? -1 : (ssize_t)syscall(SYS_write, fd, bytes, n);
}

int socketpair(int domain, int type, int protocol, int ends[2])
{
	return fails(FAULTY_SOCKETPAIR)
		       ? -1
		       : (int)syscall(SYS_socketpair, domain, type, protocol, ends);
}

FILE *fopen(const char *path, const char *mode)
{
	const char *vmstat = getenv("DVSCHED_TEST_VMSTAT");
	FILE *(*real)(const char *, const char *);

	*(void **)&real = dlsym(RTLD_NEXT, "fopen");
	if (vmstat && (strstr(path, "/memory.events") || strstr(path, "/memory.oom_control"))) {
		errno = ENOENT; /* else its counter would be read, not that file's */
		return NULL;
	}
	return real(vmstat && strcmp(path, "/proc/vmstat") == 0 ? vmstat : path, mode);
}
