/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The health of a device, stored from run to run: may it be used?
 *
 *   UNKNOWN ─pass─► HEALTHY ─mark─► SUSPECT ─marks in the window, or a probe fails─► QUARANTINED
 *   QUARANTINED ─its time is over and two probes in a row are good─► PROBATION
 *   PROBATION ─one job passes─► HEALTHY      PROBATION ─any mark─► QUARANTINED, for twice as long
 *   any ─a process that cannot be killed─► DEAD, until a user clears it
 *
 * A pass removes the marks of hangs and lost processes, which the jobs themselves may have caused.
 * A mark names its job: if the same job ends the same way on another device, the job is at fault,
 * and the mark is removed. All functions are pure, except those that read and write files; time is
 * an argument.
 *
 * In device/health/: the rules of health (health.c), its file, and where the file is (places.h).
 */
#ifndef DEVICE_HEALTH_HEALTH_H
#define DEVICE_HEALTH_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json_out.h"
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
	uint32_t marks; /* this many marks within window_s quarantine a device */
	double window_s;
	double quarantine_s; /* the first time; doubles each time */
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
	int32_t first_code;			/* of the first mark that led to this state */
	uint32_t n_jobs;			/* that made marks */
	char reason[HEALTH_TEXT];		/* for people; "" */
};

/* Adds a mark for an end on the device. MARK_NONE: does nothing. Returns true if the state
 * changed. */
bool health_mark(struct device_health *h, const struct health_rules *rules, enum device_mark mark,
		 const struct health_mark *what, const char *text);
/* The job was at fault: removes its marks, and the state that they led to. Returns true if anything
 * changed. */
bool health_unmark(struct device_health *h, const struct health_rules *rules, const char *job,
		   double wall_s);
/* The device opened right after the job quarantined it: it may be used again, with one mark of the
 * job. Not if it had been quarantined before. Returns true if anything changed. */
bool health_opened_again(struct device_health *h, const struct health_rules *rules, const char *job,
			 const char *text, double wall_s);
/* A job passed on the device. Returns true if anything changed, marks included: then it must be
 * stored. */
bool health_passed(struct device_health *h, const struct health_rules *rules, double wall_s);
/* The result of a probe: a fresh process opened the device without a job, or failed to. */
bool health_probed(struct device_health *h, const struct health_rules *rules, bool is_good,
		   const char *text, double wall_s);
bool health_suspect(struct device_health *h, const char *text,
		    double wall_s); /* its neighbour broke */
bool health_dead(struct device_health *h, const char *text, double wall_s);
/* Quarantine by a user. for_s INFINITY: until it is cleared. */
bool health_set_aside(struct device_health *h, const char *text, double for_s, double wall_s);

bool health_is_usable(const struct device_health *h); /* a job may go there */
/* Ends the time of a quarantine now, so that the device can be probed. */
void health_probe_now(struct device_health *h, double wall_s);
bool health_wants_probe(const struct device_health *h, double wall_s);
const char *health_state_name(enum health_state s); /* "quarantined" */
/* "quarantined until 2026-11-25T12:30:00Z", "healthy" */
void health_add_state(struct str *out, const struct device_health *h, double wall_s);
/* ": stalled: no progress for 12s (first code 507018; 2 jobs: a, b)"; "" if there is none. */
void health_add_reason(struct str *out, const struct device_health *h);
/* Members for the open object: health, since, until, reason, first_code, n_jobs, jobs. Unknown
 * times and an empty reason are null. */
void health_add_json(const struct device_health *h, struct json_out *to);
bool health_has_end(const struct device_health *h); /* a quarantine ends, at until_wall_s */

/* Reads <state_dir>/<family>-<id>.json; without a file the state is UNKNOWN. -1 with err; *ret is
 * UNKNOWN then, too. For use in the loop: a shortage of descriptors is an error at once. */
int health_load(const char *state_dir, const char *family, int32_t id, struct device_health *ret,
		struct error *err);
int health_store(const char *state_dir, const char *family, int32_t id,
		 const struct device_health *h, struct error *err);
/* How long health_lock() waits, in ms. A change takes less than one: a process that holds the lock
 * for longer is stopped, and callers need not wait for it again. */
enum { HEALTH_LOCK_MS = 100 };
/* Locks the health file between a load and its store: no other process changes the file while the
 * returned descriptor is open. -1: no lock, because the directory cannot be written, the lock's
 * name is not a regular file, or another process held it for wait_ms. Then a change of another
 * process may be lost. */
int health_lock(const char *state_dir, const char *family, int32_t id, unsigned wait_ms);
/* Like health_load(). A device that is quarantined or dead in machine_dir gets this state, until
 * the quarantine there is over. machine_dir NULL: not read. */
int health_load_both(const char *state_dir, const char *machine_dir, const char *family, int32_t id,
		     double wall_s, struct device_health *ret, struct error *err);
/* Moves this user's health files from `from` to `to`, unless they exist there. */
void health_move(const char *from, const char *to);
/* Removes the file: `dvsched chips clear`. */
int health_clear(const char *state_dir, const char *family, int32_t id, struct error *err);

#endif
