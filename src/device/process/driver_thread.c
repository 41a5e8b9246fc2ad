/* SPDX-License-Identifier: Apache-2.0 */
/* The driver thread: it opens the device, does one run after the other, and closes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "device/driver/find.h"
#include "device/driver/loaded_images.h"
#include "device/driver/made_files.h"
#include "device/lock/lock.h"
#include "device/process/process.h"

extern char **environ;

/* ---- functions of the host ---- */

static void thread_host_log(void *user, int32_t level, const char *text)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	struct worker_process *p = user;
	_cleanup_(str_done) struct str line = {0};

	str_printf(&line, "%s: ", level >= 0 && level < 4 ? names[level] : "note");
	str_add_printable(&line, text ? text : "", text ? strlen(text) : 0);
	str_addc(&line, '\n');
	if (fs_write_all(p->own_log_fd, line.s, line.len) < 0)
		return; /* a full disk is not the driver's problem */
}

static void thread_host_progress(void *user, uint64_t done, uint64_t total, int32_t evidence)
{
	struct board *b = ((struct worker_process *)user)->board;

	atomic_store_explicit(&b->done, done, memory_order_relaxed);
	atomic_store_explicit(&b->total, total, memory_order_relaxed);
	atomic_store_explicit(&b->has_reported, 1, memory_order_relaxed);
	atomic_store_explicit(&b->progress_ns, board_now_ns(), memory_order_relaxed);
	atomic_store_explicit(&b->evidence, evidence >= 0 && evidence <= 2 ? (uint32_t)evidence : 0,
			      memory_order_release);
}

static int32_t thread_host_is_cancelled(void *user)
{
	struct worker_process *p = user;
	uint64_t cancelled = atomic_load(&p->channel.cancel_epoch);

	return (cancelled && cancelled == atomic_load(&p->board->epoch)) ||
	       atomic_load(&p->channel.is_closing);
}

static uint64_t thread_host_now_ns(void *user)
{
	(void)user;
	return board_now_ns();
}

static void thread_host_committed(void *user, uint64_t bytes)
{
	struct worker_process *p = user;

	atomic_store(&p->board->committed_bytes, bytes);
}

static void thread_host_leaves(void *user, const char *pattern)
{
	struct leftovers *l = made_files_leftovers();

	if (l && !leftovers_add_pattern(l, pattern))
		thread_host_log(user, 1, "leaves(): not an absolute path, or too long");
}

/* ---- the device's lock ---- */

static _noreturn_ void leave_unopened(struct worker_process *p, enum dvs_class class,
				      const char *text)
{
	str_clear(&p->out);
	device_put_failure(&p->out, class, text);
	channel_send(&p->channel, &p->out);
	_exit(1);
}

/* The descriptor stays open until the process ends, so the lock is free after any end. */
static void lock_device(struct worker_process *p)
{
	const char *path = p->hello.lock_path;
	_cleanup_(str_done) struct str text = {0};
	enum dvs_class class;
	pid_t holder;

	if (!path || device_lock_take(path, &holder) >= 0)
		return;
	class = errno == EWOULDBLOCK ? DVS_BUSY : DVS_CONFIG;
	device_lock_explain(&text, path, p->hello.device, holder);
	leave_unopened(p, class, text.s);
}

/* Before the driver can create files. A failure is not fatal. */
static void begin_leftovers(struct worker_process *p)
{
	struct error err = {0};

	if (!p->hello.leftovers)
		return;
	made_files_record(leftovers_begin(p->hello.leftovers, &err));
	if (err.msg)
		thread_host_log(p, 1, err.msg);
	error_done(&err);
}

/* ---- open and close ---- */

static void fail_open(struct worker_process *p, int32_t code)
{
	_cleanup_(str_done) struct str text = {0};
	const char *name, *hint, *words = call_words(p);
	enum dvs_class class = call_class(p, code, &name, &hint);

	str_add(&text, *words ? words : "the driver's open() failed");
	call_add_code(&text, code, name, hint);
	leave_unopened(p, class, text.s);
}

/* A copy: variables of a run, and setenv() of a driver between runs, must not change each other's
 * memory. */
static void thread_keep_environment(struct worker_process *p)
{
	size_t n = 0;

	while (environ[n])
		n++;
	p->base_env = xcalloc(n + 1, sizeof(*p->base_env));
	memcpy(p->base_env, environ, n * sizeof(*p->base_env));
	environ = (char **)p->base_env;
	pthread_mutex_lock(&p->channel.in_lock);
	p->channel.base_env = p->base_env;
	pthread_mutex_unlock(&p->channel.in_lock);
}

static void open_device(struct worker_process *p)
{
	const struct dvs_driver *d;
	struct error err = {0};
	struct dvs_text room = call_err(p);
	void *ctx = NULL;
	int32_t rc;

	call_begin(p, CALL_OPEN);
	d = driver_find(p->hello.driver, &err);
	if (!d)
		leave_unopened(p, DVS_CONFIG, err.msg);
	atomic_store(&p->driver, d);
	rc = d->open(&p->host, p->hello.device, p->hello.options, &ctx, &room);
	call_end(p);
	if (rc != 0)
		fail_open(p, rc);
	atomic_store(&p->ctx, ctx);
}

static _noreturn_ void close_device(struct worker_process *p)
{
	const struct dvs_driver *d = atomic_load(&p->driver);

	worker_busy(p);
	call_begin(p, CALL_CLOSE);
	if (d->close)
		d->close(atomic_load(&p->ctx));
	call_end(p);
	fflush(NULL);
	_exit(0);
}

static void thread_set_up(struct worker_process *p)
{
	p->host = (struct dvs_host){
		.size = sizeof(p->host),
		.user = p,
		.log = thread_host_log,
		.progress = thread_host_progress,
		.is_cancelled = thread_host_is_cancelled,
		.now_ns = thread_host_now_ns,
		.committed = thread_host_committed,
		.leaves = thread_host_leaves,
	};
	prctl(PR_SET_NAME, "dvs-driver");
	prctl(PR_SET_TIMERSLACK, 1000); /* pauses of 50 us between polls need it */
	atomic_store(&p->driver_tid, (pid_t)syscall(SYS_gettid));
	confine_init(&p->confine, p->hello.scratch_root);
	p->log.fd = -1;
	p->pid = getpid();
	p->result = xmalloc(RESULT_ROOM);
}

void *driver_thread(void *process)
{
	struct worker_process *p = process;

	thread_set_up(p);
	lock_device(p);
	begin_leftovers(p);
	open_device(p);
	thread_keep_environment(p);
	getrusage(RUSAGE_SELF, &p->usage);
	worker_idle(p);
	device_put_empty(&p->out, DEVICE_OPENED);
	channel_send(&p->channel, &p->out);
	for (;;) {
		if (run_next(p))
			continue;
		if (atomic_load(&p->channel.is_closing))
			close_device(p);
		channel_wait_idle(&p->channel);
	}
	return NULL;
}
