/* SPDX-License-Identifier: Apache-2.0 */
/* Boards and workers, in the place of device/worker. */
#include "chips_double.h"

#include <assert.h>
#include <signal.h>

#include "base/mem.h"

/* ---- boards ---- */

uint64_t board_now_ns(void)
{
	return (uint64_t)(world.clock.now_s * 1e9);
}

const char *board_phase_name(enum run_phase p)
{
	static const char *const names[] = {"none",	"taken", "loaded",   "armed",
					    "launched", "ran",	 "finished", "failed"};

	return names[p];
}

const char *board_call_name(enum driver_call c)
{
	static const char *const names[] = {"none",   "open",  "load",	 "join",     "prepare",
					    "launch", "poll",  "finish", "abort",    "leave",
					    "unload", "reset", "close",	 "classify", "is_usable"};

	return names[c];
}

/* ---- workers ---- */

struct device_worker *device_worker_new(struct ev_loop *loop,
					const struct device_worker_options *options,
					const struct device_worker_handler *handler, void *ctx,
					struct error *err)
{
	struct device_worker *w;

	(void)loop;
	if (world.cannot_start) {
		error_plain(err, "no process can be made");
		return NULL;
	}
	assert(world.n_workers < MOST_WORKERS && !worker_on(options->device));
	w = xcalloc(1, sizeof(*w));
	w->options = options;
	w->handler = handler;
	w->ctx = ctx;
	w->number = ++world.n_made;
	world.workers[world.n_workers++] = w;
	world.n_acts++;
	return w;
}

void device_worker_run(struct device_worker *w, const struct device_request *r)
{
	/* The process may be dying without a report yet; but not after a kill or a close.
	 */
	assert(w->state == FAKE_IDLE && !w->is_killed && !w->is_gone && r->epoch);
	w->state = FAKE_RUNS;
	w->epoch = r->epoch;
	w->rank = r->rank;
	w->n_ranks = r->n_ranks;
	w->spec = r->spec;
	w->request = *r;
	w->waits_for_go = r->waits_for_go;
	w->is_released = w->is_cancelled = false;
	world.n_acts++;
}

void device_worker_go(struct device_worker *w, uint64_t epoch)
{
	assert(w->state != FAKE_RUNS || (epoch == w->epoch && !w->is_released));
	w->is_released = true;
	world.n_acts++;
}

void device_worker_cancel(struct device_worker *w, uint64_t epoch)
{
	if (w->state == FAKE_RUNS && w->epoch == epoch)
		w->is_cancelled = true;
	world.n_acts++;
}

void device_worker_diagnose(struct device_worker *w)
{
	w->is_asked = true;
	world.n_acts++;
}

void device_worker_close(struct device_worker *w)
{
	assert(w->state == FAKE_IDLE && !w->is_killed && !w->is_gone);
	w->state = FAKE_ENDING;
	w->is_closed = true;
	world.n_acts++;
}

void device_worker_kill(struct device_worker *w)
{
	if (w->is_killed || w->is_gone)
		return;
	w->is_killed = true;
	w->killed_s = world.clock.now_s;
	world.n_acts++;
}

void device_worker_free(struct device_worker *w)
{
	if (!w)
		return;
	for (uint32_t i = 0; i < world.n_workers; i++)
		if (world.workers[i] == w) {
			world.workers[i] = world.workers[--world.n_workers];
			free(w);
			return;
		}
	fail_msg("a worker is freed twice");
}

const struct board *device_worker_board(const struct device_worker *w)
{
	return &w->board;
}

pid_t device_worker_pid(const struct device_worker *w)
{
	return (pid_t)w->number;
}

bool device_worker_has_failed(const struct device_worker *w)
{
	return w->has_failed;
}

bool device_worker_is_idle(const struct device_worker *w)
{
	return w->state == FAKE_IDLE && !w->is_killed && !w->is_gone;
}

struct device_worker *worker_on(int32_t device)
{
	for (uint32_t i = 0; i < world.n_workers; i++)
		if (world.workers[i]->options->device == device && !world.workers[i]->is_gone)
			return world.workers[i];
	return NULL;
}

void worker_opens(struct device_worker *w)
{
	assert(w->state == FAKE_OPENING);
	w->state = FAKE_IDLE;
	atomic_store(&w->board.beat_ns, 0);
	w->handler->opened(w, w->ctx);
	world_settle();
}

void worker_opens_not(struct device_worker *w, enum dvs_class class, const char *text)
{
	assert(w->state == FAKE_OPENING);
	w->state = FAKE_ENDING;
	w->handler->open_failed(w, w->ctx, class, text);
	world_settle();
}

void worker_reaches(struct device_worker *w, enum run_phase phase)
{
	bool is_gang = w->n_ranks > 1 || w->waits_for_go;

	assert(w->state == FAKE_RUNS);
	atomic_store(&w->board.epoch, w->epoch);
	if (phase == PHASE_TAKEN)
		for (unsigned i = 0; i < PHASE_COUNT; i++)
			atomic_store(&w->board.stamp_ns[i], 0);
	atomic_store(&w->board.phase, phase);
	atomic_store(&w->board.stamp_ns[phase], board_now_ns());
	if (phase == PHASE_LAUNCHED) /* the clock is read twice */
		atomic_store(&w->board.progress_ns, board_now_ns() - 700);
	if (is_gang && (phase == PHASE_TAKEN || phase == PHASE_ARMED || phase == PHASE_LAUNCHED))
		w->handler->phase(w, w->ctx, w->epoch, phase);
	world_settle();
}

static void tell_end(struct device_worker *w, enum dvs_class class, bool is_spent)
{
	const struct class_fate *fate = device_class_fate(class);
	struct device_result r = {
		.epoch = w->epoch,
		.class = class,
		.phase = (enum run_phase)atomic_load(&w->board.phase),
		.is_spent = is_spent,
		.text = class == DVS_OK ? NULL : "it went wrong",
		.verdict = {.status = fate->status,
			    .reason = fate->reason,
			    .exit_status = -1,
			    .usage = {.user_s = 2, .system_s = 1, .max_rss_kib = 100 + w->rank}},
	};

	for (unsigned i = 0; i < PHASE_COUNT; i++)
		r.stamp_ns[i] = atomic_load(&w->board.stamp_ns[i]);
	atomic_store(&w->board.beat_ns, 0);
	w->handler->ended(w, w->ctx, &r);
}

void worker_ends(struct device_worker *w, enum dvs_class class, bool is_spent)
{
	assert(w->state == FAKE_RUNS);
	w->state = FAKE_IDLE;
	tell_end(w, class, is_spent);
	world_settle();
}

void worker_fails_by_log(struct device_worker *w)
{
	const struct device_result r = {
		.epoch = w->epoch,
		.class = DVS_OK,
		.phase = PHASE_FINISHED,
		.verdict = {.status = JOB_FAILED,
			    .reason = REASON_FAIL_PATTERN,
			    .message = "ERROR: no",
			    .exit_status = -1},
	};

	assert(w->state == FAKE_RUNS);
	w->state = FAKE_IDLE;
	w->handler->ended(w, w->ctx, &r);
}

void worker_answers(struct device_worker *w)
{
	w->is_asked = false;
	w->handler->diagnosed(w, w->ctx, "it hangs\n");
	world_settle();
}

static void go(struct device_worker *w, int status, const char *why)
{
	w->state = FAKE_ENDING;
	w->is_gone = true;
	w->handler->died(w, w->ctx, status, why);
	world_settle();
}

void worker_fails_and_dies(struct device_worker *w, enum dvs_class class)
{
	assert(w->state == FAKE_RUNS);
	w->state = FAKE_ENDING;
	w->is_gone = true;
	tell_end(w, class, false);
	go(w, SIGSEGV, "died of a signal");
}

void worker_dies(struct device_worker *w)
{
	bool is_own = w->is_closed && !w->is_killed;

	go(w, is_own ? 0 : SIGKILL, is_own ? "ended" : "died of a signal");
}

void worker_stays(struct device_worker *w)
{
	assert(w->is_killed);
	go(w, -1, "is still there after SIGKILL");
}

void worker_goes_through(struct device_worker *w)
{
	if (w->is_killed || w->is_closed || (w->state == FAKE_ENDING)) {
		worker_dies(w);
		return;
	}
	if (w->state == FAKE_OPENING) {
		worker_opens(w);
	} else if (w->state == FAKE_RUNS) {
		enum run_phase at = atomic_load(&w->board.epoch) == w->epoch
					    ? (enum run_phase)atomic_load(&w->board.phase)
					    : PHASE_NONE;

		if (w->is_cancelled)
			worker_ends(w, DVS_PEER, false);
		else if (at == PHASE_ARMED && w->waits_for_go && !w->is_released)
			return;
		else if (at < PHASE_FINISHED)
			worker_reaches(w, at + 1);
		else
			worker_ends(w, DVS_OK, false);
	}
}
