/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the two files of the instrument: the measured values. */
#ifndef OBSERVERS_INSTRUMENT_DATA_H
#define OBSERVERS_INSTRUMENT_DATA_H

#include <ev.h>
#include <stdint.h>

#include "observers/machine.h"
#include "observers/observers.h"
#include "scheduler/sched.h"

enum { INSTRUMENT_META = 1, INSTRUMENT_TIMING = 2, INSTRUMENT_COMPUTE = 4 };

struct measured {
	double start_s, end_s; /* NAN: it never did */
	double sum_rss, max_rss;
	uint32_t n_samples;
	uint32_t running_at; /* while it runs: its index in running */
};

struct instrument {
	struct observer base;
	struct observer_env env;
	unsigned kinds;
	const struct sched *sched;
	struct measured *jobs; /* by job->n */
	const struct job **running;
	size_t n_running, next; /* next: jobs that are still to be measured in this round */
	ev_timer round, more;
	/* Of the machine and of this process. */
	double start_s, start_real_s, start_cpu_s, sum_rss, sum_vms, sum_used;
	uint64_t max_rss, max_used, max_swap;
	struct machine_cpus cpus;
	uint32_t n_samples;
};

/* Writes the file path, which is in dir; makes dir if necessary. Returns 0, or -1 with errno. */
int instrument_write(const struct instrument *o, const char *dir, const char *path);

#endif
