/* SPDX-License-Identifier: Apache-2.0 */
/* `backends: { chips: {…} }`, read and checked: docs/reference/devices.md has every key. */
#ifndef BACKENDS_CHIPS_SETTINGS_H
#define BACKENDS_CHIPS_SETTINGS_H

#include "backends/backends.h"
#include "device/health/health.h"
#include "device/probe/probe.h"

/* Each clock has its own start, budget and verdict. Only CLOCK_RUN may fail a job for its time. */
enum chips_clock {
	CLOCK_QUEUE,  /* from submit() until it has its devices */
	CLOCK_OPEN,   /* process start until the device is open; not counted as an attempt */
	CLOCK_LOAD,   /* request sent until loaded; not counted as an attempt */
	CLOCK_JOIN,   /* from loaded until armed */
	CLOCK_RUN,    /* from the release of the gang until the run is over */
	CLOCK_FINISH, /* from the end of the run until the driver's verdict */
	CLOCK_RESET,
	CLOCK_COUNT
};
const char *chips_clock_name(enum chips_clock c); /* "open" */

/* How idleness on a device is judged. */
enum watch_rule {
	WATCH_EVIDENCE, /* a rank stalls if work that it owns runs without progress */
	WATCH_IDLE,	/* any rank without progress stalls; naive, for comparison */
};

struct chips_device {
	int32_t id, domain;		/* domain -1: one of its own */
	const struct dvs_device *facts; /* from the driver */
	const char *family;		/* with machine_id: names its lock and health files */
	int32_t numa;			/* node; -1: not known */
	const char *cpus;		/* CPUs of that node, to run on; NULL: any */
	int32_t machine_id;		/* id, or its number before renumbering: lend_names.h */
	const char *lent_as;		/* its name in the environment of a borrower */
};
/* The first fault domain of the configuration; those of drivers are smaller. */
enum { CHIPS_FIRST_OWN_DOMAIN = DVS_FAULT_DOMAINS };

struct chips_settings {
	const char *name;    /* of the backend */
	const char *driver;  /* a name or an absolute path */
	const char *options; /* JSON object for open() */
	struct src_pos pos, devices_pos;
	struct chips_device *devices;
	uint32_t n_devices;
	double budget_s[CLOCK_COUNT]; /* 0: no limit */
	double stall_s;		      /* 0: not watched */
	double wall_s;		      /* one attempt as a whole; 0: no limit */
	double session_s;	      /* 0: not given */
	struct src_pos stall_pos;
	enum watch_rule watch;
	double grace_s, peer_grace_s;
	uint32_t max_runs; /* of one worker; 0: no limit */
	double max_age_s;  /* likewise */
	/* Bytes that a worker may hold more than after its first run; 0: no limit. */
	uint64_t max_growth;
	double idle_s; /* an unused worker is closed after so long; 0: never */
	bool has_affinity;
	uint32_t max_streak;	/* jobs of one image in a row on a device while others wait */
	double reserve_after_s; /* a gang that waited so long gets its devices reserved */
	double deadlock_s;
	struct health_rules health;
	bool is_exclusive;
	const char *lock_dir, *state_dir;
	const char *machine_dir; /* its quarantines count, too; NULL: none */
	/* Variables for borrowers, beside DVSCHED_DEVICES; NULL-terminated. */
	const char *const *lend_variables;
	uint32_t caps; /* the driver's */
	const char *driver_name, *driver_version;
};

/* In mem; NULL after errors. Gets the list of devices from the driver (device_probe()). */
struct chips_settings *chips_settings_read(struct arena *mem, const struct backend_env *env,
					   struct diags *diags);

#endif
