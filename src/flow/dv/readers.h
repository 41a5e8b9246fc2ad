/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of logs and summaries of EDA tools. They run in the slot that ran the job. */
#ifndef FLOW_DV_READERS_H
#define FLOW_DV_READERS_H

#include "job/job_reader.h"

/* The names of the readers, for rules and steps. */
#define DV_READS_TOOL_LOG	"tool log"
#define DV_READS_SIMULATION_LOG "simulation log"   /* also reads the simulated time */
#define DV_READS_COVERAGE	"coverage summary" /* a job that passes must have left it */
#define DV_READS_VPLAN		"annotated plan"   /* may be missing */

/* The readers of DVSim's flows; the last one has no name. */
extern const struct job_reader dv_readers[];

#endif
