/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Driver sim: each device is a thread that runs small programs or a user's library in real time.
 * Faults of real devices can be injected: docs/reference/drivers.md.
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/drivers.h"
#include "drivers/sim/codes.h"
#include "drivers/sim/device_state.h"
#include "drivers/sim/devices.h"
#include "drivers/sim/run.h"

/* For calls that fail in a poisoned process. */
static int32_t strike_unless_poisoned(struct sim *s, enum sim_point on, struct dvs_text *err)
{
	if (s->poison)
		return sim_fail(err, SIM_POISONED, "this process is of no use since error %d",
				s->poison);
	return sim_strike_call(s, on, err);
}

static uint64_t inner_watch_ns(const char *options)
{
	struct sim_options o;
	uint64_t ns = 0;

	if (sim_options_read(options, &o, NULL) == 0) {
		ns = o.watch.idle_ns;
		sim_options_done(&o);
	}
	return ns;
}

static void count_run(struct sim_device_state *state)
{
	state->n_runs++;
}

/* --- images --- */

static int32_t sim_load(void *ctx, const char *job, uint32_t *ret_slot, struct dvs_text *err)
{
	struct sim *s = ctx;
	json_t *j = NULL, *image;
	int32_t code = strike_unless_poisoned(s, SIM_ON_LOAD, err);

	*ret_slot = 0;
	if (code != 0)
		return code;
	if (!(j = fields_parse(job, "the job", err)))
		return SIM_BAD_JOB;
	code = sim_job_check(j, err);
	image = json_object_get(j, "image");
	if (code == 0 && image)
		code = sim_images_load(&s->images, json_string_value(image), ret_slot, err);
	json_decref(j);
	return code;
}

static int32_t sim_unload(void *ctx, uint32_t slot)
{
	struct sim *s = ctx;
	int32_t code = sim_strike_call(s, SIM_ON_UNLOAD, NULL);

	if (code != 0 || slot == 0) /* slot 0 needs no unloading */
		return code;
	return s->run ? SIM_MISUSE : sim_images_unload(&s->images, slot);
}

/* --- gangs --- */

static int32_t sim_join(void *ctx, const struct dvs_join *j, struct dvs_context *ret,
			struct dvs_text *err)
{
	struct sim *s = ctx;
	struct sim_occasion o = sim_occasion_of(s);
	struct sim_meet *m = NULL;
	int32_t code;

	o.rank = j->rank;
	if (s->meet || s->run)
		return sim_fail(err, SIM_MISUSE, "this rank has joined already");
	if (s->poison)
		return strike_unless_poisoned(s, SIM_ON_JOIN, err);
	code = sim_strike(s, SIM_ON_JOIN, &o, err);
	if (code == 0)
		code = sim_meet_join(j, &s->host, &m, ret, err);
	pthread_mutex_lock(&s->lock);
	s->meet = m;
	pthread_mutex_unlock(&s->lock);
	return code;
}

static int32_t sim_leave(void *ctx)
{
	struct sim *s = ctx;
	struct sim_meet *m = s->meet;
	int32_t code = sim_strike_call(s, SIM_ON_LEAVE, NULL);

	if (s->run)
		return SIM_MISUSE;
	pthread_mutex_lock(&s->lock);
	s->meet = NULL;
	pthread_mutex_unlock(&s->lock);
	sim_meet_leave(m);
	return code;
}

/* --- a run --- */

static void set_run(struct sim *s, struct sim_run *run)
{
	pthread_mutex_lock(&s->lock);
	s->run = run;
	pthread_mutex_unlock(&s->lock);
}

static int32_t sim_prepare(void *ctx, uint32_t slot, const struct dvs_run *r, struct dvs_text *err)
{
	struct sim *s = ctx;
	struct sim_run *run;
	int32_t code;

	if (s->run)
		return sim_fail(err, SIM_MISUSE, "a run is prepared already");
	if (slot != 0 && !sim_images_get(&s->images, slot))
		return sim_fail(err, SIM_MISUSE, "nothing is loaded in slot %u", slot);
	if (s->poison)
		return strike_unless_poisoned(s, SIM_ON_PREPARE, err);
	run = sim_run_new(s, r, slot, err, &code);
	if (!run)
		return code;
	set_run(s, run);
	code = sim_strike_call(s, SIM_ON_PREPARE, err);
	if (code != 0) {
		set_run(s, NULL);
		sim_run_free(run);
	}
	return code;
}

static int32_t sim_check_epoch(const struct sim *s, uint64_t epoch, struct dvs_text *err)
{
	if (s->run && s->run->epoch == epoch)
		return 0;
	return sim_fail(err, SIM_MISUSE, "run %llu is not prepared", (unsigned long long)epoch);
}

static int32_t sim_launch(void *ctx, uint64_t epoch, struct dvs_text *err)
{
	struct sim *s = ctx;
	int32_t code = sim_check_epoch(s, epoch, err);

	if (code != 0 || (code = strike_unless_poisoned(s, SIM_ON_LAUNCH, err)) != 0)
		return code;
	if (atomic_load(&s->run->state) != SIM_PREPARED)
		return sim_fail(err, SIM_MISUSE, "run %llu was launched already",
				(unsigned long long)epoch);
	atomic_store(&s->run->launched_ns, sim_now_ns());
	atomic_store(&s->run->progress_ns, sim_now_ns());
	atomic_store(&s->run->state, SIM_RUNNING);
	if (sim_run_is_short(s->run)) {
		sim_run_execute(s->run);
		return 0;
	}
	pthread_mutex_lock(&s->lock);
	s->work = s->run;
	pthread_cond_signal(&s->has_work);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

static int32_t poll_run(void *ctx, uint64_t epoch, int32_t *ret_is_over, struct dvs_text *err)
{
	struct sim *s = ctx;
	int32_t code = sim_check_epoch(s, epoch, err);

	*ret_is_over = 0;
	if (code != 0 || (code = sim_strike_call(s, SIM_ON_POLL, err)) != 0)
		return code;
	sim_watch_opaque(s->run);
	*ret_is_over = atomic_load(&s->run->state) == SIM_OVER;
	return 0;
}

static int32_t sim_abort_run(void *ctx, uint64_t epoch)
{
	struct sim *s = ctx;
	int32_t code = sim_check_epoch(s, epoch, NULL);

	if (code == 0 && (code = sim_strike_call(s, SIM_ON_ABORT, NULL)) == 0)
		sim_run_cancel(s->run);
	return code;
}

/* Cancels a run that is still running, and waits for its end. */
static void await_end(struct sim_run *run)
{
	if (atomic_load(&run->state) == SIM_RUNNING)
		sim_run_cancel(run);
	while (atomic_load(&run->state) == SIM_RUNNING) {
		uint32_t seen = atomic_load(run->bell);

		if (atomic_load(&run->state) == SIM_RUNNING)
			sim_bell_wait(run->bell, seen, 0);
	}
}

static void sim_write_result(struct sim *s, struct sim_run *run, struct dvs_text *result)
{
	json_t *j = json_deep_copy(run->result), *faults = json_copy(s->open_faults);
	char *text;

	json_array_extend(faults, s->faults);
	json_array_extend(faults, run->faults);
	if (json_array_size(faults))
		json_object_set(j, "faults", faults);
	if (run->image)
		json_object_set_new(j, "image", json_string(run->image->hash));
	text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
	if (result && result->at && text && strlen(text) < result->size)
		strcpy(result->at, text);
	free(text);
	json_decref(j);
	json_decref(faults);
	json_array_clear(s->faults);
}

static int32_t sim_finish(void *ctx, uint64_t epoch, struct dvs_text *result, struct dvs_text *err)
{
	struct sim *s = ctx;
	struct sim_run *run = s->run;
	int32_t code = sim_check_epoch(s, epoch, err), struck;

	if (code != 0)
		return code;
	await_end(run);
	struck = sim_strike_call(s, SIM_ON_FINISH, err);
	code = run->code;
	if (code == 0 && struck == 0 && atomic_load(&run->state) == SIM_OVER)
		code = sim_args_verify(&run->vectors, err);
	else if (code != 0)
		sim_fail(err, code, "%s", run->text);
	if (s->poison == 0 && sim_code_poisons(code))
		s->poison = code;
	sim_write_result(s, run, result);
	set_run(s, NULL);
	sim_run_free(run);
	sim_device_state_change_to(s->options.state_dir, s->device, count_run, NULL);
	return code ? code : struck; /* the first error is the cause */
}

/* --- when something is wrong --- */

static void sim_is_sound(struct sim_device_state *state)
{
	state->wedge = SIM_SOUND;
}

/* A reset without force has no effect: the process stays poisoned. A reset by force may repair the
 * device. It repairs this process only if the device was the cause. */
static int32_t sim_reset(void *ctx, int32_t force, int32_t *ret_is_verified, struct dvs_text *err)
{
	struct sim *s = ctx;
	struct sim_device_state state;
	int32_t code = sim_strike_call(s, SIM_ON_RESET, err);

	*ret_is_verified = 0;
	if (code != 0 ||
	    (code = sim_device_state_read(s->options.state_dir, s->device, &state, err)) != 0)
		return code;
	if (force && state.wedge == SIM_WEDGED_UNTIL_RESET) {
		code = sim_device_state_change_to(s->options.state_dir, s->device, sim_is_sound,
						  err);
		if (code != 0)
			return code;
		s->poison = 0;
	} else if (state.wedge != SIM_SOUND) {
		return sim_fail(err, SIM_SETUP_FAILED, "device %d is wedged", s->device);
	}
	if (s->poison)
		return sim_fail(err, SIM_POISONED, "this process is of no use since error %d",
				s->poison);
	code = sim_device_state_read(s->options.state_dir, s->device, &state, err);
	*ret_is_verified = code == 0 && state.wedge == SIM_SOUND;
	return code;
}

static int32_t sim_is_usable(void *ctx)
{
	const struct sim *s = ctx;

	return s->poison == 0;
}

static const struct dvs_driver sim_driver = {
	.abi = DVS_DRIVER_ABI,
	.size = sizeof(sim_driver),
	.name = "sim",
	.version = "1",
	.caps = DVS_CAP_ABORT | DVS_CAP_GANG | DVS_CAP_RESET | DVS_CAP_HEALTH | DVS_CAP_INNER_WATCH,
	.probe = sim_devices_probe,
	.open = sim_session_open,
	.load = sim_load,
	.unload = sim_unload,
	.join = sim_join,
	.prepare = sim_prepare,
	.launch = sim_launch,
	.poll = poll_run,
	.finish = sim_finish,
	.abort = sim_abort_run,
	.leave = sim_leave,
	.reset = sim_reset,
	.health = sim_devices_health,
	.diagnose = sim_diagnosis_write,
	.classify = sim_classify,
	.close = sim_session_close,
	.inner_watch_ns = inner_watch_ns,
	.is_usable = sim_is_usable,
};

const struct dvs_driver *driver_sim_get(uint32_t host_abi)
{
	return host_abi == DVS_DRIVER_ABI ? &sim_driver : NULL;
}
