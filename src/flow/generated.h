/* SPDX-License-Identifier: Apache-2.0 */
/* The key `sources` of a configuration: `sources: { generated: ["…"] }`. */
#ifndef FLOW_GENERATED_H
#define FLOW_GENERATED_H

#include "config/config.h"
#include "job/job_spec.h"

/* Reads the key of the root into plan->generated, with paths relative to dir. Any other form of the
 * key is an error. */
void generated_read(struct cfg *c, const char *dir, struct plan *plan, struct diags *diags);
/* For configurations that may have a key `sources` of their own, as DVSim's: any other form of the
 * key is ignored. */
void generated_read_if_any(struct cfg *c, const char *dir, struct plan *plan, struct diags *diags);

#endif
