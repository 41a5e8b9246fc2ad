/* SPDX-License-Identifier: Apache-2.0 */
/* Where the metrics of a run are, for reports that show them. */
#ifndef OBSERVERS_INSTRUMENT_H
#define OBSERVERS_INSTRUMENT_H

#include "job/job_spec.h"
#include "run/run_dir.h"

/* The directory of metrics.json: that of DVSim's reports, or of the run for native flows.
 * malloc()ed. */
char *instrument_dir(const struct plan *plan, const struct run_dir *run);

#endif
