/* SPDX-License-Identifier: Apache-2.0 */
/* The heartbeat of a worker: its timer runs while the driver thread is busy. */
#include <sys/timerfd.h>

#include "device/process/process.h"

enum { BEAT_NS = 100 * 1000 * 1000 };

static void beat_set_ticks(struct worker_process *p, long ns)
{
	struct itimerspec t = {{0, ns}, {0, ns}};

	timerfd_settime(p->tick_fd, 0, &t, NULL);
}

/*
 * The timer goes on from run to run; the main thread stops it when the driver thread is idle. The
 * thread that sets is_ticking starts the timer. After clearing is_ticking the main thread checks
 * is_busy once more, so that no run is without heartbeats.
 */
void worker_busy(struct worker_process *p)
{
	atomic_store(&p->board->beat_ns, board_now_ns());
	atomic_fetch_add(&p->n_begun, 1);
	atomic_store(&p->is_busy, true);
	if (!atomic_exchange(&p->is_ticking, true))
		beat_set_ticks(p, BEAT_NS);
}

void worker_idle(struct worker_process *p)
{
	atomic_store(&p->is_busy, false);
	atomic_store(&p->board->beat_ns, 0);
}

void worker_stop_ticking(struct worker_process *p, uint64_t last_beat_ns)
{
	/* Removes a heartbeat that the main thread wrote after worker_idle(). */
	atomic_compare_exchange_strong(&p->board->beat_ns, &last_beat_ns, 0);
	beat_set_ticks(p, 0);
	atomic_store(&p->is_ticking, false);
	if (atomic_load(&p->is_busy) && !atomic_exchange(&p->is_ticking, true))
		beat_set_ticks(p, BEAT_NS);
}
