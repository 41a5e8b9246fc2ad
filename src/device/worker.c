/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's end of a device worker. */
#include "device/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "device/device_wire.h"
#include "device/temp_images.h"
#include "exec/tree.h"
#include "exec/verdict_text.h"

enum { READ_SIZE = 16 * 1024, PASSENGERS = 4, FREE_PATIENCE_MS = 2000 };

/* From the end of the socket to a kill, and from a kill until it is given up. */
static const double linger_s = 1, give_up_s = 5;
/* Without a pidfd: how often it is asked whether it has ended. */
static const double ask_s = 0.005;

enum worker_state { WORKER_OPENING, WORKER_IDLE, WORKER_RUNS, WORKER_ENDING };

/* A descriptor that goes with the byte at `at` of what is sent. */
struct passenger {
	size_t at;
	int fd;
};

struct device_worker {
	struct ev_loop *loop;
	const struct device_worker_options *options;
	const struct device_worker_handler *handler;
	void *ctx;
	struct proc proc; /* pid 0: reaped */
	int pid_fd;
	struct board *board;
	ev_io readable, writable, ended;
	ev_timer late; /* it should have ended by now */
	bool is_killed, is_eof;
	enum worker_state state;
	uint64_t epoch; /* of the run that is there; 0: none */
	struct str in, out;
	size_t out_sent;
	struct passenger passengers[PASSENGERS];
	unsigned n_passengers;
	const struct job_rules *rules[SLOT_RULES]; /* what the process has, by place */
	struct str cause;			   /* of a run that has failed and not ended */
	struct temp_images images;
};

/* ---- the end ---- */

static void forget_process(struct device_worker *w)
{
	ev_io_stop(w->loop, &w->readable);
	ev_io_stop(w->loop, &w->writable);
	ev_io_stop(w->loop, &w->ended);
	ev_timer_stop(w->loop, &w->late);
	closep(&w->proc.fd);
	closep(&w->pid_fd);
}

static void kill_group(const struct device_worker *w)
{
	kill(-w->proc.pid, SIGKILL);
	kill(w->proc.pid, SIGKILL);
}

/* As long as it is not reaped its number, and its group's, are nobody else's. */
static bool reap(struct device_worker *w, int *ret_status)
{
	siginfo_t end = {0};
	int rc = waitid(P_PID, (id_t)w->proc.pid, &end, WEXITED | WNOHANG | WNOWAIT);

	*ret_status = 0;
	if (rc == 0 && end.si_pid == 0)
		return false;
	if (rc < 0 && errno != ECHILD) /* which would be somebody else who reaped it */
		return false;
	if (rc == 0)
		kill(-w->proc.pid, SIGKILL);
	waitpid(w->proc.pid, ret_status, WNOHANG);
	w->proc.pid = 0;
	return true;
}

/* "in finish() for 3.2s" */
static void add_last_call(const struct device_worker *w, struct str *to)
{
	enum driver_call call = (enum driver_call)atomic_load(&w->board->call);
	uint64_t since = atomic_load(&w->board->call_since_ns), now = board_now_ns();

	if (call == CALL_NONE)
		return;
	str_printf(to, " in %s()", board_call_name(call));
	if (w->is_killed && now > since) {
		str_add(to, " for ");
		duration_add(to, (double)(now - since) * 1e-9);
	}
}

static void tell_end(const struct device_worker *w, pid_t pid, int status, struct str *to)
{
	str_printf(to, "the worker for device %d (%s, pid %d) ", w->options->device,
		   w->options->driver, (int)pid);
	if (WIFSIGNALED(status) && w->is_killed)
		str_add(to, "was killed");
	else if (WIFSIGNALED(status))
		str_printf(to, "died of signal %d (%s)", WTERMSIG(status),
			   verdict_signal_name(WTERMSIG(status)));
	else
		str_printf(to, "ended with exit status %d", WEXITSTATUS(status));
	add_last_call(w, to);
}

/* Its run had failed before: that is known, and what it died of comes after. */
static void end_by_cause(struct device_worker *w, const char *why)
{
	_cleanup_(str_done) struct str message = {0};
	struct job_measures measures = {0};
	struct device_result r;
	struct wire wire;

	if (w->cause.len == 0)
		return;
	wire = (struct wire){w->cause.s, w->cause.s + w->cause.len, true};
	if (device_take_result(&wire, &r, &measures)) {
		str_printf(&message, "%s; then %s", r.verdict.message ? r.verdict.message : "",
			   why);
		r.verdict.message = message.s;
		w->handler->ended(w, w->ctx, &r);
	}
	slot_measures_done(&measures);
}

static void report_death(struct device_worker *w, int status, const char *why)
{
	bool had_run = w->state == WORKER_RUNS;

	w->state = WORKER_ENDING;
	forget_process(w);
	temp_images_remove(&w->images);
	if (had_run)
		end_by_cause(w, why);
	w->handler->died(w, w->ctx, status, why);
}

/* true: it has ended, and w may be gone. */
static bool try_reap(struct device_worker *w)
{
	_cleanup_(str_done) struct str why = {0};
	pid_t pid = w->proc.pid;
	int status;

	if (!reap(w, &status))
		return false;
	tell_end(w, pid, status, &why);
	report_death(w, status, why.s);
	return true;
}

static void start_late(struct device_worker *w, double s)
{
	ev_now_update(w->loop);
	ev_timer_stop(w->loop, &w->late);
	ev_timer_set(&w->late, s, 0);
	ev_timer_start(w->loop, &w->late);
}

/* Nothing can end it: it is left to the kernel. */
static void give_up(struct device_worker *w)
{
	_cleanup_(str_done) struct str why = {0};
	struct proc_stat st;

	str_printf(&why, "the worker for device %d (%s, pid %d) is still there after SIGKILL",
		   w->options->device, w->options->driver, (int)w->proc.pid);
	if (proc_stat_read(w->proc.pid, &st))
		str_printf(&why, ", state %c", st.state);
	add_last_call(w, &why);
	report_death(w, -1, why.s);
}

static void on_late(struct ev_loop *loop, ev_timer *timer, int revents)
{
	struct device_worker *w = timer->data;

	(void)loop;
	(void)revents;
	if (try_reap(w))
		return;
	if (w->is_killed)
		give_up(w);
	else
		device_worker_kill(w);
}

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

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			ev_io_start(w->loop, &w->writable);
			return;
		}
		if (n < 0)
			break;
		w->out_sent += (size_t)n;
		if (had_passenger)
			drop_passenger(w);
	}
	ev_io_stop(w->loop, &w->writable);
	str_clear(&w->out);
	w->out_sent = 0;
	while (w->n_passengers)
		drop_passenger(w);
}

static void on_writable(struct ev_loop *loop, ev_io *io, int revents)
{
	(void)loop;
	(void)revents;
	flush(io->data);
}

/* fd goes with the frame that is put next; it is ours from here on. */
static void add_passenger(struct device_worker *w, int fd)
{
	assert(w->n_passengers < PASSENGERS);
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
	slot_measures_done(&measures);
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

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0)
		return -1;
	w->in.len += (size_t)n;
	if (!take_frames(w))
		device_worker_kill(w);
	return 1;
}

static void on_readable(struct ev_loop *loop, ev_io *io, int revents)
{
	struct device_worker *w = io->data;

	(void)revents;
	if (read_some(w) >= 0)
		return;
	ev_io_stop(loop, io);
	w->is_eof = true;
	/* It ends; if a pidfd cannot tell, then by asking. */
	if (!try_reap(w) && !w->is_killed)
		start_late(w, w->pid_fd >= 0 ? linger_s : ask_s);
}

/* It has ended; what it had said before is still to be heard. */
static void on_ended(struct ev_loop *loop, ev_io *io, int revents)
{
	struct device_worker *w = io->data;

	(void)loop;
	(void)revents;
	while (!w->is_eof && read_some(w) > 0)
		;
	try_reap(w);
}

/* ---- the face ---- */

static int open_pid(pid_t pid)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	return -1;
#endif
}

static void watch_process(struct device_worker *w)
{
	ev_io_init(&w->readable, on_readable, w->proc.fd, EV_READ);
	ev_io_init(&w->writable, on_writable, w->proc.fd, EV_WRITE);
	ev_io_init(&w->ended, on_ended, w->pid_fd, EV_READ);
	ev_init(&w->late, on_late);
	w->readable.data = w->writable.data = w->ended.data = w->late.data = w;
	ev_io_start(w->loop, &w->readable);
	if (w->pid_fd >= 0)
		ev_io_start(w->loop, &w->ended);
}

struct device_worker *device_worker_new(struct ev_loop *loop,
					const struct device_worker_options *options,
					const struct device_worker_handler *handler, void *ctx,
					struct error *err)
{
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
	w->pid_fd = open_pid(w->proc.pid);
	watch_process(w);
	add_passenger(w, board_fd);
	device_put_hello(&w->out, options);
	flush(w);
	return w;
}

/* The place of rules in the process; sends them if another kind's stand there. */
static uint32_t place_rules(struct device_worker *w, const struct job_rules *rules)
{
	uint32_t place = (uint32_t)(((uintptr_t)rules >> 4) * 2654435761u) % SLOT_RULES;

	if (w->rules[place] != rules) {
		slot_put_rules(&w->out, place, rules);
		w->rules[place] = rules;
	}
	return place;
}

void device_worker_run(struct device_worker *w, const struct device_request *r)
{
	uint32_t place;

	assert(w->state == WORKER_IDLE && r->epoch);
	w->state = WORKER_RUNS;
	w->epoch = r->epoch;
	place = place_rules(w, r->spec->rules);
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
	temp_images_note(&w->images, w->proc.pid);
	kill_group(w);
	start_late(w, give_up_s);
}

static void wait_for_end(struct device_worker *w)
{
	struct pollfd p = {.fd = w->pid_fd, .events = POLLIN};
	int status, left_ms = FREE_PATIENCE_MS;

	while (!reap(w, &status) && left_ms > 0) {
		poll(&p, 1, p.fd >= 0 ? left_ms : 5);
		left_ms -= p.fd >= 0 ? left_ms : 5;
	}
	if (w->proc.pid)
		reap(w, &status);
}

void device_worker_free(struct device_worker *w)
{
	if (!w)
		return;
	if (w->proc.pid && w->proc.fd >= 0) {
		device_worker_kill(w);
		wait_for_end(w);
	}
	forget_process(w);
	temp_images_remove(&w->images);
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

bool device_worker_is_idle(const struct device_worker *w)
{
	return w->state == WORKER_IDLE && w->proc.pid && !w->is_killed;
}
