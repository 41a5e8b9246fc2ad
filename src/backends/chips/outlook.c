/* SPDX-License-Identifier: Apache-2.0 */
/* Why a job waits for devices, and which jobs can never get them: those are ended, with the
 * reasons. */
#include <math.h>
#include <stdlib.h>

#include "backends/chips/chips.h"
#include "backends/chips/device_list.h"
#include "base/mem.h"

static uint32_t outlook_count_units(const struct chips *c, bool (*is)(const struct unit *u))
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_units; i++)
		n += is(&c->units[i]);
	return n;
}

/* Number of units for which is() holds; domain NULL: of any domain. */
static uint32_t count_in_domain(const struct chips_job *j, const int32_t *domain,
				bool (*is)(const struct chips_job *j, const struct unit *u))
{
	const struct chips *c = j->chips;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_units; i++)
		n += (!domain || c->units[i].device->domain == *domain) && is(j, &c->units[i]);
	return n;
}

/* The largest number of such units that j could have at once. */
static uint32_t count_for_job(const struct chips_job *j,
			      bool (*is)(const struct chips_job *j, const struct unit *u))
{
	const struct chips *c = j->chips;
	uint32_t most = 0;

	if (!j->request->same_domain || j->request->n_devices == 1)
		return count_in_domain(j, NULL, is);
	for (uint32_t i = 0; i < c->n_units; i++) {
		uint32_t n = count_in_domain(j, &c->units[i].device->domain, is);

		if (c->units[i].device->domain >= 0 && n > most)
			most = n;
	}
	return most;
}

static bool is_usable(const struct unit *u)
{
	return health_is_usable(&u->health);
}

static bool is_usable_for(const struct chips_job *j, const struct unit *u)
{
	(void)j;
	return is_usable(u);
}

static bool is_unbroken_for(const struct chips_job *j, const struct unit *u)
{
	return is_usable(u) && !past_has_broken(j->chips, j->job, u->device->id);
}

uint32_t outlook_n_usable(const struct chips_job *j)
{
	return count_for_job(j, is_usable_for);
}

uint32_t outlook_n_unbroken(const struct chips_job *j)
{
	return count_for_job(j, is_unbroken_for);
}

/* ---- when a job can run at all ---- */

/* When u can be used, by its health; INFINITY: not before a user clears it. */
static double usable_at(const struct unit *u)
{
	const struct chips *c = u->chips;
	const struct device_health *h = &u->health;

	if (is_usable(u))
		return c->turn_s;
	if (h->state == HEALTH_DEAD || !health_has_end(h))
		return INFINITY;
	return fmax(c->turn_s, c->turn_s + h->until_wall_s - clock_wall(c->clock));
}

static int compare_times(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* When n of them can be used at once; domain NULL: any. */
static double n_usable_at(const struct chips *c, const int32_t *domain, uint32_t n)
{
	double *at_s = xcalloc(c->n_units, sizeof(*at_s)), ret = INFINITY;
	uint32_t n_found = 0;

	for (uint32_t i = 0; i < c->n_units; i++)
		if (!domain || c->units[i].device->domain == *domain)
			at_s[n_found++] = usable_at(&c->units[i]);
	qsort(at_s, n_found, sizeof(*at_s), compare_times);
	if (n_found >= n)
		ret = at_s[n - 1];
	free(at_s);
	return ret;
}

/* When enough quarantines are over for j to run. */
static double possible_at(const struct chips_job *j)
{
	const struct chips *c = j->chips;
	uint32_t n = j->request->n_devices;
	double at_s = INFINITY;

	if (!j->request->same_domain || n == 1)
		return n_usable_at(c, NULL, n);
	for (uint32_t i = 0; i < c->n_units; i++)
		if (c->units[i].device->domain >= 0)
			at_s = fmin(at_s, n_usable_at(c, &c->units[i].device->domain, n));
	return at_s;
}

/* How long j may wait for a quarantine to end. A gang does not wait for devices that it has broken
 * itself. */
static double patient_until(const struct chips_job *j)
{
	if (j->request->queue_s > 0)
		return j->queued_s + j->request->queue_s;
	if (j->request->n_devices > 1 && past_has_like(j->chips, j->job, -1, DVS_WEDGE))
		return j->stuck_s;
	return j->stuck_s + 2 * j->chips->s->health.quarantine_s;
}

/* ---- in words ---- */

/* "; 0-3 quarantined" */
static void add_state(const struct chips *c, struct str *out, enum health_state state)
{
	int32_t *ids = xcalloc(c->n_units, sizeof(*ids));
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_units; i++)
		if (c->units[i].health.state == state)
			ids[n++] = c->units[i].device->id;
	if (n) {
		str_add(out, "; ");
		device_list_add(out, ids, n);
		str_printf(out, " %s", health_state_name(state));
	}
	free(ids);
}

/* "; device 0 is quarantined until …: why" */
static void add_one_unusable(const struct chips *c, struct str *out)
{
	for (uint32_t i = 0; i < c->n_units; i++) {
		const struct unit *u = &c->units[i];

		if (is_usable(u))
			continue;
		str_printf(out, "; device %d is ", u->device->id);
		health_add_state(out, &u->health, clock_wall(c->clock));
		health_add_reason(out, &u->health);
	}
}

/* Why u, though usable, is not available. */
static void add_others(const struct unit *u, struct str *out)
{
	if (u->locked_by[0])
		str_printf(out, "; %s", u->locked_by);
	else if (unit_must_yield(u))
		str_printf(out, "; device %d goes to a process that has waited longer",
			   u->device->id);
}

/* One unusable device is described in full; of several only the ids. */
static void add_unusable(const struct chips *c, struct str *out)
{
	if (c->n_units - outlook_count_units(c, is_usable) == 1) {
		add_one_unusable(c, out);
	} else {
		add_state(c, out, HEALTH_QUARANTINED);
		add_state(c, out, HEALTH_DEAD);
	}
	for (uint32_t i = 0; i < c->n_units; i++)
		if (is_usable(&c->units[i]))
			add_others(&c->units[i], out);
}

/* The reasons, a line for each device. */
static const char *why_unusable(const struct chips_job *j)
{
	const struct chips *c = j->chips;
	_cleanup_(str_done) struct str out = {0};

	for (uint32_t i = 0; i < c->n_units; i++) {
		const struct unit *u = &c->units[i];

		if (is_usable(u))
			continue;
		str_printf(&out, "%sdevice %d is ", out.len ? "\n" : "", u->device->id);
		health_add_state(&out, &u->health, clock_wall(c->clock));
		health_add_reason(&out, &u->health);
	}
	return out.len ? arena_strdup(j->mem, out.s) : NULL;
}

void chips_job_end_unstarted(struct chips_job *j, enum job_reason reason, const char *text)
{
	const struct job_result result = {
		.status = JOB_KILLED,
		.reason = reason,
		.message = text,
		.context = why_unusable(j),
		.exit_status = -1,
	};

	sched_job_ended(j->job, &result);
	chips_job_free(j);
}

static const char *why_waiting(const struct chips_job *j)
{
	const struct chips *c = j->chips;
	_cleanup_(str_done) struct str out = {0};

	str_printf(&out, "needs %u of the %u devices of '%s', %u of them usable",
		   j->request->n_devices, c->n_units, c->s->name,
		   outlook_count_units(c, is_usable));
	if (j->request->same_domain)
		str_add(&out, ", in one fault domain");
	add_unusable(c, &out);
	return arena_strdup(j->mem, out.s);
}

void outlook_say_waits(const struct chips_job *j)
{
	_cleanup_(str_done) struct str out = {0};

	str_printf(&out, "devices: it %s", why_waiting(j));
	if (j->chips->n_queued > 1)
		str_printf(&out, " (and %u more)", j->chips->n_queued - 1);
	sched_job_waits(j->job, out.s);
}

bool chips_is_unused(const struct chips *c)
{
	return list_is_empty(&c->gangs) && list_is_empty(&c->lends);
}

/* For deadlock_s nothing has run, opened or ended. That alone ends no job: a job that could run on
 * usable devices goes on waiting. */
static bool is_quiet(const struct chips *c)
{
	if (!chips_is_unused(c) || chips_now(c) < c->last_event_s + c->s->deadlock_s)
		return false;
	for (uint32_t i = 0; i < c->n_units; i++)
		if (c->units[i].state == UNIT_OPENING)
			return false;
	return true;
}

/* While units set aside for j open, only the clock of the open counts. */
static bool has_waited_too_long(const struct chips_job *j)
{
	double queue_s = j->request->queue_s;

	return !chips_job_is_served(j) && queue_s > 0 && j->chips->turn_s >= j->queued_s + queue_s;
}

/* j cannot run on the usable devices. The end of a quarantine is waited for, if it comes in
 * time. */
static bool is_hopeless(struct chips_job *j, bool pool_is_quiet)
{
	double now_s = j->chips->turn_s, at_s = possible_at(j);

	if (at_s <= now_s && outlook_n_usable(j) >= j->request->n_devices) {
		j->stuck_s = 0;
		return false;
	}
	if (j->stuck_s <= 0)
		j->stuck_s = now_s;
	return isinf(at_s) || (pool_is_quiet && at_s > patient_until(j));
}

/* The reason, and what the user can do. */
static const char *why_hopeless(const struct chips_job *j)
{
	const struct chips *c = j->chips;
	double at_s = possible_at(j);
	_cleanup_(str_done) struct str out = {0};

	str_printf(&out, "too few devices are usable: it %s", why_waiting(j));
	if (isinf(at_s)) {
		str_add(&out, "; after a repair, 'dvsched chips clear' makes a device usable");
	} else if (at_s > c->turn_s) {
		str_add(&out, "; the quarantine that it waits for ends in ");
		duration_add(&out, ceil(at_s - c->turn_s));
		str_add(&out, j->request->queue_s > 0
				      ? ", after its 'queue_timeout'"
				      : ", too late for a job without a 'queue_timeout'");
	}
	return arena_strdup(j->mem, out.s);
}

void outlook_end_hopeless(struct chips *c)
{
	bool pool_is_quiet = is_quiet(c);
	uint32_t n_usable = outlook_count_units(c, is_usable);

	list_for_each (it, &c->queue) {
		struct chips_job *j = list_entry(it, struct chips_job, link);
		bool is_sure = !j->request->same_domain && j->request->n_devices <= n_usable;

		if (has_waited_too_long(j))
			chips_job_end_unstarted(j, REASON_QUEUE_TIMEOUT,
						arena_printf(j->mem,
							     "waited %gs for devices: it %s",
							     j->request->queue_s, why_waiting(j)));
		else if (is_sure) /* is_hopeless() is slow for many jobs and devices */
			j->stuck_s = 0;
		else if (is_hopeless(j, pool_is_quiet))
			chips_job_end_unstarted(j, REASON_NO_DEVICE, why_hopeless(j));
	}
}
