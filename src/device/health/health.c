/* SPDX-License-Identifier: Apache-2.0 */
#include "device/health/health.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"

/* A quarantine doubles each time, up to this. */
static const double QUARANTINE_MOST_S = 24 * 3600;
/* The last second of the year 9999, which means forever. */
static const double FOR_EVER_WALL_S = 253402300799.0;
enum { PROBES_NEEDED = 2 };

static const char *const state_names[] = {
	[HEALTH_UNKNOWN] = "unknown",	  [HEALTH_HEALTHY] = "healthy",
	[HEALTH_SUSPECT] = "suspect",	  [HEALTH_QUARANTINED] = "quarantined",
	[HEALTH_PROBATION] = "probation", [HEALTH_DEAD] = "dead",
};
static_assert(ARRAY_LEN(state_names) == HEALTH_STATE_COUNT, "one name per state");

const char *health_state_name(enum health_state s)
{
	return state_names[s];
}

/* The only writer of the state. true: it changed. */
static bool set_state(struct device_health *h, enum health_state next, double wall_s)
{
	if (h->state == next)
		return false;
	h->state = next;
	h->since_wall_s = wall_s;
	return true;
}

/* Sets the reason. A text that is too long is cut at the end of a character, and "…" is added. */
static void health_say(struct device_health *h, const char *text)
{
	static const char more[] = "…";
	size_t n, most = sizeof(h->reason) - sizeof(more);

	text = text ? text : "";
	n = strlen(text);
	snprintf(h->reason, sizeof(h->reason), "%s", text);
	if (n < sizeof(h->reason))
		return;
	while (((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	memcpy(h->reason + most, more, sizeof(more));
}

static bool health_quarantine(struct device_health *h, const struct health_rules *rules,
			      double wall_s)
{
	double s = rules->quarantine_s * ldexp(1, (int)h->n_quarantines);

	h->n_quarantines++;
	h->n_good_probes = 0;
	if (h->state != HEALTH_QUARANTINED) /* else a user may have set a later end */
		h->until_wall_s = 0;
	h->until_wall_s = fmax(h->until_wall_s, wall_s + fmin(s, QUARANTINE_MOST_S));
	return set_state(h, HEALTH_QUARANTINED, wall_s);
}

static void health_add_mark(struct device_health *h, const struct health_mark *what)
{
	if (h->n_marks == HEALTH_MARKS) {
		memmove(h->marks, h->marks + 1, (HEALTH_MARKS - 1) * sizeof(h->marks[0]));
		h->n_marks--;
	}
	h->marks[h->n_marks++] = *what;
}

static void drop_mark(struct device_health *h, uint32_t i)
{
	memmove(h->marks + i, h->marks + i + 1, (h->n_marks - i - 1) * sizeof(h->marks[0]));
	h->n_marks--;
}

static void drop_old_marks(struct device_health *h, const struct health_rules *rules, double wall_s)
{
	while (h->n_marks && h->marks[0].wall_s < wall_s - rules->window_s)
		drop_mark(h, 0);
}

/* Marks of MARK_IF_TWO_JOBS (lost workers) count only if two jobs made them: one job may kill its
 * own worker twice. */
static uint32_t n_counted(const struct device_health *h)
{
	const char *lost_by = NULL;
	bool has_two = false;
	uint32_t n = 0, n_lost = 0;

	for (uint32_t i = 0; i < h->n_marks; i++) {
		const struct health_mark *m = &h->marks[i];

		if (device_class_fate(m->class)->mark != MARK_IF_TWO_JOBS) {
			n++;
			continue;
		}
		has_two |= lost_by && strcmp(lost_by, m->job) != 0;
		lost_by = m->job;
		n_lost++;
	}
	return n + (has_two ? n_lost : 0);
}

bool health_mark(struct device_health *h, const struct health_rules *rules, enum device_mark mark,
		 const struct health_mark *what, const char *text)
{
	double wall_s = what->wall_s;

	if (mark == MARK_NONE || h->state == HEALTH_DEAD)
		return false;
	drop_old_marks(h, rules, wall_s);
	if (h->n_marks == 0 && h->state != HEALTH_QUARANTINED)
		h->first_code = what->code;
	health_add_mark(h, what);
	h->n_jobs++;
	if (h->state == HEALTH_QUARANTINED)
		return false;
	if (n_counted(h) == 0)
		return false;
	health_say(h, text);
	if (mark == MARK_QUARANTINE || h->state == HEALTH_PROBATION || n_counted(h) >= rules->marks)
		return health_quarantine(h, rules, wall_s);
	return set_state(h, HEALTH_SUSPECT, wall_s);
}

/* Long names of jobs are truncated in marks. */
static bool is_of_job(const struct health_mark *m, const char *job)
{
	return strncmp(m->job, job, HEALTH_JOB - 1) == 0;
}

/* A mark that quarantines by itself is left, of another job: the device may be broken. */
static bool has_wedge(const struct device_health *h)
{
	for (uint32_t i = 0; i < h->n_marks; i++)
		if (device_class_fate(h->marks[i].class)->mark == MARK_QUARANTINE)
			return true;
	return false;
}

bool health_unmark(struct device_health *h, const struct health_rules *rules, const char *job,
		   double wall_s)
{
	uint32_t n_before = h->n_marks;

	for (uint32_t i = h->n_marks; i-- > 0;)
		if (is_of_job(&h->marks[i], job))
			drop_mark(h, i);
	if (h->n_marks == n_before)
		return false;
	h->n_jobs -= h->n_jobs ? 1 : 0;
	if ((h->state != HEALTH_SUSPECT && h->state != HEALTH_QUARANTINED) ||
	    (h->state == HEALTH_QUARANTINED && !health_has_end(h)) || /* by a user */
	    n_counted(h) >= rules->marks || has_wedge(h))
		return true;
	if (h->state == HEALTH_QUARANTINED)
		h->n_quarantines -= h->n_quarantines ? 1 : 0;
	if (n_counted(h) == 0) {
		h->first_code = 0;
		health_say(h, "");
	}
	set_state(h, n_counted(h) ? HEALTH_SUSPECT : HEALTH_HEALTHY, wall_s);
	return true;
}

bool health_opened_again(struct device_health *h, const struct health_rules *rules, const char *job,
			 const char *text, double wall_s)
{
	struct health_mark mark = {.class = DVS_OK};

	for (uint32_t i = 0; i < h->n_marks; i++)
		if (is_of_job(&h->marks[i], job))
			mark = h->marks[i];
	if (mark.class == DVS_OK || h->state != HEALTH_QUARANTINED || h->n_quarantines > 1)
		return false;
	health_unmark(h, rules, job, wall_s);
	mark.wall_s = wall_s;
	health_mark(h, rules, MARK_ONE, &mark, text);
	return true;
}

static bool become_healthy(struct device_health *h, double wall_s)
{
	h->n_marks = 0;
	h->n_quarantines = 0;
	h->first_code = 0;
	h->n_jobs = 0;
	health_say(h, "");
	return set_state(h, HEALTH_HEALTHY, wall_s);
}

/* Marks of an end that the job itself may have caused. They are removed when another job passes on
 * the device. So a night with many hanging jobs does not quarantine all devices. */
static bool is_soft(const struct health_mark *m)
{
	return m->class == DVS_STALL || m->class == DVS_TIMEOUT || m->class == DVS_LOST;
}

static void drop_soft_marks(struct device_health *h)
{
	for (uint32_t i = h->n_marks; i-- > 0;)
		if (is_soft(&h->marks[i]))
			drop_mark(h, i);
}

bool health_passed(struct device_health *h, const struct health_rules *rules, double wall_s)
{
	uint32_t n_before = h->n_marks;

	if (!health_is_usable(h)) /* the job had started before; the reason must stay */
		return false;
	drop_old_marks(h, rules, wall_s);
	drop_soft_marks(h);
	if (h->state == HEALTH_HEALTHY || (h->state == HEALTH_SUSPECT && h->n_marks))
		return h->n_marks != n_before;
	return become_healthy(h, wall_s);
}

bool health_probed(struct device_health *h, const struct health_rules *rules, bool is_good,
		   const char *text, double wall_s)
{
	if (h->state == HEALTH_DEAD)
		return false;
	if (!is_good) {
		health_say(h, text);
		return health_quarantine(h, rules, wall_s);
	}
	if (h->state != HEALTH_QUARANTINED)
		return false;
	if (++h->n_good_probes < PROBES_NEEDED)
		return false;
	return set_state(h, HEALTH_PROBATION, wall_s);
}

bool health_suspect(struct device_health *h, const char *text, double wall_s)
{
	if (h->state != HEALTH_HEALTHY && h->state != HEALTH_UNKNOWN)
		return false;
	health_say(h, text);
	return set_state(h, HEALTH_SUSPECT, wall_s);
}

bool health_dead(struct device_health *h, const char *text, double wall_s)
{
	health_say(h, text);
	return set_state(h, HEALTH_DEAD, wall_s);
}

bool health_set_aside(struct device_health *h, const char *text, double for_s, double wall_s)
{
	health_say(h, text);
	h->n_quarantines++;
	h->n_good_probes = 0;
	h->first_code = 0;
	h->until_wall_s = fmin(wall_s + for_s, FOR_EVER_WALL_S);
	return set_state(h, HEALTH_QUARANTINED, wall_s);
}

bool health_has_end(const struct device_health *h)
{
	return h->until_wall_s < FOR_EVER_WALL_S;
}

void health_add_state(struct str *out, const struct device_health *h, double wall_s)
{
	str_add(out, health_state_name(h->state));
	if (h->state != HEALTH_QUARANTINED)
		return;
	str_add(out, " until ");
	if (health_wants_probe(h, wall_s))
		str_add(out, "a probe, which is due now, succeeds");
	else if (health_has_end(h))
		wall_add_iso(out, h->until_wall_s);
	else
		str_add(out, "it is cleared");
}

void health_add_reason(struct str *out, const struct device_health *h)
{
	const char *between = "";

	if (h->reason[0])
		str_add(out, ": ");
	str_add_printable(out, h->reason, strlen(h->reason));
	if (!h->n_jobs && !h->first_code)
		return;
	str_add(out, " (");
	if (h->first_code) {
		str_printf(out, "first code %d", h->first_code);
		between = "; ";
	}
	if (h->n_jobs)
		str_printf(out, "%s%u job%s", between, h->n_jobs, h->n_jobs == 1 ? "" : "s");
	for (uint32_t i = 0; i < h->n_marks && h->n_jobs; i++)
		str_printf(out, "%s%s", i ? ", " : ": ", h->marks[i].job);
	str_addc(out, ')');
}

bool health_is_usable(const struct device_health *h)
{
	return h->state != HEALTH_QUARANTINED && h->state != HEALTH_DEAD;
}

void health_probe_now(struct device_health *h, double wall_s)
{
	if (h->state == HEALTH_QUARANTINED && health_has_end(h))
		h->until_wall_s = fmin(h->until_wall_s, wall_s);
}

bool health_wants_probe(const struct device_health *h, double wall_s)
{
	return h->state == HEALTH_QUARANTINED && wall_s >= h->until_wall_s;
}

static void add_time(struct json_out *to, const char *key, double wall_s)
{
	if (wall_s > 0) {
		jout_key_real(to, key, wall_s, 3);
		return;
	}
	jout_key(to, key);
	jout_null(to);
}

void health_add_json(const struct device_health *h, struct json_out *to)
{
	bool has_end = h->state == HEALTH_QUARANTINED && health_has_end(h);

	jout_key_string(to, "health", health_state_name(h->state));
	add_time(to, "since", h->since_wall_s);
	add_time(to, "until", has_end ? h->until_wall_s : 0);
	jout_key_string(to, "reason", h->reason[0] ? h->reason : NULL);
	jout_key_int(to, "first_code", h->first_code);
	jout_key_int(to, "n_jobs", h->n_jobs);
	jout_key(to, "jobs");
	jout_array(to);
	for (uint32_t i = 0; i < h->n_marks; i++)
		jout_string(to, h->marks[i].job);
	jout_array_end(to);
}
