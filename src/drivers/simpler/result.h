/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a run for the report: the library, and its return values. */
#ifndef DRIVERS_SIMPLER_RESULT_H
#define DRIVERS_SIMPLER_RESULT_H

#include "drivers/simpler/run.h"

/* Writes JSON, or nothing if result is too small. is_new: the callable was registered for this
 * run. */
void simpler_result_write(const struct simpler_session *s, const struct simpler_run *run,
			  const char *platform, bool is_new, struct dvs_text *result);

#endif
