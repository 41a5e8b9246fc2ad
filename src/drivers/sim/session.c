/* SPDX-License-Identifier: Apache-2.0 */
/* Open and close of a device, and its thread. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "drivers/sim/codes.h"
#include "drivers/sim/device_state.h"
#include "drivers/sim/run.h"
#include "drivers/temp_files.h"

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

/* Starts the device's thread with all signals blocked, so that no signal of the process is handled
 * there. */
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

static void ignore_term(const struct sim *s)
{
	size_t at = 0;

	if (sim_fault_next(&s->options.faults, SIM_ON_TERM,
			   &(struct sim_occasion){.device = s->device}, &at))
		signal(SIGTERM, SIG_IGN);
}

/* The steps of open() that take time and may fail. */
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
	if ((code = sim_strike_call(s, SIM_ON_OPEN, err)) != 0 ||
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

int32_t sim_session_open(const struct dvs_host *host, int32_t device, const char *options,
			 void **ret_ctx, struct dvs_text *err)
{
	struct sim *s = xcalloc(1, sizeof(*s));
	int32_t code;

	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->has_work, NULL);
	memcpy(&s->host, host, host->size < sizeof(s->host) ? host->size : sizeof(s->host));
	s->device = device;
	s->faults = json_array();
	temp_files_leave_there(&s->host, "dvs-sim-*");
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

/* Leaves the thread and the memory of a device that hangs: they exist until the process ends. */
void sim_session_close(void *ctx)
{
	struct sim *s = ctx;
	bool is_busy = s->run && atomic_load(&s->run->state) == SIM_RUNNING;

	sim_strike_call(s, SIM_ON_CLOSE, NULL);
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
