/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched chips clear`, `quarantine` and `probe`: actions of a user on devices. */
#include <ev.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cli/chips/chips_cmd.h"
#include "cli/chips/pools.h"
#include "cli/load/load.h"
#include "cli/output/final_out.h"
#include "device/health/health.h"
#include "device/health/places.h"
#include "device/lock/lock.h"
#include "device/worker/worker.h"
#include "io/loop.h"

static const struct src_pos nowhere;

struct targets {
	struct chips_target *at; /* in the arena of the arguments */
	size_t n, cap;
};

/* Finds the devices of all words, before anything is done to the first one. */
static int find_targets(const struct args *args, const struct chips_words *w, struct targets *ret,
			struct diags *diags)
{
	struct chips_pools pools;

	*ret = (struct targets){0};
	if (chips_pools_find(args, w->cfg, &pools, diags) < 0)
		return -1;
	for (size_t i = 0; i < w->n_devices; i++) {
		struct chips_target *some;
		size_t n;

		if (chips_pools_resolve(args, &pools, w->devices[i], &some, &n, diags) < 0)
			continue;
		for (size_t k = 0; k < n; k++)
			vec_push_in(args->mem, ret, some[k]);
	}
	return diags->n_errors ? -1 : 0;
}

static void tend_say(const struct chips_target *t, const char *what)
{
	_cleanup_(str_done) struct str line = {0};

	str_printf(&line, "%s/%d: ", t->pool->name, t->device->id);
	str_add_printable(&line, what, strlen(what));
	str_addc(&line, '\n');
	final_write(line.s, line.len);
}

static void tend_refuse(struct diags *diags, struct error *err)
{
	diag_infra(diags, diag_error(diags, nowhere, "%s", err->msg));
	error_done(err);
}

/* ---- clear ---- */

/* The machine's stored health also applies, and this user may not change it. */
static void add_machine(struct str *to, const struct chips_pool *p, const struct chips_device *d)
{
	struct device_health there;
	struct error err = {0};

	if (!p->machine_dir)
		return;
	if (health_load(p->machine_dir, d->family, d->machine_id, &there, &err) < 0)
		error_done(&err);
	str_add(to, to->len ? "; for you alone: "
			    : "no stored health for this device; for you alone: ");
	places_add_closed(to, p->machine_dir);
	if (health_is_usable(&there))
		return;
	str_add(to, ", where it is ");
	health_add_state(to, &there, clock_wall(clock_real()));
}

static void clear_one(const struct chips_target *t, struct diags *diags)
{
	const struct chips_pool *p = t->pool;
	const struct chips_device *d = chips_pool_known(p, t->device);
	_cleanup_(str_done) struct str what = {0};
	struct device_health was;
	struct error err = {0};
	bool is_unreadable = false;
	_cleanup_(closep) int lock = health_lock(p->state_dir, d->family, d->machine_id,
						 HEALTH_LOCK_MS);

	(void)lock;
	if (health_load(p->state_dir, d->family, d->machine_id, &was, &err) < 0) {
		is_unreadable = true;
		str_add(&what, "its stored health could not be read");
		error_done(&err);
	} else {
		str_add(&what, "it was ");
		health_add_state(&what, &was, clock_wall(clock_real()));
	}
	if (health_clear(p->state_dir, d->family, d->machine_id, &err) < 0) {
		tend_refuse(diags, &err);
		return;
	}
	if (was.state == HEALTH_UNKNOWN && was.n_marks == 0 && !is_unreadable)
		str_clear(&what);
	else
		str_add(&what, "; cleared");
	add_machine(&what, p, d);
	tend_say(t, what.len ? what.s : "no stored health for this device");
}

int chips_clear(const struct args *args, const struct chips_words *w, struct diags *diags)
{
	struct targets all;

	if (find_targets(args, w, &all, diags) < 0)
		return EXIT_USAGE;
	for (size_t i = 0; i < all.n; i++)
		clear_one(&all.at[i], diags);
	return EXIT_PASSED;
}

/* ---- quarantine ---- */

static void quarantine_one(const struct chips_target *t, const char *why, double for_s,
			   struct diags *diags)
{
	const struct chips_pool *p = t->pool;
	const struct chips_device *d = chips_pool_known(p, t->device);
	_cleanup_(str_done) struct str what = {0};
	struct device_health h;
	struct error err = {0};
	_cleanup_(closep) int lock = health_lock(p->state_dir, d->family, d->machine_id,
						 HEALTH_LOCK_MS);

	(void)lock;
	/* A file that cannot be read is replaced. */
	if (health_load(p->state_dir, d->family, d->machine_id, &h, &err) < 0)
		error_done(&err);
	health_set_aside(&h, why, for_s, clock_wall(clock_real()));
	if (health_store(p->state_dir, d->family, d->machine_id, &h, &err) < 0) {
		tend_refuse(diags, &err);
		return;
	}
	health_add_state(&what, &h, clock_wall(clock_real()));
	add_machine(&what, p, d);
	tend_say(t, what.s);
}

int chips_quarantine(const struct args *args, const struct chips_words *w, struct diags *diags)
{
	const char *why = opt_word(args, OPT_WHY, NULL);
	double for_s = opt_duration(args, OPT_FOR, INFINITY, diags);
	struct targets all;

	if (!why || !*why)
		diag_hint(diag_error(diags, nowhere, "'chips quarantine': --why is missing"),
			  "users of the device see it as the reason");
	if (diags->n_errors || find_targets(args, w, &all, diags) < 0)
		return EXIT_USAGE;
	for (size_t i = 0; i < all.n; i++)
		quarantine_one(&all.at[i], why, for_s, diags);
	return EXIT_PASSED;
}

/* ---- probe ---- */

static const double usual_open_s = 60;

/* A worker that opens a device and closes it again. */
struct trial {
	const struct chips_target *target;
	struct ev_loop *loop;
	struct device_worker *worker;
	ev_timer limit;
	double limit_s, start_s, open_s, close_s; /* open_s < 0: not open */
	bool is_late;
	struct str why; /* why it failed; "": it did not */
};

static double passed_s(const struct trial *t)
{
	return clock_now(clock_real()) - t->start_s;
}

static void on_tend_opened(struct device_worker *w, void *ctx)
{
	struct trial *t = ctx;

	t->open_s = passed_s(t);
	t->start_s += t->open_s;
	ev_timer_again(t->loop, &t->limit);
	device_worker_close(w);
}

static void on_tend_open_failed(struct device_worker *w, void *ctx, enum dvs_class class,
				const char *text)
{
	struct trial *t = ctx;

	(void)w;
	if (!t->is_late)
		str_printf(&t->why, "%s: %s", device_class_name(class), text ? text : "no reason");
}

static void on_tend_died(struct device_worker *w, void *ctx, int status, const char *why)
{
	struct trial *t = ctx;

	t->close_s = passed_s(t);
	if (t->open_s < 0 && t->why.len == 0)
		str_add(&t->why, why);
	else if (t->open_s >= 0 && status != 0)
		str_printf(&t->why, "when it closed: %s", why);
	device_worker_free(w);
	t->worker = NULL;
	ev_break(t->loop, EVBREAK_ALL);
}

static void on_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct trial *t = w->data;

	(void)revents;
	ev_timer_stop(loop, w);
	t->is_late = true;
	str_printf(&t->why, "it did not %s within ", t->open_s < 0 ? "open" : "close");
	duration_add(&t->why, t->limit_s);
	device_worker_kill(t->worker);
}

static void no_phase(struct device_worker *w, void *ctx, uint64_t epoch, enum run_phase phase)
{
	(void)w;
	(void)ctx;
	(void)epoch;
	(void)phase;
}

static void no_end(struct device_worker *w, void *ctx, const struct device_result *result)
{
	(void)w;
	(void)ctx;
	(void)result;
}

static void no_answer(struct device_worker *w, void *ctx, const char *text)
{
	(void)w;
	(void)ctx;
	(void)text;
}

static const struct device_worker_handler handler = {
	.opened = on_tend_opened,
	.open_failed = on_tend_open_failed,
	.phase = no_phase,
	.ended = no_end,
	.diagnosed = no_answer,
	.died = on_tend_died,
};

static void tend_start_worker(struct trial *t, const struct device_worker_options *o)
{
	struct error err = {0};

	t->open_s = -1;
	t->start_s = clock_now(clock_real());
	t->worker = device_worker_new(t->loop, o, &handler, t, &err);
	if (!t->worker) {
		str_add(&t->why, err.msg);
		error_done(&err);
		return;
	}
	ev_init(&t->limit, on_late);
	t->limit.data = t;
	t->limit.repeat = t->limit_s;
	ev_timer_again(t->loop, &t->limit);
	ev_run(t->loop, 0);
	ev_timer_stop(t->loop, &t->limit);
}

static void add_short(struct str *out, const char *before, double s)
{
	str_add(out, before);
	if (s < 1)
		str_printf(out, "%.1f ms", s * 1e3);
	else
		duration_add(out, s);
}

static void write_trial(struct json_out *j, const struct trial *t)
{
	jout_object(j);
	jout_key_string(j, "pool", t->target->pool->name);
	jout_key_int(j, "id", t->target->device->id);
	jout_key_bool(j, "opened", t->open_s >= 0);
	if (t->open_s >= 0) {
		jout_key_real(j, "open_s", t->open_s, 6);
		jout_key_real(j, "close_s", t->close_s, 6);
	}
	jout_key_string(j, "why", t->why.len ? t->why.s : NULL);
	jout_object_end(j);
}

static void say_trial(const struct trial *t)
{
	_cleanup_(str_done) struct str text = {0};

	if (t->why.len) {
		tend_say(t->target, t->why.s);
		return;
	}
	add_short(&text, "opened in ", t->open_s);
	add_short(&text, ", closed in ", t->close_s);
	tend_say(t->target, text.s);
}

/* Opens and closes a device. json NULL: prints a line. false: it failed. */
static bool tend_try_device(const struct chips_target *target, struct ev_loop *loop, double limit_s,
			    struct json_out *json)
{
	const struct chips_pool *p = target->pool;
	const struct chips_device *d = chips_pool_known(p, target->device);
	_cleanup_(freep) char *lock = NULL;
	struct device_worker_options o = {
		.driver = p->driver,
		.device = target->device->id,
		.options = p->options,
		.scratch_root = "/",
		.state_dir = p->state_dir,
	};
	struct trial t = {.target = target, .loop = loop, .limit_s = limit_s};
	bool is_good;

	if (limit_s <= 0)
		t.limit_s = p->open_s > 0 ? p->open_s : usual_open_s;
	if (p->lock_dir)
		lock = device_lock_path(p->lock_dir, d->family, d->machine_id);
	o.lock_path = lock;
	tend_start_worker(&t, &o);
	is_good = t.why.len == 0;
	if (json)
		write_trial(json, &t);
	else
		say_trial(&t);
	str_done(&t.why);
	return is_good;
}

int chips_probe(const struct args *args, const struct chips_words *w, struct diags *diags)
{
	double limit_s = opt_duration(args, OPT_TIMEOUT, 0, diags);
	struct targets all;
	struct ev_loop *loop;
	struct json_out json;
	bool is_good = true, has_json = opt_has(args, OPT_JSON);

	if (find_targets(args, w, &all, diags) < 0)
		return EXIT_USAGE;
	loop = loop_new();
	jout_init(&json, -1, 2);
	jout_array(&json);
	for (size_t i = 0; i < all.n; i++)
		is_good = tend_try_device(&all.at[i], loop, limit_s, has_json ? &json : NULL) &&
			  is_good;
	jout_array_end(&json);
	if (has_json)
		final_json(&json);
	else
		jout_done(&json);
	ev_loop_destroy(loop);
	return is_good ? EXIT_PASSED : EXIT_INFRA;
}
