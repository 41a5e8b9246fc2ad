/* SPDX-License-Identifier: Apache-2.0 */
/* Parses --run-deadline. The guardian (cli/run/guard.h) has the clock. */
#ifndef CLI_ARGS_DEADLINE_H
#define CLI_ARGS_DEADLINE_H

#include "base/diag.h"

/* "600s", or "07:00" (the next time at this local time of day) -> seconds from now. */
double deadline_parse(const char *word, struct diags *diags);

#endif
