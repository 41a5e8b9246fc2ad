/* SPDX-License-Identifier: Apache-2.0 */
/* The options of driver sim. */
#ifndef DRIVERS_SIM_OPTIONS_H
#define DRIVERS_SIM_OPTIONS_H

#include "drivers/sim/fault.h"

/* The inner watchdog, a simulated idle counter: see wait.c. */
struct sim_watch_rule {
	uint64_t idle_ns; /* 0: none */
	bool by_evidence;
	uint64_t sync_ns; /* the run as a whole; 0: none */
};

struct sim_options {
	json_t *json;
	int64_t n_devices;
	json_t *fault_domains; /* lists of devices; NULL: each its own */
	const char *state_dir; /* NULL: no state outlives the process */
	struct sim_delay open; /* delay of an open, besides faults */
	uint64_t memory;       /* bytes of a device; 0: no limit */
	struct sim_watch_rule watch;
	struct sim_faults faults;
};

int32_t sim_options_read(const char *text, struct sim_options *ret, struct dvs_text *err);
void sim_options_done(struct sim_options *o);
int32_t sim_options_fault_domain(const struct sim_options *o, int32_t device);

#endif
