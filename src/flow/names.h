/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of names that become directories: none may lead outside the scratch root. */
#ifndef FLOW_NAMES_H
#define FLOW_NAMES_H

/* What is wrong with a job's name, as the rest of a sentence ("contains '/'"); NULL: nothing. */
const char *name_job_fault(const char *name);
/* The same for DVSim's flows, which escape names that cannot be file names (job/file_name.h). */
const char *name_dv_job_fault(const char *name);
/* The same for the name of a configuration. */
const char *name_cfg_fault(const char *name);

#endif
