/* SPDX-License-Identifier: Apache-2.0 */
/* What a run leaves for the report: the library, and what it made of the run. */
#ifndef DRIVERS_SIMPLER_RESULT_H
#define DRIVERS_SIMPLER_RESULT_H

#include "drivers/simpler/run.h"

/* As JSON; nothing where there is no room. is_new: the run's callable was registered for it. */
void simpler_result_write(const struct simpler_session *s, const struct simpler_run *run,
			  const char *platform, bool is_new, struct dvs_text *result);

#endif
