/* SPDX-License-Identifier: Apache-2.0 */
/* What EDA tools leave in logs and summaries, read in the slot that ran the job. */
#ifndef FLOW_DV_READERS_H
#define FLOW_DV_READERS_H

#include "job/job_reader.h"

/* Their names, for rules and steps. */
#define DV_READS_TOOL_LOG	"tool log"
#define DV_READS_SIMULATION_LOG "simulation log"   /* which may tell the simulated time, too */
#define DV_READS_COVERAGE	"coverage summary" /* a job that passes must have left it */
#define DV_READS_VPLAN		"annotated plan"   /* may be missing */

/* Of all DVSim's flows; ends in one without a name. */
extern const struct job_reader dv_readers[];

#endif
