/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/sim/fault.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/str.h"
#include "drivers/sim/codes.h"

enum { MOST_FAULTS = 1000 };

static const char *const point_names[] = {
	[SIM_ON_ANY] = "any",	  [SIM_ON_PROBE] = "probe",	[SIM_ON_HEALTH] = "health",
	[SIM_ON_OPEN] = "open",	  [SIM_ON_LOAD] = "load",	[SIM_ON_UNLOAD] = "unload",
	[SIM_ON_JOIN] = "join",	  [SIM_ON_PREPARE] = "prepare", [SIM_ON_LAUNCH] = "launch",
	[SIM_ON_POLL] = "poll",	  [SIM_ON_FINISH] = "finish",	[SIM_ON_ABORT] = "abort",
	[SIM_ON_LEAVE] = "leave", [SIM_ON_RESET] = "reset",	[SIM_ON_CLOSE] = "close",
	[SIM_ON_RUN] = "run",	  [SIM_ON_MALLOC] = "malloc",	[SIM_ON_TERM] = "term",
};
static_assert(ARRAY_LEN(point_names) == SIM_POINT_COUNT, "one name per point");

#define CALLS                                                                             \
	(BIT(SIM_ON_ANY) | BIT(SIM_ON_OPEN) | BIT(SIM_ON_LOAD) | BIT(SIM_ON_UNLOAD) |     \
	 BIT(SIM_ON_JOIN) | BIT(SIM_ON_PREPARE) | BIT(SIM_ON_LAUNCH) | BIT(SIM_ON_POLL) | \
	 BIT(SIM_ON_FINISH) | BIT(SIM_ON_ABORT) | BIT(SIM_ON_LEAVE) | BIT(SIM_ON_RESET) | \
	 BIT(SIM_ON_CLOSE))
#define RUN    BIT(SIM_ON_RUN)
#define ASKED  (BIT(SIM_ON_PROBE) | BIT(SIM_ON_HEALTH))
#define MALLOC BIT(SIM_ON_MALLOC)

static const struct action_row {
	const char *name;
	unsigned points; /* points at which the action is allowed */
} actions[] = {
	[SIM_DELAY] = {"delay", CALLS | ASKED | RUN | MALLOC},
	[SIM_HANG] = {"hang", CALLS | ASKED | RUN | MALLOC},
	[SIM_SLOW] = {"slow", RUN},
	[SIM_STALL_THEN_RECOVER] = {"stall_then_recover", RUN},
	[SIM_CRASH] = {"crash", CALLS | ASKED | RUN | MALLOC},
	[SIM_EXIT] = {"exit", CALLS | ASKED | RUN | MALLOC},
	[SIM_CODE] = {"code", CALLS | ASKED | RUN | MALLOC},
	[SIM_POISON] = {"poison", CALLS | RUN},
	[SIM_WEDGE] = {"wedge", CALLS | RUN},
	[SIM_NO_SHOW] = {"no_show", BIT(SIM_ON_JOIN)},
	[SIM_STOP_HEARTBEAT] = {"stop_heartbeat", CALLS | RUN},
	[SIM_IGNORE] = {"ignore", BIT(SIM_ON_TERM)},
	[SIM_CORRUPT] = {"corrupt", RUN},
};
static_assert(ARRAY_LEN(actions) == SIM_ACTION_COUNT, "one row per action");

const char *sim_action_name(enum sim_action a)
{
	return actions[a].name;
}

static int32_t read_point(const struct fields *r, enum sim_point *ret)
{
	const char *name = NULL;

	if (fields_text(r, "on", &name) != 0)
		return SIM_BAD_JOB;
	for (size_t i = 0; name && i < SIM_POINT_COUNT; i++)
		if (strcmp(point_names[i], name) == 0) {
			*ret = (enum sim_point)i;
			return 0;
		}
	return sim_fail(r->err, SIM_BAD_JOB,
			"%s: 'on' must be a call (open, load, … close), run, "
			"malloc, probe, health, term or any",
			r->where);
}

static int32_t read_action(const struct fields *r, struct sim_fault *f)
{
	const char *name = NULL;

	if (fields_text(r, "do", &name) != 0)
		return SIM_BAD_JOB;
	for (size_t i = 0; name && i < SIM_ACTION_COUNT; i++) {
		if (strcmp(actions[i].name, name) != 0)
			continue;
		f->action = (enum sim_action)i;
		if (actions[i].points & BIT(f->on))
			return 0;
		return sim_fail(r->err, SIM_BAD_JOB, "%s: '%s' cannot happen on '%s'", r->where,
				name, point_names[f->on]);
	}
	return sim_fail(r->err, SIM_BAD_JOB,
			"%s: 'do' must be one of delay, hang, slow, "
			"stall_then_recover, crash, exit, code, poison, "
			"wedge, no_show, stop_heartbeat, ignore, corrupt",
			r->where);
}

int sim_signal_number(json_t *value)
{
	const char *name = json_string_value(value);

	if (json_is_integer(value))
		return json_integer_value(value) > 0 && json_integer_value(value) < NSIG
			       ? (int)json_integer_value(value)
			       : 0;
	if (!name)
		return 0;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (int i = 1; i < NSIG; i++)
		if (sigabbrev_np(i) && strcasecmp(sigabbrev_np(i), name) == 0)
			return i;
	return 0;
}

/* Reads the keys of each action, except those of its delay. */
static int32_t read_details(const struct fields *r, struct sim_fault *f)
{
	static const int32_t usual_codes[SIM_ACTION_COUNT] = {
		[SIM_EXIT] = 1, [SIM_POISON] = SIM_CPU_FAULT, [SIM_WEDGE] = SIM_HEARTBEAT_LOST};
	const char *clears_on = "never";
	int64_t code = usual_codes[f->action];
	json_t *sig = json_object_get(r->from, "sig");

	if (fields_int(r, "code", INT32_MIN, INT32_MAX, &code) != 0 ||
	    fields_text(r, "clears_on", &clears_on) != 0 ||
	    fields_real(r, "factor", &f->factor) != 0)
		return SIM_BAD_JOB;
	f->code = (int32_t)code;
	f->sig = sig ? sim_signal_number(sig) : SIGSEGV;
	f->clears_on_reset = strcmp(clears_on, "force_reset") == 0;
	if (f->sig == 0)
		return sim_fail(r->err, SIM_BAD_JOB, "%s: 'sig' must be a signal, like \"SEGV\"",
				r->where);
	if (f->action == SIM_CODE && code == 0)
		return sim_fail(r->err, SIM_BAD_JOB, "%s: 'code' must be there, and not 0",
				r->where);
	if (!f->clears_on_reset && strcmp(clears_on, "never") != 0)
		return sim_fail(r->err, SIM_BAD_JOB,
				"%s: 'clears_on' must be \"force_reset\" or \"never\"", r->where);
	return 0;
}

static int32_t read_fault(const struct fields *r, struct sim_fault *f)
{
	static const char *const keys[] = {"on",  "do",	  "device",    "rank", "job",	"attempt",
					   "p",	  "ms",	  "max_ms",    "dist", "shape", "factor",
					   "sig", "code", "clears_on", NULL};

	if (!json_is_object(r->from))
		return sim_fail(r->err, SIM_BAD_JOB, "%s must be an object", r->where);
	f->json = r->from;
	f->p = f->factor = 1;
	f->device = json_object_get(r->from, "device");
	f->rank = json_object_get(r->from, "rank");
	f->attempt = json_object_get(r->from, "attempt");
	if (fields_only(r, keys) != 0 || read_point(r, &f->on) != 0 || read_action(r, f) != 0 ||
	    fields_real(r, "p", &f->p) != 0 || fields_text(r, "job", &f->job) != 0 ||
	    sim_delay_read(r, &f->delay) != 0)
		return SIM_BAD_JOB;
	if (f->p > 1)
		return sim_fail(r->err, SIM_BAD_JOB, "%s: 'p' must be between 0 and 1", r->where);
	return read_details(r, f);
}

static int32_t fault_read_list(json_t *list, const char *where, struct sim_faults *f,
			       struct dvs_text *err)
{
	size_t i;
	json_t *object;

	if (list && !json_is_array(list))
		return sim_fail(err, SIM_BAD_JOB, "%s must be a list", where);
	if (json_array_size(list) + f->n > MOST_FAULTS)
		return sim_fail(err, SIM_BAD_JOB, "%s: more than %d", where, MOST_FAULTS);
	json_array_foreach(list, i, object)
	{
		char place[80];
		struct sim_fault *fault = &f->items[f->n];

		snprintf(place, sizeof(place), "%s[%zu]", where, i);
		*fault = (struct sim_fault){.number = (unsigned)f->n};
		if (read_fault(&(struct fields){object, place, SIM_BAD_JOB, err}, fault) != 0)
			return SIM_BAD_JOB;
		f->n++;
	}
	return 0;
}

int32_t sim_faults_read(json_t *list, const char *env, struct sim_faults *ret, struct dvs_text *err)
{
	*ret = (struct sim_faults){.lists = {json_incref(list), NULL}};
	if (env && *env && !(ret->lists[1] = json_loads(env, 0, NULL)))
		return sim_fail(err, SIM_BAD_JOB, "DVS_SIM_FAULTS is not JSON");
	ret->items = xcalloc(MOST_FAULTS, sizeof(*ret->items));
	if (fault_read_list(ret->lists[0], "faults", ret, err) != 0 ||
	    fault_read_list(ret->lists[1], "DVS_SIM_FAULTS", ret, err) != 0)
		return SIM_BAD_JOB;
	return 0;
}

void sim_faults_done(struct sim_faults *f)
{
	json_decref(f->lists[0]);
	json_decref(f->lists[1]);
	free(f->items);
	*f = (struct sim_faults){0};
}

static bool fault_strikes(const struct sim_faults *f, const struct sim_fault *fault,
			  const struct sim_occasion *o)
{
	if (fault->device && !fields_has_number(fault->device, o->device))
		return false;
	if (fault->rank && !fields_has_number(fault->rank, o->rank))
		return false;
	if (fault->attempt && !fields_has_number(fault->attempt, o->attempt))
		return false;
	if (fault->job && !(o->job && str_glob(fault->job, o->job)))
		return false;
	return fault->p >= 1 || sim_draw(f->seed, fault->number * 2 + 1, o) < fault->p;
}

const struct sim_fault *sim_fault_next(const struct sim_faults *f, enum sim_point on,
				       const struct sim_occasion *o, size_t *at)
{
	bool is_call = CALLS & BIT(on);

	while (*at < f->n) {
		const struct sim_fault *fault = &f->items[(*at)++];

		if ((fault->on == on || (is_call && fault->on == SIM_ON_ANY)) &&
		    fault_strikes(f, fault, o))
			return fault;
	}
	return NULL;
}

uint64_t sim_fault_ns(const struct sim_faults *f, const struct sim_fault *fault,
		      const struct sim_occasion *o)
{
	return sim_delay_draw(&fault->delay, sim_draw(f->seed, fault->number * 2 + 2, o));
}
