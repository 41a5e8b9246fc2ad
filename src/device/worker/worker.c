/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's end of a device worker. */
#include "device/worker/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "device/leftovers/leftovers.h"
#include "device/worker/parts.h"
#include "workspace/needs.h"

enum { READ_SIZE = 16 * 1024 };

/* From the end of the socket to a kill. */
static const double linger_s = 1;
/* Without a pidfd: how soon it is asked whether it has ended. */
static const double ask_s = 0.005;

/* ---- out ---- */

/* One piece, with the descriptor that belongs to its first byte. Returns what send() returns. */
static ssize_t send_piece(struct device_worker *w)
{
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(_Alignof(struct cmsghdr))));
	struct iovec from = {w->out.s + w->out_sent, w->out.len - w->out_sent};
	struct msghdr m = {.msg_iov = &from, .msg_iovlen = 1};
	struct passenger *next = w->n_passengers ? &w->passengers[0] : NULL;
	struct cmsghdr *c;

	if (next && next->at > w->out_sent) {
		from.iov_len = next->at - w->out_sent;
	} else if (next) {
		if (w->n_passengers > 1) /* the next one goes with a piece of its own */
			from.iov_len = next[1].at - w->out_sent;
		memset(control, 0, sizeof(control));
		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &next->fd, sizeof(int));
	}
	return sendmsg(w->proc.fd, &m, MSG_NOSIGNAL);
}

static void drop_passenger(struct device_worker *w)
{
	closep(&w->passengers[0].fd);
	w->n_passengers--;
	memmove(w->passengers, w->passengers + 1, w->n_passengers * sizeof(*w->passengers));
}

/* What the socket does not take now goes when it can. A dead worker is noticed otherwise. */
static void flush(struct device_worker *w)
{
	while (w->out_sent < w->out.len) {
		bool had_passenger = w->n_passengers && w->passengers[0].at == w->out_sent;
		ssize_t n = send_piece(w);

		if (n < 0 && port_may_send_again(&w->port, errno))
			return;
		if (n < 0)
			break;
		w->out_sent += (size_t)n;
		if (had_passenger)
			drop_passenger(w);
	}
	port_want_out(&w->port, false);
	str_clear(&w->out);
	w->out_sent = 0;
	while (w->n_passengers)
		drop_passenger(w);
}

static void on_worker_writable(struct port *p)
{
	flush(container_of(p, struct device_worker, port));
}

/* fd goes with the frame that is put next; it is ours from here on. */
static void add_passenger(struct device_worker *w, int fd)
{
	assert(w->n_passengers < WORKER_PASSENGERS);
	w->passengers[w->n_passengers++] = (struct passenger){w->out.len, fd};
}

/* ---- in ---- */

static bool take_open(struct device_worker *w)
{
	if (w->state != WORKER_OPENING)
		return false;
	w->state = WORKER_IDLE;
	w->handler->opened(w, w->ctx);
	return true;
}

static bool take_open_failed(struct device_worker *w, struct wire *wire)
{
	enum dvs_class class;
	const char *text;

	if (w->state != WORKER_OPENING || !device_take_failure(wire, &class, &text))
		return false;
	w->state = WORKER_ENDING;
	w->handler->open_failed(w, w->ctx, class, text);
	return true;
}

/* What belongs to an earlier run is of no interest any more. */
static bool take_phase(struct device_worker *w, struct wire *wire)
{
	enum run_phase phase;
	uint64_t epoch;

	if (!device_take_phase(wire, &epoch, &phase))
		return false;
	if (w->state == WORKER_RUNS && epoch == w->epoch)
		w->handler->phase(w, w->ctx, epoch, phase);
	return true;
}

static bool take_cause(struct device_worker *w, const struct wire *wire)
{
	str_clear(&w->cause);
	str_addn(&w->cause, wire->at, (size_t)(wire->end - wire->at));
	return w->state == WORKER_RUNS;
}

static bool take_ended(struct device_worker *w, struct wire *wire)
{
	struct job_measures measures = {0};
	struct device_result r;
	bool is_good = device_take_result(wire, &r, &measures) && w->state == WORKER_RUNS &&
		       r.epoch == w->epoch;

	if (is_good) {
		w->state = WORKER_IDLE;
		w->epoch = 0;
		str_clear(&w->cause);
		w->handler->ended(w, w->ctx, &r);
	}
	job_wire_measures_done(&measures);
	return is_good;
}

static bool take_diagnosed(struct device_worker *w, struct wire *wire)
{
	const char *text = wire_string(wire);

	if (text)
		w->handler->diagnosed(w, w->ctx, text);
	return text != NULL;
}

/* false: not what a worker says. */
static bool take_frame(struct device_worker *w, uint8_t type, struct wire *wire)
{
	switch (type) {
	case DEVICE_OPENED:
		return take_open(w);
	case DEVICE_OPEN_FAILED:
		return take_open_failed(w, wire);
	case DEVICE_PHASE:
		return take_phase(w, wire);
	case DEVICE_CAUSE:
		return take_cause(w, wire);
	case DEVICE_ENDED:
		return take_ended(w, wire);
	case DEVICE_DIAGNOSED:
		return take_diagnosed(w, wire);
	default:
		return false;
	}
}

static bool take_frames(struct device_worker *w)
{
	size_t at = 0, size;
	struct wire wire;
	uint8_t type;
	int rc;

	while ((rc = wire_next(w->in.s + at, w->in.len - at, &type, &wire, &size)) > 0) {
		at += size;
		if (!take_frame(w, type, &wire))
			return false;
	}
	w->in.len -= at;
	memmove(w->in.s, w->in.s + at, w->in.len);
	return rc == 0;
}

/* 1: read something; 0: nothing there; -1: the end. */
static int read_some(struct device_worker *w)
{
	ssize_t n = read(w->proc.fd, str_reserve(&w->in, READ_SIZE), READ_SIZE);

	if (port_is_end(n, errno))
		return -1;
	if (n < 0)
		return 0;
	w->in.len += (size_t)n;
	if (!take_frames(w))
		device_worker_kill(w);
	return 1;
}

static void on_worker_readable(struct port *p)
{
	struct device_worker *w = container_of(p, struct device_worker, port);

	if (read_some(w) >= 0)
		return;
	port_want_in(p, false);
	w->is_eof = true;
	/* It ends; if a pidfd cannot tell, then by asking. */
	if (!worker_try_reap(w) && !w->is_killed)
		worker_expect_end(w, w->pid_fd >= 0 ? linger_s : ask_s);
}

/* It has ended, or it is only looked at; what it had said before is still to be heard. */
static void on_worker_ended(struct port *p)
{
	struct device_worker *w = container_of(p, struct device_worker, end);

	while (!w->is_eof && read_some(w) > 0)
		;
	worker_try_reap(w);
}

/* ---- the face ---- */

static void watch_process(struct device_worker *w)
{
	port_init(&w->port, w->loop, w->proc.fd, on_worker_readable, on_worker_writable);
	port_init(&w->end, w->loop, w->pid_fd, on_worker_ended, NULL);
	ev_init(&w->late, worker_on_late);
	w->late.data = w;
	port_want_in(&w->port, true);
	port_want_in(&w->end, w->pid_fd >= 0);
}

struct device_worker *device_worker_new(struct ev_loop *loop,
					const struct device_worker_options *options,
					const struct device_worker_handler *handler, void *ctx,
					struct error *err)
{
	_cleanup_(freep) char *leftovers = options->state_dir
						   ? leftovers_new_path(options->state_dir)
						   : NULL;
	struct device_worker *w = xcalloc(1, sizeof(*w));
	int board_fd = -1;

	w->board = board_new(&board_fd, err);
	if (!w->board || proc_start("dvs-device", "__device", &w->proc, err) < 0) {
		board_free(w->board);
		closep(&board_fd);
		free(w);
		return NULL;
	}
	w->loop = loop;
	w->options = options;
	w->handler = handler;
	w->ctx = ctx;
	w->pid_fd = proc_open_pidfd(w->proc.pid);
	watch_process(w);
	if (options->lock_fd > 0) {
		add_passenger(w, fcntl(options->lock_fd, F_DUPFD_CLOEXEC, 0));
		device_put_empty(&w->out, DEVICE_LOCK);
	}
	add_passenger(w, board_fd);
	device_put_hello(&w->out, options, leftovers);
	flush(w);
	return w;
}

void device_worker_run(struct device_worker *w, const struct device_request *r)
{
	uint32_t place;

	assert(w->state == WORKER_IDLE && r->epoch);
	w->state = WORKER_RUNS;
	w->epoch = r->epoch;
	place = job_wire_place_rules(&w->places, &w->out, DEVICE_RULES, r->spec->rules);
	if (r->needs)
		needs_put(&w->out, DEVICE_NEEDS, r->needs);
	if (r->shared_fd >= 0)
		add_passenger(w, fcntl(r->shared_fd, F_DUPFD_CLOEXEC, 0));
	device_put_run(&w->out, place, r);
	flush(w);
}

static void send_epoch(struct device_worker *w, enum device_frame type, uint64_t epoch)
{
	if (w->proc.fd < 0 || w->state != WORKER_RUNS || epoch != w->epoch)
		return;
	device_put_epoch(&w->out, type, epoch);
	flush(w);
}

void device_worker_go(struct device_worker *w, uint64_t epoch)
{
	send_epoch(w, DEVICE_GO, epoch);
}

void device_worker_cancel(struct device_worker *w, uint64_t epoch)
{
	send_epoch(w, DEVICE_CANCEL, epoch);
}

static void send_empty(struct device_worker *w, enum device_frame type)
{
	if (w->proc.fd < 0)
		return;
	device_put_empty(&w->out, type);
	flush(w);
}

void device_worker_diagnose(struct device_worker *w)
{
	send_empty(w, DEVICE_DIAGNOSE);
}

void device_worker_close(struct device_worker *w)
{
	assert(w->state == WORKER_IDLE);
	w->state = WORKER_ENDING;
	send_empty(w, DEVICE_CLOSE);
}

void device_worker_kill(struct device_worker *w)
{
	if (!w->proc.pid || w->is_killed)
		return;
	w->is_killed = true;
	worker_kill_group(w);
	worker_expect_death(w);
}

void device_worker_free(struct device_worker *w)
{
	bool is_sudden;

	if (!w)
		return;
	is_sudden = w->proc.pid && w->proc.fd >= 0;
	if (is_sudden) {
		device_worker_kill(w);
		worker_wait_for_end(w);
	}
	worker_forget_process(w);
	if (is_sudden && w->options->state_dir)
		leftovers_sweep(w->options->state_dir);
	while (w->n_passengers)
		drop_passenger(w);
	str_done(&w->in);
	str_done(&w->out);
	str_done(&w->cause);
	board_free(w->board);
	free(w);
}

const struct board *device_worker_board(const struct device_worker *w)
{
	return w->board;
}

pid_t device_worker_pid(const struct device_worker *w)
{
	return w->proc.pid;
}

bool device_worker_has_failed(const struct device_worker *w)
{
	return w->state == WORKER_RUNS && w->cause.len > 0;
}

bool device_worker_is_idle(const struct device_worker *w)
{
	return w->state == WORKER_IDLE && w->proc.pid && !w->is_killed;
}
