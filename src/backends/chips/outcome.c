/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a gang's job, and its details; past.c says what it means for devices. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/chips/gang.h"
#include "base/json_out.h"
#include "base/mem.h"

/* ---- the details ---- */

static void write_clocks(struct json_out *out, const struct rank *r)
{
	const uint64_t *at = r->end.stamp_ns;
	static const struct {
		const char *name;
		enum run_phase from, to;
	} spans[] = {
		{"load_s", PHASE_TAKEN, PHASE_LOADED},
		{"join_s", PHASE_LOADED, PHASE_ARMED},
		{"run_s", PHASE_LAUNCHED, PHASE_RAN},
		{"finish_s", PHASE_RAN, PHASE_FINISHED},
	};

	jout_key(out, "clocks");
	jout_object(out);
	if (r->open_took_s > 0)
		jout_key_real(out, "open_s", r->open_took_s, 6);
	for (size_t i = 0; i < ARRAY_LEN(spans); i++)
		if (at[spans[i].from] && at[spans[i].to] >= at[spans[i].from])
			jout_key_real(out, spans[i].name,
				      (double)(at[spans[i].to] - at[spans[i].from]) * 1e-9, 6);
	if (r->end.reset_ns)
		jout_key_real(out, "reset_s", (double)r->end.reset_ns * 1e-9, 6);
	jout_object_end(out);
}

static void write_rank(struct json_out *out, const struct gang *g, uint32_t i)
{
	const struct rank *r = &g->ranks[i];

	jout_object(out);
	jout_key_int(out, "rank", i);
	jout_key_int(out, "device", r->unit->device->id);
	jout_key_string(out, "class", device_class_name(r->end.class));
	if (r->end.code)
		jout_key_int(out, "code", r->end.code);
	if (r->end.code_name)
		jout_key_string(out, "code_name", r->end.code_name);
	if (r->end.hint)
		jout_key_string(out, "hint", r->end.hint);
	if (r->end.class != DVS_OK && r->end.text)
		jout_key_string(out, "text", r->end.text);
	if (r->end.pid)
		jout_key_int(out, "worker_pid", r->end.pid);
	if (r->end.worker_runs)
		jout_key_int(out, "worker_run", r->end.worker_runs);
	if (r->probe.is_done)
		jout_key_string(out, "probe", device_class_name(r->probe.class));
	jout_key_string(out, "phase", board_phase_name(r->end.phase));
	write_clocks(out, r);
	if (r->end.result) {
		jout_key(out, "result");
		jout_raw(out, r->end.result);
	}
	jout_object_end(out);
}

static char *outcome_make_details(const struct gang *g, const char *at_fault)
{
	const struct chips *c = g->chips;
	struct json_out out;

	jout_init(&out, -1, 0);
	jout_object(&out);
	jout_key_string(&out, "driver", c->s->driver_name);
	jout_key_string(&out, "driver_version", c->s->driver_version);
	if (g->is_started)
		jout_key_real(&out, "queue_s", g->started_s - g->job->queued_s, 6);
	if (g->cause >= 0)
		jout_key_int(&out, "cause", g->cause);
	if (at_fault)
		jout_key_string(&out, "blame", at_fault);
	jout_key(&out, "ranks");
	jout_array(&out);
	for (uint32_t i = 0; i < g->n; i++)
		write_rank(&out, g, i);
	jout_array_end(&out);
	jout_object_end(&out);
	return str_take(&out.buf);
}

/* ---- the result ---- */

static const char *outcome_text_of(const struct rank *r)
{
	if (r->end.verdict.status != JOB_RUNNING && r->end.verdict.message)
		return r->end.verdict.message;
	return r->end.text ? r->end.text : device_class_name(r->end.class);
}

/* The worker was gone, or stopped, before it read the request: the job is not the cause. */
static bool is_unread(const struct rank *r)
{
	return r->end.class == DVS_LOST && !r->end.was_read && r->end.verdict.status == JOB_RUNNING;
}

static void say_breaks(struct gang *g, enum dvs_class class, struct job_result *result)
{
	past_take_marks_back(g->chips, g->job->job, class, true);
	result->is_uncounted = false;
	if (job_reason_class(result->reason) != CLASS_INFRA)
		return;
	result->reason = REASON_BREAKS_DEVICES;
	result->message = past_say_breaks(g->chips, g->job->job, class, result->message,
					  g->job->mem);
}

/* The rank's own message comes first; the devices that do not open any more follow. */
static void add_broken(const struct gang *g, struct job_result *result)
{
	const struct class_fate *fate = device_class_fate(DVS_WEDGE);
	_cleanup_(str_done) struct str text = {0};

	str_add(&text, result->message);
	for (uint32_t i = 0; i < g->n; i++)
		probe_add_broken(&text, g->ranks[i].unit, &g->ranks[i].probe);
	result->status = fate->status;
	result->reason = fate->reason;
	result->is_uncounted = !fate->is_counted;
	result->message = arena_strdup(g->job->mem, text.s);
}

/* A retry prefers devices of this attempt that still open to devices that the job has not used. */
static void note_probes(struct gang *g, struct unit *const *broken, uint32_t n_broken)
{
	const struct job *job = g->job->job;

	for (uint32_t i = 0; i < n_broken; i++)
		past_add(g->chips, job, broken[i]->device->id, DVS_WEDGE);
	for (uint32_t i = 0; i < g->n; i++) {
		const struct rank *r = &g->ranks[i];

		if (r->probe.is_done && r->probe.class == DVS_OK && g->cause != (int)i)
			past_add(g->chips, job, r->unit->device->id, DVS_OK);
	}
}

/* Marks the device of the cause if necessary, and records it for retries. */
static void mark_cause(struct gang *g, bool is_the_job)
{
	const struct rank *r = &g->ranks[g->cause];
	enum dvs_class class = r->end.class;
	const struct class_fate *fate = device_class_fate(class);
	const struct job *job = g->job->job;

	if (rank_says_broken(r) ? !g->is_probing : !is_the_job)
		unit_mark(r->unit, job, class, r->end.code,
			  r->end.text ? r->end.text : outcome_text_of(r));
	if (!rank_says_broken(r) && !is_unread(r) && (fate->mark != MARK_NONE || !fate->is_counted))
		past_add(g->chips, job, r->unit->device->id, class);
}

/* Decides whether the job or a device is at fault, and returns which. Marks devices and changes the
 * result accordingly. */
static const char *settle_fault(struct gang *g, struct job_result *result)
{
	const struct rank *r = &g->ranks[g->cause];
	enum dvs_class class = r->end.class;
	const struct class_fate *fate = device_class_fate(class);
	const struct job *job = g->job->job;
	_cleanup_(freep) struct unit **broken = xcalloc(g->n, sizeof(*broken));
	uint32_t n_broken = gang_list_broken(g, broken);
	bool is_like_before = fate->mark != MARK_NONE && !is_unread(r) &&
			      past_has_like(g->chips, job, r->unit->device->id, class);
	bool breaks_devices = past_shows_the_job(g->chips, job, broken, n_broken);

	mark_cause(g, is_like_before || breaks_devices);
	note_probes(g, broken, n_broken);
	if (n_broken)
		add_broken(g, result);
	if (!is_like_before && !breaks_devices)
		return n_broken || fate->mark != MARK_NONE || !fate->is_counted ? "device" : "job";
	say_breaks(g, breaks_devices ? DVS_WEDGE : class, result);
	return "job";
}

/* The run failed because of the job; the device is marked only if a reset did not make it usable
 * again. */
static void mark_spent(struct gang *g)
{
	const struct rank *r = &g->ranks[g->cause];

	if (r->end.is_spent && device_class_fate(r->end.class)->mark == MARK_NONE)
		unit_mark(r->unit, g->job->job, DVS_POISON, r->end.code,
			  "a reset did not bring it back");
}

static const char *message_of(struct gang *g, const struct rank *r)
{
	const char *text = outcome_text_of(r);

	if (g->n == 1)
		return arena_printf(g->job->mem, "device %d: %s", r->unit->device->id, text);
	return arena_printf(g->job->mem, "rank %d on device %d: %s", g->cause, r->unit->device->id,
			    text);
}

/* The driver of the rank reported success, but the patterns of its log did not. */
static void result_by_log(struct gang *g, struct job_result *result)
{
	const struct rank *r = &g->ranks[g->cause];

	*result = r->end.verdict;
	if (g->n > 1)
		result->message = message_of(g, r);
}

static void result_by_cause(struct gang *g, struct job_result *result)
{
	const struct rank *r = &g->ranks[g->cause];
	const struct class_fate *fate = device_class_fate(r->end.class);

	if (r->end.verdict.status != JOB_RUNNING)
		*result = r->end.verdict;
	if (result->reason != REASON_LAUNCH) { /* LAUNCH: its directory could not be made */
		result->status = fate->status;
		result->reason = fate->reason;
	}
	result->is_uncounted = !fate->is_counted || is_unread(r);
	result->message = message_of(g, r);
	if (!result->context && g->context.len)
		result->context = g->context.s;
}

static void result_by_user(struct gang *g, struct job_result *result)
{
	result->status = JOB_KILLED;
	result->reason = g->kill_reason;
	result->message = "killed: the run was stopped";
}

static void outcome_add_usage(const struct gang *g, struct job_result *result)
{
	result->usage = (struct job_usage){0};
	for (uint32_t i = 0; i < g->n; i++) {
		const struct job_usage *u = &g->ranks[i].end.verdict.usage;

		result->usage.user_s += u->user_s;
		result->usage.system_s += u->system_s;
		if (u->max_rss_kib > result->usage.max_rss_kib)
			result->usage.max_rss_kib = u->max_rss_kib;
	}
}

void outcome_tell(struct gang *g)
{
	struct job_result result = {.status = JOB_PASSED, .exit_status = -1};
	const char *at_fault = NULL;
	_cleanup_(freep) char *details = NULL;

	if (g->was_killed) {
		result_by_user(g, &result);
	} else if (g->cause >= 0 && g->ranks[g->cause].end.class == DVS_OK) {
		result_by_log(g, &result);
		at_fault = "job";
	} else if (g->cause >= 0) {
		result_by_cause(g, &result);
		at_fault = settle_fault(g, &result);
		mark_spent(g);
	} else {
		result = g->ranks[0].end.verdict;
		for (uint32_t i = 0; i < g->n; i++)
			unit_note_passed(g->ranks[i].unit);
	}
	outcome_add_usage(g, &result);
	result.start_wall_s = g->started_wall_s;
	result.duration_s = fmax(g->over_s - (g->is_released ? g->released_s : g->started_s), 0);
	if (result.status == JOB_PASSED)
		past_forget(g->chips, g->job->job);
	result.details = details = outcome_make_details(g, at_fault);
	sched_job_ended(g->job->job, &result);
}
