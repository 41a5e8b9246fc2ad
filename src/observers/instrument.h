/* SPDX-License-Identifier: Apache-2.0 */
/* The path of a run's metrics, for reports that show them. */
#ifndef OBSERVERS_INSTRUMENT_H
#define OBSERVERS_INSTRUMENT_H

#include "job/job_spec.h"
#include "run/run_dir.h"

/* Beside DVSim's reports; those of the native flow in the run's own directory. malloc()ed. */
char *instrument_dir(const struct plan *plan, const struct run_dir *run);

#endif
