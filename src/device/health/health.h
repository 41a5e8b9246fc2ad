/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered about a device from run to run, and whether it may be used:
 *
 *   UNKNOWN ─pass─► HEALTHY ─mark─► SUSPECT ─marks in the window, or a probe fails─► QUARANTINED
 *   QUARANTINED ─its time is over and two probes in a row are good─► PROBATION
 *   PROBATION ─one job passes─► HEALTHY      PROBATION ─any mark─► QUARANTINED, for twice as long
 *   any ─a process that cannot be killed─► DEAD, until a person clears it
 *
 * A pass takes back the marks of hangs and lost processes, which may have been their jobs' own
 * doing. A mark names the job that made it: if the same job ends the same way on another device, it
 * was the job, and the mark is taken back. Pure but for health_load() and health_store(); time is
 * an argument.
 *
 * In device/health/: the rules of health (health.c), the file that keeps it, and where that
 * file is (places.h).
 */
#ifndef DEVICE_HEALTH_HEALTH_H
#define DEVICE_HEALTH_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "device/device_class.h"

enum health_state {
	HEALTH_UNKNOWN,
	HEALTH_HEALTHY,
	HEALTH_SUSPECT,
	HEALTH_QUARANTINED,
	HEALTH_PROBATION,
	HEALTH_DEAD,
	HEALTH_STATE_COUNT
};

enum { HEALTH_MARKS = 8, HEALTH_TEXT = 256, HEALTH_JOB = 128 };

struct health_rules {
	uint32_t marks; /* so many within window_s quarantine it */
	double window_s;
	double quarantine_s; /* the first time; doubles */
};

struct health_mark {
	double wall_s; /* since 1970 */
	enum dvs_class class;
	int32_t code;
	char job[HEALTH_JOB];
};

struct device_health {
	enum health_state state;
	uint32_t n_marks;
	struct health_mark marks[HEALTH_MARKS]; /* oldest first */
	uint32_t n_quarantines;			/* since it was last healthy */
	uint32_t n_good_probes;			/* in a row, while quarantined */
	double since_wall_s;			/* in this state */
	double until_wall_s;			/* QUARANTINED: a probe is due then */
	int32_t first_code;			/* that led here */
	uint32_t n_jobs;			/* that it cost */
	char reason[HEALTH_TEXT];		/* for people; "" */
};

/* An end on the device that its class marks; MARK_NONE: nothing happens. Returns true if the state
 * changed. */
bool health_mark(struct device_health *h, const struct health_rules *rules, enum device_mark mark,
		 const struct health_mark *what, const char *text);
/* It was the job: its marks go, and what they led to. Returns true if anything changed. */
bool health_unmark(struct device_health *h, const struct health_rules *rules, const char *job,
		   double wall_s);
/* The job quarantined it, and right after that it opened well: a mark of the job is left, and the
 * device may be used. Not if it had been quarantined before. Returns true if anything changed. */
bool health_opened_again(struct device_health *h, const struct health_rules *rules, const char *job,
			 const char *text, double wall_s);
/* A job passed there. Returns true if anything changed, marks included: it must be stored then. */
bool health_passed(struct device_health *h, const struct health_rules *rules, double wall_s);
/* Opened, or not, by a fresh process without a job. */
bool health_probed(struct device_health *h, const struct health_rules *rules, bool is_good,
		   const char *text, double wall_s);
bool health_suspect(struct device_health *h, const char *text,
		    double wall_s); /* its neighbour broke */
bool health_dead(struct device_health *h, const char *text, double wall_s);
/* By a person: for so long, INFINITY: until it is cleared. */
bool health_set_aside(struct device_health *h, const char *text, double for_s, double wall_s);

bool health_is_usable(const struct device_health *h); /* a job may go there */
/* A quarantine is over now, as if its time were: a probe shows whether the device is well. */
void health_probe_now(struct device_health *h, double wall_s);
bool health_wants_probe(const struct device_health *h, double wall_s);
const char *health_state_name(enum health_state s); /* "quarantined" */
/* "quarantined until 2026-11-25T12:30:00Z", "healthy" */
void health_add_state(struct str *out, const struct device_health *h, double wall_s);
/* ": stalled: no progress for 12s (first code 507018; 2 jobs: a, b)"; "" if there is none. */
void health_add_reason(struct str *out, const struct device_health *h);
bool health_has_end(const struct device_health *h); /* of a quarantine: until_wall_s says when */

/* <state_dir>/<family>-<id>.json; a file that is not there is UNKNOWN. -1 with err, *ret is then
 * UNKNOWN. */
int health_load(const char *state_dir, const char *family, int32_t id, struct device_health *ret,
		struct error *err);
int health_store(const char *state_dir, const char *family, int32_t id,
		 const struct device_health *h, struct error *err);
/* How long health_lock() waits, in ms: a change takes less than one. Whoever holds the lock for
 * longer is stopped, and is not waited for at every change. */
enum { HEALTH_LOCK_MS = 100 };
/* Between a load and the store that follows from it nobody else changes the file, as long as the
 * descriptor is open. -1: not to be had, because the directory cannot be written, its name is no
 * plain file, or somebody held it for wait_ms; then a change of another process may be lost. */
int health_lock(const char *state_dir, const char *family, int32_t id, unsigned wait_ms);
/* Likewise; what is set aside in machine_dir counts, too, until its time is over. NULL: nothing. */
int health_load_both(const char *state_dir, const char *machine_dir, const char *family, int32_t id,
		     double wall_s, struct device_health *ret, struct error *err);
/* What is remembered in from and not in to moves there. */
void health_move(const char *from, const char *to);
/* Forgets it: `dvsched chips clear`. */
int health_clear(const char *state_dir, const char *family, int32_t id, struct error *err);

#endif
