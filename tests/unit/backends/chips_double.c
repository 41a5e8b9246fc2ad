/* SPDX-License-Identifier: Apache-2.0 */
/* The world: its clock, its turns, its begin and end. */
#include "chips_double.h"

#include <assert.h>
#include <fcntl.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

#include "chips_memory.h"

struct world world;

/* ---- timers ---- */

enum { MOST_TIMERS = 128, MOST_IDLE_FIRES = 8 };

static struct {
	ev_timer *timer;
	double at_s;
} timers[MOST_TIMERS];
static uint32_t n_timers;

void ev_timer_start(struct ev_loop *loop, ev_timer *w)
{
	(void)loop;
	assert(n_timers < MOST_TIMERS && isfinite(w->at) && w->repeat <= 0);
	if (w->active)
		return;
	w->active = 1;
	timers[n_timers].timer = w;
	timers[n_timers++].at_s = world.clock.now_s + w->at;
}

void ev_timer_stop(struct ev_loop *loop, ev_timer *w)
{
	(void)loop;
	w->active = 0;
	for (uint32_t i = 0; i < n_timers; i++)
		if (timers[i].timer == w) {
			timers[i] = timers[--n_timers];
			return;
		}
}

/* ---- the turn ---- */

enum { MOST_TURNS = 200 };

void ev_feed_event(struct ev_loop *loop, void *w, int revents)
{
	(void)loop;
	(void)revents;
	assert(!world.woken);
	world.woken = w;
	world.woken->pending = 1;
}

int ev_clear_pending(struct ev_loop *loop, void *w)
{
	(void)loop;
	if (world.woken == w)
		world.woken = NULL;
	((struct ev_watcher *)w)->pending = 0;
	return 0;
}

void world_turn(void)
{
	for (unsigned n = 0; world.woken; n++) {
		struct ev_watcher *w = world.woken;

		if (n > MOST_TURNS)
			fail_msg("turns spin at %.3f", world.clock.now_s);
		ev_clear_pending(NULL, w);
		w->cb(NULL, w, EV_CUSTOM);
	}
}

void world_settle(void)
{
	if (!world.gathers)
		world_turn();
}

static int first_timer(void)
{
	int first = -1;

	for (uint32_t i = 0; i < n_timers; i++)
		if (first < 0 || timers[i].at_s < timers[first].at_s)
			first = (int)i;
	return first;
}

static void beat(void)
{
	for (uint32_t i = 0; i < world.n_workers && world.has_beats; i++) {
		struct device_worker *w = world.workers[i];

		if (!w->is_stopped && !w->has_word &&
		    (w->state == FAKE_OPENING || w->state == FAKE_RUNS))
			atomic_store(&w->board.beat_ns, board_now_ns());
	}
}

/* A timer that fires, does nothing, and fires again at once, is one that spins. */
void world_pass(double s)
{
	double until_s = world.clock.now_s + s, last_s = -1;
	uint32_t n_idle = 0, n_acts = world.n_acts;
	int i;

	world_turn();
	while ((i = first_timer()) >= 0 && timers[i].at_s <= until_s) {
		ev_timer *t = timers[i].timer;

		world.clock.now_s = fmax(world.clock.now_s, timers[i].at_s);
		ev_timer_stop(NULL, t);
		beat();
		t->cb(NULL, t, EV_TIMER);
		world_turn();
		world.n_fired++;
		n_idle = n_acts == world.n_acts && world.clock.now_s < last_s + 0.015 ? n_idle + 1
										      : 0;
		n_acts = world.n_acts;
		last_s = world.clock.now_s;
		if (n_idle > MOST_IDLE_FIRES)
			fail_msg("a timer spins at %.3f", last_s);
	}
	world.clock.now_s = until_s;
	beat();
}

/* ---- the backend's verbs, each with the turn that comes after it ---- */

static enum submit double_submit(struct backend *b, const struct job *job, uint32_t attempt,
				 struct error *why)
{
	enum submit answer = world.real->submit(b, job, attempt, why);

	world_settle();
	return answer;
}

static void double_kill(struct backend *b, const struct job *job, enum kill_level level,
			enum job_reason reason)
{
	world.real->kill(b, job, level, reason);
	world_settle();
}

static void double_pause(struct backend *b, bool is_paused)
{
	world.real->pause(b, is_paused);
	world_settle();
}

static void double_close(struct backend *b, void (*on_closed)(void *ctx, const char *trouble),
			 void *ctx)
{
	world.real->close(b, on_closed, ctx);
	world_settle();
}

static void double_destroy(struct backend *b)
{
	b->ops = world.real;
	world.real->destroy(b);
}

/* ---- the world ---- */

static int first_free_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

static void world_warn(const char *text)
{
	snprintf(world.warned, sizeof(world.warned), "%s", text);
}

void world_init(uint32_t n_devices)
{
	struct chips_settings *s = &world.settings;

	assert(n_devices <= MOST_DEVICES);
	memset(&world, 0, sizeof(world));
	tzset(); /* libc's own memory, once */
	world.n_bytes = memory_in_use();
	world.first_fd = first_free_fd();
	n_timers = 0;
	clock_virtual_init(&world.clock, 1e9);
	world.clock.now_s = 1000;
	*s = (struct chips_settings){
		.name = "chips",
		.driver = "none",
		.driver_name = "none",
		.options = "{}",
		.devices = world.devices,
		.n_devices = n_devices,
		.budget_s = {[CLOCK_OPEN] = 300,
			     [CLOCK_LOAD] = 30,
			     [CLOCK_JOIN] = 60,
			     [CLOCK_FINISH] = 60,
			     [CLOCK_RESET] = 60},
		.stall_s = 10,
		.grace_s = 5,
		.peer_grace_s = 2,
		.has_affinity = true,
		.max_streak = 8,
		.reserve_after_s = 5,
		.deadlock_s = 30,
		.health = {.marks = 2, .window_s = 600, .quarantine_s = 300},
	};
	for (uint32_t i = 0; i < n_devices; i++)
		world.devices[i] = (struct chips_device){.id = (int32_t)i,
							 .machine_id = (int32_t)i,
							 .lent_as = "it",
							 .domain = (int32_t)i / 2};
}

void world_begin(void)
{
	static char loop; /* not checked */
	const struct backend_env env = {
		.name = "chips",
		.loop = (struct ev_loop *)(void *)&loop,
		.clock = &world.clock.clock,
		.scratch_root = "/nowhere",
		.job_nofile = 77,
		.warn = world_warn,
	};

	world.backend = backend_chips_create(&env, NULL);
	world.c = container_of(world.backend, struct chips, base);
	world.real = world.backend->ops;
	world.verbs = *world.real;
	world.verbs.submit = double_submit;
	world.verbs.kill = double_kill;
	world.verbs.pause = double_pause;
	world.verbs.close = double_close;
	world.verbs.destroy = double_destroy;
	world.backend->ops = &world.verbs;
}

void world_done(void)
{
	world.backend->ops->destroy(world.backend);
	assert(n_timers == 0 && world.n_workers == 0 && world.n_slots == 0);
	if (first_free_fd() > world.first_fd)
		fail_msg("descriptor %d is left open", world.first_fd);
	if (memory_in_use() != world.n_bytes)
		fail_msg("%zu bytes of memory are left", memory_in_use() - world.n_bytes);
}
