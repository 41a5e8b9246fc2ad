/* SPDX-License-Identifier: Apache-2.0 */
#include "chips_double.h"

#include <assert.h>
#include <math.h>
#include <signal.h>

#include "base/mem.h"
#include "device/lock/queue.h"

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

/* What has just been done is heard at once, unless a test gathers events. */
static void world_settle(void)
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

/* ---- boards ---- */

uint64_t board_now_ns(void)
{
	return (uint64_t)(world.clock.now_s * 1e9);
}

const char *board_phase_name(enum run_phase p)
{
	(void)p;
	return "some";
}

const char *board_call_name(enum driver_call c)
{
	(void)c;
	return "call";
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
	/* A process may be dying, and nobody knows yet; but not one that we have killed or closed.
	 */
	assert(w->state == FAKE_IDLE && !w->is_killed && !w->is_gone && r->epoch);
	w->state = FAKE_RUNS;
	w->epoch = r->epoch;
	w->rank = r->rank;
	w->n_ranks = r->n_ranks;
	w->spec = r->spec;
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

/* ---- other processes ---- */

struct device_queue *device_queue_new(struct ev_loop *loop, const char *dir,
				      void (*changed)(void *ctx), void *ctx)
{
	(void)loop;
	(void)dir;
	world.others_changed = changed;
	return ctx;
}

void device_queue_free(struct device_queue *q)
{
	(void)q;
	world.others_changed = NULL;
}

bool device_queue_is_others(struct device_queue *q, const char *device)
{
	(void)q;
	return world.is_others[atoi(strrchr(device, '-') + 1)];
}

void device_queue_wait(struct device_queue *q, const char *devices)
{
	(void)q;
	world.n_places += !world.wants[0];
	snprintf(world.wants, sizeof(world.wants), "%s", devices);
}

void device_queue_leave(struct device_queue *q)
{
	(void)q;
	world.wants[0] = '\0';
}

bool device_queue_waits(const struct device_queue *q)
{
	(void)q;
	return world.wants[0];
}

void others_change(void)
{
	world.others_changed(world.c);
	world_turn();
}

/* ---- slots ---- */

struct slot *slot_new(struct ev_loop *loop, const struct slot_options *options,
		      const struct slot_handler *handler, void *ctx, struct error *err)
{
	struct slot *s;

	(void)loop;
	(void)options;
	if (world.cannot_start) {
		error_plain(err, "no process can be made");
		return NULL;
	}
	assert(world.n_slots < MOST_SLOTS);
	s = xcalloc(1, sizeof(*s));
	s->handler = handler;
	s->ctx = ctx;
	world.slots[world.n_slots++] = s;
	world.n_acts++;
	return s;
}

void slot_run(struct slot *s, const struct job_spec *spec, uint32_t attempt, const char *const *env,
	      const struct job_needs *needs)
{
	(void)spec;
	(void)attempt;
	(void)needs;
	assert(!s->has_job && !s->is_closed && str_starts(env[0], "DVSCHED_DEVICES="));
	s->has_job = true;
	world.n_acts++;
}

void slot_give_terminal(struct slot *s, const struct slot_terminal *terminal)
{
	(void)s, (void)terminal;
}

void slot_type(struct slot *s, const char *bytes, size_t n)
{
	(void)s, (void)bytes, (void)n;
}

void slot_resize(struct slot *s, uint16_t rows, uint16_t columns)
{
	(void)s, (void)rows, (void)columns;
}

void slot_continue(struct slot *s)
{
	(void)s;
}

void slot_listen(struct slot *s, bool listens)
{
	(void)s, (void)listens;
}

void slot_kill(struct slot *s, bool now, enum job_reason reason)
{
	(void)now;
	if (s->is_killed || !s->has_job)
		return;
	s->is_killed = true;
	s->reason = reason;
	world.n_acts++;
}

void slot_pause(struct slot *s, bool is_paused)
{
	assert(s->is_paused != is_paused);
	s->is_paused = is_paused;
}

void slot_close(struct slot *s)
{
	assert(!s->has_job && !s->is_closed);
	if (s->is_gone)
		return;
	s->is_closed = true;
	world.n_acts++;
}

void slot_free(struct slot *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < world.n_slots; i++)
		if (world.slots[i] == s) {
			world.slots[i] = world.slots[--world.n_slots];
			free(s);
			return;
		}
	fail_msg("a slot is freed twice");
}

enum job_reason slot_lost_reason(const struct slot *s)
{
	return s->is_killed ? s->reason : REASON_LOST;
}

bool slot_measure(const struct slot *s, struct job_load *ret)
{
	*ret = (struct job_load){.n_processes = 1};
	return s->has_job;
}

void slot_ends(struct slot *s, bool is_good)
{
	struct job_result r = {.status = JOB_PASSED, .exit_status = 0};

	assert(s->has_job);
	s->has_job = false;
	if (!is_good)
		r = (struct job_result){
			.status = JOB_FAILED, .reason = REASON_EXIT, .message = "it failed"};
	if (s->is_killed)
		r = (struct job_result){.status = JOB_KILLED, .reason = s->reason};
	s->handler->ended(s, s->ctx, &r);
	world_settle();
}

void slot_dies(struct slot *s)
{
	s->has_job = false;
	s->is_gone = true;
	s->handler->died(s, s->ctx, "it died");
	world_settle();
}

void slot_goes_through(struct slot *s)
{
	if (s->has_job)
		slot_ends(s, true);
	else
		slot_dies(s);
}

/* ---- settings, requests, health ---- */

const char *chips_clock_name(enum chips_clock c)
{
	static const char *const names[] = {"queue", "open",   "load", "join",
					    "run",   "finish", "reset"};

	return names[c];
}

struct chips_settings *chips_settings_read(struct arena *mem, const struct backend_env *env,
					   struct diags *diags)
{
	(void)mem;
	(void)env;
	(void)diags;
	return &world.settings;
}

struct chips_request *chips_request_read(struct arena *mem, const struct chips_settings *s,
					 const struct job_spec *spec, struct diags *diags)
{
	(void)mem;
	(void)s;
	(void)diags;
	return &container_of((struct job_spec *)(uintptr_t)spec, struct fake_job, spec)->request;
}

int health_load(const char *state_dir, const char *driver, int32_t id, struct device_health *ret,
		struct error *err)
{
	(void)state_dir;
	(void)driver;
	if (world.is_unreadable[id])
		return error_plain(err, "not what dvsched writes");
	*ret = world.stored[id];
	return 0;
}

int health_lock(const char *state_dir, const char *driver, int32_t id, unsigned wait_ms)
{
	(void)state_dir;
	(void)driver;
	(void)id;
	world.lock_ms += wait_ms;
	return -1;
}

int health_store(const char *state_dir, const char *driver, int32_t id,
		 const struct device_health *h, struct error *err)
{
	(void)state_dir;
	(void)driver;
	if (world.is_unwritable[id])
		return error_plain(err, "cannot be written");
	world.stored[id] = *h;
	world.n_acts++;
	return 0;
}

/* ---- the scheduler ---- */

static struct fake_job *fake_of(const struct job *job)
{
	return container_of((struct job *)(uintptr_t)job, struct fake_job, job);
}

const char *const *sched_job_env(const struct job *job)
{
	(void)job;
	return NULL;
}

struct job_needs sched_job_needs(const struct job *job)
{
	(void)job;
	return (struct job_needs){0};
}

void sched_job_started(const struct job *job, const char *where)
{
	struct fake_job *j = fake_of(job);

	if (j->state != FAKE_SUBMITTED)
		fail_msg("job %s is started in state %d", j->id, j->state);
	j->state = FAKE_STARTED;
	j->n_started++;
	j->started_s = world.clock.now_s;
	snprintf(j->where, sizeof(j->where), "%s", where);
	world.n_acts++;
}

void sched_job_ended(const struct job *job, const struct job_result *result)
{
	struct fake_job *j = fake_of(job);

	if (j->state != FAKE_SUBMITTED && j->state != FAKE_STARTED)
		fail_msg("job %s ends in state %d", j->id, j->state);
	if (j->state == FAKE_SUBMITTED && result->status != JOB_KILLED)
		fail_msg("job %s was never started, and its status is %d", j->id, result->status);
	if (!job_status_is_final(result->status))
		fail_msg("job %s ends without a status", j->id);
	j->state = FAKE_ENDED;
	j->n_ended++;
	j->ended_s = world.clock.now_s;
	j->result = *result;
	snprintf(j->message, sizeof(j->message), "%s", result->message ? result->message : "");
	snprintf(j->context, sizeof(j->context), "%s", result->context ? result->context : "");
	snprintf(j->details, sizeof(j->details), "%s", result->details ? result->details : "");
	world.n_acts++;
	if (world.ended)
		world.ended(j);
}

void sched_backend_capacity(struct backend *b)
{
	(void)b;
	world.n_capacity++;
}

double sched_waits_after_s(const struct sched *s)
{
	(void)s;
	return 10;
}

void sched_job_waits(const struct job *job, const char *what)
{
	struct fake_job *j = fake_of(job);

	if (j->state != FAKE_SUBMITTED)
		fail_msg("job %s is said to wait in state %d", j->id, j->state);
	snprintf(world.waits, sizeof(world.waits), "%s: %s", j->id, what);
	world.n_waits++;
}

struct fake_job *job_new(uint32_t n_devices)
{
	struct fake_job *j = &world.jobs[world.n_jobs];

	assert(world.n_jobs < MOST_JOBS);
	memset(j, 0, sizeof(*j));
	snprintf(j->id, sizeof(j->id), "j%u", world.n_jobs);
	j->job.n = world.n_jobs++;
	j->job.spec = &j->spec;
	j->spec.id = j->spec.name = j->id;
	j->spec.rules = &j->rules;
	j->rules.grace_s = -1;
	j->request = (struct chips_request){
		.n_devices = n_devices,
		.has_barrier = n_devices > 1,
		.has_join = n_devices > 1,
		.fail_fast = true,
		.open_options = "{}",
		.image_key = 1,
		.open_s = 300,
		.run_s = 60,
		.stall_s = 10,
	};
	return j;
}

enum submit job_submit(struct fake_job *j)
{
	struct error why = {0};
	enum submit answer;
	enum fake_job_state was = j->state;

	assert(was == FAKE_NONE || was == FAKE_ENDED);
	j->state = FAKE_SUBMITTED;
	j->submitted_s = world.clock.now_s;
	answer = world.backend->ops->submit(world.backend, &j->job, ++j->attempt, &why);
	error_done(&why);
	if (answer != SUBMIT_ACCEPTED) {
		j->attempt--;
		j->state = was;
	}
	return answer;
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

struct fake_job *job_submitted(uint32_t n_devices)
{
	struct fake_job *j = job_new(n_devices);

	assert_int_equal(job_submit(j), SUBMIT_ACCEPTED);
	return j;
}

void job_goes_through(struct fake_job *j)
{
	for (int k = 0; k < 100 && j->state != FAKE_ENDED; k++)
		for (uint32_t i = 0; i < world.settings.n_devices; i++)
			if (worker_on((int32_t)i))
				worker_goes_through(worker_on((int32_t)i));
	assert_int_equal(j->state, FAKE_ENDED);
}

/* ---- the world ---- */

void world_init(uint32_t n_devices)
{
	struct chips_settings *s = &world.settings;

	assert(n_devices <= MOST_DEVICES);
	memset(&world, 0, sizeof(world));
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
	static char loop; /* nobody looks into it */
	const struct backend_env env = {
		.name = "chips",
		.loop = (struct ev_loop *)(void *)&loop,
		.clock = &world.clock.clock,
		.scratch_root = "/nowhere",
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
}
