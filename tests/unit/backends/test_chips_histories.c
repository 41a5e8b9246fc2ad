/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random histories of the chips backend: random jobs, workers that open, hang, fail and die at
 * random moments, kills, pauses, a lack of processes. Events are data to the pool, so in some steps
 * several events happen in any order before the pool's turn, and a message of a worker may arrive
 * long after its board has changed. The invariants are checked after every step. At the end the
 * faults stop, and every job must end, every unit must be given back, and the backend must close.
 *
 * DVSCHED_CHIPS_RUNS: number of histories; DVSCHED_CHIPS_SEED: number of the first (or only) one.
 */
#include "chips_history.h"

#include <math.h>
#include <signal.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "device/lock/lock.h"
#include "temp_dir.h"

struct history h;

static unsigned below(unsigned n)
{
	return next_random(&h.random) % n;
}

static bool is_trouble(void)
{
	return !h.is_calm && below(1000) < h.trouble;
}

/* ---- events ---- */

static void random_settings(void)
{
	static const double idles_s[] = {0, 3, 60}, walls_s[] = {0, 400},
			    reserves_s[] = {0.5, 5, 30};
	struct chips_settings *s = &world.settings;

	s->idle_s = idles_s[below(3)];
	s->wall_s = walls_s[below(2)];
	s->reserve_after_s = reserves_s[below(3)];
	s->has_affinity = below(3) > 0;
	s->max_streak = 1 + below(6);
	s->max_runs = below(2) ? 0 : 1 + below(4);
	s->max_age_s = below(4) ? 0 : 30;
	s->health.marks = 1 + below(3);
	s->health.quarantine_s = 20 + below(60);
	for (uint32_t i = 0; i < s->n_devices; i++) {
		if (below(4) == 0)
			world.devices[i].domain = -1;
		if (!h.is_calm && below(8) == 0)
			world.stored[i] = (struct device_health){
				.state = (enum health_state)below(HEALTH_STATE_COUNT),
				.until_wall_s = clock_wall(&world.clock.clock) + below(100)};
	}
}

static bool has_domain_of_two(void)
{
	for (uint32_t i = 0; i < world.settings.n_devices; i++)
		for (uint32_t k = 0; k < i; k++)
			if (world.devices[i].domain >= 0 &&
			    world.devices[i].domain == world.devices[k].domain)
				return true;
	return false;
}

static void random_job(void)
{
	struct fake_job *j = job_new(1 + below(below(2) ? world.settings.n_devices : 1));
	struct chips_request *q = &j->request;

	q->image_key = 1 + below(3);
	q->open_options = below(4) ? "{}" : "{\"runtime\":\"b\"}";
	q->same_domain = q->n_devices == 2 && has_domain_of_two() && below(2);
	if (below(4) == 0)
		q->has_barrier = !q->has_barrier;
	q->is_borrowed = below(4) == 0;
	q->env_name = "MY_DEVICES";
	q->fail_fast = below(4) > 0;
	q->run_s = world.settings.wall_s <= 0 || below(4) ? 30 + below(60) : 0;
	q->stall_s = below(2) ? 10 : 0;
	q->open_s = 40;
	q->queue_s = !h.is_calm && below(4) == 0 ? 1 + below(60) : 0;
	j->rules.grace_s = below(2) ? -1 : (int)below(4);
	h.is_breaker[j->job.n] = !h.is_calm && below(6) == 0;
	job_submit(j);
}

static void try_again(struct fake_job *j)
{
	bool is_new = j->state == FAKE_NONE && j->attempt == 0;
	bool is_failed = j->state == FAKE_ENDED && j->result.status != JOB_PASSED && j->attempt < 4;

	if (is_new || (is_failed && !j->is_killed))
		job_submit(j);
}

static void kill_one(struct fake_job *j)
{
	if (j->state != FAKE_SUBMITTED && j->state != FAKE_STARTED)
		return;
	j->is_killed = true;
	world.backend->ops->kill(world.backend, &j->job, below(2) ? KILL_TERM : KILL_NOW,
				 REASON_USER);
}

static enum dvs_class random_class(void)
{
	return (enum dvs_class)(DVS_JOB + below(DVS_CLASS_COUNT - DVS_JOB));
}

static void end_killed(struct device_worker *w)
{
	if (!w->is_immortal)
		worker_dies(w);
	else if (world.clock.now_s >= w->killed_s + 5)
		worker_stays(w);
}

static void go_wrong(struct device_worker *w)
{
	switch (below(5)) {
	case 0:
		w->is_stuck = true;
		w->has_failed = w->state == FAKE_RUNS && below(2);
		w->is_stopped = below(2);
		w->is_immortal = below(4) == 0;
		return;
	case 1:
		if (w->state == FAKE_RUNS)
			worker_fails_and_dies(w, random_class());
		return;
	case 2:
		worker_dies(w);
		return;
	default:
		if (w->state == FAKE_RUNS)
			worker_ends(w, random_class(), below(4) == 0);
		else if (w->state == FAKE_OPENING)
			worker_opens_not(w, random_class(), "it does not open");
	}
}

static bool *is_broken(const struct device_worker *w)
{
	return &h.is_broken[w->options->device];
}

/* A job that breaks its devices does, and most of them do not open then; or one is broken still. */
static bool is_breaking(struct device_worker *w)
{
	if (w->state == FAKE_OPENING && *is_broken(w)) {
		worker_opens_not(w, DVS_WEDGE, "it does not open");
		return true;
	}
	if (w->state != FAKE_RUNS || below(3) ||
	    !h.is_breaker[container_of((struct job_spec *)(uintptr_t)w->spec, struct fake_job, spec)
				  ->job.n])
		return false;
	*is_broken(w) = below(4) > 0;
	worker_ends(w, DVS_WEDGE, false);
	return true;
}

/* It says that it is through, and is idle: that is not read yet. */
static bool is_word_sent(struct device_worker *w)
{
	bool can_say = w->state == FAKE_OPENING || (w->state == FAKE_RUNS && !w->waits_for_go);

	if (h.is_calm || !can_say || w->is_killed || below(8))
		return false;
	atomic_store(&w->board.beat_ns, 0);
	return w->has_word = true;
}

/* Of a process that was killed meanwhile, too. */
static void word_arrives(struct device_worker *w)
{
	w->has_word = false;
	if (w->state == FAKE_OPENING)
		worker_opens(w);
	else
		worker_ends(w, is_trouble() ? random_class() : DVS_OK, false);
}

/* One action of this worker, spontaneous or requested. */
static void one_event(struct device_worker *w)
{
	if (w->is_gone) {
		return;
	} else if (w->has_word) {
		if (below(3) == 0)
			word_arrives(w);
	} else if (w->is_killed && below(10)) {
		end_killed(w);
	} else if (w->is_asked && !w->is_stopped && below(2)) {
		worker_answers(w);
	} else if (w->is_stuck) {
		return;
	} else if (is_trouble()) {
		go_wrong(w);
	} else if (!w->is_killed && is_breaking(w)) {
		return;
	} else if (w->state == FAKE_IDLE || w->is_killed || is_word_sent(w)) {
		return;
	} else {
		atomic_store(&w->board.evidence, below(3));
		worker_goes_through(w);
	}
}

static void one_event_of(struct slot *s)
{
	if (s->is_gone)
		return;
	if (is_trouble())
		slot_dies(s);
	else if (s->has_job && !h.is_calm)
		slot_ends(s, below(2));
	else
		slot_goes_through(s);
}

/* Without faults no job is delayed for long. */
static void some_events(void)
{
	for (uint32_t i = 0; h.is_calm && i < world.settings.n_devices; i++)
		if (worker_on((int32_t)i) && below(8))
			one_event(worker_on((int32_t)i));
	for (unsigned k = h.is_calm ? 0 : below(6); k > 0; k--)
		if (world.n_workers)
			one_event(world.workers[below(world.n_workers)]);
	if (world.n_slots && below(3) == 0)
		one_event_of(world.slots[below(world.n_slots)]);
}

static void pass_some_time(void)
{
	static const double often_s[] = {0, 0.01, 0.1, 0.5}, seldom_s[] = {3, 20, 70};

	world_pass(h.is_calm || below(20) ? often_s[below(4)] : seldom_s[below(3)]);
}

static void one_step(void)
{
	struct fake_job *any = world.n_jobs ? &world.jobs[below(world.n_jobs)] : NULL;

	world.gathers = below(2);
	if (world.n_jobs < MOST_JOBS && below(4) == 0)
		random_job();
	else if (any && below(4) == 0)
		try_again(any);
	if (any && !h.is_calm && below(40) == 0)
		kill_one(any);
	if (!h.is_calm && below(60) == 0)
		world.backend->ops->pause(world.backend, !world.c->is_paused);
	if (!h.is_calm)
		world.cannot_start = below(60) == 0;
	if (below(40) == 0)
		h.is_broken[below(MOST_DEVICES)] = false;
	for (unsigned k = world.gathers ? 1 + below(4) : 1; k > 0; k--)
		some_events();
	world.gathers = false;
	pass_some_time(); /* gathered messages are read first */
}

/* ---- other processes ---- */

static char lock_dir[] = "/tmp/dvs-histories-XXXXXX";

static void others_take(uint32_t i)
{
	char *path = device_lock_path(lock_dir, "sim", (int32_t)i);
	pid_t holder;

	h.theirs[i] = device_lock_take(path, &holder);
	free(path);
}

/* Another process starts or stops waiting for a device, takes it, or releases it. */
static void others_act(void)
{
	uint32_t i = below(world.settings.n_devices);

	if (!world.settings.lock_dir || below(4))
		return;
	if (below(2))
		world.is_others[i] = !world.is_others[i];
	else if (h.theirs[i] >= 0)
		closep(&h.theirs[i]);
	else
		others_take(i);
	if (below(4)) /* otherwise there is no event */
		others_change();
}

static void others_leave(void)
{
	for (uint32_t i = 0; i < world.settings.n_devices && world.settings.lock_dir; i++) {
		world.is_others[i] = h.was_others[i] = false;
		closep(&h.theirs[i]);
	}
	if (world.settings.lock_dir)
		others_change();
}

static void others_begin(void)
{
	for (uint32_t i = 0; i < MOST_DEVICES; i++)
		h.theirs[i] = -1;
	if (h.is_calm || below(2))
		return;
	world.settings.lock_dir = lock_dir;
	for (uint32_t i = 0; i < world.settings.n_devices; i++)
		world.devices[i].family = "sim";
}

/* ---- the end ---- */

static bool are_all_over(void)
{
	for (uint32_t i = 0; i < world.n_jobs; i++)
		if (world.jobs[i].state == FAKE_SUBMITTED || world.jobs[i].state == FAKE_STARTED)
			return false;
	return true;
}

/* All workers that do not hang do as they are asked. */
static void go_well(void)
{
	for (uint32_t i = 0; i < world.settings.n_devices; i++) {
		struct device_worker *w = worker_on((int32_t)i);

		if (!w)
			continue;
		if (w->has_word)
			word_arrives(w);
		else if (w->is_killed)
			end_killed(w);
		else if (w->state == FAKE_OPENING && !w->is_stuck && is_breaking(w))
			continue;
		else if (!w->is_stuck && w->state != FAKE_IDLE)
			worker_goes_through(w);
	}
	if (world.n_slots)
		slot_goes_through(world.slots[0]);
	world_pass(0.25);
}

static void on_closed(void *ctx, const char *trouble)
{
	(void)ctx;
	(void)trouble;
	assert_false(world.is_closed);
	world.is_closed = true;
}

static void end_well(void)
{
	world.cannot_start = false;
	others_leave();
	world.backend->ops->pause(world.backend, false);
	for (unsigned k = 0; k < 8000 && !are_all_over(); k++) {
		go_well();
		history_check_books();
		history_check_locks();
	}
	if (!are_all_over())
		fail_msg("jobs do not end");
	assert_true(list_is_empty(&world.c->gangs) && list_is_empty(&world.c->queue) &&
		    list_is_empty(&world.c->lends));
	world.backend->ops->close(world.backend, on_closed, NULL);
	for (unsigned k = 0; k < 2000 && !world.is_closed; k++)
		go_well();
	if (!world.is_closed)
		fail_msg("the backend does not close");
	assert_int_equal(world.n_workers, 0);
	world_pass(1000); /* and nothing happens any more */
}

static void live_through(unsigned seed, bool is_calm)
{
	h = (struct history){.seed = seed, .random = seed * 2654435761u + 1, .is_calm = is_calm};
	below(2);
	h.trouble = 5 + below(2) * below(300);
	world_init(1 + below(6));
	world.has_beats = true;
	world.ended = history_check_row;
	random_settings();
	others_begin();
	world_begin();
	for (unsigned k = 100 + below(200); k > 0; k--) {
		others_act();
		memcpy(h.was_others, world.is_others, sizeof(h.was_others));
		one_step();
		history_check_books();
		history_check_locks();
		history_check_patience();
	}
	end_well();
	world_done();
	h.seed = 0;
}

/* ---- many of them ---- */

static unsigned number(const char *name, unsigned usual)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : usual;
}

static void on_abort(int sig)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "# history %u, %s\n", h.seed,
			 h.is_calm ? "calm" : "in trouble");

	(void)sig;
	if (write(STDERR_FILENO, text, (size_t)n) < 0)
		_exit(1);
}

static void tell_gang(const struct gang *g)
{
	print_message("# gang of %s:%s%s%s cause %d\n", g->job->job->spec->id,
		      g->is_started ? " started" : "", g->is_released ? " released" : "",
		      g->is_ending ? " ending" : "", g->cause);
	for (uint32_t i = 0; i < g->n; i++)
		print_message("#   rank %u: state %d class %d, on device %d\n", i,
			      g->ranks[i].state, g->ranks[i].end.class,
			      g->ranks[i].unit->device->id);
}

static void tell_unit(const struct unit *u)
{
	const struct device_worker *w = u->worker;

	print_message("# device %d: state %d, %s%s, again in %.1fs;", u->device->id, u->state,
		      health_state_name(u->health.state), u->is_probe ? ", a probe" : "",
		      u->retry_at_s - world.clock.now_s);
	if (w)
		print_message(" worker %u: state %d phase %u%s%s%s%s%s", w->number, w->state,
			      atomic_load(&w->board.phase), w->is_stuck ? " stuck" : "",
			      w->is_stopped ? " stopped" : "", w->is_killed ? " killed" : "",
			      w->is_closed ? " closed" : "", w->is_cancelled ? " cancelled" : "");
	print_message("\n");
}

static int tell_all(void **state)
{
	(void)state;
	if (!h.seed)
		return 0;
	on_abort(0);
	list_for_each (it, &world.c->queue)
		print_message("# %s waits for %u\n",
			      list_entry(it, struct chips_job, link)->job->spec->id,
			      list_entry(it, struct chips_job, link)->request->n_devices);
	list_for_each (it, &world.c->gangs)
		tell_gang(list_entry(it, struct gang, link));
	for (uint32_t i = 0; i < world.c->n_units; i++)
		tell_unit(&world.c->units[i]);
	return 0;
}

static void live_many(bool is_calm, unsigned n)
{
	unsigned first = number("DVSCHED_CHIPS_SEED", 1);
	uint32_t n_passed = 0, n_other = 0;

	signal(SIGABRT, on_abort);
	n = number("DVSCHED_CHIPS_RUNS", n);
	for (unsigned i = 0; i < n; i++) {
		live_through(first + i, is_calm);
		n_passed += h.n_passed;
		n_other += h.n_other;
	}
	print_message("# %u histories: %u attempts passed, %u did not\n", n, n_passed, n_other);
	if (n > 10)
		assert_true(n_passed > n && (is_calm ? n_other == 0 : n_other > n));
}

static void jobs_end_once_and_devices_come_back(void **state)
{
	(void)state;
	live_many(false, 2000);
}

static void nobody_waits_for_ever(void **state)
{
	(void)state;
	live_many(true, 500);
}

static int make_lock_dir(void **state)
{
	(void)state;
	return temp_dir_make(lock_dir) ? 0 : -1;
}

static int remove_lock_dir(void **state)
{
	(void)state;
	return fs_remove_tree(lock_dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(jobs_end_once_and_devices_come_back, tell_all),
		cmocka_unit_test_teardown(nobody_waits_for_ever, tell_all),
	};

	return cmocka_run_group_tests(tests, make_lock_dir, remove_lock_dir);
}
