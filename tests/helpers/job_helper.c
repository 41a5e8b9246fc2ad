/* SPDX-License-Identifier: Apache-2.0 */
/* A program for jobs in tests: each argument is one kind of behaviour. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int wait_for_ever(void)
{
	while (pause() < 0)
		;
	return 0;
}

/* A daemon by the book: twice forked, its own session. Returns in the daemon only. */
static int become_daemon(void)
{
	pid_t pid = fork();

	if (pid != 0) {
		waitpid(pid, NULL, 0);
		return 0;
	}
	setsid();
	if (fork() != 0)
		_exit(0);
	return 1;
}

/* n daemons that ignore TERM, with the log open; each says hello before we go. */
static int tree(int n)
{
	int hello[2];
	char c;

	if (pipe(hello) < 0)
		return 1;
	for (int i = 0; i < n; i++) {
		if (!become_daemon())
			continue;
		signal(SIGTERM, SIG_IGN);
		if (write(hello[1], "x", 1) != 1)
			_exit(1);
		close(hello[0]);
		close(hello[1]);
		wait_for_ever();
	}
	for (int i = 0; i < n; i++)
		if (read(hello[0], &c, 1) != 1)
			return 1;
	return 0;
}

/* n chains; in each, every process forks its successor and goes. */
static int chains(int n)
{
	for (int i = 0; i < n; i++) {
		if (fork() != 0)
			continue;
		setsid();
		for (;;)
			if (fork() != 0)
				_exit(0);
	}
	return wait_for_ever();
}

static void exec_self(const char *name, const char *word, int fd)
{
	char number[16];
	char *argv[] = {(char *)name, (char *)word, number, NULL};

	snprintf(number, sizeof(number), "%d", fd);
	execv("/proc/self/exe", argv);
	_exit(1);
}

/* As Bazel's client starts its server: in a session of its own, under another name than its
 * executable's, and we go on when it is there. */
static int start_server(const char *name)
{
	int hello[2];
	char c;

	if (pipe(hello) < 0)
		return 1;
	if (become_daemon())
		exec_self(name, "serve", hello[1]);
	close(hello[1]);
	return read(hello[0], &c, 1) == 1 ? 0 : 1;
}

/* The server: what it starts is orphaned, and keeps the server's session. */
static int serve(int hello)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (fork() == 0)
			exec_self("worker", "ready", hello);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return wait_for_ever();
}

static int say_ready(int hello)
{
	if (write(hello, "x", 1) != 1)
		return 1;
	close(hello);
	return wait_for_ever();
}

/* It survives TERM, and stays in the session of its parent. */
static int leave_orphan(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGTERM, SIG_IGN);
		if (fork() == 0) {
			puts("ready");
			fflush(stdout);
			wait_for_ever();
		}
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return wait_for_ever();
}

static int ignore_term(void)
{
	signal(SIGTERM, SIG_IGN);
	puts("ready");
	fflush(stdout);
	return wait_for_ever();
}

/* Ends at TERM, and says so. */
static void on_term(int signum)
{
	static const char text[] = "got TERM\n";

	(void)signum;
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0)
		_exit(1);
	_exit(0);
}

static int stop_self(void)
{
	signal(SIGTERM, on_term);
	raise(SIGSTOP);
	return wait_for_ever();
}

/* Anybody of this user may trace it. */
static int be_traceable(void)
{
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	printf("pid %d\n", (int)getpid());
	fflush(stdout);
	return wait_for_ever();
}

/* It cannot be found by its session, its group or its environment. */
static int hide(const char *self)
{
	char *argv[] = {(char *)self, (char *)"ignore-term", NULL}, *none[] = {NULL};

	if (fork() == 0) {
		setsid();
		execve("/proc/self/exe", argv, none);
		_exit(1);
	}
	return wait_for_ever();
}

static int show_surroundings(void)
{
	char line[256];
	FILE *f;

	for (int fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("fd %d\n", fd);
	f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "Sig", 3) == 0)
			fputs(line, stdout);
	printf("stdin %s\n", getchar() == EOF ? "empty" : "not empty");
	printf("session %s\n", getsid(0) == getpid() ? "own" : "shared");
	printf("parent %s\n", getppid() == getsid(0) ? "odd" : "other");
	return 0;
}

static int flood(size_t n)
{
	static char block[64 * 1024];

	memset(block, 'y', sizeof(block));
	for (size_t at = 0; at < n; at += sizeof(block))
		if (write(STDOUT_FILENO, block, sizeof(block)) < 0)
			return 1;
	return 0;
}

static int long_line(size_t n, const char *tail)
{
	static char block[64 * 1024];

	memset(block, 'a', sizeof(block));
	for (; n; n -= n < sizeof(block) ? n : sizeof(block))
		fwrite(block, 1, n < sizeof(block) ? n : sizeof(block), stdout);
	puts(tail);
	return 0;
}

/* The log's end is written by a child, after we are gone. */
static int late_writer(void)
{
	int gone[2];
	char c;

	if (pipe(gone) < 0)
		return 1;
	if (fork() != 0)
		return 0;
	close(gone[1]);
	if (read(gone[0], &c, 1) == 0)
		puts("UVM_ERROR late");
	return 0;
}

static int segv(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

/* The log that our standard output is, by name. */
static int replace_log(const char *by)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/fd/1", path, sizeof(path) - 1);

	if (n < 0)
		return 1;
	path[n] = '\0';
	puts("before");
	fflush(stdout);
	if (strcmp(by, "truncate") == 0)
		return truncate(path, 0);
	if (unlink(path) < 0)
		return 1;
	if (strcmp(by, "fifo") == 0)
		return mkfifo(path, 0666);
	if (strcmp(by, "link") == 0)
		return symlink("/etc/passwd", path);
	return 0;
}

/* Seconds since 1970. */
static int say_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return printf("%lld.%09ld\n", (long long)t.tv_sec, t.tv_nsec) < 0;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	const char *more = argc > 2 ? argv[2] : "";

	if (strcmp(word, "tree") == 0)
		return tree(atoi(more));
	if (strcmp(word, "chains") == 0)
		return chains(atoi(more));
	if (strcmp(word, "ignore-term") == 0)
		return ignore_term();
	if (strcmp(word, "stop") == 0)
		return stop_self();
	if (strcmp(word, "traceable") == 0)
		return be_traceable();
	if (strcmp(word, "hide") == 0)
		return hide(argv[0]);
	if (strcmp(word, "show") == 0)
		return show_surroundings();
	if (strcmp(word, "flood") == 0)
		return flood(*more ? (size_t)atol(more) : SIZE_MAX);
	if (strcmp(word, "long-line") == 0)
		return long_line((size_t)atol(more), argc > 3 ? argv[3] : "");
	if (strcmp(word, "late") == 0)
		return late_writer();
	if (strcmp(word, "segv") == 0)
		return segv();
	if (strcmp(word, "log") == 0)
		return replace_log(more);
	if (strcmp(word, "kill-parent") == 0)
		return kill(getppid(), SIGKILL) < 0 ? 1 : wait_for_ever();
	if (strcmp(word, "daemon") == 0)
		return become_daemon() ? wait_for_ever() : 0;
	if (strcmp(word, "server") == 0)
		return start_server(more);
	if (strcmp(word, "serve") == 0)
		return serve(atoi(more));
	if (strcmp(word, "ready") == 0)
		return say_ready(atoi(more));
	if (strcmp(word, "orphan") == 0)
		return leave_orphan();
	if (strcmp(word, "clock") == 0)
		return say_time();
	if (strcmp(word, "for-ever") == 0)
		return wait_for_ever();
	fprintf(stderr, "unknown word '%s'\n", word);
	return 2;
}
