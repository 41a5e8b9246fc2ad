/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's end of a device worker. */
#include "device/worker/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "device/leftovers/leftovers.h"
#include "device/worker/parts.h"
#include "workspace/needs.h"

/* From the end of the socket to SIGKILL. */
static const double linger_s = 1;
/* Without a pidfd: how soon to look whether the process has ended. */
static const double ask_s = 0.005;

/* ---- out ---- */

/* Errors are ignored: the death of a worker is noticed when reading. */
static void worker_flush(struct device_worker *w)
{
	port_flush(&w->port, &w->link);
}

static void on_worker_writable(struct port *p)
{
	worker_flush(container_of(p, struct device_worker, port));
}

/* Attaches a copy of fd to the next frame. If it cannot be copied, the process notices that it is
 * missing. */
static void attach_copy(struct device_worker *w, int fd)
{
	link_attach(&w->link, fcntl(fd, F_DUPFD_CLOEXEC, 0));
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

/* A phase of an earlier run is ignored. */
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
	struct job_outcome verdict = {0};
	struct device_result r;
	bool is_good = device_take_result(wire, &r, &verdict) && w->state == WORKER_RUNS &&
		       r.epoch == w->epoch;

	if (is_good) {
		w->state = WORKER_IDLE;
		w->epoch = 0;
		str_clear(&w->cause);
		w->handler->ended(w, w->ctx, &r);
	}
	job_outcome_done(&verdict);
	return is_good;
}

static bool take_diagnosed(struct device_worker *w, struct wire *wire)
{
	const char *text = wire_string(wire);

	if (text)
		w->handler->diagnosed(w, w->ctx, text);
	return text != NULL;
}

/* false: an invalid frame, or one that does not fit the state. */
static bool worker_take_frame(struct device_worker *w, uint8_t type, struct wire *wire)
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

static bool worker_take_frames(struct device_worker *w)
{
	struct wire wire;
	uint8_t type;
	int rc;

	while ((rc = link_next(&w->link, &type, &wire)) > 0)
		if (!worker_take_frame(w, type, &wire))
			return false;
	return rc == 0;
}

/* 1: read something; 0: nothing there; -1: the end. */
static int read_some(struct device_worker *w)
{
	enum link_result state = link_read(&w->link, LINK_NOW);

	if (state != LINK_OK)
		return link_is_end(state) ? -1 : 0;
	if (!worker_take_frames(w))
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
	/* The process ends. Without a pidfd it is looked at by a timer. */
	if (!worker_try_reap(w) && !w->is_killed)
		worker_expect_end(w, w->pid_fd >= 0 ? linger_s : ask_s);
}

/* The process may have ended; frames that it sent before are read first. */
static void on_worker_ended(struct port *p)
{
	struct device_worker *w = container_of(p, struct device_worker, end);

	while (!w->is_eof && read_some(w) > 0)
		;
	worker_try_reap(w);
}

/* ---- the interface ---- */

static void watch_process(struct device_worker *w)
{
	port_init(&w->port, w->loop, w->link.fd, on_worker_readable, on_worker_writable);
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
	struct proc proc;
	int board_fd = -1;

	w->board = board_new(&board_fd, err);
	if (!w->board || proc_start("dvs-device", "__device", &proc, err) < 0) {
		board_free(w->board);
		closep(&board_fd);
		free(w);
		return NULL;
	}
	w->loop = loop;
	w->options = options;
	w->handler = handler;
	w->ctx = ctx;
	w->pid = proc.pid;
	w->pid_fd = proc_open_pidfd(proc.pid);
	link_init(&w->link, proc.fd, 0);
	watch_process(w);
	if (options->lock_fd > 0) {
		attach_copy(w, options->lock_fd);
		device_put_empty(&w->link.out, DEVICE_LOCK);
	}
	link_attach(&w->link, board_fd);
	device_put_hello(&w->link.out, options, leftovers);
	worker_flush(w);
	return w;
}

void device_worker_run(struct device_worker *w, const struct device_request *r)
{
	uint32_t place;

	assert(w->state == WORKER_IDLE && r->epoch);
	w->state = WORKER_RUNS;
	w->epoch = r->epoch;
	place = job_wire_place_rules(&w->places, &w->link.out, DEVICE_RULES, r->spec->rules);
	if (r->needs)
		needs_put(&w->link.out, DEVICE_NEEDS, r->needs);
	if (r->shared_fd >= 0)
		attach_copy(w, r->shared_fd);
	device_put_run(&w->link.out, place, r);
	worker_flush(w);
}

static void send_epoch(struct device_worker *w, enum device_frame type, uint64_t epoch)
{
	if (w->link.fd < 0 || w->state != WORKER_RUNS || epoch != w->epoch)
		return;
	device_put_epoch(&w->link.out, type, epoch);
	worker_flush(w);
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
	if (w->link.fd < 0)
		return;
	device_put_empty(&w->link.out, type);
	worker_flush(w);
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
	if (!w->pid || w->is_killed)
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
	is_sudden = w->pid && w->link.fd >= 0;
	if (is_sudden) {
		device_worker_kill(w);
		worker_wait_for_end(w);
	}
	worker_forget_process(w);
	if (is_sudden && w->options->state_dir)
		leftovers_sweep(w->options->state_dir);
	link_done(&w->link);
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
	return w->pid;
}

bool device_worker_has_failed(const struct device_worker *w)
{
	return w->state == WORKER_RUNS && w->cause.len > 0;
}

bool device_worker_is_idle(const struct device_worker *w)
{
	return w->state == WORKER_IDLE && w->pid && !w->is_killed;
}
