/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a worker, and its main thread, which sleeps unless a run or an open takes long. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/numa.h"
#include "base/proc.h"
#include "device/process/process.h"

/* State of the main thread. */
struct watch {
	struct worker_process *p;
	uint64_t beat_ns; /* the last one */
	uint32_t n_begun; /* at the last tick */
};

static void on_tick(struct watch *m)
{
	struct worker_process *p = m->p;
	uint32_t n = atomic_load(&p->n_begun);
	bool is_busy = atomic_load(&p->is_busy);

	eventfd_clear(p->tick_fd);
	if (is_busy && n == m->n_begun) /* the same run as at the last tick */
		channel_share(&p->channel, &p->is_busy);
	else
		atomic_store(&p->channel.is_shared, false);
	m->n_begun = n;
	if (!is_busy) {
		worker_stop_ticking(p, m->beat_ns);
		return;
	}
	m->beat_ns = board_now_ns();
	atomic_store(&p->board->beat_ns, m->beat_ns);
}

static void process_answer(struct worker_process *p)
{
	_cleanup_(str_done) struct str text = {0}, frame = {0};

	diagnosis_write(p, &text);
	device_put_text(&frame, DEVICE_DIAGNOSED, text.s);
	channel_send(&p->channel, &frame);
}

static _noreturn_ void process_watch(struct worker_process *p)
{
	struct watch m = {.p = p};
	struct pollfd fds[3] = {{.fd = p->tick_fd, .events = POLLIN},
				{.fd = p->channel.wake_fd, .events = POLLIN},
				{.fd = PROC_SOCKET_FD, .events = POLLIN}};

	for (;;) {
		bool reads = atomic_load(&p->channel.is_shared);

		fds[2].revents = 0;
		if (poll(fds, reads ? 3 : 2, -1) < 0)
			continue;
		if (fds[0].revents)
			on_tick(&m);
		if (fds[1].revents)
			eventfd_clear(p->channel.wake_fd);
		if (fds[2].revents)
			channel_read(&p->channel);
		if (atomic_exchange(&p->channel.wants_diagnosis, false))
			process_answer(p);
	}
}

static void read_hello(struct worker_process *p)
{
	struct error err = {0};
	struct wire w;

	while (!p->channel.has_hello)
		channel_wait(&p->channel, -1);
	w = (struct wire){p->channel.hello.s, p->channel.hello.s + p->channel.hello.len, true};
	p->board = board_map(p->channel.hello_fd, &err);
	closep(&p->channel.hello_fd);
	if (!p->board || !device_take_hello(&w, &p->hello))
		channel_confused();
}

/* Output of drivers goes there while no job has a log. stdout is line-buffered, so at most part of
 * a line is lost with the process. */
static void open_own_log(struct worker_process *p)
{
	const char *path = p->hello.log_path;

	p->own_log_fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY,
				    0666)
			     : -1;
	if (p->own_log_fd < 0)
		p->own_log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	dup2(p->own_log_fd, STDOUT_FILENO);
	dup2(p->own_log_fd, STDERR_FILENO);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

int worker_main(void)
{
	struct worker_process *p = xcalloc(1, sizeof(*p));
	pthread_t thread;

	proc_become("dvs-device");
	proc_end_with_parent();
	channel_init(&p->channel);
	read_hello(p);
	open_own_log(p);
	p->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (p->tick_fd < 0)
		channel_confused();
	worker_busy(p); /* until the device is open */
	atomic_store(&p->channel.is_shared, true);
	numa_pin(p->hello.cpus, p->hello.numa);
	if (pthread_create(&thread, NULL, driver_thread, p) != 0)
		channel_confused();
	process_watch(p);
}
