/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-device [N]: the cost of a job that does nothing on a warm device worker, compared with two
 * baselines: a bare exchange of messages of the same size between two processes over a
 * socketpair(), and an exchange in which the other end also makes a directory and a log with a
 * header, as for a job. The three alternate, so that all have the same machine state; medians are
 * printed. Then the cost of an idle worker. Directories are made below $TMPDIR.
 */
#include <ev.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "device/worker/worker.h"

enum { WARM_UP = 50, MESSAGE = 256, IDLE_S = 5 };

#define HEADER "[Executing]:\ntrue\n\n"

static const char *const no_strings[] = {NULL};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Microseconds. */
static double median(uint64_t *ns, size_t n)
{
	qsort(ns, n, sizeof(*ns), compare);
	return (double)ns[n / 2] / 1e3;
}

/* ---- the baselines ---- */

/* The other end of a ping-pong. */
struct echo {
	pid_t pid;
	int fd;
};

/* The cost of a job's directory and log, without dvsched. */
static void make_files(const char *base, unsigned number)
{
	_cleanup_(freep) char *dir = xasprintf("%s/echo%u", base, number);
	_cleanup_(freep) char *log = xasprintf("%s/log", dir);
	int fd;

	if (mkdir(dir, 0777) < 0)
		_exit(1);
	fd = open(log, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, HEADER, strlen(HEADER)) < 0)
		_exit(1);
	close(fd);
}

static _noreturn_ void echo(int fd, const char *base)
{
	char message[MESSAGE];
	unsigned number = 0;
	ssize_t n;

	while ((n = read(fd, message, sizeof(message))) > 0) {
		if (base)
			make_files(base, number++);
		if (write(fd, message, (size_t)n) != n)
			break;
	}
	_exit(0);
}

/* base: the directory in which it makes a directory and a log for each message; NULL: it makes
 * none. */
static struct echo start_echo(const char *base)
{
	struct echo e;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		exit(1);
	e.fd = pair[0];
	e.pid = fork();
	if (e.pid == 0) {
		close(pair[0]);
		echo(pair[1], base);
	}
	close(pair[1]);
	return e;
}

static void end_echo(struct echo *e)
{
	close(e->fd);
	waitpid(e->pid, NULL, 0);
}

static uint64_t ping(const struct echo *e)
{
	char message[MESSAGE] = "ping";
	uint64_t from = board_now_ns();

	if (write(e->fd, message, sizeof(message)) != sizeof(message) ||
	    read(e->fd, message, sizeof(message)) != sizeof(message))
		exit(1);
	return board_now_ns() - from;
}

/* ---- a worker ---- */

struct bench {
	struct ev_loop *loop;
	struct device_worker *worker;
	struct job_rules rules;
	struct job_block block;
	struct job_spec spec;
	struct device_request request;
	char *base;
	unsigned n_dirs;
};

static void on_opened(struct device_worker *w, void *ctx)
{
	(void)w;
	ev_break(ctx, EVBREAK_ONE);
}

static _noreturn_ void give_up(const char *why)
{
	fprintf(stderr, "bench-device: %s\n", why);
	exit(1);
}

static void on_open_failed(struct device_worker *w, void *ctx, enum dvs_class class,
			   const char *text)
{
	(void)w;
	(void)ctx;
	(void)class;
	give_up(text);
}

static void on_phase(struct device_worker *w, void *ctx, uint64_t epoch, enum run_phase phase)
{
	(void)w;
	(void)ctx;
	(void)epoch;
	(void)phase;
}

static void on_ended(struct device_worker *w, void *ctx, const struct device_result *r)
{
	(void)w;
	if (r->verdict.status != JOB_PASSED)
		give_up(r->verdict.message);
	ev_break(ctx, EVBREAK_ONE);
}

static void on_diagnosed(struct device_worker *w, void *ctx, const char *text)
{
	(void)w;
	(void)ctx;
	(void)text;
}

static void on_died(struct device_worker *w, void *ctx, int status, const char *why)
{
	(void)w;
	(void)ctx;
	(void)status;
	give_up(why);
}

static const struct device_worker_handler handler = {
	.opened = on_opened,
	.open_failed = on_open_failed,
	.phase = on_phase,
	.ended = on_ended,
	.diagnosed = on_diagnosed,
	.died = on_died,
};

static void set_dir(struct bench *b, bool is_new)
{
	free((char *)b->spec.dir); /* none, after a canary */
	free((char *)b->spec.log);
	b->n_dirs += is_new;
	b->spec.dir = xasprintf("%s/cfg/job%u", b->base, b->n_dirs);
	b->spec.log = xasprintf("%s/log", b->spec.dir);
}

/* The directory of a run. */
enum place { PLACE_NONE, PLACE_NEW, PLACE_AGAIN };

static uint64_t dispatch(struct bench *b, enum place place)
{
	uint64_t from;

	set_dir(b, place == PLACE_NEW);
	if (place == PLACE_NONE)
		b->spec.dir = NULL;
	b->request.epoch++;
	from = board_now_ns();
	device_worker_run(b->worker, &b->request);
	ev_run(b->loop, 0);
	return board_now_ns() - from;
}

static void open_worker(struct bench *b, struct device_worker_options *options)
{
	struct error err = {0};

	b->worker = device_worker_new(b->loop, options, &handler, b->loop, &err);
	if (!b->worker)
		give_up(err.msg);
	ev_run(b->loop, 0);
}

static void compare_trips(struct bench *b, size_t n)
{
	_cleanup_(freep) uint64_t *bare = xcalloc(n, sizeof(*bare));
	_cleanup_(freep) uint64_t *files = xcalloc(n, sizeof(*files));
	_cleanup_(freep) uint64_t *none = xcalloc(n, sizeof(*none));
	_cleanup_(freep) uint64_t *fresh = xcalloc(n, sizeof(*fresh));
	_cleanup_(freep) uint64_t *again = xcalloc(n, sizeof(*again));
	struct echo plain = start_echo(NULL), maker = start_echo(b->base);
	double bare_us, files_us, none_us, fresh_us, again_us;

	for (size_t i = 0; i < WARM_UP; i++) {
		ping(&plain);
		dispatch(b, PLACE_NEW);
	}
	for (size_t i = 0; i < n; i++) {
		bare[i] = ping(&plain);
		none[i] = dispatch(b, PLACE_NONE);
	}
	/* Measured separately: work of a file system leaves cold caches to the next measurement. */
	for (size_t i = 0; i < n; i++) {
		fresh[i] = dispatch(b, PLACE_NEW);
		files[i] = ping(&maker);
		again[i] = dispatch(b, PLACE_AGAIN);
	}
	end_echo(&maker); /* it holds an end of the other's socket, too */
	end_echo(&plain);
	bare_us = median(bare, n);
	files_us = median(files, n);
	none_us = median(none, n);
	fresh_us = median(fresh, n);
	again_us = median(again, n);
	printf("device: bare ping-pong %.1f us; one that makes a directory and a log %.1f us\n",
	       bare_us, files_us);
	printf("device: no-op run on a warm worker and back %.1f us: %.2f x the bare one\n",
	       none_us, none_us / bare_us);
	printf("device: with its directory and log %.1f us: %.2f x the bare one, %.2f x the one "
	       "with files; in a directory that was there %.1f us\n",
	       fresh_us, fresh_us / bare_us, fresh_us / files_us, again_us);
}

/* ---- idleness ---- */

/* User and system time of all its threads, in clock ticks. */
static unsigned long cpu_ticks(pid_t pid)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/stat", (int)pid);
	unsigned long user = 0, system = 0;
	char line[1024] = "", *end;
	FILE *f = fopen(path, "re");

	if (f && fgets(line, sizeof(line), f) && (end = strrchr(line, ')')))
		sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		       &system);
	if (f)
		fclose(f);
	return user + system;
}

static void rest(struct bench *b)
{
	pid_t pid = device_worker_pid(b->worker);
	unsigned long before, used;

	sleep(1); /* the beat goes on for up to a tenth of a second */
	before = cpu_ticks(pid);
	sleep(IDLE_S);
	used = cpu_ticks(pid) - before;
	printf("device: an idle worker used %lu clock ticks (of 1/%ld s) in %d s\n", used,
	       sysconf(_SC_CLK_TCK), IDLE_S);
}

/* Everything runs on one processor: otherwise the placement of the two ends of a pair has more
 * effect on the time than their work (13 us on one processor, 50 us across two). */
static void stay_on_one_processor(void)
{
	cpu_set_t may, one;

	if (sched_getaffinity(0, sizeof(may), &may) < 0)
		return;
	CPU_ZERO(&one);
	for (int cpu = CPU_SETSIZE - 1; cpu >= 0 && CPU_COUNT(&one) == 0; cpu--)
		if (CPU_ISSET(cpu, &may))
			CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		fputs("bench-device: on whatever processors there are\n", stderr);
}

int main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	bool is_short = getenv("DVSCHED_BENCH_SHORT") != NULL;
	size_t n = argc > 1 && atol(argv[1]) > 0 ? (size_t)atol(argv[1]) : is_short ? 500 : 10000;
	struct bench b = {.base = xasprintf("%s/dvsched-bench-device-XXXXXX", tmp ? tmp : "/tmp")};
	struct device_worker_options options = {.driver = NOOP_DRIVER, .options = "{}"};

	stay_on_one_processor();
	if (argc > 1 && strcmp(argv[1], "__device") == 0)
		return worker_main();
	if (!mkdtemp(b.base))
		return 1;
	b.loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	b.rules = (struct job_rules){
		.target = "t", .env = no_strings, .keep = no_strings, .cpus = 1};
	b.spec = (struct job_spec){.id = "cfg:job",
				   .block = &b.block,
				   .rules = &b.rules,
				   .argv = no_strings,
				   .command = "true"};
	b.request = (struct device_request){
		.spec = &b.spec, .attempt = 1, .n_ranks = 1, .job = "{}", .shared_fd = -1};
	options.scratch_root = b.base;
	open_worker(&b, &options);
	compare_trips(&b, n);
	rest(&b);
	device_worker_free(b.worker);
	ev_loop_destroy(b.loop);
	fs_remove_tree(b.base);
	free((char *)b.spec.dir);
	free((char *)b.spec.log);
	free(b.base);
	return 0;
}
