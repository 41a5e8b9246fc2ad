/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Driver sim: devices that are a thread. They run small programs or a user's library, in real time,
 * and fail in every way that real ones do, on request. docs/drivers.md says how.
 */
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>

#include "base/mem.h"
#include "drivers/drivers.h"
#include "drivers/sim/codes.h"
#include "drivers/sim/device_state.h"
#include "drivers/sim/sim.h"

/* Outside a run the worker's environment says whose the call is. */
static struct sim_occasion occasion_of(const struct sim *s)
{
	const char *attempt = getenv("DVSCHED_ATTEMPT");

	if (s->run)
		return s->run->occasion;
	return (struct sim_occasion){
		.device = s->device,
		.rank = s->meet ? s->meet->rank : 0,
		.job = getenv("DVSCHED_JOB"),
		.attempt = attempt ? (uint32_t)strtoul(attempt, NULL, 10) : 0,
	};
}

static int32_t strike(struct sim *s, enum sim_point on, struct dvs_text *err)
{
	const struct sim_occasion o = occasion_of(s);

	return sim_strike(s, on, &o, err);
}

/* Of the calls that need a process in order. */
static int32_t strike_unless_poisoned(struct sim *s, enum sim_point on, struct dvs_text *err)
{
	if (s->poison)
		return sim_fail(err, SIM_POISONED, "this process is of no use since error %d",
				s->poison);
	return strike(s, on, err);
}

/* What strikes where no device is open: without a memory of it. */
static int32_t strike_closed(const struct sim_options *options, enum sim_point on, int32_t device,
			     struct dvs_text *err)
{
	struct sim s = {.device = device, .options = *options, .faults = json_array()};
	int32_t code = sim_strike(&s, on, &(struct sim_occasion){.device = device}, err);

	json_decref(s.faults);
	return code;
}

/* --- without a device --- */

static int32_t describe(const struct sim_options *o, int32_t device, struct dvs_device *ret,
			struct dvs_text *err)
{
	struct sim_device_state state;
	int32_t code = sim_device_state_read(o->state_dir, device, &state, err);

	ret->id = device;
	ret->fault_domain = sim_options_fault_domain(o, device);
	ret->numa = -1;
	ret->health = state.wedge == SIM_SOUND ? DVS_HEALTH_GOOD : DVS_HEALTH_BAD;
	ret->mem_total = ret->mem_free = o->memory;
	snprintf(ret->model, sizeof(ret->model), "sim");
	if (state.wedge == SIM_SOUND)
		snprintf(ret->detail, sizeof(ret->detail), "opened %lld times, %lld runs",
			 (long long)state.n_opens, (long long)state.n_runs);
	else
		snprintf(ret->detail, sizeof(ret->detail), "wedged%s",
			 state.wedge == SIM_WEDGED_FOR_EVER ? " for ever"
							    : " until it is reset by force");
	return code;
}

static int32_t probe(const char *options, struct dvs_device *devices, size_t cap, size_t *ret_n,
		     struct dvs_text *err)
{
	struct sim_options o;
	int32_t code = sim_options_read(options, &o, err);

	if (code != 0)
		return code;
	*ret_n = (size_t)o.n_devices;
	for (int32_t i = 0; i < o.n_devices && code == 0; i++) {
		code = strike_closed(&o, SIM_ON_PROBE, i, err);
		if (code == 0 && (size_t)i < cap)
			code = describe(&o, i, &devices[i], err);
	}
	sim_options_done(&o);
	return code;
}

static int32_t health(int32_t device, const char *options, struct dvs_device *ret,
		      struct dvs_text *err)
{
	struct sim_options o;
	int32_t code = sim_options_read(options, &o, err);

	if (code != 0)
		return code;
	if (device < 0 || device >= o.n_devices)
		code = sim_fail(err, SIM_NO_DEVICE, "there is no device %d of %lld", device,
				(long long)o.n_devices);
	if (code == 0)
		code = strike_closed(&o, SIM_ON_HEALTH, device, err);
	if (code == 0)
		code = describe(&o, device, ret, err);
	sim_options_done(&o);
	return code;
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

/* --- open and close --- */

static void *run_device(void *arg)
{
	struct sim *s = arg;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		struct sim_run *run;

		while (!s->work && !s->must_quit)
			pthread_cond_wait(&s->has_work, &s->lock);
		if (!s->work)
			break;
		run = s->work;
		s->work = NULL;
		pthread_mutex_unlock(&s->lock);
		sim_run_execute(run);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* No signal of the process's is the device's to handle. */
static int start_runner(struct sim *s)
{
	sigset_t all, before;
	int fault;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	fault = pthread_create(&s->runner, NULL, run_device, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return fault;
}

static void count_open(struct sim_device_state *state)
{
	state->n_opens++;
}

static void count_run(struct sim_device_state *state)
{
	state->n_runs++;
}

static void ignore_term(const struct sim *s)
{
	size_t at = 0;

	if (sim_fault_next(&s->options.faults, SIM_ON_TERM,
			   &(struct sim_occasion){.device = s->device}, &at))
		signal(SIGTERM, SIG_IGN);
}

/* The part of open() that takes time and may fail. */
static int32_t bring_up(struct sim *s, struct dvs_text *err)
{
	const struct sim_occasion o = {.device = s->device};
	struct sim_device_state state;
	uint64_t ns = sim_delay_draw(&s->options.open, sim_draw(s->options.faults.seed, 0, &o));
	struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
	int32_t code;

	if (s->device < 0 || s->device >= s->options.n_devices)
		return sim_fail(err, SIM_NO_DEVICE, "there is no device %d of %lld", s->device,
				(long long)s->options.n_devices);
	ignore_term(s);
	while (ns && nanosleep(&t, &t) < 0)
		;
	if ((code = strike(s, SIM_ON_OPEN, err)) != 0 ||
	    (code = sim_device_state_read(s->options.state_dir, s->device, &state, err)) != 0)
		return code;
	if (state.wedge != SIM_SOUND)
		return sim_fail(err, SIM_SETUP_FAILED, "device %d is wedged", s->device);
	return sim_device_state_change_to(s->options.state_dir, s->device, count_open, err);
}

static void free_sim(struct sim *s)
{
	sim_meet_leave(s->meet);
	sim_run_free(s->run);
	while (s->leaks) {
		struct sim_leak *next = s->leaks->next;

		free(s->leaks);
		s->leaks = next;
	}
	sim_images_done(&s->images);
	sim_options_done(&s->options);
	json_decref(s->faults);
	json_decref(s->open_faults);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->has_work);
	free(s);
}

static int32_t open_device(const struct dvs_host *host, int32_t device, const char *options,
			   void **ret_ctx, struct dvs_text *err)
{
	struct sim *s = xcalloc(1, sizeof(*s));
	int32_t code;

	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->has_work, NULL);
	memcpy(&s->host, host, host->size < sizeof(s->host) ? host->size : sizeof(s->host));
	s->device = device;
	s->faults = json_array();
	code = sim_options_read(options, &s->options, err);
	if (code == 0)
		code = bring_up(s, err);
	if (code == 0 && start_runner(s) != 0)
		code = sim_fail(err, SIM_MEMORY, "cannot start the device's thread");
	if (code != 0) {
		free_sim(s);
		return code;
	}
	s->open_faults = s->faults;
	s->faults = json_array();
	*ret_ctx = s;
	return 0;
}

/* A device that hangs keeps its thread and its memory until the process ends. */
static void close_device(void *ctx)
{
	struct sim *s = ctx;
	bool is_busy = s->run && atomic_load(&s->run->state) == SIM_RUNNING;

	strike(s, SIM_ON_CLOSE, NULL);
	if (is_busy && atomic_load(&s->run->is_opaque))
		return;
	if (is_busy)
		sim_run_cancel(s->run);
	pthread_mutex_lock(&s->lock);
	s->must_quit = true;
	pthread_cond_signal(&s->has_work);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->runner, NULL);
	free_sim(s);
}

/* --- images --- */

static int32_t load(void *ctx, const char *job, uint32_t *ret_slot, struct dvs_text *err)
{
	struct sim *s = ctx;
	json_t *j = NULL, *image;
	int32_t code = strike_unless_poisoned(s, SIM_ON_LOAD, err);

	*ret_slot = 0;
	if (code != 0)
		return code;
	if (!(j = sim_read_object(job, "the job", err)))
		return SIM_BAD_JOB;
	code = sim_job_check(j, err);
	image = json_object_get(j, "image");
	if (code == 0 && image)
		code = sim_images_load(&s->images, json_string_value(image), ret_slot, err);
	json_decref(j);
	return code;
}

static int32_t unload(void *ctx, uint32_t slot)
{
	struct sim *s = ctx;
	int32_t code = strike(s, SIM_ON_UNLOAD, NULL);

	if (code != 0 || slot == 0) /* programs are no burden */
		return code;
	return s->run ? SIM_MISUSE : sim_images_unload(&s->images, slot);
}

/* --- gangs --- */

static int32_t join(void *ctx, const struct dvs_join *j, struct dvs_context *ret,
		    struct dvs_text *err)
{
	struct sim *s = ctx;
	struct sim_occasion o = occasion_of(s);
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

static int32_t leave(void *ctx)
{
	struct sim *s = ctx;
	struct sim_meet *m = s->meet;
	int32_t code = strike(s, SIM_ON_LEAVE, NULL);

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

static int32_t prepare(void *ctx, uint32_t slot, const struct dvs_run *r, struct dvs_text *err)
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
	code = strike(s, SIM_ON_PREPARE, err);
	if (code != 0) {
		set_run(s, NULL);
		sim_run_free(run);
	}
	return code;
}

static int32_t check_epoch(const struct sim *s, uint64_t epoch, struct dvs_text *err)
{
	if (s->run && s->run->epoch == epoch)
		return 0;
	return sim_fail(err, SIM_MISUSE, "run %llu is not prepared", (unsigned long long)epoch);
}

static int32_t launch(void *ctx, uint64_t epoch, struct dvs_text *err)
{
	struct sim *s = ctx;
	int32_t code = check_epoch(s, epoch, err);

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
	int32_t code = check_epoch(s, epoch, err);

	*ret_is_over = 0;
	if (code != 0 || (code = strike(s, SIM_ON_POLL, err)) != 0)
		return code;
	sim_watch_opaque(s->run);
	*ret_is_over = atomic_load(&s->run->state) == SIM_OVER;
	return 0;
}

static int32_t abort_run(void *ctx, uint64_t epoch)
{
	struct sim *s = ctx;
	int32_t code = check_epoch(s, epoch, NULL);

	if (code == 0 && (code = strike(s, SIM_ON_ABORT, NULL)) == 0)
		sim_run_cancel(s->run);
	return code;
}

/* A run that nobody waited for: told to end, and waited for now. */
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

static void write_result(struct sim *s, struct sim_run *run, struct dvs_text *result)
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

static int32_t finish(void *ctx, uint64_t epoch, struct dvs_text *result, struct dvs_text *err)
{
	struct sim *s = ctx;
	struct sim_run *run = s->run;
	int32_t code = check_epoch(s, epoch, err), struck;

	if (code != 0)
		return code;
	await_end(run);
	struck = strike(s, SIM_ON_FINISH, err);
	code = run->code;
	if (code == 0 && struck == 0 && atomic_load(&run->state) == SIM_OVER)
		code = sim_args_verify(&run->vectors, err);
	else if (code != 0)
		sim_fail(err, code, "%s", run->text);
	if (s->poison == 0 && sim_code_poisons(code))
		s->poison = code;
	write_result(s, run, result);
	set_run(s, NULL);
	sim_run_free(run);
	sim_device_state_change_to(s->options.state_dir, s->device, count_run, NULL);
	return code ? code : struck; /* the first error is the cause */
}

/* --- when something is wrong --- */

static void sound(struct sim_device_state *state)
{
	state->wedge = SIM_SOUND;
}

/* A reset without force helps nobody: the process stays poisoned. One by force may heal the
 * device; it heals this process only if the device was what was wrong. */
static int32_t reset(void *ctx, int32_t force, int32_t *ret_is_verified, struct dvs_text *err)
{
	struct sim *s = ctx;
	struct sim_device_state state;
	int32_t code = strike(s, SIM_ON_RESET, err);

	*ret_is_verified = 0;
	if (code != 0 ||
	    (code = sim_device_state_read(s->options.state_dir, s->device, &state, err)) != 0)
		return code;
	if (force && state.wedge == SIM_WEDGED_UNTIL_RESET) {
		code = sim_device_state_change_to(s->options.state_dir, s->device, sound, err);
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

static int32_t is_usable(void *ctx)
{
	const struct sim *s = ctx;

	return s->poison == 0;
}

static const char *op_name(const struct sim_run *run)
{
	uint32_t at = atomic_load(&run->at);

	return at < run->program.n ? run->program.ops[at].kind->name
	       : run->image	   ? "kernel"
				   : "end";
}

static void describe_run(const struct sim_run *run, struct dvs_text *text)
{
	static const char *const doings[] = {"idle", "something runs", "waits for peers"};
	static const char *const states[] = {"prepared", "running", "over"};
	char who[128] = "";
	uint64_t since = atomic_load(&run->at_since_ns);
	int32_t latched = atomic_load(&run->latched);
	uint32_t doing = atomic_load(&run->doing);
	size_t n;

	if (run->sim->meet && doing == SIM_WAITS)
		sim_meet_describe(run->sim->meet, who, sizeof(who));
	snprintf(text->at, text->size, "job %s, %s: operation %u of %zu (%s) for %.1f s, %s%s%s",
		 run->occasion.job, states[atomic_load(&run->state)],
		 (unsigned)atomic_load(&run->at) + 1, run->program.n, op_name(run),
		 since ? (double)(sim_now_ns() - since) / 1e9 : 0.0, doings[doing],
		 who[0] ? ": rank " : "", who);
	n = strlen(text->at);
	if (latched)
		snprintf(text->at + n, text->size - n, "; inner watchdog latched %d", latched);
}

static void diagnose(void *ctx, struct dvs_text *text)
{
	struct sim *s = ctx;

	pthread_mutex_lock(&s->lock);
	if (s->run)
		describe_run(s->run, text);
	else
		snprintf(text->at, text->size, "no run; %zu images loaded%s", s->images.n,
			 s->poison ? "; poisoned" : "");
	pthread_mutex_unlock(&s->lock);
}

static const struct dvs_driver sim_driver = {
	.abi = DVS_DRIVER_ABI,
	.size = sizeof(sim_driver),
	.name = "sim",
	.version = "1",
	.caps = DVS_CAP_ABORT | DVS_CAP_GANG | DVS_CAP_RESET | DVS_CAP_HEALTH | DVS_CAP_INNER_WATCH,
	.probe = probe,
	.open = open_device,
	.load = load,
	.unload = unload,
	.join = join,
	.prepare = prepare,
	.launch = launch,
	.poll = poll_run,
	.finish = finish,
	.abort = abort_run,
	.leave = leave,
	.reset = reset,
	.health = health,
	.diagnose = diagnose,
	.classify = sim_classify,
	.close = close_device,
	.inner_watch_ns = inner_watch_ns,
	.is_usable = is_usable,
};

const struct dvs_driver *driver_sim_get(uint32_t host_abi)
{
	return host_abi == DVS_DRIVER_ABI ? &sim_driver : NULL;
}
