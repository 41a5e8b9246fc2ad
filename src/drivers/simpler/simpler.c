/* SPDX-License-Identifier: Apache-2.0 */
/* The driver `simpler`: implements include/dvsched/driver.h with a host runtime of the user. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drivers/drivers.h"
#include "drivers/simpler/devices.h"
#include "drivers/simpler/keys.h"
#include "drivers/simpler/result.h"
#include "drivers/simpler/run.h"
#include "drivers/temp_files.h"

/* More keys than a run of any known library takes: 5 or 8, and one or two for the user's
 * kernels. */
enum { KEYS_OF_A_RUN = 32 };

struct simpler {
	const struct dvs_host *host;
	struct simpler_options options;
	int32_t device;
	struct simpler_session session;
	struct simpler_gang gang;
	struct simpler_run run;
	struct simpler_where where;
	uint64_t n_runs;
	struct simpler_blob last_blob; /* the last loaded one */
	bool load_was_new;
	int32_t spoilt; /* the code after which this process is unusable; 0: none */
	char why_spoilt[200];
	_Atomic int shown_state; /* enum simpler_run_state, for diagnose() */
	_Atomic uint64_t shown_epoch;
};

static void simpler_say(const struct simpler *s, int32_t level, const char *text)
{
	if (*text)
		s->host->log(s->host->user, level, text);
}

static int32_t simpler_note(struct simpler *s, int32_t code, const struct dvs_text *err)
{
	if (!code || s->spoilt || !simpler_code_spoils(code, s->options.is_sim))
		return code;
	s->spoilt = code;
	snprintf(s->why_spoilt, sizeof(s->why_spoilt), "%s", err && err->size ? err->at : "");
	return code;
}

static int32_t refuse_spoilt(const struct simpler *s, struct dvs_text *err)
{
	return simpler_fail(
		err, SIMPLER_E_LANE,
		"this process can no longer use device %d since an earlier failure (%d): "
		"%s",
		s->device, s->spoilt, s->why_spoilt);
}

static void simpler_show(struct simpler *s)
{
	s->shown_epoch = s->run.epoch;
	s->shown_state = s->run.state;
}

static void tell_memory(const struct simpler *s)
{
	if (s->host->committed)
		s->host->committed(s->host->user,
				   s->session.library.api.committed(s->session.context));
}

/*
 * Reports files that the runtimes create: copies of libraries in /tmp (they ignore TMPDIR), the
 * simulators' shared windows, and copies of orchestrations in the first writable one of several
 * directories.
 */
static void tell_leavings(const struct dvs_host *host)
{
	static const char *const patterns[] = {
		"/tmp/aicpu_sim_*",
		"/tmp/aicore_sim_*",
		"/tmp/kernel_*",
		"/tmp/orch_so_*",
		"/tmp/libdevice_orch_*",
		"/var/tmp/libdevice_orch_*",
		"/lib64/libdevice_orch_*",
		"/usr/lib64/libdevice_orch_*",
		"/usr/lib64/aicpu_kernels/0/aicpu_kernels_device/libdevice_orch_*",
		"/dev/shm/simpler_*",
	};

	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		temp_files_leave(host, patterns[i]);
}

/* ---- open and close ---- */

static void simpler_free(struct simpler *s)
{
	simpler_blob_done(&s->last_blob);
	simpler_options_done(&s->options);
	free(s);
}

static int32_t simpler_open(const struct dvs_host *host, int32_t device, const char *json,
			    void **ret_ctx, struct dvs_text *err)
{
	struct simpler *s = xcalloc(1, sizeof(*s));
	int32_t c;

	s->host = host;
	s->device = device;
	tell_leavings(host);
	c = simpler_options_read(json, &s->options, err);
	if (!c)
		c = simpler_session_open(&s->options, s->options.runtime, device, &s->where,
					 &s->session, err);
	if (c) {
		simpler_free(s);
		return c;
	}
	tell_memory(s);
	*ret_ctx = s;
	return 0;
}

static int32_t end_session(struct simpler *s, struct dvs_text *err)
{
	int32_t c = simpler_gang_leave(&s->session, &s->gang);

	if (c)
		simpler_fail(err, c, "the communicator was not released (%d)", c);
	return simpler_session_close(&s->session, err);
}

/*
 * Leaves memory that a device may still write to, and calls that might wait for a lost device, to
 * the end of the process, which follows.
 */
static void simpler_close(void *ctx)
{
	struct simpler *s = ctx;
	char text[300] = "";
	struct dvs_text err = {text, sizeof(text)};
	int32_t ignored = 0;

	if (s->run.state == RUN_LAUNCHED &&
	    simpler_run_poll(&s->session, &s->run, &ignored, &err) == 0 && !ignored)
		s->run.state = RUN_LOST;
	if (s->run.state == RUN_LOST || (s->spoilt && !s->options.is_sim)) {
		simpler_say(s, 1, "nothing is freed: the end of the process does that");
		return;
	}
	if (s->run.state != RUN_NONE)
		simpler_run_finish(&s->session, &s->run, &err);
	text[0] = '\0';
	if (s->session.context && end_session(s, &err)) {
		simpler_say(s, 0, text);
		return;
	}
	simpler_free(s);
}

/* ---- load ---- */

static int32_t switch_runtime(struct simpler *s, const char *runtime, struct dvs_text *err)
{
	struct simpler_files files;
	struct arena *mem;
	int32_t c;

	if (strcmp(s->session.runtime, runtime) == 0)
		return 0;
	if (!simpler_runtime_rings(runtime))
		return simpler_fail(err, SIMPLER_E_JOB, "there is no runtime '%.60s'", runtime);
	if (!simpler_run_is_gone(&s->run))
		return simpler_fail(err, SIMPLER_E_ORDER, "load of another runtime within a run");
	/* Check that the files exist before the current runtime is closed. */
	mem = arena_new();
	c = simpler_files_find(&s->options, runtime, mem, &files, err);
	arena_free(mem);
	if (!c)
		c = end_session(s, err);
	return c ? c
		 : simpler_session_open(&s->options, runtime, s->device, &s->where, &s->session,
					err);
}

static int32_t simpler_load_job(struct simpler *s, json_t *job, uint32_t *ret_slot,
				struct dvs_text *err)
{
	struct fields r = {job, "job", SIMPLER_E_JOB, err};
	const char *runtime = s->options.runtime;
	struct simpler_blob blob = {0};
	int32_t c;

	if (!(c = fields_text(&r, "runtime", &runtime)) &&
	    !(c = simpler_blob_build(job, &blob, err)) && !(c = switch_runtime(s, runtime, err))) {
		simpler_blob_name(&blob, &s->last_blob);
		c = simpler_session_load(&s->session, &blob, ret_slot, &s->load_was_new, err);
	}
	if (c) {
		simpler_blob_done(&blob);
		return c;
	}
	simpler_blob_done(&s->last_blob);
	s->last_blob = blob;
	return 0;
}

static int32_t simpler_load(void *ctx, const char *text, uint32_t *ret_slot, struct dvs_text *err)
{
	struct simpler *s = ctx;
	json_t *job;
	int32_t c;

	s->where.inside_ns = 0;
	if (s->spoilt || !s->session.context)
		return refuse_spoilt(s, err);
	job = fields_parse(text, "job", err);
	if (!job)
		return SIMPLER_E_JOB;
	c = simpler_load_job(s, job, ret_slot, err);
	json_decref(job);
	if (!s->session.context && !s->spoilt)
		s->spoilt = c; /* the other runtime did not open, and this one is closed */
	return simpler_note(s, c, err);
}

static int32_t simpler_unload(void *ctx, uint32_t slot)
{
	struct simpler *s = ctx;

	if (s->spoilt)
		return SIMPLER_E_LANE;
	return simpler_note(s, simpler_session_unload(&s->session, slot, NULL), NULL);
}

/* ---- gangs ---- */

static int32_t simpler_join(void *ctx, const struct dvs_join *join, struct dvs_context *ret,
			    struct dvs_text *err)
{
	struct simpler *s = ctx;

	if (s->spoilt)
		return refuse_spoilt(s, err);
	if (s->gang.comm || !simpler_run_is_gone(&s->run))
		return simpler_fail(err, SIMPLER_E_ORDER, "join while in a gang or in a run");
	return simpler_note(s,
			    simpler_gang_join(&s->session, s->options.rendezvous, join, s->host,
					      &s->gang, ret, err),
			    err);
}

static int32_t simpler_leave(void *ctx)
{
	struct simpler *s = ctx;

	if (!simpler_run_is_gone(&s->run))
		return SIMPLER_E_ORDER;
	return simpler_note(s, simpler_gang_leave(&s->session, &s->gang), NULL);
}

/* ---- a run ---- */

static int32_t simpler_prepare(void *ctx, uint32_t slot, const struct dvs_run *run,
			       struct dvs_text *err)
{
	struct simpler *s = ctx;
	json_t *job;
	int32_t c;

	if (s->spoilt)
		return refuse_spoilt(s, err);
	if (!simpler_run_is_gone(&s->run))
		return simpler_fail(err, SIMPLER_E_ORDER, "prepare while a run is %s",
				    simpler_run_state_name(s->run.state));
	s->run = (struct simpler_run){.epoch = run->epoch, .number = ++s->n_runs};
	job = fields_parse(run->job, "job", err);
	if (job)
		c = simpler_run_prepare(&s->session, &s->run, slot, job, &s->options.ring, &s->gang,
					err);
	else
		c = s->run.code = SIMPLER_E_JOB;
	if (!job)
		s->run.state = RUN_UNPREPARED;
	json_decref(job);
	simpler_show(s);
	return simpler_note(s, c, err);
}

static int32_t simpler_check_epoch(const struct simpler *s, uint64_t epoch, struct dvs_text *err)
{
	if (s->run.state != RUN_NONE && s->run.epoch == epoch)
		return 0;
	return simpler_fail(err, SIMPLER_E_ORDER, "there is no run %" PRIu64, epoch);
}

static int32_t simpler_launch(void *ctx, uint64_t epoch, struct dvs_text *err)
{
	struct simpler *s = ctx;
	int32_t c = simpler_check_epoch(s, epoch, err);

	if (c)
		return c;
	c = simpler_run_launch(&s->session, &s->run, err);
	if (!c && s->run.accepted != s->run.descriptor.accepted_value)
		simpler_say(s, 1, "the library launched a run without confirming it");
	simpler_show(s);
	return simpler_note(s, c, err);
}

static int32_t simpler_poll(void *ctx, uint64_t epoch, int32_t *ret_is_over, struct dvs_text *err)
{
	struct simpler *s = ctx;
	int32_t c = simpler_check_epoch(s, epoch, err);

	if (c)
		return c;
	c = simpler_run_poll(&s->session, &s->run, ret_is_over, err);
	simpler_show(s);
	return simpler_note(s, c, err);
}

static int32_t simpler_finish(void *ctx, uint64_t epoch, struct dvs_text *result,
			      struct dvs_text *err)
{
	struct simpler *s = ctx;
	int32_t c = simpler_check_epoch(s, epoch, err);

	if (c)
		return c;
	c = simpler_run_finish(&s->session, &s->run, err);
	simpler_show(s);
	if (s->run.state == RUN_NONE) {
		simpler_result_write(&s->session, &s->run, s->options.platform, s->load_was_new,
				     result);
		tell_memory(s);
	}
	return simpler_note(s, c, err);
}

/* ---- after an error ---- */

static int32_t simpler_is_usable(void *ctx)
{
	const struct simpler *s = ctx;

	if (s->spoilt || !s->session.context || s->run.state == RUN_LOST)
		return DVS_UNUSABLE;
	return simpler_keys_are_left(KEYS_OF_A_RUN) ? DVS_USABLE : DVS_WORN;
}

/* finalize_device resets silicon. Only using the device afterwards shows whether that helped. */
static int32_t simpler_reset(void *ctx, int32_t force, int32_t *ret_is_verified,
			     struct dvs_text *err)
{
	struct simpler *s = ctx;
	int32_t c = 0;

	(void)force;
	*ret_is_verified = 0;
	if (!simpler_run_is_gone(&s->run))
		return simpler_fail(err, SIMPLER_E_UNFINISHED, "a run is %s",
				    simpler_run_state_name(s->run.state));
	if (s->session.context)
		c = end_session(s, err);
	if (!c)
		c = simpler_session_open(&s->options, s->options.runtime, s->device, &s->where,
					 &s->session, err);
	if (!c)
		c = simpler_session_prove(&s->session, err);
	if (c) {
		s->spoilt = s->spoilt ? s->spoilt : c;
		return c;
	}
	s->spoilt = 0;
	*ret_is_verified = 1;
	return 0;
}

/* Called from another thread: must not call the library. */
static void simpler_diagnose(void *ctx, struct dvs_text *text)
{
	struct simpler *s = ctx;
	const char *call = s->where.call;
	uint64_t since = s->where.since_ns, now = s->host->now_ns(s->host->user);

	if (!text->size)
		return;
	snprintf(text->at, text->size,
		 "simpler: device %d, run %" PRIu64 " is %s; %s%s for %.1f s. What its tasks wait "
		 "for is in the library's stall report, in the log",
		 s->device, s->shown_epoch,
		 simpler_run_state_name((enum simpler_run_state)s->shown_state),
		 call ? "in the library's function " : "outside the library", call ? call : "",
		 now > since ? (double)(now - since) / 1e9 : 0.0);
}

const struct dvs_driver *driver_simpler_get(uint32_t host_abi)
{
	static const struct dvs_driver driver = {
		.abi = DVS_DRIVER_ABI,
		.size = sizeof(driver),
		.name = "simpler",
		.version = "1",
		.caps = DVS_CAP_GANG | DVS_CAP_RESET | DVS_CAP_INNER_WATCH | DVS_CAP_TENSORS,
		.probe = simpler_probe,
		.open = simpler_open,
		.load = simpler_load,
		.unload = simpler_unload,
		.join = simpler_join,
		.prepare = simpler_prepare,
		.launch = simpler_launch,
		.poll = simpler_poll,
		.finish = simpler_finish,
		.leave = simpler_leave,
		.reset = simpler_reset,
		.diagnose = simpler_diagnose,
		.classify = simpler_classify,
		.close = simpler_close,
		.inner_watch_ns = simpler_inner_watch_ns,
		.is_usable = simpler_is_usable,
	};

	return host_abi == DVS_DRIVER_ABI ? &driver : NULL;
}
