/* SPDX-License-Identifier: Apache-2.0 */
#include "device/process/channel.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "device/lock/lock.h"
#include "workspace/needs.h"

enum { IS_CONFUSED = 70 };

/* The socket was closed: kills the process and its group. */
static _noreturn_ void channel_lost(void)
{
	kill(0, SIGKILL);
	_exit(0);
}

void channel_confused(void)
{
	_exit(IS_CONFUSED);
}

static void eventfd_post(int fd)
{
	uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void eventfd_clear(int fd)
{
	uint64_t n;

	while (read(fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

void channel_init(struct channel *l)
{
	pthread_mutex_init(&l->in_lock, NULL);
	pthread_mutex_init(&l->out_lock, NULL);
	l->nudge_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->hello_fd = l->run_fd = -1;
	link_init(&l->link, PROC_SOCKET_FD, CHANNEL_DESCRIPTORS);
	if (l->nudge_fd < 0 || l->wake_fd < 0)
		channel_confused();
}

/* ---- in ---- */

static int next_descriptor(struct channel *l)
{
	int fd = link_take_descriptor(&l->link);

	if (fd < 0)
		channel_confused();
	return fd;
}

static void keep_frame(struct str *to, const struct wire *w, bool *ret_is_there)
{
	if (*ret_is_there)
		channel_confused();
	str_clear(to);
	str_addn(to, w->at, (size_t)(w->end - w->at));
	*ret_is_there = true;
}

static uint64_t take_epoch(struct wire *w)
{
	uint64_t epoch = wire_u64(w);

	if (!w->ok)
		channel_confused();
	return epoch;
}

/* true: the frame is for the driver thread. */
static bool channel_take_frame(struct channel *l, uint8_t type, struct wire *w)
{
	switch (type) {
	case DEVICE_HELLO:
		keep_frame(&l->hello, w, &l->has_hello);
		l->hello_fd = next_descriptor(l);
		return false;
	case DEVICE_LOCK:
		device_lock_sign(next_descriptor(l)); /* open until the end of the process */
		l->has_lock = true;
		return false;
	case DEVICE_RULES:
		if (!shared_rules_take(l->rules, w, l->base_env))
			channel_confused();
		return false;
	case DEVICE_NEEDS:
		if (!needs_take(&l->needs, w))
			channel_confused();
		return false;
	case DEVICE_RUN:
		keep_frame(&l->run, w, &l->has_run);
		l->run_fd = device_run_has_shared(*w) ? next_descriptor(l) : -1;
		return true;
	case DEVICE_GO:
		atomic_store(&l->go_epoch, take_epoch(w));
		return true;
	case DEVICE_CANCEL:
		atomic_store(&l->cancel_epoch, take_epoch(w));
		return true;
	case DEVICE_CLOSE:
		atomic_store(&l->is_closing, true);
		return true;
	case DEVICE_DIAGNOSE:
		atomic_store(&l->wants_diagnosis, true);
		eventfd_post(l->wake_fd);
		return false;
	default:
		channel_confused();
	}
}

static bool channel_take_frames(struct channel *l)
{
	bool is_for_driver = false;
	struct wire w;
	uint8_t type;
	int rc;

	while ((rc = link_next(&l->link, &type, &w)) > 0)
		is_for_driver |= channel_take_frame(l, type, &w);
	if (rc < 0)
		channel_confused();
	return is_for_driver;
}

/* true: a frame came for the driver thread. */
static bool channel_read_frames(struct channel *l, enum link_wait wait)
{
	enum link_result state = link_read(&l->link, wait);

	if (state == LINK_WRONG)
		channel_confused();
	if (link_is_end(state))
		channel_lost();
	return state == LINK_OK && channel_take_frames(l);
}

void channel_read(struct channel *l)
{
	bool is_for_driver;

	pthread_mutex_lock(&l->in_lock);
	is_for_driver = channel_read_frames(l, LINK_NOW);
	pthread_mutex_unlock(&l->in_lock);
	if (is_for_driver)
		eventfd_post(l->nudge_fd);
}

void channel_wait(struct channel *l, int64_t most_ns)
{
	struct timespec most = {most_ns / 1000000000, most_ns % 1000000000};
	struct pollfd fds[2] = {{.fd = PROC_SOCKET_FD, .events = POLLIN},
				{.fd = l->nudge_fd, .events = POLLIN}};

	if (ppoll(fds, 2, most_ns < 0 ? NULL : &most, NULL) <= 0)
		return;
	if (fds[1].revents)
		eventfd_clear(l->nudge_fd);
	if (!fds[0].revents)
		return;
	pthread_mutex_lock(&l->in_lock);
	channel_read_frames(l, LINK_NOW);
	pthread_mutex_unlock(&l->in_lock);
}

/*
 * Each thread first stores its own flag, then loads the other's. So either the driver thread sees
 * that the main thread reads, too, or the main thread sees that the driver thread is idle, and does
 * not read.
 */
void channel_share(struct channel *l, const _Atomic bool *is_busy)
{
	bool is_shared = atomic_load(is_busy);

	atomic_store(&l->is_shared, is_shared);
	if (is_shared && !atomic_load(is_busy))
		atomic_store(&l->is_shared, false);
}

void channel_wait_idle(struct channel *l)
{
	if (atomic_load(&l->is_shared)) {
		channel_wait(l, -1);
		return;
	}
	pthread_mutex_lock(&l->in_lock);
	channel_read_frames(l, LINK_WAIT);
	pthread_mutex_unlock(&l->in_lock);
}

bool channel_take_run(struct channel *l, struct str *frame, struct str *needs,
		      struct device_run *ret, int *ret_shared_fd)
{
	struct str was = *frame;
	bool is_there;
	struct wire w;

	pthread_mutex_lock(&l->in_lock);
	is_there = l->has_run;
	if (is_there) {
		*frame = l->run;
		l->run = was;
		str_done(needs);
		*needs = l->needs;
		l->needs = (struct str){0};
		*ret_shared_fd = l->run_fd;
		l->run_fd = -1;
		l->has_run = false;
	}
	pthread_mutex_unlock(&l->in_lock);
	if (!is_there)
		return false;
	w = (struct wire){frame->s, frame->s + frame->len, true};
	if (!device_take_run(&w, ret))
		channel_confused();
	return true;
}

/* ---- out ---- */

void channel_send(struct channel *l, const struct str *frames)
{
	pthread_mutex_lock(&l->out_lock);
	str_addn(&l->link.out, frames->s, frames->len);
	if (link_send(&l->link) < 0)
		channel_lost();
	pthread_mutex_unlock(&l->out_lock);
}
