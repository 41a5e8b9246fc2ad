/* SPDX-License-Identifier: Apache-2.0 */
/* Names that become directories. Nothing outside the scratch root may ever be meant by one. */
#ifndef FLOW_NAMES_H
#define FLOW_NAMES_H

/* What is wrong with a job's name, as the rest of a sentence ("contains '/'"); NULL: nothing. */
const char *name_job_fault(const char *name);
/* The same in DVSim's flows, where names that are no file names are escaped (job/file_name.h). */
const char *name_dv_job_fault(const char *name);
/* The same for the name of a configuration. */
const char *name_cfg_fault(const char *name);

#endif
