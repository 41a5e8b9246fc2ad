/* SPDX-License-Identifier: Apache-2.0 */
/* `backends: { chips: {…} }`, read and checked: docs/reference/devices.md has every key. */
#ifndef BACKENDS_CHIPS_SETTINGS_H
#define BACKENDS_CHIPS_SETTINGS_H

#include "backends/backends.h"
#include "device/health/health.h"
#include "device/probe/probe.h"

/* Each clock has a start, a budget and a verdict of its own. Only CLOCK_RUN may fail a job for its
 * time. */
enum chips_clock {
	CLOCK_QUEUE,  /* accepted until devices are its own */
	CLOCK_OPEN,   /* process started until the driver has opened; no attempt is counted */
	CLOCK_LOAD,   /* request sent until loaded; no attempt is counted */
	CLOCK_JOIN,   /* loaded until armed */
	CLOCK_RUN,    /* the gang's release until over */
	CLOCK_FINISH, /* over until the driver's verdict */
	CLOCK_RESET,
	CLOCK_COUNT
};
const char *chips_clock_name(enum chips_clock c); /* "open" */

/* How idleness on a device is judged. */
enum watch_rule {
	WATCH_EVIDENCE, /* only what owns something that runs, and does not move, stalls */
	WATCH_IDLE,	/* any rank without progress does: the naive rule, to compare with */
};

struct chips_device {
	int32_t id, domain;		/* domain -1: its own */
	const struct dvs_device *facts; /* what the driver says */
	const char *family;		/* with machine_id: its lock, its health */
	int32_t numa;			/* node; -1: not known */
	const char *cpus;		/* of that node, to run on; NULL: on any */
	int32_t machine_id;  /* id, but where this process counts devices anew: lend_names.h */
	const char *lent_as; /* what stands for it in the environment of a borrower */
};
/* Fault domains of the configuration begin there; those of drivers are below. */
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
	double session_s;	      /* 0: not said */
	struct src_pos stall_pos;
	enum watch_rule watch;
	double grace_s, peer_grace_s;
	uint32_t max_runs; /* of one worker; 0: no limit */
	double max_age_s;  /* likewise */
	uint64_t
		max_growth; /* bytes a worker may hold more than after its first run; 0: no limit */
	double idle_s;	    /* an unused worker is closed after so long; 0: never */
	bool has_affinity;
	uint32_t max_streak;	/* jobs of one image in a row on a device while others wait */
	double reserve_after_s; /* a gang that waited so long gets its devices reserved */
	double deadlock_s;
	struct health_rules health;
	bool is_exclusive;
	const char *lock_dir, *state_dir;
	const char *machine_dir; /* whose quarantines count, too; NULL: none */
	const char *const
		*lend_variables; /* of borrowers, beside DVSCHED_DEVICES; NULL-terminated */
	uint32_t caps;		 /* the driver's */
	const char *driver_name, *driver_version;
};

/* NULL after errors. In an arena of its own; asks the driver which devices there are. */
struct chips_settings *chips_settings_read(struct arena *mem, const struct backend_env *env,
					   struct diags *diags);

#endif
